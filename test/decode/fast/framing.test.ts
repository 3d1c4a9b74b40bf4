import test from "ava";
import { FORTS_RULES } from "../../../src/decode/fast/forts-fields.ts";
import { FastFraming } from "../../../src/decode/fast/framing.ts";
import { readTemplates } from "../../../src/decode/fast/read-templates.ts";
import { FramingKind } from "../../../src/decode/framing.ts";
import { Random } from "../../fuzz/random.ts";
import { Collected } from "./collect.ts";
import { sampleText, templatesXml } from "./data.ts";
import { fortsDatagram, fortsXml, someForts } from "./some-forts.ts";

function read(framing: FastFraming, bytes: Uint8Array): number {
  // The datagram stands somewhere in a larger region.
  const region = new Uint8Array(bytes.length + 20).fill(0xff);
  region.set(bytes, 7);
  return framing.read(region, new DataView(region.buffer), 7, bytes.length);
}

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));

test("the sequence of a datagram is its message's MsgSeqNum, whatever came before", (t) => {
  const templates = readTemplates(fortsXml());
  const framing = new FastFraming(templates);
  const datagrams = someForts(new Random(3), templates, 300);
  for (const [i, datagram] of datagrams.entries()) {
    t.is(read(framing, datagram), FramingKind.DATA);
    t.is(framing.seq[0], i + 1);
    t.is(framing.seqLo, i + 1);
    t.is(framing.count, 1);
    const data = new DataView(datagram.buffer);
    t.is(framing.skip(data, 0, datagram.length, framing.firstOffset, 1), datagram.length);
    t.is(framing.skip(data, 0, datagram.length, 0, 0), 0);
    t.is(framing.skip(data, 0, datagram.length, 0, 2), -1);
    const [, record] = new Collected(fortsXml()).feed(datagram);
    t.is(record?.seq, i + 1);
    if (i > 20) break;
  }
});

test("what has no sequence is refused by its kind", (t) => {
  const framing = new FastFraming(readTemplates(fortsXml()));
  t.is(read(framing, hex("")), FramingKind.SHORT);
  // A dictionary reset alone, and a template that nobody knows: for decode to count.
  t.is(read(framing, hex("c0f8")), FramingKind.ASIDE);
  t.is(read(framing, hex("c081")), FramingKind.ASIDE);
  t.is(read(framing, hex("c0f8c0")), FramingKind.BLOCKS);
  // No value for MsgSeqNum and nothing remembered; then zero.
  t.is(read(framing, hex("c0ca")), FramingKind.BLOCKS);
  t.is(read(framing, hex("e0ca8080")), FramingKind.UNSEQUENCED);
});

test("MsgSeqNum is found behind a static reference and other fields", (t) => {
  const xml = templatesXml(
    `<template name="Head"><string name="s" presence="optional"><copy/></string>
       <uInt32 name="MsgSeqNum"/></template>
     <template name="T" id="1"><uInt32 name="a" presence="optional"/><templateRef name="Head"/>
       <uInt32 name="z"/></template>`,
  );
  const framing = new FastFraming(readTemplates(xml));
  t.is(read(framing, hex("e0818541c20485")), FramingKind.DATA);
  t.is(framing.seq[0], 4 * 128 + 5);
  t.throws(() => new FastFraming(readTemplates(templatesXml('<template name="T" id="1"/>'))), {
    message: /no template has MsgSeqNum/,
  });
});

test("a venue's templates of 2017 have a sequence to read", (t) => {
  const xml = sampleText(t, "moex_forts_2017_templates.xml");
  if (xml === null) return;
  const framing = new FastFraming(readTemplates(xml));
  // Heartbeat, template 6: MsgSeqNum has no operator.
  t.is(read(framing, hex("c086048580")), FramingKind.DATA);
  t.is(framing.seq[0], 517);
});

/** One framing over datagrams of the venue's: kind, number and session of each. */
function venue(): (name: string, seq: number, time?: bigint) => [number, number, number, number] {
  const templates = readTemplates(fortsXml());
  const framing = new FastFraming(templates, FORTS_RULES);
  return (name, seq, time = 20_130_801_100_000_000n) => {
    const more = { RptSeq: 1, LastMsgSeqNumProcessed: 1, NewSeqNo: 1, MDEntries: [] };
    const kind = read(framing, fortsDatagram(templates, name, seq, more, time));
    return [kind, framing.seq[0] as number, framing.sessionHi, framing.sessionMid];
  };
}

test("in a capture of all, the loop of snapshots stands aside with its own numbers", (t) => {
  const give = venue();
  const kindOf = (name: string, seq: number): number => give(name, seq)[0];
  t.is(kindOf("Heartbeat", 4000), FramingKind.DATA);
  t.is(kindOf("DefaultSnapshotMessage", 11), FramingKind.ASIDE);
  // Both streams have these templates: the nearer number tells.
  t.is(kindOf("Heartbeat", 12), FramingKind.ASIDE);
  t.is(kindOf("Heartbeat", 4001), FramingKind.DATA);
  t.is(kindOf("SequenceReset", 13), FramingKind.ASIDE);
  t.is(kindOf("DefaultIncrementalRefreshMessage", 14), FramingKind.DATA);
  t.is(kindOf("DefaultSnapshotMessage", 1), FramingKind.ASIDE);
});

test("numbers that begin anew are another session, in whatever order they come", (t) => {
  const give = venue();
  const noon = 20_130_801_120_000_000n;
  const first = give("Heartbeat", 900, noon - 5n).slice(2);
  t.deepEqual(give("SequenceReset", 902, noon), [
    FramingKind.END_OF_SESSION,
    902,
    ...first,
  ] as never);
  const second = give("Heartbeat", 1, noon).slice(2);
  t.notDeepEqual(second, first);
  // The other feed's copies, and one that was late.
  t.deepEqual(give("SequenceReset", 902, noon).slice(2), first);
  t.deepEqual(give("Heartbeat", 901, noon).slice(2), first);
  t.deepEqual(give("Heartbeat", 2, noon + 1n).slice(2), second);
});

test("numbers that fall from one day to the next are another session, without a word", (t) => {
  const give = venue();
  const first = give("Heartbeat", 900, 20_130_801_235_000_000n).slice(2);
  t.deepEqual(give("Heartbeat", 901, 20_130_802_070_000_000n).slice(2), first);
  const second = give("Heartbeat", 1, 20_130_803_070_000_000n).slice(2);
  t.notDeepEqual(second, first);
  t.deepEqual(give("Heartbeat", 2, 20_130_803_070_000_001n).slice(2), second);
  t.deepEqual(give("Heartbeat", 902, 20_130_802_080_000_000n).slice(2), first);
});
