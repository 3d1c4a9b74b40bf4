/** The ring bench at smoke size: it runs to its end and both languages did the same work. */
import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { PACKAGE_ROOT } from "../../src/core/root.ts";

const SCRIPT = join(PACKAGE_ROOT, "dist", "perf", "ring", "run.js");

/** What is looked at of the report. */
interface Report {
  readonly twin: string;
  readonly checksumsEqual: boolean;
  readonly rings: readonly { batch: number; checksum: string; twinNs: unknown }[];
  readonly hops: readonly { case: string; p50: { rounds: number[] } }[];
}

test("the ring bench measures both languages and finds the same checksums", async (t) => {
  if (availableParallelism() < 2) {
    t.log("skipped: one cpu");
    t.pass();
    return;
  }
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, "--smoke", "--json"]);
  const report = JSON.parse(stdout) as Report;
  t.true(report.checksumsEqual);
  t.deepEqual(
    report.rings.map((row) => row.batch),
    [1, 64],
  );
  // Slots 0 … 19,999 of words i … i + 15, added up.
  const slots = 20_000;
  const sum = 16 * ((slots * (slots - 1)) / 2) + slots * 120;
  for (const row of report.rings) t.is(row.checksum, (sum >>> 0).toString(16).padStart(8, "0"));
  const wanted = report.twin.startsWith("no C twin")
    ? ["hop", "raw"]
    : ["hop", "hop-c", "raw", "raw-c"];
  t.deepEqual(
    report.hops.map((row) => row.case),
    wanted,
  );
});

test("the ring bench refuses a cpu that is not there", async (t) => {
  const run = promisify(execFile)(process.execPath, [SCRIPT, "--cpus", "0,4097"]);
  const error = await t.throwsAsync<Error & { code: number; stderr: string }>(run);
  t.is(error?.code, 2);
  t.regex(error?.stderr ?? "", /--cpus=0,4097/);
});
