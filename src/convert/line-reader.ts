/**
 * Lines of a stream, one at a time, with their numbers; holds one chunk and one line at most.
 * Cold path, sans-I/O but for the stream it is given.
 */
import type { Readable } from "node:stream";
import { FeedError } from "../core/errors.ts";

/** A longer line is refused, bytes: no real row comes near, and a file of one line would fill memory. */
const LINE_BYTES_MAX = 1 << 20;
const NEWLINE = 0x0a;

/** Reads lines. */
export class LineReader {
  /** What errors call the file. */
  readonly name: string;
  /** Number of the line last returned, from 1. */
  lineNumber = 0;
  readonly #chunks: AsyncIterator<Buffer>;
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  #ended = false;

  constructor(name: string, stream: Readable) {
    this.name = name;
    // The stream remembers an error until next() asks; unheard, it would end the process before.
    stream.on("error", () => undefined);
    this.#chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /**
   * The next line without its end (\n or \r\n), or null after the last.
   *
   * @throws FEED_FORMAT when a line is too long; FEED_FILE when reading fails
   */
  async next(): Promise<string | null> {
    for (;;) {
      const end = this.#chunk.indexOf(NEWLINE, this.#at);
      if (end >= 0) return this.#line(end, end + 1);
      if (this.#ended) {
        if (this.#at === this.#chunk.length) return null;
        return this.#line(this.#chunk.length, this.#chunk.length);
      }
      if (this.#chunk.length - this.#at > LINE_BYTES_MAX) {
        throw this.error(`line longer than ${LINE_BYTES_MAX} bytes`, this.lineNumber + 1);
      }
      await this.#more();
    }
  }

  /** Makes a FEED_FORMAT error that names the file and, by default, the line last returned. */
  error(problem: string, lineNumber = this.lineNumber): FeedError {
    return new FeedError("FEED_FORMAT", `${this.name}:${lineNumber}: ${problem}`);
  }

  #line(end: number, next: number): string {
    const last = end > this.#at && this.#chunk[end - 1] === 0x0d ? end - 1 : end;
    const line = this.#chunk.toString("latin1", this.#at, last);
    this.#at = next;
    this.lineNumber++;
    return line;
  }

  async #more(): Promise<void> {
    let result: IteratorResult<Buffer>;
    try {
      result = await this.#chunks.next();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      // zlib and the zip reader say what is broken inside; everything else is the file system's.
      const broken = error instanceof Error && !("syscall" in error);
      const code = broken ? "FEED_FORMAT" : "FEED_FILE";
      throw new FeedError(code, `${this.name}: ${why}`, { cause: error });
    }
    if (result.done === true) {
      this.#ended = true;
      return;
    }
    const rest = this.#chunk.subarray(this.#at);
    this.#chunk = rest.length === 0 ? result.value : Buffer.concat([rest, result.value]);
    this.#at = 0;
  }
}
