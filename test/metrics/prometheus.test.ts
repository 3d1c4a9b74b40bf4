/** /metrics: what stands in shared memory comes out, and promtool finds nothing to say. */
import { spawnSync } from "node:child_process";
import test from "ava";
import { bucketTop, HISTOGRAM_BYTES, Histogram } from "../../src/core/histogram.ts";
import { C, COUNTER_COUNT, COUNTER_TABLE } from "../../src/metrics/counter-table.ts";
import { Metrics } from "../../src/metrics/prometheus.ts";
import { FakeProviders } from "./fake-providers.ts";

function metricsOf(counters: Float64Array, histogram: Histogram): Metrics {
  return new Metrics({
    counters,
    histograms: [{ name: "nyq_x_seconds", help: "X.", histogram }],
    samples: () => [],
    version: "1.2.3",
  });
}

function emptyHistogram(): Histogram {
  return new Histogram(new SharedArrayBuffer(HISTOGRAM_BYTES));
}

test("every counter of the table is shown with its slot's value, at each scrape anew", async (t) => {
  const counters = Float64Array.from({ length: COUNTER_COUNT }, (_, i) => 1000 + i);
  const metrics = metricsOf(counters, emptyHistogram());
  for (const added of [0, 5]) {
    for (let i = 0; i < COUNTER_COUNT; i++) counters[i] = 1000 + i + added;
    const lines = new Set((await metrics.render()).split("\n"));
    for (const [i, row] of COUNTER_TABLE.entries()) {
      const labels = row.labels as string;
      const name = labels === "" ? row.name : `${row.name}{${labels}}`;
      t.true(lines.has(`${name} ${1000 + i + added}`), name);
      t.true(lines.has(`# TYPE ${row.name} ${row.kind}`), row.name);
    }
  }
});

test("a histogram's buckets are cumulative and exact at their bounds", async (t) => {
  const histogram = emptyHistogram();
  for (const ns of [0, 255, 256, 511, 512, 1_000_000, 2 ** 39]) histogram.record(ns);
  const text = await metricsOf(new Float64Array(COUNTER_COUNT), histogram).render();
  const value = (name: string) =>
    Number(
      text
        .split("\n")
        .find((line) => line.startsWith(`${name} `))
        ?.split(" ")[1],
    );
  t.is(value('nyq_x_seconds_bucket{le="2.55e-7"}'), 2);
  t.is(value('nyq_x_seconds_bucket{le="5.11e-7"}'), 4);
  t.is(value('nyq_x_seconds_bucket{le="17.179869183"}'), 6);
  t.is(value('nyq_x_seconds_bucket{le="+Inf"}'), 7);
  t.is(value("nyq_x_seconds_count"), 7);
  t.is(value("nyq_x_seconds_sum"), histogram.sum() / 1e9);
  t.is(bucketTop(3), 3);
});

test("promtool finds nothing to say about the text", async (t) => {
  const text = await new FakeProviders().metrics();
  const run = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
  if (run.error !== undefined) {
    t.log("skipped: promtool is not installed (Debian: apt-get install prometheus)");
    return t.pass();
  }
  t.is(run.stdout + run.stderr, "");
  t.is(run.status, 0);
});

test("the table has one row for each key, and the two feeds' rows stand together", (t) => {
  t.is(new Set(COUNTER_TABLE.map((row) => row.key)).size, COUNTER_COUNT);
  const seen = new Set<string>();
  for (const [i, row] of COUNTER_TABLE.entries()) {
    const labels = row.labels as string;
    t.is(C[row.key], i);
    t.false(seen.has(`${row.name}{${labels}}`), row.key);
    seen.add(`${row.name}{${labels}}`);
    t.regex(row.name, /^nyq_[a-z0-9_]+$/);
    t.is(row.name.endsWith("_total"), (row.kind as string) === "counter", row.key);
    t.regex(row.help, /^[A-Z0-9].*\.$/, row.key);
    if (!row.key.endsWith("_A")) continue;
    const other = COUNTER_TABLE[i + 1];
    t.is(other?.key as string, row.key.replace(/_A$/, "_B"));
    t.is(other?.name as string, row.name);
    t.deepEqual([labels, other?.labels as string], ['feed="a"', 'feed="b"']);
  }
});
