/** The audited feed and its market, in a process of their own, so that flags of V8 hold for both. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { loadConfig } from "../../src/config/load.ts";
import { Counters } from "../../src/core/counters.ts";
import { tuneEngine } from "../../src/core/engine.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { C } from "../../src/metrics/counter-table.ts";
import { Feed } from "../../src/pipeline/feed.ts";
import { Line, type LinePlan } from "./line.ts";
import { FACT_DOUBLES, Fact, Phase, type Planted, type SteadyOptions } from "./steady-probe.ts";

/** What the process is asked for: its only argument, as JSON. */
export interface SteadyOrder {
  readonly placement: "inline" | "threads";
  readonly messages: number;
  readonly instruments: number;
  readonly warmUpMessages: number | null;
  readonly planted: Planted;
  /** Where the answer goes. */
  readonly answer: string;
}

/** Its answer. */
export interface SteadyAnswer {
  readonly messages: number;
  readonly seconds: number;
  /** Packets that did not come; anything but 0 makes the audit worthless. */
  readonly missing: number;
  readonly threads: readonly {
    readonly name: string;
    readonly stages: readonly string[];
    readonly heapGrowthBytes: number;
    readonly collections: number;
  }[];
}

const THREADS_MAX = 16;
const ACK_TIMEOUT_MS = 10_000;
/** Without a message for so long the audit is over, ms. */
const STUCK_MS = 20_000;
const PACKETS_MAX = 0x7fff_ffff;

async function until(done: () => boolean, timeoutMs: number, what: string): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!done()) {
    if (performance.now() > end) throw new Error(`${what}: nothing in ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function main(order: SteadyOrder): Promise<void> {
  tuneEngine();
  const group = `239.196.${1 + (process.pid % 250)}`;
  const port = 20_000 + (process.pid % 20_000);
  const phases = new Int32Array(new SharedArrayBuffer((1 + THREADS_MAX) * 4));
  const facts = new SharedArrayBuffer(THREADS_MAX * FACT_DOUBLES * 8);
  const options: SteadyOptions = {
    phases: phases.buffer as SharedArrayBuffer,
    facts,
    planted: order.planted,
  };
  const warmUp = order.warmUpMessages;
  const config = loadConfig({
    file: join(PACKAGE_ROOT, "perf", "soak", "feed.toml"),
    env: {},
    sets: warmUp === null ? [] : [`pipeline.warm_up_messages=${warmUp}`],
    flags: [
      ["rx.a", `${group}.1:${port}`],
      ["rx.b", `${group}.2:${port}`],
      ["rx.iface", "127.0.0.1"],
      ["rx.iface_b", "127.0.0.1"],
      ["pipeline.placement", order.placement],
    ],
  });
  const feed = await Feed.start(config, (line) => process.stderr.write(`${line}\n`), {
    module: new URL("./steady-probe.js", import.meta.url).href,
    options,
  });
  const { plan } = feed.pipeline;
  const counters = new Counters(plan.counters);
  const line = new Int32Array(new SharedArrayBuffer(64));
  const linePlan: LinePlan = {
    words: line.buffer as SharedArrayBuffer,
    counters: plan.counters,
    group,
    port,
    instruments: order.instruments,
    packetsPerSecond: 0,
    faults: true,
  };
  const market = new Worker(new URL("./line-worker.js", import.meta.url), { workerData: linePlan });
  market.on("error", (error) => {
    throw error;
  });
  const enter = async (phase: number): Promise<void> => {
    Atomics.store(phases, 0, phase);
    const arrived = (): boolean => plan.threads.every((_, i) => phases[1 + i] === phase);
    await until(arrived, ACK_TIMEOUT_MS, `phase ${phase}`);
  };
  const delivered = (): number => counters.get(C.MERGE_DELIVERED_MESSAGES);
  const pass = async (messages: number): Promise<void> => {
    while (delivered() < messages) {
      const before = delivered();
      await until(() => delivered() > Math.min(before, messages - 1), STUCK_MS, "the market");
    }
  };
  await enter(Phase.STEADY);
  const startMs = performance.now();
  Atomics.store(line, Line.TARGET, PACKETS_MAX);
  await pass(order.messages / 2);
  await enter(Phase.PLANTED);
  await pass(order.messages);
  await enter(Phase.AFTER);
  const seconds = (performance.now() - startMs) / 1000;
  const messages = delivered();
  Atomics.store(line, Line.STOP, 1);
  await market.terminate();
  await feed.stop();
  const rows = new Float64Array(facts);
  const answer: SteadyAnswer = {
    messages,
    seconds,
    missing: counters.get(C.MERGE_MISSING_MESSAGES),
    threads: plan.threads.map(({ name, stages }, i) => ({
      name,
      stages,
      heapGrowthBytes: rows[i * FACT_DOUBLES + Fact.HEAP_GROWTH] as number,
      collections: rows[i * FACT_DOUBLES + Fact.COLLECTIONS] as number,
    })),
  };
  writeFileSync(order.answer, JSON.stringify(answer));
}

await main(JSON.parse(process.argv[2] ?? "{}") as SteadyOrder);
