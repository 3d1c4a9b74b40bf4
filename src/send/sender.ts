/**
 * Sends messages as A/B multicast with the faults that were asked for, and tells the truth about
 * it. Serves `nyq send`, the demo and tests. Thread: the caller's event loop.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isLoopback } from "../config/address.ts";
import type { GroupAddress } from "../config/config.ts";
import { FeedError } from "../core/errors.ts";
import { MoldUdp64Writer } from "../decode/moldudp64/encoder.ts";
import { HEADER_BYTES } from "../decode/moldudp64/layout.ts";
import { BlockSplitter } from "./blocks.ts";
import { DATAGRAM_BYTES_MAX, MTU_BYTES } from "./cutter.ts";
import type { Datagram } from "./datagrams.ts";
import { type Faults, NO_FAULTS } from "./faults.ts";
import { Outbox } from "./outbox.ts";
import { Pacer } from "./pacer.ts";
import { Planner } from "./planner.ts";
import { DEFAULT_RATE, type Rate, Schedule } from "./schedule.ts";
import { openSender, type PacketSender } from "./transport.ts";
import type { Truth } from "./truth.ts";

/** What is sent, where and how. */
export interface SendOptions {
  /**
   * Length-prefixed message blocks, chunks cut anywhere. An empty chunk means: no message for a
   * while, send what you have.
   */
  readonly source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /**
   * Datagrams to be sent as they are, in place of `source`, which is not looked at then: no
   * session, no numbering of its own, no heartbeats and no end.
   */
  readonly datagrams?: AsyncIterable<readonly Datagram[]>;
  /** Name of the source, for errors. */
  readonly sourceName?: string;
  readonly a: GroupAddress;
  readonly b?: GroupAddress | null;
  readonly iface: string;
  /** Default: iface. */
  readonly ifaceB?: string;
  /** Hops; default 0 on loopback, else 1. */
  readonly ttl?: number;
  /** Default DEFAULT_RATE. */
  readonly rate?: Rate;
  /** Default "different". */
  readonly cut?: "same" | "different";
  /** 0 to 10 printable ASCII characters; default "NYQ". */
  readonly session?: string;
  /** Sequence of the first message, 1 to 2^53 - 1; default 1. */
  readonly seq?: number;
  readonly faults?: Faults;
  /** 0 to 2^50; default 1. */
  readonly seed?: number;
  /** Tell the end of the session; default true. */
  readonly end?: boolean;
  /** Called now and then with how many messages were planned. */
  readonly onProgress?: (messages: number) => void;
  /** Opens a socket; default transport.ts's openSender. For tests. */
  readonly open?: typeof openSender;
}

/** A sender that is ready to run, once. */
export interface Send {
  /** Sends everything; a raised signal ends it early, in good order. */
  run(signal?: AbortSignal): Promise<Truth>;
}

/** A heartbeat goes out after so long without a packet, ms. */
export const HEARTBEAT_MS = 1000;
const HEARTBEAT_LOOK_MS = 50;
/** End of session: how often, and how far apart, ms; together less than a second. */
export const END_COUNT = 10;
const END_EVERY_MS = 90;

/** Makes a sender; nothing is opened before run(). @throws FEED_USAGE */
export function createSend(options: SendOptions): Send {
  const run = new SendRun(options);
  return { run: (signal) => run.run(signal) };
}

class SendRun {
  readonly #options: SendOptions;
  /** null where datagrams go out as they are. */
  readonly #writer: MoldUdp64Writer | null;
  readonly #planner: Planner;
  readonly #pacer = new Pacer();
  readonly #lastSentMs = new Float64Array(2);
  readonly #senders: PacketSender[] = [];
  #outbox: Outbox | null = null;
  #beat: Promise<void> = Promise.resolve();
  #failed: unknown = null;

  constructor(options: SendOptions) {
    this.#options = options;
    const faults = options.faults ?? NO_FAULTS;
    const seq = options.datagrams === undefined ? (options.seq ?? 1) : 1;
    if (!Number.isSafeInteger(seq) || seq < 1) {
      throw new FeedError("FEED_USAGE", `seq=${seq} is not in 1 to 2^53 - 1`);
    }
    const single = (options.b ?? null) === null;
    if (single && faults.neverBoth) {
      throw new FeedError("FEED_USAGE", "drop=…:never-both needs feed b");
    }
    if (single && faults.cuts.some((cut) => cut.feed === 1)) {
      throw new FeedError("FEED_USAGE", "cut=b@… needs feed b");
    }
    const isWhole = options.datagrams !== undefined;
    this.#writer = isWhole ? null : new MoldUdp64Writer(options.session ?? "NYQ");
    this.#planner = new Planner({
      writer: this.#writer,
      feedCount: single ? 1 : 2,
      cut: options.cut ?? "different",
      seq,
      faults,
      seed: options.seed ?? 1,
      schedule: new Schedule(options.rate ?? DEFAULT_RATE),
      emit: (feed, bytes, length, dueNs) => this.#outbox?.put(feed, bytes, length, dueNs),
    });
  }

  async run(signal?: AbortSignal): Promise<Truth> {
    await this.#open();
    const packetBytes = this.#writer === null ? DATAGRAM_BYTES_MAX : MTU_BYTES;
    this.#outbox = new Outbox(this.#senders, this.#pacer, this.#lastSentMs, packetBytes);
    this.#lastSentMs.fill(performance.now());
    const timer = setInterval(() => this.#lookForIdle(), HEARTBEAT_LOOK_MS);
    try {
      const { datagrams } = this.#options;
      if (datagrams === undefined) await this.#sendAll(this.#outbox, signal);
      else await this.#sendDatagrams(datagrams, this.#outbox, signal);
      clearInterval(timer);
      await this.#beat;
      if (this.#options.end ?? true) await this.#tellEnd(this.#writer);
    } finally {
      clearInterval(timer);
      await this.#beat;
      for (const sender of this.#senders) sender.close();
    }
    if (this.#failed !== null) throw this.#failed;
    return this.#planner.truth();
  }

  async #open(): Promise<void> {
    const { a, b, iface, ifaceB } = this.#options;
    const open = this.#options.open ?? openSender;
    const ttlOf = (address: string): number => this.#options.ttl ?? (isLoopback(address) ? 0 : 1);
    this.#senders.push(await open({ ...a, iface, ttl: ttlOf(iface) }));
    const ofB = ifaceB ?? iface;
    if (b) this.#senders.push(await open({ ...b, iface: ofB, ttl: ttlOf(ofB) }));
  }

  async #sendAll(outbox: Outbox, signal: AbortSignal | undefined): Promise<void> {
    const planner = this.#planner;
    const splitter = new BlockSplitter(this.#options.sourceName ?? "source");
    const onBlock = planner.message.bind(planner);
    const chunks = untilAborted(this.#options.source, signal);
    let isWhole = true;
    for await (const chunk of chunks) {
      if (chunk.length === 0) planner.flush();
      splitter.give(chunk);
      while (splitter.next(onBlock)) {
        if (!outbox.isFull) continue;
        await outbox.flush(signal);
        if (signal?.aborted === true || this.#failed !== null) break;
      }
      await outbox.flush(signal);
      this.#options.onProgress?.(planner.next - (this.#options.seq ?? 1));
      isWhole = signal?.aborted !== true && this.#failed === null;
      if (!isWhole) break;
    }
    planner.flush();
    await outbox.flush(signal);
    if (isWhole && signal?.aborted !== true) splitter.end();
  }

  async #sendDatagrams(
    datagrams: AsyncIterable<readonly Datagram[]>,
    outbox: Outbox,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const planner = this.#planner;
    try {
      for await (const batch of untilAborted(datagrams, signal)) {
        for (const datagram of batch) {
          planner.datagram(datagram);
          if (outbox.isFull) await outbox.flush(signal);
        }
        await outbox.flush(signal);
        this.#options.onProgress?.(planner.next - 1);
        if (signal?.aborted === true || this.#failed !== null) break;
      }
    } finally {
      // Also what came before a file turned out to be broken.
      planner.flush();
      await outbox.flush(signal);
    }
  }

  /** Sends a heartbeat on each feed that was silent for a second. */
  #lookForIdle(): void {
    const writer = this.#writer;
    if (writer === null) return;
    const nowMs = performance.now();
    for (let feed = 0; feed < this.#senders.length; feed++) {
      if (nowMs - (this.#lastSentMs[feed] as number) < HEARTBEAT_MS) continue;
      this.#lastSentMs[feed] = nowMs;
      if (this.#isDead(feed)) continue;
      const bytes = new Uint8Array(HEADER_BYTES);
      writer.heartbeat(bytes, 0, this.#planner.nextOf(feed));
      this.#planner.truthOf(feed).heartbeats++;
      this.#beat = this.#beat
        .then(() => this.#sendOne(feed, bytes))
        .catch((error: unknown) => {
          this.#failed ??= error;
        });
    }
  }

  async #tellEnd(writer: MoldUdp64Writer | null): Promise<void> {
    if (writer === null) return;
    const bytes = new Uint8Array(HEADER_BYTES);
    writer.endOfSession(bytes, 0, this.#planner.next);
    for (let i = 0; i < END_COUNT; i++) {
      if (i > 0) await sleep(END_EVERY_MS);
      for (let feed = 0; feed < this.#senders.length; feed++) {
        if (this.#isDead(feed)) continue;
        await this.#sendOne(feed, bytes);
        this.#planner.truthOf(feed).endOfSession++;
      }
    }
  }

  /** True when a `cut` has the feed dead now. */
  #isDead(feed: number): boolean {
    return this.#planner.isCut(feed, this.#pacer.nowNs());
  }

  async #sendOne(feed: number, bytes: Uint8Array): Promise<void> {
    const offsets = Int32Array.of(0, bytes.length);
    await (this.#senders[feed] as PacketSender).send(bytes, offsets, 1);
  }
}

/** Chunks of the source until it ends or the signal is raised, even while the source waits. */
async function* untilAborted<T>(
  source: AsyncIterable<T> | Iterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  const stop = new Promise<null>((resolve) => {
    if (signal?.aborted === true) resolve(null);
    signal?.addEventListener("abort", () => resolve(null), { once: true });
  });
  const isAsync = Symbol.asyncIterator in source;
  const chunks = isAsync ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  try {
    while (signal?.aborted !== true) {
      const result = await Promise.race([chunks.next(), stop]);
      if (result === null || result.done === true) return;
      yield result.value;
    }
  } finally {
    // A source that waits for something cannot be closed now; it is left to its own end.
    void Promise.resolve(chunks.return?.(undefined)).catch(() => {});
  }
}
