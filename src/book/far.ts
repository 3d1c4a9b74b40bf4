/**
 * The far part of a deep side: what does not fit the block that holds its best levels. A directory
 * of chunks, so that finding, entering and leaving cost the logarithm of the levels and a move
 * inside one chunk.
 *
 *   side ──▶ its block: the best levels, at most NEAR_MAX       (ladder.ts, as in a shallow side)
 *     └ far ──▶ header ──▶ directory: key, chunk, levels in it  (sorted, best last)
 *                              └──▶ chunk: up to CHUNK entries  (sorted, best last)
 *
 * A directory's key is no greater than any key of its chunk and greater than all of the chunk
 * before; the first chunk takes what is less than all. No chunk is empty, and a side with a far
 * part has NEAR_LOW levels or more in its block, so the best levels are always there.
 * Thread: the core's.
 */
import * as coreLayout from "../core/layout.ts";
import { giveBlock, lowerBound, takeBlock } from "./blocks.ts";
import * as layout from "./layout.ts";
import type { BookState } from "./state.ts";

const NONE = coreLayout.NONE;
const SIDE_BASE = layout.SIDE_BASE;
const SIDE_COUNT = layout.SIDE_COUNT;
const SIDE_FAR = layout.SIDE_FAR;
const ENTRY_KEY_HI = layout.ENTRY_KEY_HI;
const ENTRY_KEY_LO = layout.ENTRY_KEY_LO;
const ENTRY_LEVEL = layout.ENTRY_LEVEL;
const DIRECTORY_CHUNK = layout.DIRECTORY_CHUNK;
const DIRECTORY_LEVELS = layout.DIRECTORY_LEVELS;
const FAR_BASE = layout.FAR_BASE;
const FAR_COUNT = layout.FAR_COUNT;
const FAR_CAPACITY = layout.FAR_CAPACITY;
const FAR_LEVELS = layout.FAR_LEVELS;
const FIRST_BLOCK = layout.FIRST_BLOCK;
const CHUNK = 64;
/** Levels that leave a full block at once: neither it nor their chunk is full afterwards. */
const SPILL = 48;
/** A chunk with fewer levels joins a neighbour when both together leave room. */
const MERGE_BELOW = 16;
const MERGED_MAX = 48;

/** The word index of a deep side's header. */
function headerOf(core: BookState, sideAt: number): number {
  return ((core.sides[sideAt + SIDE_FAR] as number) - 1) << 2;
}

/** Levels in a side's far part. */
export function farLevels(core: BookState, sideAt: number): number {
  if (core.sides[sideAt + SIDE_FAR] === 0) return 0;
  return core.ladder[headerOf(core, sideAt) + FAR_LEVELS] as number;
}

/**
 * Looks for a key in the far part; core.farEntry and core.farAt say where it is or belongs.
 *
 * @returns its level, or -1
 */
export function farSearch(core: BookState, sideAt: number, keyHi: number, keyLo: number): number {
  const ladder = core.ladder;
  const header = headerOf(core, sideAt);
  const directory = ladder[header + FAR_BASE] as number;
  let low = directory + 1;
  let high = directory + (ladder[header + FAR_COUNT] as number);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const hi = ladder[(middle << 2) + ENTRY_KEY_HI] as number;
    const lo = ladder[(middle << 2) + ENTRY_KEY_LO] as number;
    if (hi < keyHi || (hi === keyHi && lo <= keyLo)) low = middle + 1;
    else high = middle;
  }
  const entry = (low - 1) << 2;
  const base = ladder[entry + DIRECTORY_CHUNK] as number;
  const end = base + (ladder[entry + DIRECTORY_LEVELS] as number);
  const found = lowerBound(ladder, base, end, keyHi, keyLo);
  const at = found << 2;
  core.farEntry = entry;
  core.farAt = at;
  if (found === end) return NONE;
  if (ladder[at + ENTRY_KEY_HI] !== keyHi || ladder[at + ENTRY_KEY_LO] !== keyLo) return NONE;
  return ladder[at + ENTRY_LEVEL] as number;
}

/** Enters a level where farSearch has just not found its key. @returns false when there is no room */
export function farInsert(
  core: BookState,
  sideAt: number,
  keyHi: number,
  keyLo: number,
  level: number,
): boolean {
  if (core.ladder[core.farEntry + DIRECTORY_LEVELS] === CHUNK) {
    if (!splitChunk(core, sideAt)) return false;
    farSearch(core, sideAt, keyHi, keyLo);
  }
  const ladder = core.ladder;
  const entry = core.farEntry;
  const at = core.farAt;
  const count = ladder[entry + DIRECTORY_LEVELS] as number;
  ladder.copyWithin(at + 4, at, ((ladder[entry + DIRECTORY_CHUNK] as number) + count) << 2);
  ladder[at + ENTRY_KEY_HI] = keyHi;
  ladder[at + ENTRY_KEY_LO] = keyLo;
  ladder[at + ENTRY_LEVEL] = level;
  ladder[entry + DIRECTORY_LEVELS] = count + 1;
  changeLevels(core, sideAt, 1);
  return true;
}

/** Takes out the entry that farSearch has just found. */
export function farRemove(core: BookState, sideAt: number): void {
  const ladder = core.ladder;
  const entry = core.farEntry;
  const at = core.farAt;
  const base = ladder[entry + DIRECTORY_CHUNK] as number;
  const count = (ladder[entry + DIRECTORY_LEVELS] as number) - 1;
  ladder.copyWithin(at, at + 4, (base + count + 1) << 2);
  ladder[entry + DIRECTORY_LEVELS] = count;
  changeLevels(core, sideAt, -1);
  if (count === 0) dropChunk(core, sideAt, entry);
  else if (count < MERGE_BELOW) mergeChunk(core, sideAt, entry);
}

/** The level behind the one that farSearch has just found. @returns -1 behind the last */
export function farNext(core: BookState, sideAt: number): number {
  const ladder = core.ladder;
  const entry = core.farEntry;
  if (core.farAt >> 2 > (ladder[entry + DIRECTORY_CHUNK] as number)) {
    return ladder[core.farAt - 4 + ENTRY_LEVEL] as number;
  }
  if (entry >> 2 === ladder[headerOf(core, sideAt) + FAR_BASE]) return NONE;
  const before = entry - 4;
  const base = ladder[before + DIRECTORY_CHUNK] as number;
  const last = base + (ladder[before + DIRECTORY_LEVELS] as number) - 1;
  return ladder[(last << 2) + ENTRY_LEVEL] as number;
}

/**
 * A far level by rank, 0 the best of the far part. Ranks in sequence go on where the last call
 * ended, as long as no far part changes.
 *
 * @returns its number, or -1 beyond the last
 */
export function farLevelAt(core: BookState, sideAt: number, rank: number): number {
  if (core.sides[sideAt + SIDE_FAR] === 0) return NONE;
  const ladder = core.ladder;
  const header = headerOf(core, sideAt);
  const first = (ladder[header + FAR_BASE] as number) << 2;
  let entry = first + (((ladder[header + FAR_COUNT] as number) - 1) << 2);
  let before = 0;
  if (core.walkSide === sideAt && core.walkBefore <= rank) {
    entry = core.walkEntry;
    before = core.walkBefore;
  }
  for (; entry >= first; entry -= 4) {
    const count = ladder[entry + DIRECTORY_LEVELS] as number;
    if (rank < before + count) {
      core.walkSide = sideAt;
      core.walkEntry = entry;
      core.walkBefore = before;
      const base = ladder[entry + DIRECTORY_CHUNK] as number;
      return ladder[((base + count - 1 - (rank - before)) << 2) + ENTRY_LEVEL] as number;
    }
    before += count;
  }
  return NONE;
}

/** Moves the worst levels of a full block to the far part. @returns false when there is no room */
export function spillNear(core: BookState, sideAt: number): boolean {
  const chunk = takeBlock(core, CHUNK);
  if (chunk < 0) return false;
  const deep = core.sides[sideAt + SIDE_FAR] !== 0;
  if (!(deep ? roomInDirectory(core, sideAt) : startFar(core, sideAt))) {
    giveBlock(core, chunk, CHUNK);
    return false;
  }
  const ladder = core.ladder;
  const near = (core.sides[sideAt + SIDE_BASE] as number) << 2;
  const count = core.sides[sideAt + SIDE_COUNT] as number;
  const cut = near + (SPILL << 2);
  ladder.copyWithin(chunk << 2, near, cut);
  ladder.copyWithin(near, cut, near + (count << 2));
  core.sides[sideAt + SIDE_COUNT] = count - SPILL;
  const header = headerOf(core, sideAt);
  insertChunk(core, header, ladder[header + FAR_COUNT] as number, chunk, SPILL);
  changeLevels(core, sideAt, SPILL);
  return true;
}

/** Moves the best chunk of the far part into the block, behind what is there. */
export function refillNear(core: BookState, sideAt: number): void {
  const ladder = core.ladder;
  const header = headerOf(core, sideAt);
  const last = (ladder[header + FAR_BASE] as number) + (ladder[header + FAR_COUNT] as number) - 1;
  const entry = last << 2;
  const levels = ladder[entry + DIRECTORY_LEVELS] as number;
  const from = (ladder[entry + DIRECTORY_CHUNK] as number) << 2;
  const near = (core.sides[sideAt + SIDE_BASE] as number) << 2;
  const count = core.sides[sideAt + SIDE_COUNT] as number;
  ladder.copyWithin(near + (levels << 2), near, near + (count << 2));
  ladder.copyWithin(near, from, from + (levels << 2));
  core.sides[sideAt + SIDE_COUNT] = count + levels;
  changeLevels(core, sideAt, -levels);
  dropChunk(core, sideAt, entry);
}

/** Every change of a far part comes by here: walks by rank start over. */
function changeLevels(core: BookState, sideAt: number, by: number): void {
  const at = headerOf(core, sideAt) + FAR_LEVELS;
  core.ladder[at] = (core.ladder[at] as number) + by;
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
  const at = header << 2;
  core.ladder[at + FAR_BASE] = directory;
  core.ladder[at + FAR_COUNT] = 0;
  core.ladder[at + FAR_CAPACITY] = FIRST_BLOCK;
  core.ladder[at + FAR_LEVELS] = 0;
  core.sides[sideAt + SIDE_FAR] = header + 1;
  return true;
}

/** Makes room for one more chunk. */
function roomInDirectory(core: BookState, sideAt: number): boolean {
  const header = headerOf(core, sideAt);
  const count = core.ladder[header + FAR_COUNT] as number;
  const capacity = core.ladder[header + FAR_CAPACITY] as number;
  if (count < capacity) return true;
  const to = takeBlock(core, capacity << 1);
  if (to < 0) return false;
  const from = core.ladder[header + FAR_BASE] as number;
  core.ladder.copyWithin(to << 2, from << 2, (from + count) << 2);
  giveBlock(core, from, capacity);
  core.ladder[header + FAR_BASE] = to;
  core.ladder[header + FAR_CAPACITY] = capacity << 1;
  core.walkSide = NONE;
  return true;
}

/** Splits the full chunk of core.farEntry into halves; the entry is not valid afterwards. */
function splitChunk(core: BookState, sideAt: number): boolean {
  const header = headerOf(core, sideAt);
  const index = (core.farEntry >> 2) - (core.ladder[header + FAR_BASE] as number);
  const chunk = takeBlock(core, CHUNK);
  if (chunk < 0) return false;
  if (!roomInDirectory(core, sideAt)) {
    giveBlock(core, chunk, CHUNK);
    return false;
  }
  const ladder = core.ladder;
  const entry = ((ladder[header + FAR_BASE] as number) + index) << 2;
  const from = ladder[entry + DIRECTORY_CHUNK] as number;
  const kept = CHUNK >> 1;
  ladder.copyWithin(chunk << 2, (from + kept) << 2, (from + CHUNK) << 2);
  ladder[entry + DIRECTORY_LEVELS] = kept;
  insertChunk(core, header, index + 1, chunk, CHUNK - kept);
  return true;
}

/** Enters a filled chunk into a directory that has room. */
function insertChunk(
  core: BookState,
  header: number,
  index: number,
  chunk: number,
  levels: number,
): void {
  const ladder = core.ladder;
  const directory = ladder[header + FAR_BASE] as number;
  const count = ladder[header + FAR_COUNT] as number;
  const entry = (directory + index) << 2;
  ladder.copyWithin(entry + 4, entry, (directory + count) << 2);
  ladder[entry + ENTRY_KEY_HI] = ladder[(chunk << 2) + ENTRY_KEY_HI] as number;
  ladder[entry + ENTRY_KEY_LO] = ladder[(chunk << 2) + ENTRY_KEY_LO] as number;
  ladder[entry + DIRECTORY_CHUNK] = chunk;
  ladder[entry + DIRECTORY_LEVELS] = levels;
  ladder[header + FAR_COUNT] = count + 1;
}

/** Gives a chunk back, and the whole far part with its last one. */
function dropChunk(core: BookState, sideAt: number, entry: number): void {
  const ladder = core.ladder;
  const header = headerOf(core, sideAt);
  const directory = ladder[header + FAR_BASE] as number;
  const count = (ladder[header + FAR_COUNT] as number) - 1;
  giveBlock(core, ladder[entry + DIRECTORY_CHUNK] as number, CHUNK);
  ladder.copyWithin(entry, entry + 4, (directory + count + 1) << 2);
  ladder[header + FAR_COUNT] = count;
  if (count > 0) return;
  giveBlock(core, directory, ladder[header + FAR_CAPACITY] as number);
  giveBlock(core, header >> 2, FIRST_BLOCK);
  core.sides[sideAt + SIDE_FAR] = 0;
}

/** Joins a chunk with few levels to the one before it, or else to the one behind. */
function mergeChunk(core: BookState, sideAt: number, entry: number): void {
  const ladder = core.ladder;
  const header = headerOf(core, sideAt);
  const first = (ladder[header + FAR_BASE] as number) << 2;
  const end = first + ((ladder[header + FAR_COUNT] as number) << 2);
  const lower = entry > first ? entry - 4 : entry;
  const upper = lower + 4;
  if (upper >= end) return;
  const count = ladder[lower + DIRECTORY_LEVELS] as number;
  const more = ladder[upper + DIRECTORY_LEVELS] as number;
  if (count + more > MERGED_MAX) return;
  const to = ((ladder[lower + DIRECTORY_CHUNK] as number) + count) << 2;
  const from = (ladder[upper + DIRECTORY_CHUNK] as number) << 2;
  ladder.copyWithin(to, from, from + (more << 2));
  ladder[lower + DIRECTORY_LEVELS] = count + more;
  dropChunk(core, sideAt, upper);
}
