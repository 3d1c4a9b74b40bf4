/**
 * A merge stage with everything around it made of plain objects: frames whose owner counts, a sink
 * that reads the messages (each message's payload is its own sequence), a clock moved by hand.
 */
import type { MergeConfig } from "../../src/config/config.ts";
import { ManualClock } from "../../src/core/clock.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { FrameView, takeFrames } from "../../src/core/frames.ts";
import { joinHalves } from "../../src/core/layout.ts";
import { ForeignPackets, takeOddInput } from "../../src/core/odd-input.ts";
import { ChannelControl, type PacketSink } from "../../src/core/sinks.ts";
import type { Framing } from "../../src/decode/framing.ts";
import { MoldUdp64Writer } from "../../src/decode/moldudp64/encoder.ts";
import { MoldUdp64Framing } from "../../src/decode/moldudp64/framing.ts";
import { HEADER_BYTES } from "../../src/decode/moldudp64/layout.ts";
import { MergeStage } from "../../src/merge/merge.ts";
import {
  type MergeStatus,
  MergeStatusReader,
  MergeStatusWriter,
  takeMergeStatus,
} from "../../src/merge/status.ts";
import { C, COUNTER_COUNT, type CounterKey } from "../../src/metrics/counter-table.ts";

export const CONFIG: MergeConfig = {
  windowPackets: 64,
  gapMessages: 1000,
  gapTimeoutMs: 100,
  maxJump: 1_000_000,
  sessionSwitchMs: 1000,
  silentMs: 2000,
};

const BLOCK_BYTES = 10;
export const FRAME_BYTES = 1472;

export interface RigOptions {
  readonly config?: Partial<MergeConfig>;
  readonly start?: number | null;
  readonly frames?: number;
  readonly allowUnsequenced?: boolean;
  /** MoldUDP64 when left out. */
  readonly framing?: Framing;
}

export class Rig implements PacketSink {
  readonly clock = new ManualClock();
  readonly counters = new Counters(takeCounters(COUNTER_COUNT));
  readonly foreign = new ForeignPackets(takeOddInput());
  readonly merge: MergeStage;
  /** What came out: "1-3" for messages 1 to 3, "new session", "end". */
  readonly out: string[] = [];
  /** Every message that came out, in order, since the last new session. */
  messages: number[] = [];
  received = 0;
  released = 0;
  forwarded = 0;
  errors: string[] = [];
  readonly views: FrameView[];
  readonly #free: number[][];
  readonly #taken: Set<number>[] = [new Set(), new Set()];
  readonly #reader: MergeStatusReader;
  #payload = true;

  constructor(options: RigOptions = {}) {
    const frames = options.frames ?? 256;
    this.views = [0, 1].map(() => new FrameView(takeFrames(1472 - (1472 % 64), frames, null)));
    this.#free = [0, 1].map(() => Array.from({ length: frames }, (_, i) => i));
    const status = takeMergeStatus();
    this.#reader = new MergeStatusReader(status);
    this.merge = new MergeStage({
      config: { ...CONFIG, ...options.config },
      start: options.start === undefined ? 1 : options.start,
      framing: options.framing ?? new MoldUdp64Framing(),
      frames: this.views,
      owner: { release: (feed, frame) => this.#release(feed, frame) },
      sink: this,
      clock: this.clock,
      counters: this.counters,
      status: new MergeStatusWriter(status),
      foreign: this.foreign,
      allowUnsequenced: options.allowUnsequenced ?? false,
    });
  }

  /** Packet with messages `from` to `to`, inclusive, on feed 0 or 1. */
  data(feed: number, from: number, to: number, session = "S1"): void {
    const count = to - from + 1;
    const bytes = new Uint8Array(HEADER_BYTES + count * BLOCK_BYTES);
    new MoldUdp64Writer(session).header(bytes, 0, from, count);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < count; i++) {
      view.setUint16(HEADER_BYTES + i * BLOCK_BYTES, BLOCK_BYTES - 2);
      view.setBigUint64(HEADER_BYTES + i * BLOCK_BYTES + 2, BigInt(from + i));
    }
    this.bytes(feed, bytes);
  }

  heartbeat(feed: number, next: number, session = "S1"): void {
    const bytes = new Uint8Array(HEADER_BYTES);
    new MoldUdp64Writer(session).heartbeat(bytes, 0, next);
    this.bytes(feed, bytes);
  }

  end(feed: number, next: number, session = "S1"): void {
    const bytes = new Uint8Array(HEADER_BYTES);
    new MoldUdp64Writer(session).endOfSession(bytes, 0, next);
    this.bytes(feed, bytes);
  }

  /** Any bytes as a packet; payloads are then not looked at. */
  raw(feed: number, bytes: Uint8Array): void {
    this.#payload = false;
    this.bytes(feed, bytes);
  }

  bytes(feed: number, bytes: Uint8Array): void {
    const frame = (this.#free[feed] as number[]).pop();
    if (frame === undefined) throw new Error("no frame is free");
    const view = this.views[feed] as FrameView;
    (this.#taken[feed] as Set<number>).add(frame);
    const offset = 8;
    view.bytes.set(bytes, frame * view.frameBytes + offset);
    this.received++;
    this.merge.onPacket(feed, frame, offset, bytes.length, 0, 0, 0);
  }

  /** Moves time as a thread that runs all the while sees it, and lets timers run. */
  wait(ms: number): void {
    for (let left = ms; left > 0; left -= 2) this.stall(Math.min(2, left));
  }

  /** Moves time as a thread sees it that did not run meanwhile. */
  stall(ms: number): void {
    this.clock.advance(ms * 1e6);
    this.merge.tick();
  }

  status(): MergeStatus {
    this.merge.publishStatus();
    return this.#reader.read();
  }

  /** Gaps of one outcome as "from-to". */
  gaps(outcome: "open" | "filled" | "unrecoverable" = "unrecoverable"): string[] {
    const gaps = this.status().gaps.filter((gap) => gap.outcome === outcome);
    return gaps.map((gap) => `${gap.from}-${gap.to}`);
  }

  count(key: CounterKey): number {
    return this.counters.get(C[key]);
  }

  /** Frames that are neither given back nor held by merge; 0 unless one leaked. */
  leaked(): number {
    const taken = (this.#taken[0] as Set<number>).size + (this.#taken[1] as Set<number>).size;
    return taken - this.merge.heldFrames(0) - this.merge.heldFrames(1);
  }

  onPacket(
    feed: number,
    frame: number,
    offset: number,
    length: number,
    _tsLo: number,
    _tsHi: number,
    _tsKind: number,
    seqLo: number,
    seqHi: number,
    firstOffset: number,
    count: number,
  ): void {
    this.forwarded++;
    const first = joinHalves(seqLo, seqHi);
    this.out.push(`${first}-${first + count - 1}`);
    const view = this.views[feed] as FrameView;
    let at = firstOffset;
    for (let i = 0; i < count; i++) {
      const place = frame * view.frameBytes + offset + at;
      if (at + 2 > length) this.errors.push(`message ${first + i} lies outside its packet`);
      const size = view.data.getUint16(place);
      if (this.#payload) {
        const said = Number(view.data.getBigUint64(place + 2));
        if (said !== first + i) this.errors.push(`message ${first + i} holds ${said}`);
      }
      this.messages.push(first + i);
      at += 2 + size;
    }
    if (at > length) this.errors.push(`packet of ${first} reaches beyond its end`);
    this.#release(feed, frame);
    this.released--;
  }

  onControl(control: number): void {
    this.out.push(control === ChannelControl.NEW_SESSION ? "new session" : "end");
    if (control === ChannelControl.NEW_SESSION) this.messages = [];
  }

  onBatchEnd(): void {
    // Nothing is buffered here.
  }

  #release(feed: number, frame: number): void {
    const taken = this.#taken[feed] as Set<number>;
    if (!taken.delete(frame)) this.errors.push(`frame ${frame} of feed ${feed} given back twice`);
    (this.#free[feed] as number[]).push(frame);
    this.released++;
  }
}
