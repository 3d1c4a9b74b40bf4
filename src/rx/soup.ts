/**
 * Receives one feed over SoupBinTCP: connects, logs in, and after a loss goes on at the next
 * message. Messages become frames that read as MoldUDP64 packets (session, sequence, count,
 * blocks), so merge arbitrates a TCP feed and a multicast one by the same framing.
 *
 * Thread: one with an event loop. Nothing is dropped for want of frames: the socket is then not
 * read, and TCP holds the server back.
 */
import { connect, type Socket } from "node:net";
import type { Clock } from "../core/clock.ts";
import type { Counters } from "../core/counters.ts";
import type { FramePool, FrameView } from "../core/frames.ts";
import { type PacketSink, StampKind } from "../core/sinks.ts";
import { MoldUdp64Writer } from "../decode/moldudp64/encoder.ts";
import {
  type SoupClientOptions,
  SoupClientSession,
  type SoupClientSink,
} from "../decode/soupbintcp/client-session.ts";
import { C } from "../metrics/counter-table.ts";
import { MessageFrames } from "./message-frames.ts";
import type { RxSource } from "./source.ts";

/** Bytes taken apart in one go; they need FRAMES_MIN free frames at most. */
const SLICE_BYTES = 2048;
/** Frames that a slice may fill: two of 256 bytes hold 236 of blocks at least, and control packets. */
const FRAMES_MIN = 32;
/** Bytes held before the socket is paused. */
const QUEUE_BYTES_MAX = 262_144;
const RECONNECT_FIRST_MS = 100;
const RECONNECT_MAX_MS = 5000;
const NS_PER_MS = 1e6;

/** What a source stands on. */
export interface SoupSourceOptions extends SoupClientOptions {
  readonly feed: number;
  readonly host: string;
  readonly port: number;
  readonly view: FrameView;
  readonly pool: FramePool;
  readonly sink: PacketSink;
  readonly clock: Clock;
  readonly counters: Counters;
  /** Word 0 is 0 while packets are wanted. */
  readonly stopWord: Int32Array;
  /** Told of logins and losses. */
  readonly log: (line: string) => void;
}

/** See the head of the file. */
export class SoupSource implements RxSource, SoupClientSink {
  readonly path = "soupbintcp";
  readonly port: number;
  readonly rcvbufBytes = 0;
  readonly #options: SoupSourceOptions;
  readonly #session: SoupClientSession;
  #socket: Socket | null = null;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  /** Bytes of the first queued chunk that were taken already. */
  #taken = 0;
  #writer: MoldUdp64Writer | null = null;
  readonly #frames: MessageFrames;
  #delivered = 0;
  /** True when the server's heartbeat is to be passed on, once for however many came. */
  #heartbeat = false;
  #reconnectMs = RECONNECT_FIRST_MS;
  #reconnectAtMs = -1;
  #open = true;

  /** Connects. @throws FEED_USAGE when user name, password or session do not fit the wire */
  constructor(options: SoupSourceOptions) {
    this.port = options.port;
    this.#options = options;
    this.#frames = new MessageFrames(options.view, options.pool, this.#hand.bind(this));
    this.#session = new SoupClientSession(options, this);
    this.#connect();
  }

  tick(): void {
    if (!this.#open || this.#isStopped()) return;
    const now = this.#nowMs();
    this.#session.tick(now);
    if (this.#reconnectAtMs >= 0 && now >= this.#reconnectAtMs) this.#connect();
  }

  isFinished(): boolean {
    return this.#queuedBytes === 0 && (!this.#open || this.#isStopped());
  }

  /** Takes apart what came, as far as there are frames. @returns packets handed on */
  doWork(): number {
    const { pool, sink, counters, feed } = this.#options;
    this.#delivered = 0;
    while (this.#queuedBytes > 0) {
      if (pool.freeCount < FRAMES_MIN) pool.drainReturns();
      if (pool.freeCount < FRAMES_MIN) {
        counters.increment(C.RX_NO_FRAME_A + feed);
        break;
      }
      this.#takeSlice();
    }
    if (this.#queuedBytes < QUEUE_BYTES_MAX && this.#socket?.isPaused()) this.#socket.resume();
    this.#frames.flush();
    if (this.#delivered > 0) sink.onBatchEnd();
    return this.#delivered;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#session.logout(this.#nowMs());
    this.#socket?.end();
    this.#socket?.destroySoon();
    this.#socket = null;
    this.#clearQueue();
    this.#frames.drop(this.#options.feed);
  }

  send(bytes: Uint8Array): void {
    if (this.#socket?.writable) this.#socket.write(bytes);
  }

  onSession(session: string, next: number, isNew: boolean): void {
    if (isNew && this.#writer !== null) this.#control("end");
    if (isNew || this.#writer === null) this.#writer = new MoldUdp64Writer(session);
    this.#reconnectMs = RECONNECT_FIRST_MS;
    this.#options.log(`soup ${this.#name()}: session ${session}, next message ${next}`);
  }

  onMessage(bytes: Uint8Array, from: number, to: number): void {
    const { counters, feed } = this.#options;
    const writer = this.#writer;
    if (writer === null) return;
    const taken = this.#frames.add(writer, this.#session.next, bytes, from, to);
    // The sequence goes on without it: merge tells of the gap.
    if (!taken) counters.increment(C.RX_TRUNCATED_A + feed);
  }

  onHeartbeat(): void {
    this.#heartbeat = true;
  }

  onEnd(): void {
    this.#control("end");
    this.#options.log(`soup ${this.#name()}: end of session`);
    this.#socket?.end();
  }

  onDrop(reason: string): void {
    this.#options.log(`soup ${this.#name()}: ${reason}`);
    this.#socket?.destroy();
  }

  #connect(): void {
    const { host, port, counters, feed } = this.#options;
    this.#reconnectAtMs = -1;
    const socket = connect({ host, port, noDelay: true });
    this.#socket = socket;
    socket.on("connect", () => {
      this.#clearQueue();
      this.#session.connected(this.#nowMs());
    });
    socket.on("data", (chunk) => {
      if (typeof chunk !== "string") this.#received(chunk);
    });
    socket.on("error", (error) => {
      counters.increment(C.RX_ERRORS_A + feed);
      this.#options.log(`soup ${this.#name()}: ${error.message}`);
    });
    socket.on("close", () => this.#lost(socket));
  }

  #received(chunk: Uint8Array): void {
    if (!this.#open || this.#isStopped()) return;
    const { counters, feed } = this.#options;
    counters.add(C.RX_BYTES_A + feed, chunk.length);
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    if (this.#queuedBytes >= QUEUE_BYTES_MAX) this.#socket?.pause();
    this.doWork();
  }

  #lost(socket: Socket): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    // What came before the loss is whole and belongs to the session: it is taken first.
    this.doWork();
    this.#session.disconnected();
    if (!this.#open || this.#isStopped() || !this.#session.mayReconnect) return;
    this.#reconnectAtMs = this.#nowMs() + this.#reconnectMs;
    this.#reconnectMs = Math.min(RECONNECT_MAX_MS, 2 * this.#reconnectMs);
  }

  #takeSlice(): void {
    const chunk = this.#queue[0] as Uint8Array; // There are bytes in the queue.
    const slice = chunk.subarray(this.#taken, this.#taken + SLICE_BYTES);
    this.#taken += slice.length;
    this.#queuedBytes -= slice.length;
    if (this.#taken === chunk.length) {
      this.#queue.shift();
      this.#taken = 0;
    }
    this.#session.received(slice, this.#nowMs());
    if (this.#heartbeat) this.#control("heartbeat");
    this.#heartbeat = false;
  }

  #control(kind: "heartbeat" | "end"): void {
    if (this.#writer !== null) this.#frames.control(this.#writer, this.#session.next, kind);
  }

  #hand(frame: number, length: number): void {
    const { sink, counters, feed } = this.#options;
    this.#delivered++;
    counters.increment(C.RX_PACKETS_A + feed);
    sink.onPacket(feed, frame, 0, length, 0, 0, StampKind.NONE, 0, 0, 0, 0);
  }

  #clearQueue(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#taken = 0;
  }

  #isStopped(): boolean {
    return Atomics.load(this.#options.stopWord, 0) !== 0;
  }

  #nowMs(): number {
    return (this.#options.clock.elapsedNs[0] as number) / NS_PER_MS;
  }

  #name(): string {
    return `${this.#options.host}:${this.#options.port}`;
  }
}
