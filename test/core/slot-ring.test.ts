/** The slot ring against a queue, at its borders, and between two threads. */
import test from "ava";
import fc from "fast-check";
import {
  SlotRingReader,
  SlotRingWriter,
  slotRingFill,
  takeSlotRing,
} from "../../src/core/slot-ring.ts";
import { seeded } from "../seed.ts";
import { finished, startPeer } from "./peer.ts";

test("a ring does what a bounded queue does, whatever the order of calls", (t) => {
  const command = fc.oneof(
    fc.record({ kind: fc.constant("claim" as const), count: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ kind: fc.constant("publish" as const), count: fc.constant(0) }),
    fc.record({ kind: fc.constant("release" as const), count: fc.integer({ min: 0, max: 12 }) }),
  );
  const property = fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
    const ref = takeSlotRing(8, 3, null);
    const writer = new SlotRingWriter(ref);
    const reader = new SlotRingReader(ref);
    const queue: number[] = [];
    let claimed = 0;
    let value = 0;
    for (const { kind, count } of commands) {
      if (kind === "publish") {
        t.is(writer.publish(), claimed);
        claimed = 0;
      } else if (kind === "claim") {
        for (let i = 0; i < count; i++) {
          const at = writer.claim();
          t.is(at >= 0, queue.length < 8);
          if (at < 0) break;
          value++;
          writer.words.fill(value, at, at + 3);
          queue.push(value);
          claimed++;
        }
      } else {
        const visible = queue.length - claimed;
        const available = reader.available();
        t.true(available <= visible && (available > 0 || visible === 0));
        const take = Math.min(count, available);
        for (let i = 0; i < take; i++) {
          const at = reader.slot(i);
          t.deepEqual([...reader.words.subarray(at, at + 3)], Array(3).fill(queue[i]));
        }
        reader.release(take);
        queue.splice(0, take);
      }
      t.is(slotRingFill(ref), queue.length - claimed);
      t.is(writer.fill(), queue.length);
    }
  });
  fc.assert(property, seeded(t, 200));
});

test("a ring goes on when its cursors pass 2^31 and 2^32", (t) => {
  for (const start of [0x7fff_fffd, -3]) {
    const ref = takeSlotRing(4, 1, null);
    const control = new Int32Array(ref.control);
    control[0] = start;
    control[32] = start;
    const writer = new SlotRingWriter(ref);
    const reader = new SlotRingReader(ref);
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 4; i++) writer.words[writer.claim()] = round * 4 + i;
      t.is(writer.claim(), -1);
      t.is(writer.publish(), 4);
      t.is(reader.available(), 4);
      for (let i = 0; i < 4; i++) t.is(reader.words[reader.slot(i)], round * 4 + i);
      reader.release(4);
      t.is(reader.available(), 0);
    }
  }
});

test("a closed ring is finished only when everything in it was released", (t) => {
  const ref = takeSlotRing(4, 1, null);
  const writer = new SlotRingWriter(ref);
  const reader = new SlotRingReader(ref);
  t.false(reader.isFinished());
  writer.claim();
  writer.close();
  t.false(reader.isFinished());
  t.is(reader.available(), 1);
  reader.release(1);
  t.true(reader.isFinished());
});

test("a ring whose capacity is no power of two is refused", (t) => {
  t.throws(() => takeSlotRing(6, 1, null), { message: "RING_CAPACITY_POWER_OF_TWO" });
});

test("two threads pass a million slots in order and whole", async (t) => {
  const total = 1_000_000;
  const ref = takeSlotRing(256, 4, null);
  const peer = startPeer({ kind: "slot-ring", ring: ref, total });
  const reader = new SlotRingReader(ref);
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let seen = 0;
  let wrong = 0;
  while (!reader.isFinished()) {
    const count = reader.available();
    if (count === 0) Atomics.wait(pause, 0, 0, 0.01);
    for (let i = 0; i < count; i++) {
      const at = reader.slot(i);
      for (let w = 0; w < 4; w++) if (reader.words[at + w] !== (seen ^ w)) wrong++;
      seen++;
    }
    reader.release(count);
  }
  await finished(peer);
  t.is(seen, total);
  t.is(wrong, 0);
});
