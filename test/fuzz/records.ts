/** Fuzzes the complete decoders behind `nyq decode`: EOBI datagrams, ITCH packets, SoupBinTCP. */
import { BookCore } from "../../src/book/core.ts";
import { assert } from "../../src/core/assert.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { FrameView, takeFrames } from "../../src/core/frames.ts";
import { EobiDecoder } from "../../src/decode/eobi/decoder.ts";
import { EobiFraming } from "../../src/decode/eobi/framing.ts";
import { eobiRecords } from "../../src/decode/eobi/records.ts";
import { FramingKind } from "../../src/decode/framing.ts";
import { itchRecords } from "../../src/decode/itch/records.ts";
import { isGroup, loadTable, type MessageRow } from "../../src/decode/layouts/table.ts";
import type { DecodedRecord, RecordDecoder, RecordSink } from "../../src/decode/records.ts";
import { SoupStreams } from "../../src/decode/soupbintcp/streams.ts";
import { C, COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import { EobiBook } from "../decode/eobi-book.ts";
import type { Random } from "./random.ts";
import type { Target } from "./targets.ts";

const FRAME_BYTES = 65_536;
const EOBI = loadTable("eobi-14.1");
const EOBI_LENGTHS = new Map(EOBI.messages.map((row) => [row.id, row.bytes]));
const EOBI_HEADER_BYTES = 32;
const EOBI_TEMPLATE = 13002;
/** Fewest bytes that a message of any of these protocols takes. */
const MESSAGE_BYTES_MIN = 3;

/** Counts records, and problems that are told. */
class CountingSink implements RecordSink {
  records = 0;
  problems = 0;
  record(record: DecodedRecord): void {
    this.records++;
    assert(Object.keys(record.fields).length > 0, "FUZZ_RECORD_FIELDS");
  }
  problem(): void {
    this.problems++;
  }
}

/** Gives the bytes to every decoder; none finds more messages than there is room for. */
export function recordsTarget(): Target {
  const eobi = ["14.1", "6.0", "3.0"].map(eobiRecords);
  const decoders: RecordDecoder[] = [...eobi, itchRecords("moldudp64"), itchRecords("message")];
  return (bytes) => {
    for (const decoder of decoders) {
      const sink = new CountingSink();
      decoder.decode(bytes, sink);
      assert(sink.records <= 1 + bytes.length / MESSAGE_BYTES_MIN, "FUZZ_RECORDS");
      // As MoldUDP64 the same bytes may be empty blocks, which are legal and say nothing.
      if (!eobi.includes(decoder) || !isEobi(bytes)) continue;
      assert(sink.records + sink.problems > 0, "FUZZ_TOLD");
    }
  };
}

function isEobi(bytes: Uint8Array): boolean {
  return bytes.length >= EOBI_HEADER_BYTES && bytes[0] === EOBI_HEADER_BYTES && bytes[3] === 0x32;
}

/** EOBI's framing, and the hot decoder over what it accepted and over the rest as well. */
export function eobiTarget(): Target {
  const view = new FrameView(takeFrames(FRAME_BYTES, 1, null));
  const counters = new Counters(takeCounters(COUNTER_COUNT));
  const core = new BookCore({
    ...{ orders: 4096, levels: 4096, instruments: 64, hash: false, grow: false, scoped: true },
  });
  let released = 0;
  const owner = { release: () => void released++ };
  const sink = new EobiBook(core);
  const options = { frames: [view], owner, sink, counters, instruments: 64 };
  const decoder = new EobiDecoder(options);
  const framing = new EobiFraming();
  return (bytes) => {
    const length = Math.min(bytes.length, FRAME_BYTES);
    const offset = FRAME_BYTES - length;
    view.bytes.set(bytes.subarray(0, length), offset);
    const kind = framing.read(view.bytes, view.data, offset, length);
    const isData = kind === FramingKind.DATA || kind === FramingKind.UNSEQUENCED;
    if (isData) {
      const { firstOffset, count } = framing;
      const end = framing.skip(view.data, offset, length, firstOffset, count);
      assert(end === length, "FUZZ_EOBI_SKIP");
    }
    const count = isData ? framing.count : 0xffff;
    const first = isData ? framing.firstOffset : 0;
    const before = released;
    const decoded = counters.get(C.DECODE_MESSAGES) + counters.get(C.DECODE_MALFORMED);
    decoder.onPacket(0, 0, offset, length, 0, 0, 0, 1, 0, first, count);
    assert(released === before + 1, "FUZZ_FRAME_RELEASED_ONCE");
    const taken = counters.get(C.DECODE_MESSAGES) + counters.get(C.DECODE_MALFORMED) - decoded;
    assert(isData ? taken === count : taken <= 1 + length / 8, "FUZZ_EOBI_MESSAGES");
  };
}

/** The same bytes as a TCP stream, in pieces of any size: the cuts change nothing. */
export function soupTarget(random: Random): Target {
  return (bytes) => {
    const whole = new CountingSink();
    soupStreams().push(0, bytes, whole);
    const inPieces = new CountingSink();
    const streams = soupStreams();
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + random.below(random.below(4) === 0 ? 2_000 : 12);
      streams.push(0, bytes.slice(at, end), inPieces);
      at = end;
    }
    assert(whole.records === inPieces.records, "FUZZ_SOUP_RECORDS");
    assert(whole.problems === inPieces.problems, "FUZZ_SOUP_PROBLEMS");
  };
}

function soupStreams(): SoupStreams {
  return new SoupStreams((data, from, to, _seq, sink) => {
    assert(from <= to && to <= data.byteLength, "FUZZ_SOUP_BOUNDS");
    const fields = { first: from < to ? data.getUint8(from) : -1, bytes: to - from };
    sink.record({ seq: null, message: "Sequenced Data", templateId: "S", fields });
  });
}

/** An EOBI 14.1 datagram of some messages with random fields. */
export function someEobi(random: Random): Uint8Array {
  const header = new Uint8Array(EOBI_HEADER_BYTES);
  putMessage(header, 0, EOBI_HEADER_BYTES, EOBI_TEMPLATE);
  const parts: Uint8Array[] = [header];
  const orders = EOBI.messages.filter(({ id }) => Number(id) >= 13_100 && Number(id) < 13_200);
  let seq = 1 + random.below(1000);
  for (let i = random.below(8); i >= 0; i--) {
    const rows = random.below(2) === 0 ? EOBI.messages : orders;
    const row = rows[random.below(rows.length)] as MessageRow;
    if (row.id !== EOBI_TEMPLATE) parts.push(someMessage(row, random, seq++));
  }
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function someMessage(row: MessageRow, random: Random, seq: number): Uint8Array {
  const message = new Uint8Array(row.bytes);
  for (let i = 0; i < row.bytes; i++) message[i] = random.below(3) === 0 ? 0xff : random.word();
  putMessage(message, 0, row.bytes, Number(row.id));
  message.set([seq, seq >> 8, 0, 0], 4);
  // Few instruments, priorities and prices, so that orders meet again.
  for (const at of orderPlaces(row)) {
    message.fill(0, at.offset, at.offset + at.bytes);
    message[at.offset] = 1 + random.below(at.bytes === 1 ? 2 : 6);
  }
  for (const group of row.fields) {
    if (!isGroup(group) || group.counter === undefined) continue;
    const counter = row.fields.find((field) => !isGroup(field) && field.name === group.counter);
    if (counter !== undefined) message[counter.offset] = random.below(group.max + 2);
  }
  return message;
}

/** Where a message has its SecurityID, Side, priorities and prices. */
function orderPlaces(row: MessageRow): { offset: number; bytes: number }[] {
  const some = /^(SecurityID|Side|TrdRegTS(Prev)?TimePriority|Price)$/;
  return row.fields.flatMap((field) => {
    const base = isGroup(field) ? field.offset : 0;
    const inside = isGroup(field) ? (field.counter === undefined ? field.fields : []) : [field];
    return inside
      .filter(({ name }) => some.test(name))
      .map(({ name, offset }) => ({ offset: base + offset, bytes: name === "Side" ? 1 : 8 }));
  });
}

function putMessage(out: Uint8Array, at: number, bytes: number, template: number): void {
  out[at] = bytes;
  out[at + 1] = bytes >> 8;
  out[at + 2] = template;
  out[at + 3] = template >> 8;
}

/** Gives each message of an EOBI datagram the length of its template, where there is room. */
export function repairEobi(bytes: Uint8Array): Uint8Array {
  const out = bytes.slice();
  if (out.length < EOBI_HEADER_BYTES) return out;
  putMessage(out, 0, EOBI_HEADER_BYTES, EOBI_TEMPLATE);
  let at = EOBI_HEADER_BYTES;
  while (at + 8 <= out.length) {
    const template = (out[at + 2] as number) | ((out[at + 3] as number) << 8);
    const length = EOBI_LENGTHS.get(template) ?? 8;
    if (at + length > out.length) break;
    putMessage(out, at, length, template);
    at += length;
  }
  return out;
}

/** A SoupBinTCP stream with a login and ITCH messages. */
export function someSoup(random: Random): Uint8Array {
  const table = loadTable("itch-5.0");
  const next = random.oneIn(4) ? "7".repeat(20) : `${1 + random.below(1000)}`;
  const login = new TextEncoder().encode(`   SESSION${next.padStart(20)}`);
  const parts: Uint8Array[] = [soup("A", login)];
  for (let i = random.below(20); i >= 0; i--) {
    const row = table.messages[random.below(table.messages.length)] as MessageRow;
    const body = new Uint8Array(row.bytes);
    for (let k = 0; k < body.length; k++) body[k] = random.word();
    body[0] = String(row.id).charCodeAt(0);
    parts.push(soup("S", body), soup(["H", "+", "U", "Z"][random.below(4)] ?? "H", body));
  }
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function soup(type: string, body: Uint8Array): Uint8Array {
  const length = 1 + body.length;
  return Uint8Array.from([length >> 8, length & 0xff, type.charCodeAt(0), ...body]);
}
