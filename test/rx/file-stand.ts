/** A file source with everything around it visible, for tests. */
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { FramePool, FrameView, takeFrames } from "../../src/core/frames.ts";
import type { FrameOwner, PacketSink } from "../../src/core/sinks.ts";
import { COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import { type FileSourceOptions, openFileSource } from "../../src/rx/file.ts";
import type { FileSource } from "../../src/rx/file-capture.ts";

/** A packet as the sink saw it. */
export interface Seen {
  readonly feed: number;
  readonly bytes: Uint8Array;
  readonly ts: bigint;
  readonly tsKind: number;
  readonly seq: number;
  readonly count: number;
}

/** Writes down packets and gives their frames back at once. */
export class PacketRecorder implements PacketSink {
  readonly seen: Seen[] = [];
  batchEnds = 0;
  readonly #view: FrameView;
  readonly #owner: FrameOwner;

  constructor(view: FrameView, owner: FrameOwner) {
    this.#view = view;
    this.#owner = owner;
  }

  onPacket(
    feed: number,
    frame: number,
    offset: number,
    length: number,
    tsLo: number,
    tsHi: number,
    tsKind: number,
    seqLo: number,
    _seqHi: number,
    _firstOffset: number,
    count: number,
  ): void {
    const at = frame * this.#view.frameBytes + offset;
    const bytes = this.#view.bytes.slice(at, at + length);
    const ts = (BigInt(tsHi >>> 0) << 32n) | BigInt(tsLo >>> 0);
    this.seen.push({ feed, bytes, ts, tsKind, seq: seqLo, count });
    this.#owner.release(feed, frame);
  }
  onControl(): void {}
  onBatchEnd(): void {
    this.batchEnds++;
  }
}

/** What a file gave. */
export interface FileRun {
  readonly source: FileSource;
  readonly seen: readonly Seen[];
  readonly counters: Counters;
  /** Frames free at the end. */
  readonly freeCount: number;
}

/** Reads a whole file. */
export async function runFile(
  path: string,
  options: Partial<Pick<FileSourceOptions, "format" | "a" | "b" | "tcp">> = {},
  frameBytes = 65_536,
  frames = 4,
): Promise<FileRun> {
  const view = new FrameView(takeFrames(frameBytes, frames, null));
  const pool = new FramePool(frames, []);
  const counters = new Counters(takeCounters(COUNTER_COUNT));
  const sink = new PacketRecorder(view, pool);
  const chosen = { path, format: "auto" as const, a: null, b: null, tcp: null, ...options };
  const source = await openFileSource({ ...chosen, view, pool, sink, counters });
  let idle = 0;
  while (!source.isFinished()) {
    if (source.doWork() > 0) idle = 0;
    else if (++idle > 10_000) throw new Error("the source neither works nor ends");
    else await source.fill();
  }
  source.close();
  return { source, seen: sink.seen, counters, freeCount: pool.freeCount };
}
