/** What socket tests share: a sink that checks and gives frames back, and options on loopback. */
import { ManualClock } from "../../src/core/clock.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { FramePool, FrameView, takeFrames } from "../../src/core/frames.ts";
import type { Native } from "../../src/core/native.ts";
import type { PacketSink } from "../../src/core/sinks.ts";
import { COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import type { SocketConfig, SocketSourceOptions } from "../../src/rx/socket-native.ts";
import type { RxSource } from "../../src/rx/source.ts";
import { freshGroup } from "../native/native-or-skip.ts";

/** The smallest test packet: a number and a checksum of the rest. */
export const PACKET_HEAD_BYTES = 8;

/** Writes packet `index`: its number, a checksum, and bytes that depend on both. */
export function fillPacket(packet: Buffer, index: number): void {
  packet.writeUInt32LE(index, 0);
  let sum = index;
  for (let i = PACKET_HEAD_BYTES; i < packet.length; i++) {
    const byte = (index * 31 + i * 7) & 255;
    packet[i] = byte;
    sum = (Math.imul(sum, 31) + byte) | 0;
  }
  packet.writeInt32LE(sum, 4);
}

/** Notes what arrives, checks each packet's sum and gives its frame back (unless told to hold). */
export class CheckingSink implements PacketSink {
  packets = 0;
  batches = 0;
  bad = 0;
  outOfOrder = 0;
  hold = false;
  readonly lengths: number[] = [];
  readonly stamps: [number, number, number][] = [];
  readonly held: number[] = [];
  #next = 0;
  readonly #view: FrameView;
  readonly #pool: FramePool;

  constructor(view: FrameView, pool: FramePool) {
    this.#view = view;
    this.#pool = pool;
  }

  onPacket(
    feed: number,
    frame: number,
    offset: number,
    length: number,
    tsLo: number,
    tsHi: number,
    tsKind: number,
  ): void {
    const at = frame * this.#view.frameBytes + offset;
    const index = this.#view.data.getUint32(at, true);
    let sum = index;
    for (let i = PACKET_HEAD_BYTES; i < length; i++) {
      sum = (Math.imul(sum, 31) + (this.#view.bytes[at + i] as number)) | 0;
    }
    if (this.#view.data.getInt32(at + 4, true) !== sum) this.bad++;
    if (index !== this.#next) this.outOfOrder++;
    this.#next = index + 1;
    this.packets++;
    if (this.packets <= 1000) {
      this.lengths.push(length);
      this.stamps.push([tsLo, tsHi, tsKind]);
    }
    if (this.hold) this.held.push(frame);
    else this.#pool.release(feed, frame);
  }

  onControl(): void {
    throw new Error("a socket has nothing to control");
  }

  onBatchEnd(): void {
    this.batches++;
  }
}

/** Everything a source needs, and what a test looks at. */
export interface Rig {
  readonly options: SocketSourceOptions;
  readonly sink: CheckingSink;
  readonly pool: FramePool;
  readonly counters: Counters;
  readonly clock: ManualClock;
  readonly stopWord: Int32Array;
}

/** Makes a rig on loopback, with a group and port of its own unless `address` names one. */
export function makeRig(
  native: Native | null,
  config: Partial<SocketConfig> = {},
  more: { feed?: number; frames?: number; frameBytes?: number; address?: Address } = {},
): Rig {
  const frames = more.frames ?? 256;
  const view = new FrameView(takeFrames(more.frameBytes ?? 2048, frames, native));
  const pool = new FramePool(frames, []);
  const sink = new CheckingSink(view, pool);
  const counters = new Counters(takeCounters(COUNTER_COUNT));
  const clock = new ManualClock();
  const stopWord = new Int32Array(1);
  const options: SocketSourceOptions = {
    feed: more.feed ?? 0,
    config: {
      path: "auto",
      batch: 64,
      rcvbufBytes: 0,
      timestamps: "off",
      busyPollUs: 0,
      ...config,
    },
    address: more.address ?? freshGroup(),
    iface: "127.0.0.1",
    view,
    pool,
    sink,
    clock,
    counters,
    stopWord,
  };
  return { options, sink, pool, counters, clock, stopWord };
}

type Address = SocketSourceOptions["address"];

/** Works until `done` holds; gives up after ten seconds. */
export async function workUntil(source: RxSource, done: () => boolean): Promise<void> {
  for (let turns = 0; !done(); turns++) {
    if (source.doWork() === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    if (turns > 10_000) return;
  }
}

/** Lets everything arrive that is under way on loopback. */
export async function settle(source: RxSource): Promise<void> {
  for (let i = 0; i < 100; i++) {
    source.doWork();
    if (i % 20 === 19) await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
