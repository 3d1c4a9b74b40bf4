/**
 * The integrity checker: walks a book core on demand and says what does not hold. Cold path; a
 * finding is a bug of ours or broken memory, never bad input.
 */
import { bigFromHalves, NONE, signedBigFromHalves } from "../core/layout.ts";
import type { BookCore } from "./core.ts";
import { walkHashHex } from "./hash.ts";
import { checkLadder } from "./integrity-ladder.ts";
import * as layout from "./layout.ts";

const MASK_64 = (1n << 64n) - 1n;
const FINDINGS_MAX = 100;

/** Checks every invariant of a core. @returns findings, at most 100; none when all holds */
export function checkIntegrity(core: BookCore): readonly string[] {
  const findings: string[] = [];
  const check = (holds: boolean, text: string): void => {
    if (!holds && findings.length < FINDINGS_MAX) findings.push(text);
  };
  const seen = new Set<number>();
  let orders = 0;
  let levels = 0;
  let instruments = 0;
  for (let i = 0; i < core.instrumentCapacity; i++) {
    if (core.levelCount(i) > 0) instruments++;
    for (let side = 0; side < 2; side++) {
      levels += core.sideLevels(i, side);
      orders += checkSide(core, i, side, seen, check);
    }
  }
  check(orders === core.liveOrders, `orders in queues ${orders} != live ${core.liveOrders}`);
  check(levels === core.liveLevels, `levels in ladders ${levels} != live ${core.liveLevels}`);
  check(
    instruments === core.liveInstruments,
    `instruments with levels ${instruments} != live ${core.liveInstruments}`,
  );
  checkTable(core, seen, check);
  checkLevelPool(core, check);
  checkLadder(core, check);
  if (core.hashed) {
    const walked = walkHashHex(core);
    check(walked === core.hashHex(), `hash kept ${core.hashHex()} != walked ${walked}`);
  }
  return findings;
}

/** Notes `text` when something does not hold. */
export type Check = (holds: boolean, text: string) => void;

/** Sorted prices, and each level's queue. @returns orders found */
function checkSide(
  core: BookCore,
  instrument: number,
  side: number,
  seen: Set<number>,
  check: Check,
): number {
  const where = `instrument ${instrument} side ${side}`;
  let orders = 0;
  let last: bigint | null = null;
  let level = core.firstLevel(instrument, side);
  for (let rank = 0; rank < core.sideLevels(instrument, side); rank++) {
    const here = core.levelAt(instrument, side, rank);
    check(level === here, `${where} rank ${rank}: cursor at level ${level}, ladder says ${here}`);
    const px = signedBigFromHalves(core.levelPxLo(here), core.levelPxHi(here));
    const sorted = last === null || (side === 0 ? px < last : px > last);
    check(sorted, `${where} rank ${rank}: price ${px} behind ${last}`);
    const sideIndex = core.levels[here + layout.LEVEL_SIDE_INDEX];
    check(sideIndex === instrument * 2 + side, `${where}: level ${here} says side ${sideIndex}`);
    orders += checkQueue(core, here, seen, `${where} price ${px}`, check);
    last = px;
    level = core.nextLevel(here);
  }
  check(level === NONE, `${where}: cursor goes on behind the last level`);
  return orders;
}

/** Links, counts and sum of a level. @returns orders found */
function checkQueue(
  core: BookCore,
  level: number,
  seen: Set<number>,
  where: string,
  check: Check,
): number {
  const sideIndex = core.levels[level + layout.LEVEL_SIDE_INDEX];
  let count = 0;
  let sum = 0n;
  let before: number = NONE;
  for (let slot = core.firstOrder(level); slot >= 0; slot = core.nextOrder(slot)) {
    if (seen.has(slot)) {
      check(false, `${where}: slot ${slot} is reached twice`);
      return count;
    }
    seen.add(slot);
    check(core.orders[slot + layout.ORDER_PREV] === before, `${where}: slot ${slot} back link`);
    check(core.orderLevel(slot) === level, `${where}: slot ${slot} says another level`);
    const word = core.orders[slot + layout.ORDER_SIDE_INDEX] as number;
    check((word & layout.SIDE_MASK) === sideIndex, `${where}: slot ${slot} side`);
    const qty = bigFromHalves(core.orderQtyLo(slot), core.orderQtyHi(slot));
    check(qty !== 0n, `${where}: slot ${slot} has quantity 0`);
    sum = (sum + qty) & MASK_64;
    const found = core.find(core.orderInstrument(slot), core.orderIdLo(slot), core.orderIdHi(slot));
    check(found === slot, `${where}: slot ${slot} is found at ${found}`);
    before = slot;
    count++;
  }
  check(core.levels[level + layout.LEVEL_TAIL] === before, `${where}: tail`);
  check(count > 0, `${where}: level without orders`);
  check(core.levelOrders(level) === count, `${where}: ${count} orders, level says otherwise`);
  const kept = bigFromHalves(core.levelQtyLo(level), core.levelQtyHi(level));
  check(kept === sum, `${where}: quantity ${sum}, level says ${kept}`);
  return count;
}

/** Every occupied cell is in a queue, and displaced counts are right, in each table in use. */
function checkTable(core: BookCore, seen: Set<number>, check: Check): void {
  const displaced = new Map<number, number>();
  for (const slot of cells(core)) {
    const live = core.orderLevel(slot) !== 0;
    check(live === seen.has(slot), `slot ${slot} is ${live ? "in no queue" : "free"}`);
    if (!live) continue;
    const home = core.homeOf(slot);
    const steps = (slot - home) / core.cellWords;
    check(steps >= 0 && steps < layout.PROBE_LIMIT, `slot ${slot} far from home ${home}`);
    if (slot !== home) displaced.set(home, (displaced.get(home) ?? 0) + 1);
  }
  for (const slot of cells(core)) {
    const kept = (core.orders[slot + layout.ORDER_SIDE_INDEX] as number) >>> 24;
    const counted = displaced.get(slot) ?? 0;
    check(kept === counted, `slot ${slot}: ${counted} displaced, kept ${kept}`);
  }
}

/** The cells of the table in use and of the one that is being left. */
function* cells(core: BookCore): Generator<number> {
  const tables = [[core.tableAt, core.cellMask] as const];
  if (core.moving !== 0) tables.push([core.oldAt, core.oldMask]);
  for (const [at, mask] of tables) {
    for (let cell = 0; cell <= mask + layout.PROBE_LIMIT; cell++) {
      yield at + cell * core.cellWords;
    }
  }
}

/** Free levels and live ones make up the pool. */
function checkLevelPool(core: BookCore, check: Check): void {
  let free = 0;
  const bound = core.levelTop;
  for (let level = core.levelFree; level !== 0 && free <= bound; free++) {
    level = core.levels[level + layout.LEVEL_HEAD] as number;
  }
  const used = core.levelTop / layout.LEVEL_WORDS - 1 - core.liveLevels;
  check(free === used, `free levels ${free} != ${used} that were used and are not live`);
}
