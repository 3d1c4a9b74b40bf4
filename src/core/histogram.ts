/**
 * A log-linear latency histogram in shared memory: 64 buckets for each power of two, so a value is
 * known to 1.6 %. One writer, any reader. Values are whole nanoseconds, 0 to 2^41 (36 minutes);
 * larger ones fall into the last bucket, negative ones into the first.
 */

const SUB_BITS = 6;
const SUB_COUNT = 1 << SUB_BITS;
const MAX_POWER = 41;
/** Buckets of a histogram. */
export const BUCKET_COUNT = (MAX_POWER - SUB_BITS + 1) * SUB_COUNT;
const SUM = BUCKET_COUNT;
const MAX = BUCKET_COUNT + 1;
/** Bytes of a histogram: the buckets, the sum and the maximum, as doubles. */
export const HISTOGRAM_BYTES = (BUCKET_COUNT + 2) * 8;

/** A histogram over memory of HISTOGRAM_BYTES. */
export class Histogram {
  readonly #cells: Float64Array;

  constructor(buffer: ArrayBufferLike, offsetBytes = 0) {
    this.#cells = new Float64Array(buffer, offsetBytes, BUCKET_COUNT + 2);
  }

  /** Counts one value, ns; a negative one, or NaN, as 0. */
  record(ns: number): void {
    const cells = this.#cells;
    const i = bucketOf(ns);
    cells[i] = (cells[i] as number) + 1;
    if (!(ns > 0)) return;
    cells[SUM] = (cells[SUM] as number) + ns;
    if (ns > (cells[MAX] as number)) cells[MAX] = ns;
  }

  /** How many values were counted. */
  count(): number {
    let total = 0;
    for (let i = 0; i < BUCKET_COUNT; i++) total += this.#cells[i] as number;
    return total;
  }

  /** Sum of all values, ns. */
  sum(): number {
    return this.#cells[SUM] as number;
  }

  /** Largest value, ns. */
  max(): number {
    return this.#cells[MAX] as number;
  }

  /** The count of one bucket. */
  bucket(i: number): number {
    return this.#cells[i] as number;
  }

  /** The value at a quantile, ns: the upper bound of its bucket; 0 when nothing was counted. */
  quantile(q: number): number {
    const want = Math.max(1, Math.ceil(q * this.count()));
    let seen = 0;
    for (let i = 0; i < BUCKET_COUNT; i++) {
      seen += this.#cells[i] as number;
      if (seen >= want) return Math.min(bucketTop(i), this.max());
    }
    return 0;
  }

  /** Forgets everything; the writer's thread only. */
  reset(): void {
    this.#cells.fill(0);
  }
}

/** The bucket of a value. */
export function bucketOf(ns: number): number {
  if (!(ns >= 1)) return 0;
  if (ns < SUB_COUNT) return ns | 0;
  let shift = 0;
  let value = ns;
  if (value >= 0x4000_0000) {
    if (value >= 2 ** MAX_POWER) return BUCKET_COUNT - 1;
    value = Math.floor(value / 4096);
    shift = 12;
  }
  const power = 31 - Math.clz32(value) - SUB_BITS;
  const sub = (value | 0) >> power;
  return (power + shift + 1) * SUB_COUNT + (sub - SUB_COUNT);
}

/** The largest whole value that falls into a bucket, ns. */
export function bucketTop(i: number): number {
  if (i < SUB_COUNT) return i;
  const power = Math.floor(i / SUB_COUNT) - 1;
  return (SUB_COUNT + (i % SUB_COUNT) + 1) * 2 ** power - 1;
}
