/**
 * Blocks of ladder entries: powers of two, in free lists by size, out of one range.
 * Thread: the core's.
 */
import * as coreLayout from "../core/layout.ts";
import type { BookState } from "./state.ts";

const NONE = coreLayout.NONE;

/** Takes a block of `capacity` entries, a power of two. @returns its first entry, -1 for none */
export function takeBlock(core: BookState, capacity: number): number {
  const sizeClass = 31 - Math.clz32(capacity);
  const free = core.freeBlocks[sizeClass] as number;
  if (free >= 0) {
    core.freeBlocks[sizeClass] = core.rungs[free] as number;
    return free;
  }
  if (core.ladderTop + capacity > core.rungs.length) return NONE;
  const base = core.ladderTop;
  core.ladderTop += capacity;
  return base;
}

/** Gives a block back. */
export function giveBlock(core: BookState, base: number, capacity: number): void {
  const sizeClass = 31 - Math.clz32(capacity);
  core.rungs[base] = core.freeBlocks[sizeClass] as number;
  core.freeBlocks[sizeClass] = base;
}

/** Moves the entries [from, to) of all three arrays so that they begin at `at`. */
export function moveEntries(core: BookState, at: number, from: number, to: number): void {
  core.keys.copyWithin(at, from, to);
  core.keyHighs.copyWithin(at, from, to);
  core.rungs.copyWithin(at, from, to);
}
