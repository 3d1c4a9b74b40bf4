/** The bus: every frame whole, an overrun told exactly once, also under a racing writer. */
import test from "ava";
import fc from "fast-check";
import {
  BUS_SLOT_BYTES,
  BUS_SLOT_WORDS,
  BusReader,
  BusWriter,
  OVERRUN,
  takeBus,
} from "../../src/core/bus.ts";
import { seeded } from "../seed.ts";
import { finished, startPeer } from "./peer.ts";

const CAPACITY = 1024;

function put(writer: BusWriter, count: number): void {
  for (let i = 0; i < count; i++) {
    const at = writer.claim();
    writer.words.fill(writer.claimedLo(), at, at + BUS_SLOT_WORDS);
  }
}

test("readers at their own pace read every frame, or are told what they missed", (t) => {
  const step = fc.record({
    write: fc.integer({ min: 0, max: 700 }),
    commit: fc.boolean(),
    reader: fc.integer({ min: 0, max: 2 }),
    read: fc.integer({ min: 1, max: 300 }),
  });
  const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const ref = takeBus(CAPACITY, null);
    const writer = new BusWriter(ref);
    const readers = [1, 1, 5].map((next) => new BusReader(ref, next));
    const out = new Uint8Array(300 * BUS_SLOT_BYTES);
    const words = new Int32Array(out.buffer);
    let written = 0;
    let committed = 0;
    for (const { write, commit, reader: r, read } of steps) {
      put(writer, write);
      written += write;
      if (commit) {
        t.is(writer.commit(), written - committed);
        committed = written;
      }
      const reader = readers[r] as BusReader;
      const next = reader.next;
      const count = reader.read(out, read);
      if (count === OVERRUN) {
        t.is(reader.overrunFrom, next);
        t.is(reader.next, reader.overrunTo + 1);
        t.true(reader.next > next && reader.next <= written);
        t.not(reader.read(out, read), OVERRUN);
      } else {
        t.is(count, Math.max(0, Math.min(read, committed - next + 1)));
        for (let i = 0; i < count; i++) {
          t.is(words[i * BUS_SLOT_WORDS], next + i);
          t.is(words[(i + 1) * BUS_SLOT_WORDS - 1], next + i);
        }
      }
      t.is(reader.head(), Math.max(committed, 0));
    }
  });
  fc.assert(property, seeded(t, 200));
});

test("frames within the capacity less the producer's stretch are always retained", (t) => {
  const ref = takeBus(CAPACITY, null);
  const writer = new BusWriter(ref);
  const reader = new BusReader(ref);
  const out = new Uint8Array(CAPACITY * BUS_SLOT_BYTES);
  for (let round = 0; round < 20; round++) {
    put(writer, CAPACITY - 257);
    writer.commit();
    t.is(reader.read(out, CAPACITY), CAPACITY - 257);
  }
});

test("a reader that starts beyond the head reads nothing until its cursor comes", (t) => {
  const ref = takeBus(CAPACITY, null);
  const writer = new BusWriter(ref);
  const reader = new BusReader(ref, 3);
  const out = new Uint8Array(10 * BUS_SLOT_BYTES);
  put(writer, 2);
  writer.commit();
  t.is(reader.read(out, 10), 0);
  t.is(reader.head(), 2);
  put(writer, 1);
  t.is(reader.read(out, 10), 0);
  writer.commit();
  t.is(reader.read(out, 10), 1);
});

test("a closed bus is finished for a reader that has read all of it", (t) => {
  const ref = takeBus(CAPACITY, null);
  const writer = new BusWriter(ref);
  const reader = new BusReader(ref);
  put(writer, 1);
  writer.close();
  t.false(reader.isFinished());
  t.is(reader.read(new Uint8Array(BUS_SLOT_BYTES), 1), 1);
  t.true(reader.isFinished());
});

for (const batch of [1, 64, 700]) {
  test(`a racing writer never shows a torn frame (batches of ${batch})`, async (t) => {
    const total = 3_000_000;
    const ref = takeBus(CAPACITY, null);
    const peer = startPeer({ kind: "bus", bus: ref, total, batch });
    const ended = finished(peer);
    const reader = new BusReader(ref);
    const out = new Uint8Array(256 * BUS_SLOT_BYTES);
    const words = new Int32Array(out.buffer);
    const pause = new Int32Array(new SharedArrayBuffer(4));
    let read = 0;
    let missed = 0;
    let overruns = 0;
    let torn = 0;
    while (reader.next <= total) {
      const next = reader.next;
      const count = reader.read(out, 256);
      if (count === OVERRUN) {
        overruns++;
        missed += reader.overrunTo - reader.overrunFrom + 1;
        if (reader.overrunFrom !== next) torn++;
        continue;
      }
      if (count === 0) Atomics.wait(pause, 0, 0, 0.01);
      for (let i = 0; i < count * BUS_SLOT_WORDS; i++) {
        if (words[i] !== next + ((i / BUS_SLOT_WORDS) | 0)) torn++;
      }
      read += count;
    }
    await ended;
    t.log(`${read} read, ${missed} missed in ${overruns} overruns`);
    t.is(torn, 0);
    t.is(read + missed, total);
    t.true(overruns > 0, "the race never overran the reader, so it proves nothing");
  });
}
