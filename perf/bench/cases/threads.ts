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
  /** One a pass. */
  readonly passes: readonly ShareJob[];
  /** Word 0: shares ready so far; word 1: passes that the last thread has finished. */
  readonly done: SharedArrayBuffer;
  readonly origin: ClockOrigin;
  /** Its place in the line, from 1. */
  readonly thread: number;
}

const WAIT_MS = 300_000;
/** All but the last warm up: compiling needs more than one. */
const PASSES = 5;

/** Question: ns per message when the line is cut into these threads. */
export async function threadsCase(job: MemoryJob, placement: Placement): Promise<CaseResult> {
  const input = new FileSpans(job.file);
  const feeds = [cutFeed(input, PACKET_BYTES[0]), cutFeed(input, PACKET_BYTES[1])] as const;
  const [a, b] = feeds;
  const packets = a.packets + b.packets;
  const origin = takeOrigin();
  const clock = new MonotonicClock(origin);
  const stop = takeStopWord();
  const done = new SharedArrayBuffer(8);
  const words = new Int32Array(done);
  // Shares by pass, then by thread.
  const shares = Array.from({ length: PASSES }, () => sharesOf(placement, feeds, stop));
  const workers = placement.slice(1).map((_, i) => {
    const passes = shares.map((pass) => pass[i + 1] as ShareJob);
    return startWorker({ passes, done, origin, thread: i + 1 });
  });
  pinToNth(0);
  let elapsedMs = 0;
  const mine: ShareFacts[] = [];
  for (let p = 0; p < PASSES; p++) {
    const share = new Share(shares[p]?.[0] as ShareJob, clock);
    if (share.merge === null) throw new Error("placement: the first thread has no merge");
    waitFor(words, 0, (p + 1) * workers.length);
    const whole = shorten(feeds, p < PASSES - 1 ? job.warm / input.messages : 1);
    const started = performance.now();
    mergeFeeds(a, b, share.merge, clock);
    mine.push(share.finish());
    waitFor(words, 1, p + 1);
    elapsedMs = performance.now() - started;
    whole();
  }
  const theirs = (await Promise.all(workers)).map((facts) => facts.at(-1) as ShareFacts);
  const all = [mine.at(-1) as ShareFacts, ...theirs];
  const released = all.reduce((sum, facts) => sum + facts.released, 0);
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

/** Starts a worker. @returns its facts, one a pass, when it has ended */
function startWorker(data: PlacementJob): Promise<ShareFacts[]> {
  const worker = new Worker(new URL("./placement-worker.js", import.meta.url), {
    workerData: data,
  });
  const facts: ShareFacts[] = [];
  worker.on("message", (one: ShareFacts) => facts.push(one));
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("exit", () => resolve(facts));
  });
}

function waitFor(words: Int32Array, word: number, least: number): void {
  const until = performance.now() + WAIT_MS;
  for (let seen = Atomics.load(words, word); seen < least; seen = Atomics.load(words, word)) {
    Atomics.wait(words, word, seen, 100);
    if (performance.now() > until) throw new Error("placement: a thread did not end");
  }
}
