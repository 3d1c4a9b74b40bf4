/**
 * The generator's own books: it knows which orders rest where and in which queue order, so that
 * what it writes is always valid and its hash is the truth that a feed is compared with. Shares no
 * code with src/book.
 *
 * Each instrument has a ladder of 256 price ticks. Books never cross, so a tick holds either bids
 * or asks and one ladder serves both sides. A level is a queue, linked through the order records:
 *
 *   ladder   instrument * 256 + tick      [head, tail]                     order slots; 0 is none
 *   order    slot, from 1                 [ref lo, ref hi, qty, previous, next, tick, side,
 *                                                                     locate, 0 when not live]
 *
 * All memory is taken at construction; the ladder's pages cost nothing until they are touched.
 */
import type { Random } from "./random.ts";

/** Ticks of a ladder. */
export const TICK_COUNT = 256;
/** Words of an order record. */
export const ORDER_WORDS = 8;
export const REF_LO = 0;
export const REF_HI = 1;
export const QTY = 2;
const PREVIOUS = 3;
export const NEXT = 4;
export const TICK = 5;
export const SIDE = 6;
/** Instrument plus one; 0 in a free slot. */
export const LOCATE = 7;

/** Words of an instrument record. */
export const INSTRUMENT_WORDS = 16;
/** Tick of the best bid; -1 when there is none. */
export const BEST_BID = 0;
/** Tick of the best ask; TICK_COUNT when there is none. */
export const BEST_ASK = 1;
/** Live orders. */
export const LIVE = 2;
/** Live orders aimed at, as a power of two. */
export const TARGET_SHIFT = 3;
/** Tick that bids and asks gather around; wanders. */
export const FAIR = 4;
/** Wire price of tick 0, 1/10000 dollar. */
export const BASE_PX = 5;
/** Wire price from one tick to the next. */
export const STEP_PX = 6;
export const SYMBOL_HIGH = 7;
export const SYMBOL_LOW = 8;
/** Ticks that each side keeps away from FAIR. */
export const HALF_SPREAD = 9;

/** The books of all instruments; indices from 0, locates are one more. */
export class MarketBooks {
  readonly instrumentCount: number;
  readonly instruments: Int32Array;
  readonly orders: Int32Array;
  readonly ladder: Int32Array;
  /** Live orders of all instruments. */
  liveCount = 0;
  #free = 0;
  #slotMax = 0;

  /**
   * @param instrumentCount 1 to 65535
   * @param capacityOrders most live orders, 1 to 2^24
   */
  constructor(instrumentCount: number, capacityOrders: number) {
    this.instrumentCount = instrumentCount;
    this.instruments = new Int32Array(instrumentCount * INSTRUMENT_WORDS);
    this.ladder = new Int32Array(instrumentCount * TICK_COUNT * 2);
    this.orders = new Int32Array((capacityOrders + 1) * ORDER_WORDS);
    for (let slot = capacityOrders; slot >= 1; slot--) {
      this.orders[slot * ORDER_WORDS + NEXT] = this.#free;
      this.#free = slot;
    }
    for (let i = 0; i < instrumentCount; i++) {
      this.instruments[i * INSTRUMENT_WORDS + BEST_BID] = -1;
      this.instruments[i * INSTRUMENT_WORDS + BEST_ASK] = TICK_COUNT;
    }
  }

  /** A free order slot, or 0 when all are live. */
  take(): number {
    const slot = this.#free;
    if (slot !== 0) this.#free = this.orders[slot * ORDER_WORDS + NEXT] as number;
    if (slot > this.#slotMax) this.#slotMax = slot;
    return slot;
  }

  /** Gives back a slot that is in no queue. */
  give(slot: number): void {
    this.orders[slot * ORDER_WORDS + LOCATE] = 0;
    this.orders[slot * ORDER_WORDS + NEXT] = this.#free;
    this.#free = slot;
  }

  /** Wire price of a tick. */
  price(instrument: number, tick: number): number {
    const at = instrument * INSTRUMENT_WORDS;
    const step = this.instruments[at + STEP_PX] as number;
    return ((this.instruments[at + BASE_PX] as number) + tick * step) | 0;
  }

  /** Puts an order at the tail of its level; its ref and qty are already set. */
  link(slot: number, instrument: number, tick: number, side: number): void {
    const { orders, ladder, instruments } = this;
    const at = slot * ORDER_WORDS;
    const level = (instrument * TICK_COUNT + tick) * 2;
    const tail = ladder[level + 1] as number;
    orders[at + PREVIOUS] = tail;
    orders[at + NEXT] = 0;
    orders[at + TICK] = tick;
    orders[at + SIDE] = side;
    orders[at + LOCATE] = instrument + 1;
    ladder[level + 1] = slot;
    const record = instrument * INSTRUMENT_WORDS;
    if (tail !== 0) {
      orders[tail * ORDER_WORDS + NEXT] = slot;
    } else {
      ladder[level] = slot;
      if (side === 0) {
        if (tick > (instruments[record + BEST_BID] as number))
          instruments[record + BEST_BID] = tick;
      } else if (tick < (instruments[record + BEST_ASK] as number)) {
        instruments[record + BEST_ASK] = tick;
      }
    }
    instruments[record + LIVE] = (instruments[record + LIVE] as number) + 1;
    this.liveCount++;
  }

  /** Takes an order out of its level; the slot stays the caller's. */
  unlink(slot: number, instrument: number): void {
    const { orders, ladder, instruments } = this;
    const at = slot * ORDER_WORDS;
    const tick = orders[at + TICK] as number;
    const previous = orders[at + PREVIOUS] as number;
    const next = orders[at + NEXT] as number;
    const level = (instrument * TICK_COUNT + tick) * 2;
    if (previous !== 0) orders[previous * ORDER_WORDS + NEXT] = next;
    else ladder[level] = next;
    if (next !== 0) orders[next * ORDER_WORDS + PREVIOUS] = previous;
    else ladder[level + 1] = previous;
    const record = instrument * INSTRUMENT_WORDS;
    if (previous === 0 && next === 0) {
      if ((orders[at + SIDE] as number) === 0) {
        if (tick === (instruments[record + BEST_BID] as number)) {
          instruments[record + BEST_BID] = this.occupied(instrument, tick - 1, -1);
        }
      } else if (tick === (instruments[record + BEST_ASK] as number)) {
        instruments[record + BEST_ASK] = this.occupied(instrument, tick + 1, 1);
      }
    }
    instruments[record + LIVE] = (instruments[record + LIVE] as number) - 1;
    this.liveCount--;
  }

  /** The first tick with orders from `tick` on; -1 or TICK_COUNT when there is none that way. */
  occupied(instrument: number, tick: number, direction: number): number {
    const ladder = this.ladder;
    const base = instrument * TICK_COUNT;
    let t = tick;
    while (t >= 0 && t < TICK_COUNT && ladder[(base + t) * 2] === 0) t += direction;
    return t;
  }

  /** The order that is executed next on a side, or 0. */
  head(instrument: number, side: number): number {
    const record = instrument * INSTRUMENT_WORDS;
    const tick = this.instruments[record + (side === 0 ? BEST_BID : BEST_ASK)] as number;
    if (tick < 0 || tick >= TICK_COUNT) return 0;
    return this.ladder[(instrument * TICK_COUNT + tick) * 2] as number;
  }

  /**
   * Picks any resting order, each as likely: so the books' shape is that of the adds.
   *
   * @returns its slot, or 0 when a few tries found none
   */
  pickAny(random: Random): number {
    if (this.#slotMax === 0) return 0;
    for (let tries = 4; tries > 0; tries--) {
      const slot = 1 + random.below(this.#slotMax);
      if (this.orders[slot * ORDER_WORDS + LOCATE] !== 0) return slot;
    }
    return 0;
  }

  /**
   * Picks a recent resting order near the top of an instrument's book.
   *
   * @returns its slot, or 0 when the instrument has none
   */
  pick(instrument: number, random: Random): number {
    const record = instrument * INSTRUMENT_WORDS;
    const bid = this.instruments[record + BEST_BID] as number;
    const ask = this.instruments[record + BEST_ASK] as number;
    if (bid < 0 && ask === TICK_COUNT) return 0;
    const word = random.next();
    let side = word & 1;
    if (bid < 0) side = 1;
    else if (ask === TICK_COUNT) side = 0;
    const direction = side === 0 ? -1 : 1;
    let tick = side === 0 ? bid : ask;
    // Quotes on the wrong side of the fair price are withdrawn first: so the price follows it.
    const fair = this.instruments[record + FAIR] as number;
    if ((word & 2) !== 0 && bid > fair) return this.#ofLevel(instrument, bid, word);
    if ((word & 2) !== 0 && ask <= fair) return this.#ofLevel(instrument, ask, word);
    for (let skip = Math.clz32(word) + ((word >>> 4) & 3); skip > 0; skip--) {
      const found = this.occupied(instrument, tick + direction, direction);
      if (found < 0 || found === TICK_COUNT) break;
      tick = found;
    }
    return this.#ofLevel(instrument, tick, word >>> 14);
  }

  /** The last order of a level's queue, sometimes the one before it or the first. */
  #ofLevel(instrument: number, tick: number, word: number): number {
    const level = (instrument * TICK_COUNT + tick) * 2;
    if ((word & 12) === 0) return this.ladder[level] as number;
    const slot = this.ladder[level + 1] as number;
    if ((word & 3) !== 0) return slot;
    const previous = this.orders[slot * ORDER_WORDS + PREVIOUS] as number;
    return previous === 0 ? slot : previous;
  }
}
