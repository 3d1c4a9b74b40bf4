/**
 * A gzip input unpacked while it is read, in bounded memory. The last packed bytes are worked off
 * before the stream is ended, so a cut file still gives everything that was packed before the cut,
 * and then says that it was cut.
 *
 * Source: RFC 1952; several members one after the other are one file.
 */
import { createGunzip, type Gunzip } from "node:zlib";
import { errorText, FeedError } from "../core/errors.ts";
import type { ByteInput } from "./file-input.ts";

const PACKED_BYTES = 65_536;
const UNPACKED_BYTES = 262_144;

/** True when `head` begins as a gzip file does. */
export function isGzip(head: Uint8Array): boolean {
  return head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b;
}

/** Unpacked bytes of a packed input. */
export class GunzipInput implements ByteInput {
  ended = false;
  error: FeedError | null = null;
  readonly #packed: ByteInput;
  readonly #path: string;
  readonly #gunzip: Gunzip;
  #writing = false;
  #ending = false;
  #finished = false;
  #chunk: Uint8Array | null = null;
  #chunkAt = 0;
  #wake: (() => void) | null = null;

  constructor(packed: ByteInput, path: string) {
    this.#packed = packed;
    this.#path = path;
    this.#gunzip = createGunzip({ chunkSize: UNPACKED_BYTES });
    this.#gunzip.on("readable", () => this.#woken());
    this.#gunzip.on("end", () => this.#finish(null));
    this.#gunzip.on("error", (error) => this.#finish(error));
  }

  read(out: Uint8Array, at: number, max: number): number {
    if (this.#chunk === null) this.#take();
    const chunk = this.#chunk;
    if (chunk === null) {
      if (this.#finished) this.ended = true;
      return 0;
    }
    const count = Math.min(max, chunk.length - this.#chunkAt);
    out.set(chunk.subarray(this.#chunkAt, this.#chunkAt + count), at);
    this.#chunkAt += count;
    if (this.#chunkAt === chunk.length) this.#chunk = null;
    return count;
  }

  async fill(): Promise<void> {
    while (this.#chunk === null && !this.#finished) {
      this.#take();
      if (this.#chunk !== null) return;
      if (this.#writing || this.#ending) await this.#sleep();
      else await this.#feed();
    }
  }

  progress(): number {
    return this.#packed.progress();
  }

  close(): void {
    this.#gunzip.destroy();
    this.#packed.close();
  }

  /** Hands the next packed bytes to zlib, or ends it. */
  async #feed(): Promise<void> {
    const bytes = new Uint8Array(PACKED_BYTES);
    const count = this.#packed.read(bytes, 0, PACKED_BYTES);
    if (count > 0) {
      this.#writing = true;
      this.#gunzip.write(bytes.subarray(0, count), () => {
        this.#writing = false;
        this.#woken();
      });
    } else if (this.#packed.ended) {
      this.#ending = true;
      this.#gunzip.end();
    } else {
      await this.#packed.fill();
    }
  }

  #take(): void {
    const next: unknown = this.#gunzip.read();
    if (!(next instanceof Uint8Array)) return;
    this.#chunk = next;
    this.#chunkAt = 0;
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #woken(): void {
    const wake = this.#wake;
    this.#wake = null;
    if (wake !== null) wake();
  }

  #finish(error: unknown): void {
    this.#finished = true;
    if (this.#packed.error !== null) this.error = this.#packed.error;
    else if (error !== null) {
      this.error = new FeedError("FEED_FORMAT", `${this.#path}: gzip: ${errorText(error)}`);
    }
    this.#woken();
  }
}
