/** EOBI's instrument state: the newest message of each kind, against the vectors' own fields. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { FrameView, takeFrames } from "../../src/core/frames.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { ChannelControl } from "../../src/core/sinks.ts";
import { EobiDecoder } from "../../src/decode/eobi/decoder.ts";
import { EOBI_STATE_KINDS, EobiStateReader, takeEobiState } from "../../src/decode/eobi/state.ts";
import { C, COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import { eobiMessage, eobiPacket } from "./eobi-encoder.ts";
import { RecordingSink } from "./recording-sink.ts";

const SHARED = process.env["NYQ_SHARED"] ?? join(PACKAGE_ROOT, "..", "shared");
const VECTORS = join(SHARED, "data", "eobi", "eobi14_1_vectors_dev.pcap");
const FRAME_BYTES = 16_384;
const HEADER_BYTES = 32;

function stand(instruments = 1024) {
  const state = takeEobiState(instruments);
  const view = new FrameView(takeFrames(FRAME_BYTES, 1, null));
  const counters = new Counters(takeCounters(COUNTER_COUNT));
  const owner = { release: () => undefined };
  const sink = new RecordingSink();
  const frames = [view];
  const decoder = new EobiDecoder({ frames, owner, sink, counters, instruments, state });
  const take = (packet: Uint8Array, count: number): void => {
    view.bytes.set(packet);
    decoder.onPacket(0, 0, 0, packet.length, 0, 0, 0, 1, 0, HEADER_BYTES, count);
  };
  return { decoder, counters, take, reader: new EobiStateReader(state) };
}

/** JSON with every number as its own text, so that none is rounded. */
function parseExact(json: string): unknown {
  const quoted = json.replace(/"(?:[^"\\]|\\.)*"|-?\d+/g, (token) => {
    return token.startsWith('"') ? token : `"${token}"`;
  });
  return JSON.parse(quoted);
}

/** Numbers as text, for what may be either. */
function textual(value: unknown): unknown {
  return parseExact(JSON.stringify(value));
}

test("of the vectors each instrument's newest message of a kind is there, every field of it", (t) => {
  if (!existsSync(VECTORS)) {
    t.log("skipped: no shared data");
    t.pass();
    return;
  }
  const { decoder, counters, take, reader } = stand();
  const pcap = readFileSync(VECTORS);
  const packets = parseExact(readFileSync(VECTORS.replace(".pcap", ".json"), "utf8")) as {
    messages: { message: string; TemplateID: string; fields: Record<string, unknown> }[];
  }[];
  const kept = new Set(EOBI_STATE_KINDS.map(({ id }) => `${id}`));
  const last = new Map<string, unknown>();
  let at = 24;
  for (const { messages } of packets) {
    const bytes = pcap.readUInt32LE(at + 8);
    take(pcap.subarray(at + 16 + 42, at + 16 + bytes), messages.length);
    at += 16 + bytes;
    for (const { TemplateID: id, fields } of messages) {
      const security = fields["SecurityID"] ?? "market";
      if (kept.has(id)) last.set(`${security} ${id}`, fields);
    }
  }
  const found = new Map<string, unknown>();
  for (const { messages } of reader.all()) {
    for (const { template_id: id, fields } of messages) {
      found.set(`${fields["SecurityID"]} ${id}`, textual(fields));
    }
  }
  for (const { template_id: id, fields } of reader.market()) {
    found.set(`market ${id}`, textual(fields));
  }
  t.deepEqual([...found.keys()].sort(), [...last.keys()].sort());
  for (const [key, fields] of last) t.deepEqual(found.get(key), fields, key);
  t.is(new Set([...last.keys()].map((key) => key.split(" ")[1])).size, kept.size, "all kinds");
  t.is(counters.get(C.DECODE_STATE_REFUSED), 0);
  decoder.onControl(ChannelControl.NEW_SESSION);
  t.deepEqual([...reader.all()], []);
  t.deepEqual(reader.market(), []);
});

test("a trading halt is counted until another state comes; one of no room is refused", (t) => {
  const { counters, take, reader } = stand(2);
  const state = (security: bigint, trading: number, seq: number): Buffer =>
    eobiMessage(
      "InstrumentStateChange",
      { SecurityID: security, SecurityStatus: 1, SecurityTradingStatus: trading },
      seq,
    );
  take(eobiPacket([state(7n, 2, 1), state(8n, 203, 2)]), 2);
  t.deepEqual(reader.halted(10), { count: 1, instruments: [0] });
  t.is(reader.instrument(1).messages[0]?.text["SecurityTradingStatus"], "Continuous");
  take(eobiPacket([state(7n, 203, 3), state(8n, 2, 4)]), 2);
  t.deepEqual(reader.halted(0), { count: 1, instruments: [] });
  const malformed = counters.get(C.DECODE_MALFORMED);
  take(eobiPacket([state(9n, 2, 5)]), 1);
  t.is(counters.get(C.DECODE_MALFORMED), malformed + 1);
  t.is([...reader.all()].length, 2);
});
