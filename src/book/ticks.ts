/**
 * Checks that prices of new and moved orders are whole ticks, in front of the book stage. A price
 * that is none is kept exactly as it came, and counted. Without reference data there is no such
 * sink, so nobody pays for it.
 *
 * Thread: book's. Hot path: no allocation; a price below 2^31 raw costs one integer division.
 */
import type { Counters } from "../core/counters.ts";
import { TWO_32 } from "../core/layout.ts";
import type { Reference, TickRange } from "../core/reference.ts";
import type { EventSink } from "../core/sinks.ts";
import { C } from "../metrics/counter-table.ts";

/** High halves from here on, and below its negative, are beyond 2^53. */
const HIGH_BOUND = 2 ** 21;
/** High half of the smallest 64-bit integer: no price, as venues say it. */
const NO_PRICE_HI = 0x8000_0000 | 0;
const INT_TICK_MAX = 0x7fff_ffff;

/** Outcomes of a check. */
export const TickResult = { ON: 0, OFF: 1, UNCHECKED: 2 } as const;

/** The ticks of every instrument by its dense index. */
export class Ticks {
  /** The only tick of an instrument when it is an int32; 0 none, -1 see ranges. */
  readonly #single: Int32Array;
  /** Where an instrument's ranges begin in #from and #tick, and how many there are. */
  readonly #first: Int32Array;
  readonly #count: Int32Array;
  readonly #from: Float64Array;
  readonly #tick: Float64Array;
  /** Where each key's ranges begin, and the ranges. Cold. */
  readonly #byKey = new Map<
    string,
    { readonly first: number; readonly ranges: readonly TickRange[] }
  >();
  /** 1 where the tick was found by symbol, which may move to another index. */
  readonly #bySymbol: Uint8Array;

  /**
   * @param instruments how many indexes there are
   * @param idIsIndex true where an instrument's id is its index and is not announced (ITCH)
   */
  constructor(reference: Reference, instruments: number, idIsIndex: boolean) {
    const total = reference.reduce((sum, { ticks }) => sum + ticks.length, 0);
    this.#single = new Int32Array(instruments);
    this.#first = new Int32Array(instruments);
    this.#count = new Int32Array(instruments);
    this.#bySymbol = new Uint8Array(instruments);
    this.#from = new Float64Array(total);
    this.#tick = new Float64Array(total);
    let at = 0;
    for (const { key, ticks } of reference) {
      this.#byKey.set(key, { first: at, ranges: ticks });
      for (const { from, tick } of ticks) {
        this.#from[at] = from ?? Number.NEGATIVE_INFINITY;
        this.#tick[at++] = tick;
      }
    }
    if (!idIsIndex) return;
    for (const key of this.#byKey.keys()) {
      if (/^[0-9]{1,9}$/.test(key)) this.#assign(Number(key), key);
    }
  }

  /** An instrument appears; its 64-bit id is unsigned. Cold. */
  onInstrument(instrument: number, idLo: number, idHi: number): void {
    const id = (BigInt(idHi >>> 0) << 32n) | BigInt(idLo >>> 0);
    this.#assign(instrument, `${id}`);
  }

  /** An instrument's symbol is told; one that has ticks by its id keeps them. Cold. */
  onDirectory(instrument: number, symbolHigh: number, symbolLow: number): void {
    if (!(instrument >= 0 && instrument < this.#count.length)) return;
    if (this.#count[instrument] !== 0 && this.#bySymbol[instrument] === 0) return;
    this.#count[instrument] = this.#single[instrument] = 0;
    this.#assign(instrument, symbolText(symbolHigh, symbolLow));
    this.#bySymbol[instrument] = 1;
  }

  /** @returns a TickResult for a price of an instrument */
  check(instrument: number, pxLo: number, pxHi: number): number {
    const single = this.#single[instrument] as number;
    if (single === 0) return TickResult.ON;
    if (single > 0 && pxHi === 0 && pxLo >= 0) {
      return pxLo % single === 0 ? TickResult.ON : TickResult.OFF;
    }
    return this.#checkWide(instrument, pxLo, pxHi);
  }

  #checkWide(instrument: number, pxLo: number, pxHi: number): number {
    if (!(instrument >= 0 && instrument < this.#count.length)) return TickResult.ON;
    if (pxHi === NO_PRICE_HI && pxLo === 0) return TickResult.ON;
    if (pxHi >= HIGH_BOUND || pxHi < -HIGH_BOUND) return TickResult.UNCHECKED;
    const price = pxHi * TWO_32 + (pxLo >>> 0);
    const first = this.#first[instrument] as number;
    let at = first + (this.#count[instrument] as number) - 1;
    // Below every range the lowest one holds.
    while (at > first && (this.#from[at] as number) > price) at--;
    return price % (this.#tick[at] as number) === 0 ? TickResult.ON : TickResult.OFF;
  }

  #assign(instrument: number, key: string): void {
    const found = this.#byKey.get(key);
    const isThere = instrument >= 0 && instrument < this.#count.length;
    if (found === undefined || found.ranges.length === 0 || !isThere) return;
    const { first, ranges } = found;
    const tick = ranges[0]?.tick ?? 0;
    this.#first[instrument] = first;
    this.#count[instrument] = ranges.length;
    this.#single[instrument] = ranges.length === 1 && tick <= INT_TICK_MAX ? tick : -1;
    this.#bySymbol[instrument] = 0;
  }
}

/** An event sink that checks and passes everything on. */
export class TickSink implements EventSink {
  readonly onPacketStart: EventSink["onPacketStart"];
  readonly onAdd: EventSink["onAdd"];
  readonly onExecute: EventSink["onExecute"];
  readonly onExecuteAt: EventSink["onExecuteAt"];
  readonly onReduce: EventSink["onReduce"];
  readonly onDelete: EventSink["onDelete"];
  readonly onReplace: EventSink["onReplace"];
  readonly onTrade: EventSink["onTrade"];
  readonly onTradeBroken: EventSink["onTradeBroken"];
  readonly onDirectory: EventSink["onDirectory"];
  readonly onInstrument: EventSink["onInstrument"];
  readonly onModifyQuantity: EventSink["onModifyQuantity"];
  readonly onExecuteBy: EventSink["onExecuteBy"];
  readonly onClear: EventSink["onClear"];
  readonly onState: EventSink["onState"];
  readonly onIndication: EventSink["onIndication"];
  readonly onControl: EventSink["onControl"];
  readonly onBatchEnd: EventSink["onBatchEnd"];

  constructor(ticks: Ticks, next: EventSink, counters: Counters) {
    const noteIf = (result: number): void => {
      if (result === TickResult.ON) return;
      counters.increment(result === TickResult.OFF ? C.BOOK_OFF_TICK : C.BOOK_TICK_UNCHECKED);
    };
    this.onAdd = (instrument, idLo, idHi, side, pxLo, pxHi, qtyLo, qtyHi) => {
      noteIf(ticks.check(instrument, pxLo, pxHi));
      next.onAdd(instrument, idLo, idHi, side, pxLo, pxHi, qtyLo, qtyHi);
    };
    this.onReplace = (instrument, idLo, idHi, newLo, newHi, pxLo, pxHi, qtyLo, qtyHi) => {
      noteIf(ticks.check(instrument, pxLo, pxHi));
      next.onReplace(instrument, idLo, idHi, newLo, newHi, pxLo, pxHi, qtyLo, qtyHi);
    };
    this.onInstrument = (instrument, idLo, idHi) => {
      ticks.onInstrument(instrument, idLo, idHi);
      next.onInstrument(instrument, idLo, idHi);
    };
    this.onDirectory = (instrument, symbolHigh, symbolLow) => {
      ticks.onDirectory(instrument, symbolHigh, symbolLow);
      next.onDirectory(instrument, symbolHigh, symbolLow);
    };
    this.onPacketStart = next.onPacketStart.bind(next);
    this.onExecute = next.onExecute.bind(next);
    this.onExecuteAt = next.onExecuteAt.bind(next);
    this.onReduce = next.onReduce.bind(next);
    this.onDelete = next.onDelete.bind(next);
    this.onTrade = next.onTrade.bind(next);
    this.onTradeBroken = next.onTradeBroken.bind(next);
    this.onModifyQuantity = next.onModifyQuantity.bind(next);
    this.onExecuteBy = next.onExecuteBy.bind(next);
    this.onClear = next.onClear.bind(next);
    this.onState = next.onState.bind(next);
    this.onIndication = next.onIndication.bind(next);
    this.onControl = next.onControl.bind(next);
    this.onBatchEnd = next.onBatchEnd.bind(next);
  }
}

/** The symbol as a reference file would have it: without the spaces on its right. */
function symbolText(high: number, low: number): string {
  let text = "";
  for (const word of [high, low]) {
    for (let shift = 24; shift >= 0; shift -= 8) {
      text += String.fromCharCode((word >>> shift) & 0xff);
    }
  }
  return text.replace(/[ \0]+$/, "");
}
