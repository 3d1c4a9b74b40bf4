/**
 * The order table: open addressing, linear probing, one order one cell. Finding an order and
 * reading it is one cache line.
 *
 * No tombstones: each cell counts (top byte of its side word) the orders whose home it is and that
 * stand elsewhere, so a search for an absent id ends at once when there are none. Home is the id's
 * low bits, so that ids given in sequence are neighbours, until some order would stand PROBE_LIMIT
 * cells from home; from then on it is a randomly keyed mix.
 *
 * A table that is full, or attacked, is left in steps (`move.ts`): new orders go to the next one,
 * and each takes some of the old with it. So a slot is good until the next add, no longer.
 * Thread: the core's.
 */
import * as coreLayout from "../core/layout.ts";
import * as layout from "./layout.ts";
import { type BookCoreOptions, BookState, tableCells } from "./state.ts";

const NONE = coreLayout.NONE;
const ORDER_LEVEL = layout.ORDER_LEVEL;
const ORDER_ID_LO = layout.ORDER_ID_LO;
const ORDER_ID_HI = layout.ORDER_ID_HI;
const ORDER_SIDE_INDEX = layout.ORDER_SIDE_INDEX;
const SIDE_MASK = layout.SIDE_MASK;
const DISPLACED_ONE = layout.DISPLACED_ONE;
const PROBE_LIMIT = layout.PROBE_LIMIT;

/** Books that find their orders. */
export class BookTable extends BookState {
  /** Where the table begins in the order array, words. */
  tableAt = 0;
  cellMask: number;
  /** 1 when home is a mix of the id and the keys. */
  mixed = 0;
  key0 = 0;
  key1 = 0;
  key2 = 0;
  /** 1 while orders move here from the table described by the old… fields. */
  moving = 0;
  oldAt = 0;
  oldMask = 0;
  oldMixed = 0;
  oldKey0 = 0;
  oldKey1 = 0;
  oldKey2 = 0;
  /** The next cell of the old table to be emptied, words. */
  oldNext = 0;
  /** Tables begun after the first. */
  generation = 0;

  constructor(options: BookCoreOptions) {
    super(options);
    this.cellMask = tableCells(options.orders) - 1;
  }

  /** Finds a resting order. @returns its slot, good until the next add, or -1 */
  find(instrument: number, idLo: number, idHi: number): number {
    const orders = this.orders;
    const home = this.home(instrument, idLo, idHi);
    const word = orders[home + ORDER_SIDE_INDEX] as number;
    if (
      orders[home + ORDER_ID_LO] === idLo &&
      orders[home + ORDER_ID_HI] === idHi &&
      orders[home + ORDER_LEVEL] !== 0 &&
      (((word & SIDE_MASK) >> 1) & this.scopeMask) === (instrument & this.scopeMask)
    ) {
      return home;
    }
    if (word >>> 24 !== 0) {
      const slot = this.findDisplaced(home, word >>> 24, instrument, idLo, idHi);
      if (slot >= 0) return slot;
    }
    return this.moving === 0 ? NONE : this.findOld(instrument, idLo, idHi);
  }

  /** Where an order would stand if it were alone. @returns a slot */
  home(instrument: number, idLo: number, idHi: number): number {
    if (this.mixed !== 0) return this.mixedHome(instrument & this.scopeMask, idLo, idHi);
    return this.tableAt + Math.imul(idLo & this.cellMask, this.cellWords);
  }

  protected mixedHome(instrument: number, idLo: number, idHi: number): number {
    const mix = mixId(this.key0, this.key1, this.key2, instrument, idLo, idHi);
    return this.tableAt + Math.imul(mix & this.cellMask, this.cellWords);
  }

  /** As home, in the table that is being left. */
  oldHome(instrument: number, idLo: number, idHi: number): number {
    const scope = instrument & this.scopeMask;
    const mix =
      this.oldMixed === 0
        ? idLo
        : mixId(this.oldKey0, this.oldKey1, this.oldKey2, scope, idLo, idHi);
    return this.oldAt + Math.imul(mix & this.oldMask, this.cellWords);
  }

  /** The home of the order that stands in a cell, in the cell's own table. */
  homeOf(slot: number): number {
    const orders = this.orders;
    const instrument = ((orders[slot + ORDER_SIDE_INDEX] as number) & SIDE_MASK) >> 1;
    const idLo = orders[slot + ORDER_ID_LO] as number;
    const idHi = orders[slot + ORDER_ID_HI] as number;
    if (this.moving !== 0 && this.isOld(slot)) return this.oldHome(instrument, idLo, idHi);
    return this.home(instrument, idLo, idHi);
  }

  protected isOld(slot: number): boolean {
    return slot >= this.oldAt && slot < this.oldAt + this.tableWordsMax;
  }

  /** Looks behind a home for one of the `displaced` orders that belong there. */
  protected findDisplaced(
    home: number,
    displaced: number,
    instrument: number,
    idLo: number,
    idHi: number,
  ): number {
    const orders = this.orders;
    const step = this.cellWords;
    let left = displaced;
    if ((this.mixed | this.moving) === 0) {
      // Others that belong to this home share the low bits, and only they.
      const mask = this.cellMask;
      for (let at = home + step; left !== 0; at += step) {
        const lo = orders[at + ORDER_ID_LO] as number;
        if (((lo ^ idLo) & mask) !== 0 || orders[at + ORDER_LEVEL] === 0) continue;
        const other = ((orders[at + ORDER_SIDE_INDEX] as number) & SIDE_MASK) >> 1;
        if (
          lo === idLo &&
          orders[at + ORDER_ID_HI] === idHi &&
          (other & this.scopeMask) === (instrument & this.scopeMask)
        ) {
          return at;
        }
        left--;
      }
      return NONE;
    }
    for (let at = home + step; left !== 0; at += step) {
      if (orders[at + ORDER_LEVEL] === 0) continue;
      const other = ((orders[at + ORDER_SIDE_INDEX] as number) & SIDE_MASK) >> 1;
      if (
        orders[at + ORDER_ID_LO] === idLo &&
        orders[at + ORDER_ID_HI] === idHi &&
        (other & this.scopeMask) === (instrument & this.scopeMask)
      ) {
        return at;
      }
      if (this.homeOf(at) === home) left--;
    }
    return NONE;
  }

  protected findOld(instrument: number, idLo: number, idHi: number): number {
    const orders = this.orders;
    const home = this.oldHome(instrument, idLo, idHi);
    const word = orders[home + ORDER_SIDE_INDEX] as number;
    if (
      orders[home + ORDER_ID_LO] === idLo &&
      orders[home + ORDER_ID_HI] === idHi &&
      orders[home + ORDER_LEVEL] !== 0 &&
      (((word & SIDE_MASK) >> 1) & this.scopeMask) === (instrument & this.scopeMask)
    ) {
      return home;
    }
    if (word >>> 24 === 0) return NONE;
    return this.findDisplaced(home, word >>> 24, instrument, idLo, idHi);
  }

  /** The first free cell from home on, or -1 when none is near enough. */
  freeCell(home: number): number {
    const orders = this.orders;
    const step = this.cellWords;
    const end = home + PROBE_LIMIT * step;
    for (let slot = home; slot < end; slot += step) {
      if (orders[slot + ORDER_LEVEL] === 0) return slot;
    }
    return NONE;
  }

  /** Writes an order's identity into a free cell. */
  occupy(
    slot: number,
    home: number,
    level: number,
    sideIndex: number,
    idLo: number,
    idHi: number,
  ): void {
    const orders = this.orders;
    if (home !== slot) {
      const at = home + ORDER_SIDE_INDEX;
      orders[at] = ((orders[at] as number) + DISPLACED_ONE) | 0;
    }
    const word = orders[slot + ORDER_SIDE_INDEX] as number;
    orders[slot + ORDER_SIDE_INDEX] = (word & ~SIDE_MASK) | sideIndex;
    orders[slot + ORDER_LEVEL] = level;
    orders[slot + ORDER_ID_LO] = idLo;
    orders[slot + ORDER_ID_HI] = idHi;
  }

  /** Frees a cell. */
  vacate(slot: number): void {
    const orders = this.orders;
    orders[slot + ORDER_LEVEL] = 0;
    const home = this.homeOf(slot);
    if (home !== slot) {
      const at = home + ORDER_SIDE_INDEX;
      orders[at] = ((orders[at] as number) - DISPLACED_ONE) | 0;
    }
  }
}

/** A keyed mix of an order's identity. */
function mixId(
  key0: number,
  key1: number,
  key2: number,
  instrument: number,
  idLo: number,
  idHi: number,
): number {
  let h = Math.imul(idLo, key0);
  h ^= h >>> 15;
  h = Math.imul(h + idHi, key1);
  h ^= h >>> 13;
  h = Math.imul(h + instrument, key2);
  return h ^ (h >>> 16);
}
