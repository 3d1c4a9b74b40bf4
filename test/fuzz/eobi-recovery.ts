/**
 * The snapshot channel as a target: every case is a datagram of it, between live packets that have
 * holes, and whatever comes the books stay whole and every frame is given back once.
 */
import { BookCore } from "../../src/book/core.ts";
import { Directory, takeDirectory } from "../../src/book/directory.ts";
import { checkIntegrity } from "../../src/book/integrity.ts";
import { NullBookSink } from "../../src/book/null-sink.ts";
import { BookStage } from "../../src/book/stage.ts";
import { assert } from "../../src/core/assert.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { FrameView, takeFrames } from "../../src/core/frames.ts";
import { FEED_SNAPSHOT } from "../../src/core/sinks.ts";
import { EobiDecoder } from "../../src/decode/eobi/decoder.ts";
import { EobiFraming } from "../../src/decode/eobi/framing.ts";
import { EobiRecovery, RecoveryState } from "../../src/decode/eobi/recovery.ts";
import { FramingKind } from "../../src/decode/framing.ts";
import { C, COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import { EobiMarketModel, SEGMENT } from "../decode/eobi-market.ts";
import type { Random } from "./random.ts";
import type { Target } from "./targets.ts";

const FRAME_BYTES = 16_384;
const INSTRUMENTS = 64;
const CHECK_EVERY = 4096;

/** Whole cycles, each in one datagram. */
export function someCycle(random: Random): Uint8Array {
  const model = new EobiMarketModel((n) => random.below(n));
  for (let i = random.below(60); i >= 0; i--) model.step();
  return model.snapshot(0, random.below(1000), 1000)[0] as Buffer;
}

/** Feeds cases as snapshots. */
export function eobiRecoveryTarget(random: Random): Target {
  const view = new FrameView(takeFrames(FRAME_BYTES, 1, null));
  const counters = new Counters(takeCounters(COUNTER_COUNT));
  const core = new BookCore({
    orders: 256,
    levels: 256,
    instruments: INSTRUMENTS,
    hash: false,
    grow: false,
    scoped: true,
  });
  const directory = new Directory(takeDirectory(INSTRUMENTS));
  const sink = new BookStage({ core, sink: new NullBookSink(), counters, directory });
  let released = 0;
  const owner = { release: () => void released++ };
  const parts = { frames: [view, view, view], owner, sink, counters, instruments: INSTRUMENTS };
  const decoder = new EobiDecoder(parts);
  const sizes = { packets: 64, packetBytes: 512, orders: 64, segment: SEGMENT };
  const recovery = new EobiRecovery({ ...parts, ...sizes, decoder });
  const framing = new EobiFraming(SEGMENT);
  const model = new EobiMarketModel((n) => random.below(n));
  let cases = 0;
  const give = (bytes: Uint8Array, feed: number): void => {
    // At the very end of the region, so that a read beyond it throws.
    const length = Math.min(bytes.length, FRAME_BYTES);
    const offset = FRAME_BYTES - length;
    view.bytes.set(bytes.subarray(0, length), offset);
    const kind = framing.read(view.bytes, view.data, offset, length);
    if (feed !== FEED_SNAPSHOT && kind !== FramingKind.DATA) return;
    const { seqLo, seqHi, firstOffset, count } = framing;
    const before = released;
    recovery.onPacket(feed, 0, offset, length, 0, 0, 0, seqLo, seqHi, firstOffset, count);
    assert(released === before + 1, "FUZZ_FRAME_RELEASED_ONCE");
  };
  return (bytes) => {
    // Every so often live packets with a hole, so that somebody waits for the cases.
    const live = model.step();
    if (random.below(4) > 0 || recovery.state === RecoveryState.WAITING) give(live, 0);
    give(bytes, FEED_SNAPSHOT);
    if (random.below(8) === 0) give(bytes, 1);
    recovery.onBatchEnd();
    if (++cases % CHECK_EVERY !== 0) return;
    assert(checkIntegrity(core).length === 0, "FUZZ_BOOKS_WHOLE");
    assert(core.liveOrders <= 256, "FUZZ_ORDERS");
    assert(counters.get(C.SNAPSHOT_PACKETS) > 0, "FUZZ_SNAPSHOTS_LOOKED_AT");
    assert(counters.get(C.SNAPSHOT_APPLIED) > 0, "FUZZ_SNAPSHOTS_APPLIED");
  };
}
