/**
 * Merge's own time, by which gaps, silence and sessions are judged. It follows the clock, but one
 * step never counts for more than STEP_NS: when this thread was stalled for half a second, packets
 * of that half second wait in the sockets, and must be looked at before anything is given up or
 * called silent.
 *
 * Thread: merge's.
 */
import type { Clock } from "../core/clock.ts";

/** Most time that one duty cycle may take away from anybody's patience, ns. */
const STEP_NS = 10e6;
const STEP_NS_MIN = 2e6;

/** Time without stalls, ns. */
export class Patience {
  /** [0]: now, at or behind the clock. */
  readonly nowNs = new Float64Array(1);
  readonly #clockNs: Float64Array;
  readonly #seenNs = new Float64Array(1);
  readonly #stepNs: number;

  /**
   * @param timeoutNs a quarter of it bounds a step too, as far down as 2 ms
   * @param bounded false for captures: their time moves as their packets say
   */
  constructor(clock: Clock, timeoutNs: number, bounded: boolean) {
    this.#clockNs = clock.elapsedNs;
    const step = Math.max(STEP_NS_MIN, Math.min(STEP_NS, timeoutNs / 4));
    this.#stepNs = bounded ? step : Number.POSITIVE_INFINITY;
    this.#seenNs[0] = this.#clockNs[0] as number;
    this.nowNs[0] = this.#clockNs[0] as number;
  }

  /** Follows the clock by at most a step. */
  update(): void {
    const clockNs = this.#clockNs[0] as number;
    const passedNs = clockNs - (this.#seenNs[0] as number);
    this.#seenNs[0] = clockNs;
    const stepNs = Math.min(passedNs, this.#stepNs);
    this.nowNs[0] = (this.nowNs[0] as number) + stepNs;
  }

  /** What a moment of this time is on the clock, as seen from now; for people. */
  onClock(momentNs: number): number {
    return (this.#clockNs[0] as number) - ((this.nowNs[0] as number) - momentNs);
  }
}
