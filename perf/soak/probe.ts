/**
 * The soak's probe: looks now and then at the heap of the thread it is on, and writes down every
 * garbage collection. Thread: each of the feed's.
 *
 * A thread that spins never returns to its event loop, so the heap is looked at in a tick of the
 * duty cycle, and the collections, which Node keeps until the loop runs, are read after the end.
 */
import { constants, type PerformanceEntry, PerformanceObserver } from "node:perf_hooks";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { loadNative } from "../../src/core/native.ts";
import type { Stage } from "../../src/core/sinks.ts";
import type { ThreadBuild } from "../../src/pipeline/build.ts";
import type { Probe } from "../../src/pipeline/probe.ts";
import type { PipelineThread } from "../../src/pipeline/thread.ts";
import { Gauge, gaugeRow, noteCollection } from "./gauges.ts";
import { plant } from "./plant.ts";

/** What the probe of every thread is started with. */
export interface SoakProbeOptions {
  readonly gauges: SharedArrayBuffer;
  /** Between two looks at the heap, ns. */
  readonly periodNs: number;
  /** When the steady state begins, ns since the origin. */
  readonly steadyNs: number;
  /** Allocates one object a message on the book's thread. */
  readonly plant: boolean;
}

const NAME_CHARS_MAX = 15;
const SETTLE_MS = 20;

/** See ProbeModule. */
export async function startProbe(thread: PipelineThread, options: unknown): Promise<Probe> {
  const asked = options as SoakProbeOptions; // Made by feed-process.ts.
  const { build } = thread;
  const name = build.plan.threads[build.index]?.name ?? String(build.index);
  // The main thread of an inline feed keeps the process's name.
  if (build.plan.threads.length > 1) {
    loadNative()?.setThreadName(`nyq-${name}`.slice(0, NAME_CHARS_MAX));
  }
  const row = gaugeRow(asked.gauges, build.index);
  if (asked.plant && build.book !== null) plant(build.book);
  build.stages.push(new HeapStage(build, row, asked));
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) note(row, entry);
  });
  observer.observe({ entryTypes: ["gc"] });
  return {
    finish: async () => {
      // The collections since the start come in now that the event loop runs.
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      for (const entry of observer.takeRecords()) note(row, entry);
      observer.disconnect();
    },
  };
}

function note(row: Float64Array, entry: PerformanceEntry): void {
  // An entry of type gc has a detail, which the type of entries does not know.
  const { detail } = entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } };
  const kind = detail?.kind ?? constants.NODE_PERFORMANCE_GC_MAJOR;
  noteCollection(row, performance.timeOrigin + entry.startTime, entry.duration, kind);
}

/**
 * V8's own collector, which a script reaches only by a flag; taken from a context made with it, so
 * that the thread's own globals stay as they are.
 */
function takeCollector(): (kind: { type: "minor" }) => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as (kind: { type: "minor" }) => void;
}

/** Looks at the heap now and then. */
class HeapStage implements Stage {
  readonly #build: ThreadBuild;
  readonly #row: Float64Array;
  /** Bytes that looking has allocated until now. */
  #own = 0;
  readonly #periodNs: number;
  readonly #steadyNs: number;
  readonly #collect: (kind: { type: "minor" }) => void;
  #collected = false;

  constructor(build: ThreadBuild, row: Float64Array, options: SoakProbeOptions) {
    this.#build = build;
    this.#row = row;
    this.#periodNs = options.periodNs;
    this.#steadyNs = options.steadyNs;
    this.#collect = takeCollector();
  }

  tick(): void {
    const now = this.#build.clock.elapsedNs[0] as number;
    if (now >= (this.#row[Gauge.NEXT_NS] as number)) this.#look(now);
  }

  /**
   * Looking allocates too. It does so twice alike, so that the second look tells what one costs;
   * what both cost is taken off all later readings. Numbers are kept below 2^31, because a larger
   * one, or a fraction, would be an object of its own.
   */
  #look(now: number): void {
    const row = this.#row;
    if (!this.#collected && now >= this.#steadyNs) {
      // What starting up left in the young generation would be collected some day, set off by the
      // looking itself. From here on a collection means that the thread has filled it anew.
      this.#collected = true;
      this.#collect({ type: "minor" });
      this.#collect({ type: "minor" });
    }
    const first = getHeapStatistics().used_heap_size | 0;
    const second = getHeapStatistics().used_heap_size | 0;
    row[Gauge.HEAP_BYTES] = first - this.#own;
    // After a garbage collection between the two there is nothing to tell.
    if (second > first) this.#own += 2 * (second - first);
    row[Gauge.OWN_BYTES] = this.#own;
    row[Gauge.SAMPLES] = (row[Gauge.SAMPLES] as number) + 1;
    row[Gauge.NEXT_NS] = now + this.#periodNs;
    const { rx } = this.#build;
    for (let i = 0; i < rx.length; i++) {
      const source = rx[i]?.source;
      if (source === undefined || !("freeFrames" in source)) continue;
      row[Gauge.FREE_A + (rx[i]?.feed ?? 0)] = Number(source.freeFrames);
    }
  }
}
