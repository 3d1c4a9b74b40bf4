/**
 * Blocks of ladder entries: powers of two, in free lists by size, in one array.
 * Thread: the core's. Taking one may replace the array, so nobody holds it across a call.
 */
import * as coreLayout from "../core/layout.ts";
import { growLadder } from "./grow.ts";
import * as layout from "./layout.ts";
import type { BookState } from "./state.ts";

const NONE = coreLayout.NONE;
const ENTRY_LEVEL = layout.ENTRY_LEVEL;
const LADDER_WORDS_MAX = 2 ** 28;

/** Takes a block of `capacity` entries, a power of two. @returns its first entry, -1 for none */
export function takeBlock(core: BookState, capacity: number): number {
  const sizeClass = 31 - Math.clz32(capacity);
  const free = core.freeBlocks[sizeClass] as number;
  if (free >= 0) {
    core.freeBlocks[sizeClass] = core.ladder[(free << 2) + ENTRY_LEVEL] as number;
    return free;
  }
  while ((core.ladderTop + capacity) << 2 > core.ladder.length) {
    if (!core.grows || core.ladder.length >= LADDER_WORDS_MAX) return NONE;
    growLadder(core);
  }
  const base = core.ladderTop;
  core.ladderTop += capacity;
  return base;
}

/** Gives a block back. */
export function giveBlock(core: BookState, base: number, capacity: number): void {
  const sizeClass = 31 - Math.clz32(capacity);
  core.ladder[(base << 2) + ENTRY_LEVEL] = core.freeBlocks[sizeClass] as number;
  core.freeBlocks[sizeClass] = base;
}

/** The first entry in [from, to) whose key is not less; `to` when none is. */
export function lowerBound(
  ladder: Int32Array,
  from: number,
  to: number,
  keyHi: number,
  keyLo: number,
): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const hi = ladder[middle << 2] as number;
    const lo = ladder[(middle << 2) + 1] as number;
    if (hi < keyHi || (hi === keyHi && lo < keyLo)) low = middle + 1;
    else high = middle;
  }
  return low;
}
