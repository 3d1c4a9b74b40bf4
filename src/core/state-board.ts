/**
 * What a venue said last of each instrument, in shared memory: the newest message of each kind as
 * its raw bytes, one row an instrument and one more for the market as a whole. People's side reads
 * the bytes by the protocol's layout, so that every field of every kind is there to be seen.
 *
 *   word 0  epoch: entries of another one are empty
 *   row     for each kind: version (odd while it is written) │ epoch │ the message, in whole words
 *
 * Thread: decode's writes, anybody reads. Writing allocates nothing; it is for rare messages.
 */

/** One kind of message that is kept. */
export interface StateKind {
  /** The message's id in its layout: a type letter or a template number. */
  readonly id: number | string;
  /** Its whole length. */
  readonly bytes: number;
  /** What tells kinds of one message apart, e.g. the market of a halt; empty else. */
  readonly label: string;
}

/** The memory of a protocol's state, to be shared between threads. */
export interface StateRef {
  readonly board: SharedArrayBuffer;
  /** Positions of market participants; empty where the venue tells none. */
  readonly participants: SharedArrayBuffer;
}

const EPOCH = 0;
const HEADER_WORDS = 16;
const VERSION = 0;
const ENTRY_EPOCH = 1;
const ENTRY_WORDS = 2;
/** A reader that met writers so often gives up; one write takes far below a microsecond. */
const TRIES = 1000;

/** Bytes of a board's row. */
export function stateRowBytes(kinds: readonly StateKind[]): number {
  return kinds.reduce((sum, { bytes }) => sum + entryWords(bytes) * 4, 0);
}

/** Takes the memory of a board. */
export function takeStateBoard(
  kinds: readonly StateKind[],
  instruments: number,
): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER_WORDS * 4 + (instruments + 1) * stateRowBytes(kinds));
}

/** The board as one thread sees it. */
export class StateBoard {
  readonly kinds: readonly StateKind[];
  /** Rows of instruments; the market's is the one behind them. */
  readonly instruments: number;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #rowWords: number;
  /** Where each kind's entry lies in a row, words; how long its message is, bytes. */
  readonly #at: Int32Array;
  readonly #lengths: Int32Array;

  constructor(buffer: SharedArrayBuffer, kinds: readonly StateKind[]) {
    this.kinds = kinds;
    this.#words = new Int32Array(buffer);
    this.#bytes = new Uint8Array(buffer);
    this.#rowWords = stateRowBytes(kinds) / 4;
    this.instruments = (this.#words.length - HEADER_WORDS) / this.#rowWords - 1;
    this.#lengths = Int32Array.from(kinds, ({ bytes }) => bytes);
    this.#at = new Int32Array(kinds.length);
    for (let kind = 1; kind < kinds.length; kind++) {
      const before = kinds[kind - 1] as StateKind;
      this.#at[kind] = (this.#at[kind - 1] as number) + entryWords(before.bytes);
    }
  }

  /** Puts zeros everywhere, which touches the memory; only while nobody reads. */
  reset(): void {
    this.#words.fill(0);
  }

  /** Forgets everything at once: a new session began. */
  clear(): void {
    Atomics.add(this.#words, EPOCH, 1);
  }

  /**
   * Keeps a message in place of the one before.
   *
   * @param row an instrument's index, or `instruments` for the market
   * @param kind index of `kinds`
   * @param at the message's first byte in `data`; all of it is there
   * @returns false when there is no such row
   */
  put(row: number, kind: number, data: DataView, at: number): boolean {
    if (row < 0 || row > this.instruments) return false;
    const words = this.#words;
    const bytes = this.#bytes;
    const entry = this.#entry(row, kind);
    const to = (entry + ENTRY_WORDS) * 4;
    const length = this.#lengths[kind] as number;
    const version = words[entry + VERSION] as number;
    Atomics.store(words, entry + VERSION, version + 1);
    words[entry + ENTRY_EPOCH] = words[EPOCH] as number;
    for (let i = 0; i < length; i++) bytes[to + i] = data.getUint8(at + i);
    Atomics.store(words, entry + VERSION, version + 2);
    return true;
  }

  /** A copy of the newest message of a kind, or null while there was none. Any thread, cold. */
  read(row: number, kind: number): Uint8Array | null {
    if (row < 0 || row > this.instruments) return null;
    const words = this.#words;
    const entry = this.#entry(row, kind);
    const from = (entry + ENTRY_WORDS) * 4;
    for (let tries = 0; tries < TRIES; tries++) {
      const version = Atomics.load(words, entry + VERSION);
      if (version === 0) return null;
      if ((version & 1) !== 0) continue;
      if (Atomics.load(words, entry + ENTRY_EPOCH) !== Atomics.load(words, EPOCH)) return null;
      const copy = this.#bytes.slice(from, from + (this.#lengths[kind] as number));
      if (Atomics.load(words, entry + VERSION) === version) return copy;
    }
    return null;
  }

  #entry(row: number, kind: number): number {
    return HEADER_WORDS + row * this.#rowWords + (this.#at[kind] as number);
  }
}

function entryWords(bytes: number): number {
  return ENTRY_WORDS + Math.ceil(bytes / 4);
}
