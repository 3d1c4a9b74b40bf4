/**
 * Question: how long from the moment a packet is due to its frames on the bus, at 10, 50 and 90 %
 * of what the pipeline can take? Open loop: the generator does not wait for the pipeline, and
 * latency counts from the intended send time, so a stall is paid by every packet behind it.
 *
 *   generator thread: packets ─▶ ring A, ring B ─▶ this thread: merge, decode, book, publish ─▶ bus
 */
import { Worker } from "node:worker_threads";
import { walkHashHex } from "../../../src/book/hash.ts";
import type { BusWriter } from "../../../src/core/bus.ts";
import { MonotonicClock, takeOrigin } from "../../../src/core/clock.ts";
import { FrameView, takeFrames } from "../../../src/core/frames.ts";
import { HISTOGRAM_BYTES, Histogram } from "../../../src/core/histogram.ts";
import type { Source, Stage } from "../../../src/core/sinks.ts";
import { SlotRingReader, SlotRingWriter, takeSlotRing } from "../../../src/core/slot-ring.ts";
import { FrameRouter, FreeRingOwner } from "../../../src/pipeline/frame-return.ts";
import { PACKET_SLOT_WORDS, PacketRingSource } from "../../../src/pipeline/packet-ring.ts";
import { takeStopWord } from "../../../src/pipeline/stop.ts";
import type { CaseResult } from "../result.ts";
import { makeBook, makeCounters, makeDecoder, makeMerge, makePublish } from "../stages.ts";
import type { MemoryJob } from "./memory.ts";
import { PACE_BYTES, PACE_INTERVAL_OFFSET, type PaceJob, PaceWord } from "./pace.ts";
import { pinToNth } from "./pin.ts";

const FRAME_BYTES = 2048;
const FRAMES = 4096;
/** Loads, in percent of capacity. */
const LOADS = [10, 50, 90] as const;
/** Shares of the file: compiling, capacity, then the loads: each about as long in time. */
const PHASES = [0.1, 0.15, 0.1, 0.25, 0.4] as const;
const TIMED_FROM = 2;

/** The pipeline of this thread and what it hangs on. */
class Line {
  readonly latency = new Histogram(new SharedArrayBuffer(HISTOGRAM_BYTES));
  readonly origin = takeOrigin();
  readonly clock = new MonotonicClock(this.origin);
  readonly bus: BusWriter;
  readonly frames = [0, 1].map(() => takeFrames(FRAME_BYTES, FRAMES, null));
  readonly rings = [0, 1].map(() => takeSlotRing(FRAMES, PACKET_SLOT_WORDS, null));
  readonly freeRings = [0, 1].map(() => takeSlotRing(FRAMES, 1, null));
  readonly #sources: readonly Source[];
  readonly #stages: readonly Stage[];
  readonly #book: ReturnType<typeof makeBook>;

  constructor() {
    const { clock } = this;
    const counters = makeCounters();
    const { bus, publish } = makePublish(clock, this.latency, counters);
    this.bus = bus;
    this.#book = makeBook(publish, false, counters);
    const homes = this.freeRings.map((ring) => new FreeRingOwner(new SlotRingWriter(ring)));
    const [homeA, homeB] = homes as [FreeRingOwner, FreeRingOwner];
    const owner = new FrameRouter(homeA, homeB);
    const views = this.frames.map((ref) => new FrameView(ref));
    const decoder = makeDecoder(views, owner, this.#book, counters);
    const merge = makeMerge(views, owner, decoder, clock, counters);
    this.#sources = this.rings.map((ring) => new PacketRingSource(new SlotRingReader(ring), merge));
    this.#stages = [homeA, homeB, merge];
  }

  /** One duty cycle. @returns the work done */
  cycle(): number {
    const sources = this.#sources;
    const stages = this.#stages;
    this.clock.update();
    let work = 0;
    for (let i = 0; i < sources.length; i++) work += (sources[i] as Source).doWork();
    for (let i = 0; i < stages.length; i++) (stages[i] as Stage).tick();
    return work;
  }

  bookHash(): string {
    return walkHashHex(this.#book.core);
  }
}

/** Runs cycles until the phase was sent and everything of it came out. @returns ns it took */
function runPhase(line: Line, control: Int32Array, phase: number): number {
  line.clock.update();
  const from = line.clock.elapsedNs[0] as number;
  Atomics.store(control, PaceWord.ALLOWED, phase);
  Atomics.notify(control, PaceWord.ALLOWED);
  for (let idle = 0; idle === 0; ) {
    const sent = Atomics.load(control, PaceWord.SENT) >= phase;
    const work = line.cycle();
    if (sent && work === 0) idle++;
  }
  return (line.clock.elapsedNs[0] as number) - from;
}

/** Runs the case. */
export async function latencyCase(job: MemoryJob): Promise<CaseResult> {
  const line = new Line();
  const buffer = new SharedArrayBuffer(PACE_BYTES);
  const control = new Int32Array(buffer, 0, 4);
  const interval = new Float64Array(buffer, PACE_INTERVAL_OFFSET, 1);
  const { frames, rings, freeRings, origin } = line;
  const stop = takeStopWord();
  const shared = { frames, rings, freeRings, stop, origin, control: buffer };
  const data: PaceJob = { file: job.file, phases: PHASES, ...shared };
  const worker = new Worker(new URL("./pace-worker.js", import.meta.url), { workerData: data });
  const ended = new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("exit", resolve);
  });
  await new Promise((resolve) => worker.once("online", resolve));
  pinToNth(1);
  runPhase(line, control, 1);
  const messages = control[PaceWord.MESSAGES] as number;
  // Compiling is over; the second phase says what the line can take.
  const capacityNs = runPhase(line, control, 2) / (messages * PHASES[1]);
  const extra: Record<string, number> = { capacity_ns: capacityNs };
  let [ns, count] = [0, 0];
  for (const [i, load] of LOADS.entries()) {
    line.latency.reset();
    interval[0] = (capacityNs * 100) / load;
    runPhase(line, control, TIMED_FROM + i + 1);
    extra[`at${load}_p50_ns`] = line.latency.quantile(0.5);
    extra[`at${load}_p99_ns`] = line.latency.quantile(0.99);
    extra[`at${load}_p999_ns`] = line.latency.quantile(0.999);
    if (load !== 50) continue;
    ns = line.latency.quantile(0.5);
    count = line.latency.count();
  }
  await ended;
  const checksum = `${line.bus.cursor[0]} frames`;
  return { unit: "packets", count, ns, checksum, bookHash: line.bookHash(), extra };
}
