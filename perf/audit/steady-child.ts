/** The audited feed and its market, in a process of their own, so that flags of V8 hold for both. */
import { writeFileSync } from "node:fs";
import { tuneEngine } from "../../src/core/engine.ts";
import { C } from "../../src/metrics/counter-table.ts";
import { type LinePlacement, LineRig, until } from "./line-rig.ts";
import { FACT_DOUBLES, Fact, Phase, type Planted, type SteadyOptions } from "./steady-probe.ts";

/** What the process is asked for: its only argument, as JSON. */
export interface SteadyOrder {
  readonly placement: LinePlacement;
  readonly messages: number;
  /** Messages before the steady state. */
  readonly settle: number;
  readonly instruments: number;
  readonly warmUpMessages: number | null;
  /** Loses, swaps and repeats packets. */
  readonly faults: boolean;
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
const PACKETS_MAX = 0x7fff_ffff;

async function main(order: SteadyOrder): Promise<void> {
  tuneEngine();
  const phases = new Int32Array(new SharedArrayBuffer((1 + THREADS_MAX) * 4));
  const facts = new SharedArrayBuffer(THREADS_MAX * FACT_DOUBLES * 8);
  const options: SteadyOptions = {
    phases: phases.buffer as SharedArrayBuffer,
    facts,
    planted: order.planted,
  };
  const module = new URL("./steady-probe.js", import.meta.url).href;
  const rig = await LineRig.start({ ...order, packetsPerSecond: 0, probe: { module, options } });
  const { threads } = rig.feed.pipeline.plan;
  const enter = async (phase: number): Promise<void> => {
    Atomics.store(phases, 0, phase);
    const arrived = (): boolean => threads.every((_, i) => phases[1 + i] === phase);
    await until(arrived, ACK_TIMEOUT_MS, `phase ${phase}`);
  };
  await enter(Phase.READY);
  rig.allow(PACKETS_MAX);
  await rig.pass(order.settle);
  await enter(Phase.STEADY);
  const startMs = performance.now();
  const before = rig.delivered;
  await rig.pass(before + order.messages / 2);
  await enter(Phase.PLANTED);
  await rig.pass(before + order.messages);
  await enter(Phase.AFTER);
  const seconds = (performance.now() - startMs) / 1000;
  const messages = rig.delivered - before;
  await rig.stop();
  const rows = new Float64Array(facts);
  const answer: SteadyAnswer = {
    messages,
    seconds,
    missing: rig.counters.get(C.MERGE_MISSING_MESSAGES),
    threads: threads.map(({ name, stages }, i) => ({
      name,
      stages,
      heapGrowthBytes: rows[i * FACT_DOUBLES + Fact.HEAP_GROWTH] as number,
      collections: rows[i * FACT_DOUBLES + Fact.COLLECTIONS] as number,
    })),
  };
  writeFileSync(order.answer, JSON.stringify(answer));
}

await main(JSON.parse(process.argv[2] ?? "{}") as SteadyOrder);
