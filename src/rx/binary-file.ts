/**
 * An ITCH BinaryFILE as a receive source: chunks of the file are read straight into frames, cut at
 * message bounds, and handed to the sink as packets of feed A that need no merge: sequence, first
 * offset (0) and count are set.
 *
 *   ├ length u16 ┼ message … ┼ length u16 ┼ message … ┤     big-endian; 0 is legal and ends a day
 *
 * Thread: rx's. Per message only the block's length is looked at.
 * Source: Nasdaq BinaryFILE Transport Specification 1.00.
 */
import { assert } from "../core/assert.ts";
import { FeedError } from "../core/errors.ts";
import { highHalf } from "../core/layout.ts";
import { FEED_A, StampKind } from "../core/sinks.ts";
import { C } from "../metrics/counter-table.ts";
import type { FileSource, FileSourceParts } from "./file-capture.ts";
import type { ByteInput } from "./file-input.ts";

const LENGTH_BYTES = 2;
/** Smallest frames that are worth it. */
const FRAME_BYTES_MIN = 4096;

/** The source of an ITCH BinaryFILE. */
export class BinaryFileSource implements FileSource {
  readonly path = "file";
  readonly port = 0;
  readonly rcvbufBytes = 0;
  readonly format = "itch";
  readonly needsMerge = false;
  done = false;
  error: FeedError | null = null;
  readonly #name: string;
  readonly #input: ByteInput;
  readonly #parts: FileSourceParts;
  /** The part of a message that the last frame ended with. */
  readonly #carry: Uint8Array;
  #carryBytes = 0;
  /** Bytes of a block longer than a frame that are still to be dropped. */
  #dropBytes = 0;
  /** [0]: sequence of the next message. */
  readonly #next = new Float64Array(1);
  /** Whole blocks found by #blocks. */
  #count = 0;

  /** @param name the file's, for messages */
  constructor(name: string, input: ByteInput, parts: FileSourceParts) {
    assert(parts.view.frameBytes >= FRAME_BYTES_MIN, "BINARY_FILE_FRAME_BYTES");
    this.#name = name;
    this.#input = input;
    this.#parts = parts;
    this.#carry = new Uint8Array(parts.view.frameBytes);
    this.#next[0] = 1;
  }

  doWork(): number {
    if (this.done) return 0;
    const { pool, view } = this.#parts;
    if (pool.freeCount === 0) pool.drainReturns();
    const frame = pool.take();
    if (frame < 0) return 0;
    const start = frame * view.frameBytes;
    const bytes = this.#load(start);
    const whole = this.#blocks(start, bytes);
    if (this.#count > 0) {
      this.#keep(start + whole, bytes - whole);
      this.#hand(frame, whole);
      return 1;
    }
    if (bytes === view.frameBytes) {
      this.#handOverlong(frame);
      return 1;
    }
    this.#keep(start, bytes);
    pool.release(FEED_A, frame);
    if (this.#input.ended) this.#end();
    return 0;
  }

  tick(): void {
    // A file has no timers.
  }

  isFinished(): boolean {
    return this.done;
  }

  fill(): Promise<void> {
    return this.#input.fill();
  }

  progress(): number {
    return this.#input.progress();
  }

  close(): void {
    this.#input.close();
  }

  /** Fills the frame at `start` as far as bytes are there. @returns how many it holds */
  #load(start: number): number {
    const { view } = this.#parts;
    const input = this.#input;
    const { bytes, frameBytes } = view;
    while (this.#dropBytes > 0) {
      const dropped = input.read(bytes, start, Math.min(frameBytes, this.#dropBytes));
      if (dropped === 0) return 0;
      this.#dropBytes -= dropped;
    }
    if (this.#carryBytes > 0) bytes.set(this.#carry.subarray(0, this.#carryBytes), start);
    let at = this.#carryBytes;
    this.#carryBytes = 0;
    while (at < frameBytes) {
      const more = input.read(bytes, start + at, frameBytes - at);
      if (more === 0) break;
      at += more;
    }
    return at;
  }

  /** Counts whole blocks into #count. @returns their bytes */
  #blocks(start: number, bytes: number): number {
    const { data } = this.#parts.view;
    const end = start + bytes;
    let p = start;
    let count = 0;
    while (p + LENGTH_BYTES <= end) {
      const next = p + LENGTH_BYTES + data.getUint16(p);
      if (next > end) break;
      p = next;
      count++;
    }
    this.#count = count;
    return p - start;
  }

  #keep(at: number, bytes: number): void {
    if (bytes > 0) this.#carry.set(this.#parts.view.bytes.subarray(at, at + bytes));
    this.#carryBytes = bytes;
  }

  /** Hands `bytes` of the frame on as one packet of #count messages. */
  #hand(frame: number, bytes: number): void {
    const { sink, counters } = this.#parts;
    const seq = this.#next[0] as number;
    const count = this.#count;
    this.#next[0] = seq + count;
    counters.increment(C.FILE_PACKETS);
    sink.onPacket(FEED_A, frame, 0, bytes, 0, 0, StampKind.NONE, seq | 0, highHalf(seq), 0, count);
    sink.onBatchEnd();
  }

  /** A block longer than a frame is none of ITCH: decode counts it, its rest is dropped here. */
  #handOverlong(frame: number): void {
    const { view } = this.#parts;
    const { frameBytes } = view;
    this.#count = 1;
    this.#dropBytes = LENGTH_BYTES + view.data.getUint16(frame * frameBytes) - frameBytes;
    this.#hand(frame, frameBytes);
  }

  #end(): void {
    this.done = true;
    if (this.#input.error !== null) {
      this.error = this.#input.error;
    } else if (this.#carryBytes > 0 || this.#dropBytes > 0) {
      const message = this.#next[0] as number;
      this.error = new FeedError(
        "FEED_FORMAT",
        `${this.#name}: cut inside message ${message}, ${this.#carryBytes} bytes of it are there`,
      );
    }
  }
}
