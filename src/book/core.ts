/**
 * The book core: full-depth price-time books of all instruments of a channel, in typed arrays.
 * Thread: its owner's. See state.ts for how it is put together, table.ts for how long a
 * slot is good.
 */
import * as coreLayout from "../core/layout.ts";
import { BookLadder } from "./ladder.ts";
import * as layout from "./layout.ts";
import { beginMove, forgetTables, MOVE_CELLS, makeWay, moveSome } from "./move.ts";
import { tableCells } from "./state.ts";

const NONE = coreLayout.NONE;
const ORDER_NEXT = layout.ORDER_NEXT;
const ORDER_PREV = layout.ORDER_PREV;
const ORDER_LEVEL = layout.ORDER_LEVEL;
const ORDER_QTY_LO = layout.ORDER_QTY_LO;
const ORDER_QTY_HI = layout.ORDER_QTY_HI;
const ORDER_SIDE_INDEX = layout.ORDER_SIDE_INDEX;
const LEVEL_HEAD = layout.LEVEL_HEAD;
const LEVEL_TAIL = layout.LEVEL_TAIL;
const LEVEL_QTY_LO = layout.LEVEL_QTY_LO;
const LEVEL_QTY_HI = layout.LEVEL_QTY_HI;
const LEVEL_ORDERS = layout.LEVEL_ORDERS;
const LEVEL_WORDS = layout.LEVEL_WORDS;
const SIDE_MASK = layout.SIDE_MASK;
const ERR_FULL = layout.ERR_FULL;

/** Full-depth price-time books. */
export class BookCore extends BookLadder {
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
    if (this.moving !== 0) moveSome(this, MOVE_CELLS);
    const sideIndex = (instrument << 1) | side;
    const level = this.levelFor(sideIndex, pxLo, pxHi);
    if (level < 0) return ERR_FULL;
    let home = this.home(instrument, idLo, idHi);
    let slot = this.freeCell(home);
    while (slot < 0) {
      makeWay(this);
      home = this.home(instrument, idLo, idHi);
      slot = this.freeCell(home);
    }
    this.occupy(slot, home, level, sideIndex, idLo, idHi);
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
    const oldLo = this.orders[slot + ORDER_QTY_LO] as number;
    const oldHi = this.orders[slot + ORDER_QTY_HI] as number;
    const lo = (oldLo - qtyLo) | 0;
    const hi = (oldHi - qtyHi - (oldLo >>> 0 < qtyLo >>> 0 ? 1 : 0)) | 0;
    if ((lo | hi) === 0) {
      this.remove(slot);
      return 1;
    }
    const orders = this.orders;
    orders[slot + ORDER_QTY_LO] = lo;
    orders[slot + ORDER_QTY_HI] = hi;
    this.levelMinus(orders[slot + ORDER_LEVEL] as number, qtyLo, qtyHi);
    if (this.hashed) this.outdate(slot);
    return 0;
  }

  /** Sets an order's quantity, not 0; it keeps its place. */
  setQty(slot: number, qtyLo: number, qtyHi: number): void {
    const orders = this.orders;
    const level = orders[slot + ORDER_LEVEL] as number;
    const oldLo = orders[slot + ORDER_QTY_LO] as number;
    const oldHi = orders[slot + ORDER_QTY_HI] as number;
    orders[slot + ORDER_QTY_LO] = qtyLo;
    orders[slot + ORDER_QTY_HI] = qtyHi;
    this.levelMinus(level, oldLo, oldHi);
    this.levelPlus(level, qtyLo, qtyHi);
    if (this.hashed) this.outdate(slot);
  }

  /** Removes an order. */
  remove(slot: number): void {
    this.unlink(slot);
    this.vacate(slot);
    if (this.hashed) this.leave(slot);
    this.liveOrders--;
  }

  /**
   * Moves an order to the tail of a price of its side with a new quantity, not 0.
   *
   * @returns 0, or ERR_FULL, and then the order is gone
   */
  move(slot: number, pxLo: number, pxHi: number, qtyLo: number, qtyHi: number): number {
    this.unlink(slot);
    const sideIndex = (this.orders[slot + ORDER_SIDE_INDEX] as number) & SIDE_MASK;
    const level = this.levelFor(sideIndex, pxLo, pxHi);
    if (level < 0) {
      this.vacate(slot);
      if (this.hashed) this.leave(slot);
      this.liveOrders--;
      return ERR_FULL;
    }
    this.orders[slot + ORDER_LEVEL] = level;
    this.append(slot, level, qtyLo, qtyHi);
    return 0;
  }

  /** Removes everything; capacities stay, a mixed table is a plain one again. */
  clear(): void {
    forgetTables(this);
    this.sides.fill(0, 0, this.instrumentCapacity << 3);
    this.fars.fill(0, 0, this.instrumentCapacity << 1);
    this.freeBlocks.fill(NONE);
    this.ladderTop = 0;
    this.levelTop = LEVEL_WORDS;
    this.levelFree = 0;
    this.liveOrders = 0;
    this.liveLevels = 0;
    this.liveInstruments = 0;
    this.forgetHash();
  }

  /** As new, but for what has grown: empty, and home is the id's low bits again. */
  reset(): void {
    this.clear();
    this.key0 = 0;
    this.key1 = 0;
    this.key2 = 0;
    this.generation = 0;
  }

  /** Removes all orders of an instrument, in O(1) each. */
  clearInstrument(instrument: number): void {
    for (let side = 0; side < 2; side++) {
      for (let level = this.best(instrument, side); level >= 0; ) {
        const last = this.levels[level + LEVEL_ORDERS] === 1;
        this.remove(this.levels[level + LEVEL_TAIL] as number);
        if (last) level = this.best(instrument, side);
      }
    }
  }

  protected makeRoom(instrument: number): boolean {
    if (!this.grows) return false;
    if (instrument >= this.instrumentCapacity) {
      if (instrument >= this.instrumentCapacityMax) return false;
      const before = this.instrumentCapacity;
      const wanted = Math.max(2 * before, instrument + 1);
      this.instrumentCapacity = Math.min(wanted, this.instrumentCapacityMax);
      this.numberInstruments(before, this.instrumentCapacity);
    }
    if (this.liveOrders >= this.orderCapacity) {
      if (this.orderCapacity >= this.orderCapacityMax) return false;
      this.orderCapacity = Math.min(2 * this.orderCapacity, this.orderCapacityMax);
      beginMove(this, tableCells(this.orderCapacity), false);
    }
    return true;
  }

  /** Puts an order at the tail of a level's queue. */
  protected append(slot: number, level: number, qtyLo: number, qtyHi: number): void {
    const orders = this.orders;
    const levels = this.levels;
    const tail = levels[level + LEVEL_TAIL] as number;
    orders[slot + ORDER_NEXT] = NONE;
    orders[slot + ORDER_PREV] = tail;
    orders[slot + ORDER_QTY_LO] = qtyLo;
    orders[slot + ORDER_QTY_HI] = qtyHi;
    if (tail >= 0) orders[tail + ORDER_NEXT] = slot;
    else levels[level + LEVEL_HEAD] = slot;
    levels[level + LEVEL_TAIL] = slot;
    levels[level + LEVEL_ORDERS] = (levels[level + LEVEL_ORDERS] as number) + 1;
    this.levelPlus(level, qtyLo, qtyHi);
    if (this.hashed) this.outdate(slot);
  }

  /** Takes an order out of its queue, and its level out of the book when that was the last. */
  protected unlink(slot: number): void {
    const orders = this.orders;
    const levels = this.levels;
    const level = orders[slot + ORDER_LEVEL] as number;
    const next = orders[slot + ORDER_NEXT] as number;
    const prev = orders[slot + ORDER_PREV] as number;
    if (next >= 0) orders[next + ORDER_PREV] = prev;
    else levels[level + LEVEL_TAIL] = prev;
    if (prev >= 0) orders[prev + ORDER_NEXT] = next;
    else levels[level + LEVEL_HEAD] = next;
    if (this.hashed && next >= 0) this.outdate(next);
    const left = (levels[level + LEVEL_ORDERS] as number) - 1;
    levels[level + LEVEL_ORDERS] = left;
    if (left === 0) {
      this.dropLevel(level);
      return;
    }
    const lo = orders[slot + ORDER_QTY_LO] as number;
    this.levelMinus(level, lo, orders[slot + ORDER_QTY_HI] as number);
  }

  protected levelPlus(level: number, qtyLo: number, qtyHi: number): void {
    const levels = this.levels;
    const lo = ((levels[level + LEVEL_QTY_LO] as number) + qtyLo) | 0;
    const carry = lo >>> 0 < qtyLo >>> 0 ? 1 : 0;
    levels[level + LEVEL_QTY_LO] = lo;
    levels[level + LEVEL_QTY_HI] = ((levels[level + LEVEL_QTY_HI] as number) + qtyHi + carry) | 0;
  }

  protected levelMinus(level: number, qtyLo: number, qtyHi: number): void {
    const levels = this.levels;
    const lo = levels[level + LEVEL_QTY_LO] as number;
    const borrow = lo >>> 0 < qtyLo >>> 0 ? 1 : 0;
    levels[level + LEVEL_QTY_LO] = (lo - qtyLo) | 0;
    levels[level + LEVEL_QTY_HI] = ((levels[level + LEVEL_QTY_HI] as number) - qtyHi - borrow) | 0;
  }
}
