import test from "ava";
import { BUS_SLOT_BYTES, BusReader, BusWriter, takeBus } from "../../src/core/bus.ts";
import { ManualClock } from "../../src/core/clock.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { HISTOGRAM_BYTES, Histogram } from "../../src/core/histogram.ts";
import { StampKind } from "../../src/core/sinks.ts";
import { C, COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import { gapMessage, heartbeatMessage } from "../../src/publish/control-frames.ts";
import { PublishStage, type PublishStageOptions } from "../../src/publish/publish-stage.ts";

function setUp(options: Partial<PublishStageOptions> = {}) {
  const ref = takeBus(1024, null);
  const clock = new ManualClock();
  // 0x0000000500000006 ns
  clock.advance(5 * 2 ** 32 + 6);
  const counters = new Counters(takeCounters(COUNTER_COUNT));
  const stage = new PublishStage({
    bus: new BusWriter(ref),
    clock,
    counters,
    latency: null,
    instruments: 100,
    ...options,
  });
  const reader = new BusReader(ref);
  const read = (): string[] => {
    const out = new Uint8Array(64 * BUS_SLOT_BYTES);
    const count = reader.read(out, 64);
    const frames: string[] = [];
    for (let i = 0; i < count; i++) {
      const at = i * BUS_SLOT_BYTES;
      const length = out[at + 3] as number;
      frames.push(Buffer.from(out.subarray(at + 2, at + 4 + length)).toString("hex"));
    }
    return frames;
  };
  return { stage, clock, counters, read };
}

// Written by hand from docs/protocols/raw-v1.md: WebSocket header, then the frame.
const HEAD = "4f427631" + "01" + "00";
const CHANNEL = "00000000";
const TIME = "0600000005000000";

test("ADD is 74 bytes as the page lays them out", (t) => {
  const { stage, read } = setUp();
  // Order id 0x8000000000000009, price -2, quantity 2^32 + 3, ask.
  stage.onAdded(7, 9, 0x80000000 | 0, 1, -2, -1, 3, 1);
  stage.onBatchEnd();
  t.deepEqual(read(), [
    "824a" +
      HEAD +
      "6400" +
      CHANNEL +
      "0700000000000000" +
      "0100000000000000" +
      "0100000000000000" +
      TIME +
      "1a000000" +
      "0900000000000080" +
      "feffffffffffffff" +
      "0300000001000000" +
      "01" +
      "00",
  ]);
});

test("MODIFY is 73 bytes as the page lays them out", (t) => {
  const { stage, read } = setUp();
  stage.onModified(7, 9, 1, 0, 0, 5, 0, 1);
  stage.onModified(8, 9, 1, 0x01020304, 0, 5, 0, 0);
  stage.onBatchEnd();
  t.deepEqual(read(), [
    "8249" +
      HEAD +
      "6500" +
      CHANNEL +
      "0700000000000000" +
      "0100000000000000" +
      "0100000000000000" +
      TIME +
      "19000000" +
      "0900000001000000" +
      "0000000000000000" +
      "0500000000000000" +
      "01",
    "8249" +
      HEAD +
      "6500" +
      CHANNEL +
      "0800000000000000" +
      "0100000000000000" +
      "0200000000000000" +
      TIME +
      "19000000" +
      "0900000001000000" +
      "0403020100000000" +
      "0500000000000000" +
      "00",
  ]);
});

test("CANCEL is 65 bytes as the page lays them out", (t) => {
  const { stage, read } = setUp();
  stage.onCancelled(7, 9, 0, 300, 0);
  stage.onCancelled(7, 9, 0, 0, 0);
  stage.onBatchEnd();
  t.deepEqual(read(), [
    "8241" +
      HEAD +
      "6600" +
      CHANNEL +
      "0700000000000000" +
      "0100000000000000" +
      "0100000000000000" +
      TIME +
      "11000000" +
      "0900000000000000" +
      "2c01000000000000" +
      "00",
    "8241" +
      HEAD +
      "6600" +
      CHANNEL +
      "0700000000000000" +
      "0200000000000000" +
      "0200000000000000" +
      TIME +
      "11000000" +
      "0900000000000000" +
      "0000000000000000" +
      "00",
  ]);
});

test("EXECUTE is 81 bytes as the page lays them out, its match id unaligned", (t) => {
  const { stage, read } = setUp();
  // Match id 0xf1e2d3c4b5a69788.
  stage.onExecuted(7, 9, 0, 100, 0, 1_000_000, 0, 255, 0xb5a69788 | 0, 0xf1e2d3c4 | 0);
  stage.onBatchEnd();
  t.deepEqual(read(), [
    "8251" +
      HEAD +
      "6700" +
      CHANNEL +
      "0700000000000000" +
      "0100000000000000" +
      "0100000000000000" +
      TIME +
      "21000000" +
      "0900000000000000" +
      "6400000000000000" +
      "40420f0000000000" +
      "ff" +
      "8897a6b5c4d3e2f1",
  ]);
});

test("HEARTBEAT and GAP carry no instrument, sequence or cursor", (t) => {
  const mono = new Int32Array([6, 5]);
  t.is(
    heartbeatMessage(mono).toString("hex"),
    `8230${HEAD}0100${CHANNEL}${"00".repeat(24)}${TIME}00000000`,
  );
  t.is(
    gapMessage(mono, 3, 2 ** 32 + 4).toString("hex"),
    "8240" +
      HEAD +
      "0200" +
      CHANNEL +
      "00".repeat(24) +
      TIME +
      "10000000" +
      "0300000000000000" +
      "0400000001000000",
  );
});

test("sequences count per instrument and cursors over all of them, from 1 without holes", (t) => {
  const { stage, read } = setUp();
  for (const instrument of [3, 5, 3, 3, 5]) stage.onCancelled(instrument, 1, 0, 0, 0);
  stage.onBatchEnd();
  const fields = read().map((hex) => {
    const frame = Buffer.from(hex, "hex").subarray(2);
    return [12, 20, 28].map((offset) => Number(frame.readBigUInt64LE(offset)));
  });
  t.deepEqual(fields, [
    [3, 1, 1],
    [5, 1, 2],
    [3, 2, 3],
    [3, 3, 4],
    [5, 2, 5],
  ]);
});

test("an instrument's 64-bit id stands on the wire where one was given", (t) => {
  const ids = { lo: new Int32Array(100).fill(-2), hi: new Int32Array(100).fill(3) };
  const { stage, read } = setUp({ ids });
  stage.onCancelled(4, 1, 0, 0, 0);
  stage.onBatchEnd();
  t.is((read()[0] as string).slice(28, 44), "feffffff03000000");
});

test("readers see nothing before the batch ends", (t) => {
  const { stage, read, counters } = setUp();
  stage.onCancelled(4, 1, 0, 0, 0);
  t.deepEqual(read(), []);
  stage.onBatchEnd();
  stage.onBatchEnd();
  t.is(read().length, 1);
  t.is(counters.get(C.PUBLISH_COMMITS), 1);
  t.is(counters.get(C.PUBLISH_FRAMES), 1);
  t.is(counters.get(C.PUBLISH_BYTES), 65);
});

test("latency is taken from stamps of the same clock only, the rest is counted", (t) => {
  const latency = new Histogram(new SharedArrayBuffer(HISTOGRAM_BYTES));
  const { stage, clock, counters } = setUp({ latency });
  for (let i = 0; i < 1500; i++) stage.onPacketStart(6, 5, StampKind.NONE);
  stage.onPacketStart(6, 5, StampKind.SOFTWARE);
  stage.onPacketStart(6, 5, StampKind.HARDWARE);
  clock.advance(50);
  stage.onBatchEnd();
  t.is(latency.count(), 1500);
  // The first 1024 were measured when their room was used up, before time moved.
  t.is(latency.sum(), 476 * 50);
  t.is(counters.get(C.PUBLISH_NOT_COMPARABLE), 2);
});
