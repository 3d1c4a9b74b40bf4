/**
 * What each thread of a soaked feed says of its own heap: one row of doubles a thread in shared
 * memory, written by the thread's probe, read by the feed's main thread.
 *
 *   0..15    the gauges of `Gauge`
 *   16..     garbage collections, GC_WORDS each: start (ms since 1970), length (ms), kind
 */

/** Places of the gauges in a row. */
export const Gauge = {
  /** How often the thread looked at its heap. */
  SAMPLES: 0,
  /** Heap in use, bytes, less what the looking itself allocated. */
  HEAP_BYTES: 1,
  /** What the looking allocated, bytes. */
  OWN_BYTES: 2,
  /** When to look again, ns since the origin. */
  NEXT_NS: 3,
  /** Free frames of the pool of feed A and B, -1 where the thread has none. */
  FREE_A: 4,
  FREE_B: 5,
  /** Garbage collections seen; the first GC_MAX are described. */
  GC_COUNT: 6,
} as const;

const GAUGE_DOUBLES = 16;
/** Doubles that describe one garbage collection. */
export const GC_DOUBLES = 3;
/** Garbage collections of a thread that are described, the newest of them. */
export const GC_MAX = 4096;
const ROW_DOUBLES = GAUGE_DOUBLES + GC_MAX * GC_DOUBLES;

/** One garbage collection. */
export interface Collection {
  readonly startMs: number;
  readonly lengthMs: number;
  readonly kind: string;
}

/** Takes the rows of `threads` threads. */
export function takeGauges(threads: number): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(threads * ROW_DOUBLES * 8);
  for (let i = 0; i < threads; i++) {
    const row = gaugeRow(buffer, i);
    row[Gauge.FREE_A] = -1;
    row[Gauge.FREE_B] = -1;
  }
  return buffer;
}

/** The row of a thread. */
export function gaugeRow(buffer: SharedArrayBuffer, thread: number): Float64Array {
  return new Float64Array(buffer, thread * ROW_DOUBLES * 8, ROW_DOUBLES);
}

/** Writes one collection down. Thread: the one that collected. */
export function noteCollection(row: Float64Array, startMs: number, ms: number, kind: number): void {
  const count = row[Gauge.GC_COUNT] as number;
  const at = GAUGE_DOUBLES + (count % GC_MAX) * GC_DOUBLES;
  row[at] = startMs;
  row[at + 1] = ms;
  row[at + 2] = kind;
  row[Gauge.GC_COUNT] = count + 1;
}

/** Kinds as perf_hooks numbers them (perf_hooks.constants.NODE_PERFORMANCE_GC_*). */
const KINDS: Readonly<Record<number, string>> = {
  1: "scavenge",
  2: "minor mark-sweep",
  4: "mark-sweep",
  8: "incremental marking",
  16: "weak callbacks",
};

/** The collections of a row, the newest GC_MAX, oldest first. */
export function collectionsOf(row: Float64Array): Collection[] {
  const count = row[Gauge.GC_COUNT] as number;
  const list: Collection[] = [];
  for (let i = Math.max(0, count - GC_MAX); i < count; i++) {
    const at = GAUGE_DOUBLES + (i % GC_MAX) * GC_DOUBLES;
    const kind = row[at + 2] as number;
    list.push({
      startMs: row[at] as number,
      lengthMs: row[at + 1] as number,
      kind: KINDS[kind] ?? `kind ${kind}`,
    });
  }
  return list;
}
