/** Several replays at a time, each inline in a thread of a job pool (piscina); offline only. */
import { Piscina } from "piscina";
import type { ErrorCode } from "../core/errors.ts";
import { FeedError } from "../core/errors.ts";
import type { ReplayFacts, ReplayOptions, ReplayOutcome } from "./replay.ts";
import { replayFile } from "./replay.ts";

/** An outcome as it crosses threads. */
interface PlainOutcome {
  readonly facts: ReplayFacts | null;
  readonly error: { readonly code: ErrorCode; readonly text: string } | null;
}

/** Starts all replays. @returns their outcomes in the order of `options` */
export function replayInPool(
  options: readonly ReplayOptions[],
  jobs: number,
): Promise<ReplayOutcome>[] {
  const pool = new Piscina({
    filename: new URL("./replay-pool.js", import.meta.url).href,
    name: "replayJob",
    minThreads: 1,
    maxThreads: Math.min(jobs, options.length),
  });
  const outcomes = options.map(async (one) => revive(await pool.run(one)));
  Promise.allSettled(outcomes).then(() => pool.destroy());
  return outcomes;
}

/** One replay; Thread: a worker of the pool. */
export async function replayJob(options: ReplayOptions): Promise<PlainOutcome> {
  try {
    const { facts, error } = await replayFile(options);
    return { facts, error: error && { code: error.code, text: error.message } };
  } catch (error) {
    if (!(error instanceof FeedError)) throw error;
    return { facts: null, error: { code: error.code, text: error.message } };
  }
}

function revive(outcome: PlainOutcome): ReplayOutcome {
  const error = outcome.error && new FeedError(outcome.error.code, outcome.error.text);
  if (outcome.facts === null) throw error ?? new Error("a replay without facts");
  return { facts: outcome.facts, error };
}
