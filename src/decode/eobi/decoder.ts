/**
 * Decode stage for EOBI 14.1: the messages of a packet become calls on the event sink, then the
 * frame is given back. Order messages are read here, the others in market.ts.
 *
 * An order's id is its time priority with bit 63 set for asks, within its instrument. The aggressor
 * of an execution is told by the execution summary of the same instrument before it in the same
 * transaction; without one it stays unknown. Prices and quantities are raw, an order without a
 * price (a market order) has the venue's no-value, -2^63.
 *
 * Thread: decode's. Hot path: no allocation, no throw. Invariants: no byte outside the packet is
 * read; a message of a known template with another length, or of a side that is none, is counted
 * and stepped over. Source: T7 EOBI manual, chapters 4 and 5; layouts/eobi-14.1.json.
 */
import type { Counters } from "../../core/counters.ts";
import type { FrameView } from "../../core/frames.ts";
import { takeOddInput, UnknownTypes } from "../../core/odd-input.ts";
import type { EventSink, FrameOwner, PacketSink, Stage } from "../../core/sinks.ts";
import * as sinks from "../../core/sinks.ts";
import type { StateRef } from "../../core/state-board.ts";
import { C } from "../../metrics/counter-table.ts";
import { Instruments } from "./instruments.ts";
import * as L from "./layout.ts";
import { EobiMarket, type InstrumentFinder } from "./market.ts";
import { EobiState } from "./state.ts";

/** As in itch/decoder.ts: constants of this module are folded, imported ones are not. */
const {
  EXECUTION_SUMMARY_AGGRESSOR_SIDE,
  FULL_ORDER_EXECUTION_BYTES: EXECUTION_BYTES,
  FULL_ORDER_EXECUTION_LAST_PX: EXECUTION_LAST_PX,
  FULL_ORDER_EXECUTION_LAST_QTY: EXECUTION_LAST_QTY,
  FULL_ORDER_EXECUTION_SECURITY_ID: EXECUTION_SECURITY_ID,
  FULL_ORDER_EXECUTION_SIDE: EXECUTION_SIDE,
  FULL_ORDER_EXECUTION_TRD_MATCH_ID: EXECUTION_MATCH,
  FULL_ORDER_EXECUTION_TRD_REG_TS_TIME_PRIORITY: EXECUTION_PRIORITY,
  MESSAGE_HEADER_BYTES,
  ORDER_ADD_BYTES,
  ORDER_ADD_SECURITY_ID,
  ORDER_DELETE_BYTES,
  ORDER_DELETE_SECURITY_ID,
  ORDER_MODIFY_BYTES,
  ORDER_MODIFY_SAME_PRIO_BYTES,
  ORDER_MODIFY_SAME_PRIO_SECURITY_ID,
  ORDER_MODIFY_SECURITY_ID,
  ORDER_MODIFY_TRD_REG_TS_PREV_TIME_PRIORITY: ORDER_MODIFY_PREV_PRIORITY,
  PACKET_HEADER_COMPLETION_INDICATOR,
  TEMPLATE_COUNT,
  TEMPLATE_FIRST,
  TEMPLATE_ID,
} = L;

const ORDER_ADD_PRIORITY = L.ORDER_ADD_ORDER_DETAILS + L.ORDER_DETAILS_TRD_REG_TS_TIME_PRIORITY;
const ORDER_ADD_QTY = L.ORDER_ADD_ORDER_DETAILS + L.ORDER_DETAILS_DISPLAY_QTY;
const ORDER_ADD_SIDE = L.ORDER_ADD_ORDER_DETAILS + L.ORDER_DETAILS_SIDE;
const ORDER_ADD_PRICE = L.ORDER_ADD_ORDER_DETAILS + L.ORDER_DETAILS_PRICE;
const ORDER_DELETE_PRIORITY =
  L.ORDER_DELETE_ORDER_DETAILS + L.ORDER_DETAILS_TRD_REG_TS_TIME_PRIORITY;
const ORDER_DELETE_SIDE = L.ORDER_DELETE_ORDER_DETAILS + L.ORDER_DETAILS_SIDE;
const ORDER_MODIFY_PRIORITY =
  L.ORDER_MODIFY_ORDER_DETAILS + L.ORDER_DETAILS_TRD_REG_TS_TIME_PRIORITY;
const ORDER_MODIFY_QTY = L.ORDER_MODIFY_ORDER_DETAILS + L.ORDER_DETAILS_DISPLAY_QTY;
const ORDER_MODIFY_SIDE = L.ORDER_MODIFY_ORDER_DETAILS + L.ORDER_DETAILS_SIDE;
const ORDER_MODIFY_PRICE = L.ORDER_MODIFY_ORDER_DETAILS + L.ORDER_DETAILS_PRICE;
const SAME_PRIO_PRIORITY =
  L.ORDER_MODIFY_SAME_PRIO_ORDER_DETAILS + L.ORDER_DETAILS_TRD_REG_TS_TIME_PRIORITY;
const SAME_PRIO_QTY = L.ORDER_MODIFY_SAME_PRIO_ORDER_DETAILS + L.ORDER_DETAILS_DISPLAY_QTY;
const SAME_PRIO_SIDE = L.ORDER_MODIFY_SAME_PRIO_ORDER_DETAILS + L.ORDER_DETAILS_SIDE;

/** BodyLen and TemplateID in one word: what a message begins with. */
const ADD_KEY = L.keyOf(L.ORDER_ADD_TEMPLATE, ORDER_ADD_BYTES);
const DELETE_KEY = L.keyOf(L.ORDER_DELETE_TEMPLATE, ORDER_DELETE_BYTES);
const MODIFY_KEY = L.keyOf(L.ORDER_MODIFY_TEMPLATE, ORDER_MODIFY_BYTES);
const SAME_PRIO_KEY = L.keyOf(L.ORDER_MODIFY_SAME_PRIO_TEMPLATE, ORDER_MODIFY_SAME_PRIO_BYTES);
const FULL_KEY = L.keyOf(L.FULL_ORDER_EXECUTION_TEMPLATE, EXECUTION_BYTES);
const PARTIAL_KEY = L.keyOf(L.PARTIAL_ORDER_EXECUTION_TEMPLATE, EXECUTION_BYTES);
const MASS_DELETE = L.ORDER_MASS_DELETE_TEMPLATE - TEMPLATE_FIRST;
const SUMMARY = L.EXECUTION_SUMMARY_TEMPLATE - TEMPLATE_FIRST;
/** The longest of the messages that #walk reads by itself. */
const HOT_BYTES_MAX = ORDER_MODIFY_BYTES;
const COMPLETE = 1;
const AGGRESSOR_UNKNOWN = sinks.AGGRESSOR_UNKNOWN;

/** What the decoder stands on. */
export interface EobiDecoderOptions {
  /** Frame regions by feed. */
  readonly frames: readonly FrameView[];
  readonly owner: FrameOwner;
  readonly sink: EventSink;
  readonly counters: Counters;
  /** Instruments at most. */
  readonly instruments: number;
  /** Where messages of unknown templates are counted by id; its own when left out. */
  readonly unknownTypes?: UnknownTypes;
  /** Where instrument state is kept; nowhere when left out. */
  readonly state?: StateRef | null;
}

/** The decode stage. */
export class EobiDecoder implements PacketSink, Stage, InstrumentFinder {
  /** Valid messages by template, less TEMPLATE_FIRST. */
  readonly typeCounts = new Float64Array(TEMPLATE_COUNT);
  readonly instruments: Instruments;
  readonly #frames: readonly FrameView[];
  readonly #owner: FrameOwner;
  readonly #sink: EventSink;
  readonly #counters: Float64Array;
  readonly #market: EobiMarket;
  readonly #lengths = L.bodyLengths();
  readonly #unknown: UnknownTypes;
  readonly #state: EobiState;
  /** Instrument and side of the transaction's last execution summary. */
  #summaryInstrument = -1;
  #aggressor: number = AGGRESSOR_UNKNOWN;
  /** Messages of the current packet that were no valid ones. */
  #skipped = 0;

  constructor(options: EobiDecoderOptions) {
    this.instruments = new Instruments(options.instruments);
    this.#frames = options.frames;
    this.#owner = options.owner;
    this.#sink = options.sink;
    this.#counters = options.counters.values;
    this.#unknown = options.unknownTypes ?? new UnknownTypes(takeOddInput());
    this.#market = new EobiMarket(options.sink, this);
    this.#state = new EobiState(options.counters, options.state ?? null);
  }

  onPacket(
    feed: number,
    frame: number,
    offset: number,
    length: number,
    tsLo: number,
    tsHi: number,
    tsKind: number,
    _seqLo: number,
    _seqHi: number,
    firstOffset: number,
    count: number,
  ): void {
    const view = this.#frames[feed] as FrameView;
    this.#sink.onPacketStart(tsLo, tsHi, tsKind);
    this.take(view.data, frame * view.frameBytes + offset, length, firstOffset, count);
    this.#owner.release(feed, frame);
  }

  /**
   * Decodes messages of a packet wherever it lies.
   *
   * @param start of the packet in `data`, bytes
   * @param firstOffset where the first message begins, bytes from `start` @param count of messages
   */
  take(data: DataView, start: number, length: number, firstOffset: number, count: number): void {
    this.#count(C.DECODE_PACKETS);
    this.#skipped = 0;
    const taken = this.#walk(data, start + firstOffset, start + length, count);
    const counters = this.#counters;
    counters[C.DECODE_MESSAGES] = (counters[C.DECODE_MESSAGES] as number) + taken - this.#skipped;
    if (isComplete(data, start, length)) this.#summaryInstrument = -1;
  }

  onControl(control: number): void {
    this.#summaryInstrument = -1;
    if (control === sinks.ChannelControl.NEW_SESSION) this.#state.clear();
    this.#sink.onControl(control);
  }

  onBatchEnd(): void {
    this.#sink.onBatchEnd();
  }

  tick(): void {
    // Nothing here waits for time.
  }

  /** As new, but for the instruments, whose indexes others know. */
  reset(): void {
    this.typeCounts.fill(0);
    this.#summaryInstrument = -1;
  }

  /** Decodes `count` messages from `at`; `end` is the packet's. @returns messages taken */
  #walk(data: DataView, at: number, end: number, count: number): number {
    const safeEnd = end - HOT_BYTES_MAX;
    let p = at;
    for (let left = count; left > 0; left--) {
      const key = p <= safeEnd ? data.getInt32(p, true) : 0;
      if (key === ADD_KEY) {
        this.#add(data, p);
        p += ORDER_ADD_BYTES;
      } else if (key === DELETE_KEY) {
        this.#delete(data, p);
        p += ORDER_DELETE_BYTES;
      } else if (key === MODIFY_KEY) {
        this.#modify(data, p);
        p += ORDER_MODIFY_BYTES;
      } else if (key === PARTIAL_KEY || key === FULL_KEY) {
        this.#execute(data, p, key);
        p += EXECUTION_BYTES;
      } else {
        p = this.#careful(data, p, end);
        if (p < 0) return count - left;
      }
    }
    return count;
  }

  /**
   * Takes one message of any template and length.
   *
   * @returns where the next begins, or -1 when the packet ends inside this one
   */
  #careful(data: DataView, p: number, end: number): number {
    if (p + MESSAGE_HEADER_BYTES > end) return this.#cut();
    const bytes = data.getUint16(p, true);
    if (bytes < MESSAGE_HEADER_BYTES || p + bytes > end) return this.#cut();
    const slot = data.getUint16(p + TEMPLATE_ID, true) - TEMPLATE_FIRST;
    const known = slot >= 0 && slot < TEMPLATE_COUNT ? (this.#lengths[slot] as number) : 0;
    if (known !== bytes) {
      this.#skip(C.DECODE_MALFORMED);
      if (known === 0) {
        this.#count(C.DECODE_UNKNOWN_TYPE);
        this.#unknown.note(slot + TEMPLATE_FIRST);
      }
    } else this.#message(data, p, slot);
    return p + bytes;
  }

  /** Calls the sink for the message at `p`, whose length is right. */
  #message(data: DataView, p: number, slot: number): void {
    switch (data.getInt32(p, true)) {
      case ADD_KEY:
        this.#add(data, p);
        return;
      case DELETE_KEY:
        this.#delete(data, p);
        return;
      case MODIFY_KEY:
        this.#modify(data, p);
        return;
      case SAME_PRIO_KEY:
        this.#samePriority(data, p);
        return;
      case FULL_KEY:
        this.#execute(data, p, FULL_KEY);
        return;
      case PARTIAL_KEY:
        this.#execute(data, p, PARTIAL_KEY);
        return;
      default:
        this.#other(data, p, slot);
    }
  }

  #add(data: DataView, p: number): void {
    const side = data.getUint8(p + ORDER_ADD_SIDE) - 1;
    const instrument = this.instrumentAt(data, p + ORDER_ADD_SECURITY_ID);
    if (side >>> 0 > 1 || instrument < 0) {
      this.#skip(C.DECODE_MALFORMED);
      return;
    }
    this.#countType(ADD_KEY);
    this.#sink.onAdd(
      instrument,
      data.getInt32(p + ORDER_ADD_PRIORITY, true),
      data.getInt32(p + ORDER_ADD_PRIORITY + 4, true) ^ (side << 31),
      side,
      data.getInt32(p + ORDER_ADD_PRICE, true),
      data.getInt32(p + ORDER_ADD_PRICE + 4, true),
      data.getInt32(p + ORDER_ADD_QTY, true),
      data.getInt32(p + ORDER_ADD_QTY + 4, true),
    );
  }

  #delete(data: DataView, p: number): void {
    const side = data.getUint8(p + ORDER_DELETE_SIDE) - 1;
    const instrument = this.instrumentAt(data, p + ORDER_DELETE_SECURITY_ID);
    if (side >>> 0 > 1 || instrument < 0) {
      this.#skip(C.DECODE_MALFORMED);
      return;
    }
    this.#countType(DELETE_KEY);
    this.#sink.onDelete(
      instrument,
      data.getInt32(p + ORDER_DELETE_PRIORITY, true),
      data.getInt32(p + ORDER_DELETE_PRIORITY + 4, true) ^ (side << 31),
    );
  }

  /** A modification that moves the order: another time priority, at the tail of its price. */
  #modify(data: DataView, p: number): void {
    const side = data.getUint8(p + ORDER_MODIFY_SIDE) - 1;
    const instrument = this.instrumentAt(data, p + ORDER_MODIFY_SECURITY_ID);
    if (side >>> 0 > 1 || instrument < 0) {
      this.#skip(C.DECODE_MALFORMED);
      return;
    }
    this.#countType(MODIFY_KEY);
    this.#sink.onReplace(
      instrument,
      data.getInt32(p + ORDER_MODIFY_PREV_PRIORITY, true),
      data.getInt32(p + ORDER_MODIFY_PREV_PRIORITY + 4, true) ^ (side << 31),
      data.getInt32(p + ORDER_MODIFY_PRIORITY, true),
      data.getInt32(p + ORDER_MODIFY_PRIORITY + 4, true) ^ (side << 31),
      data.getInt32(p + ORDER_MODIFY_PRICE, true),
      data.getInt32(p + ORDER_MODIFY_PRICE + 4, true),
      data.getInt32(p + ORDER_MODIFY_QTY, true),
      data.getInt32(p + ORDER_MODIFY_QTY + 4, true),
    );
  }

  #samePriority(data: DataView, p: number): void {
    const side = data.getUint8(p + SAME_PRIO_SIDE) - 1;
    const instrument = this.instrumentAt(data, p + ORDER_MODIFY_SAME_PRIO_SECURITY_ID);
    if (side >>> 0 > 1 || instrument < 0) {
      this.#skip(C.DECODE_MALFORMED);
      return;
    }
    this.#countType(SAME_PRIO_KEY);
    this.#sink.onModifyQuantity(
      instrument,
      data.getInt32(p + SAME_PRIO_PRIORITY, true),
      data.getInt32(p + SAME_PRIO_PRIORITY + 4, true) ^ (side << 31),
      data.getInt32(p + SAME_PRIO_QTY, true),
      data.getInt32(p + SAME_PRIO_QTY + 4, true),
    );
  }

  /** Full and partial executions have one layout. */
  #execute(data: DataView, p: number, key: number): void {
    const side = data.getUint8(p + EXECUTION_SIDE) - 1;
    const instrument = this.instrumentAt(data, p + EXECUTION_SECURITY_ID);
    if (side >>> 0 > 1 || instrument < 0) {
      this.#skip(C.DECODE_MALFORMED);
      return;
    }
    this.#countType(key);
    this.#sink.onExecuteBy(
      instrument,
      data.getInt32(p + EXECUTION_PRIORITY, true),
      data.getInt32(p + EXECUTION_PRIORITY + 4, true) ^ (side << 31),
      data.getInt32(p + EXECUTION_LAST_QTY, true),
      data.getInt32(p + EXECUTION_LAST_QTY + 4, true),
      data.getInt32(p + EXECUTION_LAST_PX, true),
      data.getInt32(p + EXECUTION_LAST_PX + 4, true),
      data.getInt32(p + EXECUTION_MATCH, true),
      instrument === this.#summaryInstrument ? this.#aggressor : AGGRESSOR_UNKNOWN,
      key === FULL_KEY ? 1 : 0,
    );
  }

  #other(data: DataView, p: number, slot: number): void {
    const idAt = this.#market.securityIdAt(slot);
    const instrument = idAt === 0 ? -1 : this.instrumentAt(data, p + idAt);
    if (idAt !== 0 && instrument < 0) {
      this.#skip(C.DECODE_MALFORMED);
      return;
    }
    if (slot === MASS_DELETE) this.#sink.onClear(instrument);
    else if (slot === SUMMARY) this.#summary(data, p, instrument);
    else if (!this.#market.message(data, p, slot, instrument)) {
      this.#skip(C.DECODE_MALFORMED);
      return;
    }
    this.#state.take(data, p, slot, instrument);
    this.typeCounts[slot] = (this.typeCounts[slot] as number) + 1;
  }

  #summary(data: DataView, p: number, instrument: number): void {
    const side = data.getUint8(p + EXECUTION_SUMMARY_AGGRESSOR_SIDE) - 1;
    this.#summaryInstrument = instrument;
    this.#aggressor = side >>> 0 > 1 ? AGGRESSOR_UNKNOWN : side;
  }

  /** @returns the dense index of the SecurityID at `p`, or -1 when there is no room for it */
  instrumentAt(data: DataView, p: number): number {
    const idLo = data.getInt32(p, true);
    const idHi = data.getInt32(p + 4, true);
    const instrument = this.instruments.find(idLo, idHi);
    return instrument >= 0 ? instrument : this.#newInstrument(idLo, idHi);
  }

  #newInstrument(idLo: number, idHi: number): number {
    const instrument = this.instruments.add(idLo, idHi);
    if (instrument >= 0) this.#sink.onInstrument(instrument, idLo, idHi);
    else this.#count(C.DECODE_NO_INSTRUMENT);
    return instrument;
  }

  #cut(): number {
    this.#count(C.DECODE_MALFORMED);
    return -1;
  }

  #skip(slot: number): void {
    this.#skipped++;
    this.#count(slot);
  }

  #countType(key: number): void {
    const slot = (key >>> 16) - TEMPLATE_FIRST;
    this.typeCounts[slot] = (this.typeCounts[slot] as number) + 1;
  }

  #count(slot: number): void {
    this.#counters[slot] = (this.#counters[slot] as number) + 1;
  }
}

/** True when the packet ends a transaction. */
function isComplete(data: DataView, start: number, length: number): boolean {
  if (length <= PACKET_HEADER_COMPLETION_INDICATOR) return false;
  return data.getUint8(start + PACKET_HEADER_COMPLETION_INDICATOR) === COMPLETE;
}
