/** bench:warm and check:nodes at smoke size: what they print, no time. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { WarmAnswer } from "../../perf/warm/child.ts";
import { loadNative, nativeMissing } from "../../src/core/native.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";

function mayRun(t: ExecutionContext): boolean {
  if (loadNative() !== null) return true;
  t.log(`skipped: ${nativeMissing()}`);
  t.pass();
  return false;
}

test.serial("bench:warm counts every packet of both windows, with and without a warm-up", (t) => {
  if (!mayRun(t)) return;
  const folder = mkdtempSync(join(tmpdir(), "nyq-warm-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "warm.json");
  const program = join(PACKAGE_ROOT, "dist", "perf", "warm", "run.js");
  const size = ["--rounds", "1", "--pps", "2000", "--from", "1500", "--to", "3000"];
  const args = [program, "--placement", "inline", ...size, "--json", file];
  const run = spawnSync(process.execPath, args, { encoding: "utf8" });
  // Times are not judged here: 3 says that the first packets were slow.
  t.true(run.status === 0 || run.status === 3, run.stderr);
  const report = JSON.parse(readFileSync(file, "utf8")) as {
    readonly cases: readonly { readonly warmUp: boolean; readonly rounds: readonly WarmAnswer[] }[];
  };
  t.deepEqual(
    report.cases.map(({ warmUp }) => warmUp),
    [true, false],
  );
  for (const { rounds } of report.cases) {
    const [round] = rounds;
    t.is(round?.first.packets, 1000);
    t.is(round?.later.packets, 1500);
    t.true((round?.first.p50 ?? 0) > 0);
  }
});

test.serial("check:nodes finds one hash on this Node, in every placement", (t) => {
  if (!mayRun(t)) return;
  const program = join(PACKAGE_ROOT, "dist", "perf", "nodes", "run.js");
  const args = [program, "--json", "--packets", "500", "--warm-up", "30000"];
  const run = spawnSync(process.execPath, args, { encoding: "utf8" });
  t.is(run.status, 0, run.stderr);
  const { ok, rows } = JSON.parse(run.stdout) as {
    readonly ok: boolean;
    readonly rows: readonly { readonly way: string; readonly hash: string }[];
  };
  t.true(ok);
  t.is(rows.length, 9);
  t.is(new Set(rows.map(({ hash }) => hash)).size, 1);
});
