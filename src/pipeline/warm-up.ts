/**
 * The warm-up of a thread: before the feed is ready, generated packets go through the very objects
 * that will serve it, from the receive call to the endpoint's books, and then everything is put
 * back, so that the first real packets meet compiled code and nobody sees a trace of it.
 *
 *   every thread   cycles until what feeds it has stopped and nothing comes   ─┐ a pass; the
 *                  barrier, shared counters cleared, barrier, own stages reset ─┘ second is short
 *
 * The second pass begins where a new feed begins, with code that the first one has compiled.
 * Thread: each of the pipeline's. No socket of the feed is open yet.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { C } from "../metrics/counter-table.ts";
import type { ThreadBuild } from "./build.ts";
import type { Duty } from "./loop.ts";
import type { Plan } from "./plan.ts";
import { threadOf } from "./sizes.ts";
import { StopPhase } from "./stop.ts";
import type { WarmFeed } from "./warm-up-feed.ts";

/** What the threads share while they warm up. */
export interface WarmUpPlan {
  readonly words: SharedArrayBuffer;
  /** Messages of both passes, each sent by both feeds. */
  readonly messages: number;
}

/** Sessions of each pass, as shares of all messages. */
const PASSES = [[0.1, 0.6], [0.3]] as const;
/** No warm-up takes longer, ms: what is left of it is given up. */
const MS_MAX = 8000;
/** Every so many cycles the feed's own socket class is polled, on a port that nobody sends to. */
const IDLE_EVERY = 64;
const PAUSE_MS = 0.05;

/** Words: arrivals at barriers, a word to sleep on, chunks begun by feed, passes done by thread. */
const ARRIVED = 0;
const NEVER = 1;
const CHUNKS = 2;
const DONE = 4;

/** Takes the memory of a warm-up. */
export function takeWarmUp(messages: number, threads: number): WarmUpPlan {
  return { words: new SharedArrayBuffer((DONE + threads) * 4), messages };
}

/** A thread's warm-up; made, run once and thrown away. */
export class WarmUp {
  readonly #build: ThreadBuild;
  readonly #duty: Duty;
  readonly #words: Int32Array;
  readonly #messages: number;
  readonly #senders: readonly Sender[];
  readonly #upstream: readonly number[];
  #barriers = 0;
  /** Frames that went into the bus. */
  #frames = 0;

  constructor(plan: WarmUpPlan, build: ThreadBuild, duty: Duty) {
    this.#build = build;
    this.#duty = duty;
    this.#words = new Int32Array(plan.words);
    this.#messages = plan.messages;
    this.#senders = build.warmed.map(({ warm }) => new Sender(warm, build, this.#words));
    this.#upstream = upstreamOf(build.plan, build.index);
  }

  /** Runs it. @returns a line for the log, or null on threads that bring no packets */
  run(): string | null {
    const startMs = performance.now();
    let session = 0;
    for (let pass = 0; pass < PASSES.length; pass++) {
      const shares = PASSES[pass] as readonly number[];
      const sizes = shares.map((share) => share * this.#messages);
      for (const sender of this.#senders) sender.begin(session, sizes);
      session += sizes.length;
      if (!this.#cycle(pass, startMs + MS_MAX)) return null;
      if (!this.#putBack()) return null;
    }
    const messages = this.#senders[0]?.messages;
    this.#build.endWarmUp();
    collectGarbage();
    if (messages === undefined) return null;
    const ms = Math.round(performance.now() - startMs);
    return `warmed up with ${messages} messages and ${this.#frames} frames in ${ms} ms`;
  }

  /** Runs duty cycles until nothing comes any more. @returns false when the pipeline gives up */
  #cycle(pass: number, endMs: number): boolean {
    const { stop, warmed, index } = this.#build;
    for (let cycles = 1; stop.phase() === StopPhase.RUN; cycles++) {
      // Looked at before the cycle: what it still brings was there by then.
      let last = this.#upstream.every((thread) => this.#isDone(thread, pass));
      const late = cycles % 1024 === 0 && performance.now() > endMs;
      for (const sender of this.#senders) if (!sender.send(late)) last = false;
      for (const { source, warm, idle } of warmed) {
        source.connect(idle !== null && cycles % IDLE_EVERY === 0 ? idle : warm);
      }
      if (this.#duty.cycle() > 0) continue;
      if (last) {
        Atomics.store(this.#words, DONE + index, pass + 1);
        return true;
      }
      Atomics.wait(this.#words, NEVER, 0, PAUSE_MS);
    }
    return false;
  }

  #isDone(thread: number, pass: number): boolean {
    return (this.#words[DONE + thread] as number) > pass;
  }

  /** Puts everything back, once all threads stand still. */
  #putBack(): boolean {
    const { index, counters } = this.#build;
    if (!this.#barrier()) return false;
    this.#frames += counters.get(C.PUBLISH_FRAMES);
    if (!this.#barrier()) return false;
    if (index === 0) {
      counters.reset();
      this.#words[CHUNKS] = 0;
      this.#words[CHUNKS + 1] = 0;
    }
    if (!this.#barrier()) return false;
    this.#build.reset();
    return this.#barrier();
  }

  /** Waits for all threads. @returns false when the pipeline gives up */
  #barrier(): boolean {
    const { plan, stop } = this.#build;
    const words = this.#words;
    this.#barriers++;
    Atomics.add(words, ARRIVED, 1);
    while (Atomics.load(words, ARRIVED) < this.#barriers * plan.threads.length) {
      if (stop.phase() !== StopPhase.RUN) return false;
      Atomics.wait(words, NEVER, 0, PAUSE_MS);
    }
    return true;
  }
}

/** Sends the sessions of a pass by one feed. */
class Sender {
  readonly #feed: WarmFeed;
  readonly #build: ThreadBuild;
  readonly #words: Int32Array;
  /** Messages of each session at least. */
  #sizes: readonly number[] = [];
  #session = 0;
  #next = 0;
  #ended = true;

  constructor(feed: WarmFeed, build: ThreadBuild, words: Int32Array) {
    this.#feed = feed;
    this.#build = build;
    this.#words = words;
  }

  get messages(): number {
    return this.#feed.messages;
  }

  begin(firstSession: number, sizes: readonly number[]): void {
    this.#sizes = sizes;
    this.#session = firstSession;
    this.#next = 0;
    this.#ended = true;
  }

  /**
   * Gets more ready when all was polled.
   *
   * @param late true to begin nothing any more
   * @returns true when everything was sent
   */
  send(late: boolean): boolean {
    const feed = this.#feed;
    if (late) this.#next = this.#sizes.length;
    if (!feed.isEmpty) return false;
    if (this.#ended) {
      if (this.#next === this.#sizes.length) return true;
      feed.begin(this.#session + this.#next);
      this.#ended = false;
    }
    const size = this.#sizes[this.#next] ?? 0;
    if (feed.sessionMessages >= size) {
      feed.end();
      this.#ended = true;
      this.#next = Math.min(this.#next + 1, this.#sizes.length);
    } else if (this.#mayBegin()) {
      Atomics.add(this.#words, CHUNKS + feed.feed, 1);
      feed.next();
    }
    return false;
  }

  /** The feeds keep step, and the endpoint keeps up. */
  #mayBegin(): boolean {
    const words = this.#words;
    const { plan, counters } = this.#build;
    const own = Atomics.load(words, CHUNKS + this.#feed.feed);
    const alone = plan.config.rx.b === null;
    if (!alone && Atomics.load(words, CHUNKS + 1 - this.#feed.feed) < own) return false;
    const read = counters.get(C.ENDPOINT_FRAMES) + counters.get(C.ENDPOINT_OVERRUN_FRAMES);
    return counters.get(C.PUBLISH_FRAMES) - read <= plan.config.publish.busFrames / 4;
  }
}

/** Threads that bring packets, events or frames to this one. */
function upstreamOf(plan: Plan, index: number): number[] {
  const threads = plan.steps
    .filter(({ to }) => threadOf(plan.threads, to) === index)
    .map(({ from }) => threadOf(plan.threads, from));
  if (index === threadOf(plan.threads, "endpoint")) {
    threads.push(threadOf(plan.threads, "publish"));
  }
  return [...new Set(threads)].filter((thread) => thread !== index);
}

/**
 * Takes away what starting up has left behind, so that no collection comes later on its account.
 * V8's collector is reached by a flag only; the thread's own globals stay as they are.
 */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (kind: { type: "major" | "minor" }) => void;
  collect({ type: "major" });
}
