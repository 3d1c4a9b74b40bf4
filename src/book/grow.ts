/**
 * Growth and rebuilding of the book core's arrays: cold, off the hot path, never inlined into it.
 * Thread: the core's. Arrays are replaced, so nobody may hold one across a call of these.
 */

import { assert } from "../core/assert.ts";
import { ceilPowerOfTwo } from "../core/layout.ts";
import {
  DISPLACED_ONE,
  FIRST_BLOCK,
  LEVEL_HEAD,
  LEVEL_MASK,
  LEVEL_TAIL,
  ORDER_ID_HI,
  ORDER_ID_LO,
  ORDER_LEVEL,
  ORDER_NEXT,
  ORDER_PREV,
  ORDER_SIDE_INDEX,
  PROBE_LIMIT,
} from "./layout.ts";
import type { BookState } from "./state.ts";

/** Cells for each order of the capacity, so that the table is at most half full. */
const CELLS_PER_ORDER = 2;
const REBUILD_ATTEMPTS = 16;

/** Takes memory and touches it, so that no message meets a page for the first time. */
function take(length: number): Int32Array {
  return new Int32Array(length).fill(0);
}

function copyInto(words: Int32Array, length: number): Int32Array {
  const out = take(length);
  out.set(words);
  return out;
}

/** Makes room for `count` instruments. */
export function growInstruments(core: BookState, count: number): void {
  const old = core.instrumentCapacity;
  core.sides = copyInto(core.sides, count * 8);
  core.instrumentIds = copyInto(core.instrumentIds, count * 2);
  for (let i = old; i < count; i++) core.instrumentIds[2 * i] = i;
  core.instrumentCapacity = count;
}

/** Makes room for `count` levels. */
export function growLevels(core: BookState, count: number): void {
  core.levels = copyInto(core.levels, (count + 1) * 8);
  if (core.hashed) core.levelHash = copyInto(core.levelHash, (count + 1) * 2);
  core.levelCapacity = count;
}

/**
 * Makes room in the ladder: at first a block for each side and four entries a level (blocks are at
 * least an eighth full, most are half full), later twice what there was.
 */
export function growLadder(core: BookState): void {
  const first = core.instrumentCapacity * 2 * FIRST_BLOCK + core.levelCapacity * 4;
  core.ladder = copyInto(core.ladder, Math.max(first * 4, core.ladder.length * 2));
}

/**
 * Rebuilds the order table for `capacity` orders; all slots change.
 *
 * @param mix true when home must no longer be (only) the id's low bits
 */
export function rebuildOrders(core: BookState, capacity: number, mix = false): void {
  const cells = ceilPowerOfTwo(Math.max(capacity * CELLS_PER_ORDER, 16));
  let fresh: Int32Array = new Int32Array(0);
  const map = new Int32Array(core.orders.length >> 3);
  let mixing = mix || core.mixed === 1;
  let attempt = 0;
  do {
    assert(attempt++ < REBUILD_ATTEMPTS, "BOOK_REBUILD");
    fresh = take((cells + PROBE_LIMIT) * 8);
    core.cellMask = cells - 1;
    if (mixing) drawKeys(core);
    mixing = true;
  } while (!place(core, fresh, map));
  relink(core, fresh, map);
  core.orders = fresh;
  core.orderCapacity = capacity;
  core.generation++;
}

function drawKeys(core: BookState): void {
  core.mixed = 1;
  core.key0 = (Math.random() * 0x1_0000_0000) | 1;
  core.key1 = (Math.random() * 0x1_0000_0000) | 1;
  core.key2 = (Math.random() * 0x1_0000_0000) | 1;
}

/** Puts every live order into `fresh`, noting where in `map`. @returns false when one finds no cell */
function place(core: BookState, fresh: Int32Array, map: Int32Array): boolean {
  const old = core.orders;
  for (let from = 0; from < old.length; from += 8) {
    const level = (old[from + ORDER_LEVEL] as number) & LEVEL_MASK;
    if (level === 0) continue;
    const idLo = old[from + ORDER_ID_LO] as number;
    const idHi = old[from + ORDER_ID_HI] as number;
    const home = core.home((old[from + ORDER_SIDE_INDEX] as number) >> 1, idLo, idHi);
    let slot = home;
    while (((fresh[(slot << 3) + ORDER_LEVEL] as number) & LEVEL_MASK) !== 0) {
      slot++;
      if (slot === home + PROBE_LIMIT) return false;
    }
    const displaced = (fresh[(slot << 3) + ORDER_LEVEL] as number) & ~LEVEL_MASK;
    for (let word = 0; word < 8; word++) fresh[(slot << 3) + word] = old[from + word] as number;
    fresh[(slot << 3) + ORDER_LEVEL] = displaced | level;
    if (slot !== home) {
      const homeAt = (home << 3) + ORDER_LEVEL;
      fresh[homeAt] = (fresh[homeAt] as number) + DISPLACED_ONE;
    }
    map[from >> 3] = slot;
  }
  return true;
}

/** Turns links between old slots into links between new ones. */
function relink(core: BookState, fresh: Int32Array, map: Int32Array): void {
  const old = core.orders;
  const oldHash = core.orderHash;
  const hash = take(core.hashed ? fresh.length >> 2 : 0);
  for (let from = 0; from < old.length; from += 8) {
    const level = (old[from + ORDER_LEVEL] as number) & LEVEL_MASK;
    if (level === 0) continue;
    const slot = map[from >> 3] as number;
    const next = old[from + ORDER_NEXT] as number;
    const prev = old[from + ORDER_PREV] as number;
    if (next >= 0) fresh[(slot << 3) + ORDER_NEXT] = map[next] as number;
    else core.levels[(level << 3) + LEVEL_TAIL] = slot;
    if (prev >= 0) fresh[(slot << 3) + ORDER_PREV] = map[prev] as number;
    else core.levels[(level << 3) + LEVEL_HEAD] = slot;
    if (core.hashed) {
      hash[slot << 1] = oldHash[from >> 2] as number;
      hash[(slot << 1) + 1] = oldHash[(from >> 2) + 1] as number;
    }
  }
  core.orderHash = hash;
}
