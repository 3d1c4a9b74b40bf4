/** Counters, sizes, frames, errors: the small things of the core. */
import test from "ava";
import { AssertionError, assert } from "../../src/core/assert.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { ERROR_CODES, FeedError } from "../../src/core/errors.ts";
import { FramePool } from "../../src/core/frames.ts";
import {
  alignUp,
  ceilPowerOfTwo,
  highHalf,
  isPowerOfTwo,
  joinHalves,
} from "../../src/core/layout.ts";
import { printable } from "../../src/core/printable.ts";
import { SlotRingReader, SlotRingWriter, takeSlotRing } from "../../src/core/slot-ring.ts";

test("counters count in memory that another view sees", (t) => {
  const memory = takeCounters(3);
  const counters = new Counters(memory);
  counters.increment(0);
  counters.add(1, 2 ** 40);
  counters.set(2, 7);
  const other = new Counters(memory);
  t.deepEqual([other.get(0), other.get(1), other.get(2)], [1, 2 ** 40, 7]);
});

test("sizes round up to powers of two and to alignments", (t) => {
  t.deepEqual([0, 1, 2, 3, 1023, 1024, 1025].map(ceilPowerOfTwo), [1, 1, 2, 4, 1024, 1024, 2048]);
  t.is(ceilPowerOfTwo(2 ** 30), 2 ** 30);
  t.deepEqual([0, 1, 6, 8, 2.5, -2].map(isPowerOfTwo), [false, true, false, true, false, false]);
  t.is(alignUp(65, 64), 128);
});

test("halves join into the double that they were taken from", (t) => {
  for (const value of [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
    t.is(joinHalves(value | 0, highHalf(value)), value);
  }
});

test("a frame pool gives each frame once and takes it back over its free rings", (t) => {
  const ref = takeSlotRing(8, 1, null);
  const back = new SlotRingWriter(ref);
  const pool = new FramePool(4, [new SlotRingReader(ref)]);
  const taken = [pool.take(), pool.take(), pool.take(), pool.take()];
  t.deepEqual(taken.toSorted(), [0, 1, 2, 3]);
  t.is(pool.take(), -1);
  for (const frame of [2, 0]) back.words[back.claim()] = frame;
  back.publish();
  t.is(pool.take(), -1);
  pool.drainReturns();
  t.is(pool.freeCount, 2);
  t.deepEqual([pool.take(), pool.take()].toSorted(), [0, 2]);
});

test("a frame given back more often than it was taken is a broken promise", (t) => {
  const pool = new FramePool(2, []);
  t.throws(() => pool.release(0, 0), { instanceOf: AssertionError });
});

test("every error code ends with an exit code of the contract", (t) => {
  for (const [code, [exit, sentence]] of Object.entries(ERROR_CODES)) {
    t.true([1, 2, 3, 4, 78].includes(exit), code);
    t.regex(code, /^FEED_[A-Z_]+$/);
    t.regex(sentence, /^[A-Z].*\.$/);
  }
  t.is(new FeedError("FEED_MISMATCH", "x").exitCode, 3);
});

test("an assertion that holds says nothing, one that does not ends its caller", (t) => {
  t.notThrows(() => assert(true, "NEVER"));
  t.throws(() => assert(false, "ALWAYS"), { instanceOf: AssertionError, message: "ALWAYS" });
});

test("text from the wire is shown as printable ASCII or \\xNN", (t) => {
  t.is(printable(Uint8Array.of(65, 32, 126, 10, 0, 27, 92, 255)), "A ~\\x0a\\x00\\x1b\\x5c\\xff");
});
