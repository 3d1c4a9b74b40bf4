/** A feed of this process and a market's thread that keeps step with it. Thread: main. */
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { loadConfig } from "../../src/config/load.ts";
import { Counters } from "../../src/core/counters.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { C } from "../../src/metrics/counter-table.ts";
import { Feed } from "../../src/pipeline/feed.ts";
import type { ProbeSpec } from "../../src/pipeline/probe.ts";
import { Line, type LinePlan } from "./line.ts";

/**
 * Where the stages run. `main`: all on the main thread's event loop (placement inline); `inline`:
 * rx to publish on one thread that does nothing else, the endpoint on another; `threads`: a thread
 * a stage.
 */
export const LINE_PLACEMENTS = ["main", "inline", "threads"] as const;
export type LinePlacement = (typeof LINE_PLACEMENTS)[number];

/** How a rig runs. */
export interface LineRigOptions {
  readonly placement: LinePlacement;
  readonly instruments: number;
  /** null: the configuration's own. */
  readonly warmUpMessages: number | null;
  readonly packetsPerSecond: number;
  readonly faults: boolean;
  readonly probe: ProbeSpec | null;
}

/** Without a message for so long the market has died, ms. */
const STUCK_MS = 20_000;
/** Nothing moved at so many looks in a row: a thread may be without cpu for a while. */
const STILL_POLLS = 30;
const IFACE = "127.0.0.1";

/** Polls until it is so. @throws when it does not become so in time */
export async function until(done: () => boolean, timeoutMs: number, what: string): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!done()) {
    if (performance.now() > end) throw new Error(`${what}: nothing in ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A running feed and its market. */
export class LineRig {
  readonly feed: Feed;
  readonly counters: Counters;
  readonly #line: Int32Array;
  readonly #market: Worker;

  private constructor(feed: Feed, line: Int32Array, market: Worker) {
    this.feed = feed;
    this.counters = new Counters(feed.pipeline.plan.counters);
    this.#line = line;
    this.#market = market;
  }

  /** Starts both; the market waits to be let go. */
  static async start(options: LineRigOptions): Promise<LineRig> {
    const group = `239.196.${1 + (process.pid % 250)}`;
    const port = 20_000 + (process.pid % 20_000);
    const { placement, warmUpMessages, packetsPerSecond, faults, instruments } = options;
    const file = placement === "inline" ? ["audit", "one-thread.toml"] : ["soak", "feed.toml"];
    const config = loadConfig({
      file: join(PACKAGE_ROOT, "perf", ...file),
      env: {},
      sets: warmUpMessages === null ? [] : [`pipeline.warm_up_messages=${warmUpMessages}`],
      flags: [
        ["rx.a", `${group}.1:${port}`],
        ["rx.b", `${group}.2:${port}`],
        ["rx.iface", IFACE],
        ["rx.iface_b", IFACE],
        ["pipeline.placement", placement === "main" ? "inline" : "threads"],
      ],
    });
    const log = (text: string): void => void process.stderr.write(`${text}\n`);
    const feed = await Feed.start(config, log, options.probe);
    const line = new Int32Array(new SharedArrayBuffer(64));
    const words = line.buffer as SharedArrayBuffer;
    const { counters } = feed.pipeline.plan;
    const workerData: LinePlan = {
      ...{ words, counters, group, port, instruments, packetsPerSecond, faults },
    };
    const market = new Worker(new URL("./line-worker.js", import.meta.url), { workerData });
    market.on("error", (error) => {
      throw error;
    });
    return new LineRig(feed, line, market);
  }

  /** Lets the market send `packets` of each feed in all. */
  allow(packets: number): void {
    Atomics.store(this.#line, Line.TARGET, packets);
  }

  /** Messages that merge has passed on. */
  get delivered(): number {
    return this.counters.get(C.MERGE_DELIVERED_MESSAGES);
  }

  /** Waits until so many messages were passed on. */
  async pass(messages: number): Promise<void> {
    while (this.delivered < messages) {
      const before = this.delivered;
      await until(() => this.delivered > Math.min(before, messages - 1), STUCK_MS, "the market");
    }
  }

  /** Waits until everything that was allowed so far is on the bus. */
  async settle(): Promise<void> {
    const target = Atomics.load(this.#line, Line.TARGET);
    const { counters } = this;
    const received = (): boolean =>
      Atomics.load(this.#line, Line.SENT) >= target &&
      counters.get(C.RX_PACKETS_A) >= target &&
      counters.get(C.RX_PACKETS_B) >= target;
    await until(received, 600_000, "the packets");
    let before = -1;
    let still = 0;
    await until(
      () => {
        const frames = counters.get(C.PUBLISH_FRAMES);
        const decoded =
          counters.get(C.DECODE_PACKETS) === counters.get(C.MERGE_DELIVERED_PACKETS) &&
          counters.get(C.BOOK_CHANGES) === frames;
        still = decoded && frames === before ? still + 1 : 0;
        before = frames;
        return still >= STILL_POLLS;
      },
      STUCK_MS,
      "the frames",
    );
  }

  /** Ends both. */
  async stop(): Promise<void> {
    Atomics.store(this.#line, Line.STOP, 1);
    await this.#market.terminate();
    await this.feed.stop();
  }
}
