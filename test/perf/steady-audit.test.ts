/** The audit of the steady state at smoke size: clean, and it sees what is planted. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { loadNative, nativeMissing } from "../../src/core/native.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";

const AUDIT = join(PACKAGE_ROOT, "dist", "perf", "audit", "steady.js");
const SIZE = ["--messages", "600000", "--settle", "600000"];

interface Found {
  readonly ok: boolean;
  readonly missing: number;
  readonly threads: readonly {
    readonly name: string;
    readonly hot: boolean;
    readonly heapGrowthBytes: number;
    readonly collections: number;
    readonly deoptimisations: readonly { readonly place: string }[];
  }[];
}

function mayRun(t: ExecutionContext): boolean {
  if (loadNative() !== null) return true;
  t.log(`skipped: ${nativeMissing()}`);
  t.pass();
  return false;
}

function audit(...args: string[]): Found {
  // As in production: the assertions of NYQ_CHECKED are not what is audited.
  const env = { ...process.env, NYQ_CHECKED: "" };
  const run = spawnSync(process.execPath, [AUDIT, "--json", ...SIZE, ...args], { env });
  if (run.stdout.length === 0) throw new Error(run.stderr.toString());
  return JSON.parse(run.stdout.toString()) as Found;
}

for (const placement of ["inline", "threads"]) {
  test.serial(`${placement}: no hot thread grows, collects or falls back once ready`, (t) => {
    if (!mayRun(t)) return;
    // A machine that is busy with other tests may leave V8 no time to compile: then once more.
    let found = audit("--placement", placement);
    t.log(JSON.stringify(found.threads));
    if (!found.ok) found = audit("--placement", placement);
    t.true(found.ok, JSON.stringify(found));
    t.is(found.missing, 0);
    const hot = found.threads.filter((thread) => thread.hot);
    t.is(hot.length, placement === "inline" ? 1 : 6);
    for (const thread of hot) t.is(thread.collections, 0);
  });
}

test.serial("an object a message is seen on the book's thread and on no other", (t) => {
  if (!mayRun(t)) return;
  const { ok, threads } = audit("--placement", "threads", "--plant", "allocation");
  t.true(ok, JSON.stringify(threads));
  const book = threads.find(({ name }) => name === "book");
  t.true((book?.collections ?? 0) > 0 || (book?.heapGrowthBytes ?? 0) > 65_536);
});

test.serial("a deoptimisation is seen where it was planted", (t) => {
  if (!mayRun(t)) return;
  const { ok, threads } = audit("--placement", "threads", "--plant", "deoptimisation");
  t.true(ok, JSON.stringify(threads));
  const seen = threads.filter(({ deoptimisations }) =>
    deoptimisations.some(({ place }) => place.includes("nyq-mark-planted")),
  );
  t.deepEqual(
    seen.map(({ name }) => name),
    ["book"],
  );
});
