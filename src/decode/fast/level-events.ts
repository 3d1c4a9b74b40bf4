/**
 * Price levels as orders, so that venues which publish levels go through the same book, hash and
 * raw-v1: a level is one order whose id is its price, for asks with bit 63 flipped.
 *
 *   new level ─▶ onAdd     other quantity ─▶ onModifyQuantity     gone ─▶ onDelete
 *
 * Thread: decode's. Hot path: no allocation.
 */
import { AGGRESSOR_UNKNOWN, type EventSink, StateScope } from "../../core/sinks.ts";
import type { FortsSink } from "./forts.ts";
import { levelIdHi } from "./levels.ts";

/** A state's value where the venue has none. */
const NO_VALUE = 255;

/** Hands what a venue of levels tells to an event sink. */
export class LevelEvents implements FortsSink {
  readonly #sink: EventSink;

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  onLevelNew(
    instrument: number,
    side: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
  ): void {
    const idHi = levelIdHi(side, pxHi);
    this.#sink.onAdd(instrument, pxLo, idHi, side, pxLo, pxHi, qtyLo, qtyHi);
  }

  onLevelChanged(
    instrument: number,
    side: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
  ): void {
    this.#sink.onModifyQuantity(instrument, pxLo, levelIdHi(side, pxHi), qtyLo, qtyHi);
  }

  onLevelGone(instrument: number, side: number, pxLo: number, pxHi: number): void {
    this.#sink.onDelete(instrument, pxLo, levelIdHi(side, pxHi));
  }

  onInstrument(instrument: number, idLo: number, idHi: number): void {
    this.#sink.onInstrument(instrument, idLo, idHi);
  }

  onSymbol(instrument: number, symbolHigh: number, symbolLow: number): void {
    this.#sink.onDirectory(instrument, symbolHigh, symbolLow);
  }

  /** Levels do not tell who came: the aggressor is unknown. */
  onTrade(
    instrument: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
    matchLo: number,
    matchHi: number,
  ): void {
    const side = AGGRESSOR_UNKNOWN;
    this.#sink.onTrade(instrument, side, pxLo, pxHi, qtyLo, qtyHi, matchLo, matchHi);
  }

  onStatus(instrument: number, status: number): void {
    const scope = StateScope.INSTRUMENT;
    this.#sink.onState(instrument, scope, status, NO_VALUE, NO_VALUE, NO_VALUE);
  }

  onSession(status: number, event: number): void {
    this.#sink.onState(-1, StateScope.PRODUCT, status, NO_VALUE, event, NO_VALUE);
  }
}
