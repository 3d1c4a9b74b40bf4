/**
 * How big what a plan takes is, without taking it: which thread runs which stage, which steps cross
 * threads, and the rings that they need. Cold path; plan.ts takes it, memory.ts sums it.
 */
import type { Config, StageName, ThreadConfig } from "../config/config.ts";
import { STAGE_NAMES } from "../config/config.ts";
import { ceilPowerOfTwo } from "../core/layout.ts";
import { CHANGE_SLOT_WORDS } from "./change-ring.ts";
import { EVENT_SLOT_WORDS } from "./event-ring.ts";
import { PACKET_SLOT_WORDS } from "./packet-ring.ts";
import type { Input } from "./plan.ts";

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

/** Frames of a file: chunks of a BinaryFILE, datagrams of a capture, messages by themselves. */
export const FILE_FRAMES = {
  itch: { frameBytes: 65_536, frames: 64 },
  pcap: { frameBytes: 16_384, frames: 4096 },
  "fast-raw": { frameBytes: 16_384, frames: 4096 },
  len4: { frameBytes: 16_384, frames: 4096 },
} as const;
/** Where the tables of a replay start; they grow. */
export const FILE_ORDERS = 1 << 19;
export const FILE_LEVELS = 1 << 17;
/** Images for the endpoint. */
export const IMAGE_RING_BYTES = 1 << 24;

/** The one thread of the inline placement. */
const INLINE_THREAD: ThreadConfig = {
  name: "main",
  cpu: null,
  idle: "sleep",
  loop: "event",
  fifo: 0,
  stages: STAGE_NAMES,
};

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

/** The threads that have work for this input, with their stages. */
export function placeStages(config: Config, input: Input): ThreadConfig[] {
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

/** A ring between two threads. */
export interface RingSize {
  readonly slots: number;
  readonly words: number;
}

/** The ring of a step that crosses threads. */
export interface StepSize extends RingSize {
  readonly from: StageName;
  readonly to: StageName;
}

/** The free ring of a feed and a thread that returns its frames. */
export interface FreeSize extends RingSize {
  readonly feed: number;
  readonly from: number;
}

/** A file's instrument state is kept only where it is asked for: it takes memory that books could have. */
export function keepsState(input: Input): boolean {
  return input.kind === "sockets" || input.keepsState === true;
}

/** Every ring that a configuration takes. */
export function ringSizes(config: Config, input: Input): readonly RingSize[] {
  const threads = placeStages(config, input);
  return [...stepSizes(config, threads, input), ...freeSizes(config, threads, input)];
}

function frameCountOf(config: Config, input: Input): number {
  return input.kind === "file" ? FILE_FRAMES[input.format].frames : config.rx.frames;
}

/** The rings of the steps that cross threads. */
export function stepSizes(
  config: Config,
  threads: readonly ThreadConfig[],
  input: Input,
): StepSize[] {
  const sizes: StepSize[] = [];
  const steps = input.kind === "file" && input.format === "itch" ? BINARY_FILE_STEPS : STEPS;
  for (const [from, to, words] of steps) {
    const source = threadOf(threads, from);
    const target = threadOf(threads, to);
    if (source < 0 || target < 0 || source === target) continue;
    // Every frame of a feed fits, so that rx never waits: it runs out of frames and stops reading.
    const frames = from.startsWith("rx.") ? ceilPowerOfTwo(frameCountOf(config, input)) : 0;
    sizes.push({ from, to, slots: Math.max(config.pipeline.ringSlots, frames), words });
  }
  return sizes;
}

/** The rings in which frames come back. */
export function freeSizes(
  config: Config,
  threads: readonly ThreadConfig[],
  input: Input,
): FreeSize[] {
  const sizes: FreeSize[] = [];
  const returning = new Set([threadOf(threads, "merge"), threadOf(threads, "decode")]);
  const feeds = input.kind === "file" || config.rx.b === null ? 1 : 2;
  const slots = ceilPowerOfTwo(frameCountOf(config, input));
  for (let feed = 0; feed < feeds; feed++) {
    const owner = threadOf(threads, feed === 0 ? "rx.a" : "rx.b");
    for (const from of returning) if (from !== owner) sizes.push({ feed, from, slots, words: 1 });
  }
  return sizes;
}
