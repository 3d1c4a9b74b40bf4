/**
 * Messages from outside as whole length-prefixed blocks: files (gzip too), stdin, or chunks that
 * somebody makes, cut anywhere. Memory is bounded by a chunk and one block.
 */
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { FeedError } from "../core/errors.ts";
import { BLOCK_HEADER_BYTES } from "../decode/itch/layout.ts";
import { HEADER_BYTES } from "../decode/moldudp64/layout.ts";
import { MTU_BYTES } from "./cutter.ts";

const BLOCK_BYTES_MAX = MTU_BYTES - HEADER_BYTES;
const READ_BYTES = 256 * 1024;

/** Takes one block: `bytes` from `at`, length prefix included. */
export type OnBlock = (bytes: Uint8Array, at: number, blockBytes: number) => void;

/** Puts chunks back together to blocks. */
export class BlockSplitter {
  readonly #name: string;
  #rest: Uint8Array = new Uint8Array(0);
  /** Bytes taken before `#rest`, for messages to people. */
  #offset = 0;
  #at = 0;
  #bytes: Uint8Array = this.#rest;

  /** @param name of the source, for errors */
  constructor(name: string) {
    this.#name = name;
  }

  /** Gives a chunk; its blocks are then taken with next(). All before must have been taken. */
  give(chunk: Uint8Array): void {
    if (this.#rest.length === 0) this.#bytes = chunk;
    else {
      const joined = new Uint8Array(this.#rest.length + chunk.length);
      joined.set(this.#rest);
      joined.set(chunk, this.#rest.length);
      this.#bytes = joined;
    }
    this.#at = 0;
  }

  /**
   * Takes one block out of the last chunk. A block of length 0 ends a BinaryFILE and is skipped.
   *
   * @returns false when the rest is no whole block
   * @throws FEED_FORMAT when a block is longer than a packet
   */
  next(onBlock: OnBlock): boolean {
    const bytes = this.#bytes;
    while (this.#at + BLOCK_HEADER_BYTES <= bytes.length) {
      const at = this.#at;
      const size = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
      const blockBytes = BLOCK_HEADER_BYTES + size;
      if (blockBytes > BLOCK_BYTES_MAX) {
        const where = `${this.#name}: message at byte ${this.#offset + at}`;
        const bound = BLOCK_BYTES_MAX - BLOCK_HEADER_BYTES;
        throw new FeedError("FEED_FORMAT", `${where} has length ${size} > ${bound}`);
      }
      if (at + blockBytes > bytes.length) break;
      this.#at = at + blockBytes;
      if (size === 0) continue;
      onBlock(bytes, at, blockBytes);
      return true;
    }
    this.#rest = bytes.slice(this.#at);
    this.#offset += this.#at;
    this.#bytes = this.#rest;
    this.#at = 0;
    return false;
  }

  /** Says that nothing follows. @throws FEED_FORMAT when a block is cut short */
  end(): void {
    if (this.#rest.length === 0) return;
    const where = `${this.#name}: message at byte ${this.#offset}`;
    throw new FeedError("FEED_FORMAT", `${where} is cut short after ${this.#rest.length} bytes`);
  }
}

/** Reads a BinaryFILE in chunks, unpacked when it is gzip. @param path `-` is stdin */
export async function* readChunks(path: string): AsyncGenerator<Uint8Array> {
  const raw: Readable =
    path === "-" ? process.stdin : createReadStream(path, { highWaterMark: READ_BYTES });
  try {
    const head = await firstChunk(raw);
    if (head === null) return;
    if (head[0] !== 0x1f || head[1] !== 0x8b) {
      yield head;
      yield* raw as AsyncIterable<Uint8Array>;
      return;
    }
    const gunzip = createGunzip({ chunkSize: READ_BYTES });
    raw.on("error", (error) => gunzip.destroy(error));
    raw.unshift(head);
    raw.pipe(gunzip);
    yield* gunzip as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (error instanceof FeedError) throw error;
    const { message } = error as Error;
    throw new FeedError("FEED_FILE", `${path}: ${message}`, { cause: error });
  } finally {
    raw.destroy();
  }
}

/** At least two bytes, so that gzip is told apart; null when there is nothing. */
async function firstChunk(raw: Readable): Promise<Buffer | null> {
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const chunk = await nextChunk(raw);
    if (chunk === null) break;
    head = Buffer.concat([head, chunk]);
  }
  return head.length === 0 ? null : head;
}

function nextChunk(raw: Readable): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const take = (): void => {
      const chunk = raw.read() as Buffer | null;
      if (chunk !== null) done(() => resolve(chunk));
    };
    const onEnd = (): void => done(() => resolve(null));
    const onError = (error: Error): void => done(() => reject(error));
    const done = (then: () => void): void => {
      raw.off("readable", take).off("end", onEnd).off("error", onError);
      then();
    };
    if (raw.readableEnded) {
      resolve(null);
      return;
    }
    raw.on("readable", take).on("end", onEnd).on("error", onError);
    take();
  });
}
