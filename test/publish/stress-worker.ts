/** Publishes as fast as it may from a thread of its own and hands out images when asked. */
import { parentPort, workerData } from "node:worker_threads";
import type { BusRef } from "../../src/core/bus.ts";
import { type RecordRingRef, RecordRingWriter } from "../../src/core/record-ring.ts";
import { ImageWriter } from "../../src/publish/image.ts";
import { Harness } from "./harness.ts";

/** What the worker is started with. */
export interface StressData {
  readonly bus: BusRef;
  readonly images: RecordRingRef;
  readonly request: SharedArrayBuffer;
  readonly seed: number;
  /** Frames between two pauses at most. */
  readonly burst: number;
  /** [0]: 1 publish no more, 2 end. */
  readonly stop: SharedArrayBuffer;
}

const { bus, images, request, seed, burst, stop } = workerData as StressData;
const harness = new Harness({}, {}, seed, bus);
const writer = new ImageWriter(new RecordRingWriter(images), request, 64);
const word = new Int32Array(stop);

while (Atomics.load(word, 0) === 0) {
  harness.churn(1 + harness.random(burst), 1 + harness.random(32));
  writer.step(harness.core, harness.head);
  if (harness.random(4) === 0) Atomics.wait(word, 0, 0, 1);
}
parentPort?.postMessage({ hash: harness.core.hashHex(), head: harness.head });
while (Atomics.load(word, 0) !== 2) {
  writer.step(harness.core, harness.head);
  Atomics.wait(word, 0, 1, 1);
}
