/**
 * Receives one feed with node:dgram, where the addon is not built. Thread: one with an event loop.
 *
 * Each packet is copied into a frame as its event comes and waits in a queue; doWork, or the end of
 * the same turn of the loop, hands the queue to the sink as one batch. node:dgram cannot stop
 * reading: a packet that finds no free frame is dropped and counted. It cannot switch
 * IP_MULTICAST_ALL off either, but a socket bound to its group gets no other group's packets.
 */
import type { Socket } from "node:dgram";
import { createSocket } from "node:dgram";
import type { Clock } from "../core/clock.ts";
import type { Counters } from "../core/counters.ts";
import { FeedError } from "../core/errors.ts";
import type { FramePool, FrameView } from "../core/frames.ts";
import type { PacketSink } from "../core/sinks.ts";
import { StampKind } from "../core/sinks.ts";
import { C } from "../metrics/counter-table.ts";
import { KernelDrops } from "./kernel-drops.ts";
import type { SocketSourceOptions } from "./socket-native.ts";
import type { RxSource } from "./source.ts";

/** How often the kernel's drop count is looked up, ns. */
const DROPS_EVERY_NS = 1e9;

/** See the head of the file. */
export class DgramSource implements RxSource {
  readonly path = "dgram";
  readonly port: number;
  readonly rcvbufBytes: number;
  readonly #feed: number;
  readonly #socket: Socket;
  readonly #frames: FrameView;
  readonly #pool: FramePool;
  readonly #sink: PacketSink;
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #kernelDrops: KernelDrops;
  readonly #stopWord: Int32Array;
  /** Frame and length of each queued packet, and the stamp of its arrival: lo, hi. */
  readonly #queue: Int32Array;
  readonly #flushSoon: () => void;
  #queued: number;
  #flushScheduled: boolean;
  #dropsDueNs: number;
  #open: boolean;

  private constructor(socket: Socket, options: SocketSourceOptions) {
    this.port = socket.address().port;
    this.rcvbufBytes = socket.getRecvBufferSize();
    this.#feed = options.feed;
    this.#socket = socket;
    this.#frames = options.view;
    this.#pool = options.pool;
    this.#sink = options.sink;
    this.#clock = options.clock;
    this.#counters = options.counters;
    this.#kernelDrops = new KernelDrops(options.address.group, this.port);
    this.#stopWord = options.stopWord;
    this.#queue = new Int32Array(4 * options.view.frameCount);
    this.#flushSoon = () => {
      this.#flushScheduled = false;
      this.doWork();
    };
    this.#queued = 0;
    this.#flushScheduled = false;
    this.#dropsDueNs = 0;
    this.#open = true;
    socket.on("message", (message) => this.#onMessage(message));
    socket.on("error", () => this.#counters.increment(C.RX_ERRORS_A + this.#feed));
  }

  /** Binds to the group and joins it. @throws FEED_SOCKET with the failing step, value and bound */
  static async open(options: SocketSourceOptions): Promise<DgramSource> {
    const { iface } = options;
    const { group, port } = options.address;
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    const name = `rx ${group}:${port} iface=${iface}`;
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.bind({ port, address: group, exclusive: true }, resolve);
      });
      socket.removeAllListeners("error");
      socket.addMembership(group, iface);
      setReceiveBuffer(socket, options.config.rcvbufBytes);
    } catch (error) {
      socket.close();
      throw new FeedError("FEED_SOCKET", `${name}: ${(error as Error).message}`);
    }
    return new DgramSource(socket, options);
  }

  /** Looks up, once a second, what the kernel dropped. */
  tick(): void {
    if (!this.#open) return;
    const now = this.#clock.elapsedNs[0] as number;
    if (now < this.#dropsDueNs) return;
    this.#dropsDueNs = now + DROPS_EVERY_NS;
    const dropped = this.#kernelDrops.read();
    if (dropped >= 0) this.#counters.set(C.RX_KERNEL_DROPS_A + this.#feed, dropped);
  }

  /** True once packets are no longer wanted and those that came are handed over. */
  isFinished(): boolean {
    return this.#queued === 0 && (!this.#open || Atomics.load(this.#stopWord, 0) !== 0);
  }

  /** Hands what is queued to the sink. @returns packets, 0 when idle */
  doWork(): number {
    const count = this.#queued;
    if (count === 0) return 0;
    const queue = this.#queue;
    const feed = this.#feed;
    for (let i = 0; i < count; i++) {
      const at = 4 * i;
      this.#sink.onPacket(
        feed,
        queue[at] as number,
        0,
        queue[at + 1] as number,
        queue[at + 2] as number,
        queue[at + 3] as number,
        StampKind.NONE,
        0,
        0,
        0,
        0,
      );
    }
    this.#queued = 0;
    this.#sink.onBatchEnd();
    return count;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#socket.close();
    for (let i = 0; i < this.#queued; i++) {
      this.#pool.release(this.#feed, this.#queue[4 * i] as number);
    }
    this.#queued = 0;
  }

  #onMessage(message: Uint8Array): void {
    if (!this.#open || Atomics.load(this.#stopWord, 0) !== 0) return;
    const feed = this.#feed;
    this.#counters.increment(C.RX_PACKETS_A + feed);
    this.#counters.add(C.RX_BYTES_A + feed, message.length);
    if (message.length > this.#frames.frameBytes) {
      this.#counters.increment(C.RX_TRUNCATED_A + feed);
      return;
    }
    if (this.#queued === 0) {
      this.#clock.update();
      this.#pool.drainReturns();
    }
    let frame = this.#pool.take();
    if (frame < 0) {
      this.#pool.drainReturns();
      frame = this.#pool.take();
    }
    if (frame < 0) {
      this.#counters.increment(C.RX_NO_FRAME_DROPS_A + feed);
      return;
    }
    this.#frames.bytes.set(message, frame * this.#frames.frameBytes);
    const at = 4 * this.#queued;
    this.#queue[at] = frame;
    this.#queue[at + 1] = message.length;
    this.#queue[at + 2] = this.#clock.monoWords[0] as number;
    this.#queue[at + 3] = this.#clock.monoWords[1] as number;
    this.#queued++;
    if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      setImmediate(this.#flushSoon);
    }
  }
}

/** Sets the buffer and reads it back; Linux reports double of what was asked. */
function setReceiveBuffer(socket: Socket, bytes: number): void {
  if (bytes === 0) return;
  socket.setRecvBufferSize(bytes);
  const granted = socket.getRecvBufferSize();
  const enough = process.platform === "linux" ? 2 * bytes : bytes;
  if (granted < enough) {
    throw new Error(
      `rx.rcvbuf_bytes=${bytes}: SO_RCVBUF reads ${granted} < ${enough} ` +
        "(raise net.core.rmem_max, or build the addon and run as root)",
    );
  }
}
