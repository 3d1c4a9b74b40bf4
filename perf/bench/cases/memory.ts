/**
 * The cases of one thread from memory. Each warms up as the feed does before it is ready: the
 * first messages go through the very objects that are then put back and timed, because compiled
 * code knows the objects it was compiled for.
 */
import { walkHashHex } from "../../../src/book/hash.ts";
import { NullBookSink } from "../../../src/book/null-sink.ts";
import { type Clock, MonotonicClock, takeOrigin } from "../../../src/core/clock.ts";
import { HISTOGRAM_BYTES, Histogram } from "../../../src/core/histogram.ts";
import type { PacketSink } from "../../../src/core/sinks.ts";
import type { MergeStage } from "../../../src/merge/merge.ts";
import { FoldSink } from "../fold.ts";
import { CountingOwner, cutFeed, FileSpans, PACKET_BYTES, PacketFeed } from "../input.ts";
import { ChangeTape } from "../record.ts";
import { type CaseResult, hex32, Stopwatch } from "../result.ts";
import {
  BATCH_PACKETS,
  BUS_SLOTS,
  foldFrames,
  makeBook,
  makeCounters,
  makeDecoder,
  makeMerge,
  makePublish,
} from "../stages.ts";

/** What a case is given. */
export interface MemoryJob {
  readonly file: string;
  /** Messages of a warm-up pass. */
  readonly warm: number;
  /** Warm-up passes go on for at least so long, ms: compiling runs beside them, on the same cpu. */
  readonly warmMs: number;
}

/** Runs warm-up passes: one at least, and until the time is over. */
function warmUp(job: MemoryJob, pass: () => void): void {
  const until = performance.now() + job.warmMs;
  do pass();
  while (performance.now() < until);
}

/** Messages of the cases that need no full-sized books. */
const SHORT_MESSAGES = 5_000_000;
/** Messages recorded, then published in one go. */
const TAPE_SPANS = 128;
/** Packets of each feed cut, then merged in one go: as warm as packets that rx just received. */
const MERGE_FRAMES = 128;

/** Gives spans to a decoder as merge would. */
function decodeSpans(input: FileSpans, decoder: PacketSink, from: number, to: number): void {
  const { offsets, lengths, counts } = input;
  for (let s = from; s < to; s++) {
    const offset = offsets[s] as number;
    const length = lengths[s] as number;
    decoder.onPacket(0, 0, offset, length, 0, 0, 0, 0, 0, 0, counts[s] as number);
    if (s % BATCH_PACKETS === BATCH_PACKETS - 1) decoder.onBatchEnd();
  }
  decoder.onBatchEnd();
}

/** Question: decoding alone, every field of every message folded into a checksum. */
export function decodeCase(job: MemoryJob): CaseResult {
  const input = new FileSpans(job.file);
  const sink = new FoldSink();
  const decoder = makeDecoder([input.view], new CountingOwner(), sink, makeCounters());
  const pass = (spans: number): number => {
    decoder.reset();
    sink.sum = 0;
    const watch = new Stopwatch();
    watch.start();
    decodeSpans(input, decoder, 0, spans);
    watch.stop(input.messages);
    return watch.nsPerUnit;
  };
  const warm = input.spansOf(job.warm);
  warmUp(job, () => pass(warm));
  const ns = pass(input.spans);
  return { unit: "messages", count: input.messages, ns, checksum: hex32(sink.sum) };
}

/** Question: decode and full-depth book, from memory. @param hash when the hash is made */
export function bookCase(job: MemoryJob, hash: "off" | "incremental" | "end"): CaseResult {
  const input = new FileSpans(job.file);
  const counters = makeCounters();
  const sink = new NullBookSink();
  const stage = makeBook(sink, hash === "incremental", counters);
  const decoder = makeDecoder([input.view], new CountingOwner(), stage, counters);
  let bookHash = "";
  const pass = (spans: number): number => {
    counters.reset();
    decoder.reset();
    stage.reset();
    sink.frames = 0;
    const watch = new Stopwatch();
    watch.start();
    decodeSpans(input, decoder, 0, spans);
    if (hash === "end") bookHash = walkHashHex(stage.core);
    watch.stop(input.messages);
    return watch.nsPerUnit;
  };
  const warm = input.spansOf(job.warm);
  warmUp(job, () => pass(warm));
  const ns = pass(input.spans);
  if (hash === "incremental") bookHash = stage.core.hashHex();
  if (hash === "off") bookHash = walkHashHex(stage.core);
  const checksum = `${sink.frames} changes`;
  return { unit: "messages", count: input.messages, ns, checksum, bookHash };
}

/** Merge's sink alone: gives the frame back, folds what was delivered. */
class ReleasingSink implements PacketSink {
  messages = 0;
  sum = 0;
  readonly #owner: CountingOwner;

  constructor(owner: CountingOwner) {
    this.#owner = owner;
  }

  onPacket(
    feed: number,
    frame: number,
    _offset: number,
    length: number,
    _tsLo: number,
    _tsHi: number,
    _tsKind: number,
    seqLo: number,
    _seqHi: number,
    firstOffset: number,
    count: number,
  ): void {
    this.messages = (this.messages + count) | 0;
    this.sum = (Math.imul(this.sum, 31) + seqLo + firstOffset + length) | 0;
    this.#owner.release(feed, frame);
  }

  onControl(_control: number): void {}

  onBatchEnd(): void {}
}

/** Question: arbitration of two identical feeds, ns per packet of either. */
export function mergeCase(job: MemoryJob): CaseResult {
  const input = new FileSpans(job.file);
  const clock = new MonotonicClock(takeOrigin());
  const counters = makeCounters();
  const a = new PacketFeed(input, PACKET_BYTES[0], MERGE_FRAMES);
  const b = new PacketFeed(input, PACKET_BYTES[0], MERGE_FRAMES);
  const owner = new CountingOwner();
  const sink = new ReleasingSink(owner);
  const merge = makeMerge([a.view, b.view], owner, sink, clock, counters);
  const pass = (messages: number): Stopwatch => {
    counters.reset();
    merge.reset();
    sink.messages = sink.sum = owner.released = 0;
    a.rewind();
    b.rewind();
    const watch = new Stopwatch();
    let given = 0;
    while (given < messages) {
      given += a.cut();
      b.cut();
      watch.start();
      mergeFeeds(a, b, merge, clock);
      watch.stop(a.packets + b.packets);
    }
    if (owner.released !== watch.units) throw new Error("merge: frames were not released");
    if (sink.messages !== given) throw new Error(`merge: ${sink.messages} of ${given} delivered`);
    return watch;
  };
  warmUp(job, () => pass(Math.min(job.warm, input.messages)));
  const watch = pass(Math.min(input.messages, SHORT_MESSAGES));
  const ns = watch.nsPerUnit;
  return { unit: "packets", count: watch.units, ns, checksum: hex32(sink.sum) };
}

/** Both feeds' packets in the order of their sequences, A before B; the clock moves each batch. */
export function mergeFeeds(a: PacketFeed, b: PacketFeed, merge: MergeStage, clock: Clock): void {
  const [seqsA, seqsB, lengthsA, lengthsB] = [a.seqs, b.seqs, a.lengths, b.lengths];
  const [packetsA, packetsB] = [a.packets, b.packets];
  const stamp = clock.monoWords;
  let [pa, pb] = [0, 0];
  while (pa < packetsA || pb < packetsB) {
    clock.update();
    const tsLo = stamp[0] as number;
    const tsHi = stamp[1] as number;
    for (let i = 0; i < BATCH_PACKETS; i++) {
      const takeA =
        pa < packetsA && (pb >= packetsB || (seqsA[pa] as number) <= (seqsB[pb] as number));
      if (takeA) {
        merge.onPacket(0, pa, 0, lengthsA[pa] as number, tsLo, tsHi, 0);
        pa++;
      } else if (pb < packetsB) {
        merge.onPacket(1, pb, 0, lengthsB[pb] as number, tsLo, tsHi, 0);
        pb++;
      }
    }
    merge.onBatchEnd();
    merge.tick();
  }
}

/** Leaves about a share of each feed's packets. @returns what puts the others back */
export function shorten(feeds: readonly PacketFeed[], share: number): () => void {
  const before = feeds.map((feed) => feed.packets);
  for (const feed of feeds) feed.packets = Math.ceil(feed.packets * Math.min(1, share));
  return () => {
    for (const [i, feed] of feeds.entries()) feed.packets = before[i] as number;
  };
}

/** Question: book changes made before, encoded as raw-v1 frames into the bus, 64 a commit. */
export function publishCase(job: MemoryJob): CaseResult {
  const input = new FileSpans(job.file);
  const counters = makeCounters();
  const { bus, publish } = makePublish(new MonotonicClock(takeOrigin()), null, counters);
  const tape = new ChangeTape(4 * TAPE_SPANS * 80);
  const book = makeBook(tape, false, counters);
  const decoder = makeDecoder([input.view], new CountingOwner(), book, counters);
  let sum = 0;
  const pass = (spans: number): Stopwatch => {
    counters.reset();
    book.reset();
    publish.reset();
    sum = 0;
    const watch = new Stopwatch();
    for (let from = 0; from < spans; from += TAPE_SPANS) {
      tape.calls = 0;
      decodeSpans(input, decoder, from, Math.min(from + TAPE_SPANS, spans));
      watch.start();
      tape.play(publish, 64);
      watch.stop(tape.calls);
      sum = foldFrames(bus, tape.calls, sum);
    }
    return watch;
  };
  const warm = input.spansOf(job.warm);
  warmUp(job, () => pass(warm));
  const watch = pass(input.spansOf(SHORT_MESSAGES));
  return { unit: "frames", count: watch.units, ns: watch.nsPerUnit, checksum: hex32(sum) };
}

/**
 * Question: the whole of a feed in one thread: two feeds cut differently, merge, decode, book and
 * frames on the bus, receive-to-publish latency counted for each packet as in production.
 */
export function pipelineCase(job: MemoryJob, hash: boolean): CaseResult {
  const input = new FileSpans(job.file);
  const a = cutFeed(input, PACKET_BYTES[0]);
  const b = cutFeed(input, PACKET_BYTES[1]);
  const clock = new MonotonicClock(takeOrigin());
  const counters = makeCounters();
  const latency = new Histogram(new SharedArrayBuffer(HISTOGRAM_BYTES));
  const { bus, publish } = makePublish(clock, latency, counters);
  const stage = makeBook(publish, hash, counters);
  const owner = new CountingOwner();
  const frames = [a.view, b.view];
  const decoder = makeDecoder(frames, owner, stage, counters);
  const merge = makeMerge(frames, owner, decoder, clock, counters);
  const pass = (): number => {
    counters.reset();
    merge.reset();
    decoder.reset();
    stage.reset();
    publish.reset();
    owner.released = 0;
    const watch = new Stopwatch();
    watch.start();
    mergeFeeds(a, b, merge, clock);
    watch.stop(input.messages);
    if (owner.released !== a.packets + b.packets) throw new Error("frames were not released");
    return watch.nsPerUnit;
  };
  const whole = shorten([a, b], job.warm / input.messages);
  warmUp(job, pass);
  whole();
  const ns = pass();
  const checksum = `${bus.cursor[0]} frames ${hex32(foldFrames(bus, BUS_SLOTS, 0))}`;
  const bookHash = hash ? stage.core.hashHex() : walkHashHex(stage.core);
  const extra = {
    messages_per_packet_a: input.messages / a.packets,
    messages_per_packet_b: input.messages / b.packets,
  };
  return { unit: "messages", count: input.messages, ns, checksum, bookHash, extra };
}
