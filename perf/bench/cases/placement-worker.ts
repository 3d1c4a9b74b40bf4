/**
 * A worker of the placement cases: for each pass it builds its share, spins until the ring before
 * it ends, says that it is done and, when all are, what it did.
 */
import { parentPort, workerData } from "node:worker_threads";
import { MonotonicClock } from "../../../src/core/clock.ts";
import { pinToNth } from "./pin.ts";
import { Share } from "./placement.ts";
import type { PlacementJob } from "./threads.ts";

const job = workerData as PlacementJob;
pinToNth(job.thread);
const done = new Int32Array(job.done);
const clock = new MonotonicClock(job.origin);
for (const pass of job.passes) {
  const share = new Share(pass, clock);
  const source = share.source;
  if (source === null) throw new Error("placement: a worker without a source");
  Atomics.add(done, 0, 1);
  Atomics.notify(done, 0);
  while (source.doWork() > 0 || !source.isFinished()) clock.update();
  // The bus and the ring behind are shown with the last batch; closing is not the pass's work.
  const last = pass.output === null;
  if (last) {
    Atomics.add(done, 1, 1);
    Atomics.notify(done, 1);
  }
  parentPort?.postMessage(share.finish());
}
