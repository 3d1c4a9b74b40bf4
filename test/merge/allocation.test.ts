/** Merge off its straight path: what it costs the heap, with sequences and times beyond 2^31. */
import { getHeapStatistics } from "node:v8";
import test from "ava";
import { ManualClock } from "../../src/core/clock.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { FrameView, takeFrames } from "../../src/core/frames.ts";
import type { FrameOwner, PacketSink } from "../../src/core/sinks.ts";
import { MoldUdp64Writer } from "../../src/decode/moldudp64/encoder.ts";
import { MoldUdp64Framing } from "../../src/decode/moldudp64/framing.ts";
import { HEADER_BYTES, SEQUENCE } from "../../src/decode/moldudp64/layout.ts";
import { MergeStage } from "../../src/merge/merge.ts";
import { MergeStatusWriter, takeMergeStatus } from "../../src/merge/status.ts";
import { C, COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import { CONFIG } from "./rig.ts";

/** High half of the first sequence: 2^33. */
const SEQ_HIGH = 2;
const WARM_ROUNDS = 300_000;
const ROUNDS = 100_000;
const GROWTH_MAX = 65_536;
/** Messages of a round, and of each feed's packets. */
const ROUND = 12;
const CUT = [4, 6] as const;

class Counting implements PacketSink, FrameOwner {
  messages = 0;
  onPacket(...given: Parameters<PacketSink["onPacket"]>): void {
    this.messages = (this.messages + given[10]) | 0;
  }
  onControl(): void {}
  onBatchEnd(): void {}
  release(): void {}
}

/** Packets of empty messages, as many as a feed's packets hold. */
function makeFrames(feed: number): FrameView {
  const view = new FrameView(takeFrames(64, 4, null));
  const count = CUT[feed] as number;
  for (let frame = 0; frame < 4; frame++) {
    new MoldUdp64Writer("S1").header(view.bytes, frame * view.frameBytes, 1, count);
    view.data.setInt32(frame * view.frameBytes + SEQUENCE, SEQ_HIGH);
  }
  return view;
}

test("feeds that overlap in part and swap their packets put nothing on the heap", (t) => {
  const clock = new ManualClock();
  clock.advance(5e9);
  const sink = new Counting();
  const frames = [makeFrames(0), makeFrames(1)];
  const counters = new Counters(takeCounters(COUNTER_COUNT));
  const merge = new MergeStage({
    config: CONFIG,
    start: SEQ_HIGH * 2 ** 32,
    framing: new MoldUdp64Framing(),
    frames,
    owner: sink,
    sink,
    clock,
    counters,
    status: new MergeStatusWriter(takeMergeStatus()),
  });
  let seq = 0;
  const give = (feed: number, frame: number, from: number): void => {
    const view = frames[feed] as FrameView;
    view.data.setInt32(frame * view.frameBytes + SEQUENCE + 4, from);
    merge.onPacket(feed, frame, 0, HEADER_BYTES + 2 * (CUT[feed] as number), 0, 0, 0);
  };
  const run = (rounds: number): void => {
    for (let i = 0; i < rounds; i++) {
      give(0, 0, seq);
      give(1, 0, seq); // New in part.
      give(0, 2, seq + 8); // Waits for the one before it.
      give(0, 1, seq + 4); // New in part; lets the other go.
      give(1, 1, seq + 6);
      seq = (seq + ROUND) | 0;
      merge.onBatchEnd();
      merge.tick();
    }
  };
  run(WARM_ROUNDS);
  getHeapStatistics();
  const before = getHeapStatistics().used_heap_size;
  run(ROUNDS);
  const growth = getHeapStatistics().used_heap_size - before;
  t.log(`${growth} bytes in ${ROUNDS} rounds`);
  t.true(growth < GROWTH_MAX, `${growth} bytes`);
  t.is(sink.messages, (WARM_ROUNDS + ROUNDS) * ROUND);
  t.is(counters.get(C.MERGE_HOLES), WARM_ROUNDS + ROUNDS);
  t.is(counters.get(C.MERGE_MISSING_MESSAGES), 0);
});
