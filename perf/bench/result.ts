/** What one case's process says of itself. */

/** One timed pass, as the runner reads it from the case's last line. */
export interface CaseResult {
  readonly case: string;
  /** What was counted: messages, frames, slots. */
  readonly unit: string;
  readonly count: number;
  /** The whole pass, warm: the same objects ran the same input before. */
  readonly nsPerUnit: number;
  /** Median of stretches. */
  readonly nsMedian: number;
  /** The pass before, in a fresh process: compiling included. */
  readonly nsCold: number;
  readonly checksum: string;
  readonly bookHash?: string;
}

/** Sums timed stretches. */
export class Stopwatch {
  #startMs = 0;
  #totalMs = 0;
  #units = 0;
  readonly #stretches: number[] = [];

  start(): void {
    this.#startMs = performance.now();
  }

  /** Ends a stretch of `units`. */
  stop(units: number): void {
    const ms = performance.now() - this.#startMs;
    this.#totalMs += ms;
    this.#units += units;
    if (units > 0) this.#stretches.push((ms * 1e6) / units);
  }

  get units(): number {
    return this.#units;
  }

  get nsPerUnit(): number {
    return (this.#totalMs * 1e6) / this.#units;
  }

  get nsMedian(): number {
    return median(this.#stretches);
  }
}

/** The middle value; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
