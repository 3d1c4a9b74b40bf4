/**
 * Counters in shared memory: one 64-bit float a slot (exact to 2^53), each written by one thread
 * only and read by anybody. What the slots mean stands in src/metrics/counter-table.ts.
 */

/** The counters of a process, as one thread sees them. */
export class Counters {
  readonly values: Float64Array;

  constructor(buffer: ArrayBufferLike) {
    this.values = new Float64Array(buffer);
  }

  /** Adds one. */
  increment(slot: number): void {
    this.values[slot] = (this.values[slot] as number) + 1;
  }

  /** Adds `n`. */
  add(slot: number, n: number): void {
    this.values[slot] = (this.values[slot] as number) + n;
  }

  /** Sets a gauge. */
  set(slot: number, value: number): void {
    this.values[slot] = value;
  }

  /** All counters are 0; only while nobody counts. */
  reset(): void {
    this.values.fill(0);
  }

  /** Reads a counter; another thread's may be a moment old. */
  get(slot: number): number {
    return this.values[slot] as number;
  }
}

/** Takes the memory for `count` counters. */
export function takeCounters(count: number): SharedArrayBuffer {
  return new SharedArrayBuffer(count * 8);
}
