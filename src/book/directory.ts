/**
 * The directory: symbol and 64-bit id of each instrument by its dense index, in shared memory.
 * Written by the book stage's thread, read by any other.
 *
 *   words      0  ids told: those of the indexes below it; 0 where ids are indexes (ITCH)
 *              4  id lo of each instrument, then id hi of each,
 *                 then for each 3 words: symbol high, symbol low (big-endian words of the eight
 *                 bytes), known: 1 once a symbol was announced
 *
 * Known and the count of ids are stored last with Atomics: a reader that sees them sees what they
 * stand for. A symbol that changes later may be read torn for a moment; it is text for people.
 */
import { printable } from "../core/printable.ts";

const IDS_TOLD = 0;
const HEADER_WORDS = 4;
const SYMBOL_WORDS = 3;
const KNOWN = 2;
const WORDS = 2 + SYMBOL_WORDS;
/** Bytes of an instrument. */
export const DIRECTORY_BYTES = WORDS * 4;

/** Takes the memory of a directory. @param instruments how many, 1 to 2^20 */
export function takeDirectory(instruments: number): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer((HEADER_WORDS + instruments * WORDS) * 4);
  new Directory(buffer).reset();
  return buffer;
}

/** The directory as one thread sees it. */
export class Directory {
  /** How many instruments there is room for. */
  readonly instruments: number;
  /** 64-bit ids by dense index: low halves. */
  readonly lo: Int32Array;
  /** High halves. */
  readonly hi: Int32Array;
  readonly #header: Int32Array;
  readonly #symbols: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    const words = new Int32Array(buffer);
    const instruments = (words.length - HEADER_WORDS) / WORDS;
    this.instruments = instruments;
    this.#header = words.subarray(0, HEADER_WORDS);
    this.lo = words.subarray(HEADER_WORDS, HEADER_WORDS + instruments);
    this.hi = words.subarray(HEADER_WORDS + instruments, HEADER_WORDS + 2 * instruments);
    this.#symbols = words.subarray(HEADER_WORDS + 2 * instruments);
  }

  /** Knows no instrument, and each id is its index; only while nobody reads. */
  reset(): void {
    this.#header.fill(0);
    this.hi.fill(0);
    this.#symbols.fill(0);
    for (let i = 0; i < this.instruments; i++) this.lo[i] = i;
  }

  /**
   * Notes a symbol. Thread: the book stage's.
   *
   * @param symbolHigh first four bytes as a big-endian word
   * @param symbolLow last four
   * @returns false when the instrument is beyond the directory
   */
  set(instrument: number, symbolHigh: number, symbolLow: number): boolean {
    if (instrument < 0 || instrument >= this.instruments) return false;
    const at = instrument * SYMBOL_WORDS;
    this.#symbols[at] = symbolHigh;
    this.#symbols[at + 1] = symbolLow;
    Atomics.store(this.#symbols, at + KNOWN, 1);
    return true;
  }

  /**
   * Notes an instrument's 64-bit id where it is not the index; indexes come in order from 0.
   * Thread: the book stage's.
   */
  setId(instrument: number, idLo: number, idHi: number): void {
    this.lo[instrument] = idLo;
    this.hi[instrument] = idHi;
    if (instrument >= this.idsTold()) Atomics.store(this.#header, IDS_TOLD, instrument + 1);
  }

  /** Ids told so far: those of the indexes below it. */
  idsTold(): number {
    return Atomics.load(this.#header, IDS_TOLD);
  }

  /** True once a symbol was announced for the instrument. */
  known(instrument: number): boolean {
    if (!(instrument >= 0 && instrument < this.instruments)) return false;
    return Atomics.load(this.#symbols, instrument * SYMBOL_WORDS + KNOWN) === 1;
  }

  /** The symbol without trailing spaces, printable ASCII or \xNN; empty while unknown. */
  symbolOf(instrument: number): string {
    if (!this.known(instrument)) return "";
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setInt32(0, this.#symbols[instrument * SYMBOL_WORDS] as number);
    view.setInt32(4, this.#symbols[instrument * SYMBOL_WORDS + 1] as number);
    let length = 8;
    while (length > 0 && bytes[length - 1] === 0x20) length--;
    return printable(bytes.subarray(0, length));
  }

  /** The lowest instrument whose symbolOf is `text`. @returns its index, or -1 */
  indexOfSymbol(text: string): number {
    if (text === "") return -1;
    for (let i = 0; i < this.instruments; i++) {
      if (this.known(i) && this.symbolOf(i) === text) return i;
    }
    return -1;
  }
}
