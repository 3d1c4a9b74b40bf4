/** The cases: what each asks, on which inputs, against which baselines, on how many cores. */
import type { Placement } from "./cases/placement.ts";
import type { InputName } from "./yardstick.ts";

/** The C book; the other baselines are the peers' names. */
export const REFERENCE = "l3_ref";

/** One case. */
export interface CaseSpec {
  readonly name: string;
  readonly question: string;
  /** None for a case that reads no file. */
  readonly inputs: readonly InputName[];
  readonly baselines: readonly string[];
  /** Cores that it keeps busy. */
  readonly cores: number;
}

/** Where the line is cut into threads, by case. */
export const PLACEMENTS: Readonly<Record<string, Placement>> = {
  "threads-merge": [["merge"], ["decode", "book", "publish"]],
  "threads-decode": [
    ["merge", "decode"],
    ["book", "publish"],
  ],
  "threads-book": [["merge", "decode", "book"], ["publish"]],
  "threads-4": [["merge"], ["decode"], ["book"], ["publish"]],
};

function threadCase(name: string): CaseSpec {
  const threads = PLACEMENTS[name] ?? [];
  const cut = threads.map((stages) => stages.join(", ")).join(" | ");
  return {
    name,
    question: `the pipeline on ${threads.length} threads: ${cut}`,
    inputs: HOT,
    baselines: ["itch_order_book"],
    cores: threads.length,
  };
}

const BOTH: readonly InputName[] = ["hot", "cold"];
const HOT: readonly InputName[] = ["hot"];

/** All cases, those with a baseline in common beside each other. */
export const CASES: readonly CaseSpec[] = [
  {
    name: "decode",
    question: "ITCH decoding from memory, every field folded into a checksum",
    inputs: BOTH,
    baselines: ["itch_handler"],
    cores: 1,
  },
  {
    name: "replay",
    question: "nyq replay as a whole process, reading the file included, hash off",
    inputs: BOTH,
    baselines: [
      "itch_order_book",
      "market_manager",
      "market_manager_optimized",
      "market_manager_aggressive",
    ],
    cores: 1,
  },
  {
    name: "replay-random",
    question: "nyq replay of orders with random 64-bit ids: time, and memory for each live order",
    inputs: ["random"],
    baselines: [REFERENCE],
    cores: 1,
  },
  {
    name: "pipeline",
    question: "two feeds, merge, decode, book and frames in one thread, from memory, hash off",
    inputs: BOTH,
    baselines: ["itch_order_book", REFERENCE],
    cores: 1,
  },
  {
    name: "pipeline+hash",
    question: "the same with the incremental book hash",
    inputs: BOTH,
    baselines: ["itch_order_book", REFERENCE],
    cores: 1,
  },
  ...Object.keys(PLACEMENTS).map(threadCase),
  {
    name: "book",
    question: "decode and full-depth book from memory, hash off",
    inputs: BOTH,
    baselines: [REFERENCE],
    cores: 1,
  },
  {
    name: "book+hash",
    question: "the same with the incremental book hash",
    inputs: BOTH,
    baselines: [REFERENCE],
    cores: 1,
  },
  {
    name: "book+end",
    question: "the same with the hash walked at the end, the walk included",
    inputs: BOTH,
    baselines: [REFERENCE],
    cores: 1,
  },
  {
    name: "merge",
    question: "arbitration of two identical feeds, per packet of either feed",
    inputs: HOT,
    baselines: [],
    cores: 1,
  },
  {
    name: "publish",
    question: "raw-v1 frames encoded into the bus, 64 a commit",
    inputs: HOT,
    baselines: [],
    cores: 1,
  },
  {
    name: "latency",
    question: "due packet to frames on the bus, p50 at 50 % of capacity; other loads beside it",
    inputs: HOT,
    baselines: [],
    cores: 2,
  },
  {
    name: "ring",
    question:
      "64-byte slots between two threads at batch 64; batch 1, C twin and one way beside it",
    inputs: [],
    baselines: [],
    cores: 2,
  },
];
