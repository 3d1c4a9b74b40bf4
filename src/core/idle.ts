/**
 * Idle strategies: what a thread does when a duty cycle brought no work. Stop words are looked at
 * between two cycles, so no strategy may sleep for long.
 */

import type { Native } from "./native.ts";

/** The names that the configuration knows. */
export const IDLE_NAMES = ["spin", "yield", "sleep", "wait"] as const;
export type IdleName = (typeof IDLE_NAMES)[number];

/** Decides what to do after a duty cycle. */
export interface IdleStrategy {
  /** @param work what the duty cycle did; 0 = nothing */
  idle(work: number): void;
}

const SPIN_CYCLES = 200;
const SLEEP_MS = 0.05;
const WAIT_MS = 1;

/** Never gives the cpu away. */
export class SpinIdle implements IdleStrategy {
  idle(_work: number): void {
    // The next cycle starts at once.
  }
}

/** Offers the cpu to whoever waits for it, every cycle that found nothing. */
export class YieldIdle implements IdleStrategy {
  readonly #native: Native;

  constructor(native: Native) {
    this.#native = native;
  }

  idle(work: number): void {
    if (work === 0) this.#native.yieldThread();
  }
}

/**
 * Spins for a while, then sleeps for a moment each cycle, on a word that a producer may notify.
 * `sleep` is this with 0.05 ms, `wait` with 1 ms and no spinning.
 */
export class BackoffIdle implements IdleStrategy {
  readonly #word: Int32Array;
  readonly #short: boolean;
  readonly #spinCycles: number;
  #idleCycles = 0;

  constructor(word: Int32Array, short: boolean, spinCycles: number) {
    this.#word = word;
    this.#short = short;
    this.#spinCycles = spinCycles;
  }

  idle(work: number): void {
    if (work > 0) {
      this.#idleCycles = 0;
      return;
    }
    if (++this.#idleCycles <= this.#spinCycles) return;
    // A fraction that is read from a field would be boxed anew for each call.
    if (this.#short) Atomics.wait(this.#word, 0, 0, SLEEP_MS);
    else Atomics.wait(this.#word, 0, 0, WAIT_MS);
  }
}

/**
 * Makes the strategy with that name.
 *
 * @param word a shared word that stays 0 and may be notified
 * @param native for sched_yield; without it `yield` sleeps for the shortest time there is
 */
export function makeIdle(name: IdleName, word: Int32Array, native: Native | null): IdleStrategy {
  switch (name) {
    case "spin":
      return new SpinIdle();
    case "yield":
      return native === null ? new BackoffIdle(word, true, 0) : new YieldIdle(native);
    case "sleep":
      return new BackoffIdle(word, true, SPIN_CYCLES);
    case "wait":
      return new BackoffIdle(word, false, 0);
  }
}
