/** EOBI 14.1: framing and decoder against vectors, a real day rendered as EOBI, and damage. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { BookCore } from "../../src/book/core.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { FrameView, takeFrames } from "../../src/core/frames.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import type { EventSink } from "../../src/core/sinks.ts";
import { EobiDecoder } from "../../src/decode/eobi/decoder.ts";
import { EobiFraming } from "../../src/decode/eobi/framing.ts";
import { Instruments } from "../../src/decode/eobi/instruments.ts";
import { TEMPLATE_FIRST } from "../../src/decode/eobi/layout.ts";
import { FramingKind } from "../../src/decode/framing.ts";
import { C, COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import { messagesOf, WalkModel } from "../convert/lobster-walk.ts";
import { EobiBook } from "./eobi-book.ts";
import { EobiRenderer, eobiMessage, eobiPacket, type Fields } from "./eobi-encoder.ts";
import { lobsterDay } from "./lobster-day.ts";
import { type Call, RecordingSink } from "./recording-sink.ts";

const SHARED = process.env["NYQ_SHARED"] ?? join(PACKAGE_ROOT, "..", "shared");
const FRAME_BYTES = 16_384;

/** Framing and decoder, with bytes at the very end of the region so that a read beyond throws. */
function stand<S extends EventSink>(sink: S, instruments = 1024) {
  const view = new FrameView(takeFrames(FRAME_BYTES, 2, null));
  const counters = new Counters(takeCounters(COUNTER_COUNT));
  const released: number[] = [];
  const owner = { release: (_feed: number, frame: number) => void released.push(frame) };
  const decoder = new EobiDecoder({ frames: [view], owner, sink, counters, instruments });
  const framing = new EobiFraming();
  const take = (packet: Uint8Array): number => {
    const offset = FRAME_BYTES - packet.length;
    view.bytes.set(packet, FRAME_BYTES + offset);
    const start = FRAME_BYTES + offset;
    const kind = framing.read(view.bytes, view.data, start, packet.length);
    const { seqLo, seqHi, firstOffset, count } = framing;
    if (kind !== FramingKind.DATA && kind !== FramingKind.UNSEQUENCED) return kind;
    const { length } = packet;
    decoder.onPacket(0, 1, offset, length, 0, 0, 0, seqLo, seqHi, firstOffset, count);
    return kind;
  };
  return { sink, decoder, framing, counters, released, take, view };
}

const lo = (value: bigint | number): number => Number(BigInt.asIntN(32, BigInt(value)));
const hi = (value: bigint | number): number => Number(BigInt.asIntN(32, BigInt(value) >> 32n));

/** JSON with every integer as a bigint. */
function parseBig(json: string): unknown {
  const quoted = json.replace(/"(?:[^"\\]|\\.)*"|-?\d+/g, (token) => {
    return token.startsWith('"') ? token : `"#${token}"`;
  });
  return JSON.parse(quoted, (_key, value: unknown) => {
    return typeof value === "string" && value.startsWith("#") ? BigInt(value.slice(1)) : value;
  });
}

interface VectorPacket {
  readonly messages: {
    readonly message: string;
    readonly MsgSeqNum: bigint | null;
    readonly fields: Record<string, bigint | string | null | Record<string, bigint | null>>;
  }[];
}

/** Payloads of a pcap with Ethernet, IPv4 and UDP, which the vectors are. */
function payloads(pcap: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 24; at < pcap.length; ) {
    const bytes = pcap.readUInt32LE(at + 8);
    found.push(pcap.subarray(at + 16 + 42, at + 16 + bytes));
    at += 16 + bytes;
  }
  return found;
}

/** The halves of a priority as an order id. */
function idOf(priority: bigint, side: bigint): [number, number] {
  return [lo(priority), hi(priority) ^ ((Number(side) - 1) << 31)];
}

/** The call that an order message of the vectors has to give, or null for the others. */
function expectedCall(
  message: string,
  fields: VectorPacket["messages"][number]["fields"],
  index: number,
  aggressor: number,
): Call | null {
  const big = (name: string, from: Record<string, unknown> = fields): bigint => {
    const value = from[name] ?? -(2n ** 63n);
    return value as bigint;
  };
  const details = (fields["OrderDetails"] ?? {}) as Record<string, bigint | null>;
  const side = big("Side", "Side" in fields ? fields : details);
  const pair = (value: bigint): [number, number] => [lo(value), hi(value)];
  const own = (): [number, number] => idOf(big("TrdRegTSTimePriority", details), side);
  const qty = (): [number, number] => pair(big("DisplayQty", details));
  const px = (): [number, number] => pair(big("Price", details));
  switch (message) {
    case "OrderAdd":
      return ["onAdd", index, ...own(), Number(side) - 1, ...px(), ...qty()];
    case "OrderDelete":
      return ["onDelete", index, ...own()];
    case "OrderModify": {
      const before = idOf(big("TrdRegTSPrevTimePriority"), side);
      return ["onReplace", index, ...before, ...own(), ...px(), ...qty()];
    }
    case "OrderModifySamePrio":
      return ["onModifyQuantity", index, ...own(), ...qty()];
    case "OrderMassDelete":
      return ["onClear", index];
    case "FullOrderExecution":
    case "PartialOrderExecution": {
      const id = idOf(big("TrdRegTSTimePriority"), side);
      const what = [...pair(big("LastQty")), ...pair(big("LastPx")), lo(big("TrdMatchID"))];
      return ["onExecuteBy", index, ...id, ...what, aggressor, message.startsWith("F") ? 1 : 0];
    }
    default:
      return null;
  }
}

test("the vectors' order messages come out with every value, under their instruments", (t) => {
  const file = join(SHARED, "data", "eobi", "eobi14_1_vectors_dev.pcap");
  if (!existsSync(file)) {
    t.log("skipped: no shared data");
    t.pass();
    return;
  }
  const vectors = parseBig(readFileSync(file.replace(".pcap", ".json"), "utf8")) as VectorPacket[];
  const packets = payloads(readFileSync(file));
  const { sink, decoder, counters, view } = stand(new RecordingSink());
  let orders = 0;
  for (const [i, { messages }] of vectors.entries()) {
    const packet = packets[i] as Buffer;
    // The vectors' sequences have holes inside packets, which the framing would refuse.
    view.bytes.set(packet, FRAME_BYTES);
    const before = sink.calls.length;
    const { length } = packet;
    decoder.onPacket(0, 1, 0, length, 0, 0, 0, 1, 0, 32, messages.length);
    const got = sink.calls.slice(before).filter(([name]) => name !== "onInstrument");
    const wanted: Call[] = [];
    for (const { message, fields } of messages) {
      if (!("SecurityID" in fields)) continue;
      const id = fields["SecurityID"] as bigint;
      const index = decoder.instruments.find(lo(id), hi(id));
      const call = expectedCall(message, fields, index, 255);
      if (call !== null) wanted.push(call);
    }
    orders += wanted.length;
    const names = new Set(wanted.map(([name]) => name));
    const same = got.filter(([name]) => names.has(name));
    const plain = same.map((call) => (call[0] === "onExecuteBy" ? call.with(9, 255) : call));
    t.deepEqual(plain as unknown, wanted as unknown, `packet ${i + 1}`);
  }
  t.is(orders, 54);
  t.is(counters.get(C.DECODE_MESSAGES), 166);
  t.is(counters.get(C.DECODE_MALFORMED), 0);
  const counted = decoder.typeCounts.reduce((sum, count) => sum + count, 0);
  t.is(counted, 166);
  t.is(decoder.typeCounts.filter((count) => count > 0).length, 26);
});

/** An order's details. */
function details(priority: bigint, side: number, px: bigint, qty: bigint): Fields {
  return { TrdRegTSTimePriority: priority, DisplayQty: qty, Side: side, Price: px };
}

test("an aggressor is the one of the summary before it, in the same transaction", (t) => {
  const { sink, take } = stand(new RecordingSink());
  const execution = (security: bigint, seq: number): Buffer =>
    eobiMessage(
      "PartialOrderExecution",
      {
        Side: 1,
        TrdMatchID: 5,
        TrdRegTSTimePriority: 9n,
        SecurityID: security,
        LastQty: 1,
        LastPx: 2,
      },
      seq,
    );
  const summary = (side: number | null, seq: number): Buffer =>
    eobiMessage("ExecutionSummary", { SecurityID: 1n, AggressorSide: side, LastQty: 1 }, seq);
  take(eobiPacket([summary(2, 1), execution(1n, 2), execution(2n, 3)], { complete: false }));
  take(eobiPacket([execution(1n, 4)]));
  take(
    eobiPacket([
      execution(1n, 5),
      summary(1, 6),
      execution(1n, 7),
      summary(null, 8),
      execution(1n, 9),
    ]),
  );
  const told = sink.calls.filter(([name]) => name === "onExecuteBy").map((call) => call[9]);
  t.deepEqual(told, [1, 255, 1, 255, 0, 255]);
});

test("negative prices, 64-bit instruments and orders without a price stay as they are", (t) => {
  const { sink, take } = stand(new RecordingSink());
  const security = -(2n ** 62n) - 5n;
  const add = (priority: bigint, side: number, px: bigint | null, seq: number): Buffer =>
    eobiMessage(
      "OrderAdd",
      { SecurityID: security, OrderDetails: { ...details(priority, side, 0n, 7n), Price: px } },
      seq,
    );
  t.is(
    take(eobiPacket([add(2n ** 63n - 1n, 2, -18_000_000n, 1), add(3n, 1, null, 2)])),
    FramingKind.DATA,
  );
  t.deepEqual(sink.calls as unknown, [
    ["onInstrument", 0, lo(security), hi(security)],
    ["onAdd", 0, -1, -1, 1, lo(-18_000_000n), -1, 7, 0],
    ["onAdd", 0, 3, 0, 0, 0, -(2 ** 31), 7, 0],
  ]);
});

test("what touches no book comes out as trades, states, indications and directory", (t) => {
  const { sink, take } = stand(new RecordingSink());
  const entries = [{ SecurityID: 9n, SecurityStatus: 2, SecurityTradingStatus: 210 }];
  take(
    eobiPacket([
      eobiMessage("AddFlexibleInstrument", { SecurityID: 9n, SecurityDesc: "FGBL SI 20" }, 1),
      eobiMessage("TradeReport", { SecurityID: 9n, LastQty: 5, LastPx: 6, TrdMatchID: 7 }, 2),
      eobiMessage("TradeReversal", { SecurityID: 9n, TrdMatchID: 7, NoMDEntries: 0 }, 3),
      eobiMessage(
        "ProductStateChange",
        { TradSesStatus: 2, TradingSessionSubID: 3, FastMarketIndicator: 0 },
        4,
      ),
      eobiMessage(
        "MassInstrumentStateChange",
        { SecurityMassStatus: 1, FastMarketIndicator: 1, NoRelatedSym: 1, SecMassStatGrp: entries },
        5,
      ),
      eobiMessage(
        "TopOfBook",
        { SecurityID: 9n, BidPx: 1, OfferPx: 2, BidSize: 3, OfferSize: null },
        6,
      ),
      eobiMessage("QuoteRequest", { SecurityID: 9n, LastQty: 4, Side: 1 }, 7),
    ]),
  );
  const none = [0, -(2 ** 31)];
  t.deepEqual(sink.calls as unknown, [
    ["onInstrument", 0, 9, 0],
    ["onDirectory", 0, 0x4647424c, 0x20534920],
    ["onTrade", 0, 255, 6, 0, 5, 0, 7, 0],
    ["onTradeBroken", 0, 7, 0],
    ["onState", -1, 0, 2, 3, 255, 0],
    ["onState", -1, 1, 1, 255, 255, 1],
    ["onState", 0, 2, 2, 210, 255, 1],
    ["onIndication", 0, 1, 1, 0, 3, 0, 2, 0, ...none],
    ["onIndication", 0, 3, ...none, 4, 0, ...none, ...none],
  ]);
});

test("the LOBSTER day rendered as EOBI gives the day's books, in queue order, at every step", async (t) => {
  const day = await lobsterDay();
  if (day === null) {
    t.log("skipped: no shared data");
    t.pass();
    return;
  }
  const security = (locate: number): bigint => 2n ** 40n + BigInt(locate);
  const renderer = new EobiRenderer(security);
  const model = new WalkModel();
  const options = { orders: 1 << 16, levels: 1 << 14, instruments: 16 };
  const core = new BookCore({ ...options, hash: false, grow: true, scoped: true });
  const { sink, take, counters, released } = stand(new EobiBook(core));
  let pending: Buffer[] = [];
  let messages = 0;
  let packets = 0;
  const compare = (): void => {
    const got = rowsOf(core);
    const wanted = modelRows(model);
    if (got !== wanted) t.is(got, wanted, `after ${messages} messages`);
  };
  for (const message of messagesOf(day)) {
    model.apply(message);
    pending.push(...renderer.render(message));
    if (++messages % 7 !== 0) continue;
    if (pending.length === 0) continue;
    t.is(take(eobiPacket(pending, { applSeq: ++packets })), FramingKind.DATA);
    pending = [];
    if (packets % 500 === 0) compare();
  }
  if (pending.length > 0) take(eobiPacket(pending));
  compare();
  t.true(messages > 100_000);
  t.is(sink.wrong, 0);
  t.is(counters.get(C.DECODE_MESSAGES), renderer.seq - 1);
  t.is(counters.get(C.DECODE_MALFORMED), 0);
  t.is(released.length, counters.get(C.DECODE_PACKETS));
  const [buys = 0, sells = 0, unknown = 0] = sink.aggressors;
  t.true(buys > 1000 && sells > 1000);
  t.is(unknown, 0);
});

/** Every order as side, price, quantity, best price first, in queue order. */
function rowsOf(core: BookCore): string {
  let rows = "";
  for (let side = 0; side < 2; side++) {
    for (let level = core.firstLevel(0, side); level >= 0; level = core.nextLevel(level)) {
      const px = (BigInt(core.levelPxHi(level)) << 32n) | BigInt(core.levelPxLo(level) >>> 0);
      for (let order = core.firstOrder(level); order >= 0; order = core.nextOrder(order)) {
        const qty = (BigInt(core.orderQtyHi(order)) << 32n) | BigInt(core.orderQtyLo(order) >>> 0);
        rows += `${side} ${px} ${qty}\n`;
      }
    }
  }
  return rows;
}

function modelRows(model: WalkModel): string {
  let rows = "";
  for (const side of [0, 1]) {
    for (const { px, queue } of model.sides.get(`1:${side}`) ?? []) {
      for (const { qty } of queue) {
        rows += `${side} ${BigInt(px) * 10_000n} ${BigInt(qty) * 10_000n}\n`;
      }
    }
  }
  return rows;
}

test("framing: sequences over all templates, heartbeats, and what is refused", (t) => {
  const { framing, take } = stand(new RecordingSink());
  const any = (seq: number | null): Buffer => eobiMessage("QuoteRequest", { SecurityID: 1n }, seq);
  const state = eobiMessage("ProductStateChange", { TradSesStatus: 1 }, 42);
  t.is(take(eobiPacket([any(41), state, any(43)])), FramingKind.DATA);
  t.deepEqual([framing.seq[0], framing.seqLo, framing.count, framing.sessionHi], [41, 41, 3, 1373]);
  const heartbeat = eobiMessage("Heartbeat", { LastMsgSeqNumProcessed: 43 });
  t.is(take(eobiPacket([heartbeat])), FramingKind.HEARTBEAT);
  t.deepEqual([framing.seq[0], framing.count], [44, 0]);
  t.is(take(eobiPacket([any(0)])), FramingKind.UNSEQUENCED);
  const good = eobiPacket([any(1), any(2)]);
  const refused: [Uint8Array, number][] = [
    [eobiPacket([any(1), any(3)]), FramingKind.SEQUENCE],
    [eobiPacket([any(null)]), FramingKind.SEQUENCE],
    [eobiPacket([heartbeat, any(44)]), FramingKind.SEQUENCE],
    [eobiPacket([]), FramingKind.SEQUENCE],
    [good.subarray(0, 31), FramingKind.SHORT],
    [good.subarray(0, good.length - 1), FramingKind.BLOCKS],
    [Buffer.concat([good, Buffer.alloc(1)]), FramingKind.BLOCKS],
    [Buffer.concat([good, Buffer.alloc(8)]), FramingKind.BLOCKS],
  ];
  for (const [packet, kind] of refused) t.is(take(packet), kind);
  const otherHeader = Buffer.from(good);
  otherHeader.writeUInt16LE(13_005, 2);
  t.is(take(otherHeader), FramingKind.FOREIGN);
  // 13002 is 6.0's header, too: there, an OrderAdd has 48 bytes.
  const otherLength = Buffer.alloc(48);
  otherLength.writeUInt16LE(48, 0);
  otherLength.writeUInt16LE(13_100, 2);
  otherLength.writeUInt32LE(1, 4);
  t.is(take(eobiPacket([otherLength])), FramingKind.FOREIGN);
  const unknown = Buffer.from(otherLength);
  unknown.writeUInt16LE(13_999, 2);
  t.is(take(eobiPacket([unknown, any(2)])), FramingKind.DATA);
});

test("skip steps over messages and refuses what does not fit", (t) => {
  const { framing, view } = stand(new RecordingSink());
  const messages = ["QuoteRequest", "OrderAdd", "Heartbeat"].map((name) =>
    eobiMessage(name, {}, 1),
  );
  const packet = eobiPacket(messages);
  view.bytes.set(packet, 0);
  const skip = (from: number, n: number): number =>
    framing.skip(view.data, 0, packet.length, from, n);
  t.deepEqual([skip(32, 0), skip(32, 1), skip(32, 2), skip(32, 3)], [32, 72, 128, 144]);
  t.is(skip(32, 4), -1);
  t.is(skip(72, 1), 128);
});

test("a packet cut at any byte gives its whole messages and reads nothing beyond its end", (t) => {
  const order = details(5n, 1, 100n, 10n);
  const names = ["OrderAdd", "OrderDelete", "OrderModify", "OrderModifySamePrio", "OrderAdd"];
  const messages = names.map((name, i) => {
    return eobiMessage(name, { SecurityID: 1n, OrderDetails: order }, i + 1);
  });
  const packet = eobiPacket(messages);
  const ends = messages.map((_, i) => {
    return messages.slice(0, i + 1).reduce((sum, { length }) => sum + length, 32);
  });
  for (let length = 32; length <= packet.length; length++) {
    const { decoder, counters, view, released } = stand(new RecordingSink());
    const offset = FRAME_BYTES - length;
    view.bytes.set(packet.subarray(0, length), FRAME_BYTES + offset);
    decoder.onPacket(0, 1, offset, length, 0, 0, 0, 1, 0, 32, names.length);
    const whole = ends.filter((end) => end <= length).length;
    t.is(counters.get(C.DECODE_MESSAGES), whole);
    t.is(counters.get(C.DECODE_MALFORMED), whole === names.length ? 0 : 1);
    t.deepEqual(released, [1]);
  }
});

test("sides that are none, unknown templates and too many instruments are counted, not applied", (t) => {
  const { sink, decoder, counters, take } = stand(new RecordingSink(), 2);
  const add = (security: bigint, side: number, seq: number): Buffer =>
    eobiMessage("OrderAdd", { SecurityID: security, OrderDetails: details(1n, side, 1n, 1n) }, seq);
  const unknown = eobiMessage("Heartbeat", {}, 4);
  unknown.writeUInt16LE(13_777, 2);
  take(
    eobiPacket([
      add(1n, 0, 1),
      add(1n, 3, 2),
      add(2n, 1, 3),
      unknown,
      add(3n, 1, 5),
      add(1n, 2, 6),
    ]),
  );
  t.is(sink.calls.filter(([name]) => name === "onAdd").length, 2);
  t.is(counters.get(C.DECODE_MALFORMED), 4);
  t.is(counters.get(C.DECODE_UNKNOWN_TYPE), 1);
  t.is(counters.get(C.DECODE_NO_INSTRUMENT), 1);
  t.is(counters.get(C.DECODE_MESSAGES), 2);
  t.is(decoder.typeCounts[13_100 - TEMPLATE_FIRST], 2);
});

test("instruments get indexes in order, also where ids differ in one half only, until full", (t) => {
  const instruments = new Instruments(100);
  const ids = Array.from({ length: 100 }, (_, i) => [i % 10, Math.floor(i / 10) - 5] as const);
  for (const [i, [low, high]] of ids.entries()) {
    t.is(instruments.find(low, high), -1);
    t.is(instruments.add(low, high), i);
  }
  for (const [i, [low, high]] of ids.entries()) t.is(instruments.find(low, high), i);
  t.is(instruments.add(77, 77), -1);
  t.is(instruments.find(77, 77), -1);
  const one = new Instruments(1);
  t.deepEqual([one.find(0, 0), one.add(0, 0), one.find(0, 0), one.add(1, 0)], [-1, 0, 0, -1]);
});

test("framing: a restarted service is another session, and what the old one sends is the old's", (t) => {
  const { framing, take } = stand(new RecordingSink());
  const second = 1_000_000_000n;
  const start = 1_772_000_000n * second;
  const packet = (seq: number, seconds: bigint, isReset: boolean): Buffer =>
    eobiPacket([eobiMessage("QuoteRequest", { SecurityID: 1n }, seq)], {
      isReset,
      timeNs: start + seconds * second,
    });
  const session = (seq: number, seconds: bigint, isReset = false): [number, number] => {
    t.is(take(packet(seq, seconds, isReset)), FramingKind.DATA);
    return [framing.sessionLo, framing.seqLo];
  };
  t.deepEqual(session(1, 0n, true), [0, 1]);
  t.deepEqual(session(2, 1n, true), [0, 2]);
  t.deepEqual(session(1, 2n, true), [0, 1], "the other feed's copy");
  t.deepEqual(session(900, 60n), [0, 900]);
  t.deepEqual(session(1, 59n, true), [0, 1], "older than what was seen");
  t.deepEqual(session(1, 70n, true), [1, 1]);
  t.deepEqual(session(1, 71n, true), [1, 1]);
  t.deepEqual(session(901, 65n), [0, 901], "the old service, late");
  t.deepEqual(session(2, 72n), [1, 2]);
});
