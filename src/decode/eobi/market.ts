/**
 * EOBI messages that touch no book: trades, states, indications, requests, instrument definitions.
 * They are rarer than orders by far; lengths were checked by the decoder.
 *
 * Thread: decode's. Hot path: no allocation. Source: layouts/eobi-14.1.json.
 */
import { AGGRESSOR_UNKNOWN, type EventSink, IndicationKind, StateScope } from "../../core/sinks.ts";
import * as L from "./layout.ts";

const { TEMPLATE_COUNT, TEMPLATE_FIRST } = L;
/** First and second half of no value in a signed 64-bit field. */
const NONE_LO = 0;
const NONE_HI = 0x8000_0000 | 0;
const ENTRIES_MAX = 24;
const SPACE = 0x20;

const TRADE = L.TRADE_REPORT_TEMPLATE - TEMPLATE_FIRST;
const TES_TRADE = L.TES_TRADE_REPORT_TEMPLATE - TEMPLATE_FIRST;
const REVERSAL = L.TRADE_REVERSAL_TEMPLATE - TEMPLATE_FIRST;
const PRODUCT_STATE = L.PRODUCT_STATE_CHANGE_TEMPLATE - TEMPLATE_FIRST;
const INSTRUMENT_STATE = L.INSTRUMENT_STATE_CHANGE_TEMPLATE - TEMPLATE_FIRST;
const MASS_STATE = L.MASS_INSTRUMENT_STATE_CHANGE_TEMPLATE - TEMPLATE_FIRST;
const AUCTION_BBO = L.AUCTION_BBO_TEMPLATE - TEMPLATE_FIRST;
const CLEARING = L.AUCTION_CLEARING_PRICE_TEMPLATE - TEMPLATE_FIRST;
const TOP = L.TOP_OF_BOOK_TEMPLATE - TEMPLATE_FIRST;
const QUOTE_REQUEST = L.QUOTE_REQUEST_TEMPLATE - TEMPLATE_FIRST;
const CROSS_REQUEST = L.CROSS_REQUEST_TEMPLATE - TEMPLATE_FIRST;
const ADD_COMPLEX = L.ADD_COMPLEX_INSTRUMENT_TEMPLATE - TEMPLATE_FIRST;
const ADD_FLEXIBLE = L.ADD_FLEXIBLE_INSTRUMENT_TEMPLATE - TEMPLATE_FIRST;
const ADD_SCALED = L.ADD_SCALED_SIMPLE_INSTRUMENT_TEMPLATE - TEMPLATE_FIRST;

/** Where each template has its SecurityID, by template. */
const SECURITY_IDS: readonly (readonly [template: number, offset: number])[] = [
  [L.ORDER_MASS_DELETE_TEMPLATE, L.ORDER_MASS_DELETE_SECURITY_ID],
  [L.EXECUTION_SUMMARY_TEMPLATE, L.EXECUTION_SUMMARY_SECURITY_ID],
  [L.TRADE_REPORT_TEMPLATE, L.TRADE_REPORT_SECURITY_ID],
  [L.TES_TRADE_REPORT_TEMPLATE, L.TES_TRADE_REPORT_SECURITY_ID],
  [L.TRADE_REVERSAL_TEMPLATE, L.TRADE_REVERSAL_SECURITY_ID],
  [L.INSTRUMENT_STATE_CHANGE_TEMPLATE, L.INSTRUMENT_STATE_CHANGE_SECURITY_ID],
  [L.AUCTION_BBO_TEMPLATE, L.AUCTION_BBO_SECURITY_ID],
  [L.AUCTION_CLEARING_PRICE_TEMPLATE, L.AUCTION_CLEARING_PRICE_SECURITY_ID],
  [L.TOP_OF_BOOK_TEMPLATE, L.TOP_OF_BOOK_SECURITY_ID],
  [L.QUOTE_REQUEST_TEMPLATE, L.QUOTE_REQUEST_SECURITY_ID],
  [L.CROSS_REQUEST_TEMPLATE, L.CROSS_REQUEST_SECURITY_ID],
  [L.ADD_COMPLEX_INSTRUMENT_TEMPLATE, L.ADD_COMPLEX_INSTRUMENT_SECURITY_ID],
  [L.ADD_FLEXIBLE_INSTRUMENT_TEMPLATE, L.ADD_FLEXIBLE_INSTRUMENT_SECURITY_ID],
  [L.ADD_SCALED_SIMPLE_INSTRUMENT_TEMPLATE, L.ADD_SCALED_SIMPLE_INSTRUMENT_SECURITY_ID],
];

/** Finds a SecurityID's dense index, or -1. */
export interface InstrumentFinder {
  instrumentAt(data: DataView, p: number): number;
}

/** Reads messages that touch no book. */
export class EobiMarket {
  readonly #sink: EventSink;
  readonly #finder: InstrumentFinder;
  readonly #securityIds = new Uint8Array(TEMPLATE_COUNT);

  constructor(sink: EventSink, finder: InstrumentFinder) {
    this.#sink = sink;
    this.#finder = finder;
    for (const [template, offset] of SECURITY_IDS) {
      this.#securityIds[template - TEMPLATE_FIRST] = offset;
    }
  }

  /** Where a template has its SecurityID, bytes from the message's begin; 0: it has none. */
  securityIdAt(slot: number): number {
    return this.#securityIds[slot] as number;
  }

  /** Calls the sink for a message. @returns false when a counter speaks of too many entries */
  message(data: DataView, p: number, slot: number, instrument: number): boolean {
    switch (slot) {
      case TRADE:
        this.#trade(data, p, instrument, L.TRADE_REPORT_LAST_PX, L.TRADE_REPORT_LAST_QTY);
        return true;
      case TES_TRADE:
        this.#trade(data, p, instrument, L.TES_TRADE_REPORT_LAST_PX, L.TES_TRADE_REPORT_LAST_QTY);
        return true;
      case REVERSAL:
        if (data.getUint8(p + L.TRADE_REVERSAL_NO_MD_ENTRIES) > 18) return false;
        this.#sink.onTradeBroken(
          instrument,
          data.getInt32(p + L.TRADE_REVERSAL_TRD_MATCH_ID, true),
          0,
        );
        return true;
      case PRODUCT_STATE:
        this.#productState(data, p);
        return true;
      case INSTRUMENT_STATE:
        this.#instrumentState(data, p, instrument);
        return true;
      case MASS_STATE:
        return this.#massState(data, p);
      case AUCTION_BBO:
        this.#best(data, p, instrument, IndicationKind.AUCTION_BBO, L.AUCTION_BBO_BID_PX);
        return true;
      case TOP:
        this.#best(data, p, instrument, IndicationKind.TOP_OF_BOOK, L.TOP_OF_BOOK_BID_PX);
        return true;
      case CLEARING:
        this.#clearing(data, p, instrument);
        return true;
      case QUOTE_REQUEST:
        this.#request(data, p, instrument, IndicationKind.QUOTE_REQUEST);
        return true;
      case CROSS_REQUEST:
        this.#request(data, p, instrument, IndicationKind.CROSS_REQUEST);
        return true;
      case ADD_COMPLEX:
      case ADD_FLEXIBLE:
      case ADD_SCALED:
        // SecurityDesc lies at the same place in all three; its first eight bytes are the symbol.
        this.#sink.onDirectory(
          instrument,
          padded(data, p + L.ADD_COMPLEX_INSTRUMENT_SECURITY_DESC),
          padded(data, p + L.ADD_COMPLEX_INSTRUMENT_SECURITY_DESC + 4),
        );
        return true;
      default:
        // Heartbeats, and the snapshot channel's messages.
        return true;
    }
  }

  #trade(data: DataView, p: number, instrument: number, pxAt: number, qtyAt: number): void {
    this.#sink.onTrade(
      instrument,
      AGGRESSOR_UNKNOWN,
      data.getInt32(p + pxAt, true),
      data.getInt32(p + pxAt + 4, true),
      data.getInt32(p + qtyAt, true),
      data.getInt32(p + qtyAt + 4, true),
      data.getInt32(p + L.TRADE_REPORT_TRD_MATCH_ID, true),
      0,
    );
  }

  #productState(data: DataView, p: number): void {
    this.#sink.onState(
      -1,
      StateScope.PRODUCT,
      data.getUint8(p + L.PRODUCT_STATE_CHANGE_TRAD_SES_STATUS),
      data.getUint8(p + L.PRODUCT_STATE_CHANGE_TRADING_SESSION_SUB_ID),
      255,
      data.getUint8(p + L.PRODUCT_STATE_CHANGE_FAST_MARKET_INDICATOR),
    );
  }

  #instrumentState(data: DataView, p: number, instrument: number): void {
    this.#sink.onState(
      instrument,
      StateScope.INSTRUMENT,
      data.getUint8(p + L.INSTRUMENT_STATE_CHANGE_SECURITY_STATUS),
      data.getUint8(p + L.INSTRUMENT_STATE_CHANGE_SECURITY_TRADING_STATUS),
      data.getUint8(p + L.INSTRUMENT_STATE_CHANGE_SECURITY_TRADING_EVENT),
      data.getUint8(p + L.INSTRUMENT_STATE_CHANGE_FAST_MARKET_INDICATOR),
    );
  }

  /** The state of all, then of those that have another. */
  #massState(data: DataView, p: number): boolean {
    const count = data.getUint8(p + L.MASS_INSTRUMENT_STATE_CHANGE_NO_RELATED_SYM);
    if (count > ENTRIES_MAX && count !== 255) return false;
    const fast = data.getUint8(p + L.MASS_INSTRUMENT_STATE_CHANGE_FAST_MARKET_INDICATOR);
    this.#sink.onState(
      -1,
      StateScope.MASS,
      data.getUint8(p + L.MASS_INSTRUMENT_STATE_CHANGE_SECURITY_MASS_STATUS),
      data.getUint8(p + L.MASS_INSTRUMENT_STATE_CHANGE_SECURITY_MASS_TRADING_STATUS),
      data.getUint8(p + L.MASS_INSTRUMENT_STATE_CHANGE_SECURITY_MASS_TRADING_EVENT),
      fast,
    );
    let at = p + L.MASS_INSTRUMENT_STATE_CHANGE_SEC_MASS_STAT_GRP;
    for (let left = count === 255 ? 0 : count; left > 0; left--) {
      const instrument = this.#finder.instrumentAt(data, at + L.SEC_MASS_STAT_GRP_SECURITY_ID);
      if (instrument >= 0) {
        this.#sink.onState(
          instrument,
          StateScope.INSTRUMENT,
          data.getUint8(at + L.SEC_MASS_STAT_GRP_SECURITY_STATUS),
          data.getUint8(at + L.SEC_MASS_STAT_GRP_SECURITY_TRADING_STATUS),
          data.getUint8(at + L.SEC_MASS_STAT_GRP_SECURITY_TRADING_EVENT),
          fast,
        );
      }
      at += L.SEC_MASS_STAT_GRP_ENTRY_BYTES;
    }
    return true;
  }

  /** Bid and offer, then their sizes: the same order in both templates. */
  #best(data: DataView, p: number, instrument: number, kind: number, bidAt: number): void {
    const at = p + bidAt;
    this.#sink.onIndication(
      instrument,
      kind,
      data.getInt32(at, true),
      data.getInt32(at + 4, true),
      data.getInt32(at + 16, true),
      data.getInt32(at + 20, true),
      data.getInt32(at + 8, true),
      data.getInt32(at + 12, true),
      data.getInt32(at + 24, true),
      data.getInt32(at + 28, true),
    );
  }

  #clearing(data: DataView, p: number, instrument: number): void {
    this.#sink.onIndication(
      instrument,
      IndicationKind.CLEARING_PRICE,
      data.getInt32(p + L.AUCTION_CLEARING_PRICE_LAST_PX, true),
      data.getInt32(p + L.AUCTION_CLEARING_PRICE_LAST_PX + 4, true),
      data.getInt32(p + L.AUCTION_CLEARING_PRICE_LAST_QTY, true),
      data.getInt32(p + L.AUCTION_CLEARING_PRICE_LAST_QTY + 4, true),
      NONE_LO,
      NONE_HI,
      data.getInt32(p + L.AUCTION_CLEARING_PRICE_IMBALANCE_QTY, true),
      data.getInt32(p + L.AUCTION_CLEARING_PRICE_IMBALANCE_QTY + 4, true),
    );
  }

  /** A request: its price (crosses only) and quantity on the side that it names, else on both. */
  #request(data: DataView, p: number, instrument: number, kind: number): void {
    const isCross = kind === IndicationKind.CROSS_REQUEST;
    const side = data.getUint8(p + (isCross ? L.CROSS_REQUEST_SIDE : L.QUOTE_REQUEST_SIDE));
    const qtyAt = p + (isCross ? L.CROSS_REQUEST_LAST_QTY : L.QUOTE_REQUEST_LAST_QTY);
    const pxLo = isCross ? data.getInt32(p + L.CROSS_REQUEST_LAST_PX, true) : NONE_LO;
    const pxHi = isCross ? data.getInt32(p + L.CROSS_REQUEST_LAST_PX + 4, true) : NONE_HI;
    const qtyLo = data.getInt32(qtyAt, true);
    const qtyHi = data.getInt32(qtyAt + 4, true);
    const isBid = side !== 2;
    const isAsk = side !== 1;
    this.#sink.onIndication(
      instrument,
      kind,
      isBid ? pxLo : NONE_LO,
      isBid ? pxHi : NONE_HI,
      isBid ? qtyLo : NONE_LO,
      isBid ? qtyHi : NONE_HI,
      isAsk ? pxLo : NONE_LO,
      isAsk ? pxHi : NONE_HI,
      isAsk ? qtyLo : NONE_LO,
      isAsk ? qtyHi : NONE_HI,
    );
  }
}

/** Four characters as a big-endian word, spaces in place of the zero bytes behind a text. */
function padded(data: DataView, p: number): number {
  let word = 0;
  for (let i = 0; i < 4; i++) word = (word << 8) | (data.getUint8(p + i) || SPACE);
  return word;
}
