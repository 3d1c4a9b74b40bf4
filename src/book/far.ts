/**
 * The far part of a deep side: what does not fit the block that holds its best levels. A directory
 * of chunks, so that finding, entering and leaving cost the logarithm of the levels and a move
 * inside one chunk.
 *
 *   side ──▶ its block: the best levels, at most NEAR_MAX        (ladder.ts, as in a shallow side)
 *     └ far ──▶ header ──▶ directory: key and chunk              (sorted, best last)
 *                              └──▶ chunk: count, then levels    (sorted, best last)
 *
 * All are blocks of ladder entries: keys and keyHighs hold keys, always both words here; rungs hold
 * levels, a directory's chunks, a chunk's count (in its first entry) and the header's four words.
 * A directory's key is no greater than any key of its chunk and greater than all of the chunk
 * before; the first chunk takes what is less than all. No chunk is empty, and a side with a far
 * part has NEAR_LOW levels or more in its block, so the best levels are always there.
 * Thread: the core's.
 */
import * as coreLayout from "../core/layout.ts";
import { giveBlock, moveEntries, takeBlock } from "./blocks.ts";
import * as layout from "./layout.ts";
import type { BookState } from "./state.ts";

const NONE = coreLayout.NONE;
const SIDE_BASE = layout.SIDE_BASE;
const SIDE_COUNT = layout.SIDE_COUNT;
const SIDE_KEY_HI = layout.SIDE_KEY_HI;
const FAR_BASE = layout.FAR_BASE;
const FAR_COUNT = layout.FAR_COUNT;
const FAR_CAPACITY = layout.FAR_CAPACITY;
const FAR_LEVELS = layout.FAR_LEVELS;
const FIRST_BLOCK = layout.FIRST_BLOCK;
const CHUNK = layout.FAR_CHUNK;
/** Levels of a full chunk: its first entry is its count. */
const CHUNK_LEVELS = CHUNK - 1;
/** Levels that leave a full block at once: neither it nor their chunk is full afterwards. */
const SPILL = 48;
/** A chunk with fewer levels joins a neighbour when both together leave room. */
const MERGE_BELOW = 16;
const MERGED_MAX = 48;

/** The header of a deep side, an entry. */
function headerOf(core: BookState, sideAt: number): number {
  return (core.fars[sideAt >> 2] as number) - 1;
}

/** Levels in a side's far part. */
export function farLevels(core: BookState, sideAt: number): number {
  if (core.fars[sideAt >> 2] === 0) return 0;
  return core.rungs[headerOf(core, sideAt) + FAR_LEVELS] as number;
}

/** The first entry in [from, to) whose key is not less, by both words; `to` when none is. */
export function lowerBoundMixed(
  core: BookState,
  from: number,
  to: number,
  keyHi: number,
  key: number,
): number {
  const keys = core.keys;
  const highs = core.keyHighs;
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const hi = highs[middle] as number;
    if (hi < keyHi || (hi === keyHi && (keys[middle] as number) < key)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Looks for a key in the far part; core.farSlot (an entry of the directory) and core.farAt (an
 * entry of its chunk) say where it is or belongs.
 *
 * @returns its level, or -1
 */
export function farSearch(core: BookState, sideAt: number, keyHi: number, key: number): number {
  const keys = core.keys;
  const keyHighs = core.keyHighs;
  const rungs = core.rungs;
  const header = headerOf(core, sideAt);
  const directory = rungs[header + FAR_BASE] as number;
  let low = directory + 1;
  let high = directory + (rungs[header + FAR_COUNT] as number);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const hi = keyHighs[middle] as number;
    if (hi < keyHi || (hi === keyHi && (keys[middle] as number) <= key)) low = middle + 1;
    else high = middle;
  }
  const chunk = rungs[low - 1] as number;
  const end = chunk + 1 + (rungs[chunk] as number);
  const at = lowerBoundMixed(core, chunk + 1, end, keyHi, key);
  core.farSlot = low - 1;
  core.farAt = at;
  if (at === end || keyHighs[at] !== keyHi || keys[at] !== key) return NONE;
  return rungs[at] as number;
}

/** Enters a level where farSearch has just not found its key. @returns false when there is no room */
export function farInsert(
  core: BookState,
  sideAt: number,
  keyHi: number,
  key: number,
  level: number,
): boolean {
  const rungs = core.rungs;
  if (rungs[rungs[core.farSlot] as number] === CHUNK_LEVELS) {
    if (!splitChunk(core, sideAt)) return false;
    farSearch(core, sideAt, keyHi, key);
  }
  const chunk = rungs[core.farSlot] as number;
  const at = core.farAt;
  const count = rungs[chunk] as number;
  moveEntries(core, at + 1, at, chunk + 1 + count);
  core.keys[at] = key;
  core.keyHighs[at] = keyHi;
  rungs[at] = level;
  rungs[chunk] = count + 1;
  changeLevels(core, sideAt, 1);
  return true;
}

/** Takes out the entry that farSearch has just found. */
export function farRemove(core: BookState, sideAt: number): void {
  const rungs = core.rungs;
  const slot = core.farSlot;
  const chunk = rungs[slot] as number;
  const count = (rungs[chunk] as number) - 1;
  moveEntries(core, core.farAt, core.farAt + 1, chunk + 2 + count);
  rungs[chunk] = count;
  changeLevels(core, sideAt, -1);
  if (count === 0) dropChunk(core, sideAt, slot);
  else if (count < MERGE_BELOW) mergeChunk(core, sideAt, slot);
}

/** The level behind the one that farSearch has just found. @returns -1 behind the last */
export function farNext(core: BookState, sideAt: number): number {
  const rungs = core.rungs;
  const slot = core.farSlot;
  if (core.farAt > (rungs[slot] as number) + 1) return rungs[core.farAt - 1] as number;
  if (slot === rungs[headerOf(core, sideAt) + FAR_BASE]) return NONE;
  const before = rungs[slot - 1] as number;
  return rungs[before + (rungs[before] as number)] as number;
}

/**
 * A far level by rank, 0 the best of the far part. Ranks in sequence go on where the last call
 * ended, as long as no far part changes.
 *
 * @returns the level, or -1 beyond the last
 */
export function farLevelAt(core: BookState, sideAt: number, rank: number): number {
  if (core.fars[sideAt >> 2] === 0) return NONE;
  const rungs = core.rungs;
  const header = headerOf(core, sideAt);
  const first = rungs[header + FAR_BASE] as number;
  let slot = first + (rungs[header + FAR_COUNT] as number) - 1;
  let before = 0;
  if (core.walkSide === sideAt && core.walkBefore <= rank) {
    slot = core.walkSlot;
    before = core.walkBefore;
  }
  for (; slot >= first; slot--) {
    const chunk = rungs[slot] as number;
    const count = rungs[chunk] as number;
    if (rank < before + count) {
      core.walkSide = sideAt;
      core.walkSlot = slot;
      core.walkBefore = before;
      return rungs[chunk + count - (rank - before)] as number;
    }
    before += count;
  }
  return NONE;
}

/** Moves the worst levels of a full block to the far part. @returns false when there is no room */
export function spillNear(core: BookState, sideAt: number): boolean {
  const chunk = takeBlock(core, CHUNK);
  if (chunk < 0) return false;
  const deep = core.fars[sideAt >> 2] !== 0;
  if (!(deep ? roomInDirectory(core, sideAt) : startFar(core, sideAt))) {
    giveBlock(core, chunk, CHUNK);
    return false;
  }
  const sides = core.sides;
  const rungs = core.rungs;
  const mixed = (sides[sideAt + SIDE_BASE] as number) < 0;
  const near = core.firstEntry(sideAt);
  const count = sides[sideAt + SIDE_COUNT] as number;
  if (!mixed) core.keyHighs.fill(sides[sideAt + SIDE_KEY_HI] as number, near, near + SPILL);
  moveEntries(core, chunk + 1, near, near + SPILL);
  rungs[chunk] = SPILL;
  moveEntries(core, near, near + SPILL, near + count);
  sides[sideAt + SIDE_COUNT] = count - SPILL;
  const header = headerOf(core, sideAt);
  insertChunk(core, header, rungs[header + FAR_COUNT] as number, chunk);
  changeLevels(core, sideAt, SPILL);
  return true;
}

/** Moves the best chunk of the far part into the block, behind what is there. */
export function refillNear(core: BookState, sideAt: number): void {
  const sides = core.sides;
  const rungs = core.rungs;
  const header = headerOf(core, sideAt);
  const slot = (rungs[header + FAR_BASE] as number) + (rungs[header + FAR_COUNT] as number) - 1;
  const chunk = rungs[slot] as number;
  const levels = rungs[chunk] as number;
  const near = core.firstEntry(sideAt);
  const count = sides[sideAt + SIDE_COUNT] as number;
  if ((sides[sideAt + SIDE_BASE] as number) >= 0) {
    const keyHi = sides[sideAt + SIDE_KEY_HI] as number;
    core.keyHighs.fill(keyHi, near, near + count);
    // Sorted, so that the worst one's word tells whether all have the side's.
    if (core.keyHighs[chunk + 1] !== keyHi) sides[sideAt + SIDE_BASE] = ~near;
  }
  moveEntries(core, near + levels, near, near + count);
  moveEntries(core, near, chunk + 1, chunk + 1 + levels);
  sides[sideAt + SIDE_COUNT] = count + levels;
  changeLevels(core, sideAt, -levels);
  dropChunk(core, sideAt, slot);
}

/** Every change of a far part comes by here: walks by rank start over. */
function changeLevels(core: BookState, sideAt: number, by: number): void {
  const at = headerOf(core, sideAt) + FAR_LEVELS;
  core.rungs[at] = (core.rungs[at] as number) + by;
  core.walkSide = NONE;
}

/** Takes header and directory of a side that becomes deep. */
function startFar(core: BookState, sideAt: number): boolean {
  const header = takeBlock(core, FIRST_BLOCK);
  if (header < 0) return false;
  const directory = takeBlock(core, FIRST_BLOCK);
  if (directory < 0) {
    giveBlock(core, header, FIRST_BLOCK);
    return false;
  }
  core.rungs[header + FAR_BASE] = directory;
  core.rungs[header + FAR_COUNT] = 0;
  core.rungs[header + FAR_CAPACITY] = FIRST_BLOCK;
  core.rungs[header + FAR_LEVELS] = 0;
  core.fars[sideAt >> 2] = header + 1;
  return true;
}

/** Makes room for one more chunk. */
function roomInDirectory(core: BookState, sideAt: number): boolean {
  const rungs = core.rungs;
  const header = headerOf(core, sideAt);
  const count = rungs[header + FAR_COUNT] as number;
  const capacity = rungs[header + FAR_CAPACITY] as number;
  if (count < capacity) return true;
  const to = takeBlock(core, capacity << 1);
  if (to < 0) return false;
  const from = rungs[header + FAR_BASE] as number;
  moveEntries(core, to, from, from + count);
  giveBlock(core, from, capacity);
  rungs[header + FAR_BASE] = to;
  rungs[header + FAR_CAPACITY] = capacity << 1;
  core.walkSide = NONE;
  return true;
}

/** Splits the full chunk of core.farSlot into halves; the slot is not valid afterwards. */
function splitChunk(core: BookState, sideAt: number): boolean {
  const rungs = core.rungs;
  const header = headerOf(core, sideAt);
  const index = core.farSlot - (rungs[header + FAR_BASE] as number);
  const chunk = takeBlock(core, CHUNK);
  if (chunk < 0) return false;
  if (!roomInDirectory(core, sideAt)) {
    giveBlock(core, chunk, CHUNK);
    return false;
  }
  const from = rungs[(rungs[header + FAR_BASE] as number) + index] as number;
  const kept = CHUNK >> 1;
  moveEntries(core, chunk + 1, from + 1 + kept, from + CHUNK);
  rungs[from] = kept;
  rungs[chunk] = CHUNK_LEVELS - kept;
  insertChunk(core, header, index + 1, chunk);
  return true;
}

/** Enters a filled chunk into a directory that has room. */
function insertChunk(core: BookState, header: number, index: number, chunk: number): void {
  const rungs = core.rungs;
  const directory = rungs[header + FAR_BASE] as number;
  const count = rungs[header + FAR_COUNT] as number;
  const slot = directory + index;
  moveEntries(core, slot + 1, slot, directory + count);
  core.keys[slot] = core.keys[chunk + 1] as number;
  core.keyHighs[slot] = core.keyHighs[chunk + 1] as number;
  rungs[slot] = chunk;
  rungs[header + FAR_COUNT] = count + 1;
}

/** Gives a chunk back, and the whole far part with its last one. */
function dropChunk(core: BookState, sideAt: number, slot: number): void {
  const rungs = core.rungs;
  const header = headerOf(core, sideAt);
  const directory = rungs[header + FAR_BASE] as number;
  const count = (rungs[header + FAR_COUNT] as number) - 1;
  giveBlock(core, rungs[slot] as number, CHUNK);
  moveEntries(core, slot, slot + 1, directory + count + 1);
  rungs[header + FAR_COUNT] = count;
  if (count > 0) return;
  giveBlock(core, directory, rungs[header + FAR_CAPACITY] as number);
  giveBlock(core, header, FIRST_BLOCK);
  core.fars[sideAt >> 2] = 0;
}

/** Joins a chunk with few levels to the one before it, or else to the one behind. */
function mergeChunk(core: BookState, sideAt: number, slot: number): void {
  const rungs = core.rungs;
  const header = headerOf(core, sideAt);
  const first = rungs[header + FAR_BASE] as number;
  const lower = slot > first ? slot - 1 : slot;
  if (lower + 1 >= first + (rungs[header + FAR_COUNT] as number)) return;
  const to = rungs[lower] as number;
  const from = rungs[lower + 1] as number;
  const count = rungs[to] as number;
  const more = rungs[from] as number;
  if (count + more > MERGED_MAX) return;
  moveEntries(core, to + 1 + count, from + 1, from + 1 + more);
  rungs[to] = count + more;
  dropChunk(core, sideAt, lower + 1);
}
