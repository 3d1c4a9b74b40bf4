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
import { loadNative, type NativeClock } from "./native.ts";

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

/** Bytes that a native clock writes: elapsedNs, then monoWords. */
const READING_BYTES = 16;
const CALIBRATIONS = 16;

/**
 * The machine's monotonic clock. The addon writes a reading straight into memory; performance.now()
 * returns a fresh double, which costs a spinning thread a garbage collection every few seconds.
 */
export class MonotonicClock implements Clock {
  readonly elapsedNs: Float64Array;
  readonly monoWords: Int32Array;
  readonly #native: NativeClock | null;
  readonly #originLo: number;
  readonly #originHi: number;
  /** performance.now() at the origin, ms: the fast reading counts from each thread's own start. */
  readonly #originMs: number;

  constructor(origin: ClockOrigin) {
    this.#originLo = origin.lo >>> 0;
    this.#originHi = origin.hi >>> 0;
    const native = loadNative();
    let memory: ArrayBuffer;
    if (native === null) {
      memory = new ArrayBuffer(READING_BYTES);
      this.#native = null;
      this.#originMs = originMs(this.#originLo, this.#originHi);
    } else {
      const region = native.regionCreate(READING_BYTES);
      memory = native.regionMap(region);
      this.#native = native.openClock(region, this.#originLo, this.#originHi);
      native.regionRelease(region);
      this.#originMs = 0;
    }
    this.elapsedNs = new Float64Array(memory, 0, 1);
    this.monoWords = new Int32Array(memory, 8, 2);
    this.update();
  }

  update(): void {
    if (this.#native !== null) {
      this.#native.update();
      return;
    }
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

/** performance.now() at the origin. The tightest of some tries, because the first ones are slow. */
function originMs(lo: number, hi: number): number {
  const wantNs = (BigInt(hi) << 32n) | BigInt(lo);
  let best = 0;
  let tightestNs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < CALIBRATIONS; i++) {
    const before = process.hrtime.bigint();
    const ms = performance.now();
    const after = process.hrtime.bigint();
    if (Number(after - before) >= tightestNs) continue;
    tightestNs = Number(after - before);
    best = ms - Number((before + after) / 2n - wantNs) / 1e6;
  }
  return best;
}

function setMono(words: Int32Array, originLo: number, originHi: number, elapsed: number): void {
  const low = originLo + (elapsed % TWO_32);
  const carry = low >= TWO_32 ? 1 : 0;
  words[0] = low | 0;
  if (carry === 1) words[0] = (low - TWO_32) | 0;
  words[1] = (originHi + Math.floor(elapsed / TWO_32) + carry) | 0;
}
