/** What one case's process says of itself, and the statistics of many. */

/** One timed pass, as the runner reads it from the case's last line. */
export interface CaseResult {
  /** What was counted: messages, packets, frames, slots. */
  readonly unit: string;
  readonly count: number;
  /** ns per unit. */
  readonly ns: number;
  /** Of the work; equal in every round and on every Node. */
  readonly checksum: string;
  /** Of the books at the end; equal to the C book's. */
  readonly bookHash?: string;
  /** What the case itself found unequal. */
  readonly disagrees?: string;
  /** Further figures by name; the unit is in the name. */
  readonly extra?: Readonly<Record<string, number>>;
}

/** Five numbers of a series. */
export interface Spread {
  readonly median: number;
  readonly p25: number;
  readonly p75: number;
  readonly min: number;
  readonly max: number;
}

/** A quantile between the nearest two values; NaN of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

/** The middle value; NaN of none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Middle, quartiles and ends of a series. */
export function spreadOf(values: readonly number[]): Spread {
  return {
    median: median(values),
    p25: quantile(values, 0.25),
    p75: quantile(values, 0.75),
    min: Math.min(...values),
    max: Math.max(...values),
  };
}

/** Sums timed stretches. */
export class Stopwatch {
  units = 0;
  #startMs = 0;
  #totalMs = 0;

  start(): void {
    this.#startMs = performance.now();
  }

  /** Ends a stretch of `units`. */
  stop(units: number): void {
    this.#totalMs += performance.now() - this.#startMs;
    this.units += units;
  }

  get nsPerUnit(): number {
    return (this.#totalMs * 1e6) / this.units;
  }
}

/** A checksum as eight hexadecimal digits. */
export function hex32(sum: number): string {
  return (sum >>> 0).toString(16).padStart(8, "0");
}
