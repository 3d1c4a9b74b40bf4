/**
 * The arrays of the book core and how they are read: accessors and cursors, no change but growth.
 * One object holds everything: BookState, BookHashing, BookLadder and BookCore are one class in
 * four files (each extends the one before; only BookCore is ever made), so the hot path stays
 * monomorphic.
 * Thread: its owner's.
 */
import { assert } from "../core/assert.ts";
import * as coreLayout from "../core/layout.ts";
import { farLevelAt, farLevels } from "./far.ts";
import { growInstruments, growLadder, growLevels, rebuildOrders } from "./grow.ts";
import * as layout from "./layout.ts";

const NONE = coreLayout.NONE;
const ORDER_NEXT = layout.ORDER_NEXT;
const ORDER_LEVEL = layout.ORDER_LEVEL;
const ORDER_QTY_LO = layout.ORDER_QTY_LO;
const ORDER_QTY_HI = layout.ORDER_QTY_HI;
const ORDER_ID_LO = layout.ORDER_ID_LO;
const ORDER_ID_HI = layout.ORDER_ID_HI;
const ORDER_SIDE_INDEX = layout.ORDER_SIDE_INDEX;
const LEVEL_HEAD = layout.LEVEL_HEAD;
const LEVEL_QTY_LO = layout.LEVEL_QTY_LO;
const LEVEL_QTY_HI = layout.LEVEL_QTY_HI;
const LEVEL_ORDERS = layout.LEVEL_ORDERS;
const LEVEL_PX_LO = layout.LEVEL_PX_LO;
const LEVEL_PX_HI = layout.LEVEL_PX_HI;
const SIDE_BASE = layout.SIDE_BASE;
const SIDE_COUNT = layout.SIDE_COUNT;
const ENTRY_LEVEL = layout.ENTRY_LEVEL;
const LEVEL_MASK = layout.LEVEL_MASK;

/** Capacities and kind of a {@link BookCore}. */
export interface BookCoreOptions {
  /** Live orders at most, 1 to 2^24; with `grow` only where it starts. */
  readonly orders: number;
  /** Price levels at most, 1 to 2^23. */
  readonly levels: number;
  /** Instruments, 1 to 2^20; dense indexes are below it. */
  readonly instruments: number;
  /** Keeps the book hash at every change. */
  readonly hash: boolean;
  /** Doubles a full pool instead of refusing. */
  readonly grow: boolean;
  /** True when an order id is unique within its instrument only, false when over all of them. */
  readonly scoped: boolean;
}

/** The arrays of full-depth books. */
export class BookState {
  readonly hashed: boolean;
  readonly grows: boolean;
  readonly scoped: boolean;
  /** Live orders of all instruments. */
  liveOrders = 0;
  /** Price levels of all instruments. */
  liveLevels = 0;
  /** Instruments with live orders. */
  liveInstruments = 0;
  /** Counts rebuilds of the order table; slots are only valid within one generation. */
  generation = 0;

  // What follows belongs to the files of this folder.
  orderCapacity: number;
  levelCapacity: number;
  instrumentCapacity: number;
  orders: Int32Array;
  levels: Int32Array;
  sides: Int32Array;
  ladder: Int32Array;
  /** Two lanes of id(o) a slot; empty without hash. */
  orderHash: Int32Array;
  /** Two lanes of the part of id(o) that a level's orders share. */
  levelHash: Int32Array;
  /** lo, hi of each instrument's 64-bit id. */
  instrumentIds: Int32Array;
  /** First free block of ladder entries by log2 of its size. */
  readonly freeBlocks = new Int32Array(32).fill(NONE);
  ladderTop = 0;
  levelTop = 1;
  levelFree = 0;
  /** Word indexes of where far.ts last looked: the directory's entry and the chunk's. */
  farEntry = 0;
  farAt = 0;
  /** Where the last far level by rank was; walkSide is NONE once that is not so any more. */
  walkSide: number = NONE;
  walkEntry = 0;
  walkBefore = 0;
  cellMask: number;
  /** Keys of the mix; mixed is 0 while home is the id's low bits. */
  mixed = 0;
  key0 = 0;
  key1 = 0;
  key2 = 0;
  hash0 = 0;
  hash1 = 0;
  protected readonly scopeMask: number;

  constructor(options: BookCoreOptions) {
    assert(options.orders >= 1 && options.orders <= layout.ORDERS_MAX, "BOOK_ORDERS_CAPACITY");
    assert(options.levels >= 1 && options.levels <= layout.LEVELS_MAX, "BOOK_LEVELS_CAPACITY");
    assert(
      options.instruments >= 1 && options.instruments <= layout.INSTRUMENTS_MAX,
      "BOOK_INSTRUMENTS_CAPACITY",
    );
    this.hashed = options.hash;
    this.grows = options.grow;
    this.scoped = options.scoped;
    this.scopeMask = options.scoped ? -1 : 0;
    this.orderCapacity = options.orders;
    this.levelCapacity = options.levels;
    this.instrumentCapacity = 0;
    this.orders = new Int32Array(0);
    this.levels = new Int32Array(0);
    this.sides = new Int32Array(0);
    this.ladder = new Int32Array(0);
    this.orderHash = new Int32Array(0);
    this.levelHash = new Int32Array(0);
    this.instrumentIds = new Int32Array(0);
    this.cellMask = 0;
    growLevels(this, options.levels);
    growInstruments(this, options.instruments);
    growLadder(this);
    rebuildOrders(this, options.orders);
    this.generation = 0;
  }

  /** Sets the 64-bit id that an instrument has in the hash; its index unless set. */
  setInstrumentId(instrument: number, lo: number, hi: number): void {
    assert(this.sideLevels(instrument, 0) + this.sideLevels(instrument, 1) === 0, "BOOK_ID_LATE");
    this.instrumentIds[2 * instrument] = lo;
    this.instrumentIds[2 * instrument + 1] = hi;
  }

  /** Where an order would stand if it were alone. @returns a slot */
  home(instrument: number, idLo: number, idHi: number): number {
    if (this.mixed === 0) return idLo & this.cellMask;
    return this.mixedHome(instrument & this.scopeMask, idLo, idHi);
  }

  protected mixedHome(instrument: number, idLo: number, idHi: number): number {
    let h = Math.imul(idLo, this.key0);
    h ^= h >>> 15;
    h = Math.imul(h + idHi, this.key1);
    h ^= h >>> 13;
    h = Math.imul(h + instrument, this.key2);
    return (h ^ (h >>> 16)) & this.cellMask;
  }

  /** The best level of a side. @returns its number, or -1 when the side is empty */
  best(instrument: number, side: number): number {
    return this.levelAt(instrument, side, 0);
  }

  /** A side's level by rank, 0 the best. @returns its number, or -1 beyond the last */
  levelAt(instrument: number, side: number, rank: number): number {
    if (instrument >= this.instrumentCapacity) return NONE;
    const at = ((instrument << 1) | side) << 2;
    const count = this.sides[at + SIDE_COUNT] as number;
    if (rank >= count) return farLevelAt(this, at, rank - count);
    const entry = (this.sides[at + SIDE_BASE] as number) + count - 1 - rank;
    return this.ladder[(entry << 2) + ENTRY_LEVEL] as number;
  }

  /** Levels of a side. */
  sideLevels(instrument: number, side: number): number {
    if (instrument >= this.instrumentCapacity) return 0;
    const at = ((instrument << 1) | side) << 2;
    return (this.sides[at + SIDE_COUNT] as number) + farLevels(this, at);
  }

  /** Levels of both sides of an instrument. */
  levelCount(instrument: number): number {
    return this.sideLevels(instrument, 0) + this.sideLevels(instrument, 1);
  }

  /** Live orders of an instrument, found by walking its levels. */
  orderCount(instrument: number): number {
    let count = 0;
    for (let side = 0; side < 2; side++) {
      for (let rank = this.sideLevels(instrument, side) - 1; rank >= 0; rank--) {
        count += this.levelOrders(this.levelAt(instrument, side, rank));
      }
    }
    return count;
  }

  /** A side's best level; with nextLevel the levels come best price first. @returns -1 for none */
  firstLevel(instrument: number, side: number): number {
    return this.levelAt(instrument, side, 0);
  }

  /** The first order in a level's queue. */
  firstOrder(level: number): number {
    return this.levels[(level << 3) + LEVEL_HEAD] as number;
  }

  /** The order behind `slot` in its queue. @returns its slot, or -1 behind the last */
  nextOrder(slot: number): number {
    return this.orders[(slot << 3) + ORDER_NEXT] as number;
  }

  /** Levels in use, i.e. the level that an order rests at. */
  orderLevel(slot: number): number {
    return (this.orders[(slot << 3) + ORDER_LEVEL] as number) & LEVEL_MASK;
  }
  orderInstrument(slot: number): number {
    return (this.orders[(slot << 3) + ORDER_SIDE_INDEX] as number) >> 1;
  }
  orderSide(slot: number): number {
    return (this.orders[(slot << 3) + ORDER_SIDE_INDEX] as number) & 1;
  }
  orderIdLo(slot: number): number {
    return this.orders[(slot << 3) + ORDER_ID_LO] as number;
  }
  orderIdHi(slot: number): number {
    return this.orders[(slot << 3) + ORDER_ID_HI] as number;
  }
  orderQtyLo(slot: number): number {
    return this.orders[(slot << 3) + ORDER_QTY_LO] as number;
  }
  orderQtyHi(slot: number): number {
    return this.orders[(slot << 3) + ORDER_QTY_HI] as number;
  }
  orderPxLo(slot: number): number {
    return this.levelPxLo(this.orderLevel(slot));
  }
  orderPxHi(slot: number): number {
    return this.levelPxHi(this.orderLevel(slot));
  }
  levelPxLo(level: number): number {
    return this.levels[(level << 3) + LEVEL_PX_LO] as number;
  }
  levelPxHi(level: number): number {
    return this.levels[(level << 3) + LEVEL_PX_HI] as number;
  }
  /** Sum of a level's quantities, modulo 2^64. */
  levelQtyLo(level: number): number {
    return this.levels[(level << 3) + LEVEL_QTY_LO] as number;
  }
  levelQtyHi(level: number): number {
    return this.levels[(level << 3) + LEVEL_QTY_HI] as number;
  }
  levelOrders(level: number): number {
    return this.levels[(level << 3) + LEVEL_ORDERS] as number;
  }

  /**
   * Writes a side's best levels as px lo, px hi, qty lo, qty hi, orders.
   *
   * @param out at least 5 * depth words
   * @returns how many levels were written
   */
  topLevels(instrument: number, side: number, depth: number, out: Int32Array): number {
    const count = Math.min(depth, this.sideLevels(instrument, side));
    for (let rank = 0; rank < count; rank++) {
      const level = this.levelAt(instrument, side, rank);
      out[5 * rank] = this.levelPxLo(level);
      out[5 * rank + 1] = this.levelPxHi(level);
      out[5 * rank + 2] = this.levelQtyLo(level);
      out[5 * rank + 3] = this.levelQtyHi(level);
      out[5 * rank + 4] = this.levelOrders(level);
    }
    return count;
  }
}
