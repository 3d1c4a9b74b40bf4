/**
 * The directory: symbol and 64-bit id of each instrument by its dense index, in shared memory.
 * Written by the book stage's thread, read by any other.
 *
 *   words, 5 an instrument:  0 symbol high, 1 symbol low (big-endian words of the eight bytes),
 *                            2 id lo, 3 id hi, 4 known: 1 once a symbol was announced
 *
 * Known is stored last with Atomics, so a reader that sees it sees a whole symbol. A symbol that
 * changes later may be read torn for a moment; it is text for people only.
 */
import { printable } from "../core/printable.ts";

const WORDS = 5;
const KNOWN = 4;
/** Bytes of an instrument. */
export const DIRECTORY_BYTES = WORDS * 4;

/** Takes the memory of a directory. @param instruments how many, 1 to 2^20 */
export function takeDirectory(instruments: number): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(instruments * WORDS * 4);
  new Directory(buffer).reset();
  return buffer;
}

/** The directory as one thread sees it. */
export class Directory {
  /** How many instruments there is room for. */
  readonly instruments: number;
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
    this.instruments = this.#words.length / WORDS;
  }

  /** Knows no instrument, and each id is its index; only while nobody reads. */
  reset(): void {
    this.#words.fill(0);
    for (let i = 0; i < this.instruments; i++) this.#words[i * WORDS + 2] = i;
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
    const at = instrument * WORDS;
    this.#words[at] = symbolHigh;
    this.#words[at + 1] = symbolLow;
    Atomics.store(this.#words, at + KNOWN, 1);
    return true;
  }

  /** Notes an instrument's 64-bit id where it is not the index. Thread: the book stage's. */
  setId(instrument: number, idLo: number, idHi: number): void {
    this.#words[instrument * WORDS + 2] = idLo;
    this.#words[instrument * WORDS + 3] = idHi;
  }

  /** The instrument's 64-bit id, low half; its index unless set. */
  idLo(instrument: number): number {
    return this.#words[instrument * WORDS + 2] as number;
  }

  /** High half. */
  idHi(instrument: number): number {
    return this.#words[instrument * WORDS + 3] as number;
  }

  /** True once a symbol was announced for the instrument. */
  known(instrument: number): boolean {
    if (!(instrument >= 0 && instrument < this.instruments)) return false;
    return Atomics.load(this.#words, instrument * WORDS + KNOWN) === 1;
  }

  /** The symbol without trailing spaces, printable ASCII or \xNN; empty while unknown. */
  symbolOf(instrument: number): string {
    if (!this.known(instrument)) return "";
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setInt32(0, this.#words[instrument * WORDS] as number);
    view.setInt32(4, this.#words[instrument * WORDS + 1] as number);
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
