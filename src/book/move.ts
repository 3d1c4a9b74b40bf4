/**
 * Leaving an order table for another in steps: because it is full, or because ids crowd in it.
 * Cold: a few cells at each add while a move lasts, nothing otherwise.
 * Thread: the core's.
 *
 *   old  ░░░░░░░████████████   cells before oldNext are empty, their orders stand in the new one
 *   new  ▓▓ ▓  ▓   ▓▓          takes the moved and the new; found first
 *
 * The order array has room for three tables: should even the new one be crowded before the old one
 * is empty (which takes ids chosen against both), everything flees to the third at once.
 */
import { assert } from "../core/assert.ts";
import * as layout from "./layout.ts";
import { TABLES } from "./state.ts";
import type { BookTable } from "./table.ts";

const { ORDER_NEXT, ORDER_PREV, ORDER_LEVEL, ORDER_SIDE_INDEX, SIDE_MASK } = layout;
const { ORDER_ID_LO, ORDER_ID_HI, ORDER_TERM, LEVEL_HEAD, LEVEL_TAIL, PROBE_LIMIT } = layout;

/** Old cells that an add empties: a table that doubles is left after an eighth of its new room. */
export const MOVE_CELLS = 8;
/** More orders than this away from one home do not fit its displaced count. */
const DISPLACED_MAX = 255;

/** Turns to the next table; an earlier move is finished first. */
export function beginMove(core: BookTable, cells: number, mix: boolean): void {
  while (core.moving !== 0) moveSome(core, core.orders.length);
  const mixed = mix || core.mixed !== 0;
  core.oldAt = core.tableAt;
  core.oldMask = core.cellMask;
  core.oldMixed = core.mixed;
  core.oldKey0 = core.key0;
  core.oldKey1 = core.key1;
  core.oldKey2 = core.key2;
  core.oldNext = core.oldAt;
  core.tableAt = otherTable(core, core.tableAt, core.oldAt);
  core.cellMask = cells - 1;
  if (mixed) drawKeys(core);
  core.moving = 1;
  core.generation++;
}

/** Empties up to `cells` cells of the old table; the move ends with the last one. */
export function moveSome(core: BookTable, cells: number): void {
  if (core.hashed) core.settle();
  const step = core.cellWords;
  const end = core.oldAt + (core.oldMask + 1 + PROBE_LIMIT) * core.cellWords;
  for (let left = cells; left > 0 && core.oldNext < end; left--) {
    const slot = core.oldNext;
    if (core.orders[slot + ORDER_LEVEL] !== 0 && !moveOrder(core, slot)) {
      flee(core);
      return;
    }
    core.oldNext += step;
  }
  if (core.oldNext >= end) core.moving = 0;
}

/** Makes room for an order that finds no cell near its home; it looks again then. */
export function makeWay(core: BookTable): void {
  const before = core.generation;
  while (core.moving !== 0) moveSome(core, core.orders.length);
  if (core.generation === before || core.mixed === 0) beginMove(core, core.cellMask + 1, true);
}

/** Puts everything back to one empty table at the array's beginning. */
export function forgetTables(core: BookTable): void {
  wipe(core, core.tableAt, core.cellMask);
  if (core.moving !== 0) wipe(core, core.oldAt, core.oldMask);
  core.tableAt = 0;
  core.mixed = 0;
  core.moving = 0;
}

function wipe(core: BookTable, at: number, mask: number): void {
  core.orders.fill(0, at, at + (mask + 1 + PROBE_LIMIT) * core.cellWords);
}

function drawKeys(core: BookTable): void {
  core.mixed = 1;
  core.key0 = (Math.random() * 0x1_0000_0000) | 1;
  core.key1 = (Math.random() * 0x1_0000_0000) | 1;
  core.key2 = (Math.random() * 0x1_0000_0000) | 1;
}

/** A table that is neither of two. @returns its first word */
function otherTable(core: BookTable, a: number, b: number): number {
  for (let table = 0; table < TABLES; table++) {
    const at = table * core.tableWordsMax;
    if (at !== a && at !== b) return at;
  }
  throw new Error("BOOK_NO_TABLE");
}

function moveOrder(core: BookTable, from: number): boolean {
  const home = homeAt(core, from);
  const to = core.freeCell(home);
  if (to < 0) return false;
  carry(core, from, to, home);
  core.vacate(from);
  return true;
}

/** Where the order in a cell of another table belongs in the current one. */
function homeAt(core: BookTable, from: number): number {
  const orders = core.orders;
  const instrument = ((orders[from + ORDER_SIDE_INDEX] as number) & SIDE_MASK) >> 1;
  const idLo = orders[from + ORDER_ID_LO] as number;
  return core.home(instrument, idLo, orders[from + ORDER_ID_HI] as number);
}

/** Copies an order and turns the links to it. */
function carry(core: BookTable, from: number, to: number, home: number): void {
  const orders = core.orders;
  const levels = core.levels;
  const level = orders[from + ORDER_LEVEL] as number;
  const sideIndex = (orders[from + ORDER_SIDE_INDEX] as number) & SIDE_MASK;
  const idLo = orders[from + ORDER_ID_LO] as number;
  core.occupy(to, home, level, sideIndex, idLo, orders[from + ORDER_ID_HI] as number);
  for (let word = 0; word < core.cellWords; word++) {
    if (word !== ORDER_SIDE_INDEX) orders[to + word] = orders[from + word] as number;
  }
  if (core.hashed) orders.fill(0, from + ORDER_TERM, from + ORDER_TERM + 2);
  const next = orders[to + ORDER_NEXT] as number;
  const prev = orders[to + ORDER_PREV] as number;
  if (next >= 0) orders[next + ORDER_PREV] = to;
  else levels[level + LEVEL_TAIL] = to;
  if (prev >= 0) orders[prev + ORDER_NEXT] = to;
  else levels[level + LEVEL_HEAD] = to;
}

/** Both tables' orders go to the third, mixed, in one go. */
function flee(core: BookTable): void {
  const tables: readonly (readonly [number, number])[] = [
    [core.oldAt, core.oldMask],
    [core.tableAt, core.cellMask],
  ];
  core.tableAt = otherTable(core, core.oldAt, core.tableAt);
  core.cellMask = Math.max(core.oldMask, core.cellMask);
  core.moving = 0;
  core.generation++;
  drawKeys(core);
  for (const [at, mask] of tables) {
    const end = at + (mask + 1 + PROBE_LIMIT) * core.cellWords;
    for (let from = at; from < end; from += core.cellWords) {
      if (core.orders[from + ORDER_LEVEL] === 0) continue;
      const home = homeAt(core, from);
      carry(core, from, freeCellFar(core, home), home);
    }
    wipe(core, at, mask);
  }
}

/** As freeCell, but as far as a displaced count and the table allow. */
function freeCellFar(core: BookTable, home: number): number {
  const near = core.freeCell(home);
  if (near >= 0) return near;
  const end = core.tableAt + (core.cellMask + 1 + PROBE_LIMIT) * core.cellWords;
  let slot = home;
  while (slot < end && core.orders[slot + ORDER_LEVEL] !== 0) slot += core.cellWords;
  const displaced = (core.orders[home + ORDER_SIDE_INDEX] as number) >>> 24;
  assert(slot < end && displaced < DISPLACED_MAX, "BOOK_REBUILD");
  return slot;
}
