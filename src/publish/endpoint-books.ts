/**
 * The endpoint's own books, kept from the frames on the bus: they make snapshots, the book hash,
 * ladders, the last trades and the most active instruments, always exactly at `cursor`.
 *
 * Thread: endpoint's. Frames are read where they lie in a copy of bus slots, as whole words. After
 * an overrun the books are worth nothing until every instrument was imaged by the book stage
 * (image.ts); a frame is applied only when it is newer than its instrument's image.
 */
import { BookCore } from "../book/core.ts";
import { ORDERS_MAX } from "../book/layout.ts";
import { BUS_SLOT_WORDS } from "../core/bus.ts";
import type { Counters } from "../core/counters.ts";
import { bigFromHalves, joinHalves, signedBigFromHalves } from "../core/layout.ts";
import { adviseHuge } from "../core/native.ts";
import { C } from "../metrics/counter-table.ts";
import type { ImageListener } from "./image.ts";
import type { InstrumentIds } from "./publish-stage.ts";
import {
  MODIFY_QUANTITY_ONLY,
  RawType,
  SLOT_GLOBAL,
  SLOT_INSTRUMENT,
  SLOT_PAYLOAD,
  SLOT_SEND_TIME,
  SLOT_TYPE,
} from "./raw-v1.ts";

/** A trade as people's output shows it; 64-bit values as decimal text. */
export interface TradeRow {
  readonly instrument: number;
  readonly px: string;
  readonly qty: string;
  readonly aggressor: "buy" | "sell" | "unknown";
  readonly match: string;
  /** send_time_ns of its frame. */
  readonly time_ns: string;
  readonly cursor: number;
}

/** Levels of a book, best first: price and quantity as decimal text, orders. */
export interface LadderRows {
  readonly bids: readonly (readonly [string, string, number])[];
  readonly asks: readonly (readonly [string, string, number])[];
}

/** How many frames an instrument had. */
export interface ActiveRow {
  readonly instrument: number;
  readonly frames: number;
}

const TRADES = 1024;
const TRADE_WORDS = 11;
/** Levels that the books start with, at most. */
export const ENDPOINT_LEVELS = 65_536;
/** Orders that small books may grow to. */
const GROW_ORDERS = 1 << 20;
/** Orders that books which start at `orders` may grow to. */
export function endpointOrdersMax(orders: number): number {
  return Math.min(Math.max(2 * orders, GROW_ORDERS), ORDERS_MAX);
}
/** Image cursor of an instrument whose image has not come. */
const NO_IMAGE = -1;

/** Ids that become known while the feed runs, by dense index in order from 0. */
export interface ToldIds extends InstrumentIds {
  /** Ids known so far. */
  idsTold(): number;
}

/** Books that follow the bus. */
export class EndpointBooks implements ImageListener {
  readonly core: BookCore;
  /** Cursor of the newest frame seen. */
  cursor = 0;
  /** True while the books are not those at `cursor`. */
  overrun = false;
  /** True when something did not fit since the last overrun: only new images make it good. */
  unfit = false;
  readonly #counters: Counters;
  readonly #instruments: number;
  readonly #ids: ToldIds | null;
  /** Dense index by id, where ids are not indexes: hi, then lo. */
  readonly #indexes = new Map<number, Map<number, number>>();
  /** Ids in #indexes: those of the indexes below it. */
  #indexed = 0;
  readonly #imageCursor: Float64Array;
  readonly #frames: Float64Array;
  readonly #trades = new Int32Array(TRADES * TRADE_WORDS);
  #tradeCount = 0;
  /** During a rebuild: the newest image's cursor once all have come. */
  #completeAt = NO_IMAGE;

  constructor(instruments: number, orders: number, counters: Counters, ids: ToldIds | null = null) {
    // The endpoint's thread is not a hot one, so its tables may grow.
    const growOrders = endpointOrdersMax(orders);
    this.core = new BookCore({
      orders,
      levels: Math.min(orders, ENDPOINT_LEVELS),
      instruments,
      hash: true,
      grow: true,
      growOrders,
      scoped: true,
      advise: adviseHuge,
    });
    this.#counters = counters;
    this.#instruments = instruments;
    this.#ids = ids;
    this.#imageCursor = new Float64Array(instruments);
    this.#frames = new Float64Array(instruments);
  }

  /** Applies `count` slots copied from the bus, in order. */
  applySlots(words: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) this.#applySlot(words, i * BUS_SLOT_WORDS);
  }

  /** They cannot be trusted: throws the books away. @param next first cursor still to come */
  onOverrun(next: number): void {
    this.core.clear();
    this.overrun = true;
    this.unfit = false;
    this.cursor = next - 1;
    this.#completeAt = NO_IMAGE;
    this.#imageCursor.fill(NO_IMAGE);
  }

  /** As new: empty books before the first frame. */
  reset(): void {
    this.core.reset();
    this.cursor = 0;
    this.overrun = false;
    this.unfit = false;
    this.#completeAt = NO_IMAGE;
    this.#imageCursor.fill(0);
    this.#frames.fill(0);
    this.#trades.fill(0);
    this.#tradeCount = 0;
    this.#indexes.clear();
    this.#indexed = 0;
  }

  onImage(instrument: number, cursor: number): void {
    if (instrument >= this.#instruments) return;
    this.#indexIds();
    this.core.clearInstrument(instrument);
    this.#imageCursor[instrument] = cursor;
  }

  onImageOrder(
    instrument: number,
    side: number,
    idLo: number,
    idHi: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
  ): void {
    if (instrument >= this.#instruments) return;
    if (this.core.add(instrument, side, idLo, idHi, pxLo, pxHi, qtyLo, qtyHi) < 0) {
      this.#unapplied();
    }
  }

  onImagesComplete(): void {
    // Images may be newer than the frames read so far: the books are right once those are in.
    this.#completeAt = this.#newestImage();
    this.#settle();
  }

  /** Levels of one instrument. @param depth levels a side at most, 0 to 1000 */
  ladder(instrument: number, depth: number): LadderRows {
    const bounded = Number.isInteger(depth) ? Math.min(Math.max(depth, 0), 1000) : 0;
    return { bids: this.#side(instrument, 0, bounded), asks: this.#side(instrument, 1, bounded) };
  }

  /** The last trades, newest first. */
  trades(limit: number): TradeRow[] {
    const rows: TradeRow[] = [];
    const oldest = Math.max(0, this.#tradeCount - Math.min(TRADES, Math.max(0, limit)));
    for (let i = this.#tradeCount - 1; i >= oldest; i--) rows.push(this.#trade(i % TRADES));
    return rows;
  }

  /** The instruments with most frames since the start, most first. */
  active(limit: number): ActiveRow[] {
    const rows: ActiveRow[] = [];
    for (let instrument = 0; instrument < this.#instruments; instrument++) {
      const frames = this.#frames[instrument] as number;
      if (frames > 0) rows.push({ instrument, frames });
    }
    rows.sort((a, b) => b.frames - a.frames || a.instrument - b.instrument);
    return rows.slice(0, Math.max(0, limit));
  }

  /** Takes in the ids that were told since. */
  #indexIds(): void {
    const ids = this.#ids;
    if (ids === null) return;
    const told = Math.min(ids.idsTold(), this.#instruments);
    for (; this.#indexed < told; this.#indexed++) {
      const i = this.#indexed;
      const lo = ids.lo[i] as number;
      const hi = ids.hi[i] as number;
      this.core.setInstrumentId(i, lo, hi);
      let inner = this.#indexes.get(hi);
      if (inner === undefined) {
        inner = new Map();
        this.#indexes.set(hi, inner);
      }
      inner.set(lo, i);
    }
  }

  #indexOf(lo: number, hi: number): number {
    if (this.#ids === null) return hi === 0 && lo >= 0 && lo < this.#instruments ? lo : -1;
    const known = this.#indexes.get(hi)?.get(lo);
    if (known !== undefined) return known;
    // Its id was told before its first frame was written.
    this.#indexIds();
    return this.#indexes.get(hi)?.get(lo) ?? -1;
  }

  #applySlot(words: Int32Array, at: number): void {
    this.cursor = joinHalves(
      words[at + SLOT_GLOBAL] as number,
      words[at + SLOT_GLOBAL + 1] as number,
    );
    const instrument = this.#indexOf(
      words[at + SLOT_INSTRUMENT] as number,
      words[at + SLOT_INSTRUMENT + 1] as number,
    );
    if (instrument < 0) {
      this.#unapplied();
      return;
    }
    this.#frames[instrument] = (this.#frames[instrument] as number) + 1;
    const type = (words[at + SLOT_TYPE] as number) >>> 16;
    if (type === RawType.OBO_EXECUTE) this.#noteTrade(words, at, instrument);
    if (this.overrun) {
      const image = this.#imageCursor[instrument] as number;
      if (image !== NO_IMAGE && this.cursor > image) this.#change(words, at, instrument, type);
      this.#settle();
      return;
    }
    this.#change(words, at, instrument, type);
  }

  #change(words: Int32Array, at: number, instrument: number, type: number): void {
    const payload = at + SLOT_PAYLOAD;
    const idLo = words[payload] as number;
    const idHi = words[payload + 1] as number;
    const a = words[payload + 2] as number;
    const b = words[payload + 3] as number;
    const c = words[payload + 4] as number;
    const d = words[payload + 5] as number;
    const last = (words[payload + 6] as number) & 0xff;
    const core = this.core;
    const slot = core.find(instrument, idLo, idHi);
    let applied = slot >= 0;
    if (type === RawType.OBO_ADD) {
      applied = slot < 0 && core.add(instrument, last, idLo, idHi, a, b, c, d) >= 0;
    } else if (slot >= 0 && type === RawType.OBO_MODIFY) {
      if ((last & MODIFY_QUANTITY_ONLY) !== 0) core.setQty(slot, c, d);
      else applied = core.move(slot, a, b, c, d) >= 0;
    } else if (slot >= 0) {
      applied = this.#takeOff(slot, a, b, type);
    }
    if (!applied) this.#unapplied();
  }

  /** EXECUTE or CANCEL. @returns false when more was taken than rested */
  #takeOff(slot: number, qtyLo: number, qtyHi: number, type: number): boolean {
    const core = this.core;
    if (type === RawType.OBO_CANCEL && (qtyLo | qtyHi) === 0) {
      core.remove(slot);
      return true;
    }
    const leftHi = core.orderQtyHi(slot) >>> 0;
    const offHi = qtyHi >>> 0;
    if (offHi > leftHi || (offHi === leftHi && qtyLo >>> 0 > core.orderQtyLo(slot) >>> 0)) {
      core.remove(slot);
      return false;
    }
    core.reduce(slot, qtyLo, qtyHi);
    return true;
  }

  #newestImage(): number {
    let newest = 0;
    for (let i = 0; i < this.#instruments; i++) {
      newest = Math.max(newest, this.#imageCursor[i] as number);
    }
    return newest;
  }

  #unapplied(): void {
    this.unfit = true;
    this.#counters.increment(C.ENDPOINT_UNAPPLIED);
  }

  /** Ends the overrun once every image has come and every frame that they hold was passed. */
  #settle(): void {
    if (this.unfit || this.#completeAt < 0 || this.cursor < this.#completeAt) return;
    this.#completeAt = NO_IMAGE;
    this.overrun = false;
    this.#counters.increment(C.ENDPOINT_REBUILDS);
  }

  #noteTrade(words: Int32Array, at: number, instrument: number): void {
    const to = (this.#tradeCount % TRADES) * TRADE_WORDS;
    const trades = this.#trades;
    const payload = at + SLOT_PAYLOAD;
    const mixed = words[payload + 6] as number;
    const middle = words[payload + 7] as number;
    trades[to] = instrument;
    trades[to + 1] = words[payload + 2] as number;
    trades[to + 2] = words[payload + 3] as number;
    trades[to + 3] = words[payload + 4] as number;
    trades[to + 4] = words[payload + 5] as number;
    trades[to + 5] = mixed & 0xff;
    trades[to + 6] = (mixed >>> 8) | (middle << 24);
    trades[to + 7] = (middle >>> 8) | ((words[payload + 8] as number) << 24);
    trades[to + 8] = words[at + SLOT_SEND_TIME] as number;
    trades[to + 9] = words[at + SLOT_SEND_TIME + 1] as number;
    trades[to + 10] = this.cursor | 0;
    this.#tradeCount++;
  }

  #trade(index: number): TradeRow {
    const at = index * TRADE_WORDS;
    const trades = this.#trades;
    const word = (i: number): number => trades[at + i] as number;
    const aggressor = word(5);
    const age = (this.cursor | 0) - word(10);
    return {
      instrument: word(0),
      qty: bigFromHalves(word(1), word(2)).toString(),
      px: signedBigFromHalves(word(3), word(4)).toString(),
      aggressor: aggressor === 0 ? "buy" : aggressor === 1 ? "sell" : "unknown",
      match: bigFromHalves(word(6), word(7)).toString(),
      time_ns: bigFromHalves(word(8), word(9)).toString(),
      cursor: this.cursor - (age >>> 0),
    };
  }

  #side(instrument: number, side: number, depth: number): [string, string, number][] {
    const rows: [string, string, number][] = [];
    if (!(Number.isInteger(instrument) && instrument >= 0 && instrument < this.#instruments)) {
      return rows;
    }
    const { core } = this;
    const count = Math.min(depth, core.sideLevels(instrument, side));
    for (let rank = 0; rank < count; rank++) {
      const level = core.levelAt(instrument, side, rank);
      const px = signedBigFromHalves(core.levelPxLo(level), core.levelPxHi(level));
      const qty = bigFromHalves(core.levelQtyLo(level), core.levelQtyHi(level));
      rows.push([px.toString(), qty.toString(), core.levelOrders(level)]);
    }
    return rows;
  }
}
