/** The soak at smoke size: its report's shape, and that it sees a planted object a message. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import {
  type Collection,
  collectionsOf,
  Gauge,
  gaugeRow,
  noteCollection,
  takeGauges,
} from "../../perf/soak/gauges.ts";
import { DROP_COUNTERS, type Evidence, growth, judge } from "../../perf/soak/judge.ts";
import type { Sample } from "../../perf/soak/messages.ts";
import type { SoakReport } from "../../perf/soak/report.ts";
import { loadNative, nativeMissing } from "../../src/core/native.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { COUNTER_TABLE } from "../../src/metrics/counter-table.ts";

const SOAK = join(PACKAGE_ROOT, "dist", "perf", "soak", "run.js");
const HOT = ["rx-a", "rx-b", "merge", "decode", "book", "publish"];

function soak(...args: string[]): { code: number | null; report: SoakReport } {
  const folder = mkdtempSync(join(tmpdir(), "nyq-soak-"));
  const file = join(folder, "report.json");
  try {
    // As in production: the assertions of NYQ_CHECKED are not what is soaked.
    const env = { ...process.env, NYQ_CHECKED: "" };
    const run = spawnSync(process.execPath, [SOAK, "--json", file, ...args], { env });
    if (run.status === null || run.status > 1) throw new Error(`${run.stdout}${run.stderr}`);
    return { code: run.status, report: JSON.parse(readFileSync(file, "utf8")) as SoakReport };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function mayRun(t: ExecutionContext): boolean {
  if (loadNative() !== null) return true;
  t.log(`skipped: threads without an event loop need the addon: ${nativeMissing()}`);
  t.pass();
  return false;
}

test.serial("a soak reports every hot thread, the clients, and what was judged", (t) => {
  if (!mayRun(t)) return;
  const { code, report } = soak("--minutes", "0.25", "--mps", "10000");
  t.log(report.checks.filter(({ ok }) => !ok).map(({ name, value }) => `${name} ${value}`));
  t.is(code, report.ok ? 0 : 1);
  t.is(
    report.ok,
    report.checks.every(({ ok }) => ok),
  );
  t.deepEqual(
    report.threads.filter(({ hot }) => hot).map(({ name }) => name),
    HOT,
  );
  for (const name of HOT) {
    t.true(report.checks.some((check) => check.name === `collections ${name}`));
    t.true(report.checks.some((check) => check.name === `heap growth ${name}`));
  }
  t.deepEqual(
    report.clients.map(({ name, cursorGaps }) => [name, cursorGaps]),
    [
      ["live", 0],
      ["resuming", 0],
      ["snapshots", 0],
    ],
  );
  t.true(report.clients.every(({ frames, turns }, i) => frames > 0 && (i === 0 || turns > 0)));
  t.true(report.checks.find(({ name }) => name === "book hash")?.ok);
  t.true(report.steady.messages > 0);
  t.true(report.samples.every(({ heapBytes }) => heapBytes.length === report.threads.length));
});

test.serial("a soak sees one planted object a message on the book's thread", (t) => {
  if (!mayRun(t)) return;
  const { code, report } = soak("--minutes", "0.25", "--plant");
  t.is(code, 1);
  const failed = report.checks.filter(({ ok }) => !ok).map(({ name }) => name);
  t.log(failed);
  t.true(failed.includes("collections book") || failed.includes("heap growth book"));
  t.true((report.collections["book"]?.length ?? 0) > 0);
});

test("every counter that is judged is in the table", (t) => {
  const keys = new Set<string>(COUNTER_TABLE.map(({ key }) => key));
  t.deepEqual(
    DROP_COUNTERS.filter((key) => !keys.has(key)),
    [],
  );
});

test("growth is the slope of a line through all points", (t) => {
  t.is(
    growth([
      [0, 5],
      [1, 7],
      [2, 9],
    ]),
    4,
  );
  t.is(
    growth([
      [10, 3],
      [20, 3],
      [30, 3],
    ]),
    0,
  );
  t.is(growth([[1, 1]]), 0);
});

test("garbage collections beyond the kept ones push the oldest out", (t) => {
  const row = gaugeRow(takeGauges(1), 0);
  for (let i = 0; i < 5000; i++) noteCollection(row, i, 0.5, 1);
  const kept = collectionsOf(row);
  t.is(row[Gauge.GC_COUNT], 5000);
  t.is(kept.length, 4096);
  t.deepEqual([kept[0]?.startMs, kept.at(-1)?.startMs], [5000 - 4096, 4999]);
  t.is(kept[0]?.kind, "scavenge");
});

/** A soak of one hot thread, 100 s at 10,000 messages a second, in which nothing happens. */
function quiet(): Evidence & { steady: Sample[]; collections: Collection[][] } {
  const steady = Array.from({ length: 101 }, (_, i) => ({
    atMs: i * 1000,
    rssBytes: 1e8,
    minorFaults: 0,
    majorFaults: 0,
    heapBytes: [5e6],
    threads: [{ minorFaults: 0, majorFaults: 0, cpuTicks: i }],
    freeFrames: [4096, 4096],
    rings: [],
    counters: { DECODE_MESSAGES: i * 10_000 },
    latency: { count: 1, p50: 1, p90: 1, p99: 1, p999: 1 },
  }));
  return {
    threads: [{ name: "book", stages: ["book"], hot: true }],
    steady,
    collections: [[]],
    clients: [{ name: "live", frames: 1, cursorGaps: 0, turns: 0, closes: [] }],
    books: { feed: "ab", market: "ab" },
  };
}

function failures(evidence: Evidence): string[] {
  return judge(evidence)
    .filter(({ ok }) => !ok)
    .map(({ name }) => name);
}

function changed(change: (sample: Sample, i: number) => Partial<Sample>): Evidence {
  const evidence = quiet();
  return { ...evidence, steady: evidence.steady.map((s, i) => ({ ...s, ...change(s, i) })) };
}

test("a soak in which nothing happens is well", (t) => {
  t.deepEqual(failures(quiet()), []);
});

test("each kind of growth and loss fails a soak", (t) => {
  t.deepEqual(failures(changed((_, i) => ({ heapBytes: [5e6 + i * 200] }))), ["heap growth book"]);
  t.deepEqual(failures(changed((_, i) => ({ rssBytes: 1e8 + i * 1e6 }))), ["resident growth"]);
  t.deepEqual(failures(changed((_, i) => ({ freeFrames: [4096, 4096 - i * 4] }))), [
    "frames missing b",
  ]);
  for (const key of DROP_COUNTERS) {
    const lost = changed((s, i) => ({ counters: { ...s.counters, [key]: i < 50 ? 0 : 1 } }));
    t.deepEqual(failures(lost), [key]);
  }
  const [client] = quiet().clients;
  const clients = [{ ...client, name: "live", cursorGaps: 1, closes: ["4000 slow"] }];
  t.deepEqual(failures({ ...quiet(), clients } as Evidence), [
    "cursor gaps live",
    "closed by the server live",
  ]);
  t.deepEqual(failures({ ...quiet(), books: { feed: "cd", market: "ab" } }), ["book hash"]);
  t.deepEqual(failures(changed(() => ({ counters: {} }))), ["messages"]);
});

test("a collection counts in the steady state only, and on hot threads only", (t) => {
  const at = (startMs: number): Evidence => ({
    ...quiet(),
    collections: [[{ startMs, lengthMs: 1, kind: "scavenge" }]],
  });
  t.deepEqual(failures(at(-1)), []);
  t.deepEqual(failures(at(50_000)), ["collections book"]);
  t.deepEqual(failures(at(100_001)), []);
  const cold = { threads: [{ name: "endpoint", stages: ["endpoint"], hot: false }] };
  t.deepEqual(failures({ ...at(50_000), ...cold }), []);
});
