/**
 * The snapshot channel: collects one product's cycle, from its ProductSummary to the datagram that
 * completes it, and gives it out once it is whole.
 *
 *   ProductSummary   InstrumentSummary  SnapshotOrder …   InstrumentSummary …      (next product)
 *   last MsgSeqNum   TotNoOrders        best price first                    complete
 *
 * MsgSeqNum counts from 0 over all messages of a cycle of all products, so a hole shows; a cycle
 * with one, or with fewer orders than it said, is thrown away, for the next one is coming. During
 * auctions indications stand in place of orders.
 *
 * Thread: decode's. No allocation after the constructor: rows lie in address space that costs
 * memory only where it is touched. Every length is checked before it is read.
 * Source: T7 EOBI manual, "Snapshot messages" and "Recovery"; layouts/eobi-14.1.json.
 */
import type { Counters } from "../../core/counters.ts";
import * as sinks from "../../core/sinks.ts";
import { C } from "../../metrics/counter-table.ts";
import * as L from "./layout.ts";
import type { InstrumentFinder } from "./market.ts";

const { MESSAGE_HEADER_BYTES, PACKET_HEADER_BYTES, TEMPLATE_COUNT, TEMPLATE_FIRST } = L;
const HEADER_KEY = L.keyOf(L.PACKET_HEADER_TEMPLATE, PACKET_HEADER_BYTES);
const PRODUCT = L.PRODUCT_SUMMARY_TEMPLATE;
const INSTRUMENT = L.INSTRUMENT_SUMMARY_TEMPLATE;
const ORDER = L.SNAPSHOT_ORDER_TEMPLATE;
const ORDER_PRIORITY = L.SNAPSHOT_ORDER_ORDER_DETAILS + L.ORDER_DETAILS_TRD_REG_TS_TIME_PRIORITY;
const ORDER_QTY = L.SNAPSHOT_ORDER_ORDER_DETAILS + L.ORDER_DETAILS_DISPLAY_QTY;
const ORDER_SIDE = L.SNAPSHOT_ORDER_ORDER_DETAILS + L.ORDER_DETAILS_SIDE;
const ORDER_PRICE = L.SNAPSHOT_ORDER_ORDER_DETAILS + L.ORDER_DETAILS_PRICE;
const COMPLETE = 1;
const INSTRUMENT_STATE = sinks.StateScope.INSTRUMENT;
const PRODUCT_STATE = sinks.StateScope.PRODUCT;

/** Words of a row: instrument, side, then id, price and quantity as halves; or a state. */
const ROW_WORDS = 8;
/** In place of a side: the row is an instrument's state. */
const IS_STATE = 2;
/** Rows between two ends of a batch when a cycle is applied, so that rings and bus keep up. */
const BATCH_ROWS = 1024;
/** A sequence that follows none. */
const NO_SEQ = -1;
/** TotNoOrders that says nothing. */
const NOT_SAID = 0xffff;
/** In place of an instrument: none has begun; or one that found no room, whose orders are left. */
const NONE = -1;
const NO_ROOM = -2;

/** Collects cycles of one market segment. */
export class EobiSnapshot {
  /** [0]: LastMsgSeqNumProcessed of the cycle that is whole. */
  readonly last = new Float64Array(1);
  readonly #finder: InstrumentFinder;
  readonly #counters: Counters;
  readonly #lengths = L.bodyLengths();
  readonly #rows: Int32Array;
  readonly #rowsMax: number;
  #rowCount = 0;
  /** The product's state: session, sub id, fast market. */
  readonly #product = new Int32Array(3);
  #isCollecting = false;
  /** MsgSeqNum that has to come next, and the packet sequence of the last datagram. */
  readonly #seq = new Float64Array(2).fill(NO_SEQ);
  /** Market segment and partition of the last datagram: packet sequences count for each. */
  readonly #stream = new Int32Array(2);
  /** The instrument whose orders come; how many are said, came, and stand-ins for them. */
  #instrument: number = NONE;
  #said = 0;
  #came = 0;
  #indications = 0;

  /** @param orders of a cycle at most @param instruments at most */
  constructor(finder: InstrumentFinder, counters: Counters, orders: number, instruments: number) {
    this.#finder = finder;
    this.#counters = counters;
    this.#rowsMax = orders + instruments;
    this.#rows = new Int32Array(this.#rowsMax * ROW_WORDS);
  }

  /** Nothing collected. */
  reset(): void {
    this.#isCollecting = false;
    this.#seq.fill(NO_SEQ);
    this.#rowCount = 0;
  }

  /**
   * Takes a datagram of the snapshot channel.
   *
   * @param segment market segment whose cycles are collected
   * @returns true when a cycle is whole with it, good until the next call
   */
  take(data: DataView, start: number, length: number, segment: number): boolean {
    this.#counters.increment(C.SNAPSHOT_PACKETS);
    if (!this.#isSound(data, start, length)) {
      this.#counters.increment(C.SNAPSHOT_MALFORMED);
      this.#break();
      return false;
    }
    const packetSeq = data.getUint32(start + L.PACKET_HEADER_APPL_SEQ_NUM, true);
    const own = data.getInt32(start + L.PACKET_HEADER_MARKET_SEGMENT_ID, true);
    const partition = data.getUint8(start + L.PACKET_HEADER_PARTITION_ID);
    const stream = this.#stream;
    if (packetSeq === this.#seq[1] && own === stream[0] && partition === stream[1]) {
      return false; // The same datagram once more.
    }
    this.#seq[1] = packetSeq;
    stream[0] = own;
    stream[1] = partition;
    const isOurs = own === segment;
    for (let at = PACKET_HEADER_BYTES; at < length; ) {
      const p = start + at;
      this.#follow(data, p);
      if (isOurs) this.#message(data, p);
      at += data.getUint16(p, true);
    }
    const isEnd = data.getUint8(start + L.PACKET_HEADER_COMPLETION_INDICATOR) === COMPLETE;
    return isOurs && isEnd && this.#finish();
  }

  /** @returns true when a datagram begins a cycle of the segment; `last` is its last message */
  begins(data: DataView, start: number, length: number, segment: number): boolean {
    if (!this.#isSound(data, start, length) || length === PACKET_HEADER_BYTES) return false;
    const p = start + PACKET_HEADER_BYTES;
    if (data.getUint16(p + L.TEMPLATE_ID, true) !== PRODUCT) return false;
    if (data.getInt32(start + L.PACKET_HEADER_MARKET_SEGMENT_ID, true) !== segment) return false;
    this.last[0] = data.getUint32(p + L.PRODUCT_SUMMARY_LAST_MSG_SEQ_NUM_PROCESSED, true);
    return true;
  }

  /** Empties the instruments' books and fills them with the cycle's orders, states first. */
  apply(sink: sinks.EventSink, instruments: number): void {
    const rows = this.#rows;
    const [status = 0, session = 0, fast = 0] = this.#product;
    sink.onState(-1, PRODUCT_STATE, status, session, 255, fast);
    for (let i = 0; i < instruments; i++) sink.onClear(i);
    for (let i = 0; i < this.#rowCount; i++) {
      const at = i * ROW_WORDS;
      const instrument = rows[at] as number;
      const side = rows[at + 1] as number;
      const a = rows[at + 2] as number;
      const b = rows[at + 3] as number;
      const c = rows[at + 4] as number;
      const d = rows[at + 5] as number;
      if (side === IS_STATE) sink.onState(instrument, INSTRUMENT_STATE, a, b, c, d);
      else {
        const qtyLo = rows[at + 6] as number;
        sink.onAdd(instrument, a, b, side, c, d, qtyLo, rows[at + 7] as number);
      }
      if (i % BATCH_ROWS === BATCH_ROWS - 1) sink.onBatchEnd();
    }
    this.#counters.increment(C.SNAPSHOT_APPLIED);
    this.reset();
  }

  /** True when the packet is of this release and its messages fill it. */
  #isSound(data: DataView, start: number, length: number): boolean {
    if (length < PACKET_HEADER_BYTES || data.getInt32(start, true) !== HEADER_KEY) return false;
    let at = PACKET_HEADER_BYTES;
    while (at < length) {
      if (at + MESSAGE_HEADER_BYTES > length) return false;
      const bytes = data.getUint16(start + at, true);
      const slot = data.getUint16(start + at + L.TEMPLATE_ID, true) - TEMPLATE_FIRST;
      const known = slot >= 0 && slot < TEMPLATE_COUNT ? (this.#lengths[slot] as number) : 0;
      if (bytes < MESSAGE_HEADER_BYTES || (known !== 0 && known !== bytes)) return false;
      at += bytes;
    }
    return at === length;
  }

  /** A message's place in the cycle; a product's begin is one whatever came before. */
  #follow(data: DataView, p: number): void {
    const seq = data.getUint32(p + L.MSG_SEQ_NUM, true);
    const isBegin = data.getUint16(p + L.TEMPLATE_ID, true) === PRODUCT;
    if (seq !== this.#seq[0] && !isBegin) this.#break();
    this.#seq[0] = seq + 1;
  }

  #message(data: DataView, p: number): void {
    const template = data.getUint16(p + L.TEMPLATE_ID, true);
    if (template === PRODUCT) this.#begin(data, p);
    else if (!this.#isCollecting) return;
    else if (template === INSTRUMENT) this.#summary(data, p);
    else if (template === ORDER) this.#order(data, p);
    else this.#indications++;
  }

  #begin(data: DataView, p: number): void {
    // One that was not completed is lost; the next product's begin is no end, the indicator is.
    this.#break();
    this.#isCollecting = true;
    this.#instrument = NONE;
    this.#rowCount = 0;
    this.last[0] = data.getUint32(p + L.PRODUCT_SUMMARY_LAST_MSG_SEQ_NUM_PROCESSED, true);
    this.#product[0] = data.getUint8(p + L.PRODUCT_SUMMARY_TRAD_SES_STATUS);
    this.#product[1] = data.getUint8(p + L.PRODUCT_SUMMARY_TRADING_SESSION_SUB_ID);
    this.#product[2] = data.getUint8(p + L.PRODUCT_SUMMARY_FAST_MARKET_INDICATOR);
  }

  #summary(data: DataView, p: number): void {
    if (!this.#isCounted()) {
      this.#break();
      return;
    }
    const instrument = this.#finder.instrumentAt(data, p + L.INSTRUMENT_SUMMARY_SECURITY_ID);
    this.#instrument = instrument < 0 ? NO_ROOM : instrument;
    this.#said = data.getUint16(p + L.INSTRUMENT_SUMMARY_TOT_NO_ORDERS, true);
    this.#came = 0;
    this.#indications = 0;
    const at = instrument < 0 ? -1 : this.#row();
    if (at < 0) return;
    const rows = this.#rows;
    rows[at] = instrument;
    rows[at + 1] = IS_STATE;
    rows[at + 2] = data.getUint8(p + L.INSTRUMENT_SUMMARY_SECURITY_STATUS);
    rows[at + 3] = data.getUint8(p + L.INSTRUMENT_SUMMARY_SECURITY_TRADING_STATUS);
    rows[at + 4] = data.getUint8(p + L.INSTRUMENT_SUMMARY_SECURITY_TRADING_EVENT);
    rows[at + 5] = data.getUint8(p + L.INSTRUMENT_SUMMARY_FAST_MARKET_INDICATOR);
  }

  #order(data: DataView, p: number): void {
    const side = data.getUint8(p + ORDER_SIDE) - 1;
    if (this.#instrument === NONE || side >>> 0 > 1) {
      this.#break();
      return;
    }
    this.#came++;
    const at = this.#instrument === NO_ROOM ? -1 : this.#row();
    if (at < 0) return;
    const rows = this.#rows;
    rows[at] = this.#instrument;
    rows[at + 1] = side;
    rows[at + 2] = data.getInt32(p + ORDER_PRIORITY, true);
    rows[at + 3] = data.getInt32(p + ORDER_PRIORITY + 4, true) ^ (side << 31);
    rows[at + 4] = data.getInt32(p + ORDER_PRICE, true);
    rows[at + 5] = data.getInt32(p + ORDER_PRICE + 4, true);
    rows[at + 6] = data.getInt32(p + ORDER_QTY, true);
    rows[at + 7] = data.getInt32(p + ORDER_QTY + 4, true);
  }

  /** The next row's first word, or -1: then the cycle is given up. */
  #row(): number {
    if (this.#rowCount < this.#rowsMax) return this.#rowCount++ * ROW_WORDS;
    this.#counters.increment(C.SNAPSHOT_TOO_LARGE);
    this.#break();
    return -1;
  }

  /** True when the last instrument's orders are as many as was said, or stood in for. */
  #isCounted(): boolean {
    if (this.#instrument === NONE || this.#said === NOT_SAID) return true;
    if (this.#came === this.#said) return true;
    return this.#came === 0 && this.#indications > 0;
  }

  /** The cycle's end. @returns true when it is whole */
  #finish(): boolean {
    if (!this.#isCollecting) return false;
    if (!this.#isCounted()) {
      this.#break();
      return false;
    }
    this.#isCollecting = false;
    return true;
  }

  /** Gives up what is being collected. */
  #break(): void {
    if (!this.#isCollecting) return;
    this.#isCollecting = false;
    this.#counters.increment(C.SNAPSHOT_BROKEN);
  }
}
