/** Entry of a pipeline worker: one thread of the plan. The supervisor is supervisor.ts. */
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../core/assert.ts";
import { errorText, FeedError } from "../core/errors.ts";
import { answerQuery, type Query } from "./queries.ts";
import type { WorkerData, WorkerMessage } from "./supervisor.ts";
import { PipelineThread } from "./thread.ts";

async function main(): Promise<void> {
  const port = parentPort;
  assert(port !== null, "WORKER_WITHOUT_PARENT");
  const post = (message: WorkerMessage): void => port.postMessage(message);
  const { plan, index, probe } = workerData as WorkerData;
  try {
    const thread = new PipelineThread(plan, index);
    const ready = await thread.open((line) => post({ type: "log", line }), probe);
    const endpoint = thread.build.endpoint;
    if (endpoint !== null) {
      port.on("message", (query: Query) => post(answerQuery(endpoint, query)));
    }
    post({ type: "ready", ready });
    const result = await thread.run();
    post({ type: "finished", result });
    port.close();
  } catch (error) {
    const code = error instanceof FeedError ? error.code : null;
    const text = error instanceof FeedError ? error.message : stackOf(error);
    post({ type: "failed", code, text });
    port.close();
    process.exitCode = 1;
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error && error.stack !== undefined ? error.stack : errorText(error);
}

await main();
