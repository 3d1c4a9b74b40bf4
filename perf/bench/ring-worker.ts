/** The consumer's thread of the ring bench. */
import { workerData } from "node:worker_threads";
import type { RingJob } from "./ring-case.ts";
import { consume } from "./ring-case.ts";

consume(workerData as RingJob);
