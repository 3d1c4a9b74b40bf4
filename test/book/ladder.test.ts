import test from "ava";
import fc from "fast-check";
import { BookCore } from "../../src/book/core.ts";
import { checkIntegrity } from "../../src/book/integrity.ts";
import { ERR_FULL } from "../../src/book/layout.ts";
import { signedBigFromHalves } from "../../src/core/layout.ts";
import { seeded } from "../seed.ts";
import { addBig, high, low, SMALL } from "./support.ts";

const DEEP = { ...SMALL, orders: 4096, levels: 4096 };

/** One side as a sorted array of prices, best first; an order's id is its price's place in time. */
class SlowSide {
  readonly core: BookCore;
  readonly side: number;
  readonly prices: bigint[] = [];
  readonly #ids = new Map<bigint, bigint>();
  #next = 1n;

  constructor(core: BookCore, side: number) {
    this.core = core;
    this.side = side;
  }

  /** Rank at which a price stands or would. */
  #rank(px: bigint): number {
    let rank = 0;
    while (rank < this.prices.length && this.#better(this.prices[rank] as bigint, px)) rank++;
    return rank;
  }

  #better(a: bigint, b: bigint): boolean {
    return this.side === 0 ? a > b : a < b;
  }

  /** Enters a price; a second order of a price joins its level and goes at once. */
  enter(px: bigint): boolean {
    const id = (this.#next++ << 1n) | BigInt(this.side);
    const slot = addBig(this.core, 0, id, this.side, px, 5n);
    if (slot < 0) return false;
    if (this.#ids.has(px)) {
      this.core.remove(slot);
      return true;
    }
    this.#ids.set(px, id);
    this.prices.splice(this.#rank(px), 0, px);
    return true;
  }

  /** Takes the level of a rank out. */
  leave(rank: number): void {
    const px = this.prices.splice(rank, 1)[0];
    if (px === undefined) return;
    const id = this.#ids.get(px) as bigint;
    this.#ids.delete(px);
    this.core.remove(this.core.find(0, low(id), high(id)));
  }

  /** The prices that the core tells, in three ways. */
  told(): { walked: bigint[]; ranked: bigint[]; backwards: bigint[] } {
    const { core, side } = this;
    const px = (level: number): bigint =>
      signedBigFromHalves(core.levelPxLo(level), core.levelPxHi(level));
    const walked: bigint[] = [];
    for (let level = core.firstLevel(0, side); level >= 0; level = core.nextLevel(level)) {
      walked.push(px(level));
    }
    const count = core.sideLevels(0, side);
    const ranked = Array.from({ length: count }, (_, r) => px(core.levelAt(0, side, r)));
    const backwards = Array.from({ length: count }, (_, r) =>
      px(core.levelAt(0, side, count - 1 - r)),
    );
    return { walked, ranked, backwards: backwards.reverse() };
  }
}

function isDeep(core: BookCore, side: number): boolean {
  return core.fars[side] !== 0;
}

const step = fc.oneof(
  // Enter `count` prices: `how` says where.
  fc.record({
    kind: fc.constant("enter" as const),
    how: fc.constantFrom("anywhere", "better", "worse", "near", "extreme"),
    count: fc.integer({ min: 1, max: 200 }),
    salt: fc.integer({ min: 1, max: 2 ** 30 }),
  }),
  // Take `count` levels out: from the best, the worst, one place, anywhere.
  fc.record({
    kind: fc.constant("leave" as const),
    how: fc.constantFrom("best", "worst", "place", "anywhere", "all"),
    count: fc.integer({ min: 1, max: 250 }),
    salt: fc.integer({ min: 1, max: 2 ** 30 }),
  }),
);

type Step = ReturnType<typeof step.generate>["value"];

function priceFor(how: string, side: SlowSide, i: number, salt: number): bigint {
  const away = side.side === 0 ? -1n : 1n;
  const best = side.prices[0] ?? 0n;
  const worst = side.prices.at(-1) ?? 0n;
  const any = BigInt((Math.imul(salt + i, 0x9e3779b1) >>> 0) % 100_000);
  if (how === "better") return best - away * BigInt(1 + (salt % 3));
  if (how === "worse") return worst + away * BigInt(1 + (salt % 3));
  if (how === "near") return best + away * (any % 40n);
  if (how === "extreme") return (any - 50_000n) * 2n ** 45n + any;
  return any - 50_000n;
}

function take(one: Step, side: SlowSide): void {
  for (let i = 0; i < one.count; i++) {
    if (one.kind === "enter") {
      side.enter(priceFor(one.how, side, i, one.salt));
      continue;
    }
    const count = side.prices.length;
    if (count === 0) return;
    const place = one.salt % count;
    const any = (Math.imul(one.salt + i, 0x85ebca6b) >>> 0) % count;
    const ranks: Record<string, number> = { best: 0, worst: count - 1, place, anywhere: any };
    side.leave(ranks[one.how] ?? 0);
    if (one.how === "all") for (let left = count - 1; left > 0; left--) side.leave(left >> 1);
  }
}

test("a ladder is the sorted list of its prices, however they enter and leave", (t) => {
  let deep = 0;
  const property = fc.property(
    fc.integer({ min: 0, max: 1 }),
    fc.array(step, { minLength: 1, maxLength: 40 }),
    (sideNumber, steps) => {
      const core = new BookCore(DEEP);
      const side = new SlowSide(core, sideNumber);
      for (const one of steps) {
        take(one, side);
        if (isDeep(core, sideNumber)) deep++;
        const { walked, ranked, backwards } = side.told();
        t.deepEqual(walked, side.prices);
        t.deepEqual(ranked, side.prices);
        t.deepEqual(backwards, side.prices);
        t.deepEqual(checkIntegrity(core), []);
      }
    },
  );
  fc.assert(property, seeded(t, 60));
  t.true(deep > 50, `${deep} of the states were deep`);
});

test("a side becomes deep beyond 128 levels and shallow again, and gives all its room back", (t) => {
  const core = new BookCore(DEEP);
  const side = new SlowSide(core, 1);
  for (let i = 0; i < 128; i++) t.true(side.enter(BigInt(i)));
  t.false(isDeep(core, 1));
  for (let i = 128; i < 4000; i++) t.true(side.enter(BigInt(i)));
  t.true(isDeep(core, 1));
  t.deepEqual(side.told().walked, side.prices);
  t.deepEqual(checkIntegrity(core), []);
  while (side.prices.length > 0) side.leave(0);
  t.false(isDeep(core, 1));
  t.deepEqual(checkIntegrity(core), []);
  const top = core.ladderTop;
  for (let i = 0; i < 4000; i++) t.true(side.enter(BigInt(i)));
  t.is(core.ladderTop, top, "the same rise takes no more room");
});

test("top levels reach from the best ones into the far part", (t) => {
  const core = new BookCore(DEEP);
  const side = new SlowSide(core, 0);
  for (let i = 0; i < 1000; i++) side.enter(BigInt((i * 7919) % 1000));
  const out = new Int32Array(5 * 1000);
  t.is(core.topLevels(0, 0, 700, out), 700);
  const told = Array.from({ length: 700 }, (_, i) => BigInt(out[5 * i] as number));
  t.deepEqual(told, side.prices.slice(0, 700));
  t.is(core.levelAt(0, 0, 1000), -1);
});

test("walks by rank on two deep sides in turn do not disturb each other", (t) => {
  const core = new BookCore(DEEP);
  const sides = [new SlowSide(core, 0), new SlowSide(core, 1)];
  for (const side of sides) for (let i = 0; i < 900; i++) side.enter(BigInt((i * 601) % 900));
  for (let rank = 0; rank < 900; rank++) {
    for (const side of sides) {
      const level = core.levelAt(0, side.side, rank);
      t.is(BigInt(core.levelPxLo(level)), side.prices[rank] as bigint);
    }
  }
});

test("a deep side that may not grow refuses at its bound, unchanged, and takes levels later", (t) => {
  const core = new BookCore({ ...DEEP, levels: 1000, orders: 2000, instruments: 1, grow: false });
  const side = new SlowSide(core, 0);
  let refused = 0;
  for (let i = 0; i < 1500; i++) if (!side.enter(BigInt((i * 7919) % 1500))) refused++;
  t.is(side.prices.length, 1000);
  t.is(refused, 500);
  t.deepEqual(side.told().walked, side.prices);
  t.deepEqual(checkIntegrity(core), []);
  for (let i = 0; i < 400; i++) side.leave(i);
  for (let i = 0; i < 400; i++) t.true(side.enter(BigInt(5000 + i)));
  t.is(addBig(core, 0, 99_999_999n, 1, 1n, 1n), ERR_FULL);
  t.deepEqual(side.told().walked, side.prices);
  t.deepEqual(checkIntegrity(core), []);
});

test("a core without ladder room left refuses a deep side's levels and stays whole", (t) => {
  const core = new BookCore({ ...DEEP, levels: 3000, instruments: 2, grow: false });
  // As if other sides had used the room up, all but 70 entries.
  const side = new SlowSide(core, 0);
  for (let i = 0; i < 200; i++) side.enter(BigInt(i * 1000));
  core.ladderTop = core.rungs.length - 70;
  const findings = (): readonly string[] =>
    checkIntegrity(core).filter((text) => !/^ladder entries \d+ of/.test(text));
  let taken = 0;
  for (let i = 0; i < 2000; i++) if (side.enter(BigInt((i * 7919) % 190_000))) taken++;
  t.true(taken > 10 && taken < 2000, `${taken} taken`);
  t.deepEqual(side.told().walked, side.prices);
  t.deepEqual(findings(), []);
  while (side.prices.length > 0) side.leave(side.prices.length >> 1);
  t.deepEqual(findings(), []);
});

test("clearing deep books leaves nothing that the next ones meet", (t) => {
  const core = new BookCore(DEEP);
  for (let round = 0; round < 3; round++) {
    const side = new SlowSide(core, round & 1);
    for (let i = 0; i < 700; i++) side.enter(BigInt((i * 331) % 700));
    t.is(core.levelAt(0, round & 1, 650) >= 0, true);
    if (round === 1) core.clearInstrument(0);
    else core.clear();
    t.is(core.liveLevels, 0);
    t.deepEqual(checkIntegrity(core), []);
  }
});
