import test from "ava";
import fc from "fast-check";
import { walkHashHex } from "../../src/book/hash.ts";
import { checkIntegrity } from "../../src/book/integrity.ts";
import { ChannelControl } from "../../src/core/sinks.ts";
import { C } from "../../src/metrics/counter-table.ts";
import { SlowModel } from "./slow-model.ts";
import { feed, makeStage, message } from "./support.ts";

interface Case {
  readonly name: string;
  readonly commands: readonly Uint8Array[];
  readonly events: readonly string[];
  readonly counts?: Partial<Record<keyof typeof C, number>>;
}

const m = message;
const ADD_7 = m.add(1, 7n, 0, 100n, 50n);
const ADDED_7 = "add 1 7 bid 100 50";

const CASES: readonly Case[] = [
  {
    name: "an order is added, executed at its price and gone when nothing is left",
    commands: [ADD_7, m.execute(1, 7n, 20n, 900n), m.execute(1, 7n, 30n, 901n), m.delete(1, 7n)],
    events: [ADDED_7, "execute 1 7 20 100 sell 900", "execute 1 7 30 100 sell 901"],
    counts: { BOOK_UNKNOWN_ORDERS: 1, BOOK_EVENTS: 4, BOOK_CHANGES: 3 },
  },
  {
    name: "an execution at another price says that price, an ask is hit by a buyer",
    commands: [m.add(2, 8n, 1, 105n, 10n), m.executeAt(2, 8n, 4n, 2n ** 40n, 103n)],
    events: ["add 2 8 ask 105 10", "execute 2 8 4 103 buy 1099511627776"],
  },
  {
    name: "an execution beyond the rest is clipped and counted",
    commands: [ADD_7, m.execute(1, 7n, 51n, 1n)],
    events: [ADDED_7, "execute 1 7 50 100 sell 1"],
    counts: { BOOK_OVER_EXECUTIONS: 1, BOOK_LIVE_ORDERS: 0 },
  },
  {
    name: "a cancel reduces; one of all the rest says 0, one of more says 0 and counts",
    commands: [ADD_7, m.cancel(1, 7n, 20n), m.cancel(1, 7n, 30n), ADD_7, m.cancel(1, 7n, 51n)],
    events: [ADDED_7, "cancel 1 7 20", "cancel 1 7 0", ADDED_7, "cancel 1 7 0"],
    counts: { BOOK_OVER_CANCELS: 1, BOOK_OVER_EXECUTIONS: 0 },
  },
  {
    name: "quantity 0 adds, reduces and executes nothing and is counted",
    commands: [m.add(1, 7n, 0, 100n, 0n), ADD_7, m.cancel(1, 7n, 0n), m.execute(1, 7n, 0n, 1n)],
    events: [ADDED_7],
    counts: { BOOK_ZERO_QUANTITY: 3, BOOK_LIVE_ORDERS: 1 },
  },
  {
    name: "a duplicate add cancels the order that was there, on its own instrument",
    commands: [ADD_7, m.add(2, 7n, 1, 101n, 5n)],
    events: [ADDED_7, "cancel 1 7 0", "add 2 7 ask 101 5"],
    counts: { BOOK_DUPLICATE_ORDERS: 1, BOOK_INSTRUMENTS: 1 },
  },
  {
    name: "a replace keeps side and instrument and takes the new id",
    commands: [m.add(3, 7n, 1, 100n, 50n), m.replace(9, 7n, 8n, 99n, 10n), m.delete(9, 8n)],
    events: ["add 3 7 ask 100 50", "cancel 3 7 0", "add 3 8 ask 99 10", "cancel 3 8 0"],
  },
  {
    name: "a replace onto a live id cancels that order too",
    commands: [ADD_7, m.add(2, 8n, 1, 105n, 10n), m.replace(1, 7n, 8n, 99n, 10n)],
    events: [ADDED_7, "add 2 8 ask 105 10", "cancel 1 7 0", "cancel 2 8 0", "add 1 8 bid 99 10"],
    counts: { BOOK_DUPLICATE_ORDERS: 1, BOOK_LIVE_ORDERS: 1 },
  },
  {
    name: "a replace onto its own id is no duplicate",
    commands: [ADD_7, m.replace(1, 7n, 7n, 99n, 10n)],
    events: [ADDED_7, "cancel 1 7 0", "add 1 7 bid 99 10"],
    counts: { BOOK_DUPLICATE_ORDERS: 0 },
  },
  {
    name: "a replace with 0 shares is only the cancel; of an unknown order it is nothing",
    commands: [ADD_7, m.replace(1, 7n, 8n, 99n, 0n), m.replace(1, 7n, 8n, 99n, 5n)],
    events: [ADDED_7, "cancel 1 7 0"],
    counts: { BOOK_ZERO_QUANTITY: 1, BOOK_UNKNOWN_ORDERS: 1 },
  },
];

for (const { name, commands, events, counts } of CASES) {
  test(name, (t) => {
    const { core, stage, sink, counters } = makeStage();
    const model = new SlowModel();
    for (const bytes of commands) {
      feed(stage, bytes);
      model.message(bytes);
    }
    stage.onBatchEnd();
    t.deepEqual(sink.events, [...events]);
    t.deepEqual(model.events, [...events], "the slow model agrees");
    for (const [key, value] of Object.entries(counts ?? {})) {
      t.is(counters.get(C[key as keyof typeof C]), value, key);
    }
    t.deepEqual(checkIntegrity(core), []);
  });
}

test("a new session cancels every order in the order of a snapshot and clears the books", (t) => {
  const { core, stage, sink, counters } = makeStage();
  const model = new SlowModel();
  for (let i = 0; i < 3000; i++) {
    const bytes = m.add(i % 4, BigInt(i), (i & 1) as 0 | 1, BigInt(1 + (i % 13)), 5n);
    feed(stage, bytes);
    model.message(bytes);
  }
  stage.onControl(ChannelControl.END_OF_SESSION);
  t.is(core.liveOrders, 3000);
  sink.events = [];
  model.events = [];
  stage.onControl(ChannelControl.NEW_SESSION);
  model.newSession();
  t.deepEqual(sink.events, model.events);
  t.true(sink.batches >= 2, "batches are closed on the way");
  t.is(core.liveOrders, 0);
  t.is(counters.get(C.BOOK_LIVE_ORDERS), 0);
  t.deepEqual(checkIntegrity(core), []);
});

test("an add without room makes no frame, is counted and marks the books until a new session", (t) => {
  const { stage, sink, counters } = makeStage({ orders: 2, grow: false });
  for (const id of [1n, 2n, 3n]) feed(stage, m.add(0, id, 0, 100n, 5n));
  stage.onBatchEnd();
  t.is(sink.events.length, 2);
  t.true(stage.refused);
  t.is(counters.get(C.BOOK_REFUSED), 1);
  t.is(counters.get(C.BOOK_INCOMPLETE), 1);
  stage.onControl(ChannelControl.NEW_SESSION);
  t.false(stage.refused);
  t.is(counters.get(C.BOOK_INCOMPLETE), 0);
});

test("trades and broken trades touch no book, a directory message names the instrument", (t) => {
  const { core, stage, sink, directory, counters } = makeStage();
  stage.onTrade(1, 0, 100, 0, 5, 0, 1, 0);
  stage.onTradeBroken(1, 1, 0);
  stage.onDirectory(3, 0x41415c4c, 0x20202020);
  stage.onDirectory(99, 0x41415c4c, 0x20202020);
  stage.onBatchEnd();
  t.is(core.liveOrders, 0);
  t.deepEqual(sink.events, []);
  t.is(directory.symbolOf(3), "AA\\x5cL");
  t.is(counters.get(C.BOOK_EVENTS), 4);
});

const smallId = fc.bigInt({ min: 0n, max: 40n });
/** Ids that are near each other, far apart, and equal in their low bits. */
const anyId = fc.oneof(
  smallId,
  smallId.map((id) => id << 20n),
  smallId.map((id) => (id << 32n) | 5n),
  smallId.map((id) => 2n ** 64n - 1n - id),
);
const px = fc.oneof(fc.bigInt({ min: 1n, max: 60n }), fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }));
const qty = fc.oneof(fc.bigInt({ min: 0n, max: 6n }), fc.constant(2n ** 32n - 1n));
const side = fc.constantFrom<0 | 1>(0, 1);
const locate = fc.integer({ min: 0, max: 12 });
const anyMessage = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(locate, anyId, side, px, qty).map((a) => m.add(...a)) },
  { weight: 2, arbitrary: fc.tuple(locate, anyId).map((a) => m.delete(...a)) },
  { weight: 2, arbitrary: fc.tuple(locate, anyId, qty).map((a) => m.cancel(...a)) },
  { weight: 2, arbitrary: fc.tuple(locate, anyId, qty, anyId).map((a) => m.execute(...a)) },
  { weight: 1, arbitrary: fc.tuple(locate, anyId, qty, anyId, px).map((a) => m.executeAt(...a)) },
  { weight: 3, arbitrary: fc.tuple(locate, anyId, anyId, px, qty).map((a) => m.replace(...a)) },
);

test("any stream of messages, right or wrong, does what the slow model says", (t) => {
  const seed = Number(process.env["NYQ_SEED"] ?? Date.now() % 2 ** 31);
  t.log(`NYQ_SEED=${seed}`);
  const stream = fc.array(anyMessage, { minLength: 1, maxLength: 400, size: "max" });
  const property = fc.property(stream, (messages) => {
    const { core, stage, sink, counters } = makeStage();
    const model = new SlowModel();
    for (const bytes of messages) {
      feed(stage, bytes);
      model.message(bytes);
    }
    stage.onBatchEnd();
    t.deepEqual(sink.events, model.events);
    t.is(walkHashHex(core), model.hashHex());
    t.deepEqual(checkIntegrity(core), []);
    t.is(core.liveOrders, model.orders.size);
    t.is(counters.get(C.BOOK_UNKNOWN_ORDERS), model.counts.unknown);
    t.is(counters.get(C.BOOK_DUPLICATE_ORDERS), model.counts.duplicates);
    t.is(counters.get(C.BOOK_OVER_EXECUTIONS), model.counts.overExecutions);
    t.is(counters.get(C.BOOK_OVER_CANCELS), model.counts.overCancels);
    t.is(counters.get(C.BOOK_ZERO_QUANTITY), model.counts.zero);
  });
  fc.assert(property, { seed, numRuns: 150 });
});
