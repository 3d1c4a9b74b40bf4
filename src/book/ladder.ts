/**
 * The price ladders: for each side a block of entries in one array, sorted, best price last.
 * Searched from the best end in a line, beyond LINEAR_STEPS by halving; an insertion moves the
 * entries better than it. A side with more than NEAR_MAX levels keeps its best ones in the block
 * and the others in a far part (far.ts), so that no price costs more than the logarithm.
 * Thread: the core's.
 */
import * as coreLayout from "../core/layout.ts";
import { giveBlock, lowerBound, takeBlock } from "./blocks.ts";
import {
  farInsert,
  farLevelAt,
  farNext,
  farRemove,
  farSearch,
  refillNear,
  spillNear,
} from "./far.ts";
import { growLevels } from "./grow.ts";
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
const SIDE_BASE = layout.SIDE_BASE;
const SIDE_COUNT = layout.SIDE_COUNT;
const SIDE_CAPACITY = layout.SIDE_CAPACITY;
const SIDE_FAR = layout.SIDE_FAR;
const ENTRY_KEY_HI = layout.ENTRY_KEY_HI;
const ENTRY_KEY_LO = layout.ENTRY_KEY_LO;
const ENTRY_LEVEL = layout.ENTRY_LEVEL;
const FIRST_BLOCK = layout.FIRST_BLOCK;
const ERR_FULL = layout.ERR_FULL;
const SIGN = 0x80000000 | 0;
const LINEAR_STEPS = 24;
const MOVE_BY_LOOP = 12;
/** Levels of a side's block at most; what comes then makes room by moving some to the far part. */
const NEAR_MAX = 128;
/** Levels of a deep side's block at least. */
const NEAR_LOW = 16;

/** Books that find, make and drop price levels. */
export class BookLadder extends BookHashing {
  /** The level behind `level` on its side. @returns its number, or -1 behind the last */
  nextLevel(level: number): number {
    const sideIndex = this.levels[(level << 3) + LEVEL_SIDE_INDEX] as number;
    const sideAt = sideIndex << 2;
    const entry = this.entryOf(level);
    if (entry < 0) return farNext(this, sideAt);
    if (entry === this.sides[sideAt + SIDE_BASE]) return farLevelAt(this, sideAt, 0);
    return this.ladder[((entry - 1) << 2) + ENTRY_LEVEL] as number;
  }

  /** The level of a price, made if need be. @returns its number, or ERR_FULL */
  protected levelFor(sideIndex: number, pxLo: number, pxHi: number): number {
    const invert = -(sideIndex & 1);
    const keyHi = pxHi ^ invert;
    const keyLo = pxLo ^ invert ^ SIGN;
    const ladder = this.ladder;
    const sideAt = sideIndex << 2;
    const first = (this.sides[sideAt + SIDE_BASE] as number) << 2;
    const end = first + ((this.sides[sideAt + SIDE_COUNT] as number) << 2);
    let at = end - 4;
    const stop = at - (LINEAR_STEPS << 2);
    const floor = Math.max(stop, first);
    for (; at >= floor; at -= 4) {
      const hi = ladder[at + ENTRY_KEY_HI] as number;
      if (hi > keyHi) continue;
      if (hi < keyHi) return this.insertLevel(sideIndex, at + 4, end, keyHi, keyLo);
      const lo = ladder[at + ENTRY_KEY_LO] as number;
      if (lo === keyLo) return ladder[at + ENTRY_LEVEL] as number;
      if (lo < keyLo) return this.insertLevel(sideIndex, at + 4, end, keyHi, keyLo);
    }
    return this.levelBeyond(sideIndex, at, keyHi, keyLo);
  }

  /** Goes on where the line ended: `at` is the next word index, before the block at its end. */
  protected levelBeyond(sideIndex: number, at: number, keyHi: number, keyLo: number): number {
    const ladder = this.ladder;
    const sideAt = sideIndex << 2;
    const first = this.sides[sideAt + SIDE_BASE] as number;
    const end = first + (this.sides[sideAt + SIDE_COUNT] as number);
    const entry = lowerBound(ladder, first, (at >> 2) + 1, keyHi, keyLo);
    const found = entry << 2;
    if (at >> 2 >= entry) {
      if (ladder[found + ENTRY_KEY_HI] === keyHi && ladder[found + ENTRY_KEY_LO] === keyLo) {
        return ladder[found + ENTRY_LEVEL] as number;
      }
    }
    if (entry > first || this.sides[sideAt + SIDE_FAR] === 0) {
      return this.insertLevel(sideIndex, found, end << 2, keyHi, keyLo);
    }
    return this.farLevelFor(sideIndex, keyHi, keyLo);
  }

  /** The level of a price behind those of the side's block. @returns its number, or ERR_FULL */
  protected farLevelFor(sideIndex: number, keyHi: number, keyLo: number): number {
    const found = farSearch(this, sideIndex << 2, keyHi, keyLo);
    if (found >= 0) return found;
    const level = this.takeLevel();
    if (level < 0) return ERR_FULL;
    if (!farInsert(this, sideIndex << 2, keyHi, keyLo, level)) {
      this.giveLevel(level);
      return ERR_FULL;
    }
    const invert = -(sideIndex & 1);
    this.startLevel(level, sideIndex, keyLo ^ invert ^ SIGN, keyHi ^ invert);
    return level;
  }

  /** Makes a level at the word index `at` of the ladder. @returns its number, or ERR_FULL */
  protected insertLevel(
    sideIndex: number,
    at: number,
    end: number,
    keyHi: number,
    keyLo: number,
  ): number {
    const sides = this.sides;
    const sideAt = sideIndex << 2;
    const count = sides[sideAt + SIDE_COUNT] as number;
    if (count === sides[sideAt + SIDE_CAPACITY]) {
      return this.insertIntoFull(sideIndex, keyHi, keyLo);
    }
    const level = this.takeLevel();
    if (level < 0) return ERR_FULL;
    const ladder = this.ladder;
    if (end - at > MOVE_BY_LOOP << 2) ladder.copyWithin(at + 4, at, end);
    else {
      for (let i = end; i > at; i -= 4) {
        ladder[i + ENTRY_KEY_HI] = ladder[i - 4 + ENTRY_KEY_HI] as number;
        ladder[i + ENTRY_KEY_LO] = ladder[i - 4 + ENTRY_KEY_LO] as number;
        ladder[i + ENTRY_LEVEL] = ladder[i - 4 + ENTRY_LEVEL] as number;
      }
    }
    ladder[at + ENTRY_KEY_HI] = keyHi;
    ladder[at + ENTRY_KEY_LO] = keyLo;
    ladder[at + ENTRY_LEVEL] = level;
    sides[sideAt + SIDE_COUNT] = count + 1;
    if (count === 0 && sides[(sideAt ^ 4) + SIDE_COUNT] === 0) this.liveInstruments++;
    const invert = -(sideIndex & 1);
    this.startLevel(level, sideIndex, keyLo ^ invert ^ SIGN, keyHi ^ invert);
    return level;
  }

  /** Makes room in a full block, then looks again. @returns the level's number, or ERR_FULL */
  protected insertIntoFull(sideIndex: number, keyHi: number, keyLo: number): number {
    const sideAt = sideIndex << 2;
    const count = this.sides[sideAt + SIDE_COUNT] as number;
    if (count < NEAR_MAX) {
      if (!this.resizeBlock(sideAt, count === 0 ? FIRST_BLOCK : 2 * count)) return ERR_FULL;
    } else if (!spillNear(this, sideAt)) return ERR_FULL;
    const invert = -(sideIndex & 1);
    return this.levelFor(sideIndex, keyLo ^ invert ^ SIGN, keyHi ^ invert);
  }

  protected startLevel(level: number, sideIndex: number, pxLo: number, pxHi: number): void {
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
    if (this.hashed) this.hashLevel(level, sideIndex, pxLo, pxHi);
  }

  /** Takes a level out of the pool. @returns its number, or ERR_FULL */
  protected takeLevel(): number {
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

  protected giveLevel(level: number): void {
    this.levels[(level << 3) + LEVEL_HEAD] = this.levelFree;
    this.levelFree = level;
    this.liveLevels--;
  }

  /** The entry of a level in its side's block, or -1: then farSearch has just found it. */
  protected entryOf(level: number): number {
    const levels = this.levels;
    const ladder = this.ladder;
    const sideIndex = levels[(level << 3) + LEVEL_SIDE_INDEX] as number;
    const sideAt = sideIndex << 2;
    const first = this.sides[sideAt + SIDE_BASE] as number;
    const count = this.sides[sideAt + SIDE_COUNT] as number;
    let entry = first + count - 1;
    const stop = Math.max(entry - LINEAR_STEPS, first - 1);
    for (; entry > stop; entry--) {
      if (ladder[(entry << 2) + ENTRY_LEVEL] === level) return entry;
    }
    return this.entryBeyond(level, sideIndex, entry + 1);
  }

  /** Looks for a level's entry below `end`, where the line ended. */
  protected entryBeyond(level: number, sideIndex: number, end: number): number {
    const levels = this.levels;
    const ladder = this.ladder;
    const sideAt = sideIndex << 2;
    const first = this.sides[sideAt + SIDE_BASE] as number;
    const invert = -(sideIndex & 1);
    const keyHi = (levels[(level << 3) + LEVEL_PX_HI] as number) ^ invert;
    const keyLo = (levels[(level << 3) + LEVEL_PX_LO] as number) ^ invert ^ SIGN;
    const found = lowerBound(ladder, first, end, keyHi, keyLo);
    if (found > first || ladder[(found << 2) + ENTRY_LEVEL] === level) return found;
    farSearch(this, sideAt, keyHi, keyLo);
    return NONE;
  }

  /** Takes an empty level out of its side's ladder and gives it back. */
  protected dropLevel(level: number): void {
    const entry = this.entryOf(level);
    const sides = this.sides;
    const ladder = this.ladder;
    const sideAt = (this.levels[(level << 3) + LEVEL_SIDE_INDEX] as number) << 2;
    if (entry < 0) {
      farRemove(this, sideAt);
      this.giveLevel(level);
      return;
    }
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
    this.giveLevel(level);
    const capacity = sides[sideAt + SIDE_CAPACITY] as number;
    if (capacity > 4 * FIRST_BLOCK && count << 3 < capacity) this.thinBlock(sideAt, count);
  }

  /** A block has few levels left: more come from the far part, or it shrinks. */
  protected thinBlock(sideAt: number, count: number): void {
    if (this.sides[sideAt + SIDE_FAR] === 0) {
      this.resizeBlock(sideAt, (this.sides[sideAt + SIDE_CAPACITY] as number) >> 1);
    } else if (count < NEAR_LOW) refillNear(this, sideAt);
  }

  /** Moves a side into a block of another size. @returns false when there is no room for it */
  protected resizeBlock(sideAt: number, capacity: number): boolean {
    const base = takeBlock(this, capacity);
    if (base < 0) return false;
    const sides = this.sides;
    const oldBase = sides[sideAt + SIDE_BASE] as number;
    const oldCapacity = sides[sideAt + SIDE_CAPACITY] as number;
    const count = sides[sideAt + SIDE_COUNT] as number;
    if (oldCapacity > 0) {
      this.ladder.copyWithin(base << 2, oldBase << 2, (oldBase + count) << 2);
      giveBlock(this, oldBase, oldCapacity);
    }
    sides[sideAt + SIDE_BASE] = base;
    sides[sideAt + SIDE_CAPACITY] = capacity;
    return true;
  }
}
