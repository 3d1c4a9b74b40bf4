/**
 * EOBI messages that touch no book, kept as instrument state for people: definitions, states,
 * auction and top-of-book indications, requests, trades; of the market its product's and its mass
 * states. What an instrument's summary of the snapshot channel says is told down the line only.
 *
 * Thread: EobiState decode's, off its straight path; the reader any, cold. No allocation in take().
 * Source: T7 EOBI manual, chapter 5; layouts/eobi-14.1.json.
 */
import type { Counters } from "../../core/counters.ts";
import {
  StateBoard,
  type StateKind,
  type StateRef,
  stateRowBytes,
  takeStateBoard,
} from "../../core/state-board.ts";
import { C } from "../../metrics/counter-table.ts";
import {
  type InstrumentState,
  type StateMessage,
  type StateReader,
  StateRows,
} from "../state-rows.ts";
import * as L from "./layout.ts";

/** What the board keeps; the market's row has the last two, an instrument's the others. */
export const EOBI_STATE_KINDS: readonly StateKind[] = [
  kind(L.ADD_COMPLEX_INSTRUMENT_TEMPLATE, L.ADD_COMPLEX_INSTRUMENT_BYTES),
  kind(L.ADD_FLEXIBLE_INSTRUMENT_TEMPLATE, L.ADD_FLEXIBLE_INSTRUMENT_BYTES),
  kind(L.ADD_SCALED_SIMPLE_INSTRUMENT_TEMPLATE, L.ADD_SCALED_SIMPLE_INSTRUMENT_BYTES),
  kind(L.INSTRUMENT_STATE_CHANGE_TEMPLATE, L.INSTRUMENT_STATE_CHANGE_BYTES),
  kind(L.AUCTION_BBO_TEMPLATE, L.AUCTION_BBO_BYTES),
  kind(L.AUCTION_CLEARING_PRICE_TEMPLATE, L.AUCTION_CLEARING_PRICE_BYTES),
  kind(L.TOP_OF_BOOK_TEMPLATE, L.TOP_OF_BOOK_BYTES),
  kind(L.CROSS_REQUEST_TEMPLATE, L.CROSS_REQUEST_BYTES),
  kind(L.QUOTE_REQUEST_TEMPLATE, L.QUOTE_REQUEST_BYTES),
  kind(L.TRADE_REPORT_TEMPLATE, L.TRADE_REPORT_BYTES),
  kind(L.TES_TRADE_REPORT_TEMPLATE, L.TES_TRADE_REPORT_BYTES),
  kind(L.TRADE_REVERSAL_TEMPLATE, L.TRADE_REVERSAL_BYTES),
  kind(L.PRODUCT_STATE_CHANGE_TEMPLATE, L.PRODUCT_STATE_CHANGE_BYTES),
  kind(L.MASS_INSTRUMENT_STATE_CHANGE_TEMPLATE, L.MASS_INSTRUMENT_STATE_CHANGE_BYTES),
];

const FIRST_OF_MARKET = indexOf(L.PRODUCT_STATE_CHANGE_TEMPLATE);
const STATE_CHANGE = indexOf(L.INSTRUMENT_STATE_CHANGE_TEMPLATE);
const NO_KIND = 255;
/** SecurityTradingStatus of a trading halt. */
const TRADING_HALT = 2;

/** Takes the memory of the state, to be shared between threads. */
export function takeEobiState(instruments: number): StateRef {
  return {
    board: takeStateBoard(EOBI_STATE_KINDS, instruments),
    participants: new SharedArrayBuffer(0),
  };
}

/** Bytes that takeEobiState takes. */
export function eobiStateBytes(instruments: number): number {
  return (instruments + 1) * stateRowBytes(EOBI_STATE_KINDS);
}

/** Writes the state. */
export class EobiState {
  readonly #counters: Counters;
  readonly #board: StateBoard | null;
  /** Kind by template, less TEMPLATE_FIRST. */
  readonly #kinds = new Uint8Array(L.TEMPLATE_COUNT).fill(NO_KIND);

  /** @param ref null: nothing is kept */
  constructor(counters: Counters, ref: StateRef | null) {
    this.#counters = counters;
    this.#board = ref && new StateBoard(ref.board, EOBI_STATE_KINDS);
    EOBI_STATE_KINDS.forEach(({ id }, i) => {
      this.#kinds[Number(id) - L.TEMPLATE_FIRST] = i;
    });
  }

  /** A new session began: nothing that was said holds any more. */
  clear(): void {
    this.#board?.clear();
  }

  /**
   * Keeps a message of right length.
   *
   * @param p its first byte
   * @param slot its template, less TEMPLATE_FIRST
   * @param instrument dense index, -1 for a message of the market's
   */
  take(data: DataView, p: number, slot: number, instrument: number): void {
    const board = this.#board;
    if (board === null) return;
    const kindIndex = this.#kinds[slot] as number;
    if (kindIndex === NO_KIND) return;
    if (kindIndex >= FIRST_OF_MARKET) board.put(board.instruments, kindIndex, data, p);
    else if (instrument < board.instruments) board.put(instrument, kindIndex, data, p);
    else this.#counters.increment(C.DECODE_STATE_REFUSED);
  }
}

/** Reads what EobiState wrote. */
export class EobiStateReader implements StateReader {
  readonly #rows: StateRows;

  constructor(ref: StateRef) {
    this.#rows = new StateRows(ref.board, EOBI_STATE_KINDS, "eobi-14.1");
  }

  instrument(instrument: number): InstrumentState {
    return { messages: this.#rows.instrument(instrument), participants: [] };
  }

  *all(): Generator<InstrumentState & { readonly instrument: number }> {
    for (let instrument = 0; instrument < this.#rows.board.instruments; instrument++) {
      const messages = this.#rows.instrument(instrument);
      if (messages.length > 0) yield { instrument, messages, participants: [] };
    }
  }

  /** State of the product, and of all instruments of a kind. */
  market(): StateMessage[] {
    return this.#rows.market();
  }

  halted(limit: number): { count: number; instruments: number[] } {
    const isHalt = (message: Uint8Array): boolean =>
      message[L.INSTRUMENT_STATE_CHANGE_SECURITY_TRADING_STATUS] === TRADING_HALT;
    return this.#rows.halted(limit, STATE_CHANGE, isHalt);
  }
}

function kind(id: number, bytes: number): StateKind {
  return { id, bytes, label: "" };
}

function indexOf(template: number): number {
  return EOBI_STATE_KINDS.findIndex(({ id }) => id === template);
}
