/**
 * A packet sink that continues in another thread: the descriptor ring.
 *
 *   word 0    1    2     3      4      5    6    7      8     9     10          11
 *        kind feed frame offset length tsLo tsHi tsKind seqLo seqHi firstOffset count
 *
 * kind 0 is a packet; any other value is that ChannelControl.
 */
import type { PacketSink, Source } from "../core/sinks.ts";
import type { SlotRingReader, SlotRingWriter } from "../core/slot-ring.ts";
import type { StopWord } from "./stop.ts";

/** Words of a descriptor. */
export const PACKET_SLOT_WORDS = 12;
const BATCH_MAX = 256;
/** SLOT_AT_MAX of core/slot-ring.ts, which says why. */
const AT_MAX = 0x3ff_ffff;

/** The writer's half; Thread: the upstream stage's. */
export class PacketRingSink implements PacketSink {
  readonly #ring: SlotRingWriter;
  readonly #words: Int32Array;
  readonly #stop: StopWord;

  constructor(ring: SlotRingWriter, stop: StopWord) {
    this.#ring = ring;
    this.#words = ring.words;
    this.#stop = stop;
  }

  onPacket(
    feed: number,
    frame: number,
    offset: number,
    length: number,
    tsLo: number,
    tsHi: number,
    tsKind: number,
    seqLo: number,
    seqHi: number,
    firstOffset: number,
    count: number,
  ): void {
    let slot = this.#ring.claim();
    if (slot < 0) slot = this.#stop.waitForRoom(this.#ring);
    if (slot < 0) return;
    const at = slot & AT_MAX;
    const words = this.#words;
    words[at] = 0;
    words[(at + 1) | 0] = feed;
    words[(at + 2) | 0] = frame;
    words[(at + 3) | 0] = offset;
    words[(at + 4) | 0] = length;
    words[(at + 5) | 0] = tsLo;
    words[(at + 6) | 0] = tsHi;
    words[(at + 7) | 0] = tsKind;
    words[(at + 8) | 0] = seqLo;
    words[(at + 9) | 0] = seqHi;
    words[(at + 10) | 0] = firstOffset;
    words[(at + 11) | 0] = count;
  }

  onControl(control: number): void {
    let at = this.#ring.claim();
    if (at < 0) at = this.#stop.waitForRoom(this.#ring);
    if (at >= 0) this.#words[at] = control;
  }

  onBatchEnd(): void {
    this.#ring.publish();
  }
}

/** The reader's half; Thread: the downstream stage's. */
export class PacketRingSource implements Source {
  readonly #ring: SlotRingReader;
  readonly #words: Int32Array;
  readonly #sink: PacketSink;

  constructor(ring: SlotRingReader, sink: PacketSink) {
    this.#ring = ring;
    this.#words = ring.words;
    this.#sink = sink;
  }

  doWork(): number {
    const count = Math.min(this.#ring.available(), BATCH_MAX);
    if (count === 0) return 0;
    const words = this.#words;
    const sink = this.#sink;
    for (let i = 0; i < count; i++) {
      const at = this.#ring.slot(i) & AT_MAX;
      const kind = words[at] as number;
      if (kind !== 0) {
        sink.onControl(kind);
        continue;
      }
      sink.onPacket(
        words[(at + 1) | 0] as number,
        words[(at + 2) | 0] as number,
        words[(at + 3) | 0] as number,
        words[(at + 4) | 0] as number,
        words[(at + 5) | 0] as number,
        words[(at + 6) | 0] as number,
        words[(at + 7) | 0] as number,
        words[(at + 8) | 0] as number,
        words[(at + 9) | 0] as number,
        words[(at + 10) | 0] as number,
        words[(at + 11) | 0] as number,
      );
    }
    // What the batch caused goes on before its slots are given back: nobody waits for those.
    sink.onBatchEnd();
    this.#ring.release(count);
    return count;
  }

  tick(): void {
    // A ring has no timers.
  }

  isFinished(): boolean {
    return this.#ring.isFinished();
  }
}
