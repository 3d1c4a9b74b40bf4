/**
 * The price ladders: for each side a block of entries in one array, sorted, best price last.
 * Searched from the best end in a line, beyond LINEAR_STEPS by halving; an insertion moves the
 * entries better than it. Blocks are powers of two, in free lists by size.
 * Thread: the core's.
 */
import * as coreLayout from "../core/layout.ts";
import { growLadder, growLevels } from "./grow.ts";
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
const ENTRY_KEY_HI = layout.ENTRY_KEY_HI;
const ENTRY_KEY_LO = layout.ENTRY_KEY_LO;
const ENTRY_LEVEL = layout.ENTRY_LEVEL;
const FIRST_BLOCK = layout.FIRST_BLOCK;
const ERR_FULL = layout.ERR_FULL;
const SIGN = 0x80000000 | 0;
const LINEAR_STEPS = 24;
const MOVE_BY_LOOP = 12;

/** Books that find, make and drop price levels. */
export class BookLadder extends BookHashing {
  /** The level behind `level` on its side. @returns its number, or -1 behind the last */
  nextLevel(level: number): number {
    const sideIndex = this.levels[(level << 3) + LEVEL_SIDE_INDEX] as number;
    const entry = this.entryOf(level);
    if (entry === this.sides[(sideIndex << 2) + SIDE_BASE]) return NONE;
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
    if (at < first) return this.insertLevel(sideIndex, first, end, keyHi, keyLo);
    at = this.lowerBound(first, at + 4, keyHi, keyLo);
    if (ladder[at + ENTRY_KEY_HI] === keyHi && ladder[at + ENTRY_KEY_LO] === keyLo) {
      return ladder[at + ENTRY_LEVEL] as number;
    }
    return this.insertLevel(sideIndex, at, end, keyHi, keyLo);
  }

  /** The first entry in [from, to) whose key is not less, as a word index; `to` when none is. */
  protected lowerBound(from: number, to: number, keyHi: number, keyLo: number): number {
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
  protected insertLevel(
    sideIndex: number,
    at: number,
    end: number,
    keyHi: number,
    keyLo: number,
  ): number {
    const level = this.takeLevel();
    if (level < 0) return ERR_FULL;
    const sides = this.sides;
    const sideAt = sideIndex << 2;
    const count = sides[sideAt + SIDE_COUNT] as number;
    let to = at;
    let last = end;
    if (count === sides[sideAt + SIDE_CAPACITY]) {
      const offset = at - ((sides[sideAt + SIDE_BASE] as number) << 2);
      if (!this.resizeBlock(sideAt, count === 0 ? FIRST_BLOCK : 2 * count)) {
        this.giveLevel(level);
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
    this.startLevel(level, sideIndex, keyLo ^ invert ^ SIGN, keyHi ^ invert);
    return level;
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

  /** The ladder entry of a level. */
  protected entryOf(level: number): number {
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
    return this.lowerBound(first << 2, (entry + 1) << 2, keyHi, keyLo) >> 2;
  }

  /** Takes an empty level out of its side's ladder and gives it back. */
  protected dropLevel(level: number): void {
    const entry = this.entryOf(level);
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
    this.giveLevel(level);
    const capacity = sides[sideAt + SIDE_CAPACITY] as number;
    if (capacity > 4 * FIRST_BLOCK && count << 3 < capacity) {
      this.resizeBlock(sideAt, capacity >> 1);
    }
  }

  /** Moves a side into a block of another size. @returns false when there is no room for it */
  protected resizeBlock(sideAt: number, capacity: number): boolean {
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
}
