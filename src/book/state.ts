/**
 * The arrays of the book core and how they are read: accessors and cursors, no change.
 * One object holds everything: BookState, BookTable, BookHashing, BookLadder and BookCore are one
 * class in five files (each extends the one before; only BookCore is ever made), so the hot path
 * stays monomorphic.
 *
 * No array is ever replaced: each is taken at its greatest size at once, as address space that
 * costs memory only where it is touched. So nobody copies a whole array when a book grows, and
 * V8 builds addresses and lengths into the code of the stages (constant fields, measured: 12 %).
 * Thread: its owner's.
 */
import { assert } from "../core/assert.ts";
import * as coreLayout from "../core/layout.ts";
import { farLevelAt, farLevels } from "./far.ts";
import * as layout from "./layout.ts";
import { makeSettle } from "./settle.ts";

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
const LEVEL_WORDS = layout.LEVEL_WORDS;
const SIDE_BASE = layout.SIDE_BASE;
const SIDE_COUNT = layout.SIDE_COUNT;
const SIDE_MASK = layout.SIDE_MASK;

/** Tables that the order array has room for: the current one, one being left, one to flee to. */
export const TABLES = 3;

/** Capacities and kind of a {@link BookCore}. */
export interface BookCoreOptions {
  /** Live orders at most, 1 to 2^24; with `grow` only where it starts. */
  readonly orders: number;
  /** Price levels at most, 1 to 2^23; with `grow` only what is touched at start. */
  readonly levels: number;
  /** Instruments, 1 to 2^20; dense indexes are below it; with `grow` only where it starts. */
  readonly instruments: number;
  /** Keeps the book hash at every change. */
  readonly hash: boolean;
  /** Grows beyond the capacities, up to `growOrders`, instead of refusing. */
  readonly grow: boolean;
  /** With `grow`: live orders at most, up to 2^24, which is the default. Levels: half of it. */
  readonly growOrders?: number;
  /** Told of the large arrays before they are touched: for huge pages (Native.adviseHuge). */
  readonly advise?: (words: Int32Array) => unknown;
  /** True when an order id is unique within its instrument only, false when over all of them. */
  readonly scoped: boolean;
}

/**
 * Cells of a table for `orders` live orders: at most a quarter of them are taken, so that an id
 * given in sequence mostly finds its home free, next to the one before (measured: half full costs
 * 17 % more).
 */
export function tableCells(orders: number): number {
  return coreLayout.ceilPowerOfTwo(Math.max(orders * 4, 16));
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

  // What follows belongs to the files of this folder.
  orderCapacity: number;
  readonly orderCapacityMax: number;
  readonly levelCapacity: number;
  instrumentCapacity: number;
  readonly instrumentCapacityMax: number;
  readonly orders: Int32Array;
  readonly levels: Int32Array;
  readonly sides: Int32Array;
  readonly keys: Int32Array;
  readonly keyHighs: Int32Array;
  readonly rungs: Int32Array;
  readonly fars: Int32Array;
  /** Two lanes a side of the part of id(o) that its orders share; empty without hash. */
  readonly sideHash: Int32Array;
  /** lo, hi of each instrument's 64-bit id. */
  readonly instrumentIds: Int32Array;
  /** First free block of ladder entries by log2 of its size. */
  readonly freeBlocks = new Int32Array(32).fill(NONE);
  /** Words of an order's cell. */
  readonly cellWords: number;
  /** Words of the order array that each of its tables may take. */
  readonly tableWordsMax: number;
  ladderTop = 0;
  levelTop: number = LEVEL_WORDS;
  levelFree = 0;
  /** Where far.ts last looked: an entry of the directory and one of the chunk. */
  farSlot = 0;
  farAt = 0;
  /** Where the last far level by rank was; walkSide is NONE once that is not so any more. */
  walkSide: number = NONE;
  walkSlot = 0;
  walkBefore = 0;
  /** The kept hash, but for the cells that hashing.ts has yet to settle. */
  hash0 = 0;
  hash1 = 0;
  readonly changed: Int32Array;
  readonly gone: Int32Array;
  changedCount = 0;
  goneCount = 0;
  /** Takes the noted cells into the kept hash (settle.ts). */
  readonly settle: () => void;
  protected readonly scopeMask: number;

  constructor(options: BookCoreOptions) {
    const { orders, levels, instruments, hash, grow } = options;
    assert(orders >= 1 && orders <= layout.ORDERS_MAX, "BOOK_ORDERS_CAPACITY");
    assert(levels >= 1 && levels <= layout.LEVELS_MAX, "BOOK_LEVELS_CAPACITY");
    assert(instruments >= 1 && instruments <= layout.INSTRUMENTS_MAX, "BOOK_INSTRUMENTS_CAPACITY");
    const ordersMax = grow ? Math.max(options.growOrders ?? layout.ORDERS_MAX, orders) : orders;
    const levelsMax = grow ? Math.max(ordersMax >> 1, levels) : levels;
    const instrumentsMax = grow ? layout.INSTRUMENTS_MAX : instruments;
    this.hashed = hash;
    this.grows = grow;
    this.scoped = options.scoped;
    this.scopeMask = options.scoped ? -1 : 0;
    this.orderCapacity = orders;
    this.orderCapacityMax = ordersMax;
    this.levelCapacity = levelsMax;
    this.instrumentCapacity = instruments;
    this.instrumentCapacityMax = instrumentsMax;
    this.cellWords = hash ? layout.ORDER_HASHED_WORDS : layout.ORDER_WORDS;
    this.tableWordsMax = (tableCells(ordersMax) + layout.PROBE_LIMIT) * this.cellWords;
    this.orders = new Int32Array(this.tableWordsMax * TABLES);
    this.levels = new Int32Array((levelsMax + 1) * LEVEL_WORDS);
    this.changed = new Int32Array(hash ? layout.UNSETTLED_MAX : 0);
    this.gone = new Int32Array(hash ? layout.UNSETTLED_MAX : 0);
    this.sideHash = new Int32Array(hash ? instrumentsMax * 4 : 0);
    this.sides = new Int32Array(instrumentsMax * 8);
    const entries = instrumentsMax * 2 * layout.FIRST_BLOCK + levelsMax * 8;
    this.keys = new Int32Array(entries);
    this.keyHighs = new Int32Array(entries);
    this.rungs = new Int32Array(entries);
    this.fars = new Int32Array(instrumentsMax * 2);
    this.instrumentIds = new Int32Array(instrumentsMax * 2);
    options.advise?.(this.orders);
    options.advise?.(this.levels);
    this.touch(levels, instruments);
    this.numberInstruments(0, instruments);
    this.settle = makeSettle(this);
  }

  /** Touches what the capacities say, so that no message meets a page for the first time. */
  protected touch(levels: number, instruments: number): void {
    const entries = instruments * 2 * layout.FIRST_BLOCK + levels * 4;
    this.orders.fill(0, 0, (tableCells(this.orderCapacity) + layout.PROBE_LIMIT) * this.cellWords);
    this.levels.fill(0, 0, (levels + 1) * LEVEL_WORDS);
    this.sides.fill(0, 0, instruments * 8);
    this.keys.fill(0, 0, entries);
    this.rungs.fill(0, 0, entries);
  }

  /** Gives instruments their index for an id. */
  protected numberInstruments(from: number, to: number): void {
    for (let i = from; i < to; i++) {
      this.instrumentIds[2 * i] = i;
      if (this.hashed) this.hashInstrument(i);
    }
  }

  /** Takes an instrument's part of the hash anew: hashing.ts. */
  protected hashInstrument(_instrument: number): void {}

  /** Sets the 64-bit id that an instrument has in the hash; its index unless set. */
  setInstrumentId(instrument: number, lo: number, hi: number): void {
    assert(this.sideLevels(instrument, 0) + this.sideLevels(instrument, 1) === 0, "BOOK_ID_LATE");
    this.instrumentIds[2 * instrument] = lo;
    this.instrumentIds[2 * instrument + 1] = hi;
    if (this.hashed) this.hashInstrument(instrument);
  }

  /** The best level of a side. @returns the level, or -1 when the side is empty */
  best(instrument: number, side: number): number {
    return this.levelAt(instrument, side, 0);
  }

  /** A side's level by rank, 0 the best. @returns the level, or -1 beyond the last */
  levelAt(instrument: number, side: number, rank: number): number {
    if (instrument >= this.instrumentCapacity) return NONE;
    const at = ((instrument << 1) | side) << 2;
    const count = this.sides[at + SIDE_COUNT] as number;
    if (rank >= count) return farLevelAt(this, at, rank - count);
    return this.rungs[this.firstEntry(at) + count - 1 - rank] as number;
  }

  /** The first entry of a side's block, mixed or not. */
  firstEntry(sideAt: number): number {
    const base = this.sides[sideAt + SIDE_BASE] as number;
    return base < 0 ? ~base : base;
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
    return this.levels[level + LEVEL_HEAD] as number;
  }

  /** The order behind `slot` in its queue. @returns its slot, or -1 behind the last */
  nextOrder(slot: number): number {
    return this.orders[slot + ORDER_NEXT] as number;
  }

  /** The level that an order rests at, 0 when none does. */
  orderLevel(slot: number): number {
    return this.orders[slot + ORDER_LEVEL] as number;
  }
  orderInstrument(slot: number): number {
    return ((this.orders[slot + ORDER_SIDE_INDEX] as number) & SIDE_MASK) >> 1;
  }
  orderSide(slot: number): number {
    return (this.orders[slot + ORDER_SIDE_INDEX] as number) & 1;
  }
  orderIdLo(slot: number): number {
    return this.orders[slot + ORDER_ID_LO] as number;
  }
  orderIdHi(slot: number): number {
    return this.orders[slot + ORDER_ID_HI] as number;
  }
  orderQtyLo(slot: number): number {
    return this.orders[slot + ORDER_QTY_LO] as number;
  }
  orderQtyHi(slot: number): number {
    return this.orders[slot + ORDER_QTY_HI] as number;
  }
  orderPxLo(slot: number): number {
    return this.levelPxLo(this.orderLevel(slot));
  }
  orderPxHi(slot: number): number {
    return this.levelPxHi(this.orderLevel(slot));
  }
  levelPxLo(level: number): number {
    return this.levels[level + LEVEL_PX_LO] as number;
  }
  levelPxHi(level: number): number {
    return this.levels[level + LEVEL_PX_HI] as number;
  }
  /** Sum of a level's quantities, modulo 2^64. */
  levelQtyLo(level: number): number {
    return this.levels[level + LEVEL_QTY_LO] as number;
  }
  levelQtyHi(level: number): number {
    return this.levels[level + LEVEL_QTY_HI] as number;
  }
  levelOrders(level: number): number {
    return this.levels[level + LEVEL_ORDERS] as number;
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
