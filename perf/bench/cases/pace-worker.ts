/** The paced generator's thread. */
import { workerData } from "node:worker_threads";
import { generate, type PaceJob } from "./pace.ts";
import { pinToNth } from "./pin.ts";

pinToNth(0);
generate(workerData as PaceJob);
