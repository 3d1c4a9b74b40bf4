/**
 * What EOBI says that the common event sink has no call for: instruments by 64-bit ids, orders that
 * keep their place, executions with an aggressor, books emptied at once, states and indications.
 * All arguments are 32-bit integers, as everywhere on the hot path.
 */
import type { EventSink } from "../../core/sinks.ts";

/** What a state is about. */
export const StateScope = {
  /** The product (market segment) as a whole; instrument -1. */
  PRODUCT: 0,
  /** All instruments of a kind; instrument -1; those with a state of their own follow. */
  MASS: 1,
  INSTRUMENT: 2,
} as const;

/** What an indication is. */
export const IndicationKind = {
  /** Best bid and offer of an auction; prices may be no value. */
  AUCTION_BBO: 0,
  /** Best bid and offer of the book as the venue states them. */
  TOP_OF_BOOK: 1,
  /** Price and quantity at which an auction would clear; bid: price and quantity, ask: imbalance. */
  CLEARING_PRICE: 2,
  /** Somebody asks for quotes. */
  QUOTE_REQUEST: 3,
  /** Somebody announces a cross. */
  CROSS_REQUEST: 4,
} as const;

/** An aggressor that nobody told, as raw-v1 says it. */
export const AGGRESSOR_UNKNOWN = 255;

/** Takes EOBI's events. `instrument` is a dense index, told once by onInstrument. */
export interface EobiSink extends EventSink {
  /** An instrument appears: its dense index and its SecurityID. */
  onInstrument(instrument: number, idLo: number, idHi: number): void;
  /** A resting order has another quantity and keeps its place; its price is told unchanged. */
  onModifyQuantity(
    instrument: number,
    idLo: number,
    idHi: number,
    qtyLo: number,
    qtyHi: number,
  ): void;
  /**
   * A resting order traded. `aggressor` 0 buy, 1 sell, 255 unknown; with `isWhole` 1 the order is
   * gone, whatever its quantity was, with 0 it keeps its place.
   */
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
  ): void;
  /** All orders of an instrument are gone. */
  onClear(instrument: number): void;
  /**
   * A state began. Values as in the layout table's enumerations, 255 where there is none.
   *
   * @param scope a StateScope
   * @param status SecurityStatus, SecurityMassStatus or TradSesStatus
   * @param trading SecurityTradingStatus, its mass form, or TradingSessionSubID
   * @param event SecurityTradingEvent or its mass form
   * @param fast FastMarketIndicator
   */
  onState(
    instrument: number,
    scope: number,
    status: number,
    trading: number,
    event: number,
    fast: number,
  ): void;
  /** Prices and quantities that touch no book; no value is the venue's own (-2^63). */
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
  ): void;
}
