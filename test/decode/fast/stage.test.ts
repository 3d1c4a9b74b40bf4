import test, { type ExecutionContext } from "ava";
import { Counters, takeCounters } from "../../../src/core/counters.ts";
import { FrameView, takeFrames } from "../../../src/core/frames.ts";
import { takeOddInput, UnknownTypes } from "../../../src/core/odd-input.ts";
import { AGGRESSOR_UNKNOWN, ChannelControl } from "../../../src/core/sinks.ts";
import type { Template } from "../../../src/decode/fast/model.ts";
import { readTemplates } from "../../../src/decode/fast/read-templates.ts";
import { FastStage } from "../../../src/decode/fast/stage.ts";
import type { Fields } from "../../../src/decode/records.ts";
import { C, COUNTER_COUNT } from "../../../src/metrics/counter-table.ts";
import { type Call, RecordingSink } from "../recording-sink.ts";
import { templatesXml } from "./data.ts";
import { fortsDatagram, fortsXml } from "./some-forts.ts";

const SECURITY = 49_630_790n;
const TEMPLATES = readTemplates(fortsXml());
const PRICE = 100_000; // Five decimals.
const ASK_BIT = -(2 ** 31);
const FRAME = 1;

/** A stage with everything around it visible. */
class Stand {
  readonly view = new FrameView(takeFrames(65_536, 2, null));
  readonly counters = new Counters(takeCounters(COUNTER_COUNT));
  readonly sink = new RecordingSink();
  readonly unknown = new UnknownTypes(takeOddInput());
  readonly released: number[] = [];
  readonly stage: FastStage;

  constructor(templates: readonly Template[] = TEMPLATES, isByArrival = false) {
    this.stage = new FastStage({
      templates,
      isByArrival,
      frames: [this.view, this.view, this.view],
      owner: { release: (_feed, frame) => void this.released.push(frame) },
      sink: this.sink,
      counters: this.counters,
      instruments: 16,
      unknownTypes: this.unknown,
    });
  }

  /** Hands a datagram on as merge does; seq 0 for one beside the numbered stream. */
  give(bytes: Uint8Array, seq: number, feed = 0): void {
    this.view.bytes.fill(0xff);
    this.view.bytes.set(bytes, this.view.frameBytes + 100);
    this.stage.onPacket(feed, FRAME, 100, bytes.length, 0, 0, 0, seq, 0, 0, 1);
    this.stage.onBatchEnd();
  }

  increment(seq: number, ...entries: Fields[]): void {
    this.give(increment(seq, ...entries), seq);
  }

  snapshot(rpt: number, lastSeq: number, ...entries: Fields[]): void {
    this.give(snapshot(1, rpt, lastSeq, ...entries), 0);
  }

  /** Calls since the last time. */
  calls(): readonly Call[] {
    return this.sink.calls.splice(0);
  }

  count(slot: number): number {
    return this.counters.get(slot);
  }
}

function increment(seq: number, ...entries: Fields[]): Uint8Array {
  const MDEntries = entries.map((each) => ({ SecurityID: SECURITY, ...each }));
  return fortsDatagram(TEMPLATES, "DefaultIncrementalRefreshMessage", seq, { MDEntries });
}

function snapshot(seq: number, rpt: number, lastSeq: number, ...MDEntries: Fields[]): Uint8Array {
  const head = { RptSeq: rpt, LastMsgSeqNumProcessed: lastSeq, SecurityID: SECURITY };
  return fortsDatagram(TEMPLATES, "DefaultSnapshotMessage", seq, { ...head, MDEntries });
}

function level(type: string, rank: number, px: number, size: number): Fields {
  return {
    MDEntryType: type,
    MarketDepth: 5,
    MDPriceLevel: rank,
    MDEntryPx: { exponent: 0, mantissa: BigInt(px) },
    MDEntrySize: BigInt(size),
  };
}

const change = (action: number, rpt: number, entry: Fields): Fields => {
  return { ...entry, MDUpdateAction: action, RptSeq: rpt };
};

/** A stand with one live book: bid 100 × 5, ask 101 × 7, at message 10 and RptSeq 3. */
function live(t: ExecutionContext): Stand {
  const stand = new Stand();
  stand.snapshot(3, 10, level("0", 1, 100, 5), level("1", 1, 101, 7));
  const bid = 100 * PRICE;
  const ask = 101 * PRICE;
  t.deepEqual(stand.calls(), [
    ["onInstrument", 0, Number(SECURITY), 0],
    ["onAdd", 0, bid, 0, 0, bid, 0, 5, 0],
    ["onAdd", 0, ask, ASK_BIT, 1, ask, 0, 7, 0],
  ]);
  // The first number of the stream, 11 came before: the snapshot proves nothing of it.
  stand.increment(12);
  t.is(stand.count(C.FAST_STALE_INSTRUMENTS), 1);
  stand.snapshot(3, 11, level("0", 1, 100, 5), level("1", 1, 101, 7));
  t.is(stand.count(C.FAST_STALE_INSTRUMENTS), 0);
  t.deepEqual(stand.calls(), []);
  return stand;
}

test("levels are orders whose id is the price, asks with bit 63 flipped", (t) => {
  const stand = live(t);
  const low = 99 * PRICE;
  const ask = 101 * PRICE;
  stand.increment(
    13,
    change(0, 4, level("0", 2, 99, 9)),
    change(1, 5, level("1", 1, 101, 8)),
    change(2, 6, level("0", 2, 99, 0)),
  );
  t.deepEqual(stand.calls(), [
    ["onAdd", 0, low, 0, 0, low, 0, 9, 0],
    ["onModifyQuantity", 0, ask, ASK_BIT, 8, 0],
    ["onDelete", 0, low, 0],
  ]);
  t.is(stand.count(C.FAST_ENTRIES), 3);
  t.deepEqual(stand.stage.types(), {
    DefaultIncrementalRefreshMessage: 2,
    DefaultSnapshotMessage: 2,
    Reset: 4,
  });
  t.is(stand.count(C.DECODE_MESSAGES), 8);
  t.is(stand.released.length, 4);
});

test("trades, an emptied book and a state are told, and a trade waits for no snapshot", (t) => {
  const stand = live(t);
  const trade = { ...level("2", 1, 100, 3), MDEntryID: 77n, MDUpdateAction: 0 };
  stand.increment(13, { ...trade, RptSeq: 4 }, change(0, 5, { MDEntryType: "J" }));
  stand.increment(14, { ...trade, RptSeq: 9, SecurityID: 5n });
  const symbol = { SecurityID: SECURITY, Symbol: "RTS-9.13", SecurityTradingStatus: 17 };
  stand.give(fortsDatagram(TEMPLATES, "SecurityStatus", 15, symbol), 15);
  const px = 100 * PRICE;
  const bytes = Buffer.from("RTS-9.13");
  t.deepEqual(stand.calls(), [
    ["onTrade", 0, AGGRESSOR_UNKNOWN, px, 0, 3, 0, 77, 0],
    ["onDelete", 0, px, 0],
    ["onDelete", 0, 101 * PRICE, ASK_BIT],
    ["onInstrument", 1, 5, 0],
    ["onTrade", 1, AGGRESSOR_UNKNOWN, px, 0, 3, 0, 77, 0],
    ["onState", 0, 2, 17, 255, 255, 255],
    ["onDirectory", 0, bytes.readInt32BE(0), bytes.readInt32BE(4)],
  ]);
  t.is(stand.count(C.FAST_GAPS), 0);
});

test("a body that cannot be read leaves what stands before it and makes books stale", (t) => {
  const stand = live(t);
  const whole = increment(13, change(0, 4, level("0", 2, 99, 9)));
  stand.give(Uint8Array.from([...whole, ...increment(14).subarray(0, 4)]), 13);
  t.is(stand.calls().length, 1);
  t.is(stand.count(C.DECODE_MALFORMED), 1);
  t.is(stand.count(C.FAST_CUT), 1);
  t.is(stand.count(C.FAST_UNREADABLE), 1);
  t.is(stand.count(C.FAST_STALE_INSTRUMENTS), 1);
  const levels = [level("0", 1, 100, 5), level("0", 2, 99, 9), level("1", 1, 101, 7)];
  stand.snapshot(4, 13, ...levels);
  t.is(stand.count(C.FAST_STALE_INSTRUMENTS), 0);
  stand.give(increment(14, change(1, 5, level("0", 2, 99, 8))).subarray(0, -2), 14);
  t.is(stand.count(C.FAST_STALE_INSTRUMENTS), 1);
  t.is(stand.count(C.FAST_SNAPSHOTS_DIFFERENT), 0);
  // The sequence went on: the next message is no hole of its own, and RptSeq tells what is missing.
  stand.increment(15, change(1, 6, level("0", 2, 99, 7)));
  t.is(stand.count(C.FAST_GAPS), 0);
  t.is(stand.count(C.FAST_RPT_GAPS), 1);
  t.deepEqual(stand.calls(), []);
  stand.snapshot(6, 15, level("0", 1, 100, 5), level("0", 2, 99, 7), level("1", 1, 101, 7));
  t.is(stand.count(C.FAST_STALE_INSTRUMENTS), 0);
  t.is(stand.count(C.FAST_SNAPSHOTS_SET), 2);
});

test("unknown templates are counted by their identifier, errors by their code", (t) => {
  const stand = live(t);
  const odd = (id: number): Uint8Array => Uint8Array.from([0xc0, 0xf8, 0xc0, 0x80 + id]);
  for (const id of [5, 5, 6]) stand.give(odd(id), 0);
  t.deepEqual(stand.unknown.byId(), { 5: 2, 6: 1 });
  t.is(stand.count(C.DECODE_UNKNOWN_TYPE), 3);
  t.is(stand.count(C.FAST_D9), 3);
  // Beside the numbered stream: whether events are missing shows by the next number.
  t.is(stand.count(C.FAST_STALE_INSTRUMENTS), 0);
  stand.increment(14);
  t.is(stand.count(C.FAST_GAPS), 1);
  t.is(stand.count(C.FAST_STALE_INSTRUMENTS), 1);
});

test("a new session forgets books without a word and keeps instruments", (t) => {
  const stand = live(t);
  stand.stage.onControl(ChannelControl.NEW_SESSION);
  t.deepEqual(stand.calls(), [["onControl", ChannelControl.NEW_SESSION]]);
  stand.increment(1, change(0, 1, level("0", 1, 100, 5)));
  t.is(stand.count(C.FAST_STALE_INSTRUMENTS), 1);
  t.deepEqual(stand.calls(), []);
  stand.snapshot(1, 1, level("0", 1, 100, 5));
  t.deepEqual(stand.calls(), [["onAdd", 0, 100 * PRICE, 0, 0, 100 * PRICE, 0, 5, 0]]);
});

test("templates of no known venue are decoded and counted, each feed by its own memory", (t) => {
  const xml = templatesXml(`<template name="T" id="1">
    <uInt32 name="MsgSeqNum"><increment/></uInt32></template>`);
  const stand = new Stand(readTemplates(xml), true);
  t.is(stand.stage.books, null);
  // Numbers 7, 8 on A; B has to be told its own 7.
  stand.give(Uint8Array.from([0xe0, 0x81, 0x87]), 0, 0);
  stand.give(Uint8Array.from([0x80]), 0, 0);
  t.is(stand.count(C.FAST_D5), 0);
  stand.give(Uint8Array.from([0x80]), 0, 1);
  t.is(stand.count(C.FAST_D5), 1);
  stand.give(Uint8Array.from([0xe0, 0x81, 0x87]), 0, 1);
  t.deepEqual(stand.stage.types(), { T: 3 });
});
