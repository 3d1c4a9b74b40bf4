/**
 * Bytes of a file for the file readers: a descriptor read in place, or a stream (standard input, a
 * pipe) pumped by fill(). Bounded memory in both: a stream is read no further than one chunk.
 *
 * Thread: the one that replays.
 */
import { closeSync, createReadStream, fstatSync, openSync, readSync } from "node:fs";
import type { Readable } from "node:stream";
import { isMainThread } from "node:worker_threads";
import { errorText, FeedError } from "../core/errors.ts";

/** A source of bytes that never blocks for longer than a disk read. */
export interface ByteInput {
  /** True when no byte will come any more; `error` says whether that was the true end. */
  readonly ended: boolean;
  /** Why the bytes stopped early, or null. */
  readonly error: FeedError | null;
  /**
   * Copies bytes that are there now.
   *
   * @param max bytes, at least 1
   * @returns bytes copied; 0 when `ended`, or when fill() has to be awaited first
   */
  read(out: Uint8Array, at: number, max: number): number;
  /** Resolves when read() can deliver, or at the end. */
  fill(): Promise<void>;
  /** How much of the file has been read, 0 to 1; 0 where its size is not known. */
  progress(): number;
  close(): void;
}

/** A regular file, read synchronously. */
export class FdInput implements ByteInput {
  ended = false;
  error: FeedError | null = null;
  readonly #fd: number;
  readonly #path: string;
  readonly #sizeBytes: number;
  #readBytes = 0;
  #closed = false;

  constructor(fd: number, path: string, sizeBytes: number) {
    this.#fd = fd;
    this.#path = path;
    this.#sizeBytes = sizeBytes;
  }

  read(out: Uint8Array, at: number, max: number): number {
    if (this.ended) return 0;
    let count = 0;
    try {
      count = readSync(this.#fd, out, at, max, null);
    } catch (error) {
      this.error = new FeedError("FEED_FILE", `${this.#path}: ${errorText(error)}`);
    }
    if (count === 0) this.ended = true;
    this.#readBytes += count;
    return count;
  }

  fill(): Promise<void> {
    return Promise.resolve();
  }

  progress(): number {
    return this.#sizeBytes === 0 ? 1 : Math.min(1, this.#readBytes / this.#sizeBytes);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#fd);
  }
}

/** A stream: standard input or a pipe. */
export class StreamInput implements ByteInput {
  ended = false;
  error: FeedError | null = null;
  readonly #stream: Readable;
  #chunk: Uint8Array | null = null;
  #chunkAt = 0;
  #finished = false;

  constructor(stream: Readable, path: string) {
    this.#stream = stream;
    stream.on("error", (error) => {
      this.error = new FeedError("FEED_FILE", `${path}: ${errorText(error)}`);
      this.#finished = true;
    });
    stream.on("end", () => {
      this.#finished = true;
    });
    stream.on("close", () => {
      this.#finished = true;
    });
  }

  read(out: Uint8Array, at: number, max: number): number {
    if (this.#chunk === null) {
      const next: unknown = this.#stream.read();
      if (next instanceof Uint8Array) {
        this.#chunk = next;
        this.#chunkAt = 0;
      }
    }
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
    const stream = this.#stream;
    if (this.#chunk !== null || this.#finished || stream.readableLength > 0) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        stream.off("readable", done);
        stream.off("end", done);
        stream.off("error", done);
        stream.off("close", done);
        resolve();
      };
      stream.on("readable", done);
      stream.on("end", done);
      stream.on("error", done);
      stream.on("close", done);
    });
  }

  progress(): number {
    return this.ended ? 1 : 0;
  }

  close(): void {
    this.#stream.destroy();
  }
}

/** An input whose first bytes were looked at already. */
export class PrefixedInput implements ByteInput {
  readonly #head: Uint8Array;
  readonly #rest: ByteInput;
  #at = 0;

  constructor(head: Uint8Array, rest: ByteInput) {
    this.#head = head;
    this.#rest = rest;
  }

  get ended(): boolean {
    return this.#at === this.#head.length && this.#rest.ended;
  }

  get error(): FeedError | null {
    return this.#rest.error;
  }

  read(out: Uint8Array, at: number, max: number): number {
    if (this.#at === this.#head.length) return this.#rest.read(out, at, max);
    const count = Math.min(max, this.#head.length - this.#at);
    out.set(this.#head.subarray(this.#at, this.#at + count), at);
    this.#at += count;
    return count;
  }

  fill(): Promise<void> {
    return this.#at < this.#head.length ? Promise.resolve() : this.#rest.fill();
  }

  progress(): number {
    return this.#rest.progress();
  }

  close(): void {
    this.#rest.close();
  }
}

/**
 * Opens a file, a pipe or, for `-`, standard input.
 *
 * @throws FEED_FILE when it cannot be opened, is a directory, or is a stream and this is no main
 * thread: the main thread has looked at its first bytes, which cannot be had twice
 */
export function openInput(path: string): ByteInput {
  if (path === "-") {
    checkMainThread("standard input");
    return new StreamInput(process.stdin, "standard input");
  }
  try {
    const fd = openSync(path, "r");
    const stat = fstatSync(fd);
    if (stat.isFile()) return new FdInput(fd, path, stat.size);
    if (stat.isDirectory() || !isMainThread) closeSync(fd);
    if (stat.isDirectory()) throw new Error("is a directory");
    checkMainThread("a pipe");
    return new StreamInput(createReadStream(path, { fd, autoClose: true }), path);
  } catch (error) {
    throw new FeedError("FEED_FILE", `${path}: ${errorText(error)}`, { cause: error });
  }
}

function checkMainThread(what: string): void {
  if (isMainThread) return;
  throw new FeedError("FEED_FILE", `${what} can only be read inline, one at a time`);
}

/**
 * Reads the first bytes of an input.
 *
 * @param max bytes wanted
 * @returns fewer only where the input ends before
 */
export async function readHead(input: ByteInput, max: number): Promise<Uint8Array> {
  const head = new Uint8Array(max);
  let count = 0;
  while (count < max && !input.ended) {
    const more = input.read(head, count, max - count);
    if (more === 0 && !input.ended) await input.fill();
    count += more;
  }
  return head.subarray(0, count);
}
