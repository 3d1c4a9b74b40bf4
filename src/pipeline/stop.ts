/**
 * The stop word and what a full ring's writer does: words in shared memory, because a spinning
 * worker receives no message.
 */
import type { SlotRingWriter } from "../core/slot-ring.ts";

/** What the stop word holds. */
export const StopPhase = {
  RUN: 0,
  /** Sources take nothing in any more; everything under way is finished. */
  DRAIN: 1,
  /** Give up: waiting writers drop what they hold and every loop ends. */
  NOW: 2,
} as const;

const SPIN_COUNT = 2000;
const SLEEP_MS = 0.05;

/** The two words of a pipeline: [0] a StopPhase, [1] always 0, to sleep on. */
export class StopWord {
  readonly words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer);
  }

  phase(): number {
    return Atomics.load(this.words, 0);
  }

  /** Moves to a later phase; never back. */
  raise(phase: number): void {
    if (phase > this.phase()) Atomics.store(this.words, 0, phase);
  }

  /**
   * Claims a slot of a full ring: shows the consumer what is there, then waits.
   *
   * @returns the slot's first word, or -1 when the pipeline gives up
   */
  waitForRoom(ring: SlotRingWriter): number {
    ring.publish();
    for (let spins = 0; ; spins++) {
      const at = ring.claim();
      if (at >= 0) return at;
      if (this.phase() === StopPhase.NOW) return -1;
      if (spins > SPIN_COUNT) Atomics.wait(this.words, 1, 0, SLEEP_MS);
    }
  }
}

/** Takes the memory of a stop word. */
export function takeStopWord(): SharedArrayBuffer {
  return new SharedArrayBuffer(128);
}
