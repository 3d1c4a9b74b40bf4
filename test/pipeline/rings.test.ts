/** Rings that continue a sink in another thread: every call comes out as it went in. */
import test from "ava";
import fc from "fast-check";
import type { BookSink, EventSink, PacketSink } from "../../src/core/sinks.ts";
import { SlotRingReader, SlotRingWriter, takeSlotRing } from "../../src/core/slot-ring.ts";
import {
  CHANGE_SLOT_WORDS,
  ChangeRingSink,
  ChangeRingSource,
} from "../../src/pipeline/change-ring.ts";
import { EVENT_SLOT_WORDS, EventRingSink, EventRingSource } from "../../src/pipeline/event-ring.ts";
import {
  PACKET_SLOT_WORDS,
  PacketRingSink,
  PacketRingSource,
} from "../../src/pipeline/packet-ring.ts";
import { StopPhase, StopWord, takeStopWord } from "../../src/pipeline/stop.ts";

type Call = readonly [method: string, args: readonly number[]];

/** A sink of any interface that writes down what it is called with. */
function recorder<T extends object>(calls: Call[]): T {
  const handler: ProxyHandler<T> = {
    get:
      (_target, method) =>
      (...args: number[]): void =>
        void calls.push([String(method), args]),
  };
  return new Proxy({} as T, handler); // Every property is a method that records.
}

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const call = (method: string, count: number): fc.Arbitrary<Call> =>
  fc.tuple(fc.constant(method), fc.array(word, { minLength: count, maxLength: count }));

/** Sends calls through a ring of `slotWords` and compares what comes out. */
function roundTrip(
  calls: readonly Call[],
  slotWords: number,
  makeSink: (ring: SlotRingWriter, stop: StopWord) => object,
  makeSource: (ring: SlotRingReader, calls: Call[]) => { doWork(): number; isFinished(): boolean },
): Call[] {
  const ref = takeSlotRing(64, slotWords, null);
  const writer = new SlotRingWriter(ref);
  const sink = makeSink(writer, new StopWord(takeStopWord())) as Record<
    string,
    (...args: readonly number[]) => void
  >;
  const out: Call[] = [];
  const source = makeSource(new SlotRingReader(ref), out);
  for (const [method, args] of calls) sink[method]?.(...args);
  sink["onBatchEnd"]?.();
  source.doWork();
  writer.close();
  if (!source.isFinished()) throw new Error("a closed and read ring is finished");
  return out;
}

const EVENT_CALLS = fc.oneof(
  call("onPacketStart", 3),
  call("onAdd", 8),
  call("onExecute", 7),
  call("onExecuteAt", 10),
  call("onReduce", 5),
  call("onDelete", 3),
  call("onReplace", 9),
  call("onTrade", 8),
  call("onTradeBroken", 3),
  call("onDirectory", 3),
  call("onInstrument", 3),
  call("onModifyQuantity", 5),
  call("onExecuteBy", 10),
  call("onClear", 1),
  call("onState", 6),
  call("onIndication", 10),
  call("onControl", 1),
);
const CHANGE_CALLS = fc.oneof(
  call("onPacketStart", 3),
  call("onAdded", 8),
  call("onModified", 8),
  call("onCancelled", 5),
  call("onExecuted", 10),
);
const SEED = process.env["NYQ_SEED"] === undefined ? {} : { seed: Number(process.env["NYQ_SEED"]) };
const atMost60 = (one: fc.Arbitrary<Call>): fc.Arbitrary<Call[]> =>
  fc.array(one, { minLength: 1, maxLength: 60 });

test("every event comes out of its ring as it went in", (t) => {
  fc.assert(
    fc.property(atMost60(EVENT_CALLS), (calls) => {
      const out = roundTrip(
        calls,
        EVENT_SLOT_WORDS,
        (ring, stop) => new EventRingSink(ring, stop),
        (ring, seen) => new EventRingSource(ring, recorder<EventSink>(seen)),
      );
      t.deepEqual(out, [...calls, ["onBatchEnd", []]]);
    }),
    SEED,
  );
});

test("every book change comes out of its ring as it went in", (t) => {
  fc.assert(
    fc.property(atMost60(CHANGE_CALLS), (calls) => {
      const out = roundTrip(
        calls,
        CHANGE_SLOT_WORDS,
        (ring, stop) => new ChangeRingSink(ring, stop),
        (ring, seen) => new ChangeRingSource(ring, recorder<BookSink>(seen)),
      );
      t.deepEqual(out, [...calls, ["onBatchEnd", []]]);
    }),
    SEED,
  );
});

const one = { minLength: 1, maxLength: 1 };

test("packets and controls keep their order in a descriptor ring", (t) => {
  const control = fc.tuple(fc.constant("onControl"), fc.array(fc.integer({ min: 1, max: 9 }), one));
  fc.assert(
    fc.property(atMost60(fc.oneof(call("onPacket", 11), control)), (calls) => {
      const out = roundTrip(
        calls,
        PACKET_SLOT_WORDS,
        (ring, stop) => new PacketRingSink(ring, stop),
        (ring, seen) => new PacketRingSource(ring, recorder<PacketSink>(seen)),
      );
      t.deepEqual(out, [...calls, ["onBatchEnd", []]]);
    }),
    SEED,
  );
});

test("a writer that waits for room gives up when the pipeline does", (t) => {
  const ref = takeSlotRing(2, EVENT_SLOT_WORDS, null);
  const stop = new StopWord(takeStopWord());
  const sink = new EventRingSink(new SlotRingWriter(ref), stop);
  sink.onDelete(1, 2, 3);
  sink.onDelete(1, 2, 4);
  stop.raise(StopPhase.NOW);
  sink.onDelete(1, 2, 5);
  const seen: Call[] = [];
  new EventRingSource(new SlotRingReader(ref), recorder<EventSink>(seen)).doWork();
  t.deepEqual(
    seen.map(([, args]) => args[2]),
    [3, 4, undefined],
  );
});

test("a stop phase is never taken back", (t) => {
  const stop = new StopWord(takeStopWord());
  stop.raise(StopPhase.NOW);
  stop.raise(StopPhase.DRAIN);
  t.is(stop.phase(), StopPhase.NOW);
});
