/** The allocation audit of perf/audit at smoke size: clean, and it sees a planted object. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import test from "ava";
import { PACKAGE_ROOT } from "../../src/core/root.ts";

const AUDIT = join(PACKAGE_ROOT, "dist", "perf", "audit", "allocation.js");
const FLAGS = ["--expose-gc", "--max-semi-space-size=64"];

function audit(...args: string[]): { status: number | null; facts: Record<string, unknown> } {
  // As in production: the assertions of NYQ_CHECKED are not what is audited.
  const env = { ...process.env, NYQ_CHECKED: "" };
  const run = spawnSync(process.execPath, [...FLAGS, AUDIT, ...args], { env });
  if (run.stdout.length === 0) throw new Error(run.stderr.toString());
  return { status: run.status, facts: JSON.parse(run.stdout.toString()) };
}

test("no thread from rx to publish allocates an object a message", (t) => {
  const { status, facts } = audit("--messages", "1000000");
  t.log(JSON.stringify(facts));
  t.is(status, 0);
});

test("the audit sees one planted object a message", (t) => {
  const { status, facts } = audit("--messages", "300000", "--plant");
  t.log(JSON.stringify(facts));
  t.is(status, 0);
  t.true(Number(facts["bytesPerMessage"]) >= 8);
});
