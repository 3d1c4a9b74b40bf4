/** The process of one case: `case.js JOB`, a CaseJob as JSON; its last line is its CaseResult. */
import { tuneEngine } from "../../src/core/engine.ts";
import { latencyCase } from "./cases/latency.ts";
import { bookCase, decodeCase, mergeCase, pipelineCase, publishCase } from "./cases/memory.ts";
import { replayCase } from "./cases/replay.ts";
import { ringCase } from "./cases/ring.ts";
import { threadsCase } from "./cases/threads.ts";
import { PLACEMENTS } from "./catalog.ts";
import type { CaseResult } from "./result.ts";

/** What a case's process is told. */
export interface CaseJob {
  readonly name: string;
  /** The input; empty for a case that reads none. */
  readonly file: string;
  /** See MemoryJob. */
  readonly warm: number;
  readonly warmMs: number;
  /** Small counts everywhere: only whether it runs. */
  readonly smoke: boolean;
}

async function runCase(job: CaseJob): Promise<CaseResult> {
  const placement = PLACEMENTS[job.name];
  if (placement !== undefined) return threadsCase(job, placement);
  switch (job.name) {
    case "decode":
      return decodeCase(job);
    case "book":
      return bookCase(job, "off");
    case "book+hash":
      return bookCase(job, "incremental");
    case "book+end":
      return bookCase(job, "end");
    case "merge":
      return mergeCase(job);
    case "publish":
      return publishCase(job);
    case "pipeline":
      return pipelineCase(job, false);
    case "pipeline+hash":
      return pipelineCase(job, true);
    case "replay":
    case "replay-random":
      return replayCase(job.file);
    case "latency":
      return latencyCase(job);
    case "ring":
      return ringCase(job.smoke);
    default:
      throw new Error(`case ${job.name} does not exist`);
  }
}

// As `nyq` does.
tuneEngine();
const result = await runCase(JSON.parse(process.argv[2] ?? "") as CaseJob);
process.stdout.write(`${JSON.stringify(result)}\n`);
