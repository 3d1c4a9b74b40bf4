/**
 * Looks at a thread at the start and at the end of the steady state: heap, collections, and a mark
 * in V8's log of deoptimisations. Thread: each of the feed's.
 *
 * A thread that spins never returns to its event loop, so everything is done in a tick of the duty
 * cycle, and the collections, which Node keeps until the loop runs, are read after the end. The
 * mark is itself a deoptimisation, of a function whose file is named for it: V8 writes it where it
 * writes the others.
 */
import { type PerformanceEntry, PerformanceObserver } from "node:perf_hooks";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInThisContext } from "node:vm";
import type { Stage } from "../../src/core/sinks.ts";
import type { Probe } from "../../src/pipeline/probe.ts";
import type { PipelineThread } from "../../src/pipeline/thread.ts";
import { plant } from "../soak/plant.ts";

/** What is planted on the book's thread. */
export type Planted = "nothing" | "allocation" | "deoptimisation";

/** What the probe of every thread is started with. */
export interface SteadyOptions {
  /** [0]: the Phase that is asked for; then each thread's own, once it has got there. */
  readonly phases: SharedArrayBuffer;
  /** By thread, FACT_DOUBLES each. */
  readonly facts: SharedArrayBuffer;
  readonly planted: Planted;
}

/**
 * From READY on deoptimisations count. Heap and collections count from STEADY on: V8 still compiles
 * for a while what a warm-up has made hot, and its code lies on the heap.
 */
export const Phase = { BEFORE: 0, READY: 1, STEADY: 2, PLANTED: 3, AFTER: 4, NOTHING: 5 } as const;

export const FACT_DOUBLES = 8;
/** Heap growth in bytes, times of the steady state's ends (ms since the thread's origin), GCs. */
export const Fact = { HEAP_GROWTH: 0, START_MS: 1, END_MS: 2, COLLECTIONS: 3, HEAP: 4 } as const;

/** The name of the file that a mark stands in. */
export function markName(thread: string, phase: number): string {
  return `nyq-mark-${thread}-${phase}`;
}

const SETTLE_MS = 50;
const REHEARSALS = 2000;

/** See ProbeModule. */
export async function startProbe(thread: PipelineThread, options: unknown): Promise<Probe> {
  const asked = options as SteadyOptions; // Made by steady-child.ts.
  const { build } = thread;
  const { index, plan } = build;
  const facts = new Float64Array(asked.facts, index * FACT_DOUBLES * 8, FACT_DOUBLES);
  if (asked.planted === "allocation" && build.book !== null) plant(build.book);
  const name = plan.threads[index]?.name ?? "";
  const planted = asked.planted === "deoptimisation" && build.book !== null;
  rehearse();
  build.stages.push(new LookStage(new Int32Array(asked.phases), index, facts, name, planted));
  const times: number[] = [];
  const observer = new PerformanceObserver((list) => note(times, list.getEntries()));
  observer.observe({ entryTypes: ["gc"] });
  return {
    finish: async () => {
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      note(times, observer.takeRecords());
      observer.disconnect();
      const from = facts[Fact.START_MS] as number;
      const to = facts[Fact.END_MS] as number;
      facts[Fact.COLLECTIONS] = times.filter((ms) => ms >= from && ms <= to).length;
    },
  };
}

/** Looking must not be what makes V8 throw the duty cycle's code away: it stays outside of it. */
function rehearse(): void {
  setFlagsFromString("--allow-natives-syntax");
  runInThisContext("(function (f) { %NeverOptimizeFunction(f); })")(LookStage.prototype.look);
  const phases = new Int32Array(new SharedArrayBuffer(8));
  const stage = new LookStage(phases, 0, new Float64Array(FACT_DOUBLES), "", false);
  for (let i = 0; i < REHEARSALS; i++) {
    phases[0] = i % 3 === 0 ? Phase.BEFORE : Phase.NOTHING;
    stage.tick();
  }
}

function note(times: number[], entries: readonly PerformanceEntry[]): void {
  for (const { startTime } of entries) times.push(startTime);
}

/** Writes a mark into V8's log. */
function mark(name: string): void {
  setFlagsFromString("--allow-natives-syntax");
  const marker = runInThisContext("(function marker(a) { return a + 1; })", { filename: name });
  runInThisContext(`(function (f) {
    %PrepareFunctionForOptimization(f); f(1); f(2); %OptimizeFunctionOnNextCall(f); f(3); f("");
  })`)(marker);
}

/** Answers each phase once. */
class LookStage implements Stage {
  readonly #phases: Int32Array;
  readonly #own: number;
  readonly #facts: Float64Array;
  readonly #name: string;
  readonly #planted: boolean;
  /** [0]: the Phase. Not a field: V8 takes one that was never changed for a constant. */
  readonly #phase = new Int32Array(1);

  constructor(
    phases: Int32Array,
    index: number,
    facts: Float64Array,
    name: string,
    planted: boolean,
  ) {
    this.#phases = phases;
    this.#own = 1 + index;
    this.#facts = facts;
    this.#name = name;
    this.#planted = planted;
  }

  tick(): void {
    const asked = Atomics.load(this.#phases, 0);
    if (asked !== this.#phase[0]) this.look(asked);
  }

  /** Looking allocates too: it is done twice alike, and the difference is what one look costs. */
  look(asked: number): void {
    this.#phase[0] = asked;
    const facts = this.#facts;
    if (asked === Phase.READY) {
      mark(markName(this.#name, asked));
    } else if (asked === Phase.STEADY) {
      facts[Fact.START_MS] = performance.now();
      getHeapStatistics(); // The first call of all costs more.
      const first = getHeapStatistics().used_heap_size;
      const second = getHeapStatistics().used_heap_size;
      // Not in fields of its own: a change of their kind would be a change of this object's map.
      facts[Fact.HEAP] = second + (second - first);
    } else if (asked === Phase.PLANTED && this.#planted) {
      mark(markName("planted", asked));
    } else if (asked === Phase.AFTER) {
      const now = getHeapStatistics().used_heap_size;
      facts[Fact.END_MS] = performance.now();
      facts[Fact.HEAP_GROWTH] = now - (facts[Fact.HEAP] as number);
      mark(markName(this.#name, asked));
    }
    Atomics.store(this.#phases, this.#own, asked);
  }
}
