import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import type { CaseSpec } from "../../perf/bench/catalog.ts";
import { parsePeer } from "../../perf/bench/peers.ts";
import { writeRandomIds } from "../../perf/bench/random-ids.ts";
import { makeReport, type Report, type Setting } from "../../perf/bench/report.ts";
import { median, quantile, spreadOf } from "../../perf/bench/result.ts";
import { type Measured, planSteps, seriesKey } from "../../perf/bench/rounds.ts";
import { withTable } from "../../perf/bench/table.ts";
import { judge } from "../../perf/bench/targets.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { MarketGenerator } from "../../src/generate/market-generator.ts";

const NODE = { path: "node", version: "v20.0.0" };
const HOT = { name: "hot", path: "hot.itch", origin: "made up" } as const;
const REPLAY: CaseSpec = {
  name: "replay",
  question: "?",
  inputs: ["hot"],
  baselines: ["itch_order_book", "market_manager"],
  cores: 1,
};

/** A run in which replay took `ours` and itch-order-book `theirs`, round by round. */
function measured(ours: readonly number[], theirs: readonly number[]): Measured {
  const steps = planSteps([REPLAY], [HOT], [NODE], ["itch_order_book"]);
  const base = theirs.map((ns) => ({ ns, work: "all" }));
  const runs = ours.map((ns) => ({ unit: "messages", count: 2_000_000, ns, checksum: "same" }));
  return {
    steps,
    baselines: new Map([[seriesKey("itch_order_book", "hot"), base]]),
    cases: new Map([[seriesKey("replay", "hot", NODE.version), runs]]),
    failures: [],
  };
}

const SETTING = {
  options: { nodes: [NODE], rounds: 3 },
  inputs: [HOT],
  withoutReference: "no gcc",
  withoutPeers: null,
} as unknown as Setting;

test("the README's table is what bench:table makes of the committed results", (t) => {
  const readme = readFileSync(join(PACKAGE_ROOT, "README.md"), "utf8");
  const results = join(PACKAGE_ROOT, "perf", "results", "bench.json");
  const report = JSON.parse(readFileSync(results, "utf8")) as Report;
  t.is(withTable(readme, report), readme, "npm run bench:table");
});

test("a peer's figure has all its digits", (t) => {
  const book = parsePeer(
    "itch_order_book",
    "x\n300 packets in 24690 nanos , 82.30 nanos per packet\n",
  );
  t.deepEqual({ ...book, work: "" }, { nsPerMessage: 82.3, messages: 300, work: "" });
  const text = [
    "ITCH processing...Done!",
    "",
    "Errors: 0",
    "Total ITCH messages: 1000",
    "ITCH message latency: 3ns",
    "ITCH message throughput: 312500000 msg/s",
    "Total market updates: 77",
  ].join("\n");
  const manager = parsePeer("market_manager", text);
  t.deepEqual(manager, { nsPerMessage: 3.2, messages: 1000, work: "errors 0, updates 77" });
});

test("a peer that prints no figure is a failure, not a fast program", (t) => {
  t.throws(() => parsePeer("itch_order_book", "0 packets in 0 nanos"), { message: /no figure/ });
  t.throws(() => parsePeer("market_manager", "Segmentation fault"), { message: /no figure/ });
});

test("a ratio is the median of the rounds' own ratios", (t) => {
  const report = makeReport(SETTING, measured([100, 300, 90], [100, 200, 100]));
  const [row] = report.rows;
  t.is(row?.ratios["itch_order_book"]?.median, 1);
  t.is(row?.ns.median, 100);
  t.deepEqual(report.disagreements, []);
});

test("a target without its baseline is not judged, one with it is", (t) => {
  const targets = judge(makeReport(SETTING, measured([130, 130, 130], [100, 100, 100])));
  const verdict = (text: string): boolean | null | undefined =>
    targets.find((target) => target.what.includes(text))?.met;
  t.is(verdict("hot, of itch-order-book"), false);
  t.is(verdict("hot, of CppTrader full depth"), null);
  const faster = judge(makeReport(SETTING, measured([120, 120, 120], [100, 100, 100])));
  t.true(faster[0]?.met);
});

test("rounds that did different work disagree", (t) => {
  const run = measured([1, 2], [1, 1]);
  const series = run.cases.get(seriesKey("replay", "hot", NODE.version));
  if (series?.[1] === undefined) return t.fail();
  series[1] = { ...series[1], checksum: "other" };
  t.regex(makeReport(SETTING, run).disagreements[0] ?? "", /rounds differ/);
});

test("placements that publish different frames disagree", (t) => {
  const spec = { ...REPLAY, baselines: [] };
  const specs = [
    { ...spec, name: "pipeline" },
    { ...spec, name: "threads-book" },
  ];
  const steps = planSteps(specs, [HOT], [NODE], []);
  const run = (checksum: string) => [{ unit: "messages", count: 1, ns: 1, checksum }];
  const report = (other: string): Report =>
    makeReport(SETTING, {
      steps,
      baselines: new Map(),
      cases: new Map([
        [seriesKey("pipeline", "hot", NODE.version), run("9 frames aa")],
        [seriesKey("threads-book", "hot", NODE.version), run(other)],
      ]),
      failures: [],
    });
  t.deepEqual(report("9 frames aa").disagreements, []);
  t.regex(report("9 frames ab").disagreements[0] ?? "", /frames differ/);
});

test("every baseline is planned once an input, before the first case that wants it", (t) => {
  const other = { ...REPLAY, name: "pipeline" };
  const steps = planSteps([REPLAY, other], [HOT], [NODE], REPLAY.baselines);
  const names = steps.map((step) => (step.kind === "case" ? step.spec.name : step.name));
  t.deepEqual(names, ["itch_order_book", "market_manager", "replay", "pipeline"]);
});

test("quantiles lie between their neighbours", (t) => {
  t.is(median([3, 1, 2]), 2);
  t.is(median([4, 1, 2, 3]), 2.5);
  t.is(quantile([10, 20], 0.25), 12.5);
  t.is(spreadOf([5]).p75, 5);
});

test("permuted order ids leave everything but the ids: the same books by another name", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "nyq-bench-ids-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const market = new MarketGenerator({ seed: 5, instruments: 20, profile: "open" });
  const bytes = new Uint8Array(1 << 18);
  const plain = bytes.subarray(0, market.fill(bytes, 0, bytes.length, 5_000));
  const path = join(folder, "plain.itch");
  writeFileSync(path, plain);
  writeRandomIds(path, join(folder, "random.itch"));
  const random = readFileSync(join(folder, "random.itch"));
  t.is(random.length, plain.length);
  const names = new Map<bigint, bigint>();
  let sequential = 0;
  for (const [at, id] of idsOf(plain)) {
    const other = random.readBigUInt64BE(at);
    t.is(names.get(id) ?? other, other, "one name for one id");
    names.set(id, other);
    if (other < 1n << 32n) sequential++;
    random.writeBigUInt64BE(id, at);
  }
  t.true(names.size > 1_000);
  t.is(new Set(names.values()).size, names.size, "no two ids share a name");
  t.true(sequential < 3, "the names fill 64 bits");
  t.true(random.equals(plain), "nothing else was touched");
});

/** Where the order ids of a file lie, and what they are. */
function idsOf(bytes: Uint8Array): [number, bigint][] {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: [number, bigint][] = [];
  for (let at = 0; at + 2 < bytes.length; at += 2 + data.getUint16(at)) {
    const type = String.fromCharCode(bytes[at + 2] as number);
    if ("AFECXDU".includes(type)) found.push([at + 13, data.getBigUint64(at + 13)]);
    if (type === "U") found.push([at + 21, data.getBigUint64(at + 21)]);
  }
  return found;
}
