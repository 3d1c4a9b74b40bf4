/**
 * An ITCH BinaryFILE in memory, found by message number: what a SoupBinTCP server sends from. A
 * number's place is found over an index of every 1024th message.
 */
import { FeedError } from "../core/errors.ts";
import { BLOCK_HEADER_BYTES } from "../decode/itch/layout.ts";
import type { ByteInput } from "../rx/file-input.ts";

const STEP = 1024;
const CHUNK_BYTES = 1 << 20;
/** Largest file, bytes. */
const FILE_BYTES_MAX = 2 ** 31;

/** The file's messages; blocks of length 0, which end a day, are none. */
export class SoupFile {
  readonly bytes: Uint8Array;
  /** Messages in all. */
  readonly count: number;
  /** Where message 1, 1 + STEP, … begin. */
  readonly #index: readonly number[];

  /** @throws FEED_FORMAT when the bytes end inside a message */
  constructor(name: string, bytes: Uint8Array) {
    const index: number[] = [];
    let count = 0;
    let at = 0;
    while (at < bytes.length) {
      const next = this.#after(bytes, at);
      if (next > bytes.length) {
        throw new FeedError("FEED_FORMAT", `${name}: cut inside message ${count + 1}`);
      }
      if (next > at + BLOCK_HEADER_BYTES) {
        if (count % STEP === 0) index.push(at);
        count++;
      }
      at = next;
    }
    this.bytes = bytes;
    this.count = count;
    this.#index = index;
  }

  /** Reads all of an input. @throws FEED_FILE, FEED_FORMAT */
  static async read(name: string, input: ByteInput): Promise<SoupFile> {
    let bytes = new Uint8Array(CHUNK_BYTES);
    let length = 0;
    while (!input.ended) {
      if (length === bytes.length) {
        if (length >= FILE_BYTES_MAX) {
          throw new FeedError("FEED_FILE", `${name}: longer than ${FILE_BYTES_MAX} bytes`);
        }
        const larger = new Uint8Array(2 * length);
        larger.set(bytes);
        bytes = larger;
      }
      const more = input.read(bytes, length, bytes.length - length);
      length += more;
      if (more === 0 && !input.ended) await input.fill();
    }
    if (input.error !== null) throw input.error;
    return new SoupFile(name, bytes.subarray(0, length));
  }

  /** Where the block of a message begins. @param seq 1 to count + 1; the last gives the end */
  offsetOf(seq: number): number {
    if (seq > this.count) return this.bytes.length;
    let at = this.#index[Math.floor((seq - 1) / STEP)] as number; // One for each STEP messages.
    for (let i = (seq - 1) % STEP; i > 0; i--) at = this.#skipEmpty(this.#after(this.bytes, at));
    return this.#skipEmpty(at);
  }

  /** The message after the one whose block begins at `at`. */
  next(at: number): number {
    return this.#skipEmpty(this.#after(this.bytes, at));
  }

  #skipEmpty(at: number): number {
    const { bytes } = this;
    let p = at;
    while (p + 1 < bytes.length && bytes[p] === 0 && bytes[p + 1] === 0) p += BLOCK_HEADER_BYTES;
    return p;
  }

  #after(bytes: Uint8Array, at: number): number {
    if (at + BLOCK_HEADER_BYTES > bytes.length) return bytes.length + 1;
    return at + BLOCK_HEADER_BYTES + (((bytes[at] as number) << 8) | (bytes[at + 1] as number));
  }
}
