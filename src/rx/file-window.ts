/** A window over an input: the bytes that a reader parses next, contiguous, bounded. */
import { assert } from "../core/assert.ts";
import type { ByteInput } from "./file-input.ts";

/** Bytes from `at` to `end` are there to be parsed; the reader moves `at`. */
export class ByteWindow {
  readonly bytes: Uint8Array;
  readonly data: DataView;
  at = 0;
  end = 0;
  readonly #input: ByteInput;

  /** @param capacityBytes most that need() may ask for */
  constructor(input: ByteInput, capacityBytes: number) {
    this.#input = input;
    this.bytes = new Uint8Array(capacityBytes);
    this.data = new DataView(this.bytes.buffer);
  }

  /** Makes `count` bytes from `at` available. @returns false when they are not there (yet) */
  need(count: number): boolean {
    if (this.end - this.at >= count) return true;
    assert(count <= this.bytes.length, "WINDOW_NEED");
    if (this.at + count > this.bytes.length || this.at === this.end) this.#compact();
    while (this.end - this.at < count) {
      const more = this.#input.read(this.bytes, this.end, this.bytes.length - this.end);
      if (more === 0) return false;
      this.end += more;
    }
    return true;
  }

  /** Moves up to `count` bytes forward, without keeping them. @returns how many it was */
  skip(count: number): number {
    let left = count;
    while (left > 0) {
      if (this.at === this.end && !this.need(1)) break;
      const step = Math.min(left, this.end - this.at);
      this.at += step;
      left -= step;
    }
    return count - left;
  }

  /** True when the input has no more bytes than those in the window. */
  get ended(): boolean {
    return this.#input.ended;
  }

  #compact(): void {
    this.bytes.copyWithin(0, this.at, this.end);
    this.end -= this.at;
    this.at = 0;
  }
}
