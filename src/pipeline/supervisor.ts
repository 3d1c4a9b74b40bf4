/**
 * Starts, watches and stops the threads of a plan. Thread: main, which never spins.
 *
 * Stop: the stop word goes to DRAIN, sources take nothing in any more, each thread ends when
 * nothing can come to it, and closes what it writes to; so the end travels down the line. Past the
 * deadline it goes to NOW and workers are terminated.
 */
import { Worker } from "node:worker_threads";
import { assert } from "../core/assert.ts";
import { type ErrorCode, FeedError } from "../core/errors.ts";
import { deferred } from "./deferred.ts";
import type { Plan } from "./plan.ts";
import type { ProbeSpec } from "./probe.ts";
import type { Answer, EndpointQueries, Query } from "./queries.ts";
import { localQueries } from "./queries.ts";
import type { ThreadResult } from "./result.ts";
import { threadOf } from "./sizes.ts";
import { StopPhase, StopWord } from "./stop.ts";
import { PipelineThread, type ThreadReady } from "./thread.ts";

/** What a worker is started with. */
export interface WorkerData {
  readonly plan: Plan;
  readonly index: number;
  readonly probe: ProbeSpec | null;
}

/** What a worker tells. */
export type WorkerMessage =
  | { readonly type: "ready"; readonly ready: ThreadReady }
  | { readonly type: "log"; readonly line: string }
  | { readonly type: "finished"; readonly result: ThreadResult }
  | { readonly type: "failed"; readonly code: ErrorCode | null; readonly text: string }
  | Answer;

/** A running pipeline. */
export class Pipeline {
  readonly plan: Plan;
  readonly stopWord: StopWord;
  /** All threads' results, by thread; rejects when a thread dies. */
  readonly finished: Promise<readonly ThreadResult[]>;
  readonly ready: readonly ThreadReady[];
  readonly queries: EndpointQueries | null;
  /** How much of a file was read, 0 to 1; 0 where another thread reads it. */
  readonly progress: () => number;
  readonly #workers: readonly WorkerThread[];

  private constructor(
    plan: Plan,
    workers: readonly WorkerThread[],
    ready: readonly ThreadReady[],
    finished: Promise<readonly ThreadResult[]>,
    queries: EndpointQueries | null,
    progress: () => number,
  ) {
    this.plan = plan;
    this.stopWord = new StopWord(plan.stop);
    this.#workers = workers;
    this.ready = ready;
    this.finished = finished;
    this.queries = queries;
    this.progress = progress;
  }

  /**
   * Starts every thread and waits until all are ready for data.
   *
   * @param log takes one line each
   * @param probe looks at every thread; null in production
   * @throws what the first thread that could not start threw
   */
  static async start(
    plan: Plan,
    log: (line: string) => void,
    probe: ProbeSpec | null = null,
  ): Promise<Pipeline> {
    if (plan.config.pipeline.placement === "inline") return Pipeline.#startInline(plan, log, probe);
    const workers = plan.threads.map((_, index) => new WorkerThread({ plan, index, probe }, log));
    const finished = Promise.all(workers.map((worker) => worker.finished));
    finished.catch(() => {
      // Whoever awaits `finished` hears of it; a start that fails reports by `ready`.
    });
    try {
      const ready = await Promise.race([
        Promise.all(workers.map((worker) => worker.ready)),
        finished.then(() => []),
      ]);
      const endpoint = workers[threadOf(plan.threads, "endpoint")];
      return new Pipeline(plan, workers, ready, finished, endpoint?.queries() ?? null, () => 0);
    } catch (error) {
      new StopWord(plan.stop).raise(StopPhase.NOW);
      await Promise.all(workers.map((worker) => worker.terminate()));
      throw error;
    }
  }

  static async #startInline(
    plan: Plan,
    log: (line: string) => void,
    probe: ProbeSpec | null,
  ): Promise<Pipeline> {
    assert(plan.threads.length === 1, "INLINE_IS_ONE_THREAD");
    const thread = new PipelineThread(plan, 0);
    const ready = await thread.open(log, probe);
    const finished = thread.run().then((result) => [result]);
    finished.catch(() => {
      // As above.
    });
    const { endpoint } = thread.build;
    const queries = endpoint === null ? null : localQueries(endpoint);
    const progress = thread.build.rx[0]?.progress ?? (() => 0);
    return new Pipeline(plan, [], [ready], finished, queries, progress);
  }

  /** Lets everything under way finish. @throws FEED_DEADLINE when it does not in time */
  async stop(timeoutMs: number): Promise<void> {
    this.stopWord.raise(StopPhase.DRAIN);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), timeoutMs);
    });
    const outcome = await Promise.race([this.finished.then(() => "done" as const), late]);
    clearTimeout(timer);
    if (outcome === "done") return;
    await this.kill();
    throw new FeedError("FEED_DEADLINE", `stop took longer than stop_timeout_ms=${timeoutMs}`);
  }

  /** Ends every thread at once. */
  async kill(): Promise<void> {
    this.stopWord.raise(StopPhase.NOW);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
    // Inline there is no worker to await: the loop ends by itself.
    if (this.#workers.length === 0) await Promise.allSettled([this.finished]);
  }

  /** Operating-system ids are not known here; tests end a worker by its index. */
  async terminateWorker(index: number): Promise<void> {
    await this.#workers[index]?.terminate();
  }
}

/** One worker of a plan. */
class WorkerThread {
  readonly ready: Promise<ThreadReady>;
  readonly finished: Promise<ThreadResult>;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #nextId = 1;
  #dead = false;

  constructor(data: WorkerData, log: (line: string) => void) {
    const name = data.plan.threads[data.index]?.name ?? String(data.index);
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), {
      workerData: data,
      name,
      // Preloaded tools must not come along into a pinned thread, and V8's flags, which hold for
      // the whole process anyway, are refused here.
      execArgv: [],
    });
    const ready = deferred<ThreadReady>();
    const finished = deferred<ThreadResult>();
    this.ready = ready.promise;
    this.finished = finished.promise;
    let done = false;
    const fail = (error: FeedError): void => {
      ready.reject(error);
      finished.reject(error);
    };
    this.#worker.on("message", (message: WorkerMessage) => {
      if (message.type === "log") log(message.line);
      else if (message.type === "ready") ready.resolve(message.ready);
      else if (message.type === "answer") this.#waiting.get(message.id)?.(message);
      else if (message.type === "failed") {
        const code = message.code ?? "FEED_WORKER_DIED";
        const text = message.code === null ? `thread "${name}" failed: ` : "";
        fail(new FeedError(code, text + message.text));
      } else {
        done = true;
        finished.resolve(message.result);
      }
    });
    this.#worker.on("error", (error) => {
      fail(new FeedError("FEED_WORKER_DIED", `thread "${name}" died: ${error.message}`));
    });
    this.#worker.on("exit", (code) => {
      this.#dead = true;
      for (const answer of this.#waiting.values()) {
        answer({ type: "answer", id: 0, value: null, error: `thread "${name}" has ended` });
      }
      if (!done) {
        fail(new FeedError("FEED_WORKER_DIED", `thread "${name}" ended unasked, code ${code}`));
      }
    });
    this.ready.catch(() => {
      // start() awaits all of them at once; the first failure is the one that is told.
    });
    this.finished.catch(() => {
      // As above.
    });
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  /** Asks the endpoint of this thread. */
  queries(): EndpointQueries {
    const ask = <T>(method: Query["method"], ...args: number[]): Promise<T> =>
      this.#ask(method, args) as Promise<T>;
    return {
      state: () => ask("state"),
      ladder: (instrument, depth) => ask("ladder", instrument, depth),
      trades: (limit) => ask("trades", limit),
      active: (limit) => ask("active", limit),
      allowAdminPort: (port) => ask("allowAdminPort", port),
    };
  }

  #ask(method: Query["method"], args: readonly number[]): Promise<unknown> {
    if (this.#dead) return Promise.reject(new FeedError("FEED_WORKER_DIED", "endpoint has ended"));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (answer) => {
        this.#waiting.delete(id);
        if (answer.error === null) resolve(answer.value);
        else reject(new FeedError("FEED_WORKER_DIED", answer.error));
      });
      const query: Query = { id, method, args };
      this.#worker.postMessage(query);
    });
  }
}
