import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { parameters } from "../../perf/scaling/parameters.ts";
import { lawOf, markdown, type ScalingReport } from "../../perf/scaling/report.ts";
import { plot } from "../../perf/scaling/svg.ts";
import { play, Workload } from "../../perf/scaling/workload.ts";
import { BookCore } from "../../src/book/core.ts";
import { Directory, takeDirectory } from "../../src/book/directory.ts";
import { checkIntegrity } from "../../src/book/integrity.ts";
import { NullBookSink } from "../../src/book/null-sink.ts";
import { BookStage } from "../../src/book/stage.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { C, COUNTER_COUNT } from "../../src/metrics/counter-table.ts";

test("the scaling bench at smoke size measures every value and draws every plot", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "nyq-scaling-test-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const out = join(folder, "scaling.json");
  const script = join(PACKAGE_ROOT, "dist", "perf", "scaling", "run.js");
  const args = [script, "--smoke", "-o", out];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 240_000 });
  const report = JSON.parse(readFileSync(out, "utf8")) as ScalingReport;
  const small = parameters(true);
  t.deepEqual(
    report.parameters.map((row) => [row.name, row.points.map((point) => point.label)]),
    small.map((parameter) => [parameter.name, parameter.points.map((point) => point.label)]),
  );
  for (const row of report.parameters) {
    t.true(stdout.includes(`${row.name}: `));
    for (const point of row.points) {
      t.true(point.ns > 0 && Number.isFinite(point.ns), `${row.name} ${point.label}`);
      t.true(point.steady.blockMaxUs >= point.steady.blockP50Us);
      t.true(point.liveOrders > 0 && point.liveLevels > 0);
    }
    const picture = plot(row);
    t.is(picture.split('<circle class="dot"').length - 1, row.points.length);
    t.false(/NaN|undefined|Infinity/.test(picture), row.name);
  }
  // The ids of the same orders change how they are found, never what the books are.
  const ids = report.parameters.find((row) => row.name === "ids");
  t.is(new Set(ids?.points.map((point) => point.checksum)).size, 1);
  t.regex(markdown(report), /\| levels \| 10 \| 100 \|/);
});

test("every workload holds its book at its size and meets no order that is not there", (t) => {
  for (const parameter of parameters(true)) {
    for (const point of parameter.points) {
      const { shape } = point;
      const where = `${parameter.name} ${point.label}`;
      const grown = { instruments: shape.instruments, hash: true, grow: true, scoped: false };
      const core = new BookCore({ ...grown, orders: 1024, levels: 1024 });
      const counters = new Counters(takeCounters(COUNTER_COUNT));
      const directory = new Directory(takeDirectory(16));
      const stage = new BookStage({ core, sink: new NullBookSink(), counters, directory });
      const work = new Workload(shape, 1000, 7);
      while (work.fill()) play(work.tape, 0, work.count, stage);
      for (let i = 0; i < 5; i++) {
        work.steady();
        play(work.tape, 0, work.count, stage);
      }
      stage.onBatchEnd();
      t.is(core.liveOrders, shape.orders, where);
      t.is(core.liveLevels, shape.instruments * 2 * shape.levels, where);
      t.is(counters.get(C.BOOK_UNKNOWN_ORDERS) + counters.get(C.BOOK_DUPLICATE_ORDERS), 0, where);
      t.deepEqual(checkIntegrity(core), [], where);
    }
  }
});

test("the law lets the cost grow by one and the binary logarithm of the values' ratio", (t) => {
  const points = (first: number, last: number) => [
    { value: 10, ns: first },
    { value: 80, ns: last },
  ];
  t.deepEqual(lawOf(points(50, 200)), { growth: 4, bound: 4, met: true });
  t.false(lawOf(points(50, 201)).met);
  // A hump between the ends counts, too.
  t.false(lawOf([{ value: 10, ns: 50 }, { value: 20, ns: 999 }, ...points(50, 60)]).met);
});
