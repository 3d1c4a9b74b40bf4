/** FORTS-like templates and datagrams made here, so that tests need no shared sample. */
import type { Template } from "../../../src/decode/fast/model.ts";
import type { Fields } from "../../../src/decode/records.ts";
import type { Random } from "../../fuzz/random.ts";
import { templatesXml } from "./data.ts";
import { FastEncoder } from "./encoder.ts";

const HEAD = `<string name="MessageType"><constant value="X"/></string>
  <uInt32 name="MsgSeqNum"><increment/></uInt32><uInt64 name="SendingTime"><delta/></uInt64>`;
const ENTRY = `<uInt32 name="MarketDepth" presence="optional"><copy value="1"/></uInt32>
  <uInt32 name="MDPriceLevel" presence="optional"/>
  <decimal name="MDEntryPx" presence="optional"/><int64 name="MDEntrySize" presence="optional"/>
  <int64 name="MDEntryID" presence="optional"/>`;

/** Templates with the names and identifiers of the venue's, and the fields that make books. */
export function fortsXml(): string {
  return templatesXml(`
    <template name="DefaultIncrementalRefreshMessage" id="74" dictionary="74">${HEAD}
      <sequence name="MDEntries"><length name="NoMDEntries"/>
        <uInt32 name="MDUpdateAction"><copy value="0"/></uInt32><string name="MDEntryType"/>
        <uInt64 name="SecurityID" presence="optional"><delta/></uInt64>
        <uInt32 name="RptSeq"/>${ENTRY}</sequence></template>
    <template name="DefaultSnapshotMessage" id="75" dictionary="75">${HEAD}
      <uInt32 name="RptSeq"/><uInt32 name="LastMsgSeqNumProcessed"/>
      <uInt64 name="SecurityID" presence="optional"/>
      <sequence name="MDEntries"><length name="NoMDEntries"/>
        <string name="MDEntryType"><copy/></string>${ENTRY}</sequence></template>
    <template name="SequenceReset" id="49" dictionary="49">${HEAD}<uInt32 name="NewSeqNo"/></template>
    <template name="SecurityStatus" id="78" dictionary="78">${HEAD}<uInt64 name="SecurityID"/>
      <string name="Symbol"/><uInt32 name="SecurityTradingStatus" presence="optional"/></template>
    <template name="Heartbeat" id="44" dictionary="44">${HEAD}</template>
    <template name="Reset" id="120" reset="T" dictionary="120"/>`);
}

/** Datagrams of a reset and a message each, ranks and prices at random. */
export function someForts(
  random: Random,
  templates: readonly Template[],
  count: number,
): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => {
    const encoder = new FastEncoder(templates);
    const kind = random.below(20);
    const head = { MessageType: "X", MsgSeqNum: i + 1, SendingTime: 20_130_801_142_437_123n };
    const pieces = [encoder.message("Reset", {})];
    if (kind === 0) {
      pieces.push(encoder.message("SequenceReset", { ...head, NewSeqNo: random.below(5) }));
    } else if (kind < 8) {
      const snapshot = {
        RptSeq: i,
        LastMsgSeqNumProcessed: i,
        SecurityID: BigInt(random.below(3)),
      };
      const MDEntries = Array.from({ length: 4 }, (_, j) => entry(random, 1 + (j % 2), j >> 1));
      pieces.push(encoder.message("DefaultSnapshotMessage", { ...head, ...snapshot, MDEntries }));
    } else {
      const MDEntries = Array.from({ length: random.below(5) }, () => ({
        ...entry(random, 1 + random.below(4), random.below(2)),
        MDUpdateAction: random.below(3),
        SecurityID: BigInt(random.below(3)),
        RptSeq: i + random.below(3),
      }));
      pieces.push(encoder.message("DefaultIncrementalRefreshMessage", { ...head, MDEntries }));
    }
    return Uint8Array.from(Buffer.concat(pieces));
  });
}

/** A reset and a message, as the venue sends them. */
export function fortsDatagram(
  templates: readonly Template[],
  name: string,
  seq: number,
  fields: Fields,
  time = 20_130_801_142_437_123n,
): Uint8Array {
  const encoder = new FastEncoder(templates);
  const head = { MessageType: "X", MsgSeqNum: seq, SendingTime: time };
  const pieces = [encoder.message("Reset", {}), encoder.message(name, { ...head, ...fields })];
  return Uint8Array.from(Buffer.concat(pieces));
}

function entry(random: Random, level: number, side: number): Fields {
  const distance = BigInt(level + random.below(2));
  return {
    MDEntryType: side === 0 ? "0" : "1",
    MarketDepth: 5,
    MDPriceLevel: level,
    MDEntryPx: { exponent: 0, mantissa: side === 0 ? 100n - distance : 100n + distance },
    MDEntrySize: BigInt(1 + random.below(9)),
  };
}
