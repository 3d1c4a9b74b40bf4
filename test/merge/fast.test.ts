import test from "ava";
import { ArrivalFraming } from "../../src/decode/fast/arrival.ts";
import { FORTS_RULES } from "../../src/decode/fast/forts-fields.ts";
import { FastFraming } from "../../src/decode/fast/framing.ts";
import { readTemplates } from "../../src/decode/fast/read-templates.ts";
import { fortsDatagram, fortsXml } from "../decode/fast/some-forts.ts";
import { Rig } from "./rig.ts";

const TEMPLATES = readTemplates(fortsXml());
const NOON = 20_130_801_120_000_000n;

function datagram(name: string, seq: number, time = NOON): Uint8Array {
  const more = { RptSeq: 1, LastMsgSeqNumProcessed: 1, NewSeqNo: 1, MDEntries: [] };
  return fortsDatagram(TEMPLATES, name, seq, more, time);
}

function venue(start: number | null = 100): Rig {
  return new Rig({ start, framing: new FastFraming(TEMPLATES, FORTS_RULES) });
}

const INCREMENT = "DefaultIncrementalRefreshMessage";

test("increments of A and B go on by MsgSeqNum, each once and in order", (t) => {
  const rig = venue();
  rig.raw(0, datagram(INCREMENT, 100));
  rig.raw(1, datagram(INCREMENT, 100));
  rig.raw(1, datagram("Heartbeat", 102));
  rig.raw(0, datagram(INCREMENT, 103));
  rig.raw(0, datagram(INCREMENT, 101));
  t.deepEqual(rig.messages, [100, 101, 102, 103]);
  t.is(rig.leaked(), 0);
});

test("snapshots and unknown templates pass at once, whatever is missing", (t) => {
  const rig = venue();
  rig.raw(0, datagram(INCREMENT, 102));
  rig.raw(0, datagram("DefaultSnapshotMessage", 1));
  rig.raw(0, Uint8Array.from([0xc0, 0xf8, 0xc0, 0x85]));
  t.deepEqual(rig.out, ["0-0", "0-0"]);
  t.is(rig.count("MERGE_ASIDE"), 2);
  rig.wait(200);
  t.deepEqual(rig.out.slice(2), ["102-102"]);
  t.deepEqual(rig.gaps(), ["100-101"]);
  t.is(rig.leaked(), 0);
});

test("after SequenceReset the numbers of a new session are taken, and old ones dropped", (t) => {
  const rig = venue(null);
  rig.raw(0, datagram(INCREMENT, 500, NOON - 3n));
  rig.wait(60);
  rig.raw(0, datagram("SequenceReset", 501, NOON));
  rig.raw(1, datagram("SequenceReset", 501, NOON));
  rig.raw(0, datagram(INCREMENT, 1, NOON + 1n));
  rig.raw(1, datagram(INCREMENT, 1, NOON + 1n));
  rig.raw(0, datagram(INCREMENT, 2, NOON + 2n));
  rig.raw(0, datagram(INCREMENT, 499, NOON - 4n));
  rig.wait(60);
  t.deepEqual(rig.out, ["500-500", "end", "new session", "1-1", "2-2"]);
  t.is(rig.status().sessions, 2);
  t.is(rig.leaked(), 0);
});

test("where no number can be read everything passes as it comes, live too", (t) => {
  const rig = new Rig({ start: null, framing: new ArrivalFraming() });
  t.false(rig.status().started);
  for (const feed of [0, 1, 0]) rig.raw(feed, Uint8Array.from([0x80]));
  rig.raw(0, new Uint8Array(0));
  t.deepEqual(rig.out, ["0-0", "0-0", "0-0"]);
  t.true(rig.status().started);
  t.is(rig.count("MERGE_MALFORMED_A"), 1);
  t.is(rig.leaked(), 0);
});
