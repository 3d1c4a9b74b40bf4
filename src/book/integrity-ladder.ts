/**
 * The ladder's part of the integrity checker: every entry below the top belongs to one block, used
 * or free, and the far part of a deep side is built as far.ts says. Cold path.
 */
import type { BookCore } from "./core.ts";
import type { Check } from "./integrity.ts";
import * as layout from "./layout.ts";

/** Takes entries for a user; no two may have the same. */
type Claim = (base: number, capacity: number, user: string) => void;

/** Checks blocks, directories and chunks of all sides. */
export function checkLadder(core: BookCore, check: Check): void {
  const users = new Map<number, string>();
  const claim: Claim = (base, capacity, user) => {
    for (let entry = base; entry < base + capacity; entry++) {
      check(!users.has(entry), `ladder entry ${entry} is ${user}'s and ${users.get(entry)}'s`);
      users.set(entry, user);
    }
  };
  for (let side = 0; side < core.instrumentCapacity * 2; side++)
    checkSide(core, side, claim, check);
  for (let sizeClass = 0; sizeClass < core.freeBlocks.length; sizeClass++) {
    let base = core.freeBlocks[sizeClass] as number;
    while (base >= 0 && !users.has(base)) {
      claim(base, 1 << sizeClass, "a free list");
      base = core.rungs[base] as number;
    }
    check(base < 0, `free list ${sizeClass} holds entry ${base}, which is ${users.get(base)}'s`);
  }
  check(users.size === core.ladderTop, `ladder entries ${users.size} of ${core.ladderTop} in use`);
}

function checkSide(core: BookCore, side: number, claim: Claim, check: Check): void {
  const word = (at: number): number => core.sides[side * 4 + at] as number;
  const where = `side ${side}`;
  const near = word(layout.SIDE_COUNT);
  claim(core.firstEntry(side * 4), word(layout.SIDE_CAPACITY), where);
  check(near <= word(layout.SIDE_CAPACITY), `${where}: ${near} levels are more than its block`);
  const far = core.fars[side] as number;
  if (far === 0) return;
  check(near >= layout.NEAR_LOW, `${where}: is deep with ${near} levels in its block`);
  const header = (at: number): number => core.rungs[far - 1 + at] as number;
  const directory = header(layout.FAR_BASE);
  claim(far - 1, layout.FIRST_BLOCK, `${where}, header`);
  claim(directory, header(layout.FAR_CAPACITY), `${where}, directory`);
  let total = 0;
  for (let i = 0; i < header(layout.FAR_COUNT); i++) {
    const chunk = core.rungs[directory + i] as number;
    const levels = core.rungs[chunk] as number;
    claim(chunk, layout.FAR_CHUNK, `${where}, chunk ${i}`);
    check(levels > 0 && levels < layout.FAR_CHUNK, `${where}: chunk ${i} has ${levels} levels`);
    total += levels;
  }
  check(total > 0 && total === header(layout.FAR_LEVELS), `${where}: ${total} levels in chunks`);
}
