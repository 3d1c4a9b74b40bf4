import test from "ava";
import { BookCore } from "../../src/book/core.ts";
import { instrumentHashHex, walkHashHex } from "../../src/book/hash.ts";
import { checkIntegrity } from "../../src/book/integrity.ts";
import {
  ERR_FULL,
  LEVEL_QTY_LO,
  LEVEL_TAIL,
  ORDER_SIDE_INDEX,
  PROBE_LIMIT,
} from "../../src/book/layout.ts";
import { beginMove, moveSome } from "../../src/book/move.ts";
import { bigFromHalves, signedBigFromHalves } from "../../src/core/layout.ts";
import { addBig, high, low, SMALL } from "./support.ts";

/** Prices of a side, best first. */
function prices(core: BookCore, instrument: number, side: number): bigint[] {
  const out: bigint[] = [];
  for (let level = core.firstLevel(instrument, side); level >= 0; level = core.nextLevel(level)) {
    out.push(signedBigFromHalves(core.levelPxLo(level), core.levelPxHi(level)));
  }
  return out;
}

/** Ids of a level's queue. */
function queue(core: BookCore, level: number): bigint[] {
  const out: bigint[] = [];
  for (let slot = core.firstOrder(level); slot >= 0; slot = core.nextOrder(slot)) {
    out.push(bigFromHalves(core.orderIdLo(slot), core.orderIdHi(slot)));
  }
  return out;
}

const VECTORS: readonly (readonly [string, readonly (readonly bigint[])[], string])[] = [
  ["no order", [], "0000000000000000"],
  ["one order", [[1n, 1n, 0n, 1000000n, 100n]], "8b06633158b387e4"],
  [
    "two in a queue",
    [
      [1n, 1n, 0n, 1000000n, 100n],
      [1n, 2n, 0n, 1000000n, 50n],
    ],
    "e0afe9dac2b0af0e",
  ],
  [
    "the same two the other way round",
    [
      [1n, 2n, 0n, 1000000n, 50n],
      [1n, 1n, 0n, 1000000n, 100n],
    ],
    "697e01a00ef0efbe",
  ],
  [
    "64-bit instrument, id and negative price",
    [
      [4294967297n, 9223372036854775809n, 1n, -12345678901n, 5000000n],
      [7n, 3n, 1n, 1000100n, 300n],
    ],
    "7453e19a181dfe6f",
  ],
];

for (const [name, orders, hash] of VECTORS) {
  test(`the book hash of the design page's vector holds, walked and kept: ${name}`, (t) => {
    const core = new BookCore(SMALL);
    const ids = [...new Set(orders.map((order) => order[0] as bigint))];
    for (const [i, id] of ids.entries()) core.setInstrumentId(i, low(id), high(id));
    for (const [instrument, id, side, px, qty] of orders as [
      bigint,
      bigint,
      bigint,
      bigint,
      bigint,
    ][]) {
      t.true(addBig(core, ids.indexOf(instrument), id, Number(side), px, qty) >= 0);
    }
    t.is(walkHashHex(core), hash);
    t.is(core.hashHex(), hash);
    t.deepEqual(checkIntegrity(core), []);
  });
}

test("levels come best price first on both sides, also with negative and 64-bit prices", (t) => {
  const core = new BookCore(SMALL);
  const some = [
    5n,
    -3n,
    2n ** 40n,
    -(2n ** 40n),
    0n,
    2n ** 31n,
    -(2n ** 31n),
    2n ** 63n - 1n,
    -(2n ** 63n),
    -1n,
  ];
  for (const [i, px] of some.entries()) {
    addBig(core, 1, BigInt(i), 0, px, 1n);
    addBig(core, 1, BigInt(100 + i), 1, px, 1n);
  }
  const sorted = [...some].sort((a, b) => (a < b ? -1 : 1));
  t.deepEqual(prices(core, 1, 1), sorted);
  t.deepEqual(prices(core, 1, 0), [...sorted].reverse());
  t.deepEqual(checkIntegrity(core), []);
  t.is(core.levelCount(1), 20);
  t.is(core.liveInstruments, 1);
});

test("orders queue in order of arrival, keep their place on a new quantity, lose it on a move", (t) => {
  const core = new BookCore(SMALL);
  const slots = [1n, 2n, 3n].map((id) => addBig(core, 0, id, 0, 100n, 10n));
  const [first, second] = slots as [number, number];
  core.setQty(first, 99, 1);
  t.deepEqual(queue(core, core.best(0, 0)), [1n, 2n, 3n]);
  t.is(core.levelQtyLo(core.best(0, 0)), 119);
  t.is(core.levelQtyHi(core.best(0, 0)), 1);
  t.is(core.move(first, 100, 0, 7, 0), 0);
  t.deepEqual(queue(core, core.best(0, 0)), [2n, 3n, 1n]);
  t.is(core.move(second, 101, 0, 8, 0), 0);
  t.deepEqual(prices(core, 0, 0), [101n, 100n]);
  t.is(core.find(0, 2, 0), second);
  t.deepEqual(checkIntegrity(core), []);
});

test("quantities carry and borrow between their halves", (t) => {
  const core = new BookCore(SMALL);
  const slot = addBig(core, 0, 1n, 1, 5n, 2n ** 32n);
  addBig(core, 0, 2n, 1, 5n, 2n ** 32n - 1n);
  t.is(core.reduce(slot, 1, 0), 0);
  t.is(bigFromHalves(core.orderQtyLo(slot), core.orderQtyHi(slot)), 2n ** 32n - 1n);
  const level = core.best(0, 1);
  t.is(bigFromHalves(core.levelQtyLo(level), core.levelQtyHi(level)), 2n ** 33n - 2n);
  t.is(core.reduce(slot, -1, 0), 1);
  t.is(core.liveOrders, 1);
  t.deepEqual(checkIntegrity(core), []);
});

test("top levels are written best first, as many as there are", (t) => {
  const core = new BookCore(SMALL);
  for (const [i, px] of [30n, 10n, 20n].entries()) addBig(core, 2, BigInt(i), 0, px, px * 2n);
  addBig(core, 2, 9n, 0, 30n, 1n);
  const out = new Int32Array(20);
  t.is(core.topLevels(2, 0, 2, out), 2);
  t.deepEqual([...out.subarray(0, 10)], [30, 0, 61, 0, 2, 20, 0, 40, 0, 1]);
  t.is(core.topLevels(2, 0, 4, out), 3);
  t.is(core.topLevels(2, 1, 4, out), 0);
});

test("a book that may not grow refuses with nothing changed and takes orders again later", (t) => {
  const full = { ...SMALL, orders: 3, levels: 2, instruments: 2, grow: false };
  const core = new BookCore(full);
  const slots = [1n, 2n].map((id) => addBig(core, 0, id, 0, id, 1n));
  t.is(addBig(core, 0, 3n, 0, 3n, 1n), ERR_FULL, "level pool");
  t.is(addBig(core, 2, 3n, 0, 1n, 1n), ERR_FULL, "instruments");
  t.true(addBig(core, 0, 3n, 0, 2n, 1n) >= 0);
  t.is(addBig(core, 0, 4n, 0, 2n, 1n), ERR_FULL, "order pool");
  t.is(core.liveOrders, 3);
  t.deepEqual(checkIntegrity(core), []);
  core.remove(slots[0] as number);
  t.true(addBig(core, 0, 4n, 1, 9n, 1n) >= 0);
  t.deepEqual(checkIntegrity(core), []);
});

test("a growing book keeps queues, hash and lookups over many doublings", (t) => {
  const core = new BookCore(SMALL);
  for (let i = 0; i < 5000; i++) {
    addBig(core, i % 700, BigInt(i) * 7919n, i & 1, BigInt(i % 37), BigInt(i + 1));
  }
  t.is(core.liveOrders, 5000);
  t.true(core.generation > 5);
  t.deepEqual(checkIntegrity(core), []);
  for (let i = 0; i < 5000; i++) {
    const id = BigInt(i) * 7919n;
    const slot = core.find(0, low(id), high(id));
    t.is(core.orderInstrument(slot), i % 700);
  }
});

test("ids chosen to fall into one cell end in a mixed table that still finds each of them", (t) => {
  const core = new BookCore({ ...SMALL, orders: 4096 });
  t.is(core.mixed, 0);
  for (let i = 0; i < 4000; i++) addBig(core, 0, BigInt(i) << 20n, 0, 1n, 1n);
  t.is(core.mixed, 1);
  t.deepEqual(checkIntegrity(core), []);
  t.is(core.find(0, 3999 << 20, 0) >= 0, true);
  for (let i = 0; i < 4000; i += 2) core.remove(core.find(0, i << 20, (i / 4096) | 0));
  t.deepEqual(checkIntegrity(core), []);
  t.is(core.find(0, 2 << 20, 0), -1);
});

test("a full table is left in steps, and finds, removes and queues orders meanwhile", (t) => {
  const core = new BookCore({ ...SMALL, orders: 512, growOrders: 4096 });
  for (let i = 0; i < 512; i++) addBig(core, i % 3, BigInt(i * 7), i & 1, BigInt(i % 5), 3n);
  t.is(core.moving, 0);
  let steps = 0;
  for (let i = 512; steps === 0 || core.moving === 1; i++, steps++) {
    t.true(addBig(core, i % 3, BigInt(i * 7), i & 1, BigInt(i % 5), 3n) >= 0);
    core.remove(core.find(0, (i - 512) * 7, 0));
    core.setQty(core.find(0, (i - 300) * 7, 0), 9, 0);
    if (i % 16 === 0) t.deepEqual(checkIntegrity(core), []);
  }
  t.true(steps > 64, `${steps} steps`);
  t.is(core.liveOrders, 512);
  t.is(core.find(0, 0, 0), -1);
  t.deepEqual(checkIntegrity(core), []);
});

test("orders that crowd in the next table too flee to a third, all of them", (t) => {
  const core = new BookCore({ ...SMALL, orders: 1024 });
  for (let i = 0; i < 600; i++) addBig(core, i % 3, BigInt(i), i & 1, BigInt(i % 5), 3n);
  const before = core.hashHex();
  beginMove(core, core.cellMask + 1, true);
  // Keys that send every id to one home.
  core.key0 = 0;
  core.key1 = 0;
  core.key2 = 0;
  moveSome(core, 1024);
  t.is(core.moving, 0);
  t.is(core.mixed, 1);
  t.is(core.hashHex(), before);
  t.deepEqual(checkIntegrity(core), []);
  for (let i = 0; i < 600; i++) t.true(core.find(0, i, 0) >= 0);
  core.clear();
  t.is(core.mixed, 0);
  t.true(core.orders.subarray(0, 3 * core.tableWordsMax).every((word) => word === 0));
});

test("deletes leave nothing behind that a search for an absent id would walk over", (t) => {
  const core = new BookCore({ ...SMALL, orders: 1024 });
  const step = BigInt(core.cellMask + 1);
  const ids = Array.from({ length: PROBE_LIMIT }, (_, i) => 5n + BigInt(i) * step);
  for (const id of ids) t.true(addBig(core, 0, id, 0, 1n, 1n) >= 0);
  t.is(core.mixed, 0);
  for (const id of ids) core.remove(core.find(0, low(id), high(id)));
  for (let slot = 0; slot < (core.cellMask + 1) * core.cellWords; slot += core.cellWords) {
    t.is((core.orders[slot + ORDER_SIDE_INDEX] as number) >>> 24, 0);
  }
  t.is(core.hashHex(), "0000000000000000");
});

test("with scoped ids two instruments hold the same id apart", (t) => {
  const core = new BookCore({ ...SMALL, scoped: true });
  const a = addBig(core, 0, 77n, 0, 1n, 1n);
  const b = addBig(core, 1, 77n, 1, 2n, 2n);
  t.not(a, b);
  t.is(core.find(0, 77, 0), a);
  t.is(core.find(1, 77, 0), b);
  t.is(core.find(2, 77, 0), -1);
  core.remove(a);
  t.is(core.find(0, 77, 0), -1);
  t.is(core.find(1, 77, 0), b);
  for (let i = 0; i < 400; i++) addBig(core, i + 2, 77n, 0, 1n, 1n);
  t.is(core.mixed, 1);
  t.is(core.orderInstrument(core.find(300, 77, 0)), 300);
  t.deepEqual(checkIntegrity(core), []);
});

test("clearing one instrument leaves the others, clearing all leaves nothing", (t) => {
  const core = new BookCore(SMALL);
  for (let i = 0; i < 300; i++) addBig(core, i % 3, BigInt(i), i & 1, BigInt(i % 11), 5n);
  const before = instrumentHashHex(core, 1);
  core.clearInstrument(2);
  t.is(core.orderCount(2), 0);
  t.is(core.orderCount(1), 100);
  t.is(instrumentHashHex(core, 1), before);
  t.is(core.liveInstruments, 2);
  t.deepEqual(checkIntegrity(core), []);
  core.clear();
  t.is(core.liveOrders + core.liveLevels + core.liveInstruments, 0);
  t.is(walkHashHex(core), "0000000000000000");
  addBig(core, 1, 4n, 0, 3n, 2n);
  t.deepEqual(checkIntegrity(core), []);
});

test("thousands of levels stay sorted wherever they enter and leave, and give their room back", (t) => {
  const core = new BookCore({ ...SMALL, levels: 3000, orders: 3000, grow: false });
  for (let round = 0; round < 4; round++) {
    const slots: number[] = [];
    for (let i = 0; i < 3000; i++) {
      const px = BigInt(((i * 1097) % 3001) * 3);
      slots.push(addBig(core, round, BigInt(i), round & 1, px, 1n));
    }
    t.true(slots.every((slot) => slot >= 0));
    t.deepEqual(checkIntegrity(core), []);
    for (const slot of slots) core.remove(slot);
  }
  t.deepEqual(checkIntegrity(core), []);
});

test("the checker names what is broken", (t) => {
  const core = new BookCore(SMALL);
  addBig(core, 0, 1n, 0, 10n, 5n);
  addBig(core, 0, 2n, 0, 10n, 5n);
  const level = core.best(0, 0);
  core.levels[level + LEVEL_QTY_LO] = 11;
  t.regex(checkIntegrity(core).join("\n"), /quantity 10, level says 11/);
  core.levels[level + LEVEL_QTY_LO] = 10;
  core.levels[level + LEVEL_TAIL] = core.firstOrder(level);
  t.regex(checkIntegrity(core).join("\n"), /tail/);
  core.levels[level + LEVEL_TAIL] = core.find(0, 2, 0);
  core.hash0++;
  t.regex(checkIntegrity(core).join("\n"), /hash kept/);
});
