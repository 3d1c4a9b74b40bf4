/** The record ring against a queue, at its borders, and between two threads. */
import test from "ava";
import fc from "fast-check";
import { RecordRingReader, RecordRingWriter, takeRecordRing } from "../../src/core/record-ring.ts";
import { seeded } from "../seed.ts";
import { finished, startPeer } from "./peer.ts";

test("records of any length come out as they went in, through wraps and a full ring", (t) => {
  const command = fc.oneof(
    fc.record({ put: fc.constant(true), length: fc.integer({ min: 0, max: 1024 }) }),
    fc.record({ put: fc.constant(false), length: fc.constant(0) }),
  );
  const property = fc.property(fc.array(command, { maxLength: 300 }), (commands) => {
    const ref = takeRecordRing(4096);
    const writer = new RecordRingWriter(ref);
    const reader = new RecordRingReader(ref);
    const queue: { value: number; length: number }[] = [];
    let value = 0;
    for (const { put, length } of commands) {
      if (put) {
        const at = writer.claim(length);
        if (at < 0) continue;
        t.is(at % 8, 0);
        t.true(at + length <= 4096);
        value = (value + 1) & 0xff;
        writer.bytes.fill(value, at, at + length);
        writer.commit();
        queue.push({ value, length });
      } else {
        const at = reader.next();
        const want = queue.shift();
        t.is(at >= 0, want !== undefined);
        if (want === undefined) continue;
        t.is(reader.length, want.length);
        t.true(reader.bytes.subarray(at, at + want.length).every((byte) => byte === want.value));
        reader.release();
      }
    }
  });
  fc.assert(property, seeded(t, 300));
});

test("an empty ring takes the longest record wherever its cursors stand", (t) => {
  const ref = takeRecordRing(4096);
  const writer = new RecordRingWriter(ref);
  const reader = new RecordRingReader(ref);
  for (let i = 0; i < 1000; i++) {
    for (const length of [i % 61, writer.maxPayloadBytes]) {
      const at = writer.claim(length);
      t.true(at >= 0);
      writer.commit();
      t.is(reader.next(), at);
      t.is(reader.length, length);
      reader.release();
    }
  }
  t.is(reader.next(), -1);
});

test("a full ring refuses, and takes again when records were released", (t) => {
  const ref = takeRecordRing(4096);
  const writer = new RecordRingWriter(ref);
  const reader = new RecordRingReader(ref);
  let put = 0;
  while (writer.claim(504) >= 0) put++;
  writer.commit();
  t.is(put, 8);
  reader.next();
  reader.release();
  t.true(writer.claim(504) >= 0);
  t.is(writer.claim(0), -1);
});

test("a record longer than a quarter of the ring is a broken promise", (t) => {
  const writer = new RecordRingWriter(takeRecordRing(4096));
  t.throws(() => writer.claim(1025), { message: "RECORD_LENGTH" });
});

test("nothing is seen before its commit", (t) => {
  const ref = takeRecordRing(4096);
  const writer = new RecordRingWriter(ref);
  const reader = new RecordRingReader(ref);
  writer.claim(8);
  t.is(reader.next(), -1);
  writer.commit();
  t.true(reader.next() >= 0);
});

test("two threads pass 200,000 records in order and whole", async (t) => {
  const total = 200_000;
  const ref = takeRecordRing(8192);
  const peer = startPeer({ kind: "record-ring", ring: ref, total });
  const reader = new RecordRingReader(ref);
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let wrong = 0;
  for (let i = 0; i < total; i++) {
    let at = reader.next();
    while (at < 0) {
      Atomics.wait(pause, 0, 0, 0.01);
      at = reader.next();
    }
    const length = (i * 7919) % 900;
    if (reader.length !== length) wrong++;
    for (let b = 0; b < length; b++) if (reader.bytes[at + b] !== (i & 0xff)) wrong++;
    reader.release();
  }
  await finished(peer);
  t.is(wrong, 0);
  t.is(reader.next(), -1);
});
