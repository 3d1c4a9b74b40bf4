import test from "ava";
import { BookCore } from "../../src/book/core.ts";
import {
  RecordRingReader,
  type RecordRingRef,
  RecordRingWriter,
  takeRecordRing,
} from "../../src/core/record-ring.ts";
import { C } from "../../src/metrics/counter-table.ts";
import { IMAGE_REQUEST_BYTES, ImageReader, ImageWriter } from "../../src/publish/image.ts";
import { Harness, TestClient, until } from "./harness.ts";

function pair(bytes: number, stepOrders?: number): [ImageWriter, ImageReader, RecordRingRef] {
  const ring = takeRecordRing(bytes);
  const request = new SharedArrayBuffer(IMAGE_REQUEST_BYTES);
  const writer = new ImageWriter(new RecordRingWriter(ring), request, stepOrders);
  return [writer, new ImageReader(new RecordRingReader(ring), request), ring];
}

/** Lets the bus go over the endpoint, without letting it work in between. */
function overrun(harness: Harness): void {
  harness.churn(3000, 8);
  harness.endpoint.doWork();
}

for (const [name, ringBytes, stepOrders] of [
  ["whole passes", 1 << 20, 4096],
  ["one instrument a step", 1 << 20, 1],
  ["a ring too small for two instruments", 1 << 13, 16],
] as const) {
  test(`books are rebuilt while changes go on: ${name}`, async (t) => {
    const [writer, reader] = pair(ringBytes, stepOrders);
    const harness = new Harness({ busFrames: 1024 }, { imageSource: reader }, 11);
    await harness.start();
    harness.running = false;
    const watcher = new TestClient(harness.url, "live");
    await watcher.client.connect();
    t.false(writer.isWanted());
    overrun(harness);
    t.true(harness.endpoint.state().overrun);
    t.is(harness.endpoint.state().bookHash, null);
    await until(() => watcher.closes.length === 1);
    t.is(watcher.closes[0]?.[0], 4001);
    const late = new TestClient(harness.url, "snapshot");
    await t.throwsAsync(late.client.connect(), { message: /503/ });
    t.true(writer.isWanted());
    let steps = 0;
    while (harness.endpoint.state().overrun) {
      harness.churn(3);
      writer.step(harness.core, harness.head);
      harness.churn(2);
      harness.endpoint.doWork();
      steps++;
    }
    while (harness.endpoint.doWork() > 0);
    const state = harness.endpoint.state();
    t.is(state.cursor, harness.head);
    t.is(state.bookHash, harness.core.hashHex());
    t.is(state.liveOrders, harness.core.liveOrders);
    t.is(harness.counters.get(C.ENDPOINT_OVERRUNS), 1);
    t.is(harness.counters.get(C.ENDPOINT_REBUILDS), 1);
    t.is(harness.counters.get(C.ENDPOINT_UNAPPLIED), 0);
    t.false(writer.isWanted());
    t.log(`${steps} steps`);
    await harness.stop();
  });
}

test("an overrun during the rebuild starts it again", async (t) => {
  const [writer, reader] = pair(1 << 20, 1);
  const harness = new Harness({ busFrames: 1024 }, { imageSource: reader }, 12);
  await harness.start();
  harness.running = false;
  overrun(harness);
  for (let i = 0; i < 20; i++) {
    writer.step(harness.core, harness.head);
    if (i % 3 === 0) harness.endpoint.doWork();
  }
  overrun(harness);
  t.is(harness.counters.get(C.ENDPOINT_OVERRUNS), 2);
  while (harness.endpoint.state().overrun) {
    writer.step(harness.core, harness.head);
    harness.churn(2);
    harness.endpoint.doWork();
  }
  while (harness.endpoint.doWork() > 0);
  t.is(harness.endpoint.state().bookHash, harness.core.hashHex());
  t.is(harness.counters.get(C.ENDPOINT_REBUILDS), 1);
  await harness.stop();
});

/** A frame that fits no book: the endpoint's must differ from the stage's, or the bus is wrong. */
function publishUnfit(harness: Harness): void {
  harness.publish.onCancelled(3, 1_000_000, 0, 0, 0);
  harness.publish.onBatchEnd();
  while (harness.endpoint.doWork() > 0);
}

function rebuild(harness: Harness, writer: ImageWriter): void {
  while (writer.isWanted()) {
    writer.step(harness.core, harness.head);
    harness.churn(2);
    harness.endpoint.doWork();
  }
  while (harness.endpoint.doWork() > 0);
}

test("books that a frame does not fit are not shown as good, but rebuilt", async (t) => {
  const [writer, reader] = pair(1 << 20, 16);
  const harness = new Harness({}, { imageSource: reader }, 13);
  await harness.start();
  harness.running = false;
  const watcher = new TestClient(harness.url, "live");
  await watcher.client.connect();
  harness.churn(2000);
  while (harness.endpoint.doWork() > 0);
  t.false(harness.endpoint.state().overrun);
  publishUnfit(harness);
  t.true(harness.endpoint.state().overrun);
  t.is(harness.endpoint.state().bookHash, null);
  const late = new TestClient(harness.url, "snapshot");
  await t.throwsAsync(late.client.connect(), { message: /503/ });
  rebuild(harness, writer);
  t.is(harness.endpoint.state().bookHash, harness.core.hashHex());
  t.is(harness.counters.get(C.ENDPOINT_UNAPPLIED), 1);
  t.is(harness.counters.get(C.ENDPOINT_REBUILDS), 1);
  await until(() => watcher.cursors().length === harness.head);
  t.deepEqual(watcher.closes, [], "a live client lost nothing and stays");
  await harness.stop();
});

test("books that fit nothing time and again are rebuilt once a second", async (t) => {
  const [writer, reader] = pair(1 << 20, 16);
  const harness = new Harness({}, { imageSource: reader }, 14);
  await harness.start();
  harness.running = false;
  harness.churn(2000);
  publishUnfit(harness);
  rebuild(harness, writer);
  t.false(harness.endpoint.state().overrun);
  publishUnfit(harness);
  harness.clock.advance(0.99e9);
  harness.endpoint.tick();
  t.true(harness.endpoint.state().overrun);
  t.false(writer.isWanted(), "not within the second");
  harness.clock.advance(0.01e9);
  harness.endpoint.tick();
  t.true(writer.isWanted());
  // Frames that do not fit come among the images.
  while (harness.endpoint.state().overrun && writer.isWanted()) {
    writer.step(harness.core, harness.head);
    harness.endpoint.doWork();
    publishUnfit(harness);
  }
  harness.endpoint.tick();
  t.true(harness.endpoint.state().overrun, "wrong images end no rebuild");
  t.false(writer.isWanted());
  harness.clock.advance(1e9);
  harness.endpoint.tick();
  rebuild(harness, writer);
  t.is(harness.endpoint.state().bookHash, harness.core.hashHex());
  t.is(harness.counters.get(C.ENDPOINT_REBUILDS), 2);
  await harness.stop();
});

test("a large book comes in several records and a queue keeps its order", (t) => {
  const [writer, reader] = pair(1 << 16);
  const core = new BookCore({
    orders: 4096,
    levels: 64,
    instruments: 3,
    hash: true,
    grow: false,
    scoped: true,
  });
  for (let id = 1; id <= 1500; id++) core.add(1, id & 1, id, 0, 100 + (id % 7), 0, id, 0);
  core.add(2, 0, 1, 0, 5, 0, 5, 0);
  const copy = new BookCore({
    orders: 4096,
    levels: 64,
    instruments: 3,
    hash: true,
    grow: false,
    scoped: true,
  });
  const images: [number, number][] = [];
  let complete = false;
  const listener = {
    onImage: (instrument: number, cursor: number) => images.push([instrument, cursor]),
    onImageOrder: (
      instrument: number,
      side: number,
      idLo: number,
      idHi: number,
      pxLo: number,
      pxHi: number,
      qtyLo: number,
      qtyHi: number,
    ) => copy.add(instrument, side, idLo, idHi, pxLo, pxHi, qtyLo, qtyHi),
    onImagesComplete: () => {
      complete = true;
    },
  };
  reader.request();
  for (let i = 0; i < 10; i++) {
    writer.step(core, 77 + i);
    reader.read(listener, 1000);
  }
  t.true(complete);
  t.is(copy.hashHex(), core.hashHex());
  t.deepEqual(
    images.map(([instrument]) => instrument),
    [0, 1, 2],
  );
  t.false(reader.failed());
});

test("a book that an empty ring cannot hold is given up, not tried for ever", (t) => {
  const [writer, reader] = pair(1 << 12);
  const core = new BookCore({
    orders: 4096,
    levels: 64,
    instruments: 1,
    hash: true,
    grow: false,
    scoped: true,
  });
  for (let id = 1; id <= 1000; id++) core.add(0, 0, id, 0, 100, 0, id, 0);
  reader.request();
  writer.step(core, 1);
  t.true(reader.failed());
  t.false(writer.isWanted());
});
