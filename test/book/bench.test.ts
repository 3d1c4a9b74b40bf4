import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { PACKAGE_ROOT } from "../../src/core/root.ts";

interface Report {
  readonly bookHashesEqual: boolean;
  readonly l3Ref: unknown;
  readonly rows: readonly { case: string; ns: number; checksum: string; bookHash: string | null }[];
}

test("the bench at smoke size runs every case, and all books hash equal", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "nyq-bench-test-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const out = join(folder, "bench.json");
  const script = join(PACKAGE_ROOT, "dist", "perf", "bench", "run.js");
  t.true(existsSync(script), "perf/bench is compiled");
  const args = [script, "--smoke", "-o", out];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 240_000 });
  const report = JSON.parse(readFileSync(out, "utf8")) as Report;
  if (typeof report.l3Ref === "string") t.log(`without l3_ref: ${report.l3Ref}`);
  t.true(report.bookHashesEqual);
  const names = ["decode", "book", "decode+book", "decode+book+hash", "inline", "publish"];
  t.deepEqual(
    report.rows.map((row) => row.case),
    [...names, "ring-1", "ring-64"],
  );
  for (const row of report.rows) {
    t.true(row.ns > 0 && Number.isFinite(row.ns), row.case);
    t.true(row.checksum.length > 0 && row.checksum !== "0", row.case);
    t.true(stdout.includes(row.case));
  }
  const books = report.rows.filter((row) => row.bookHash !== null);
  t.is(books.length, 4);
  t.not(books[0]?.bookHash, "0000000000000000");
});
