/**
 * /metrics by prom-client: hot threads count in shared memory, and each scrape copies the slots.
 * prom-client has no way to set a counter or to fill a histogram, so the metrics here are objects
 * of its registry's own shape, whose get() reads the memory. Thread: main.
 */
import { type Metric, Registry } from "prom-client";
import { bucketTop, type Histogram } from "../core/histogram.ts";
import { COUNTER_TABLE, type CounterRow } from "./counter-table.ts";

/** A latency histogram to show; its values are ns, shown in seconds. */
export interface HistogramSource {
  /** Ends in `_seconds`. */
  readonly name: string;
  readonly help: string;
  readonly histogram: Histogram;
}

/** One sample that stands in no counter slot, e.g. a ring's fill. */
export interface Sample {
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge";
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Where /metrics reads from. */
export interface MetricsSources {
  /** Values by slot of COUNTER_TABLE. */
  readonly counters: Float64Array;
  readonly histograms: readonly HistogramSource[];
  /** Called at each scrape; the same names each time. */
  readonly samples: () => readonly Sample[];
  readonly version: string;
}

/** Content type of the text. */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Buckets shown of a histogram: up to 2^k - 1 ns each, 255 ns to 17 s. */
const BUCKET_POWER_MIN = 8;
const BUCKET_POWER_MAX = 34;

interface ShownValue {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

/** What prom-client's registry asks of a metric. */
interface Shown {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly values: readonly ShownValue[];
  readonly aggregator: "sum";
}

/** The metrics of a process. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #sources: MetricsSources;

  constructor(sources: MetricsSources) {
    this.#sources = sources;
    for (const rows of rowsByName(COUNTER_TABLE).values()) {
      this.#register((rows[0] as NumberedRow).row.name, () => shownRows(rows, sources.counters));
    }
    for (const source of sources.histograms) {
      this.#register(source.name, () => shownHistogram(source));
    }
    for (const name of new Set(this.#samples().map((sample) => sample.name))) {
      this.#register(name, () => shownSamples(this.#samples().filter((s) => s.name === name)));
    }
  }

  /** The text of a scrape. */
  render(): Promise<string> {
    return this.#registry.metrics();
  }

  #samples(): Sample[] {
    return [...processSamples(this.#sources.version), ...this.#sources.samples()];
  }

  #register(name: string, get: () => Shown): void {
    // The registry calls nothing but `name` and `get` of a metric when it makes its text.
    const metric = { name, get: async () => get() };
    this.#registry.registerMetric(metric as unknown as Metric);
  }
}

interface NumberedRow {
  readonly row: CounterRow;
  readonly slot: number;
}

function rowsByName(table: readonly CounterRow[]): Map<string, NumberedRow[]> {
  const groups = new Map<string, NumberedRow[]>();
  for (const [slot, row] of table.entries()) {
    const group = groups.get(row.name) ?? [];
    group.push({ row, slot });
    groups.set(row.name, group);
  }
  return groups;
}

function shownRows(rows: readonly NumberedRow[], counters: Float64Array): Shown {
  const first = (rows[0] as NumberedRow).row;
  const values = rows.map(({ row, slot }) => ({
    value: counters[slot] ?? 0,
    labels: parseLabels(row.labels),
  }));
  return { name: first.name, help: first.help, type: first.kind, values, aggregator: "sum" };
}

function shownSamples(samples: readonly Sample[]): Shown {
  const first = samples[0] as Sample;
  const values = samples.map(({ value, labels }) => ({ value, labels }));
  return { name: first.name, help: first.help, type: first.kind, values, aggregator: "sum" };
}

/** Cumulative buckets, exact: each bound is the last whole value of a log-linear bucket. */
function shownHistogram({ name, help, histogram }: HistogramSource): Shown {
  const values: ShownValue[] = [];
  let cell = 0;
  let count = 0;
  for (let power = BUCKET_POWER_MIN; power <= BUCKET_POWER_MAX; power++) {
    const top = 2 ** power - 1;
    for (; bucketTop(cell) <= top; cell++) count += histogram.bucket(cell);
    values.push({ value: count, labels: { le: top / 1e9 }, metricName: `${name}_bucket` });
  }
  const total = histogram.count();
  values.push({ value: total, labels: { le: "+Inf" }, metricName: `${name}_bucket` });
  values.push({ value: histogram.sum() / 1e9, labels: {}, metricName: `${name}_sum` });
  values.push({ value: total, labels: {}, metricName: `${name}_count` });
  return { name, help, type: "histogram", values, aggregator: "sum" };
}

/** `feed="a",kind="x"` to an object; the table's labels hold no quotes or commas inside. */
function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, key = "", value = ""] of text.matchAll(/([a-z_]+)="([^"]*)"/g)) labels[key] = value;
  return labels;
}

const STARTED_SECONDS = Math.round(Date.now() / 1000 - process.uptime());

function processSamples(version: string): Sample[] {
  const cpu = process.cpuUsage();
  return [
    {
      name: "nyq_build_info",
      help: "Always 1; the labels tell the version and Node's.",
      kind: "gauge",
      labels: { version, node: process.version },
      value: 1,
    },
    gauge("process_resident_memory_bytes", "Resident memory, bytes.", process.memoryUsage.rss()),
    gauge("process_start_time_seconds", "Start, seconds since 1970.", STARTED_SECONDS),
    {
      name: "process_cpu_seconds_total",
      help: "User and system time of all threads, seconds.",
      kind: "counter",
      labels: {},
      value: (cpu.user + cpu.system) / 1e6,
    },
  ];
}

function gauge(name: string, help: string, value: number): Sample {
  return { name, help, kind: "gauge", labels: {}, value };
}
