/**
 * One measurement in a process of its own, so that it begins with nothing compiled and nothing
 * that another one taught V8: `child.js ring BATCH SLOTS PASSES CPU_A CPU_B`, `child.js hop|raw
 * TRIPS CPU_A CPU_B`. The last line is its result; cpus of -1 pin nothing.
 *
 * Thread: main is the producer, a worker the consumer. The first passes compile; of the others the
 * median counts, for "hop" and "raw" the last.
 */
import { Worker } from "node:worker_threads";
import { tuneEngine } from "../../src/core/engine.ts";
import { loadNative } from "../../src/core/native.ts";
import { SlotRingReader, SlotRingWriter, takeSlotRing } from "../../src/core/slot-ring.ts";
import {
  BEGUN,
  DONE,
  HOP_CAPACITY,
  makeFill,
  makeFold,
  makeHop,
  makeProduce,
  type PeerJob,
  pingRaw,
  RING_CAPACITY,
  type RingKind,
  SLOT_WORDS,
  SUM,
} from "./sides.ts";

/** Passes of "hop" and "raw". */
const PASSES = 4;
/** Slots that are passed before a pass of "ring" counts. */
const COMPILING_SLOTS = 4_000_000;
/** Stamps that their own cost is taken from. */
const STAMPS_COSTED = 20_001;

/** What a child prints. */
export interface ChildResult {
  /** ns a slot, the median of the passes; of "ring". */
  readonly ns: number;
  /** One way, ns; of "hop" and "raw". */
  readonly p50: number;
  readonly p99: number;
  /** The consumer's checksum; the pinger's for "hop" and "raw". */
  readonly sum: number;
}

function percentile(sorted: Float64Array, part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] as number;
}

/** Sorted distances between stamps, ns. */
function distances(stamps: Float64Array): Float64Array {
  const out = new Float64Array(stamps.length - 1);
  for (let i = 0; i < out.length; i++) {
    out[i] = ((stamps[i + 1] as number) - (stamps[i] as number)) * 1e6;
  }
  return out.sort();
}

/** What a stamp itself costs, ns: it lies inside every round trip. */
function stampCost(): number {
  const stamps = new Float64Array(STAMPS_COSTED);
  for (let i = 0; i < stamps.length; i++) stamps[i] = performance.now();
  return percentile(distances(stamps), 0.5);
}

function jobOf(kind: RingKind, count: number, passes: number, cpu: number): PeerJob {
  const capacity = kind === "ring" ? RING_CAPACITY : HOP_CAPACITY;
  return {
    kind,
    count,
    passes,
    cpu: cpu < 0 ? null : cpu,
    to: takeSlotRing(capacity, SLOT_WORDS, null),
    from: takeSlotRing(capacity, SLOT_WORDS, null),
    sync: new SharedArrayBuffer(512),
    lines: new SharedArrayBuffer(512),
  };
}

async function measure(job: PeerJob, batch: number, counted: number): Promise<ChildResult> {
  const worker = new Worker(new URL("./peer.js", import.meta.url), { workerData: job });
  const failed = new Promise<never>((_resolve, reject) => worker.once("error", reject));
  await Promise.race([failed, new Promise((resolve) => worker.once("online", resolve))]);
  const sync = new Int32Array(job.sync);
  const lines = new Int32Array(job.lines);
  const writer = new SlotRingWriter(job.to);
  const reader = new SlotRingReader(job.from);
  const fill = makeFill(writer.words);
  const produce = makeProduce(writer, fill);
  const { ping } = makeHop(writer, reader, fill, makeFold(reader.words));
  const stamps = new Float64Array(job.count + 1);
  const ns = new Float64Array(job.passes);
  let sum = 0;
  for (let pass = 1; pass <= job.passes; pass++) {
    Atomics.store(sync, BEGUN, pass);
    const startedMs = performance.now();
    if (job.kind === "ring") produce(batch, job.count);
    else if (job.kind === "hop") sum = ping(job.count, stamps);
    else sum = pingRaw(lines, (pass - 1) * job.count, job.count, stamps);
    while (Atomics.load(sync, DONE) < pass);
    ns[pass - 1] = ((performance.now() - startedMs) * 1e6) / job.count;
    if (job.kind === "ring") sum = Atomics.load(sync, SUM);
  }
  await Promise.race([failed, new Promise((resolve) => worker.once("exit", resolve))]);
  const sorted = distances(stamps);
  const cost = job.kind === "ring" ? 0 : stampCost();
  const oneWay = (part: number): number => (percentile(sorted, part) - cost) / 2;
  const passNs = percentile(ns.subarray(job.passes - counted).sort(), 0.5);
  return { ns: passNs, p50: oneWay(0.5), p99: oneWay(0.99), sum };
}

async function main(): Promise<void> {
  // As `nyq` does.
  tuneEngine();
  const [kind = "ring", ...numbers] = process.argv.slice(2);
  const values = numbers.map(Number);
  const batch = kind === "ring" ? (values.shift() ?? 1) : 1;
  const count = values.shift() ?? 1000;
  const counted = kind === "ring" ? (values.shift() ?? 1) : 1;
  const [cpuA = -1, cpuB = -1] = values;
  if (cpuA >= 0) loadNative()?.pinThread(cpuA);
  const compiling = kind === "ring" ? Math.ceil(COMPILING_SLOTS / count) : PASSES - 1;
  // The runner passes one of the three.
  const job = jobOf(kind as RingKind, count, compiling + counted, cpuB);
  const result = await measure(job, batch, counted);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

await main();
