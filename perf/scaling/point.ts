/**
 * The process of one point: `point.js PARAMETER INDEX MESSAGES SMALL`; its last line is its
 * PointResult. The clock is read once for every BLOCK messages, so a stall inside one is seen.
 */
import { BookCore } from "../../src/book/core.ts";
import { Directory, takeDirectory } from "../../src/book/directory.ts";
import { NullBookSink } from "../../src/book/null-sink.ts";
import { BookStage } from "../../src/book/stage.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { tuneEngine } from "../../src/core/engine.ts";
import { COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import type { Point } from "./parameters.ts";
import { parameters } from "./parameters.ts";
import { play, Workload } from "./workload.ts";

/** Messages between two readings of the clock. */
const BLOCK = 64;
/** Messages made and then timed in one go: a multiple of BLOCK and of the workload's cycle. */
const STRETCH = 16_640;
const SEED = 20_261_122;
const GROWING_FROM = 1024;
const DEPTH = 10;
const WARM_MESSAGES = 300_000;

/** The times of one phase. */
export interface PhaseResult {
  readonly messages: number;
  /** Processor time of the process by messages: what others do on the machine is not in it. */
  readonly ns: number;
  /** Of blocks of 64 messages. */
  readonly blockP50Us: number;
  readonly blockP999Us: number;
  readonly blockMaxUs: number;
}

/** What a point's process says. */
export interface PointResult {
  readonly fill: PhaseResult;
  readonly steady: PhaseResult;
  readonly liveOrders: number;
  readonly liveLevels: number;
  /** Peak resident bytes that the books caused, for each live order. */
  readonly bytesPerOrder: number;
  /** Of everything the sink was told and of the books at the end. */
  readonly checksum: string;
}

/** Block times in ms. */
class Phase {
  readonly #blocks: Float64Array;
  #count = 0;
  #messages = 0;
  #cpuUs = 0;

  constructor(messagesMax: number) {
    this.#blocks = new Float64Array(Math.ceil(messagesMax / BLOCK) + 1);
  }

  /** Plays what is on the tape. */
  run(work: Workload, stage: BookStage): void {
    const blocks = this.#blocks;
    const start = cpuUs();
    let before = performance.now();
    for (let from = 0; from < work.count; from += BLOCK) {
      play(work.tape, from, Math.min(from + BLOCK, work.count), stage);
      const now = performance.now();
      blocks[this.#count++] = now - before;
      before = now;
    }
    stage.onBatchEnd();
    this.#cpuUs += cpuUs() - start;
    this.#messages += work.count;
  }

  result(): PhaseResult {
    const sorted = this.#blocks.subarray(0, this.#count).sort();
    const at = (share: number): number =>
      1000 * (sorted[Math.min(this.#count - 1, Math.floor(this.#count * share))] ?? 0);
    return {
      messages: this.#messages,
      ns: (this.#cpuUs * 1000) / Math.max(1, this.#messages),
      blockP50Us: at(0.5),
      blockP999Us: at(0.999),
      blockMaxUs: at(1),
    };
  }
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function makeCore(point: Point): BookCore {
  const { orders, instruments, levels } = point.shape;
  const anchors = instruments * 2 * levels;
  const grown = { instruments, hash: false, grow: true, scoped: false };
  if (point.grow) return new BookCore({ ...grown, orders: GROWING_FROM, levels: GROWING_FROM });
  return new BookCore({ ...grown, orders: orders + 1000, levels: anchors + 1000, grow: false });
}

function checksumOf(core: BookCore, frames: number): string {
  const out = new Int32Array(DEPTH * 5);
  let sum = Math.imul(frames, 0x9e3779b1) ^ Math.imul(core.liveOrders, 0x85ebca6b);
  for (let i = 0; i < Math.min(1000, core.instrumentCapacity); i++) {
    for (let side = 0; side < 2; side++) {
      const words = 5 * core.topLevels(i, side, DEPTH, out);
      for (let w = 0; w < words; w++) sum = Math.imul(sum ^ (out[w] as number), 0x01000193);
    }
  }
  return (sum >>> 0).toString(16).padStart(8, "0");
}

function makeStage(core: BookCore, sink: NullBookSink): BookStage {
  const directory = new Directory(takeDirectory(16));
  const counters = new Counters(takeCounters(COUNTER_COUNT));
  return new BookStage({ core, sink, counters, directory });
}

/** Messages of the same kind through a small book of the same classes, so that all is compiled. */
function warmUp(point: Point, messages: number): void {
  const small = Math.min(10, point.shape.instruments);
  const levels = Math.min(200, point.shape.levels);
  const rank = Math.min(levels, point.shape.rank);
  const orders = 2 * small * levels + 10_000;
  const shape = { ...point.shape, orders, instruments: small, levels, rank };
  const stage = makeStage(makeCore({ ...point, shape }), new NullBookSink());
  const work = new Workload(shape, STRETCH, SEED + 2);
  while (work.fill()) play(work.tape, 0, work.count, stage);
  runSteady(work, stage, messages);
}

function runSteady(work: Workload, stage: BookStage, messages: number): void {
  for (let done = 0; done < messages; done += STRETCH) {
    work.steady();
    play(work.tape, 0, work.count, stage);
  }
}

function runPoint(point: Point, messages: number): PointResult {
  const { shape } = point;
  // Twice: what V8 took for the only book of the process is thrown away when a second one comes.
  for (let i = 0; i < 2; i++) warmUp(point, Math.min(messages, WARM_MESSAGES));
  const sink = new NullBookSink();
  const work = new Workload(shape, STRETCH, SEED);
  const before = process.memoryUsage.rss();
  const core = makeCore(point);
  const stage = makeStage(core, sink);
  const fill = new Phase(shape.orders + STRETCH);
  while (work.fill()) fill.run(work, stage);
  if (core.liveOrders !== shape.orders) throw new Error(`filled ${core.liveOrders} orders`);
  runSteady(work, stage, Math.min(messages, WARM_MESSAGES));
  const steady = new Phase(messages + STRETCH);
  for (let done = 0; done < messages; done += STRETCH) {
    work.steady();
    steady.run(work, stage);
  }
  if (stage.refused) throw new Error("a change was refused");
  return {
    fill: fill.result(),
    steady: steady.result(),
    liveOrders: core.liveOrders,
    liveLevels: core.liveLevels,
    bytesPerOrder: (peakRssBytes() - before - work.orderBytes) / shape.orders,
    checksum: checksumOf(core, sink.frames),
  };
}

function peakRssBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

function main(): void {
  const [name = "", index = "0", messages = "0", small = ""] = process.argv.slice(2);
  // As `nyq` does.
  tuneEngine();
  const parameter = parameters(small === "small").find((one) => one.name === name);
  const point = parameter?.points[Number(index)];
  if (point === undefined) throw new Error(`there is no point ${index} of ${name}`);
  process.stdout.write(`${JSON.stringify(runPoint(point, Number(messages)))}\n`);
}

main();
