/**
 * The price ladders: for each side a block of entries, sorted, best price last. Searched from the
 * best end in a line, beyond LINEAR_STEPS by halving; an insertion moves the entries better than
 * it. A side with more than NEAR_MAX levels keeps its best ones in the block and the others in a
 * far part (far.ts), so that no price costs more than the logarithm.
 *
 * An entry's key and its level stand in arrays of their own, so that a search reads sixteen keys a
 * cache line. Sides whose prices do not share their high word are mixed (layout.ts): they go
 * through the slower code at the end.
 * Thread: the core's.
 */
import * as coreLayout from "../core/layout.ts";
import { giveBlock, takeBlock } from "./blocks.ts";
import {
  farInsert,
  farLevelAt,
  farNext,
  farRemove,
  farSearch,
  lowerBoundMixed,
  refillNear,
  spillNear,
} from "./far.ts";
import { BookHashing } from "./hashing.ts";
import * as layout from "./layout.ts";

const NONE = coreLayout.NONE;
const LEVEL_HEAD = layout.LEVEL_HEAD;
const LEVEL_TAIL = layout.LEVEL_TAIL;
const LEVEL_QTY_LO = layout.LEVEL_QTY_LO;
const LEVEL_QTY_HI = layout.LEVEL_QTY_HI;
const LEVEL_ORDERS = layout.LEVEL_ORDERS;
const LEVEL_PX_LO = layout.LEVEL_PX_LO;
const LEVEL_PX_HI = layout.LEVEL_PX_HI;
const LEVEL_SIDE_INDEX = layout.LEVEL_SIDE_INDEX;
const LEVEL_WORDS = layout.LEVEL_WORDS;
const SIDE_BASE = layout.SIDE_BASE;
const SIDE_COUNT = layout.SIDE_COUNT;
const SIDE_CAPACITY = layout.SIDE_CAPACITY;
const SIDE_KEY_HI = layout.SIDE_KEY_HI;
const FIRST_BLOCK = layout.FIRST_BLOCK;
const NEAR_MAX = layout.NEAR_MAX;
const NEAR_LOW = layout.NEAR_LOW;
const ERR_FULL = layout.ERR_FULL;
const SIGN = 0x80000000 | 0;
const LINEAR_STEPS = 24;
const MOVE_BY_LOOP = 24;

/** Books that find, make and drop price levels. */
export class BookLadder extends BookHashing {
  /** The level behind `level` on its side. @returns the level, or -1 behind the last */
  nextLevel(level: number): number {
    const sideIndex = this.levels[level + LEVEL_SIDE_INDEX] as number;
    const sideAt = sideIndex << 2;
    const entry = this.entryOf(level);
    if (entry < 0) return farNext(this, sideAt);
    if (entry === this.firstEntry(sideAt)) return farLevelAt(this, sideAt, 0);
    return this.rungs[entry - 1] as number;
  }

  /** The level of a price, made if need be. @returns the level, or ERR_FULL */
  protected levelFor(sideIndex: number, pxLo: number, pxHi: number): number {
    const invert = -(sideIndex & 1);
    const keyHi = pxHi ^ invert;
    const key = pxLo ^ invert ^ SIGN;
    const sides = this.sides;
    const sideAt = sideIndex << 2;
    const first = sides[sideAt + SIDE_BASE] as number;
    if (first < 0 || sides[sideAt + SIDE_KEY_HI] !== keyHi) {
      return this.levelForOther(sideIndex, keyHi, key);
    }
    const keys = this.keys;
    const end = first + (sides[sideAt + SIDE_COUNT] as number);
    let at = end - 1;
    const floor = Math.max(at - LINEAR_STEPS, first);
    while (at >= floor && (keys[at] as number) > key) at--;
    if (at < floor) return this.levelBeyond(sideIndex, at, keyHi, key);
    if (keys[at] === key) return this.rungs[at] as number;
    return this.insertLevel(sideIndex, at + 1, end, keyHi, key);
  }

  /** Goes on where the line ended: `at` is the next entry, before the block at its end. */
  protected levelBeyond(sideIndex: number, at: number, keyHi: number, key: number): number {
    const sideAt = sideIndex << 2;
    const first = this.firstEntry(sideAt);
    const found = this.lowerBound(first, at + 1, key);
    if (found <= at && this.keys[found] === key) return this.rungs[found] as number;
    if (found === first && this.fars[sideIndex] !== 0) return this.farFor(sideIndex, keyHi, key);
    const end = first + (this.sides[sideAt + SIDE_COUNT] as number);
    return this.insertLevel(sideIndex, found, end, keyHi, key);
  }

  /** The level of a price behind those of the side's block. @returns the level, or ERR_FULL */
  protected farFor(sideIndex: number, keyHi: number, key: number): number {
    const found = farSearch(this, sideIndex << 2, keyHi, key);
    if (found >= 0) return found;
    const level = this.takeLevel();
    if (level < 0) return ERR_FULL;
    if (!farInsert(this, sideIndex << 2, keyHi, key, level)) {
      this.giveLevel(level);
      return ERR_FULL;
    }
    const invert = -(sideIndex & 1);
    this.startLevel(level, sideIndex, key ^ invert ^ SIGN, keyHi ^ invert);
    return level;
  }

  /** The first entry in [from, to) whose key is not less; `to` when none is. */
  protected lowerBound(from: number, to: number, key: number): number {
    const keys = this.keys;
    let low = from;
    let high = to;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((keys[middle] as number) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Makes a level at an entry of the ladder. @returns the level, or ERR_FULL */
  protected insertLevel(
    sideIndex: number,
    at: number,
    end: number,
    keyHi: number,
    key: number,
  ): number {
    const sides = this.sides;
    const sideAt = sideIndex << 2;
    const count = sides[sideAt + SIDE_COUNT] as number;
    if (count === sides[sideAt + SIDE_CAPACITY]) return this.insertIntoFull(sideIndex, keyHi, key);
    const level = this.takeLevel();
    if (level < 0) return ERR_FULL;
    const keys = this.keys;
    const rungs = this.rungs;
    if (end - at > MOVE_BY_LOOP) {
      keys.copyWithin(at + 1, at, end);
      rungs.copyWithin(at + 1, at, end);
    } else {
      for (let i = end; i > at; i--) {
        keys[i] = keys[i - 1] as number;
        rungs[i] = rungs[i - 1] as number;
      }
    }
    keys[at] = key;
    rungs[at] = level;
    if ((sides[sideAt + SIDE_BASE] as number) < 0) {
      this.keyHighs.copyWithin(at + 1, at, end);
      this.keyHighs[at] = keyHi;
    }
    sides[sideAt + SIDE_COUNT] = count + 1;
    if (count === 0 && sides[(sideAt ^ 4) + SIDE_COUNT] === 0) this.liveInstruments++;
    const invert = -(sideIndex & 1);
    this.startLevel(level, sideIndex, key ^ invert ^ SIGN, keyHi ^ invert);
    return level;
  }

  /** Makes room in a full block, then looks again. @returns the level, or ERR_FULL */
  protected insertIntoFull(sideIndex: number, keyHi: number, key: number): number {
    const sideAt = sideIndex << 2;
    const count = this.sides[sideAt + SIDE_COUNT] as number;
    if (count < NEAR_MAX) {
      if (!this.resizeBlock(sideAt, count === 0 ? FIRST_BLOCK : 2 * count)) return ERR_FULL;
    } else if (!spillNear(this, sideAt)) return ERR_FULL;
    const invert = -(sideIndex & 1);
    return this.levelFor(sideIndex, key ^ invert ^ SIGN, keyHi ^ invert);
  }

  protected startLevel(level: number, sideIndex: number, pxLo: number, pxHi: number): void {
    const levels = this.levels;
    levels[level + LEVEL_HEAD] = NONE;
    levels[level + LEVEL_TAIL] = NONE;
    levels[level + LEVEL_QTY_LO] = 0;
    levels[level + LEVEL_QTY_HI] = 0;
    levels[level + LEVEL_ORDERS] = 0;
    levels[level + LEVEL_PX_LO] = pxLo;
    levels[level + LEVEL_PX_HI] = pxHi;
    levels[level + LEVEL_SIDE_INDEX] = sideIndex;
  }

  /** Takes a level out of the pool. @returns the level, or ERR_FULL */
  protected takeLevel(): number {
    if (this.liveLevels >= this.levelCapacity) return ERR_FULL;
    this.liveLevels++;
    const level = this.levelFree;
    if (level !== 0) {
      this.levelFree = this.levels[level + LEVEL_HEAD] as number;
      return level;
    }
    const fresh = this.levelTop;
    this.levelTop = fresh + LEVEL_WORDS;
    return fresh;
  }

  protected giveLevel(level: number): void {
    this.levels[level + LEVEL_HEAD] = this.levelFree;
    this.levelFree = level;
    this.liveLevels--;
  }

  /** The entry of a level in its side's block, or -1: then farSearch has just found it. */
  protected entryOf(level: number): number {
    const rungs = this.rungs;
    const sideAt = (this.levels[level + LEVEL_SIDE_INDEX] as number) << 2;
    const first = this.firstEntry(sideAt);
    let entry = first + (this.sides[sideAt + SIDE_COUNT] as number) - 1;
    const stop = Math.max(entry - LINEAR_STEPS, first);
    for (; entry >= stop; entry--) {
      if (rungs[entry] === level) return entry;
    }
    return this.entryFar(level, first, entry + 1);
  }

  /** The entry of a level that lies in [first, to) or in the far part. */
  protected entryFar(level: number, first: number, to: number): number {
    const sideIndex = this.levels[level + LEVEL_SIDE_INDEX] as number;
    const invert = -(sideIndex & 1);
    const keyHi = (this.levels[level + LEVEL_PX_HI] as number) ^ invert;
    const key = (this.levels[level + LEVEL_PX_LO] as number) ^ invert ^ SIGN;
    const mixed = (this.sides[(sideIndex << 2) + SIDE_BASE] as number) < 0;
    const found = mixed
      ? lowerBoundMixed(this, first, to, keyHi, key)
      : this.lowerBound(first, to, key);
    if (found > first || this.rungs[found] === level) return found;
    farSearch(this, sideIndex << 2, keyHi, key);
    return NONE;
  }

  /** Takes an empty level out of its side's ladder and gives it back. */
  protected dropLevel(level: number): void {
    const at = this.entryOf(level);
    const sides = this.sides;
    const sideAt = (this.levels[level + LEVEL_SIDE_INDEX] as number) << 2;
    if (at < 0) {
      farRemove(this, sideAt);
      this.giveLevel(level);
      return;
    }
    const count = (sides[sideAt + SIDE_COUNT] as number) - 1;
    const last = this.firstEntry(sideAt) + count;
    const keys = this.keys;
    const rungs = this.rungs;
    if (last - at > MOVE_BY_LOOP) {
      keys.copyWithin(at, at + 1, last + 1);
      rungs.copyWithin(at, at + 1, last + 1);
    } else {
      for (let i = at; i < last; i++) {
        keys[i] = keys[i + 1] as number;
        rungs[i] = rungs[i + 1] as number;
      }
    }
    if ((sides[sideAt + SIDE_BASE] as number) < 0) this.dropMixed(sideAt, at, last);
    sides[sideAt + SIDE_COUNT] = count;
    if (count === 0 && sides[(sideAt ^ 4) + SIDE_COUNT] === 0) this.liveInstruments--;
    this.giveLevel(level);
    const capacity = sides[sideAt + SIDE_CAPACITY] as number;
    if (capacity > 4 * FIRST_BLOCK && count << 3 < capacity) this.thinBlock(sideAt, count);
  }

  /** A block has few levels left: more come from the far part, or it shrinks. */
  protected thinBlock(sideAt: number, count: number): void {
    if (this.fars[sideAt >> 2] === 0) {
      this.resizeBlock(sideAt, (this.sides[sideAt + SIDE_CAPACITY] as number) >> 1);
    } else if (count < NEAR_LOW) refillNear(this, sideAt);
  }

  /** Moves a side into a block of another size. @returns false when there is no room for it */
  protected resizeBlock(sideAt: number, capacity: number): boolean {
    const base = takeBlock(this, capacity);
    if (base < 0) return false;
    const sides = this.sides;
    const oldBase = this.firstEntry(sideAt);
    const oldCapacity = sides[sideAt + SIDE_CAPACITY] as number;
    const end = oldBase + (sides[sideAt + SIDE_COUNT] as number);
    const mixed = (sides[sideAt + SIDE_BASE] as number) < 0;
    if (oldCapacity > 0) {
      this.keys.copyWithin(base, oldBase, end);
      this.rungs.copyWithin(base, oldBase, end);
      if (mixed) this.keyHighs.copyWithin(base, oldBase, end);
      giveBlock(this, oldBase, oldCapacity);
    }
    sides[sideAt + SIDE_BASE] = mixed ? ~base : base;
    sides[sideAt + SIDE_CAPACITY] = capacity;
    return true;
  }

  /** As levelFor, where the price's high word is not the side's: empty and mixed sides. */
  protected levelForOther(sideIndex: number, keyHi: number, key: number): number {
    const sides = this.sides;
    const sideAt = sideIndex << 2;
    const count = sides[sideAt + SIDE_COUNT] as number;
    const first = this.firstEntry(sideAt);
    const end = first + count;
    if (count === 0) {
      sides[sideAt + SIDE_BASE] = first;
      sides[sideAt + SIDE_KEY_HI] = keyHi;
      return this.insertLevel(sideIndex, first, end, keyHi, key);
    }
    if ((sides[sideAt + SIDE_BASE] as number) >= 0) {
      sides[sideAt + SIDE_BASE] = ~first;
      this.keyHighs.fill(sides[sideAt + SIDE_KEY_HI] as number, first, end);
    }
    const at = lowerBoundMixed(this, first, end, keyHi, key);
    if (at < end && this.keyHighs[at] === keyHi && this.keys[at] === key) {
      return this.rungs[at] as number;
    }
    if (at === first && this.fars[sideIndex] !== 0) return this.farFor(sideIndex, keyHi, key);
    return this.insertLevel(sideIndex, at, end, keyHi, key);
  }

  protected dropMixed(sideAt: number, at: number, last: number): void {
    this.keyHighs.copyWithin(at, at + 1, last + 1);
    // With its last level a side forgets that it was mixed.
    if (last === this.firstEntry(sideAt)) this.sides[sideAt + SIDE_BASE] = last;
  }
}
