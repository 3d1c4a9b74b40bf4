/**
 * ITCH messages that touch no book: kept as instrument state for people, and two of them told down
 * the line: trading state as onState, imbalance as onIndication.
 *
 * Thread: decode's, off its straight path: these types are rare. No allocation. The lengths were
 * checked by the decoder. Source: TotalView-ITCH 5.0, sections 4.1, 4.2, 4.6 to 4.8.
 */
import type { Counters } from "../../core/counters.ts";
import { type EventSink, IndicationKind, StateScope } from "../../core/sinks.ts";
import {
  StateBoard,
  type StateKind,
  type StateRef,
  stateRowBytes,
  takeStateBoard,
} from "../../core/state-board.ts";
import { C } from "../../metrics/counter-table.ts";
import * as L from "./layout.ts";
import { Participants, participantBytes } from "./participants.ts";

/** Markets of an operational halt; each may have one. */
const HALT_MARKETS = ["Q", "B", "X"] as const;

/** What the board keeps; the market's row has the last three, an instrument's the others. */
export const ITCH_STATE_KINDS: readonly StateKind[] = [
  kind("R", L.DIRECTORY_BYTES),
  kind("H", L.TRADING_ACTION_BYTES),
  kind("Y", L.REG_SHO_BYTES),
  kind("K", L.IPO_QUOTING_BYTES),
  kind("J", L.LULD_COLLAR_BYTES),
  kind("I", L.IMBALANCE_BYTES),
  kind("N", L.RETAIL_INTEREST_BYTES),
  kind("O", L.DIRECT_LISTING_BYTES),
  ...HALT_MARKETS.map((market) => kind("h", L.OPERATIONAL_HALT_BYTES, market)),
  kind("S", L.SYSTEM_EVENT_BYTES),
  kind("V", L.MWCB_DECLINE_BYTES),
  kind("W", L.MWCB_STATUS_BYTES),
];

const FIRST_HALT = ITCH_STATE_KINDS.findIndex(({ id }) => id === "h");
const FIRST_OF_MARKET = ITCH_STATE_KINDS.findIndex(({ id }) => id === "S");
const NO_KIND = 255;
const NO_VALUE = 255;

/** Takes the memory of the state, to be shared between threads. */
export function takeItchState(instruments: number): StateRef {
  return {
    board: takeStateBoard(ITCH_STATE_KINDS, instruments),
    participants: new SharedArrayBuffer(participantBytes(instruments)),
  };
}

/** Bytes that takeItchState takes. */
export function itchStateBytes(instruments: number): number {
  return (instruments + 1) * stateRowBytes(ITCH_STATE_KINDS) + participantBytes(instruments);
}

/** Writes the state. */
export class ItchState {
  readonly #sink: EventSink;
  readonly #counters: Counters;
  readonly #board: StateBoard | null;
  readonly #participants: Participants | null;
  /** Kind by type letter. */
  readonly #kinds: Uint8Array;

  /** @param ref null: nothing is kept, only told */
  constructor(sink: EventSink, counters: Counters, ref: StateRef | null) {
    this.#sink = sink;
    this.#counters = counters;
    this.#board = ref && new StateBoard(ref.board, ITCH_STATE_KINDS);
    this.#participants = ref && new Participants(ref.participants);
    this.#kinds = new Uint8Array(256).fill(NO_KIND);
    for (let i = ITCH_STATE_KINDS.length - 1; i >= 0; i--) {
      this.#kinds[`${ITCH_STATE_KINDS[i]?.id}`.charCodeAt(0)] = i;
    }
    this.reset();
  }

  /** Nothing is kept; only while nobody reads. */
  reset(): void {
    this.#board?.reset();
    this.#participants?.reset();
  }

  /** A new session began: nothing that was said holds any more. */
  clear(): void {
    this.#board?.clear();
    this.#participants?.clear();
  }

  /** Takes a message of a type that touches no book. @param m its first byte */
  take(data: DataView, m: number, type: number): void {
    const locate = data.getUint16(m + L.LOCATE);
    if (type === L.TYPE_PARTICIPANT) {
      this.#participant(data, m, locate);
      return;
    }
    if (type === L.TYPE_TRADING_ACTION) {
      const state = data.getUint8(m + L.TRADING_STATE);
      this.#sink.onState(locate, StateScope.INSTRUMENT, state, NO_VALUE, NO_VALUE, NO_VALUE);
    } else if (type === L.TYPE_IMBALANCE) this.#imbalance(data, m, locate);
    const known = this.#kinds[type] as number;
    if (known === NO_KIND) return;
    const kindIndex = type === L.TYPE_OPERATIONAL_HALT ? haltKind(data, m) : known;
    if (kindIndex < 0) this.#counters.increment(C.DECODE_STATE_REFUSED);
    else this.#keep(data, m, locate, kindIndex);
  }

  #keep(data: DataView, m: number, locate: number, kindIndex: number): void {
    const board = this.#board;
    if (board === null) return;
    const isMarket = kindIndex >= FIRST_OF_MARKET;
    if (!isMarket && locate >= board.instruments) {
      this.#counters.increment(C.DECODE_STATE_REFUSED);
      return;
    }
    board.put(isMarket ? board.instruments : locate, kindIndex, data, m);
  }

  #participant(data: DataView, m: number, locate: number): void {
    if (this.#participants === null) return;
    const flags =
      (data.getUint8(m + L.PARTICIPANT_PRIMARY) << 16) |
      (data.getUint8(m + L.PARTICIPANT_MODE) << 8) |
      data.getUint8(m + L.PARTICIPANT_STATE);
    const taken = this.#participants.set(locate, data.getInt32(m + L.PARTICIPANT_MPID), flags);
    if (!taken) this.#counters.increment(C.DECODE_STATE_REFUSED);
  }

  /** Near price and paired shares, far price and the imbalance. */
  #imbalance(data: DataView, m: number, locate: number): void {
    this.#sink.onIndication(
      locate,
      IndicationKind.CLEARING_PRICE,
      data.getInt32(m + L.IMBALANCE_NEAR),
      0,
      data.getInt32(m + L.IMBALANCE_PAIRED + 4),
      data.getInt32(m + L.IMBALANCE_PAIRED),
      data.getInt32(m + L.IMBALANCE_FAR),
      0,
      data.getInt32(m + L.IMBALANCE_SHARES + 4),
      data.getInt32(m + L.IMBALANCE_SHARES),
    );
  }
}

function kind(id: string, bytes: number, label = ""): StateKind {
  return { id, bytes, label };
}

/** @returns the kind of an operational halt, -1 for a market that is none of Nasdaq's */
function haltKind(data: DataView, m: number): number {
  switch (data.getUint8(m + L.HALT_MARKET_CODE)) {
    case 0x51:
      return FIRST_HALT;
    case 0x42:
      return FIRST_HALT + 1;
    case 0x58:
      return FIRST_HALT + 2;
    default:
      return -1;
  }
}
