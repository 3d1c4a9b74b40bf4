/**
 * Where generated and converted bytes go: a file, a gzipped file, or stdout. Plain files and pipes
 * are written synchronously in the caller's chunks; gzip waits for its stream, so that memory stays
 * bounded. Cold path.
 */
import { closeSync, createWriteStream, openSync, writeSync } from "node:fs";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { Gzip } from "node:zlib";
import { createGzip } from "node:zlib";
import { errorText, FeedError } from "../core/errors.ts";

const STDOUT = 1;
const RETRY_MS = 1;

/** An open output. */
export class OutputFile {
  readonly #name: string;
  readonly #fd: number;
  readonly #gzip: Gzip | null = null;
  readonly #ended: Promise<void> | null = null;
  readonly #pause = new Int32Array(new SharedArrayBuffer(4));

  /**
   * @param name path, or `-` for stdout; a path that ends in .gz is compressed
   * @throws FEED_FILE when it cannot be opened
   */
  constructor(name: string) {
    this.#name = name === "-" ? "stdout" : name;
    try {
      this.#fd = name === "-" ? STDOUT : openSync(name, "w");
    } catch (error) {
      throw this.#failed(error);
    }
    if (!name.endsWith(".gz")) return;
    this.#gzip = createGzip({ level: 1 });
    const file: Writable = this.#gzip.pipe(createWriteStream(name, { fd: this.#fd }));
    file.on("error", (error) => this.#gzip?.destroy(error));
    this.#ended = finished(file);
    // Its error is seen by whoever writes or closes next.
    this.#ended.catch(() => undefined);
  }

  /** Writes all of `bytes`; they are the caller's again when the promise resolves. */
  async write(bytes: Uint8Array): Promise<void> {
    const gzip = this.#gzip;
    if (gzip === null) {
      this.writeSync(bytes);
      return;
    }
    await new Promise<void>((resolve, reject) => {
      gzip.write(bytes.slice(), (error) => (error ? reject(this.#failed(error)) : resolve()));
    });
  }

  /** True when writeSync may be used. */
  get isSync(): boolean {
    return this.#gzip === null;
  }

  /** Writes all of `bytes`; not for gzip. A full pipe is waited for. */
  writeSync(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      try {
        at += writeSync(this.#fd, bytes, at, bytes.length - at);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw this.#failed(error);
        Atomics.wait(this.#pause, 0, 0, RETRY_MS);
      }
    }
  }

  /** Finishes the file. */
  async close(): Promise<void> {
    try {
      if (this.#gzip !== null) {
        this.#gzip.end();
        await this.#ended;
      } else if (this.#fd !== STDOUT) {
        closeSync(this.#fd);
      }
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #failed(error: unknown): FeedError {
    return new FeedError("FEED_FILE", `${this.#name}: ${errorText(error)}`, { cause: error });
  }
}
