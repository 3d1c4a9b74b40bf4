/**
 * Files of messages without datagrams as a receive source: messages back to back, or each behind
 * its length. What a Cutter takes for one unit becomes one packet, as if it had come by itself. Two
 * or three files of one channel (feed A, feed B, snapshots) are woven by the order that their
 * messages tell.
 *
 *   fast-raw   ├ message … ┼ message … ┤
 *   len4       ├ length u32 little-endian, not counting itself ┼ message … ┤
 *
 * Thread: rx's. The bytes are hostile: a unit longer than a frame is counted and skipped; what
 * cannot be read ends a file without lengths, after the units before it.
 */
import { FeedError } from "../core/errors.ts";
import { FEED_A, FEED_B, StampKind } from "../core/sinks.ts";
import { C } from "../metrics/counter-table.ts";
import type { FileSource, FileSourceParts } from "./file-capture.ts";
import type { ByteInput } from "./file-input.ts";
import { ByteWindow } from "./file-window.ts";

/** Longest unit that is believed, bytes. */
export const UNIT_BYTES_MAX = 1_048_576;
const LENGTH_BYTES = 4;
/** Units handed on in one doWork. */
const BATCH_UNITS = 64;

/** Knows where a unit ends, when it was sent and where it belongs. */
export interface Cutter {
  readonly tsLo: number;
  readonly tsHi: number;
  readonly order: number;
  readonly problem: string;
  /** @returns where the unit at `from` ends, or -1 */
  next(bytes: Uint8Array, from: number, end: number): number;
  /** True when a block with a length belongs to the one behind it. */
  isPrefix(bytes: Uint8Array, from: number, end: number): boolean;
}

/** One of the files. */
export interface CutFile {
  readonly name: string;
  readonly input: ByteInput;
  readonly format: "fast-raw" | "len4";
  readonly cutter: Cutter;
}

/** What a file has. */
export const NextUnit = { UNIT: 1, WAIT: 0, END: -1 } as const;
/** No row has a unit: one has to be filled first; all have ended. */
const NONE_YET = -2;
const NONE_EVER = -1;

/** A file that hands out unit after unit. */
export class UnitRow {
  readonly file: CutFile;
  /** The unit lies in `bytes` from `at` to `end`, without lengths. */
  bytes: Uint8Array;
  at = 0;
  end = 0;
  count = 0;
  /** True when the unit at hand could not be read: it is the last. */
  isBroken = false;
  error: FeedError | null = null;
  readonly #window: ByteWindow;
  /** Blocks that belong together, for files with lengths. */
  readonly #joined = new Uint8Array(UNIT_BYTES_MAX);
  #joinedBytes = 0;

  constructor(file: CutFile) {
    this.file = file;
    this.#window = new ByteWindow(file.input, 2 * UNIT_BYTES_MAX);
    this.bytes = this.#window.bytes;
  }

  /** Finds the next unit. @returns a NextUnit */
  next(): number {
    if (this.isBroken) return NextUnit.END;
    const found = this.file.format === "len4" ? this.#block() : this.#message();
    if (found === NextUnit.UNIT) this.count++;
    if (found === NextUnit.END) this.error ??= this.file.input.error;
    return found;
  }

  #message(): number {
    const window = this.#window;
    if (!window.need(UNIT_BYTES_MAX) && !window.ended) return NextUnit.WAIT;
    if (window.at === window.end) return NextUnit.END;
    this.at = window.at;
    const end = this.file.cutter.next(window.bytes, window.at, window.end);
    if (end < 0) return this.#broken(window.end, this.file.cutter.problem);
    this.end = end;
    window.at = end;
    return NextUnit.UNIT;
  }

  #block(): number {
    const window = this.#window;
    for (;;) {
      if (!window.need(LENGTH_BYTES)) return this.#short(LENGTH_BYTES);
      const length = window.data.getUint32(window.at, true);
      const room = UNIT_BYTES_MAX - this.#joinedBytes;
      if (length > room) {
        this.at = window.at;
        return this.#broken(window.end, `block ${this.count + 1}: length=${length} > ${room}`);
      }
      if (!window.need(LENGTH_BYTES + length)) return this.#short(LENGTH_BYTES + length);
      const from = window.at + LENGTH_BYTES;
      window.at = from + length;
      this.#joined.set(window.bytes.subarray(from, from + length), this.#joinedBytes);
      const begin = this.#joinedBytes;
      this.#joinedBytes += length;
      if (this.file.cutter.isPrefix(this.#joined, begin, this.#joinedBytes)) continue;
      return this.#joinedUnit();
    }
  }

  #joinedUnit(): number {
    this.bytes = this.#joined;
    this.at = 0;
    this.end = this.#joinedBytes;
    this.#joinedBytes = 0;
    return NextUnit.UNIT;
  }

  /** Bytes are missing: more are to come, or this is the end. */
  #short(wanted: number): number {
    const window = this.#window;
    if (!window.ended) return NextUnit.WAIT;
    const left = window.end - window.at;
    if (left > 0) {
      const text = `cut inside block ${this.count + 1}, ${left} of ${wanted} bytes are there`;
      this.error = new FeedError("FEED_FORMAT", `${this.file.name}: ${text}`);
      window.at = window.end;
    }
    // Blocks that belong to one that never came are a unit of their own.
    return this.#joinedBytes > 0 ? this.#joinedUnit() : NextUnit.END;
  }

  /** The rest is handed on as it is, so that decode counts why it cannot be read. */
  #broken(end: number, why: string): number {
    const text = `message ${this.count + 1} cannot be read, nor what follows it: ${why}`;
    this.error = new FeedError("FEED_FORMAT", `${this.file.name}: ${text}`);
    this.isBroken = true;
    this.bytes = this.#window.bytes;
    this.end = end;
    return NextUnit.UNIT;
  }
}

/** The source of one to three files. */
export class CutFileSource implements FileSource {
  readonly path = "file";
  readonly port = 0;
  readonly rcvbufBytes = 0;
  readonly format: "fast-raw" | "len4";
  readonly needsMerge = true;
  done = false;
  error: FeedError | null = null;
  readonly #parts: FileSourceParts;
  readonly #rows: readonly UnitRow[];
  readonly #feeds: readonly number[];
  /** By row: a NextUnit, or 0 when it has to be asked. */
  readonly #ready: Int32Array;

  /** @param files feed A's, feed B's, snapshots'; those after the first may be null */
  constructor(files: readonly (CutFile | null)[], parts: FileSourceParts) {
    this.#parts = parts;
    this.#rows = files.filter((file) => file !== null).map((file) => new UnitRow(file));
    this.format = (this.#rows[0] as UnitRow).file.format;
    this.#ready = new Int32Array(this.#rows.length);
    this.#feeds = files.flatMap((file, i) => (file === null ? [] : [i === 1 ? FEED_B : FEED_A]));
  }

  doWork(): number {
    let handed = 0;
    while (handed < BATCH_UNITS && !this.done) {
      const row = this.#first();
      if (row === NONE_YET) break;
      if (row === NONE_EVER) {
        this.#end();
        break;
      }
      if (!this.#hand(row)) break;
      handed++;
    }
    if (handed > 0) this.#parts.sink.onBatchEnd();
    return handed;
  }

  tick(): void {
    // A file has no timers.
  }

  isFinished(): boolean {
    return this.done;
  }

  async fill(): Promise<void> {
    for (const { file } of this.#rows) await file.input.fill();
  }

  progress(): number {
    const rows = this.#rows;
    return rows.reduce((sum, { file }) => sum + file.input.progress(), 0) / rows.length;
  }

  close(): void {
    for (const { file } of this.#rows) file.input.close();
  }

  /** The row whose unit comes first. @returns its index, NONE_YET or NONE_EVER */
  #first(): number {
    let first = NONE_EVER;
    for (let i = 0; i < this.#rows.length; i++) {
      const row = this.#rows[i] as UnitRow;
      if (this.#ready[i] === NextUnit.WAIT) this.#ready[i] = row.next();
      if (this.#ready[i] === NextUnit.WAIT) return NONE_YET;
      if (this.#ready[i] === NextUnit.END) continue;
      const best = this.#rows[first];
      if (best === undefined || row.file.cutter.order < best.file.cutter.order) first = i;
    }
    return first;
  }

  /** Hands a row's unit on. @returns false when no frame is free */
  #hand(index: number): boolean {
    const { view, pool, sink, counters } = this.#parts;
    const row = this.#rows[index] as UnitRow;
    const feed = this.#feeds[index] as number;
    const whole = row.end - row.at;
    const length = row.isBroken ? Math.min(whole, view.frameBytes) : whole;
    if (length > view.frameBytes) {
      counters.increment(C.FILE_TRUNCATED);
      this.#ready[index] = NextUnit.WAIT;
      return true;
    }
    if (pool.freeCount === 0) pool.drainReturns();
    const frame = pool.take();
    if (frame < 0) return false;
    view.bytes.set(row.bytes.subarray(row.at, row.at + length), frame * view.frameBytes);
    counters.increment(C.FILE_PACKETS);
    this.#ready[index] = NextUnit.WAIT;
    const { tsLo, tsHi } = row.file.cutter;
    const kind = (tsLo | tsHi) === 0 ? StampKind.NONE : StampKind.SOFTWARE;
    sink.onPacket(feed, frame, 0, length, tsLo, tsHi, kind, 0, 0, 0, 0);
    return true;
  }

  #end(): void {
    this.done = true;
    this.error = this.#rows.find((row) => row.error !== null)?.error ?? null;
  }
}
