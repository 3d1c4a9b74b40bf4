/**
 * Descriptor ring between two threads: 64-byte slots, every word written and read, handed over one
 * by one or 64 at a time; ns per slot from the first claim to the consumer's last release.
 */
import { Worker } from "node:worker_threads";
import type { SlotRingRef } from "../../src/core/slot-ring.ts";
import { SlotRingReader, SlotRingWriter, takeSlotRing } from "../../src/core/slot-ring.ts";
import type { CaseResult } from "./result.ts";

const SLOT_WORDS = 16;
const CAPACITY = 4096;

/** What the consumer is told. */
export interface RingJob {
  readonly ring: SlotRingRef;
  readonly slots: number;
  /** Word 0 becomes 1 when the consumer is ready, 2 when it is done; word 1 is its checksum. */
  readonly done: SharedArrayBuffer;
}

/** The consumer's loop; runs in the worker. */
export function consume(job: RingJob): void {
  const reader = new SlotRingReader(job.ring);
  const done = new Int32Array(job.done);
  Atomics.store(done, 0, 1);
  Atomics.notify(done, 0);
  const words = reader.words;
  let sum = 0;
  for (let left = job.slots; left > 0; ) {
    const count = reader.available();
    if (count === 0) continue;
    for (let i = 0; i < count; i++) {
      const at = reader.slot(i);
      for (let w = 0; w < SLOT_WORDS; w++) sum = (sum + (words[at + w] as number)) | 0;
    }
    reader.release(count);
    left -= count;
  }
  done[1] = sum;
  Atomics.store(done, 0, 2);
  Atomics.notify(done, 0);
}

/** Sends `slots` slots. @returns ns per slot and the checksum that the consumer must find */
function produce(job: RingJob, batch: number): { ns: number; sum: number } {
  const writer = new SlotRingWriter(job.ring);
  const done = new Int32Array(job.done);
  while (Atomics.load(done, 0) === 0) Atomics.wait(done, 0, 0);
  const words = writer.words;
  let sum = 0;
  const started = performance.now();
  let inBatch = 0;
  for (let i = 0; i < job.slots; i++) {
    let at = writer.claim();
    while (at < 0) {
      writer.publish();
      inBatch = 0;
      at = writer.claim();
    }
    for (let w = 0; w < SLOT_WORDS; w++) words[at + w] = i + w;
    sum = (sum + Math.imul(i, SLOT_WORDS) + (SLOT_WORDS * (SLOT_WORDS - 1)) / 2) | 0;
    if (++inBatch === batch) {
      writer.publish();
      inBatch = 0;
    }
  }
  writer.publish();
  while (Atomics.load(done, 0) === 1) Atomics.wait(done, 0, 1, 1);
  const ns = ((performance.now() - started) * 1e6) / job.slots;
  if (done[1] !== sum) throw new Error(`ring: the consumer's checksum ${done[1]} != ${sum}`);
  return { ns, sum };
}

/**
 * Runs the ring between this thread and a worker.
 *
 * @param batch slots a publish, 1 or 64
 * @param slots to hand over in each pass
 */
export async function runRing(batch: number, slots: number, passes: number): Promise<CaseResult> {
  const figures: number[] = [];
  let sum = 0;
  for (let pass = 0; pass < passes; pass++) {
    const ring = takeSlotRing(CAPACITY, SLOT_WORDS, null);
    const job: RingJob = { ring, slots, done: new SharedArrayBuffer(8) };
    const worker = new Worker(new URL("./ring-worker.js", import.meta.url), { workerData: job });
    const exited = new Promise((resolve, reject) => {
      worker.once("exit", resolve);
      worker.once("error", reject);
    });
    await new Promise((resolve) => worker.once("online", resolve));
    const result = produce(job, batch);
    figures.push(result.ns);
    sum = result.sum;
    await exited;
  }
  const ns = figures.at(-1) as number;
  return {
    case: `ring-${batch}`,
    unit: "slots",
    count: slots,
    nsPerUnit: ns,
    nsMedian: ns,
    nsCold: figures[0] as number,
    checksum: (sum >>> 0).toString(16),
  };
}
