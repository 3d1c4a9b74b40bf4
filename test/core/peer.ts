/** The other thread of the stress tests: fills a ring or the bus as fast as it can. */
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { BUS_SLOT_WORDS, type BusRef, BusWriter } from "../../src/core/bus.ts";
import type { ClockOrigin } from "../../src/core/clock.ts";
import { MonotonicClock } from "../../src/core/clock.ts";
import { type RecordRingRef, RecordRingWriter } from "../../src/core/record-ring.ts";
import { type SlotRingRef, SlotRingWriter } from "../../src/core/slot-ring.ts";

/** What the peer shall do. */
export type PeerTask =
  | { readonly kind: "slot-ring"; readonly ring: SlotRingRef; readonly total: number }
  | { readonly kind: "record-ring"; readonly ring: RecordRingRef; readonly total: number }
  | { readonly kind: "bus"; readonly bus: BusRef; readonly total: number; readonly batch: number }
  | { readonly kind: "clock"; readonly origin: ClockOrigin; readonly out: SharedArrayBuffer };

/** Starts it. */
export function startPeer(task: PeerTask): Worker {
  return new Worker(new URL("./peer.js", import.meta.url), { workerData: task });
}

/** Waits for its end. */
export function finished(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`exit ${code}`))));
  });
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0.01);
}

function fillSlotRing(ref: SlotRingRef, total: number): void {
  const writer = new SlotRingWriter(ref);
  for (let i = 0; i < total; i++) {
    let at = writer.claim();
    while (at < 0) {
      writer.publish();
      pause();
      at = writer.claim();
    }
    for (let w = 0; w < 4; w++) writer.words[at + w] = i ^ w;
    if (i % 37 === 0) writer.publish();
  }
  writer.close();
}

function fillRecordRing(ref: RecordRingRef, total: number): void {
  const writer = new RecordRingWriter(ref);
  for (let i = 0; i < total; i++) {
    const length = (i * 7919) % 900;
    let at = writer.claim(length);
    while (at < 0) {
      writer.commit();
      pause();
      at = writer.claim(length);
    }
    writer.bytes.fill(i & 0xff, at, at + length);
    if (i % 5 === 0) writer.commit();
  }
  writer.commit();
}

function fillBus(ref: BusRef, total: number, batch: number): void {
  const writer = new BusWriter(ref);
  for (let i = 1; i <= total; i++) {
    const at = writer.claim();
    for (let w = 0; w < BUS_SLOT_WORDS; w++) writer.words[at + w] = i;
    if (i % batch === 0) writer.commit();
    if (i % 65_536 === 0) pause();
  }
  writer.commit();
}

function readClock(origin: ClockOrigin, out: SharedArrayBuffer): void {
  new Float64Array(out)[0] = new MonotonicClock(origin).elapsedNs[0] as number;
}

function run(task: PeerTask): void {
  if (task.kind === "slot-ring") fillSlotRing(task.ring, task.total);
  else if (task.kind === "record-ring") fillRecordRing(task.ring, task.total);
  else if (task.kind === "bus") fillBus(task.bus, task.total, task.batch);
  else readClock(task.origin, task.out);
}

if (!isMainThread) run(workerData as PeerTask);
