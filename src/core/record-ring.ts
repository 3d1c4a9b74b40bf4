/**
 * A bounded single-producer, single-consumer ring of byte records of any length: book images on
 * their way to the endpoint thread, event codes on their way to the log.
 *
 *   control   word 0              head, bytes written, modulo 2^32
 *             word 32             tail, bytes given back, modulo 2^32
 *   record    i32 length (bytes of the payload, or -1: skip to the ring's start), payload, padding
 *             to a multiple of 8
 */
import { assert } from "./assert.ts";
import { CONTROL_STRIDE_BYTES, CONTROL_STRIDE_WORDS, isPowerOfTwo } from "./layout.ts";

const HEAD = 0;
const TAIL = CONTROL_STRIDE_WORDS;
const HEADER_BYTES = 8;
const SKIP = -1;

/** A record ring's shared parts. */
export interface RecordRingRef {
  readonly control: SharedArrayBuffer;
  readonly data: SharedArrayBuffer;
}

/** Takes the memory of a record ring. @param bytes a power of two, 4096 to 2^30 */
export function takeRecordRing(bytes: number): RecordRingRef {
  assert(isPowerOfTwo(bytes) && bytes >= 4096, "RECORD_RING_SIZE");
  return {
    control: new SharedArrayBuffer(2 * CONTROL_STRIDE_BYTES),
    data: new SharedArrayBuffer(bytes),
  };
}

/** The producer's half. */
export class RecordRingWriter {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly #control: Int32Array;
  readonly #size: number;
  #head = 0;

  constructor(ref: RecordRingRef) {
    this.bytes = new Uint8Array(ref.data);
    this.words = new Int32Array(ref.data);
    this.#control = new Int32Array(ref.control);
    this.#size = ref.data.byteLength;
    this.#head = Atomics.load(this.#control, HEAD);
  }

  /** The largest payload a record may have, bytes. */
  get maxPayloadBytes(): number {
    return this.#size / 4;
  }

  /**
   * Claims room for one record; commit() hands it over.
   *
   * @returns the payload's first byte, a multiple of 8, or -1 when there is no room now
   */
  claim(length: number): number {
    assert(length >= 0 && length <= this.maxPayloadBytes, "RECORD_LENGTH");
    const need = (HEADER_BYTES + length + 7) & ~7;
    const used = (this.#head - Atomics.load(this.#control, TAIL)) >>> 0;
    const at = (this.#head >>> 0) & (this.#size - 1);
    const toEnd = this.#size - at;
    const skip = toEnd < need ? toEnd : 0;
    if (used + skip + need > this.#size) return -1;
    if (skip > 0) {
      this.words[at >> 2] = SKIP;
      this.#head = (this.#head + skip) | 0;
    }
    const start = (this.#head >>> 0) & (this.#size - 1);
    this.words[start >> 2] = length;
    this.#head = (this.#head + need) | 0;
    return start + HEADER_BYTES;
  }

  /** As new; only while neither side uses the ring. */
  reset(): void {
    this.#head = 0;
    Atomics.store(this.#control, HEAD, 0);
    Atomics.store(this.#control, TAIL, 0);
  }

  /** Hands every claimed record over with one store. */
  commit(): void {
    Atomics.store(this.#control, HEAD, this.#head);
  }
}

/** The consumer's half. */
export class RecordRingReader {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly #control: Int32Array;
  readonly #size: number;
  #tail = 0;
  /** Length of the record that next() found, bytes. */
  length = 0;

  constructor(ref: RecordRingRef) {
    this.bytes = new Uint8Array(ref.data);
    this.words = new Int32Array(ref.data);
    this.#control = new Int32Array(ref.control);
    this.#size = ref.data.byteLength;
    this.#tail = Atomics.load(this.#control, TAIL);
  }

  /** @returns the next record's first payload byte, or -1 when there is none */
  next(): number {
    if (((Atomics.load(this.#control, HEAD) - this.#tail) | 0) === 0) return -1;
    let at = (this.#tail >>> 0) & (this.#size - 1);
    if (this.words[at >> 2] === SKIP) {
      this.#tail = (this.#tail + this.#size - at) | 0;
      at = 0;
    }
    this.length = this.words[at >> 2] as number;
    return at + HEADER_BYTES;
  }

  /** As new; only while neither side uses the ring. */
  reset(): void {
    this.#tail = 0;
    this.length = 0;
    Atomics.store(this.#control, HEAD, 0);
    Atomics.store(this.#control, TAIL, 0);
  }

  /** Gives the record that next() found back. */
  release(): void {
    this.#tail = (this.#tail + ((HEADER_BYTES + this.length + 7) & ~7)) | 0;
    Atomics.store(this.#control, TAIL, this.#tail);
  }
}
