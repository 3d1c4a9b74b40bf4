/** The stages as the benches build them: production classes, capacities of a replay. */
import { BookCore } from "../../src/book/core.ts";
import { Directory, takeDirectory } from "../../src/book/directory.ts";
import { BookStage } from "../../src/book/stage.ts";
import { BUS_SLOT_WORDS, BusWriter, takeBus } from "../../src/core/bus.ts";
import type { Clock } from "../../src/core/clock.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import type { FrameView } from "../../src/core/frames.ts";
import type { Histogram } from "../../src/core/histogram.ts";
import { adviseHuge } from "../../src/core/native.ts";
import type { BookSink, EventSink, FrameOwner, PacketSink } from "../../src/core/sinks.ts";
import { ItchDecoder } from "../../src/decode/itch/decoder.ts";
import { MoldUdp64Framing } from "../../src/decode/moldudp64/framing.ts";
import { MergeStage } from "../../src/merge/merge.ts";
import { MergeStatusWriter, takeMergeStatus } from "../../src/merge/status.ts";
import { COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import { PublishStage } from "../../src/publish/publish-stage.ts";
import { SLOT_SEND_TIME } from "../../src/publish/raw-v1.ts";

/** Packets between two ends of a batch, as rx would hand them over. */
export const BATCH_PACKETS = 32;
/** Frames that the bus retains. */
export const BUS_SLOTS = 1 << 16;
const INSTRUMENTS = 65_536;
const ORDERS = 1 << 19;
const LEVELS = 1 << 18;

/** A table of counters of its own. */
export function makeCounters(): Counters {
  return new Counters(takeCounters(COUNTER_COUNT));
}

/** A book stage that grows, as a replay's does. */
export function makeBook(sink: BookSink, hash: boolean, counters: Counters): BookStage {
  const capacities = { orders: ORDERS, levels: LEVELS, instruments: INSTRUMENTS };
  const core = new BookCore({
    ...capacities,
    hash,
    grow: true,
    scoped: false,
    advise: adviseHuge,
  });
  const directory = new Directory(takeDirectory(INSTRUMENTS));
  return new BookStage({ core, sink, counters, directory });
}

/** An ITCH decoder. */
export function makeDecoder(
  frames: readonly FrameView[],
  owner: FrameOwner,
  sink: EventSink,
  counters: Counters,
): ItchDecoder {
  return new ItchDecoder({ frames, owner, sink, counters });
}

/** The merge stage with the configuration's defaults, from sequence 1. */
export function makeMerge(
  frames: readonly FrameView[],
  owner: FrameOwner,
  sink: PacketSink,
  clock: Clock,
  counters: Counters,
): MergeStage {
  return new MergeStage({
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
    frames,
    owner,
    sink,
    clock,
    counters,
    status: new MergeStatusWriter(takeMergeStatus()),
  });
}

/** The publish stage and its bus. */
export function makePublish(
  clock: Clock,
  latency: Histogram | null,
  counters: Counters,
): { readonly bus: BusWriter; readonly publish: PublishStage } {
  const bus = new BusWriter(takeBus(BUS_SLOTS, null));
  const publish = new PublishStage({ bus, clock, counters, latency, instruments: INSTRUMENTS });
  return { bus, publish };
}

/** Folds the newest frames but their send times, which differ from run to run. */
export function foldFrames(bus: BusWriter, count: number, from: number): number {
  const head = bus.cursor[0] as number;
  let sum = from;
  for (let cursor = head - Math.min(count, head, BUS_SLOTS); cursor < head; cursor++) {
    const at = (cursor % BUS_SLOTS) * BUS_SLOT_WORDS;
    // The last words are a longer, older frame's; the length byte tells.
    const words = 1 + Math.ceil(((bus.words[at] as number) >>> 24) / 4);
    for (let word = 0; word < words; word++) {
      if (word === SLOT_SEND_TIME || word === SLOT_SEND_TIME + 1) continue;
      sum = (Math.imul(sum, 31) + (bus.words[at + word] as number)) | 0;
    }
  }
  return sum;
}
