/**
 * A paced generator in a thread of its own: both feeds' packets are copied into frames and handed
 * over by descriptor rings, each stamped with the time at which it was due. A packet that is sent
 * late, because frames or ring are full, keeps the stamp of when it should have gone out.
 */
import { type ClockOrigin, MonotonicClock } from "../../../src/core/clock.ts";
import { FramePool, type FrameRegionRef, FrameView } from "../../../src/core/frames.ts";
import { highHalf, joinHalves } from "../../../src/core/layout.ts";
import { SlotRingReader, type SlotRingRef, SlotRingWriter } from "../../../src/core/slot-ring.ts";
import { PacketRingSink } from "../../../src/pipeline/packet-ring.ts";
import { StopWord } from "../../../src/pipeline/stop.ts";
import { cutFeed, FileSpans, PACKET_BYTES, type PacketFeed } from "../input.ts";

/** What the generator's thread is given; arrays have one entry a feed. */
export interface PaceJob {
  readonly file: string;
  readonly frames: readonly FrameRegionRef[];
  readonly rings: readonly SlotRingRef[];
  readonly freeRings: readonly SlotRingRef[];
  readonly stop: SharedArrayBuffer;
  readonly origin: ClockOrigin;
  /** Shares of the file's messages, phase by phase. */
  readonly phases: readonly number[];
  readonly control: SharedArrayBuffer;
}

/** Words of the control block. */
export const PaceWord = {
  /** The phase that may run, from 1. */
  ALLOWED: 0,
  /** Phases sent to the end. */
  SENT: 1,
  /** Messages of the file, once it is read and cut. */
  MESSAGES: 2,
} as const;
/** Where the distance between two messages lies, a double: ns, 0 for as fast as it goes. */
export const PACE_INTERVAL_OFFSET = 16;
/** Bytes of the control block. */
export const PACE_BYTES = 24;

const SPIN_WAIT_MS = 1000;

/** One feed on its way out. */
class PacedFeed {
  readonly packets: PacketFeed;
  next = 0;
  readonly #feed: number;
  readonly #from: Int32Array;
  readonly #to: Int32Array;
  readonly #fromWords: number;
  readonly #toWords: number;
  readonly #pool: FramePool;
  readonly #sink: PacketRingSink;

  constructor(job: PaceJob, feed: number, input: FileSpans) {
    const view = new FrameView(job.frames[feed] as FrameRegionRef);
    this.packets = cutFeed(input, PACKET_BYTES[feed] as number);
    this.#feed = feed;
    this.#from = new Int32Array(this.packets.view.bytes.buffer);
    this.#to = new Int32Array(view.bytes.buffer);
    this.#fromWords = this.packets.view.frameBytes / 4;
    this.#toWords = view.frameBytes / 4;
    const free = new SlotRingReader(job.freeRings[feed] as SlotRingRef);
    this.#pool = new FramePool(view.frameCount, [free]);
    const ring = new SlotRingWriter(job.rings[feed] as SlotRingRef);
    this.#sink = new PacketRingSink(ring, new StopWord(job.stop));
  }

  /** Sequence of the next packet's first message; beyond everything at the end. */
  nextSeq(): number {
    return this.next < this.packets.packets
      ? (this.packets.seqs[this.next] as number)
      : Number.MAX_SAFE_INTEGER;
  }

  send(stampLo: number, stampHi: number): void {
    let frame = this.#pool.take();
    while (frame < 0) {
      this.#pool.drainReturns();
      frame = this.#pool.take();
    }
    const length = this.packets.lengths[this.next] as number;
    const from = this.next * this.#fromWords;
    const to = frame * this.#toWords;
    const source = this.#from;
    const target = this.#to;
    for (let w = (length + 3) >> 2; w > 0; w--) {
      target[to + w - 1] = source[from + w - 1] as number;
    }
    this.#sink.onPacket(this.#feed, frame, 0, length, stampLo, stampHi, 0, 0, 0, 0, 0);
    this.#sink.onBatchEnd();
    this.next++;
  }
}

/** Sends every phase; the generator thread's whole life. */
export function generate(job: PaceJob): void {
  const control = new Int32Array(job.control, 0, 4);
  const interval = new Float64Array(job.control, PACE_INTERVAL_OFFSET, 1);
  const clock = new MonotonicClock(job.origin);
  const input = new FileSpans(job.file);
  const a = new PacedFeed(job, 0, input);
  const b = new PacedFeed(job, 1, input);
  control[PaceWord.MESSAGES] = input.messages;
  let share = 0;
  let firstSeq = 1;
  for (const [i, phase] of job.phases.entries()) {
    while (Atomics.load(control, PaceWord.ALLOWED) <= i) {
      Atomics.wait(control, PaceWord.ALLOWED, i, SPIN_WAIT_MS);
    }
    share += phase;
    const last = i === job.phases.length - 1;
    const untilSeq = last ? input.messages + 1 : 1 + Math.floor(input.messages * share);
    firstSeq = runPhase(a, b, clock, firstSeq, untilSeq, interval[0] as number);
    Atomics.store(control, PaceWord.SENT, i + 1);
  }
}

/** Sends all packets that begin before `untilSeq`. @returns the sequence that is next */
function runPhase(
  a: PacedFeed,
  b: PacedFeed,
  clock: MonotonicClock,
  firstSeq: number,
  untilSeq: number,
  intervalNs: number,
): number {
  const mono = clock.monoWords;
  clock.update();
  const start = joinHalves(mono[0] as number, mono[1] as number);
  for (;;) {
    const feed = a.nextSeq() <= b.nextSeq() ? a : b;
    const seq = feed.nextSeq();
    if (seq >= untilSeq) return seq;
    clock.update();
    let due = start + Math.max(0, seq - firstSeq) * intervalNs;
    if (intervalNs === 0) due = joinHalves(mono[0] as number, mono[1] as number);
    while (joinHalves(mono[0] as number, mono[1] as number) < due) clock.update();
    const whole = Math.round(due);
    feed.send(whole | 0, highHalf(whole));
  }
}
