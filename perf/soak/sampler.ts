/** Takes samples of a running feed. Thread: the feed's main thread, once a second. */
import { readdirSync, readFileSync } from "node:fs";
import { BUCKET_COUNT, HISTOGRAM_BYTES, Histogram } from "../../src/core/histogram.ts";
import { slotRingFill } from "../../src/core/slot-ring.ts";
import { C, COUNTER_TABLE } from "../../src/metrics/counter-table.ts";
import type { Feed } from "../../src/pipeline/feed.ts";
import type { Plan } from "../../src/pipeline/plan.ts";
import { Gauge, gaugeRow } from "./gauges.ts";
import type { Latency, Sample } from "./messages.ts";

const NAME_CHARS_MAX = 15;
/** Fields of /proc/…/stat after the name in parentheses (proc(5) counts them from 3). */
const STAT_MINFLT = 10 - 3;
const STAT_MAJFLT = 12 - 3;
const STAT_UTIME = 14 - 3;
const STAT_STIME = 15 - 3;

/** Looks at one feed. */
export class Sampler {
  readonly #feed: Feed;
  readonly #plan: Plan;
  readonly #rows: readonly Float64Array[];
  readonly #names: readonly string[];
  /** Buckets of the latency histogram at the last sample. */
  readonly #before = new Float64Array(BUCKET_COUNT);
  readonly #interval = new Float64Array(HISTOGRAM_BYTES / 8);
  readonly #total: Histogram;

  constructor(feed: Feed, gauges: SharedArrayBuffer) {
    this.#feed = feed;
    this.#plan = feed.pipeline.plan;
    const { threads, latency } = this.#plan;
    this.#rows = threads.map((_, i) => gaugeRow(gauges, i));
    this.#names = threads.map(({ name }) => `nyq-${name}`.slice(0, NAME_CHARS_MAX));
    this.#total = new Histogram(latency);
  }

  take(): Sample {
    const usage = process.resourceUsage();
    const free = [Gauge.FREE_A, Gauge.FREE_B].map((gauge) =>
      Math.max(...this.#rows.map((row) => row[gauge] as number)),
    );
    return {
      atMs: performance.timeOrigin + performance.now(),
      rssBytes: process.memoryUsage.rss(),
      minorFaults: usage.minorPageFault,
      majorFaults: usage.majorPageFault,
      heapBytes: this.#rows.map((row) => row[Gauge.HEAP_BYTES] as number),
      threads: this.#threads(),
      freeFrames: free,
      rings: this.#plan.steps.map((step) => slotRingFill(step.ring)),
      counters: this.#counters(),
      latency: this.#latency(),
    };
  }

  #counters(): Record<string, number> {
    const counters: Record<string, number> = {};
    for (const { key } of COUNTER_TABLE) {
      const value = this.#feed.status.counter(C[key]);
      if (value !== 0) counters[key] = value;
    }
    return counters;
  }

  /** Of the threads, by the names that the probes gave them; zeros where there is no /proc. */
  #threads(): Sample["threads"] {
    const found = new Map<string, string[]>();
    for (const task of listOf("/proc/self/task")) {
      const stat = textOf(`/proc/self/task/${task}/stat`);
      const from = stat.indexOf("(");
      const to = stat.lastIndexOf(")");
      if (to > from) found.set(stat.slice(from + 1, to), stat.slice(to + 2).split(" "));
    }
    return this.#names.map((name) => {
      const fields = found.get(name);
      const field = (i: number): number => Number(fields?.[i] ?? 0);
      return {
        minorFaults: field(STAT_MINFLT),
        majorFaults: field(STAT_MAJFLT),
        cpuTicks: field(STAT_UTIME) + field(STAT_STIME),
      };
    });
  }

  #latency(): Latency {
    const interval = this.#interval;
    for (let i = 0; i < BUCKET_COUNT; i++) {
      const now = this.#total.bucket(i);
      interval[i] = now - (this.#before[i] as number);
      this.#before[i] = now;
    }
    // The largest of an interval is not known, only that of the whole run.
    interval[BUCKET_COUNT + 1] = this.#total.max();
    const histogram = new Histogram(interval.buffer);
    return {
      count: histogram.count(),
      p50: histogram.quantile(0.5),
      p90: histogram.quantile(0.9),
      p99: histogram.quantile(0.99),
      p999: histogram.quantile(0.999),
    };
  }
}

function listOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // No Linux.
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return ""; // The thread has just ended.
  }
}
