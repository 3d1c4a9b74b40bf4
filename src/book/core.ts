/**
 * The book core: full-depth price-time books of all instruments of a channel, in typed arrays.
 * Thread: its owner's. One order is one cell of an open-addressing table, so finding it and reading
 * it is one cache line, and its slot (the cell's number) is stable while it rests, until a rebuild
 * (`generation` tells; none happens while the table neither grows nor is attacked).
 *
 * Probing is linear and leaves no tombstones: each cell counts (top byte of its level word) the
 * orders whose home it is and that stand elsewhere, so a search for an absent id ends at once when
 * there are none. Home is the id's low bits until some order would stand PROBE_LIMIT cells from
 * home; then the table is rebuilt with a randomly keyed mix (grow.ts).
 */
import * as coreLayout from "../core/layout.ts";
import { growInstruments, growLadder, rebuildOrders } from "./grow.ts";
import { BookLadder } from "./ladder.ts";
import * as layout from "./layout.ts";

const NONE = coreLayout.NONE;
const ORDER_NEXT = layout.ORDER_NEXT;
const ORDER_PREV = layout.ORDER_PREV;
const ORDER_LEVEL = layout.ORDER_LEVEL;
const ORDER_QTY_LO = layout.ORDER_QTY_LO;
const ORDER_QTY_HI = layout.ORDER_QTY_HI;
const ORDER_ID_LO = layout.ORDER_ID_LO;
const ORDER_ID_HI = layout.ORDER_ID_HI;
const ORDER_SIDE_INDEX = layout.ORDER_SIDE_INDEX;
const LEVEL_HEAD = layout.LEVEL_HEAD;
const LEVEL_TAIL = layout.LEVEL_TAIL;
const LEVEL_QTY_LO = layout.LEVEL_QTY_LO;
const LEVEL_QTY_HI = layout.LEVEL_QTY_HI;
const LEVEL_ORDERS = layout.LEVEL_ORDERS;
const LEVEL_MASK = layout.LEVEL_MASK;
const DISPLACED_ONE = layout.DISPLACED_ONE;
const PROBE_LIMIT = layout.PROBE_LIMIT;
const ERR_FULL = layout.ERR_FULL;

/** Full-depth price-time books. */
export class BookCore extends BookLadder {
  /** Finds a resting order. @returns its slot, or -1 */
  find(instrument: number, idLo: number, idHi: number): number {
    const orders = this.orders;
    const home = this.home(instrument, idLo, idHi);
    let at = home << 3;
    const word = orders[at + ORDER_LEVEL] as number;
    if (
      orders[at + ORDER_ID_LO] === idLo &&
      orders[at + ORDER_ID_HI] === idHi &&
      (word & LEVEL_MASK) !== 0 &&
      ((((orders[at + ORDER_SIDE_INDEX] as number) >> 1) ^ instrument) & this.scopeMask) === 0
    ) {
      return home;
    }
    let displaced = word >>> 24;
    while (displaced !== 0) {
      at += 8;
      if (((orders[at + ORDER_LEVEL] as number) & LEVEL_MASK) === 0) continue;
      const lo = orders[at + ORDER_ID_LO] as number;
      const hi = orders[at + ORDER_ID_HI] as number;
      const other = (orders[at + ORDER_SIDE_INDEX] as number) >> 1;
      if (this.home(other, lo, hi) !== home) continue;
      if (lo === idLo && hi === idHi && ((other ^ instrument) & this.scopeMask) === 0) {
        return at >> 3;
      }
      displaced--;
    }
    return NONE;
  }

  /**
   * Adds an order at the tail of its level; its id must not be resting, its quantity not 0.
   *
   * @param side 0 bid, 1 ask
   * @returns its slot, or ERR_FULL with nothing changed
   */
  add(
    instrument: number,
    side: number,
    idLo: number,
    idHi: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
  ): number {
    if (this.liveOrders >= this.orderCapacity || instrument >= this.instrumentCapacity) {
      if (!this.makeRoom(instrument)) return ERR_FULL;
    }
    const sideIndex = (instrument << 1) | side;
    let slot = this.freeCell(instrument, idLo, idHi);
    if (slot < 0) slot = this.rebuildFor(instrument, idLo, idHi);
    if (slot < 0) return ERR_FULL;
    const level = this.levelFor(sideIndex, pxLo, pxHi);
    if (level < 0) return ERR_FULL;
    const orders = this.orders;
    const at = slot << 3;
    const home = this.home(instrument, idLo, idHi);
    if (home !== slot) {
      const homeAt = (home << 3) + ORDER_LEVEL;
      orders[homeAt] = (orders[homeAt] as number) + DISPLACED_ONE;
    }
    orders[at + ORDER_LEVEL] = (orders[at + ORDER_LEVEL] as number) | level;
    orders[at + ORDER_ID_LO] = idLo;
    orders[at + ORDER_ID_HI] = idHi;
    orders[at + ORDER_SIDE_INDEX] = sideIndex;
    this.liveOrders++;
    this.append(slot, level, qtyLo, qtyHi);
    return slot;
  }

  /**
   * Takes `qty` off an order; it is removed when nothing is left.
   *
   * @param qtyLo at most what rests
   * @returns 1 when the order is gone, else 0
   */
  reduce(slot: number, qtyLo: number, qtyHi: number): number {
    const at = slot << 3;
    const oldLo = this.orders[at + ORDER_QTY_LO] as number;
    const oldHi = this.orders[at + ORDER_QTY_HI] as number;
    const lo = (oldLo - qtyLo) | 0;
    const hi = (oldHi - qtyHi - (oldLo >>> 0 < qtyLo >>> 0 ? 1 : 0)) | 0;
    if ((lo | hi) === 0) {
      this.remove(slot);
      return 1;
    }
    this.setQty(slot, lo, hi);
    return 0;
  }

  /** Sets an order's quantity, not 0; it keeps its place. */
  setQty(slot: number, qtyLo: number, qtyHi: number): void {
    const orders = this.orders;
    const at = slot << 3;
    const level = (orders[at + ORDER_LEVEL] as number) & LEVEL_MASK;
    const oldLo = orders[at + ORDER_QTY_LO] as number;
    const oldHi = orders[at + ORDER_QTY_HI] as number;
    const before = this.hashed ? (orders[at + ORDER_PREV] as number) : 0;
    if (this.hashed) this.subtractTerm(slot, before);
    orders[at + ORDER_QTY_LO] = qtyLo;
    orders[at + ORDER_QTY_HI] = qtyHi;
    this.levelMinus(level, oldLo, oldHi);
    this.levelPlus(level, qtyLo, qtyHi);
    if (this.hashed) this.addTerm(slot, before);
  }

  /** Removes an order. */
  remove(slot: number): void {
    this.unlink(slot);
    const orders = this.orders;
    const at = slot << 3;
    orders[at + ORDER_LEVEL] = (orders[at + ORDER_LEVEL] as number) & ~LEVEL_MASK;
    const instrument = (orders[at + ORDER_SIDE_INDEX] as number) >> 1;
    const home = this.home(
      instrument,
      orders[at + ORDER_ID_LO] as number,
      orders[at + ORDER_ID_HI] as number,
    );
    if (home !== slot) {
      const homeAt = (home << 3) + ORDER_LEVEL;
      orders[homeAt] = (orders[homeAt] as number) - DISPLACED_ONE;
    }
    this.liveOrders--;
  }

  /**
   * Moves an order to the tail of a price of its side with a new quantity, not 0.
   *
   * @returns 0, or ERR_FULL, and then the order is gone
   */
  move(slot: number, pxLo: number, pxHi: number, qtyLo: number, qtyHi: number): number {
    const at = slot << 3;
    this.unlink(slot);
    const level = this.levelFor(this.orders[at + ORDER_SIDE_INDEX] as number, pxLo, pxHi);
    const orders = this.orders;
    orders[at + ORDER_LEVEL] = (orders[at + ORDER_LEVEL] as number) & ~LEVEL_MASK;
    if (level < 0) {
      const instrument = (orders[at + ORDER_SIDE_INDEX] as number) >> 1;
      const idLo = orders[at + ORDER_ID_LO] as number;
      const home = this.home(instrument, idLo, orders[at + ORDER_ID_HI] as number);
      if (home !== slot) {
        const homeAt = (home << 3) + ORDER_LEVEL;
        orders[homeAt] = (orders[homeAt] as number) - DISPLACED_ONE;
      }
      this.liveOrders--;
      return ERR_FULL;
    }
    orders[at + ORDER_LEVEL] = (orders[at + ORDER_LEVEL] as number) | level;
    this.append(slot, level, qtyLo, qtyHi);
    return 0;
  }

  /** Removes everything; capacities and the table's keys stay. */
  clear(): void {
    this.orders.fill(0);
    for (let i = 0; i < this.sides.length; i += 4) this.sides.fill(0, i, i + 4);
    this.freeBlocks.fill(NONE);
    this.ladderTop = 0;
    this.levelTop = 1;
    this.levelFree = 0;
    this.liveOrders = 0;
    this.liveLevels = 0;
    this.liveInstruments = 0;
    this.hash0 = 0;
    this.hash1 = 0;
  }

  /** As new, but for what has grown: empty, and home is the id's low bits again. */
  reset(): void {
    this.clear();
    this.mixed = 0;
    this.key0 = 0;
    this.key1 = 0;
    this.key2 = 0;
    this.generation = 0;
  }

  /** Removes all orders of an instrument, in O(1) each. */
  clearInstrument(instrument: number): void {
    for (let side = 0; side < 2; side++) {
      for (let level = this.best(instrument, side); level >= 0; ) {
        const last = this.levels[(level << 3) + LEVEL_ORDERS] === 1;
        this.remove(this.levels[(level << 3) + LEVEL_TAIL] as number);
        if (last) level = this.best(instrument, side);
      }
    }
  }

  /** The first free cell from home on, or -1 when none is near enough. */
  protected freeCell(instrument: number, idLo: number, idHi: number): number {
    const orders = this.orders;
    const home = this.home(instrument, idLo, idHi);
    const end = home + PROBE_LIMIT;
    for (let slot = home; slot < end; slot++) {
      if (((orders[(slot << 3) + ORDER_LEVEL] as number) & LEVEL_MASK) === 0) return slot;
    }
    return NONE;
  }

  /** Rebuilds the table with other keys until the id finds a cell near its home. */
  protected rebuildFor(instrument: number, idLo: number, idHi: number): number {
    for (let attempt = 0; attempt < 4; attempt++) {
      rebuildOrders(this, this.orderCapacity, true);
      const slot = this.freeCell(instrument, idLo, idHi);
      if (slot >= 0) return slot;
    }
    return NONE;
  }

  protected makeRoom(instrument: number): boolean {
    if (!this.grows) return false;
    if (instrument >= this.instrumentCapacity) {
      if (instrument >= 2 ** 20) return false;
      growInstruments(this, Math.max(2 * this.instrumentCapacity, instrument + 1));
      growLadder(this);
    }
    if (this.liveOrders >= this.orderCapacity) {
      if (this.orderCapacity >= 2 ** 24) return false;
      rebuildOrders(this, Math.min(2 * this.orderCapacity, 2 ** 24));
    }
    return true;
  }

  /** Puts an order at the tail of a level's queue. */
  protected append(slot: number, level: number, qtyLo: number, qtyHi: number): void {
    const orders = this.orders;
    const levels = this.levels;
    const at = slot << 3;
    const levelAt = level << 3;
    const tail = levels[levelAt + LEVEL_TAIL] as number;
    orders[at + ORDER_NEXT] = NONE;
    orders[at + ORDER_PREV] = tail;
    orders[at + ORDER_QTY_LO] = qtyLo;
    orders[at + ORDER_QTY_HI] = qtyHi;
    if (tail >= 0) orders[(tail << 3) + ORDER_NEXT] = slot;
    else levels[levelAt + LEVEL_HEAD] = slot;
    levels[levelAt + LEVEL_TAIL] = slot;
    levels[levelAt + LEVEL_ORDERS] = (levels[levelAt + LEVEL_ORDERS] as number) + 1;
    this.levelPlus(level, qtyLo, qtyHi);
    if (this.hashed) {
      this.hashOrder(slot, level);
      this.addTerm(slot, tail);
    }
  }

  /** Takes an order out of its queue, and its level out of the book when that was the last. */
  protected unlink(slot: number): void {
    const orders = this.orders;
    const levels = this.levels;
    const at = slot << 3;
    const level = (orders[at + ORDER_LEVEL] as number) & LEVEL_MASK;
    const levelAt = level << 3;
    const next = orders[at + ORDER_NEXT] as number;
    const prev = orders[at + ORDER_PREV] as number;
    if (this.hashed) {
      this.subtractTerm(slot, prev);
      if (next >= 0) {
        this.subtractTerm(next, slot);
        this.addTerm(next, prev);
      }
    }
    if (next >= 0) orders[(next << 3) + ORDER_PREV] = prev;
    else levels[levelAt + LEVEL_TAIL] = prev;
    if (prev >= 0) orders[(prev << 3) + ORDER_NEXT] = next;
    else levels[levelAt + LEVEL_HEAD] = next;
    const left = (levels[levelAt + LEVEL_ORDERS] as number) - 1;
    levels[levelAt + LEVEL_ORDERS] = left;
    this.levelMinus(
      level,
      orders[at + ORDER_QTY_LO] as number,
      orders[at + ORDER_QTY_HI] as number,
    );
    if (left === 0) this.dropLevel(level);
  }

  protected levelPlus(level: number, qtyLo: number, qtyHi: number): void {
    const levels = this.levels;
    const at = level << 3;
    const lo = ((levels[at + LEVEL_QTY_LO] as number) + qtyLo) | 0;
    const carry = lo >>> 0 < qtyLo >>> 0 ? 1 : 0;
    levels[at + LEVEL_QTY_LO] = lo;
    levels[at + LEVEL_QTY_HI] = ((levels[at + LEVEL_QTY_HI] as number) + qtyHi + carry) | 0;
  }

  protected levelMinus(level: number, qtyLo: number, qtyHi: number): void {
    const levels = this.levels;
    const at = level << 3;
    const lo = levels[at + LEVEL_QTY_LO] as number;
    const borrow = lo >>> 0 < qtyLo >>> 0 ? 1 : 0;
    levels[at + LEVEL_QTY_LO] = (lo - qtyLo) | 0;
    levels[at + LEVEL_QTY_HI] = ((levels[at + LEVEL_QTY_HI] as number) - qtyHi - borrow) | 0;
  }
}
