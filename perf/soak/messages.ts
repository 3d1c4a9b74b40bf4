/** What the soak's processes tell each other: the runner, the feed, the market. */
import type { FeedAddresses } from "../../src/pipeline/feed.ts";
import type { MarketPlan, MarketTruth } from "../../src/pipeline/market.ts";
import type { Collection } from "./gauges.ts";

/** A thread of the feed. */
export interface ThreadFacts {
  readonly name: string;
  readonly stages: readonly string[];
  /** It runs a stage from rx to publish. */
  readonly hot: boolean;
}

/** One look at the feed. */
export interface Sample {
  /** ms since 1970. */
  readonly atMs: number;
  readonly rssBytes: number;
  /** Page faults of the process since its start. */
  readonly minorFaults: number;
  readonly majorFaults: number;
  /** Of each thread, bytes. */
  readonly heapBytes: readonly number[];
  /** Of each thread, by its name in /proc: minor and major page faults, cpu time in ticks. */
  readonly threads: readonly { minorFaults: number; majorFaults: number; cpuTicks: number }[];
  /** Free frames of each feed's pool. */
  readonly freeFrames: readonly number[];
  /** Slots that wait in each ring between threads. */
  readonly rings: readonly number[];
  /** By key of the counter table; those that are 0 are left out. */
  readonly counters: Readonly<Record<string, number>>;
  /** Packet to frame since the sample before, ns. */
  readonly latency: Latency;
}

/** A histogram in a few numbers, ns. */
export interface Latency {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
}

/** What the feed's process is told. */
export type ToFeed =
  | {
      readonly type: "start";
      readonly group: string;
      readonly port: number;
      readonly plant: boolean;
      /** From the feed's start on. */
      readonly warmUpSeconds: number;
      /** Between two looks of a thread at its heap. */
      readonly lookSeconds: number;
      readonly sets: readonly string[];
    }
  /** The market has ended: apply what is under way, compare, stop. */
  | { readonly type: "finish"; readonly truth: MarketTruth };

/** What it tells. */
export type FromFeed =
  | {
      readonly type: "ready";
      readonly addresses: FeedAddresses;
      readonly threads: readonly ThreadFacts[];
      readonly rings: readonly string[];
      readonly rxPath: string;
    }
  | { readonly type: "sample"; readonly sample: Sample }
  | {
      readonly type: "finished";
      readonly bookHash: string | null;
      readonly nextSeq: number;
      /** Of each thread. */
      readonly collections: readonly (readonly Collection[])[];
      /** Garbage collections of each thread, those not described included. */
      readonly collectionCounts: readonly number[];
    }
  | { readonly type: "failed"; readonly text: string };

/** What the market's process is told. */
export type ToMarket =
  | { readonly type: "start"; readonly plan: MarketPlan }
  | { readonly type: "end" };

/** What it tells. */
export type FromMarket =
  | { readonly type: "ended"; readonly truth: MarketTruth }
  | { readonly type: "failed"; readonly text: string };
