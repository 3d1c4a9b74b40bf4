/**
 * The warm-up of a thread: before the feed is ready, generated packets go through the very objects
 * that will serve it, from the receive call to the endpoint's books, and then everything is put
 * back, so that the first real packets meet compiled code and nobody sees a trace of it.
 *
 *   a pass   every thread runs its own loop until what feeds it has stopped and nothing comes;
 *            barrier, shared counters cleared, barrier, own stages reset, barrier
 *
 * There are several, because the first packets of a feed are a case of their own, and code that V8
 * compiles in one pass has to stand the beginning of the next.
 * Thread: each of the pipeline's. No socket of the feed is open yet.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Stage } from "../core/sinks.ts";
import { Field, MergeStatusWriter } from "../merge/status.ts";
import { C } from "../metrics/counter-table.ts";
import type { ThreadBuild } from "./build.ts";
import { ThreadStatus } from "./loop.ts";
import type { Plan } from "./plan.ts";
import { threadOf } from "./sizes.ts";
import { StopPhase, StopWord, takeStopWord } from "./stop.ts";
import type { WarmFeed } from "./warm-up-feed.ts";
import { rehearse } from "./warm-up-rehearsal.ts";

/** What the threads share while they warm up. */
export interface WarmUpPlan {
  readonly words: SharedArrayBuffer;
  /** Messages of both passes, each sent by both feeds. */
  readonly messages: number;
}

/** Sessions of each pass, as shares of all messages. */
const PASSES = [[0.02], [0.02, 0.04], [0.04, 0.48], [0.1, 0.1], [0.1], [0.1]] as const;
/** No warm-up takes longer, ms: what is left of it is given up. */
const MS_MAX = 15_000;
/** Every so many cycles the feed's own socket class is polled, on a port that nobody sends to. */
const IDLE_EVERY = 64;
const PAUSE_MS = 0.05;
/** How long the end of a session may take to be noticed, ms; with start "first" 50 at least. */
const SETTLE_MS = 500;
/** How often the clock is looked at, cycles. */
const LOOK_EVERY = 64;

/** Words: arrivals at barriers, a word to sleep on, chunks begun by feed, passes done by thread. */
const ARRIVED = 0;
const NEVER = 1;
const CHUNKS = 2;
const DONE = 4;

/** Takes the memory of a warm-up. */
export function takeWarmUp(messages: number, threads: number): WarmUpPlan {
  return { words: new SharedArrayBuffer((DONE + threads) * 4), messages };
}

/** Runs the thread's own loop until the word stops it. */
export type RunLoop = (stop: StopWord) => Promise<void>;

/**
 * A thread's warm-up; made, run once and thrown away. While it runs it is one of the thread's
 * stages, and looks after everything in its tick.
 */
export class WarmUp implements Stage {
  readonly #build: ThreadBuild;
  readonly #loop: RunLoop;
  /** The thread's status (loop.ts): what its cycles have done. */
  readonly #status: Float64Array;
  readonly #words: Int32Array;
  readonly #messages: number;
  readonly #senders: readonly Sender[];
  readonly #upstream: readonly number[];
  #stop = new StopWord(takeStopWord());
  #endMs = 0;
  #nowMs = 0;
  #cycles = 0;
  #barriers = 0;
  #pass = 0;
  /** Cycles since nothing more could come, and the work done before the last of them. */
  #lastFor = 0;
  #work = 0;
  /** Frames that went into the bus. */
  #frames = 0;

  constructor(plan: WarmUpPlan, build: ThreadBuild, status: Float64Array, loop: RunLoop) {
    this.#build = build;
    this.#loop = loop;
    this.#status = status;
    this.#words = new Int32Array(plan.words);
    this.#messages = plan.messages;
    this.#senders = build.warmed.map(({ warm }) => new Sender(warm, build, this.#words));
    this.#upstream = upstreamOf(build.plan, build.index);
  }

  /** Runs it. @returns a line for the log, or null on threads that bring no packets */
  async run(): Promise<string | null> {
    const startMs = performance.now();
    this.#endMs = startMs + MS_MAX;
    const { stages } = this.#build;
    stages.push(this);
    rehearse(this.#build.warmed, this.#build.plan.config.merge);
    let session = 0;
    for (const shares of PASSES) {
      const sizes = shares.map((share) => share * this.#messages);
      for (const sender of this.#senders) sender.begin(session, sizes);
      session += sizes.length;
      this.#stop = new StopWord(takeStopWord());
      this.#lastFor = 0;
      await this.#loop(this.#stop);
      if (!this.#putBack()) return null;
      this.#pass++;
    }
    stages.splice(stages.indexOf(this), 1);
    const messages = this.#senders[0]?.messages;
    this.#build.endWarmUp(this);
    collectGarbage();
    if (messages === undefined) return null;
    const ms = Math.round(performance.now() - startMs);
    return `warmed up with ${messages} messages and ${this.#frames} frames in ${ms} ms`;
  }

  /** Sends on, and ends the pass once nothing comes any more. */
  tick(): void {
    const { stop, warmed, index } = this.#build;
    this.#cycles++;
    if (this.#cycles % LOOK_EVERY === 0) this.#nowMs = performance.now();
    // Otherwise done once in a millisecond: too seldom to be compiled soon.
    this.#build.merge?.publishStatus();
    const work = this.#status[ThreadStatus.WORK] as number;
    const wasIdle = work === this.#work;
    this.#work = work;
    let last = this.#upstream.every((thread) => this.#isDone(thread));
    for (const sender of this.#senders) {
      if (!sender.send(this.#nowMs, this.#endMs)) last = false;
    }
    for (const { source, warm, idle } of warmed) {
      source.connect(idle !== null && this.#cycles % IDLE_EVERY === 0 ? idle : warm);
    }
    // A tick sees the work of the cycles before its own: what was there then has come through.
    this.#lastFor = last ? this.#lastFor + 1 : 0;
    const done = this.#lastFor > 2 && wasIdle;
    if (done) Atomics.store(this.#words, DONE + index, this.#pass + 1);
    if (done || stop.phase() !== StopPhase.RUN) this.#stop.raise(StopPhase.NOW);
  }

  #isDone(thread: number): boolean {
    return Atomics.load(this.#words, DONE + thread) > this.#pass;
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
  /** Only read here. */
  readonly #mergeStatus: Float64Array;
  readonly #build: ThreadBuild;
  readonly #words: Int32Array;
  /** Messages of each session at least. */
  #sizes: readonly number[] = [];
  #session = 0;
  #next = 0;
  #ended = true;
  #restUntilMs = 0;

  constructor(feed: WarmFeed, build: ThreadBuild, words: Int32Array) {
    this.#feed = feed;
    this.#build = build;
    this.#words = words;
    this.#mergeStatus = new MergeStatusWriter(build.plan.mergeStatus).fields;
  }

  get messages(): number {
    return this.#feed.messages;
  }

  begin(firstSession: number, sizes: readonly number[]): void {
    this.#sizes = sizes;
    this.#session = firstSession;
    this.#next = 0;
    this.#ended = true;
    this.#restUntilMs = 0;
  }

  /**
   * Gets more ready when all was polled; past `endMs` no more.
   *
   * @returns true when everything was sent
   */
  send(nowMs: number, endMs: number): boolean {
    const feed = this.#feed;
    if (nowMs > endMs) this.#next = this.#sizes.length;
    if (!feed.isEmpty) return false;
    if (this.#ended) {
      if (this.#next === this.#sizes.length) return true;
      if (nowMs < this.#restUntilMs && !this.#endWasTaken()) return false;
      feed.begin(this.#session + this.#next);
      this.#ended = false;
    }
    const size = this.#sizes[this.#next] ?? 0;
    if (feed.sessionMessages >= size) {
      feed.end();
      this.#ended = true;
      this.#restUntilMs = nowMs + SETTLE_MS;
      this.#next = Math.min(this.#next + 1, this.#sizes.length);
    } else if (this.#mayBegin()) {
      Atomics.add(this.#words, CHUNKS + feed.feed, 1);
      feed.next();
    }
    return false;
  }

  /** Merge knows that the session is over, or is in the next already. */
  #endWasTaken(): boolean {
    const status = this.#mergeStatus;
    return status[Field.ENDED] === 1 || (status[Field.SESSIONS] as number) > this.#next;
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
 * Takes away what starting up has left behind, and ends a marking that is under way, so that no
 * collection comes later on its account. V8's collector is reached by a flag only; the thread's own
 * globals stay as they are. Without an argument it does the whole heap; `{ type: "major" }` is, in
 * the V8 of Node 20, taken for a true that asks for the young generation alone.
 */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
}
