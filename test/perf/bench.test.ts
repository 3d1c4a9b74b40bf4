import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { CASES } from "../../perf/bench/catalog.ts";
import type { Report } from "../../perf/bench/report.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";

const RUN = join(PACKAGE_ROOT, "dist", "perf", "bench", "run.js");
const BOOKS = ["book", "book+hash", "book+end", "pipeline", "pipeline+hash"];

test("the bench at smoke size runs every case, and all books hash equal", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "nyq-bench-test-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const out = join(folder, "bench.json");
  t.true(existsSync(RUN), "perf/bench is compiled");
  const args = [RUN, "--smoke", "--input", "hot", "--input", "random", "--data", folder, "-o", out];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 280_000 });
  const report = JSON.parse(readFileSync(out, "utf8")) as Report;
  if (report.withoutReference !== null) t.log(`without l3_ref: ${report.withoutReference}`);
  t.deepEqual(report.disagreements, []);
  t.deepEqual(report.failures, []);
  t.deepEqual(
    [...new Set(report.rows.map((row) => row.case))].sort(),
    CASES.filter((spec) => spec.cores <= availableParallelism())
      .map((spec) => spec.name)
      .sort(),
  );
  for (const row of report.rows) {
    t.true(row.ns.median > 0 && Number.isFinite(row.ns.median), row.case);
    t.regex(row.checksum, /[1-9a-f]/, row.case);
    t.true(stdout.includes(row.case));
  }
  const books = report.rows.filter((row) => BOOKS.includes(row.case));
  t.is(books.length, BOOKS.length);
  for (const row of books) t.regex(row.bookHash ?? "", /^(?!0{16})[0-9a-f]{16}$/, row.case);
  // Replay, pipeline and book see the same changes.
  const replay = report.rows.find((row) => row.case === "replay");
  const book = report.rows.find((row) => row.case === "book");
  t.true(replay?.checksum.startsWith(book?.checksum ?? "?"));
});

test("the bench says what is wrong with its command line and ends with 2", async (t) => {
  for (const [flag, value] of [
    ["--rounds", "0"],
    ["--case", "nothing"],
    ["--input", "warm"],
  ] as const) {
    const run = promisify(execFile)(process.execPath, [RUN, flag, value]);
    const error = (await t.throwsAsync(run)) as Error & { code: number; stderr: string };
    t.is(error.code, 2);
    t.true(error.stderr.includes(`${flag}=${value}`), error.stderr);
  }
});
