/** Instrument state: the newest message of each kind, whatever order they come in, every field. */
import test from "ava";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { FrameView, takeFrames } from "../../src/core/frames.ts";
import { ChannelControl, IndicationKind, StateScope } from "../../src/core/sinks.ts";
import { StateBoard, takeStateBoard } from "../../src/core/state-board.ts";
import { ItchDecoder } from "../../src/decode/itch/decoder.ts";
import { MESSAGE_TYPES } from "../../src/decode/itch/layout.ts";
import { Participants, participantBytes } from "../../src/decode/itch/participants.ts";
import { itchRecords } from "../../src/decode/itch/records.ts";
import { takeItchState } from "../../src/decode/itch/state.ts";
import { ItchStateReader } from "../../src/decode/itch/state-reader.ts";
import type { DecodedRecord } from "../../src/decode/records.ts";
import { C, COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import { RecordingSink } from "./recording-sink.ts";
import { randomWords } from "./stand.ts";

const INSTRUMENTS = 6;
const FRAME_BYTES = 4096;

function stand() {
  const ref = takeItchState(INSTRUMENTS);
  const view = new FrameView(takeFrames(FRAME_BYTES, 1, null));
  const counters = new Counters(takeCounters(COUNTER_COUNT));
  const sink = new RecordingSink();
  const owner = { release: () => undefined };
  const decoder = new ItchDecoder({ frames: [view], owner, sink, counters, state: ref });
  const take = (...messages: Uint8Array[]): void => {
    const blocks = messages.map((one) => Buffer.concat([Uint8Array.of(0, one.length), one]));
    const bytes = Buffer.concat(blocks);
    view.bytes.set(bytes);
    decoder.onPacket(0, 0, 0, bytes.length, 0, 0, 0, 1, 0, 0, messages.length);
  };
  return { decoder, counters, sink, take, reader: new ItchStateReader(ref) };
}

const LENGTHS = new Map(MESSAGE_TYPES.map(([type, , bytes]) => [type as string, bytes as number]));

/** A message with its locate and, from offset 11 on, a text; the rest is zeros. */
function message(type: string, locate: number, body = ""): Buffer {
  const bytes = Buffer.alloc(LENGTHS.get(type) ?? 0);
  bytes.write(type, 0, "latin1");
  bytes.writeUInt16BE(locate, 1);
  bytes.write(body, 11, "latin1");
  return bytes;
}

const KEPT = "RHYKJINOhSVW";
const OF_MARKET = "SVW";

test("every kind's newest message is there with the fields that nyq decode prints", (t) => {
  const seed = Number(process.env["NYQ_SEED"] ?? "41");
  t.log(`seed ${seed}`);
  const random = randomWords(seed);
  const below = (n: number): number => (random() >>> 0) % n;
  const { take, reader, counters } = stand();
  const records = itchRecords("message");
  const last = new Map<string, DecodedRecord>();
  const types = MESSAGE_TYPES.map(([type]) => type as string);
  let refused = 0;
  for (let i = 0; i < 3000; i++) {
    const type = types[below(types.length)] as string;
    const bytes = message(type, 0);
    for (let at = 3; at < bytes.length; at++) bytes[at] = 0x20 + below(0x5f);
    const locate = below(INSTRUMENTS + 2);
    bytes.writeUInt16BE(locate, 1);
    const market = "QBX?"[below(4)] as string;
    if (type === "h") bytes.write(market, 19, "latin1");
    if ("AFP".includes(type)) bytes.write("B", 19, "latin1");
    if (type === "L") bytes.write(`MP0${below(4)}`, 11, "latin1");
    take(bytes);
    if (!KEPT.includes(type)) continue;
    const isOfMarket = OF_MARKET.includes(type);
    if ((!isOfMarket && locate >= INSTRUMENTS) || (type === "h" && market === "?")) {
      refused++;
      continue;
    }
    const key = `${isOfMarket ? "market" : locate} ${type}${type === "h" ? market : ""}`;
    records.decode(bytes, { record: (record) => last.set(key, record), problem: () => t.fail() });
  }
  let found = 0;
  const rows = [...Array.from({ length: INSTRUMENTS }, (_, i) => `${i}`), "market"];
  for (const row of rows) {
    const said = row === "market" ? reader.market() : reader.instrument(Number(row)).messages;
    for (const { template_id: type, message: name, fields } of said) {
      const record = last.get(`${row} ${type}${type === "h" ? fields["Market Code"] : ""}`);
      t.is(name, record?.message ?? "none");
      const want = Object.entries(record?.fields ?? {}).map(([key, value]) => {
        return [key, typeof value === "bigint" && value > 2n ** 53n ? `${value}` : value];
      });
      t.deepEqual(
        Object.entries(fields).map(([key, value]) => [key, `${value}`]),
        want.map(([key, value]) => [key, `${value}`]),
      );
      found++;
    }
  }
  t.is(found, last.size);
  t.true(found > INSTRUMENTS * 8);
  // Participants of stocks beyond the bound have room in their own table.
  t.is(counters.get(C.DECODE_STATE_REFUSED), refused);
});

test("values have their meaning beside them; halted and paused instruments are listed", (t) => {
  const { take, reader } = stand();
  take(message("H", 1, "AAPL    T    "), message("H", 2, "MSFT    H T1  "));
  take(
    message("H", 5, "NVDA    P    "),
    message("h", 2, "MSFT    XH"),
    message("h", 2, "MSFT    QT"),
  );
  const [action, ...halts] = reader.instrument(2).messages;
  t.is(action?.text["Trading State"], "halted");
  t.is(action?.fields["Reason"], "T1");
  t.deepEqual(
    halts.map(({ fields, text }) => [fields["Market Code"], text["Operational Halt Action"]]),
    [
      ["Q", "halt lifted, trading resumed"],
      ["X", "halted"],
    ],
  );
  t.deepEqual(reader.halted(10), { count: 2, instruments: [2, 5] });
  t.deepEqual(reader.halted(1), { count: 2, instruments: [2] });
  take(message("H", 2, "MSFT    T    "));
  t.deepEqual(reader.halted(10), { count: 1, instruments: [5] });
});

test("a trading state and an imbalance are told down the line, the others are not", (t) => {
  const { take, sink } = stand();
  const imbalance = message("I", 4);
  imbalance.writeBigUInt64BE(0x1_0000_0005n, 11);
  imbalance.writeBigUInt64BE(7n, 19);
  imbalance.writeUInt32BE(1000, 36);
  imbalance.writeUInt32BE(0xffff_ffff, 40);
  take(message("H", 3, "AAPL    Q    "), imbalance, message("Y", 3), message("L", 3));
  t.deepEqual(sink.calls, [
    ["onState", 3, StateScope.INSTRUMENT, 0x51, 255, 255, 255],
    ["onIndication", 4, IndicationKind.CLEARING_PRICE, -1, 0, 5, 1, 1000, 0, 7, 0],
  ]);
});

test("positions of participants are by stock and participant, the newest of each", (t) => {
  const { take, reader } = stand();
  const position = (locate: number, mpid: string, letters: string): Buffer =>
    message("L", locate, `${mpid.padEnd(4)}STOCK   ${letters}`);
  take(position(1, "MAKR", "YNA"), position(1, "AB", "NPW"), position(2, "MAKR", "NLD"));
  take(position(1, "MAKR", "NRS"), position(60_000, "FAR", "YNA"));
  t.deepEqual(reader.instrument(1).participants, [
    { mpid: "AB", primary: "N", mode: "P", state: "W" },
    { mpid: "MAKR", primary: "N", mode: "R", state: "S" },
  ]);
  t.is(reader.instrument(2).participants[0]?.state, "D");
  t.deepEqual(
    [...reader.all()].map(({ instrument, participants }) => [instrument, participants.length]),
    [
      [1, 2],
      [2, 1],
      [60_000, 1],
    ],
  );
});

test("a participant that finds no room near its place is counted, the others stay", (t) => {
  const { take, reader, counters } = stand();
  const positions = Array.from({ length: 400 }, (_, i) => {
    return message("L", 1, `${`P${i}`.padEnd(4)}STOCK   YNA`);
  });
  for (const one of positions) take(one);
  const kept = reader.instrument(1).participants.length;
  t.is(kept, 64);
  t.is(counters.get(C.DECODE_STATE_REFUSED), 400 - kept);
  t.is(counters.get(C.DECODE_MESSAGES), 400);
});

test("a new session forgets everything, its end and a reset do not mix things up", (t) => {
  const { decoder, take, reader } = stand();
  const fill = (state: string): void => {
    take(
      message("H", 1, `AAPL    ${state}`),
      message("L", 1, "MAKRAAPL    YNA"),
      message("W", 0, "1"),
    );
  };
  fill("H");
  decoder.onControl(ChannelControl.END_OF_SESSION);
  t.is(reader.instrument(1).messages.length, 1);
  decoder.onControl(ChannelControl.NEW_SESSION);
  t.deepEqual([...reader.all()], []);
  t.deepEqual(reader.market(), []);
  t.is(reader.halted(1).count, 0);
  fill("T");
  t.is(reader.instrument(1).messages[0]?.fields["Trading State"], "T");
  t.is(reader.instrument(1).participants.length, 1);
  t.is(reader.market().length, 1);
  decoder.reset();
  t.deepEqual([[...reader.all()], reader.market()], [[], []]);
  fill("P");
  t.is(reader.halted(1).count, 1);
});

test("a reader never gives out a message that is being written", (t) => {
  const kinds = [
    { id: "a", bytes: 5, label: "" },
    { id: "b", bytes: 9, label: "" },
  ];
  const shared = takeStateBoard(kinds, 2);
  const board = new StateBoard(shared, kinds);
  const data = new DataView(Uint8Array.from({ length: 20 }, (_, i) => i).buffer);
  t.is(board.instruments, 2);
  t.is(board.read(0, 0), null);
  t.true(board.put(2, 1, data, 3));
  t.true(board.put(0, 0, data, 11));
  t.false(board.put(3, 0, data, 0));
  t.false(board.put(-1, 0, data, 0));
  const other = new StateBoard(shared, kinds);
  t.deepEqual(other.read(2, 1), Uint8Array.from([3, 4, 5, 6, 7, 8, 9, 10, 11]));
  t.deepEqual(other.read(0, 0), Uint8Array.from([11, 12, 13, 14, 15]));
  t.is(other.read(1, 0), null);
  t.is(other.read(9, 0), null);
  // A writer that stands still in the middle of a message: its version is odd.
  const words = new Int32Array(shared);
  const at = words.indexOf(2);
  words[at] = 3;
  t.is(other.read(0, 0), null);
});

test("the table of participants holds each stock's own up to its size", (t) => {
  const participants = new Participants(new SharedArrayBuffer(participantBytes(128)));
  let kept = 0;
  for (let locate = 0; locate < 128; locate++) {
    for (let i = 0; i < 4; i++) if (participants.set(locate, 0x41414100 + i, i)) kept++;
  }
  t.is(kept, 512);
  const found = participants.byStock();
  t.is(found.size, 128);
  for (const list of found.values()) t.is(list.length, 4);
});
