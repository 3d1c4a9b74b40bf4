/**
 * The book core: full-depth price-time books of all instruments of a channel, in typed arrays.
 * Thread: its owner's. One order is one cell of an open-addressing table, so finding it and reading
 * it is one cache line, and its slot (the cell's number) is stable while it rests, until a rebuild
 * (`generation` tells; none happens while the table neither grows nor is attacked).
 *
 *   orders    8 words a slot    next prev | level+displaced | qty lo hi | id lo hi | side index
 *   levels    8 words a level   head tail | qty lo hi | orders | px lo hi | side index
 *   sides     4 words a side    first entry, entries, capacity of the block
 *   ladder    4 words an entry  key hi, key lo, level; best price last in a side's block
 *
 * The side index is instrument * 2 + side. A ladder key is the price, inverted for asks, so that
 * the best is the greatest on both sides. Level 0 is none: a cell with level 0 is free.
 *
 * Probing is linear and leaves no tombstones: each cell counts (top byte of its level word) the
 * orders whose home it is and that stand elsewhere, so a search for an absent id ends at once when
 * there are none. Home is the id's low bits until some order would stand PROBE_LIMIT cells from
 * home; then the table is rebuilt with a randomly keyed mix (grow.ts).
 */
import { assert } from "../core/assert.ts";
import { NONE } from "../core/layout.ts";
import { growInstruments, growLadder, growLevels, rebuildOrders } from "./grow.ts";
import { finalise, hashMultiplier, hashSeed, hashText } from "./hash-words.ts";

// Words of an order's cell.
export const ORDER_NEXT = 0;
export const ORDER_PREV = 1;
export const ORDER_LEVEL = 2;
export const ORDER_QTY_LO = 3;
export const ORDER_QTY_HI = 4;
export const ORDER_ID_LO = 5;
export const ORDER_ID_HI = 6;
export const ORDER_SIDE_INDEX = 7;
// Words of a level; a free level's head is the next free one.
export const LEVEL_HEAD = 0;
export const LEVEL_TAIL = 1;
export const LEVEL_QTY_LO = 2;
export const LEVEL_QTY_HI = 3;
export const LEVEL_ORDERS = 4;
export const LEVEL_PX_LO = 5;
export const LEVEL_PX_HI = 6;
export const LEVEL_SIDE_INDEX = 7;
// Words of a side.
export const SIDE_BASE = 0;
export const SIDE_COUNT = 1;
export const SIDE_CAPACITY = 2;
// Words of a ladder entry.
export const ENTRY_KEY_HI = 0;
export const ENTRY_KEY_LO = 1;
export const ENTRY_LEVEL = 2;

/** An order's level word: the level's number, and above it the displaced count of the cell. */
export const LEVEL_MASK = 0xffffff;
export const DISPLACED_ONE = 0x1000000;
/** No order stands this many cells or more from its home. */
export const PROBE_LIMIT = 128;
/** Ladder entries of a side's first block. */
export const FIRST_BLOCK = 4;

/** Outcome: the order pool, level pool or ladder space is at its bound. */
export const ERR_FULL = -2;

const SIGN = 0x80000000 | 0;
const LINEAR_STEPS = 24;
const MOVE_BY_LOOP = 12;

// Hash words: lane last.
const SEED0 = hashSeed(0);
const SEED1 = hashSeed(1);
const M1_0 = hashMultiplier(0, 1);
const M1_1 = hashMultiplier(1, 1);
const M2_0 = hashMultiplier(0, 2);
const M2_1 = hashMultiplier(1, 2);
const M3_0 = hashMultiplier(0, 3);
const M3_1 = hashMultiplier(1, 3);
const M4_0 = hashMultiplier(0, 4);
const M4_1 = hashMultiplier(1, 4);
const M5_0 = hashMultiplier(0, 5);
const M5_1 = hashMultiplier(1, 5);
const M6_0 = hashMultiplier(0, 6);
const M6_1 = hashMultiplier(1, 6);
const M7_0 = hashMultiplier(0, 7);
const M7_1 = hashMultiplier(1, 7);
const M8_0 = hashMultiplier(0, 8);
const M8_1 = hashMultiplier(1, 8);
const M9_0 = hashMultiplier(0, 9);
const M9_1 = hashMultiplier(1, 9);
const M10_0 = hashMultiplier(0, 10);
const M10_1 = hashMultiplier(1, 10);

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

/** Full-depth price-time books. */
export class BookCore {
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
  cellMask: number;
  /** Keys of the mix; mixed is 0 while home is the id's low bits. */
  mixed = 0;
  key0 = 0;
  key1 = 0;
  key2 = 0;
  hash0 = 0;
  hash1 = 0;
  readonly #scopeMask: number;

  constructor(options: BookCoreOptions) {
    assert(options.orders >= 1 && options.orders <= 2 ** 24, "BOOK_ORDERS_CAPACITY");
    assert(options.levels >= 1 && options.levels <= 2 ** 23, "BOOK_LEVELS_CAPACITY");
    assert(options.instruments >= 1 && options.instruments <= 2 ** 20, "BOOK_INSTRUMENTS_CAPACITY");
    this.hashed = options.hash;
    this.grows = options.grow;
    this.scoped = options.scoped;
    this.#scopeMask = options.scoped ? -1 : 0;
    this.orderCapacity = options.orders;
    this.levelCapacity = options.levels;
    this.instrumentCapacity = 0;
    this.orders = new Int32Array(0);
    this.levels = new Int32Array((options.levels + 1) * 8);
    this.sides = new Int32Array(0);
    this.ladder = new Int32Array(0);
    this.orderHash = new Int32Array(0);
    this.levelHash = new Int32Array(options.hash ? (options.levels + 1) * 2 : 0);
    this.instrumentIds = new Int32Array(0);
    this.cellMask = 0;
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
      ((((orders[at + ORDER_SIDE_INDEX] as number) >> 1) ^ instrument) & this.#scopeMask) === 0
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
      if (lo === idLo && hi === idHi && ((other ^ instrument) & this.#scopeMask) === 0) {
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
      if (!this.#makeRoom(instrument)) return ERR_FULL;
    }
    const sideIndex = (instrument << 1) | side;
    let slot = this.#freeCell(instrument, idLo, idHi);
    if (slot < 0) slot = this.#rebuildFor(instrument, idLo, idHi);
    if (slot < 0) return ERR_FULL;
    const level = this.#levelFor(sideIndex, pxLo, pxHi);
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
    this.#append(slot, level, qtyLo, qtyHi);
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
    if (this.hashed) this.#subtractTerm(slot, before);
    orders[at + ORDER_QTY_LO] = qtyLo;
    orders[at + ORDER_QTY_HI] = qtyHi;
    this.#levelMinus(level, oldLo, oldHi);
    this.#levelPlus(level, qtyLo, qtyHi);
    if (this.hashed) this.#addTerm(slot, before);
  }

  /** Removes an order. */
  remove(slot: number): void {
    this.#unlink(slot);
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
    this.#unlink(slot);
    const level = this.#levelFor(this.orders[at + ORDER_SIDE_INDEX] as number, pxLo, pxHi);
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
    this.#append(slot, level, qtyLo, qtyHi);
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

  /** The best level of a side. @returns its number, or -1 when the side is empty */
  best(instrument: number, side: number): number {
    return this.levelAt(instrument, side, 0);
  }

  /** A side's level by rank, 0 the best. @returns its number, or -1 beyond the last */
  levelAt(instrument: number, side: number, rank: number): number {
    if (instrument >= this.instrumentCapacity) return NONE;
    const at = ((instrument << 1) | side) << 2;
    const count = this.sides[at + SIDE_COUNT] as number;
    if (rank >= count) return NONE;
    const entry = (this.sides[at + SIDE_BASE] as number) + count - 1 - rank;
    return this.ladder[(entry << 2) + ENTRY_LEVEL] as number;
  }

  /** Levels of a side. */
  sideLevels(instrument: number, side: number): number {
    if (instrument >= this.instrumentCapacity) return 0;
    return this.sides[(((instrument << 1) | side) << 2) + SIDE_COUNT] as number;
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

  /** The level behind `level` on its side. @returns its number, or -1 behind the last */
  nextLevel(level: number): number {
    const sideIndex = this.levels[(level << 3) + LEVEL_SIDE_INDEX] as number;
    const entry = this.#entryOf(level);
    if (entry === this.sides[(sideIndex << 2) + SIDE_BASE]) return NONE;
    return this.ladder[((entry - 1) << 2) + ENTRY_LEVEL] as number;
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

  /** The book hash of all instruments as 16 hex digits; needs `hash: true`. */
  hashHex(): string {
    assert(this.hashed, "BOOK_HASH_OFF");
    return hashText(this.hash0, this.hash1);
  }

  /** Where an order would stand if it were alone. @returns a slot */
  home(instrument: number, idLo: number, idHi: number): number {
    if (this.mixed === 0) return idLo & this.cellMask;
    return this.#mixedHome(instrument & this.#scopeMask, idLo, idHi);
  }

  #mixedHome(instrument: number, idLo: number, idHi: number): number {
    let h = Math.imul(idLo, this.key0);
    h ^= h >>> 15;
    h = Math.imul(h + idHi, this.key1);
    h ^= h >>> 13;
    h = Math.imul(h + instrument, this.key2);
    return (h ^ (h >>> 16)) & this.cellMask;
  }

  /** The first free cell from home on, or -1 when none is near enough. */
  #freeCell(instrument: number, idLo: number, idHi: number): number {
    const orders = this.orders;
    const home = this.home(instrument, idLo, idHi);
    const end = home + PROBE_LIMIT;
    for (let slot = home; slot < end; slot++) {
      if (((orders[(slot << 3) + ORDER_LEVEL] as number) & LEVEL_MASK) === 0) return slot;
    }
    return NONE;
  }

  /** Rebuilds the table with other keys until the id finds a cell near its home. */
  #rebuildFor(instrument: number, idLo: number, idHi: number): number {
    for (let attempt = 0; attempt < 4; attempt++) {
      rebuildOrders(this, this.orderCapacity, true);
      const slot = this.#freeCell(instrument, idLo, idHi);
      if (slot >= 0) return slot;
    }
    return NONE;
  }

  #makeRoom(instrument: number): boolean {
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

  /** The level of a price, made if need be. @returns its number, or ERR_FULL */
  #levelFor(sideIndex: number, pxLo: number, pxHi: number): number {
    const invert = -(sideIndex & 1);
    const keyHi = pxHi ^ invert;
    const keyLo = pxLo ^ invert ^ SIGN;
    const ladder = this.ladder;
    const sideAt = sideIndex << 2;
    const first = (this.sides[sideAt + SIDE_BASE] as number) << 2;
    const end = first + ((this.sides[sideAt + SIDE_COUNT] as number) << 2);
    let at = end - 4;
    const stop = at - (LINEAR_STEPS << 2);
    const floor = stop > first ? stop : first;
    for (; at >= floor; at -= 4) {
      const hi = ladder[at + ENTRY_KEY_HI] as number;
      if (hi > keyHi) continue;
      if (hi < keyHi) return this.#insertLevel(sideIndex, at + 4, end, keyHi, keyLo);
      const lo = ladder[at + ENTRY_KEY_LO] as number;
      if (lo === keyLo) return ladder[at + ENTRY_LEVEL] as number;
      if (lo < keyLo) return this.#insertLevel(sideIndex, at + 4, end, keyHi, keyLo);
    }
    if (at < first) return this.#insertLevel(sideIndex, first, end, keyHi, keyLo);
    at = this.#lowerBound(first, at + 4, keyHi, keyLo);
    if (ladder[at + ENTRY_KEY_HI] === keyHi && ladder[at + ENTRY_KEY_LO] === keyLo) {
      return ladder[at + ENTRY_LEVEL] as number;
    }
    return this.#insertLevel(sideIndex, at, end, keyHi, keyLo);
  }

  /** The first entry in [from, to) whose key is not less, as a word index; `to` when none is. */
  #lowerBound(from: number, to: number, keyHi: number, keyLo: number): number {
    const ladder = this.ladder;
    let low = from >> 2;
    let high = to >> 2;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const hi = ladder[(middle << 2) + ENTRY_KEY_HI] as number;
      const lo = ladder[(middle << 2) + ENTRY_KEY_LO] as number;
      if (hi < keyHi || (hi === keyHi && lo < keyLo)) low = middle + 1;
      else high = middle;
    }
    return low << 2;
  }

  /** Makes a level at the word index `at` of the ladder. @returns its number, or ERR_FULL */
  #insertLevel(sideIndex: number, at: number, end: number, keyHi: number, keyLo: number): number {
    const level = this.#takeLevel();
    if (level < 0) return ERR_FULL;
    const sides = this.sides;
    const sideAt = sideIndex << 2;
    const count = sides[sideAt + SIDE_COUNT] as number;
    let to = at;
    let last = end;
    if (count === sides[sideAt + SIDE_CAPACITY]) {
      const offset = at - ((sides[sideAt + SIDE_BASE] as number) << 2);
      if (!this.#resizeBlock(sideAt, count === 0 ? FIRST_BLOCK : 2 * count)) {
        this.#giveLevel(level);
        return ERR_FULL;
      }
      to = ((sides[sideAt + SIDE_BASE] as number) << 2) + offset;
      last = ((sides[sideAt + SIDE_BASE] as number) + count) << 2;
    }
    const ladder = this.ladder;
    if (last - to > MOVE_BY_LOOP << 2) ladder.copyWithin(to + 4, to, last);
    else {
      for (let i = last; i > to; i -= 4) {
        ladder[i + ENTRY_KEY_HI] = ladder[i - 4 + ENTRY_KEY_HI] as number;
        ladder[i + ENTRY_KEY_LO] = ladder[i - 4 + ENTRY_KEY_LO] as number;
        ladder[i + ENTRY_LEVEL] = ladder[i - 4 + ENTRY_LEVEL] as number;
      }
    }
    ladder[to + ENTRY_KEY_HI] = keyHi;
    ladder[to + ENTRY_KEY_LO] = keyLo;
    ladder[to + ENTRY_LEVEL] = level;
    sides[sideAt + SIDE_COUNT] = count + 1;
    if (count === 0 && sides[(sideAt ^ 4) + SIDE_COUNT] === 0) this.liveInstruments++;
    const invert = -(sideIndex & 1);
    this.#startLevel(level, sideIndex, keyLo ^ invert ^ SIGN, keyHi ^ invert);
    return level;
  }

  #startLevel(level: number, sideIndex: number, pxLo: number, pxHi: number): void {
    const levels = this.levels;
    const at = level << 3;
    levels[at + LEVEL_HEAD] = NONE;
    levels[at + LEVEL_TAIL] = NONE;
    levels[at + LEVEL_QTY_LO] = 0;
    levels[at + LEVEL_QTY_HI] = 0;
    levels[at + LEVEL_ORDERS] = 0;
    levels[at + LEVEL_PX_LO] = pxLo;
    levels[at + LEVEL_PX_HI] = pxHi;
    levels[at + LEVEL_SIDE_INDEX] = sideIndex;
    if (this.hashed) this.#hashLevel(level, sideIndex, pxLo, pxHi);
  }

  /** Takes a level out of the pool. @returns its number, or ERR_FULL */
  #takeLevel(): number {
    if (this.liveLevels >= this.levelCapacity) {
      if (!this.grows || this.levelCapacity >= 2 ** 23) return ERR_FULL;
      growLevels(this, Math.min(2 * this.levelCapacity, 2 ** 23));
    }
    this.liveLevels++;
    let level = this.levelFree;
    if (level !== 0) this.levelFree = this.levels[(level << 3) + LEVEL_HEAD] as number;
    else level = this.levelTop++;
    return level;
  }

  #giveLevel(level: number): void {
    this.levels[(level << 3) + LEVEL_HEAD] = this.levelFree;
    this.levelFree = level;
    this.liveLevels--;
  }

  /** The ladder entry of a level. */
  #entryOf(level: number): number {
    const levels = this.levels;
    const ladder = this.ladder;
    const sideIndex = levels[(level << 3) + LEVEL_SIDE_INDEX] as number;
    const first = this.sides[(sideIndex << 2) + SIDE_BASE] as number;
    const count = this.sides[(sideIndex << 2) + SIDE_COUNT] as number;
    let entry = first + count - 1;
    const stop = entry - LINEAR_STEPS;
    for (; entry > stop; entry--) {
      if (ladder[(entry << 2) + ENTRY_LEVEL] === level) return entry;
    }
    const invert = -(sideIndex & 1);
    const keyHi = (levels[(level << 3) + LEVEL_PX_HI] as number) ^ invert;
    const keyLo = (levels[(level << 3) + LEVEL_PX_LO] as number) ^ invert ^ SIGN;
    return this.#lowerBound(first << 2, (entry + 1) << 2, keyHi, keyLo) >> 2;
  }

  /** Takes an empty level out of its side's ladder and gives it back. */
  #dropLevel(level: number): void {
    const entry = this.#entryOf(level);
    const sides = this.sides;
    const ladder = this.ladder;
    const sideAt = (this.levels[(level << 3) + LEVEL_SIDE_INDEX] as number) << 2;
    const count = (sides[sideAt + SIDE_COUNT] as number) - 1;
    const at = entry << 2;
    const last = ((sides[sideAt + SIDE_BASE] as number) + count) << 2;
    if (last - at > MOVE_BY_LOOP << 2) ladder.copyWithin(at, at + 4, last + 4);
    else {
      for (let i = at; i < last; i += 4) {
        ladder[i + ENTRY_KEY_HI] = ladder[i + 4 + ENTRY_KEY_HI] as number;
        ladder[i + ENTRY_KEY_LO] = ladder[i + 4 + ENTRY_KEY_LO] as number;
        ladder[i + ENTRY_LEVEL] = ladder[i + 4 + ENTRY_LEVEL] as number;
      }
    }
    sides[sideAt + SIDE_COUNT] = count;
    if (count === 0 && sides[(sideAt ^ 4) + SIDE_COUNT] === 0) this.liveInstruments--;
    this.#giveLevel(level);
    const capacity = sides[sideAt + SIDE_CAPACITY] as number;
    if (capacity > 4 * FIRST_BLOCK && count << 3 < capacity) {
      this.#resizeBlock(sideAt, capacity >> 1);
    }
  }

  /** Moves a side into a block of another size. @returns false when there is no room for it */
  #resizeBlock(sideAt: number, capacity: number): boolean {
    const sizeClass = 31 - Math.clz32(capacity);
    let base = this.freeBlocks[sizeClass] as number;
    if (base >= 0) this.freeBlocks[sizeClass] = this.ladder[(base << 2) + ENTRY_LEVEL] as number;
    else {
      while ((this.ladderTop + capacity) << 2 > this.ladder.length) {
        if (!this.grows || this.ladder.length >= 2 ** 28) return false;
        growLadder(this);
      }
      base = this.ladderTop;
      this.ladderTop += capacity;
    }
    const sides = this.sides;
    const ladder = this.ladder;
    const oldBase = sides[sideAt + SIDE_BASE] as number;
    const oldCapacity = sides[sideAt + SIDE_CAPACITY] as number;
    const count = sides[sideAt + SIDE_COUNT] as number;
    if (oldCapacity > 0) {
      ladder.copyWithin(base << 2, oldBase << 2, (oldBase + count) << 2);
      const oldClass = 31 - Math.clz32(oldCapacity);
      ladder[(oldBase << 2) + ENTRY_LEVEL] = this.freeBlocks[oldClass] as number;
      this.freeBlocks[oldClass] = oldBase;
    }
    sides[sideAt + SIDE_BASE] = base;
    sides[sideAt + SIDE_CAPACITY] = capacity;
    return true;
  }

  /** Puts an order at the tail of a level's queue. */
  #append(slot: number, level: number, qtyLo: number, qtyHi: number): void {
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
    this.#levelPlus(level, qtyLo, qtyHi);
    if (this.hashed) {
      this.#hashOrder(slot, level);
      this.#addTerm(slot, tail);
    }
  }

  /** Takes an order out of its queue, and its level out of the book when that was the last. */
  #unlink(slot: number): void {
    const orders = this.orders;
    const levels = this.levels;
    const at = slot << 3;
    const level = (orders[at + ORDER_LEVEL] as number) & LEVEL_MASK;
    const levelAt = level << 3;
    const next = orders[at + ORDER_NEXT] as number;
    const prev = orders[at + ORDER_PREV] as number;
    if (this.hashed) {
      this.#subtractTerm(slot, prev);
      if (next >= 0) {
        this.#subtractTerm(next, slot);
        this.#addTerm(next, prev);
      }
    }
    if (next >= 0) orders[(next << 3) + ORDER_PREV] = prev;
    else levels[levelAt + LEVEL_TAIL] = prev;
    if (prev >= 0) orders[(prev << 3) + ORDER_NEXT] = next;
    else levels[levelAt + LEVEL_HEAD] = next;
    const left = (levels[levelAt + LEVEL_ORDERS] as number) - 1;
    levels[levelAt + LEVEL_ORDERS] = left;
    this.#levelMinus(
      level,
      orders[at + ORDER_QTY_LO] as number,
      orders[at + ORDER_QTY_HI] as number,
    );
    if (left === 0) this.#dropLevel(level);
  }

  #levelPlus(level: number, qtyLo: number, qtyHi: number): void {
    const levels = this.levels;
    const at = level << 3;
    const lo = ((levels[at + LEVEL_QTY_LO] as number) + qtyLo) | 0;
    const carry = lo >>> 0 < qtyLo >>> 0 ? 1 : 0;
    levels[at + LEVEL_QTY_LO] = lo;
    levels[at + LEVEL_QTY_HI] = ((levels[at + LEVEL_QTY_HI] as number) + qtyHi + carry) | 0;
  }

  #levelMinus(level: number, qtyLo: number, qtyHi: number): void {
    const levels = this.levels;
    const at = level << 3;
    const lo = levels[at + LEVEL_QTY_LO] as number;
    const borrow = lo >>> 0 < qtyLo >>> 0 ? 1 : 0;
    levels[at + LEVEL_QTY_LO] = (lo - qtyLo) | 0;
    levels[at + LEVEL_QTY_HI] = ((levels[at + LEVEL_QTY_HI] as number) - qtyHi - borrow) | 0;
  }

  #hashLevel(level: number, sideIndex: number, pxLo: number, pxHi: number): void {
    const idLo = this.instrumentIds[sideIndex & ~1] as number;
    const idHi = this.instrumentIds[sideIndex | 1] as number;
    let h0 = (SEED0 + Math.imul(idLo, M1_0) + Math.imul(idHi, M2_0)) | 0;
    let h1 = (SEED1 + Math.imul(idLo, M1_1) + Math.imul(idHi, M2_1)) | 0;
    if ((sideIndex & 1) === 1) {
      h0 = (h0 + M3_0) | 0;
      h1 = (h1 + M3_1) | 0;
    }
    this.levelHash[level << 1] = (h0 + Math.imul(pxLo, M4_0) + Math.imul(pxHi, M5_0)) | 0;
    this.levelHash[(level << 1) + 1] = (h1 + Math.imul(pxLo, M4_1) + Math.imul(pxHi, M5_1)) | 0;
  }

  #hashOrder(slot: number, level: number): void {
    const lo = this.orders[(slot << 3) + ORDER_ID_LO] as number;
    const hi = this.orders[(slot << 3) + ORDER_ID_HI] as number;
    const base0 = this.levelHash[level << 1] as number;
    const base1 = this.levelHash[(level << 1) + 1] as number;
    const hash = this.orderHash;
    hash[slot << 1] = finalise((base0 + Math.imul(lo, M6_0) + Math.imul(hi, M7_0)) | 0);
    hash[(slot << 1) + 1] = finalise((base1 + Math.imul(lo, M6_1) + Math.imul(hi, M7_1)) | 0);
  }

  #addTerm(slot: number, before: number): void {
    this.hash0 = (this.hash0 + this.#term0(slot, before)) | 0;
    this.hash1 = (this.hash1 + this.#term1(slot, before)) | 0;
  }

  #subtractTerm(slot: number, before: number): void {
    this.hash0 = (this.hash0 - this.#term0(slot, before)) | 0;
    this.hash1 = (this.hash1 - this.#term1(slot, before)) | 0;
  }

  #term0(slot: number, before: number): number {
    const lo = this.orders[(slot << 3) + ORDER_QTY_LO] as number;
    const hi = this.orders[(slot << 3) + ORDER_QTY_HI] as number;
    const link = before >= 0 ? (this.orderHash[before << 1] as number) : 0;
    const sum = Math.imul(lo, M8_0) + Math.imul(hi, M9_0) + Math.imul(link, M10_0);
    return finalise(((this.orderHash[slot << 1] as number) + sum) | 0);
  }

  #term1(slot: number, before: number): number {
    const lo = this.orders[(slot << 3) + ORDER_QTY_LO] as number;
    const hi = this.orders[(slot << 3) + ORDER_QTY_HI] as number;
    const link = before >= 0 ? (this.orderHash[(before << 1) + 1] as number) : 0;
    const sum = Math.imul(lo, M8_1) + Math.imul(hi, M9_1) + Math.imul(link, M10_1);
    return finalise(((this.orderHash[(slot << 1) + 1] as number) + sum) | 0);
  }
}
