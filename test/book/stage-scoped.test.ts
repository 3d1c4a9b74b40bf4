/** The book stage under protocols whose orders belong to an instrument and keep their place. */
import test from "ava";
import { ChannelControl } from "../../src/core/sinks.ts";
import { C } from "../../src/metrics/counter-table.ts";
import { makeStage } from "./support.ts";

const UNKNOWN = 255;
/** An instrument id that fits no 32 bits. */
const ID = [-5, 3] as const;

function scoped() {
  const made = makeStage({ scoped: true });
  const { stage, sink } = made;
  stage.onInstrument(0, ...ID);
  stage.onInstrument(1, 9, 0);
  stage.onAdd(0, 7, 0, 0, 100, 0, 50, 0);
  stage.onAdd(0, 8, 0, 0, 100, 0, 20, 0);
  stage.onAdd(1, 7, 0, 1, 105, 0, 30, 0);
  sink.events.length = 0;
  return made;
}

test("an id may rest once in each instrument, under the ids that were told", (t) => {
  const { core, directory } = scoped();
  t.is(core.liveOrders, 3);
  t.deepEqual([...core.instrumentIds.subarray(0, 4)], [...ID, 9, 0]);
  t.deepEqual([directory.lo[0], directory.hi[0], directory.idsTold()], [...ID, 2]);
});

test("a changed quantity keeps the place; 0 is the end, of an unknown order nothing", (t) => {
  const { core, stage, sink, counters } = scoped();
  stage.onModifyQuantity(0, 7, 0, 60, 0);
  stage.onModifyQuantity(0, 9, 0, 60, 0);
  t.is(core.firstOrder(core.best(0, 0)), core.find(0, 7, 0));
  stage.onModifyQuantity(0, 7, 0, 0, 0);
  t.deepEqual(sink.events, ["modify 0 7 0 60 1", "cancel 0 7 0"]);
  stage.onBatchEnd();
  t.is(counters.get(C.BOOK_UNKNOWN_ORDERS), 1);
  t.is(counters.get(C.BOOK_ZERO_QUANTITY), 1);
  t.is(core.liveOrders, 2);
});

test("an execution says its aggressor, is clipped, and a whole one leaves nothing", (t) => {
  const { core, stage, sink, counters } = scoped();
  stage.onExecuteBy(0, 7, 0, 10, 0, 101, 0, 900, UNKNOWN, 0);
  stage.onExecuteBy(0, 7, 0, 15, 0, 101, 0, 901, 1, 1);
  stage.onExecuteBy(0, 8, 0, 21, 0, 101, 0, 902, 1, 1);
  stage.onExecuteBy(1, 7, 0, 0, 0, 101, 0, 903, 0, 0);
  stage.onExecuteBy(1, 99, 0, 1, 0, 101, 0, 904, 0, 0);
  t.deepEqual(sink.events, [
    "execute 0 7 10 101 ? 900",
    "execute 0 7 15 101 sell 901",
    "cancel 0 7 0",
    "execute 0 8 20 101 sell 902",
  ]);
  stage.onBatchEnd();
  const count = (key: keyof typeof C): number => counters.get(C[key]);
  t.is(count("BOOK_SHORT_EXECUTIONS"), 1);
  t.is(count("BOOK_OVER_EXECUTIONS"), 1);
  t.is(count("BOOK_ZERO_QUANTITY"), 1);
  t.is(count("BOOK_UNKNOWN_ORDERS"), 1);
  t.is(count("BOOK_CHANGES"), 3 + 4);
  t.is(core.liveOrders, 1);
});

test("a cleared instrument's orders are cancelled in a snapshot's order, the others stay", (t) => {
  const { core, stage, sink } = scoped();
  stage.onClear(0);
  stage.onClear(0);
  t.deepEqual(sink.events, ["cancel 0 7 0", "cancel 0 8 0"]);
  t.is(core.liveOrders, 1);
  t.is(core.find(0, 7, 0), -1);
});

test("a new session empties the books and keeps the instruments", (t) => {
  const { core, stage, sink } = scoped();
  stage.onControl(ChannelControl.NEW_SESSION);
  t.is(sink.events.length, 3);
  t.is(core.liveOrders, 0);
  stage.onAdd(0, 7, 0, 0, 100, 0, 50, 0);
  t.deepEqual([...core.instrumentIds.subarray(0, 4)], [...ID, 9, 0]);
});
