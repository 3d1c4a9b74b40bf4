/** The pipeline on several threads, from memory; the same stages and packets as inline. */
import { Worker } from "node:worker_threads";
import { type ClockOrigin, MonotonicClock, takeOrigin } from "../../../src/core/clock.ts";
import { takeStopWord } from "../../../src/pipeline/stop.ts";
import { cutFeed, FileSpans, PACKET_BYTES } from "../input.ts";
import type { CaseResult } from "../result.ts";
import { type MemoryJob, mergeFeeds, shorten } from "./memory.ts";
import { pinToNth } from "./pin.ts";
import {
  type Placement,
  Share,
  type ShareFacts,
  type ShareJob,
  takeStepRing,
} from "./placement.ts";

/** What a worker is given. */
export interface PlacementJob {
  readonly share: ShareJob;
  readonly passes: number;
  /** See READY and DONE. */
  readonly words: SharedArrayBuffer;
  readonly origin: ClockOrigin;
  /** Its place in the line, from 1. */
  readonly thread: number;
}

/** The word that counts how often a worker stood ready for a pass. */
export const READY = 0;
/** Where each thread's word stands: the passes that it has done. */
export const DONE = 1;
const WAIT_MS = 300_000;
/** All but the last warm up. */
const PASSES = 8;

/** Question: ns per message when the line is cut into these threads. */
export async function threadsCase(job: MemoryJob, placement: Placement): Promise<CaseResult> {
  const input = new FileSpans(job.file);
  const feeds = [cutFeed(input, PACKET_BYTES[0]), cutFeed(input, PACKET_BYTES[1])] as const;
  const [a, b] = feeds;
  const origin = takeOrigin();
  const clock = new MonotonicClock(origin);
  const buffer = new SharedArrayBuffer(4 * (DONE + placement.length));
  const words = new Int32Array(buffer);
  const shares = sharesOf(placement, feeds, takeStopWord());
  const workers = shares.slice(1).map((share, i) => {
    return startWorker({ share, passes: PASSES, words: buffer, origin, thread: i + 1 });
  });
  pinToNth(0);
  const share = new Share(shares[0] as ShareJob, clock);
  if (share.merge === null) throw new Error("placement: the first thread has no merge");
  const whole = shorten(feeds, job.warm / input.messages);
  let elapsedMs = 0;
  for (let pass = 1; pass <= PASSES; pass++) {
    if (pass > 1) share.reset();
    if (pass === PASSES) whole();
    waitFor(words, READY, pass * workers.length);
    const started = performance.now();
    mergeFeeds(a, b, share.merge, clock);
    Atomics.store(words, DONE, pass);
    waitFor(words, DONE + workers.length, pass);
    elapsedMs = performance.now() - started;
  }
  const all = [share.facts(), ...(await Promise.all(workers))];
  const released = all.reduce((sum, facts) => sum + facts.released, 0);
  const packets = a.packets + b.packets;
  if (released !== packets) throw new Error(`frames released ${released} of ${packets}`);
  const bookHash = all.find((facts) => facts.bookHash !== null)?.bookHash ?? "";
  const checksum = all.find((facts) => facts.checksum !== null)?.checksum ?? "";
  const ns = (elapsedMs * 1e6) / input.messages;
  return { unit: "messages", count: input.messages, ns, checksum, bookHash };
}

function sharesOf(
  placement: Placement,
  feeds: readonly { readonly view: { readonly ref: ShareJob["frames"][number] } }[],
  stop: SharedArrayBuffer,
): ShareJob[] {
  const frames = feeds.map((feed) => feed.view.ref);
  const rings = placement.slice(0, -1).map((stages) => takeStepRing(stages.at(-1) ?? "merge"));
  return placement.map((stages, i) => ({
    stages,
    frames,
    input: rings[i - 1] ?? null,
    output: rings[i] ?? null,
    stop,
  }));
}

/** Starts a worker. @returns its facts when it has ended */
function startWorker(workerData: PlacementJob): Promise<ShareFacts> {
  const url = new URL("./placement-worker.js", import.meta.url);
  const worker = new Worker(url, { workerData });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("placement: a worker ended without a word")));
  });
}

function waitFor(words: Int32Array, word: number, least: number): void {
  const until = performance.now() + WAIT_MS;
  for (let seen = Atomics.load(words, word); seen < least; seen = Atomics.load(words, word)) {
    Atomics.wait(words, word, seen, 100);
    if (performance.now() > until) throw new Error("placement: a thread did not end");
  }
}
