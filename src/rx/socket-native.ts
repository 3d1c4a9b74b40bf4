/**
 * Receives one feed with recvmmsg through the addon: the kernel copies up to a batch of packets
 * straight into frames. Thread: rx's, spinning or in an event loop.
 *
 * Invariant: the first #inHand words of #frames are frames taken from the pool and not yet filled.
 * They stay in hand between calls, so that an idle cycle costs one system call and nothing else.
 */
import { assert } from "../core/assert.ts";
import type { Clock } from "../core/clock.ts";
import type { Counters } from "../core/counters.ts";
import type { FramePool, FrameView } from "../core/frames.ts";
import { joinHalves } from "../core/layout.ts";
import type { Native, NativeReceiver } from "../core/native.ts";
import type { PacketSink } from "../core/sinks.ts";
import { StampKind } from "../core/sinks.ts";
import { C } from "../metrics/counter-table.ts";
import type { RxSource } from "./source.ts";

/** Words that poll writes for each packet (NativeReceiver.poll). */
const OUT_WORDS = 6;
const FLAG_TRUNCATED = 1;

/** Values of rx.timestamps as openReceiver takes them. */
const TIMESTAMP_MODES = { off: 0, software: 1, hardware: 2 } as const;

/** What the configuration says of every socket. */
export interface SocketConfig {
  readonly path: "auto" | "recvmmsg" | "dgram";
  /** Packets a duty cycle, 1 to 256. */
  readonly batch: number;
  /** Wanted receive buffer, bytes; 0 leaves the kernel's default. */
  readonly rcvbufBytes: number;
  readonly timestamps: keyof typeof TIMESTAMP_MODES;
  /** SO_BUSY_POLL, µs; 0 off. */
  readonly busyPollUs: number;
}

/** What a socket source is opened with. */
export interface SocketSourceOptions {
  readonly feed: number;
  readonly config: SocketConfig;
  readonly address: { readonly group: string; readonly port: number };
  /** Local interface address, dotted. */
  readonly iface: string;
  readonly view: FrameView;
  readonly pool: FramePool;
  readonly sink: PacketSink;
  readonly clock: Clock;
  readonly counters: Counters;
  /** Word 0 is 0 while packets are wanted; once it is not, the source takes nothing in any more. */
  readonly stopWord: Int32Array;
}

/**
 * Opens the socket of a feed.
 *
 * @throws with the failing call, its value and the kernel's answer (Native.openReceiver)
 */
export function openSocket(native: Native, options: SocketSourceOptions): NativeReceiver {
  const ref = options.view.ref;
  assert(ref.region.kind === "native", "RECVMMSG_NEEDS_NATIVE_FRAMES");
  return native.openReceiver({
    group: options.address.group,
    port: options.address.port,
    iface: options.iface,
    regionId: ref.region.id,
    frameBytes: ref.frameBytes,
    frameCount: ref.frameCount,
    batch: options.config.batch,
    rcvbufBytes: options.config.rcvbufBytes,
    timestamps: TIMESTAMP_MODES[options.config.timestamps],
    busyPollUs: options.config.busyPollUs,
  });
}

/** See the head of the file. */
export class RecvmmsgSource implements RxSource {
  readonly path = "recvmmsg";
  readonly #feed: number;
  #receiver: NativeReceiver;
  readonly #pool: FramePool;
  readonly #sink: PacketSink;
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #batch: number;
  readonly #stopWord: Int32Array;
  readonly #frames: Int32Array;
  readonly #out: Int32Array;
  readonly #drops: Int32Array;
  #dropsSeenLo: number;
  #inHand: number;
  #open: boolean;

  /** @param receiver what is polled: openSocket's, or a warm-up's until connect() */
  constructor(options: SocketSourceOptions, receiver: NativeReceiver) {
    this.#receiver = receiver;
    this.#feed = options.feed;
    this.#pool = options.pool;
    this.#sink = options.sink;
    this.#clock = options.clock;
    this.#counters = options.counters;
    this.#batch = options.config.batch;
    this.#stopWord = options.stopWord;
    this.#frames = new Int32Array(options.config.batch);
    this.#out = new Int32Array(OUT_WORDS * options.config.batch);
    this.#drops = new Int32Array(2);
    this.#dropsSeenLo = 0;
    this.#inHand = 0;
    this.#open = true;
  }

  get port(): number {
    return this.#receiver.port;
  }

  get rcvbufBytes(): number {
    return this.#receiver.rcvbufBytes;
  }

  /** Polls another receiver from now on; who opened the one before closes it. */
  connect(receiver: NativeReceiver): void {
    this.#receiver = receiver;
  }

  /** As new; frames in hand are forgotten, and nothing else of the feed may be in use. */
  reset(): void {
    this.#dropsSeenLo = 0;
    this.#inHand = 0;
  }

  /** Free frames of this feed, those in hand included. */
  get freeFrames(): number {
    return this.#pool.freeCount + this.#inHand;
  }

  tick(): void {
    // Nothing is due by the clock.
  }

  /** True once packets are no longer wanted, or the socket is closed. */
  isFinished(): boolean {
    return !this.#open || Atomics.load(this.#stopWord, 0) !== 0;
  }

  /** Polls once. @returns packets received, 0 when idle */
  doWork(): number {
    if (!this.#open || Atomics.load(this.#stopWord, 0) !== 0) return 0;
    this.#pool.drainReturns();
    this.#takeFrames();
    const wanted = this.#inHand;
    if (wanted === 0) {
      this.#counters.increment(C.RX_NO_FRAME_A + this.#feed);
      return 0;
    }
    const received = this.#receiver.poll(this.#frames, wanted, this.#out, this.#drops);
    if ((this.#drops[0] as number) !== this.#dropsSeenLo) this.#countDrops();
    if (received <= 0) {
      if (received < 0) this.#counters.increment(C.RX_ERRORS_A + this.#feed);
      return 0;
    }
    this.#keepRest(received);
    this.#handOver(received);
    return received;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#receiver.close();
    for (let i = 0; i < this.#inHand; i++) {
      this.#pool.release(this.#feed, this.#frames[i] as number);
    }
    this.#inHand = 0;
  }

  #takeFrames(): void {
    const frames = this.#frames;
    let n = this.#inHand;
    while (n < this.#batch) {
      const frame = this.#pool.take();
      if (frame < 0) break;
      frames[n] = frame;
      n++;
    }
    this.#inHand = n;
  }

  /** The first `used` frames are filled: moves the others to the front. */
  #keepRest(used: number): void {
    const frames = this.#frames;
    const rest = this.#inHand - used;
    for (let i = 0; i < rest; i++) frames[i] = frames[used + i] as number;
    this.#inHand = rest;
  }

  #handOver(received: number): void {
    const out = this.#out;
    const feed = this.#feed;
    let bytes = 0;
    let truncated = 0;
    for (let i = 0; i < received; i++) {
      const at = i * OUT_WORDS;
      const frame = out[at] as number;
      const length = out[at + 1] as number;
      bytes += length;
      if (((out[at + 5] as number) & FLAG_TRUNCATED) !== 0) {
        truncated++;
        this.#pool.release(feed, frame);
        continue;
      }
      let lo = out[at + 2] as number;
      let hi = out[at + 3] as number;
      const kind = out[at + 4] as number;
      if (kind === StampKind.NONE) {
        lo = this.#clock.monoWords[0] as number;
        hi = this.#clock.monoWords[1] as number;
      }
      this.#sink.onPacket(feed, frame, 0, length, lo, hi, kind, 0, 0, 0, 0);
    }
    this.#counters.add(C.RX_PACKETS_A + feed, received);
    this.#counters.add(C.RX_BYTES_A + feed, bytes);
    if (truncated > 0) this.#counters.add(C.RX_TRUNCATED_A + feed, truncated);
    this.#sink.onBatchEnd();
  }

  #countDrops(): void {
    const lo = this.#drops[0] as number;
    this.#dropsSeenLo = lo;
    const dropped = joinHalves(lo, this.#drops[1] as number);
    this.#counters.set(C.RX_KERNEL_DROPS_A + this.#feed, dropped);
  }
}
