import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import test from "ava";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { nativeOrSkip } from "./native-or-skip.ts";

function addInWorker(id: number, count: number): Promise<number> {
  const worker = new Worker(new URL("./region-worker.js", import.meta.url), {
    workerData: { id, count },
  });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

test("the addon's version is the package's", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const text = readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8");
  t.is(native.version(), (JSON.parse(text) as { version: string }).version);
});

test("two workers and the main thread see one region, and Atomics hold between them", async (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const id = native.regionCreate(4096);
  const words = new Int32Array(native.regionMap(id));
  t.deepEqual(
    await Promise.all([addInWorker(id, 200_000), addInWorker(id, 200_000)]),
    [1024, 1024],
  );
  t.is(Atomics.load(words, 0), 400_000);
  native.regionRelease(id);
});

test("a region is zero when taken, and two maps of it are the same bytes", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const id = native.regionCreate(100_000);
  const one = new Uint8Array(native.regionMap(id));
  const two = new Uint8Array(native.regionMap(id));
  t.true(one.every((byte) => byte === 0));
  one[99_999] = 7;
  t.is(two[99_999], 7);
  t.is(one.length, 100_000);
  native.regionRelease(id);
});

test.serial("a released id is unknown, and the memory goes with its last map", async (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const stands = (): number => native.regionStats()[1] as number;
  const id = native.regionCreate(12_345_678);
  const before = stands();
  let map: Uint8Array | null = new Uint8Array(native.regionMap(id));
  native.regionRelease(id);
  t.throws(() => native.regionMap(id), { message: `regionId=${id} names no region` });
  t.throws(() => native.regionRelease(id), { message: /names no region/ });
  collect();
  map[0] = 9;
  t.is(map[0], 9);
  t.is(stands(), before);
  map = null;
  for (let i = 0; i < 50 && stands() === before; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  t.is(before - stands(), 12_345_678);
});

test("a region has 1 to 2^36 bytes, whole ones", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  native.regionRelease(native.regionCreate(1));
  t.throws(() => native.regionCreate(0), { message: "bytes=0 < 1" });
  t.throws(() => native.regionCreate(-4096), { message: "bytes=-4096 < 1" });
  t.throws(() => native.regionCreate(1.5), { message: "bytes=1.5 is not a whole number" });
  t.throws(() => native.regionCreate(Number.NaN), { message: /not a whole number/ });
  t.throws(() => native.regionCreate(2 ** 36 + 1), { message: "bytes=68719476737 > 68719476736" });
});

test("an id that never was is refused", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  for (const id of [0, -1, 1.5, 4_000_000_000, 2 ** 32]) {
    t.throws(() => native.regionMap(id), { message: /regionId=/ });
  }
});
