/** The second thread of a measurement. */
import { workerData } from "node:worker_threads";
import { loadNative } from "../../src/core/native.ts";
import { type PeerJob, runPeer } from "./sides.ts";

const job = workerData as PeerJob; // Made by child.ts.
if (job.cpu !== null) loadNative()?.pinThread(job.cpu);
runPeer(job);
