import test from "ava";
import { FastFraming } from "../../../src/decode/fast/framing.ts";
import { readTemplates } from "../../../src/decode/fast/read-templates.ts";
import { FramingKind } from "../../../src/decode/framing.ts";
import { Random } from "../../fuzz/random.ts";
import { Collected } from "./collect.ts";
import { sampleText, templatesXml } from "./data.ts";
import { fortsXml, someForts } from "./some-forts.ts";

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
  t.is(read(framing, hex("c0f8")), FramingKind.BLOCKS);
  t.is(read(framing, hex("c0f8c0")), FramingKind.BLOCKS);
  t.is(read(framing, hex("c081")), FramingKind.BLOCKS);
  // No value for MsgSeqNum and nothing remembered; then zero.
  t.is(read(framing, hex("c0ca")), FramingKind.BLOCKS);
  t.is(read(framing, hex("e0ca80")), FramingKind.UNSEQUENCED);
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
