/**
 * An event sink that continues in another thread.
 *
 *   word 0      1 … 10
 *        kind   the call's arguments in order
 */
import type { EventSink, Source } from "../core/sinks.ts";
import type { SlotRingReader, SlotRingWriter } from "../core/slot-ring.ts";
import type { StopWord } from "./stop.ts";

/** Words of a slot. */
export const EVENT_SLOT_WORDS = 11;
const BATCH_MAX = 1024;
/** SLOT_AT_MAX of core/slot-ring.ts, which says why. */
const AT_MAX = 0x3ff_ffff;

const EventKind = {
  PACKET_START: 1,
  ADD: 2,
  EXECUTE: 3,
  EXECUTE_AT: 4,
  REDUCE: 5,
  DELETE: 6,
  REPLACE: 7,
  TRADE: 8,
  TRADE_BROKEN: 9,
  DIRECTORY: 10,
  CONTROL: 11,
  INSTRUMENT: 12,
  MODIFY_QUANTITY: 13,
  EXECUTE_BY: 14,
  CLEAR: 15,
  STATE: 16,
  INDICATION: 17,
} as const;

/** The writer's half; Thread: the upstream stage's. */
export class EventRingSink implements EventSink {
  readonly #ring: SlotRingWriter;
  readonly #words: Int32Array;
  readonly #stop: StopWord;

  constructor(ring: SlotRingWriter, stop: StopWord) {
    this.#ring = ring;
    this.#words = ring.words;
    this.#stop = stop;
  }

  onPacketStart(tsLo: number, tsHi: number, tsKind: number): void {
    this.#put(EventKind.PACKET_START, tsLo, tsHi, tsKind, 0, 0, 0, 0, 0, 0, 0);
  }

  onAdd(
    instrument: number,
    idLo: number,
    idHi: number,
    side: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
  ): void {
    this.#put(EventKind.ADD, instrument, idLo, idHi, side, pxLo, pxHi, qtyLo, qtyHi, 0, 0);
  }

  onExecute(
    instrument: number,
    idLo: number,
    idHi: number,
    qtyLo: number,
    qtyHi: number,
    matchLo: number,
    matchHi: number,
  ): void {
    this.#put(EventKind.EXECUTE, instrument, idLo, idHi, qtyLo, qtyHi, matchLo, matchHi, 0, 0, 0);
  }

  onExecuteAt(
    instrument: number,
    idLo: number,
    idHi: number,
    qtyLo: number,
    qtyHi: number,
    pxLo: number,
    pxHi: number,
    matchLo: number,
    matchHi: number,
    printable: number,
  ): void {
    this.#put(
      EventKind.EXECUTE_AT,
      instrument,
      idLo,
      idHi,
      qtyLo,
      qtyHi,
      pxLo,
      pxHi,
      matchLo,
      matchHi,
      printable,
    );
  }

  onReduce(instrument: number, idLo: number, idHi: number, qtyLo: number, qtyHi: number): void {
    this.#put(EventKind.REDUCE, instrument, idLo, idHi, qtyLo, qtyHi, 0, 0, 0, 0, 0);
  }

  onDelete(instrument: number, idLo: number, idHi: number): void {
    this.#put(EventKind.DELETE, instrument, idLo, idHi, 0, 0, 0, 0, 0, 0, 0);
  }

  onReplace(
    instrument: number,
    idLo: number,
    idHi: number,
    newIdLo: number,
    newIdHi: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
  ): void {
    this.#put(
      EventKind.REPLACE,
      instrument,
      idLo,
      idHi,
      newIdLo,
      newIdHi,
      pxLo,
      pxHi,
      qtyLo,
      qtyHi,
      0,
    );
  }

  onTrade(
    instrument: number,
    side: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
    matchLo: number,
    matchHi: number,
  ): void {
    this.#put(EventKind.TRADE, instrument, side, pxLo, pxHi, qtyLo, qtyHi, matchLo, matchHi, 0, 0);
  }

  onTradeBroken(instrument: number, matchLo: number, matchHi: number): void {
    this.#put(EventKind.TRADE_BROKEN, instrument, matchLo, matchHi, 0, 0, 0, 0, 0, 0, 0);
  }

  onDirectory(instrument: number, symbolHigh: number, symbolLow: number): void {
    this.#put(EventKind.DIRECTORY, instrument, symbolHigh, symbolLow, 0, 0, 0, 0, 0, 0, 0);
  }

  onInstrument(instrument: number, idLo: number, idHi: number): void {
    this.#put(EventKind.INSTRUMENT, instrument, idLo, idHi, 0, 0, 0, 0, 0, 0, 0);
  }

  onModifyQuantity(
    instrument: number,
    idLo: number,
    idHi: number,
    qtyLo: number,
    qtyHi: number,
  ): void {
    this.#put(EventKind.MODIFY_QUANTITY, instrument, idLo, idHi, qtyLo, qtyHi, 0, 0, 0, 0, 0);
  }

  onExecuteBy(
    instrument: number,
    idLo: number,
    idHi: number,
    qtyLo: number,
    qtyHi: number,
    pxLo: number,
    pxHi: number,
    matchLo: number,
    aggressor: number,
    isWhole: number,
  ): void {
    this.#put(
      EventKind.EXECUTE_BY,
      instrument,
      idLo,
      idHi,
      qtyLo,
      qtyHi,
      pxLo,
      pxHi,
      matchLo,
      aggressor,
      isWhole,
    );
  }

  onClear(instrument: number): void {
    this.#put(EventKind.CLEAR, instrument, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  onState(
    instrument: number,
    scope: number,
    status: number,
    trading: number,
    event: number,
    fast: number,
  ): void {
    this.#put(EventKind.STATE, instrument, scope, status, trading, event, fast, 0, 0, 0, 0);
  }

  onIndication(
    instrument: number,
    kind: number,
    bidPxLo: number,
    bidPxHi: number,
    bidQtyLo: number,
    bidQtyHi: number,
    askPxLo: number,
    askPxHi: number,
    askQtyLo: number,
    askQtyHi: number,
  ): void {
    this.#put(
      EventKind.INDICATION,
      instrument,
      kind,
      bidPxLo,
      bidPxHi,
      bidQtyLo,
      bidQtyHi,
      askPxLo,
      askPxHi,
      askQtyLo,
      askQtyHi,
    );
  }

  onControl(control: number): void {
    this.#put(EventKind.CONTROL, control, 0, 0, 0, 0, 0, 0, 0, 0, 0);
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
export class EventRingSource implements Source {
  readonly #ring: SlotRingReader;
  readonly #words: Int32Array;
  readonly #sink: EventSink;

  constructor(ring: SlotRingReader, sink: EventSink) {
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
      case EventKind.ADD:
        sink.onAdd(a, b, c, d, e, f, g, h);
        break;
      case EventKind.EXECUTE:
        sink.onExecute(a, b, c, d, e, f, g);
        break;
      case EventKind.EXECUTE_AT:
        sink.onExecuteAt(a, b, c, d, e, f, g, h, i, j);
        break;
      case EventKind.REDUCE:
        sink.onReduce(a, b, c, d, e);
        break;
      case EventKind.DELETE:
        sink.onDelete(a, b, c);
        break;
      case EventKind.REPLACE:
        sink.onReplace(a, b, c, d, e, f, g, h, i);
        break;
      case EventKind.TRADE:
        sink.onTrade(a, b, c, d, e, f, g, h);
        break;
      case EventKind.TRADE_BROKEN:
        sink.onTradeBroken(a, b, c);
        break;
      case EventKind.DIRECTORY:
        sink.onDirectory(a, b, c);
        break;
      case EventKind.CONTROL:
        sink.onControl(a);
        break;
      case EventKind.PACKET_START:
        sink.onPacketStart(a, b, c);
        break;
      default:
        this.#forwardMore(words[at] as number, a, b, c, d, e, f, g, h, i, j);
    }
  }

  /** What ITCH has no use for. */
  #forwardMore(
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
    const sink = this.#sink;
    switch (kind) {
      case EventKind.MODIFY_QUANTITY:
        sink.onModifyQuantity(a, b, c, d, e);
        break;
      case EventKind.EXECUTE_BY:
        sink.onExecuteBy(a, b, c, d, e, f, g, h, i, j);
        break;
      case EventKind.CLEAR:
        sink.onClear(a);
        break;
      case EventKind.INSTRUMENT:
        sink.onInstrument(a, b, c);
        break;
      case EventKind.STATE:
        sink.onState(a, b, c, d, e, f);
        break;
      case EventKind.INDICATION:
        sink.onIndication(a, b, c, d, e, f, g, h, i, j);
        break;
    }
  }
}
