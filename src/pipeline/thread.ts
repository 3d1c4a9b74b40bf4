/**
 * What happens on a pipeline thread from its start to its end, the same for a worker and for the
 * main thread: set the thread up, build its stages, run, close, tell the result.
 */
import { isMainThread } from "node:worker_threads";
import type { ThreadConfig } from "../config/config.ts";
import { FeedError } from "../core/errors.ts";
import { type IdleStrategy, makeIdle } from "../core/idle.ts";
import { loadNative, nativeMissing } from "../core/native.ts";
import type { EndpointPorts } from "../publish/endpoint.ts";
import { ThreadBuild } from "./build.ts";
import { Duty, runEvented, runPumped, runSpinning, THREAD_STATUS_DOUBLES } from "./loop.ts";
import type { Plan } from "./plan.ts";
import { type Probe, type ProbeSpec, startProbe } from "./probe.ts";
import { bookResult, type ThreadResult } from "./result.ts";
import type { StopWord } from "./stop.ts";
import { WarmUp } from "./warm-up.ts";

/** What a thread tells when it is ready for data. */
export interface ThreadReady {
  readonly notes: readonly string[];
  readonly rx: readonly { feed: number; path: string; port: number; rcvbufBytes: number }[];
  /** Where the endpoint listens, null on threads without it. */
  readonly listen: EndpointPorts | null;
}

/** A thread's share of a running pipeline. */
export class PipelineThread {
  readonly build: ThreadBuild;
  readonly #config: ThreadConfig;
  readonly #duty: Duty;
  readonly #words: Float64Array;
  /**
   * One for all loops of the thread: when the last object of a kind dies, V8 forgets what it has
   * learned of the kind, and the code that was compiled with it falls back at the next one.
   */
  readonly #idle: IdleStrategy;
  #probe: Probe | null = null;

  constructor(plan: Plan, index: number) {
    this.build = new ThreadBuild(plan, index);
    this.#config = plan.threads[index] as ThreadConfig;
    const words = new Float64Array(
      plan.threadStatus,
      index * THREAD_STATUS_DOUBLES * 8,
      THREAD_STATUS_DOUBLES,
    );
    const { clock, sources, stages } = this.build;
    this.#duty = new Duty(clock, sources, stages, words);
    this.#words = words;
    const never = this.build.stop.words.subarray(1, 2);
    this.#idle = makeIdle(this.#config.idle, never, loadNative());
  }

  /**
   * Pins, builds, warms up and opens; after it the thread waits for data.
   *
   * @param probe looks at the thread, null in production
   */
  async open(log: (line: string) => void, probe: ProbeSpec | null): Promise<ThreadReady> {
    setUpThread(this.#config);
    const build = this.build;
    build.build(log);
    // Before the warm-up, so that its stage is one that the duty cycle knows.
    this.#probe = await startProbe(probe, this);
    await this.#warmUp();
    await build.open();
    for (const { source } of build.rx) demandLoop(source.path, this.#config);
    return {
      notes: build.notes,
      rx: build.rx.map(({ feed, source }) => ({
        feed,
        path: source.path,
        port: source.port,
        rcvbufBytes: source.rcvbufBytes,
      })),
      listen: build.ports,
    };
  }

  async #warmUp(): Promise<void> {
    const build = this.build;
    const { warmUp } = build.plan;
    if (warmUp === null) return;
    const loop = (stop: StopWord): Promise<void> => this.#loop(stop);
    const note = await new WarmUp(warmUp, build, this.#words, loop).run();
    if (note !== null) build.notes.push(note);
    this.#words.fill(0);
  }

  /** Runs the loop that the thread is configured for. */
  async #loop(stop: StopWord): Promise<void> {
    const { idle, loop } = this.#config;
    if (loop === "event") {
      await runEvented(this.#duty, idle === "spin" || idle === "yield", stop);
    } else {
      runSpinning(this.#duty, this.#idle, stop);
    }
  }

  /** Runs until everything is done or the pipeline gives up. */
  async run(): Promise<ThreadResult> {
    const build = this.build;
    const file = build.rx.find((rx) => rx.fill !== null);
    if (file?.fill) await runPumped(this.#duty, file.fill, build.stop);
    else await this.#loop(build.stop);
    build.finish();
    if (build.endpoint !== null) {
      // In one thread with publish, finish() has just closed the bus: read what is left.
      while (build.endpoint.doWork() > 0);
      // Half, because the supervisor gives the whole pipeline no more than stopTimeoutMs.
      await build.endpoint.stop(build.plan.config.pipeline.stopTimeoutMs / 2);
    }
    await this.#probe?.finish();
    return bookResult(build);
  }
}

function setUpThread(config: ThreadConfig): void {
  const native = loadNative();
  // The main thread's name is the process's: it stays.
  if (!isMainThread) native?.setThreadName(`nyq-${config.name}`.slice(0, 15));
  if (config.cpu === null && config.fifo === 0) return;
  if (native === null) {
    throw new FeedError(
      "FEED_NATIVE_MISSING",
      `pipeline.thread "${config.name}" asks for a cpu or fifo; the addon is missing: ` +
        nativeMissing(),
    );
  }
  try {
    if (config.cpu !== null) native.pinThread(config.cpu);
    if (config.fifo > 0) native.setFifo(config.fifo);
  } catch (error) {
    throw new FeedError(
      "FEED_AFFINITY",
      `pipeline.thread "${config.name}" cpu=${config.cpu} fifo=${config.fifo}: ` +
        (error instanceof Error ? error.message : String(error)),
    );
  }
}

/** node:dgram hears nothing on a thread that never returns to its event loop. */
function demandLoop(path: string, { name, loop }: ThreadConfig): void {
  if (path !== "dgram" || loop === "event") return;
  throw new FeedError(
    "FEED_NATIVE_MISSING",
    `pipeline.thread "${name}" has loop="${loop}", which needs recvmmsg; rx.path fell back to ` +
      `dgram: ${nativeMissing()}`,
  );
}
