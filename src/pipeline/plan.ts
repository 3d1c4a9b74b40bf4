/**
 * The plan: everything that the threads of a pipeline share, made by the main thread and handed to
 * the workers as it is (structured clone). Which stage runs where is data; a step that crosses
 * threads gets a ring.
 *
 *   rx.a ─┐
 *         ├─▶ merge ─▶ decode ─▶ book ─▶ publish ─▶ bus ─▶ endpoint
 *   rx.b ─┘     └─ frames back ──┘ (free rings, one for each feed and returning thread)
 */

import { takeDirectory } from "../book/directory.ts";
import type { Config, StageName, ThreadConfig } from "../config/config.ts";
import { STAGE_NAMES } from "../config/config.ts";
import type { BusRef } from "../core/bus.ts";
import { takeBus } from "../core/bus.ts";
import type { ClockOrigin } from "../core/clock.ts";
import { takeOrigin } from "../core/clock.ts";
import { takeCounters } from "../core/counters.ts";
import type { FrameRegionRef } from "../core/frames.ts";
import { takeFrames } from "../core/frames.ts";
import { HISTOGRAM_BYTES } from "../core/histogram.ts";
import { ceilPowerOfTwo } from "../core/layout.ts";
import type { Native } from "../core/native.ts";
import { type RecordRingRef, takeRecordRing } from "../core/record-ring.ts";
import { type SlotRingRef, takeSlotRing } from "../core/slot-ring.ts";
import { takeMergeStatus } from "../merge/status.ts";
import { COUNTER_COUNT } from "../metrics/counter-table.ts";
import { CHANGE_SLOT_WORDS } from "./change-ring.ts";
import { EVENT_SLOT_WORDS } from "./event-ring.ts";
import { THREAD_STATUS_DOUBLES } from "./loop.ts";
import { PACKET_SLOT_WORDS } from "./packet-ring.ts";
import { takeStopWord } from "./stop.ts";
import { takeWarmUp, type WarmUpPlan } from "./warm-up.ts";

/** A step of a packet's way, and the words of a slot where it crosses threads. */
type Step = readonly [from: StageName, to: StageName, slotWords: number];

const STEPS: readonly Step[] = [
  ["rx.a", "merge", PACKET_SLOT_WORDS],
  ["rx.b", "merge", PACKET_SLOT_WORDS],
  ["merge", "decode", PACKET_SLOT_WORDS],
  ["decode", "book", EVENT_SLOT_WORDS],
  ["book", "publish", CHANGE_SLOT_WORDS],
];

/** A BinaryFILE has nothing to arbitrate: its packets are in order already. */
const BINARY_FILE_STEPS: readonly Step[] = [
  ["rx.a", "decode", PACKET_SLOT_WORDS],
  ["decode", "book", EVENT_SLOT_WORDS],
];

/** The ring of a step. */
export interface StepRing {
  readonly from: StageName;
  readonly to: StageName;
  readonly ring: SlotRingRef;
}

/** A free ring: frames of `feed` that thread `from` gives back. */
export interface FreeRing {
  readonly feed: number;
  readonly from: number;
  readonly ring: SlotRingRef;
}

/** What a file holds, once it was looked at. */
export type FileFormat = "pcap" | "itch";

/** Where packets come from. */
export type Input =
  | { readonly kind: "sockets" }
  | {
      readonly kind: "file";
      readonly path: string;
      readonly format: FileFormat;
      readonly hash: "off" | "end" | "incremental";
      readonly dumpBook: string | null;
    };

/** Everything shared. */
export interface Plan {
  readonly config: Config;
  readonly input: Input;
  readonly threads: readonly ThreadConfig[];
  readonly origin: ClockOrigin;
  readonly stop: SharedArrayBuffer;
  readonly counters: SharedArrayBuffer;
  readonly threadStatus: SharedArrayBuffer;
  readonly latency: SharedArrayBuffer;
  readonly mergeStatus: SharedArrayBuffer;
  readonly directory: SharedArrayBuffer;
  /** By feed; a file has one region for both. */
  readonly frames: readonly FrameRegionRef[];
  readonly steps: readonly StepRing[];
  readonly freeRings: readonly FreeRing[];
  readonly bus: BusRef | null;
  readonly images: RecordRingRef | null;
  /** [0]: the endpoint's request for images. */
  readonly imageRequest: SharedArrayBuffer;
  /** null without a warm-up. */
  readonly warmUp: WarmUpPlan | null;
}

/** Frames of a file: chunks of a BinaryFILE, datagrams of a capture. */
const FILE_FRAMES = {
  itch: { frameBytes: 65_536, frames: 64 },
  pcap: { frameBytes: 16_384, frames: 4096 },
} as const;
const IMAGE_RING_BYTES = 1 << 24;

/** The one thread of the inline placement. */
const INLINE_THREAD: ThreadConfig = {
  name: "main",
  cpu: null,
  idle: "sleep",
  loop: "event",
  fifo: 0,
  stages: STAGE_NAMES,
};

/**
 * Makes the plan and takes all shared memory.
 *
 * @param native the addon when frames shall lie in its memory, else null
 */
export function makePlan(config: Config, input: Input, native: Native | null): Plan {
  const threads = placeStages(config, input);
  const frames = planFrames(config, input, native);
  const live = input.kind === "sockets";
  const { warmUpMessages } = config.pipeline;
  return {
    config,
    input,
    threads,
    origin: takeOrigin(),
    stop: takeStopWord(),
    counters: takeCounters(COUNTER_COUNT),
    threadStatus: new SharedArrayBuffer(threads.length * THREAD_STATUS_DOUBLES * 8),
    latency: new SharedArrayBuffer(HISTOGRAM_BYTES),
    mergeStatus: takeMergeStatus(),
    directory: takeDirectory(config.book.instruments),
    frames,
    steps: planSteps(config, threads, input, (frames[0] as FrameRegionRef).frameCount),
    freeRings: planFreeRings(threads, frames, input),
    bus: live ? takeBus(config.publish.busFrames, null) : null,
    images: live ? takeRecordRing(IMAGE_RING_BYTES) : null,
    imageRequest: new SharedArrayBuffer(128),
    warmUp: live && warmUpMessages > 0 ? takeWarmUp(warmUpMessages, threads.length) : null,
  };
}

/** The index of the thread that runs a stage, -1 when none does. */
export function threadOf(threads: readonly ThreadConfig[], stage: StageName): number {
  return threads.findIndex((thread) => thread.stages.includes(stage));
}

/** Which stages the input needs. */
function neededStages(config: Config, input: Input): readonly StageName[] {
  if (input.kind === "file") {
    return input.format === "itch"
      ? ["rx.a", "decode", "book"]
      : ["rx.a", "merge", "decode", "book"];
  }
  return STAGE_NAMES.filter((stage) => stage !== "rx.b" || config.rx.b !== null);
}

function placeStages(config: Config, input: Input): ThreadConfig[] {
  const needed = neededStages(config, input);
  const placed = config.pipeline.placement === "inline" ? [INLINE_THREAD] : config.pipeline.threads;
  return placed
    .map((thread) => ({
      ...thread,
      stages: STAGE_NAMES.filter(
        (stage) => thread.stages.includes(stage) && needed.includes(stage),
      ),
    }))
    .filter((thread) => thread.stages.length > 0);
}

function planFrames(config: Config, input: Input, native: Native | null): FrameRegionRef[] {
  if (input.kind === "file") {
    const size = FILE_FRAMES[input.format];
    const frames = takeFrames(size.frameBytes, size.frames, null);
    return [frames, frames];
  }
  const feeds = config.rx.b === null ? 1 : 2;
  return Array.from({ length: feeds }, () =>
    takeFrames(config.rx.frameBytes, config.rx.frames, native),
  );
}

function planSteps(
  config: Config,
  threads: readonly ThreadConfig[],
  input: Input,
  frameCount: number,
): StepRing[] {
  const rings: StepRing[] = [];
  const steps = input.kind === "file" && input.format === "itch" ? BINARY_FILE_STEPS : STEPS;
  for (const [from, to, words] of steps) {
    const source = threadOf(threads, from);
    const target = threadOf(threads, to);
    if (source < 0 || target < 0 || source === target) continue;
    // Every frame of a feed fits, so that rx never waits: it runs out of frames and stops reading.
    const frames = from.startsWith("rx.") ? ceilPowerOfTwo(frameCount) : 0;
    const slots = Math.max(config.pipeline.ringSlots, frames);
    rings.push({ from, to, ring: takeSlotRing(slots, words, null) });
  }
  return rings;
}

function planFreeRings(
  threads: readonly ThreadConfig[],
  frames: readonly FrameRegionRef[],
  input: Input,
): FreeRing[] {
  const rings: FreeRing[] = [];
  const returning = new Set([threadOf(threads, "merge"), threadOf(threads, "decode")]);
  const feeds = input.kind === "file" ? 1 : frames.length;
  for (let feed = 0; feed < feeds; feed++) {
    const owner = threadOf(threads, feed === 0 ? "rx.a" : "rx.b");
    for (const from of returning) {
      if (from === owner) continue;
      const slots = ceilPowerOfTwo((frames[feed] as FrameRegionRef).frameCount);
      rings.push({ feed, from, ring: takeSlotRing(slots, 1, null) });
    }
  }
  return rings;
}
