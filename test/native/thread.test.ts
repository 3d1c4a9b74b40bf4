import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import test from "ava";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { nativeOrSkip } from "./native-or-skip.ts";

const IS_ROOT = process.getuid?.() === 0;

interface Outcomes {
  readonly allowed: number[];
  readonly pinned: number[][];
  readonly [key: string]: unknown;
}

function runWorker(): Promise<Outcomes> {
  const worker = new Worker(new URL("./thread-worker.js", import.meta.url));
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

test("a thread is pinned to each cpu it may use, and others are refused with the reason", async (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const mine = native.allowedCpus();
  const seen = await runWorker();
  t.deepEqual(seen.allowed, mine);
  t.deepEqual(
    seen.pinned,
    mine.map((cpu) => [cpu]),
  );
  t.regex(String(seen["pinAbsent"]), /^pin to cpu 1023: Invalid argument/);
  t.is(seen["pinTooHigh"], "cpu=1024 > 1023");
  t.is(seen["pinNegative"], "cpu=-1 < 0");
  t.deepEqual(native.allowedCpus(), mine, "the main thread was not pinned with it");
});

test("SCHED_FIFO takes priorities 1 to 99", async (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const seen = await runWorker();
  t.is(seen["fifoLow"], "priority=0 < 1");
  t.is(seen["fifoHigh"], "priority=100 > 99");
  if (IS_ROOT) t.is(seen["fifo"], "done");
  else t.log(`not root: SCHED_FIFO gave ${String(seen["fifo"])}`);
});

test("a thread's name has 15 bytes at most and shows in /proc", async (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const seen = await runWorker();
  t.is(seen["name"], "done");
  t.true((seen["names"] as string[]).includes("nyq-fifteen-byt"));
  t.is(seen["nameLong"], "thread name of 16 bytes > 15");
  t.is(seen["nameNul"], "thread name holds a NUL byte");
});

/** Runs a script in a process of its own, with `native` and `locked()` (kB) at hand. */
function runLocked(body: string): { status: number | null; stdout: string; stderr: string } {
  const script = `
    const native = require(${JSON.stringify(join(PACKAGE_ROOT, "native", "nyquestro.node"))});
    const locked = () => Number(/VmLck:\\s*(\\d+)/.exec(
      require("node:fs").readFileSync("/proc/self/status", "utf8"))[1]);
    ${body}`;
  return spawnSync(process.execPath, ["-e", script], { encoding: "utf8" });
}

test("locked memory shows in /proc: typed arrays and regions, earlier and later ones", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  if (!IS_ROOT) {
    t.log("skipped: not root, locking may be refused");
    t.pass();
    return;
  }
  const run = runLocked(`
    const early = new Float64Array(4 * 1048576);
    native.regionCreate(16 * 1048576);
    const before = locked();
    native.lockMemory();
    const after = locked();
    native.regionCreate(64 * 1048576);
    console.log(JSON.stringify([before, after, locked(), early.length]));`);
  t.is(run.status, 0, run.stderr);
  const [before, after, later] = JSON.parse(run.stdout) as [number, number, number];
  t.is(before, 0);
  t.true(after > (32 + 16) * 1024, `VmLck=${after} kB`);
  t.true(later - after >= 64 * 1024, `VmLck=${later} kB after ${after} kB`);
});

test("V8 frees code and heap in a process with locked memory, and workers end", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  if (!IS_ROOT) {
    t.log("skipped: not root, locking may be refused");
    t.pass();
    return;
  }
  // With mlockall, V8 of Node 20 to 24 ends the process here ("Check failed: 0 == ret").
  const run = runLocked(`
    const { Worker } = require("node:worker_threads");
    const churn = "for (let i = 0; i < 60; i++) {" +
      "const f = new Function('a', 'let s=' + i + ';for(let k=0;k<900;k++)s+=a*k;return s');" +
      "for (let k = 0; k < 900; k++) f(k); Array.from({ length: 20000 }, (_, j) => ({ j })); }";
    const first = new Worker(churn, { eval: true });
    native.lockMemory();
    eval(churn);
    first.on("exit", (one) => {
      native.lockMemory();
      eval(churn);
      const second = new Worker(churn, { eval: true });
      second.on("online", () => native.lockMemory());
      second.on("exit", (two) => console.log("ended", one, two));
    });`);
  t.is(run.status, 0, run.stderr);
  t.is(run.stdout, "ended 0 0\n");
});

test("clocks are the kernel's, in four words", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const words = new Int32Array(4);
  const before = process.hrtime.bigint();
  native.readClocks(words);
  const after = process.hrtime.bigint();
  const join64 = (i: number): bigint =>
    (BigInt((words[i + 1] as number) >>> 0) << 32n) | BigInt((words[i] as number) >>> 0);
  t.true(before <= join64(0) && join64(0) <= after);
  const realMs = Number(join64(2) / 1_000_000n);
  t.true(Math.abs(realMs - Date.now()) < 60_000);
  t.throws(() => native.readClocks(new Int32Array(3)), { message: "out.length=3 < 4" });
  t.throws(() => native.readClocks(new Float64Array(4) as unknown as Int32Array), {
    message: "expected an Int32Array",
  });
});
