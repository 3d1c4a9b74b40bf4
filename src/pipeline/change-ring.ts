/**
 * A book sink that continues in another thread.
 *
 *   word 0      1 … 10
 *        kind   the call's arguments in order
 */
import type { BookSink, Source } from "../core/sinks.ts";
import type { SlotRingReader, SlotRingWriter } from "../core/slot-ring.ts";
import type { StopWord } from "./stop.ts";

/** Words of a slot. */
export const CHANGE_SLOT_WORDS = 11;
const BATCH_MAX = 1024;
/** SLOT_AT_MAX of core/slot-ring.ts, which says why. */
const AT_MAX = 0x3ff_ffff;

const ChangeKind = {
  PACKET_START: 1,
  ADDED: 2,
  MODIFIED: 3,
  CANCELLED: 4,
  EXECUTED: 5,
} as const;

/** The writer's half; Thread: the upstream stage's. */
export class ChangeRingSink implements BookSink {
  readonly #ring: SlotRingWriter;
  readonly #words: Int32Array;
  readonly #stop: StopWord;

  constructor(ring: SlotRingWriter, stop: StopWord) {
    this.#ring = ring;
    this.#words = ring.words;
    this.#stop = stop;
  }

  onPacketStart(tsLo: number, tsHi: number, tsKind: number): void {
    this.#put(ChangeKind.PACKET_START, tsLo, tsHi, tsKind, 0, 0, 0, 0, 0, 0, 0);
  }

  onAdded(
    instrument: number,
    idLo: number,
    idHi: number,
    side: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
  ): void {
    this.#put(ChangeKind.ADDED, instrument, idLo, idHi, side, pxLo, pxHi, qtyLo, qtyHi, 0, 0);
  }

  onModified(
    instrument: number,
    idLo: number,
    idHi: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
    flags: number,
  ): void {
    this.#put(ChangeKind.MODIFIED, instrument, idLo, idHi, pxLo, pxHi, qtyLo, qtyHi, flags, 0, 0);
  }

  onCancelled(instrument: number, idLo: number, idHi: number, qtyLo: number, qtyHi: number): void {
    this.#put(ChangeKind.CANCELLED, instrument, idLo, idHi, qtyLo, qtyHi, 0, 0, 0, 0, 0);
  }

  onExecuted(
    instrument: number,
    idLo: number,
    idHi: number,
    qtyLo: number,
    qtyHi: number,
    pxLo: number,
    pxHi: number,
    aggressor: number,
    matchLo: number,
    matchHi: number,
  ): void {
    this.#put(
      ChangeKind.EXECUTED,
      instrument,
      idLo,
      idHi,
      qtyLo,
      qtyHi,
      pxLo,
      pxHi,
      aggressor,
      matchLo,
      matchHi,
    );
  }

  onBatchEnd(): void {
    this.#ring.publish();
  }

  #put(
    kind: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    g: number,
    h: number,
    i: number,
    j: number,
  ): void {
    let slot = this.#ring.claim();
    if (slot < 0) slot = this.#stop.waitForRoom(this.#ring);
    if (slot < 0) return;
    const at = slot & AT_MAX;
    const words = this.#words;
    words[at] = kind;
    words[(at + 1) | 0] = a;
    words[(at + 2) | 0] = b;
    words[(at + 3) | 0] = c;
    words[(at + 4) | 0] = d;
    words[(at + 5) | 0] = e;
    words[(at + 6) | 0] = f;
    words[(at + 7) | 0] = g;
    words[(at + 8) | 0] = h;
    words[(at + 9) | 0] = i;
    words[(at + 10) | 0] = j;
  }
}

/** The reader's half; Thread: the downstream stage's. */
export class ChangeRingSource implements Source {
  readonly #ring: SlotRingReader;
  readonly #words: Int32Array;
  readonly #sink: BookSink;

  constructor(ring: SlotRingReader, sink: BookSink) {
    this.#ring = ring;
    this.#words = ring.words;
    this.#sink = sink;
  }

  doWork(): number {
    const count = Math.min(this.#ring.available(), BATCH_MAX);
    if (count === 0) return 0;
    for (let i = 0; i < count; i++) this.#forward(this.#ring.slot(i));
    // What the batch caused goes on before its slots are given back: nobody waits for those.
    this.#sink.onBatchEnd();
    this.#ring.release(count);
    return count;
  }

  tick(): void {
    // A ring has no timers.
  }

  isFinished(): boolean {
    return this.#ring.isFinished();
  }

  #forward(slot: number): void {
    const at = slot & AT_MAX;
    const words = this.#words;
    const sink = this.#sink;
    const a = words[(at + 1) | 0] as number;
    const b = words[(at + 2) | 0] as number;
    const c = words[(at + 3) | 0] as number;
    const d = words[(at + 4) | 0] as number;
    const e = words[(at + 5) | 0] as number;
    const f = words[(at + 6) | 0] as number;
    const g = words[(at + 7) | 0] as number;
    const h = words[(at + 8) | 0] as number;
    const i = words[(at + 9) | 0] as number;
    const j = words[(at + 10) | 0] as number;
    switch (words[at]) {
      case ChangeKind.ADDED:
        sink.onAdded(a, b, c, d, e, f, g, h);
        break;
      case ChangeKind.MODIFIED:
        sink.onModified(a, b, c, d, e, f, g, h);
        break;
      case ChangeKind.CANCELLED:
        sink.onCancelled(a, b, c, d, e);
        break;
      case ChangeKind.EXECUTED:
        sink.onExecuted(a, b, c, d, e, f, g, h, i, j);
        break;
      case ChangeKind.PACKET_START:
        sink.onPacketStart(a, b, c);
        break;
    }
  }
}
