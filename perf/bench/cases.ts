/**
 * The benches' cases but the ring's. Each says what it asks; each runs in a process of its own, one
 * pass to warm up and one that counts, through objects of the same classes.
 */
import { BookCore } from "../../src/book/core.ts";
import { Directory, takeDirectory } from "../../src/book/directory.ts";
import { walkHashHex } from "../../src/book/hash.ts";
import { NullBookSink } from "../../src/book/null-sink.ts";
import { BookStage } from "../../src/book/stage.ts";
import { BUS_SLOT_WORDS, BusWriter, takeBus } from "../../src/core/bus.ts";
import { MonotonicClock, takeOrigin } from "../../src/core/clock.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import type { BookSink, EventSink } from "../../src/core/sinks.ts";
import { ItchDecoder } from "../../src/decode/itch/decoder.ts";
import { MoldUdp64Framing } from "../../src/decode/moldudp64/framing.ts";
import { HEADER_BYTES } from "../../src/decode/moldudp64/layout.ts";
import { MergeStage } from "../../src/merge/merge.ts";
import { MergeStatusWriter, takeMergeStatus } from "../../src/merge/status.ts";
import { COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import { PublishStage } from "../../src/publish/publish-stage.ts";
import { SLOT_SEND_TIME } from "../../src/publish/raw-v1.ts";
import { FoldSink } from "./fold.ts";
import { BenchInput, CountingOwner, STRETCH } from "./input.ts";
import { ChangeTape, EventTape } from "./record.ts";
import type { CaseResult } from "./result.ts";
import { Stopwatch } from "./result.ts";

/** Packets between two ends of a batch, as rx would hand them over. */
const BATCH_PACKETS = 32;
const INSTRUMENTS = 65_536;
const ORDERS = 1 << 19;
const LEVELS = 1 << 18;

/** What a pass ends with. */
interface Pass {
  readonly watch: Stopwatch;
  readonly checksum: string;
  readonly bookHash?: string;
}

type Case = (input: BenchInput) => Pass;

function makeCounters(): Counters {
  return new Counters(takeCounters(COUNTER_COUNT));
}

function makeBook(sink: BookSink, hash: boolean): BookStage {
  const capacities = { orders: ORDERS, levels: LEVELS, instruments: INSTRUMENTS };
  const core = new BookCore({ ...capacities, hash, grow: true, scoped: false });
  const directory = new Directory(takeDirectory(INSTRUMENTS));
  return new BookStage({ core, sink, counters: makeCounters(), directory });
}

function makeDecoder(input: BenchInput, sink: EventSink, owner: CountingOwner): ItchDecoder {
  return new ItchDecoder({ frames: input.frames, owner, sink, counters: makeCounters() });
}

/** Gives the stretch's packets of feed A to a decoder, as merge would. */
function decodeStretch(input: BenchInput, decoder: ItchDecoder): void {
  const { packets, lengths, counts } = input;
  for (let p = 0; p < packets; p++) {
    const length = lengths[p] as number;
    decoder.onPacket(0, p, 0, length, 0, 0, 0, 0, 0, HEADER_BYTES, counts[p] as number);
    if (p % BATCH_PACKETS === BATCH_PACKETS - 1) decoder.onBatchEnd();
  }
  decoder.onBatchEnd();
}

function decodeAlone(input: BenchInput): Pass {
  const watch = new Stopwatch();
  const sink = new FoldSink();
  const decoder = makeDecoder(input, sink, new CountingOwner());
  for (let n = input.next(); n > 0; n = input.next()) {
    watch.start();
    decodeStretch(input, decoder);
    watch.stop(n);
  }
  return { watch, checksum: (sink.sum >>> 0).toString(16) };
}

/** Events decoded before, so that nothing but the book is timed; per message of the file. */
function bookAlone(input: BenchInput, hash: boolean): Pass {
  const watch = new Stopwatch();
  const sink = new NullBookSink();
  const stage = makeBook(sink, hash);
  for (let n = input.next(); n > 0; n = input.next()) {
    const tape = new EventTape(n);
    decodeStretch(input, makeDecoder(input, tape, new CountingOwner()));
    watch.start();
    tape.play(stage);
    watch.stop(n);
  }
  return { watch, checksum: String(sink.frames), bookHash: walkHashHex(stage.core) };
}

function decodeAndBook(input: BenchInput, hash: boolean): Pass {
  const watch = new Stopwatch();
  const sink = new NullBookSink();
  const stage = makeBook(sink, hash);
  const decoder = makeDecoder(input, stage, new CountingOwner());
  for (let n = input.next(); n > 0; n = input.next()) {
    watch.start();
    decodeStretch(input, decoder);
    watch.stop(n);
  }
  return { watch, checksum: String(sink.frames), bookHash: walkHashHex(stage.core) };
}

/** Two identical feeds through merge, decode and book, packet by packet, A before B. */
function inline(input: BenchInput): Pass {
  const watch = new Stopwatch();
  const sink = new NullBookSink();
  const stage = makeBook(sink, false);
  const owner = new CountingOwner();
  const clock = new MonotonicClock(takeOrigin());
  const merge = new MergeStage({
    config: {
      windowPackets: 1024,
      gapMessages: 4096,
      gapTimeoutMs: 50,
      maxJump: 1_000_000,
      sessionSwitchMs: 1000,
      silentMs: 1000,
    },
    start: 1,
    framing: new MoldUdp64Framing(),
    frames: input.frames,
    owner,
    sink: makeDecoder(input, stage, owner),
    clock,
    counters: makeCounters(),
    status: new MergeStatusWriter(takeMergeStatus()),
  });
  let given = 0;
  for (let n = input.next(); n > 0; n = input.next()) {
    watch.start();
    mergeStretch(input, merge, clock);
    watch.stop(n);
    given += 2 * input.packets;
  }
  if (owner.released !== given) throw new Error(`frames released ${owner.released} != ${given}`);
  return { watch, checksum: String(sink.frames), bookHash: walkHashHex(stage.core) };
}

function mergeStretch(input: BenchInput, merge: MergeStage, clock: MonotonicClock): void {
  const { packets, lengths } = input;
  for (let p = 0; p < packets; p++) {
    const length = lengths[p] as number;
    merge.onPacket(0, p, 0, length, 0, 0, 0);
    merge.onPacket(1, p, 0, length, 0, 0, 0);
    if (p % BATCH_PACKETS === BATCH_PACKETS - 1) {
      merge.onBatchEnd();
      clock.update();
      merge.tick();
    }
  }
  merge.onBatchEnd();
}

/** Book changes made before, encoded as frames into the bus, 64 a commit; per frame. */
function publishEncode(input: BenchInput): Pass {
  const watch = new Stopwatch();
  const bus = new BusWriter(takeBus(1 << 16, null));
  const clock = new MonotonicClock(takeOrigin());
  const publish = new PublishStage({
    bus,
    clock,
    counters: makeCounters(),
    latency: null,
    instruments: INSTRUMENTS,
  });
  const recorder: { tape: ChangeTape } = { tape: new ChangeTape(1) };
  const stage = makeBook(forward(recorder), false);
  let sum = 0;
  for (let n = input.next(); n > 0; n = input.next()) {
    recorder.tape = new ChangeTape(2 * STRETCH);
    decodeStretch(input, makeDecoder(input, stage, new CountingOwner()));
    watch.start();
    recorder.tape.play(publish, 64);
    watch.stop(recorder.tape.calls);
    sum = foldFrames(bus, recorder.tape.calls, sum);
  }
  return { watch, checksum: (sum >>> 0).toString(16) };
}

/** Folds the newest frames, all but the send time, which differs from run to run. */
function foldFrames(bus: BusWriter, count: number, from: number): number {
  const slots = bus.words.length / BUS_SLOT_WORDS;
  const head = bus.cursor[0] as number;
  let sum = from;
  for (let cursor = head - count; cursor < head; cursor++) {
    const at = (cursor % slots) * BUS_SLOT_WORDS;
    for (let word = 0; word < BUS_SLOT_WORDS; word++) {
      if (word === SLOT_SEND_TIME || word === SLOT_SEND_TIME + 1) continue;
      sum = (Math.imul(sum, 31) + (bus.words[at + word] as number)) | 0;
    }
  }
  return sum;
}

/** A book sink that passes everything to a tape that may change. */
function forward(to: { tape: ChangeTape }): BookSink {
  return {
    onPacketStart: () => {},
    onAdded: (...a) => to.tape.onAdded(...a),
    onModified: () => {},
    onCancelled: (...a) => to.tape.onCancelled(...a),
    onExecuted: (i, il, ih, ql, qh, pl, ph, by, ml) =>
      to.tape.onExecuted(i, il, ih, ql, qh, pl, ph, by, ml),
    onBatchEnd: () => {},
  };
}

/** Case by name: how many feeds it wants, what it counts, what it asks. */
export const CASES: Readonly<
  Record<string, { feeds: number; unit: string; question: string; run: Case }>
> = {
  decode: {
    feeds: 1,
    unit: "messages",
    question: "ITCH decoding, every field folded into a checksum",
    run: decodeAlone,
  },
  book: {
    feeds: 1,
    unit: "messages",
    question: "book stage fed with events decoded before, hash off",
    run: (input) => bookAlone(input, false),
  },
  "decode+book": {
    feeds: 1,
    unit: "messages",
    question: "decode and book in one thread, hash off",
    run: (input) => decodeAndBook(input, false),
  },
  "decode+book+hash": {
    feeds: 1,
    unit: "messages",
    question: "the same with the incremental book hash",
    run: (input) => decodeAndBook(input, true),
  },
  inline: {
    feeds: 2,
    unit: "messages",
    question: "merge of two identical feeds, decode and book in one thread, hash off",
    run: inline,
  },
  publish: {
    feeds: 1,
    unit: "frames",
    question: "raw-v1 frames encoded into the bus, 64 a commit",
    run: publishEncode,
  },
};

/** Runs a case: one pass to warm up, one that counts. */
export function runCase(name: string, file: string, passes: number): CaseResult {
  const bench = CASES[name];
  if (bench === undefined) throw new Error(`case ${name} does not exist`);
  const input = new BenchInput(file, bench.feeds);
  const cold = bench.run(input);
  let pass = cold;
  for (let i = 1; i < passes; i++) {
    input.rewind();
    pass = bench.run(input);
  }
  if (pass.checksum !== cold.checksum || pass.bookHash !== cold.bookHash) {
    throw new Error(`case ${name}: two passes over the same input differ`);
  }
  return {
    case: name,
    unit: bench.unit,
    count: pass.watch.units,
    nsPerUnit: pass.watch.nsPerUnit,
    nsMedian: pass.watch.nsMedian,
    nsCold: cold.watch.nsPerUnit,
    checksum: pass.checksum,
    ...(pass.bookHash === undefined ? {} : { bookHash: pass.bookHash }),
  };
}
