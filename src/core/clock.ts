/**
 * Clocks. A thread reads the time once a batch, into typed arrays that its stages look at, so that
 * no message costs a BigInt or a fresh double.
 *
 * `elapsedNs[0]` is nanoseconds since the process's origin, a double below 2^53 for 104 days;
 * timers use it. `monoWords` is the absolute monotonic clock as [lo, hi] and goes on the wire
 * (send_time_ns). Both are of the same reading. The origin is taken by the main thread and handed
 * to the workers, so that times of all threads compare.
 */
import { TWO_32 } from "./layout.ts";

/** What stages and timers read; owned by one thread. */
export interface Clock {
  /** [0]: ns since the origin. */
  readonly elapsedNs: Float64Array;
  /** [lo, hi] of the absolute monotonic clock, ns. */
  readonly monoWords: Int32Array;
  /** Takes a new reading; called by the thread's loop once a batch. */
  update(): void;
}

/** The origin of a process's clocks: absolute monotonic time in ns, as halves. */
export interface ClockOrigin {
  readonly lo: number;
  readonly hi: number;
}

/** Takes the origin; main thread, once, at start. */
export function takeOrigin(): ClockOrigin {
  const ns = process.hrtime.bigint();
  return { lo: Number(ns & 0xffff_ffffn) | 0, hi: Number(ns >> 32n) | 0 };
}

/** The machine's monotonic clock. */
export class MonotonicClock implements Clock {
  readonly elapsedNs = new Float64Array(1);
  readonly monoWords = new Int32Array(2);
  readonly #originLo: number;
  readonly #originHi: number;
  /** performance.now() at the origin, ms: the fast reading counts from each thread's own start. */
  readonly #originMs: number;

  constructor(origin: ClockOrigin) {
    this.#originLo = origin.lo >>> 0;
    this.#originHi = origin.hi >>> 0;
    const wantNs = (BigInt(this.#originHi) << 32n) | BigInt(this.#originLo);
    const before = process.hrtime.bigint();
    const ms = performance.now();
    const after = process.hrtime.bigint();
    this.#originMs = ms - Number((before + after) / 2n - wantNs) / 1e6;
    this.update();
  }

  update(): void {
    const elapsed = Math.max(0, Math.round((performance.now() - this.#originMs) * 1e6));
    this.elapsedNs[0] = elapsed;
    setMono(this.monoWords, this.#originLo, this.#originHi, elapsed);
  }
}

/** A clock that a test moves by hand. */
export class ManualClock implements Clock {
  readonly elapsedNs = new Float64Array(1);
  readonly monoWords = new Int32Array(2);

  update(): void {
    // Time stands still until advance().
  }

  /** Moves time forward by `ns`. */
  advance(ns: number): void {
    const elapsed = (this.elapsedNs[0] ?? 0) + ns;
    this.elapsedNs[0] = elapsed;
    setMono(this.monoWords, 0, 0, elapsed);
  }
}

function setMono(words: Int32Array, originLo: number, originHi: number, elapsed: number): void {
  const low = originLo + (elapsed % TWO_32);
  const carry = low >= TWO_32 ? 1 : 0;
  words[0] = low | 0;
  if (carry === 1) words[0] = (low - TWO_32) | 0;
  words[1] = (originHi + Math.floor(elapsed / TWO_32) + carry) | 0;
}
