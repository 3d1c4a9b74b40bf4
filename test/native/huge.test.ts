/** Huge pages: advice that reaches the kernel and changes no byte. */
import { readFileSync } from "node:fs";
import test from "ava";
import { adviseHuge } from "../../src/core/native.ts";
import { nativeOrSkip } from "./native-or-skip.ts";

const SETTING = "/sys/kernel/mm/transparent_hugepage/enabled";

/** KiB of huge pages that this process has. */
function hugeKiB(): number {
  const line = /^AnonHugePages:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/smaps_rollup", "utf8"));
  return Number(line?.[1]);
}

test.serial(
  "an advised array gets huge pages where the kernel has them, and keeps its bytes",
  (t) => {
    const native = nativeOrSkip(t);
    if (native === null) return;
    const words = new Int32Array(16 << 20);
    words[0] = 7;
    const before = hugeKiB();
    const outcome = native.adviseHuge(words);
    words.fill(9, 1);
    t.is(words[0], 7);
    t.is(words[words.length - 1], 9);
    if (readFileSync(SETTING, "utf8").includes("[never]")) {
      t.log("skipped: transparent huge pages are switched off here");
      return;
    }
    t.is(outcome, 0);
    t.true(hugeKiB() - before >= 32 << 10, "half of 64 MiB at least");
  },
);

test("an array within one page, and none at all, are no fault", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  t.is(native.adviseHuge(new Int32Array(0)), 0);
  t.is(native.adviseHuge(new Int32Array(100)), 0);
  t.notThrows(() => adviseHuge(new Int32Array(100)));
});
