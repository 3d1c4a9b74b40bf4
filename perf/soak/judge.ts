/**
 * What a soak is judged by: in the steady state nothing grows, nothing is dropped, and no thread
 * from rx to publish collects garbage. Pure: samples in, checks out.
 */
import type { ClientFacts } from "./clients.ts";
import type { Collection } from "./gauges.ts";
import type { Latency, Sample, ThreadFacts } from "./messages.ts";

/** Heap that a thread may gain over HEAP_MESSAGES messages, bytes. */
export const HEAP_BYTES_MAX = 65_536;
const HEAP_MESSAGES = 20_000_000;
/**
 * No run is so short that less than this counts: V8 writes its feedback and code into the heap too,
 * and a function that is compiled once more is worth some KiB.
 */
export const HEAP_FLOOR_BYTES = 16_384;
/** Resident memory that the process may gain, bytes a minute, and whatever the length. */
export const RSS_BYTES_A_MINUTE_MAX = 1 << 20;
export const RSS_FLOOR_BYTES = 16 << 20;
/** Free frames that may be missing at the end: what is under way when it is looked at. */
export const FRAMES_MISSING_MAX = 256;

/** Counters that must not move: something was lost, refused, or a client was too slow. */
export const DROP_COUNTERS = [
  ...["RX_KERNEL_DROPS_A", "RX_KERNEL_DROPS_B", "RX_NO_FRAME_DROPS_A", "RX_NO_FRAME_DROPS_B"],
  ...["RX_TRUNCATED_A", "RX_TRUNCATED_B", "RX_ERRORS_A", "RX_ERRORS_B"],
  ...["MERGE_LOST_A", "MERGE_LOST_B", "MERGE_GAPS_UNRECOVERABLE", "MERGE_MISSING_MESSAGES"],
  ...["MERGE_WINDOW_FULL", "MERGE_MALFORMED_A", "MERGE_MALFORMED_B", "DECODE_MALFORMED"],
  ...["BOOK_REFUSED", "BOOK_UNKNOWN_ORDERS", "ENDPOINT_OVERRUNS", "ENDPOINT_GAPS"],
  ...["ENDPOINT_UNAPPLIED", "ENDPOINT_SNAPSHOT_TIMEOUTS", "ENDPOINT_CLOSED_SLOW"],
  ...["ENDPOINT_CLOSED_OVERRUN", "ENDPOINT_CLOSED_POLICY"],
] as const;

/** One judgement. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly value: number | string;
  readonly bound: number | string;
  readonly unit: string;
}

/** Everything that is judged. */
export interface Evidence {
  readonly threads: readonly ThreadFacts[];
  /** The steady state's samples, two at least. */
  readonly steady: readonly Sample[];
  /** Of each thread, since its start. */
  readonly collections: readonly (readonly Collection[])[];
  readonly clients: readonly ClientFacts[];
  readonly books: { readonly feed: string | null; readonly market: string };
}

/** What the steady state was like, thread by thread. */
export interface ThreadReport extends ThreadFacts {
  readonly heapStartBytes: number;
  readonly heapEndBytes: number;
  /** The slope of all samples, times the steady state. */
  readonly heapGrowthBytes: number;
  readonly collectionsSteady: number;
  readonly collectionsBefore: number;
  readonly minorFaults: number;
  readonly majorFaults: number;
  /** Share of one cpu, 0 to 1 (100 ticks a second). */
  readonly cpu: number;
}

/** Messages decoded between the first and the last of `samples`. */
export function messagesOf(samples: readonly Sample[]): number {
  return moved(samples, "DECODE_MESSAGES");
}

/** Seconds between the first and the last of `samples`. */
export function secondsOf(samples: readonly Sample[]): number {
  return ((samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0)) / 1000;
}

/** The report of each thread. */
export function threadReports(evidence: Evidence): ThreadReport[] {
  const { threads, steady, collections } = evidence;
  const first = steady[0] as Sample;
  const last = steady.at(-1) as Sample;
  const seconds = secondsOf(steady);
  return threads.map((thread, i) => {
    const all = collections[i] ?? [];
    const inSteady = all.filter(({ startMs }) => startMs >= first.atMs && startMs <= last.atMs);
    const before = first.threads[i];
    const after = last.threads[i];
    return {
      ...thread,
      heapStartBytes: first.heapBytes[i] ?? 0,
      heapEndBytes: last.heapBytes[i] ?? 0,
      heapGrowthBytes: Math.round(
        growth(steady.map(({ atMs, heapBytes }) => [atMs, heapBytes[i] ?? 0])),
      ),
      collectionsSteady: inSteady.length,
      collectionsBefore: all.filter(({ startMs }) => startMs < first.atMs).length,
      minorFaults: (after?.minorFaults ?? 0) - (before?.minorFaults ?? 0),
      majorFaults: (after?.majorFaults ?? 0) - (before?.majorFaults ?? 0),
      cpu: ((after?.cpuTicks ?? 0) - (before?.cpuTicks ?? 0)) / 100 / seconds,
    };
  });
}

/** All judgements. */
export function judge(evidence: Evidence): Check[] {
  const { steady, clients, books } = evidence;
  const messages = messagesOf(steady);
  const checks: Check[] = [];
  const most = (name: string, value: number, bound: number, unit: string): void => {
    checks.push({ name, ok: value <= bound, value, bound, unit });
  };
  checks.push({ name: "messages", ok: messages > 0, value: messages, bound: "> 0", unit: "" });
  const heapMax = Math.max(HEAP_FLOOR_BYTES, (HEAP_BYTES_MAX * messages) / HEAP_MESSAGES);
  for (const thread of threadReports(evidence)) {
    if (!thread.hot) continue;
    most(`collections ${thread.name}`, thread.collectionsSteady, 0, "");
    most(`heap growth ${thread.name}`, thread.heapGrowthBytes, Math.round(heapMax), "bytes");
  }
  const rss = growth(steady.map(({ atMs, rssBytes }) => [atMs, rssBytes]));
  const rssMax = RSS_FLOOR_BYTES + (RSS_BYTES_A_MINUTE_MAX * secondsOf(steady)) / 60;
  most("resident growth", Math.round(rss), Math.round(rssMax), "bytes");
  for (const feed of [0, 1]) {
    const name = `frames missing ${"ab"[feed]}`;
    most(name, framesMissing(steady, feed), FRAMES_MISSING_MAX, "frames");
  }
  for (const key of DROP_COUNTERS) most(key, moved(steady, key), 0, "");
  for (const { name, cursorGaps, closes } of clients) {
    most(`cursor gaps ${name}`, cursorGaps, 0, "");
    most(`closed by the server ${name}`, closes.length, 0, "");
  }
  const equal = books.feed === books.market;
  const value = books.feed ?? "unknown";
  checks.push({ name: "book hash", ok: equal, value, bound: books.market, unit: "" });
  return checks;
}

/** The middle of the intervals' quantiles, and the largest p99.9. */
export function latencyOf(samples: readonly Sample[]): Latency & { readonly p999Max: number } {
  const of = (pick: (latency: Latency) => number): number[] =>
    samples
      .filter(({ latency }) => latency.count > 0)
      .map(({ latency }) => pick(latency))
      .sort((a, b) => a - b);
  const middle = (values: readonly number[]): number => values[values.length >> 1] ?? 0;
  return {
    count: of((latency) => latency.count).reduce((sum, count) => sum + count, 0),
    p50: middle(of((latency) => latency.p50)),
    p90: middle(of((latency) => latency.p90)),
    p99: middle(of((latency) => latency.p99)),
    p999: middle(of((latency) => latency.p999)),
    p999Max: of((latency) => latency.p999).at(-1) ?? 0,
  };
}

/** The slope of a least-squares line through [x, y], times the range of x. */
export function growth(points: readonly (readonly [number, number])[]): number {
  const n = points.length;
  const x0 = points[0]?.[0] ?? 0;
  let sumX = 0;
  let sumY = 0;
  for (const [x, y] of points) {
    sumX += x - x0;
    sumY += y;
  }
  let top = 0;
  let bottom = 0;
  for (const [x, y] of points) {
    const dx = x - x0 - sumX / n;
    top += dx * (y - sumY / n);
    bottom += dx * dx;
  }
  return bottom === 0 ? 0 : (top / bottom) * ((points.at(-1)?.[0] ?? 0) - x0);
}

function moved(samples: readonly Sample[], key: string): number {
  return (samples.at(-1)?.counters[key] ?? 0) - (samples[0]?.counters[key] ?? 0);
}

/** How many fewer frames are free at the best moment of the last third than of the first. */
function framesMissing(samples: readonly Sample[], feed: number): number {
  const third = Math.ceil(samples.length / 3);
  const most = (part: readonly Sample[]): number =>
    Math.max(...part.map(({ freeFrames }) => freeFrames[feed] ?? 0));
  return Math.max(0, most(samples.slice(0, third)) - most(samples.slice(-third)));
}
