/**
 * The body of a thread: duty cycles over its sources and stages, spinning or in slices of the event
 * loop. The clock is read once a cycle; stop and liveness are words in shared memory.
 */
import type { Clock } from "../core/clock.ts";
import type { IdleStrategy } from "../core/idle.ts";
import type { Source, Stage } from "../core/sinks.ts";
import { StopPhase, type StopWord } from "./stop.ts";

/** Doubles of one thread's status: cycles, busy cycles, work done, time of the last cycle (ns). */
export const THREAD_STATUS_DOUBLES = 16;
/** Where each lies. */
export const ThreadStatus = { CYCLES: 0, BUSY: 1, WORK: 2, SEEN_NS: 3 } as const;

/** What a thread does in one cycle. */
export class Duty {
  readonly #clock: Clock;
  readonly #sources: readonly Source[];
  readonly #stages: readonly Stage[];
  readonly #status: Float64Array;

  constructor(
    clock: Clock,
    sources: readonly Source[],
    stages: readonly Stage[],
    status: Float64Array,
  ) {
    this.#clock = clock;
    this.#sources = sources;
    this.#stages = stages;
    this.#status = status;
  }

  /** Runs one cycle. @returns the work done, 0 when idle */
  cycle(): number {
    const sources = this.#sources;
    const stages = this.#stages;
    const status = this.#status;
    this.#clock.update();
    let work = 0;
    for (let i = 0; i < sources.length; i++) work += (sources[i] as Source).doWork();
    for (let i = 0; i < sources.length; i++) (sources[i] as Source).tick();
    for (let i = 0; i < stages.length; i++) (stages[i] as Stage).tick();
    status[ThreadStatus.CYCLES] = (status[ThreadStatus.CYCLES] as number) + 1;
    if (work > 0) {
      status[ThreadStatus.BUSY] = (status[ThreadStatus.BUSY] as number) + 1;
      status[ThreadStatus.WORK] = (status[ThreadStatus.WORK] as number) + work;
    }
    status[ThreadStatus.SEEN_NS] = this.#clock.elapsedNs[0] as number;
    return work;
  }

  /** True when no source will bring anything any more. */
  isFinished(): boolean {
    const sources = this.#sources;
    for (let i = 0; i < sources.length; i++) {
      if (!(sources[i] as Source).isFinished()) return false;
    }
    return true;
  }
}

/**
 * Cycles of a stretch. V8 compiles a loop that is never left anew each time it is entered
 * (on-stack replacement, some 100 KiB of code); a function that a warm-up has called before is
 * compiled when the thread's own loop begins.
 */
const STRETCH_CYCLES = 16_384;

/**
 * Runs duty cycles on a thread without an event loop, until all is done or the pipeline gives
 * up.
 */
export function runSpinning(duty: Duty, idle: IdleStrategy, stop: StopWord): void {
  while (!runStretch(duty, idle, stop));
}

/** @returns true when the loop is over */
function runStretch(duty: Duty, idle: IdleStrategy, stop: StopWord): boolean {
  for (let i = 0; i < STRETCH_CYCLES; i++) {
    const work = duty.cycle();
    if (work === 0) {
      if (duty.isFinished()) return true;
      idle.idle(0);
    } else {
      idle.idle(work);
    }
    if (stop.phase() === StopPhase.NOW) return true;
  }
  return false;
}

/**
 * Cycles of a busy slice. Each turn of the event loop costs some 350 bytes of heap, so fewer and
 * longer slices would be cheaper; but sockets drain only between two, and with slices of 4 ms a
 * client that resumes from far back is cut off as too slow.
 */
const SLICE_CYCLES = 16;
const IDLE_TIMER_MS = 1;
const PUMP_SLICE_CYCLES = 64;

/**
 * Runs duty cycles in bounded slices of the event loop. An idle thread has a single timer, started
 * again and again: 350 bytes of heap a turn, where a new one each time takes 650.
 *
 * @param spin true: never sleeps; false: a timer of 1 ms when idle
 */
export function runEvented(duty: Duty, spin: boolean, stop: StopWord): Promise<void> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | null = null;
    const end = (settle: () => void): void => {
      if (timer !== null) clearTimeout(timer);
      settle();
    };
    const slice = (): void => {
      try {
        let work = 1;
        for (let i = 0; i < SLICE_CYCLES && work > 0; i++) work = duty.cycle();
        if (stop.phase() === StopPhase.NOW || (work === 0 && duty.isFinished())) end(resolve);
        else if (work > 0 || spin) setImmediate(slice);
        else if (timer === null) timer = setTimeout(slice, IDLE_TIMER_MS);
        else timer.refresh();
      } catch (error) {
        end(() => reject(error));
      }
    };
    setImmediate(slice);
  });
}

/**
 * Runs duty cycles of a thread that reads a file: when a cycle is idle, the file is read on.
 *
 * @param fill brings more of the file into memory
 */
export async function runPumped(
  duty: Duty,
  fill: () => Promise<void>,
  stop: StopWord,
): Promise<void> {
  for (let cycles = 1; stop.phase() !== StopPhase.NOW; cycles++) {
    const work = duty.cycle();
    if (work === 0) {
      if (duty.isFinished()) return;
      await fill();
    } else if (cycles % PUMP_SLICE_CYCLES === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
