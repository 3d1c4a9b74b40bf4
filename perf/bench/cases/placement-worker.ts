/**
 * A worker of the placement cases: in each pass it works until the thread before it has done its
 * part and the ring is empty; after the last it says what it did.
 */
import { parentPort, workerData } from "node:worker_threads";
import { MonotonicClock } from "../../../src/core/clock.ts";
import { pinToNth } from "./pin.ts";
import { Share } from "./placement.ts";
import { DONE, type PlacementJob, READY } from "./threads.ts";

const job = workerData as PlacementJob;
pinToNth(job.thread);
const words = new Int32Array(job.words);
const clock = new MonotonicClock(job.origin);
const share = new Share(job.share, clock);
const source = share.source;
if (source === null) throw new Error("placement: a worker without a source");
for (let pass = 1; pass <= job.passes; pass++) {
  if (pass > 1) share.reset();
  Atomics.add(words, READY, 1);
  Atomics.notify(words, READY);
  for (;;) {
    // Looked at before the ring: what was sent by then is in it.
    const last = Atomics.load(words, DONE + job.thread - 1) >= pass;
    const work = source.doWork();
    if (work === 0 && last) break;
    clock.update();
  }
  Atomics.store(words, DONE + job.thread, pass);
  Atomics.notify(words, DONE + job.thread);
}
parentPort?.postMessage(share.facts());
