/** Ticks: which prices are none, for which instruments, and that everything is passed on as it is. */
import test from "ava";
import fc from "fast-check";
import { TickResult, TickSink, Ticks } from "../../src/book/ticks.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import type { Reference } from "../../src/core/reference.ts";
import { C, COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import { RecordingSink } from "../decode/recording-sink.ts";

function row(key: string, ...ticks: [from: number | null, tick: number][]) {
  return { key, ticks: ticks.map(([from, tick]) => ({ from, tick })), fields: {} };
}

function halves(value: bigint): [number, number] {
  return [Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))];
}

function check(ticks: Ticks, instrument: number, price: bigint): number {
  return ticks.check(instrument, ...halves(price));
}

const { OFF, ON, UNCHECKED } = TickResult;

test("a price is held against its instrument's tick, wide and negative ones too", (t) => {
  const reference: Reference = [
    row("1", [null, 100]),
    row("3", [null, 5_000_000_000]),
    row("9", [null, 1]),
  ];
  const ticks = new Ticks(reference, 4, true);
  t.deepEqual(
    [0n, 100n, 150n, 2n ** 31n * 100n, 2n ** 31n * 100n + 1n, -100n, -1n].map((px) =>
      check(ticks, 1, px),
    ),
    [ON, ON, OFF, ON, OFF, ON, OFF],
  );
  t.is(check(ticks, 3, 15_000_000_000n), ON);
  t.is(check(ticks, 3, 15_000_000_001n), OFF);
  t.is(check(ticks, 0, 7n), ON);
  t.is(check(ticks, 2, 7n), ON);
  // Beyond the table, no price, and beyond what a double holds.
  t.is(check(ticks, 9, 7n), ON);
  t.is(check(ticks, -1, 7n), ON);
  t.is(check(ticks, 1, -(2n ** 63n)), ON);
  t.is(check(ticks, 1, 2n ** 53n), UNCHECKED);
  t.is(check(ticks, 1, 2n ** 53n - 1n), OFF);
  t.is(check(ticks, 1, -(2n ** 53n) - 1n), UNCHECKED);
});

test("a table of ticks by price is the plain one's, on any price", (t) => {
  const ranges = fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { maxLength: 5 });
  const tick = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(
      ranges,
      fc.array(tick, { minLength: 6, maxLength: 6 }),
      fc.integer(),
      (froms, sizes, px) => {
        const starts = [null, ...froms.sort((a, b) => a - b)];
        const list = starts.map((from, i): [number | null, number] => [from, sizes[i] ?? 1]);
        const ticks = new Ticks([row("5", ...list)], 6, true);
        const price = px % 3000;
        const holds = list.filter(([from]) => from === null || from <= price).at(-1);
        t.is(check(ticks, 5, BigInt(price)), price % (holds?.[1] ?? 1) === 0 ? ON : OFF);
      },
    ),
    { ...(process.env["NYQ_SEED"] && { seed: Number(process.env["NYQ_SEED"]) }) },
  );
  const ticks = new Ticks([row("5", [100, 7])], 6, true);
  t.is(check(ticks, 5, 14n), ON);
  t.is(check(ticks, 5, 15n), OFF);
});

test("ids that are announced and symbols find their ticks; an id's win, a symbol's may move", (t) => {
  const reference = [
    row("18446744073709551615", [null, 10]),
    row("AAPL", [null, 3]),
    row("0", [null, 9]),
  ];
  const ticks = new Ticks(reference, 4, false);
  t.is(check(ticks, 0, 1n), ON);
  ticks.onInstrument(2, -1, -1);
  ticks.onInstrument(0, 0, 0);
  t.is(check(ticks, 2, 11n), OFF);
  t.is(check(ticks, 0, 10n), OFF);
  const [high, low] = [0x4141504c, 0x20202020];
  ticks.onDirectory(2, high, low);
  ticks.onDirectory(3, high, low);
  ticks.onDirectory(99, high, low);
  t.is(check(ticks, 2, 3n), OFF);
  t.deepEqual([check(ticks, 3, 3n), check(ticks, 3, 4n)], [ON, OFF]);
  ticks.onDirectory(3, 0x4d534654, low);
  t.is(check(ticks, 3, 4n), ON);
  ticks.onDirectory(1, high, low);
  t.is(check(ticks, 1, 4n), OFF);
});

test("what is off its tick is counted, and every call goes on unchanged", (t) => {
  const counters = new Counters(takeCounters(COUNTER_COUNT));
  const next = new RecordingSink();
  const sink = new TickSink(new Ticks([row("1", [null, 100])], 8, true), next, counters);
  const plain = new RecordingSink();
  for (const one of [sink, plain]) {
    one.onPacketStart(1, 2, 3);
    one.onDirectory(1, 5, 6);
    one.onInstrument(2, 7, 8);
    one.onAdd(1, 1, 2, 0, 150, 0, 5, 6);
    one.onAdd(1, 1, 2, 1, 200, 0, 5, 6);
    one.onAdd(1, 1, 2, 1, 0, 0x7fff_ffff, 5, 6);
    one.onReplace(1, 1, 2, 3, 4, 201, 0, 7, 8);
    one.onExecute(1, 1, 2, 3, 4, 5, 6);
    one.onExecuteAt(1, 1, 2, 3, 4, 151, 0, 5, 6, 1);
    one.onExecuteBy(1, 1, 2, 3, 4, 5, 6, 7, 1, 0);
    one.onReduce(1, 1, 2, 3, 4);
    one.onDelete(1, 1, 2);
    one.onTrade(1, 0, 151, 0, 1, 2, 3, 4);
    one.onTradeBroken(1, 2, 3);
    one.onModifyQuantity(1, 2, 3, 4, 5);
    one.onClear(1);
    one.onState(1, 2, 3, 4, 5, 6);
    one.onIndication(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    one.onControl(1);
    one.onBatchEnd();
  }
  t.deepEqual(next.calls, plain.calls);
  t.is(next.calls.length, 18);
  t.deepEqual([next.packetStarts, next.batchEnds], [1, 1]);
  t.is(counters.get(C.BOOK_OFF_TICK), 2);
  t.is(counters.get(C.BOOK_TICK_UNCHECKED), 1);
});
