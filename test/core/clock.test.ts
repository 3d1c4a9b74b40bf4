/** Clocks: halves that carry, one origin for all threads. */
import test from "ava";
import fc from "fast-check";
import { ManualClock, MonotonicClock, takeOrigin } from "../../src/core/clock.ts";
import { bigFromHalves } from "../../src/core/layout.ts";
import { seeded } from "../seed.ts";
import { finished, startPeer } from "./peer.ts";

test("the absolute time's halves follow the elapsed time through every carry", (t) => {
  const steps = fc.array(fc.integer({ min: 0, max: 2 ** 34 }), { maxLength: 50 });
  const property = fc.property(steps, (all) => {
    const clock = new ManualClock();
    let elapsed = 0;
    for (const ns of all) {
      clock.advance(ns);
      elapsed += ns;
      t.is(clock.elapsedNs[0], elapsed);
      const [lo = 0, hi = 0] = clock.monoWords;
      t.is(bigFromHalves(lo, hi), BigInt(elapsed));
    }
  });
  fc.assert(property, seeded(t, 100));
});

test("the absolute time is the origin plus the elapsed time", (t) => {
  for (const origin of [takeOrigin(), { lo: -1, hi: 5 }, { lo: 0x7fff_ffff, hi: 0 }]) {
    const clock = new MonotonicClock(origin);
    const [lo = 0, hi = 0] = clock.monoWords;
    const want = bigFromHalves(origin.lo, origin.hi) + BigInt(clock.elapsedNs[0] as number);
    t.is(bigFromHalves(lo, hi), want);
  }
});

test("the machine's clock never goes back and agrees with hrtime", (t) => {
  const clock = new MonotonicClock(takeOrigin());
  const before = process.hrtime.bigint();
  let last = 0;
  for (let i = 0; i < 1000; i++) {
    clock.update();
    t.true((clock.elapsedNs[0] as number) >= last);
    last = clock.elapsedNs[0] as number;
  }
  const [lo = 0, hi = 0] = clock.monoWords;
  const slackNs = 5_000_000n; // The two clocks are read one after the other, on a busy machine.
  t.true(bigFromHalves(lo, hi) >= before - slackNs);
  t.true(bigFromHalves(lo, hi) <= process.hrtime.bigint() + slackNs);
});

test("a worker's clock with the same origin reads between two readings of this thread", async (t) => {
  const origin = takeOrigin();
  const clock = new MonotonicClock(origin);
  const out = new SharedArrayBuffer(8);
  const before = clock.elapsedNs[0] as number;
  await finished(startPeer({ kind: "clock", origin, out }));
  clock.update();
  const theirs = new Float64Array(out)[0] as number;
  const slackNs = 5_000_000;
  t.true(theirs >= before - slackNs && theirs <= (clock.elapsedNs[0] as number) + slackNs);
});
