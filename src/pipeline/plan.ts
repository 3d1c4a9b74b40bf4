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
import { loadReference } from "../config/reference.ts";
import type { BusRef } from "../core/bus.ts";
import { takeBus } from "../core/bus.ts";
import type { ClockOrigin } from "../core/clock.ts";
import { takeOrigin } from "../core/clock.ts";
import { takeCounters } from "../core/counters.ts";
import type { FrameRegionRef } from "../core/frames.ts";
import { takeFrames } from "../core/frames.ts";
import { HISTOGRAM_BYTES } from "../core/histogram.ts";
import type { Native } from "../core/native.ts";
import { takeOddInput } from "../core/odd-input.ts";
import { type RecordRingRef, takeRecordRing } from "../core/record-ring.ts";
import type { Reference } from "../core/reference.ts";
import { FEED_B } from "../core/sinks.ts";
import { type SlotRingRef, takeSlotRing } from "../core/slot-ring.ts";
import type { StateRef } from "../core/state-board.ts";
import { takeMergeStatus } from "../merge/status.ts";
import { COUNTER_COUNT } from "../metrics/counter-table.ts";
import type { FileFormat } from "../rx/file.ts";
import { THREAD_STATUS_DOUBLES } from "./loop.ts";
import { checkMemory, machineMemory, memoryParts } from "./memory.ts";
import { protocolOf } from "./protocols.ts";
import {
  FILE_FRAMES,
  freeSizes,
  IMAGE_RING_BYTES,
  keepsState,
  placeStages,
  stepSizes,
} from "./sizes.ts";
import { takeStopWord } from "./stop.ts";
import { takeWarmUp, type WarmUpPlan } from "./warm-up.ts";

/** Frames of a feed that is not there. */
const FRAMES_MIN = 2;

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

/** Where packets come from. */
export type Input =
  | { readonly kind: "sockets" }
  | {
      readonly kind: "file";
      readonly path: string;
      readonly format: FileFormat;
      /** Files of the same channel to be woven in, where messages come without datagrams. */
      readonly fileB?: string | null;
      readonly fileSnapshots?: string | null;
      readonly hash: "off" | "end" | "incremental";
      readonly dumpBook: string | null;
      /** True: instrument state is kept, to be written at the end. */
      readonly keepsState?: boolean;
      /** Orders that the books may grow to. */
      readonly ordersMax: number;
    };

/** Everything shared. */
export interface Plan {
  readonly config: Config;
  readonly input: Input;
  readonly threads: readonly ThreadConfig[];
  readonly origin: ClockOrigin;
  readonly stop: SharedArrayBuffer;
  readonly counters: SharedArrayBuffer;
  /** DecodeParts.stale. */
  readonly stale: SharedArrayBuffer;
  /** See odd-input.ts. */
  readonly oddInput: SharedArrayBuffer;
  /** Instrument state for people; null where nobody reads it or the protocol has none. */
  readonly state: StateRef | null;
  /** Ticks and what else is known of instruments; null without. */
  readonly reference: Reference | null;
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

/**
 * Makes the plan and takes all shared memory.
 *
 * @param native the addon when frames shall lie in its memory, else null
 * @throws FEED_MEMORY when the machine has less than the configuration takes
 */
export function makePlan(config: Config, input: Input, native: Native | null): Plan {
  checkMemory(memoryParts(config, input), machineMemory());
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
    oddInput: takeOddInput(),
    stale: new SharedArrayBuffer(config.book.instruments),
    state: keepsState(input)
      ? (protocolOf(config).state?.take(config.book.instruments) ?? null)
      : null,
    reference: loadReference(config.reference, protocolOf(config).priceDecimals),
    threadStatus: new SharedArrayBuffer(threads.length * THREAD_STATUS_DOUBLES * 8),
    latency: new SharedArrayBuffer(HISTOGRAM_BYTES),
    mergeStatus: takeMergeStatus(),
    directory: takeDirectory(config.book.instruments),
    frames,
    steps: planSteps(config, threads, input),
    freeRings: planFreeRings(config, threads, input),
    bus: live ? takeBus(config.publish.busFrames, null) : null,
    images: live ? takeRecordRing(IMAGE_RING_BYTES) : null,
    imageRequest: new SharedArrayBuffer(128),
    warmUp:
      live && warmUpMessages > 0 && protocolOf(config).warmsUp
        ? takeWarmUp(warmUpMessages, threads.length)
        : null,
  };
}

function planFrames(config: Config, input: Input, native: Native | null): FrameRegionRef[] {
  if (input.kind === "file") {
    const size = FILE_FRAMES[input.format];
    const frames = takeFrames(size.frameBytes, size.frames, null);
    return [frames, frames, frames];
  }
  const { b, snapshot, frameBytes, frames } = config.rx;
  // The snapshot channel is the third, whether there is a second or not.
  const feeds = snapshot !== null ? 3 : b !== null ? 2 : 1;
  return Array.from({ length: feeds }, (_, feed) => {
    const count = feed === FEED_B && b === null ? FRAMES_MIN : frames;
    return takeFrames(frameBytes, count, native);
  });
}

function planSteps(config: Config, threads: readonly ThreadConfig[], input: Input): StepRing[] {
  return stepSizes(config, threads, input).map(({ from, to, slots, words }) => {
    return { from, to, ring: takeSlotRing(slots, words, null) };
  });
}

function planFreeRings(config: Config, threads: readonly ThreadConfig[], input: Input): FreeRing[] {
  return freeSizes(config, threads, input).map(({ feed, from, slots, words }) => {
    return { feed, from, ring: takeSlotRing(slots, words, null) };
  });
}
