import test, { type ExecutionContext } from "ava";
import { FastDecoder } from "../../../src/decode/fast/decoder.ts";
import { readTemplates } from "../../../src/decode/fast/read-templates.ts";
import type { DecodedRecord } from "../../../src/decode/records.ts";
import { Collected } from "./collect.ts";
import { sample, sampleText } from "./data.ts";
import { FastEncoder } from "./encoder.ts";

const FORTS = "forts-slice/templates.xml";

/** Pieces behind lengths of four bytes. */
function blocks(file: Uint8Array): Uint8Array[] {
  const data = new DataView(file.buffer, file.byteOffset, file.length);
  const found: Uint8Array[] = [];
  for (let at = 0; at < file.length; ) {
    const length = data.getUint32(at, true);
    found.push(file.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return found;
}

function encoded(encoder: FastEncoder, { message, fields }: DecodedRecord): string {
  return Buffer.from(encoder.message(message, fields)).toString("hex");
}

test("the 30,001 messages are decoded, and a third of them encoded again to the same bytes", (t) => {
  const xml = sampleText(t, "mfast_complex30000_templates.xml");
  const file = sample(t, "mfast_complex30000.dat");
  if (xml === null || file === null) return;
  const collected = new Collected(xml);
  const encoder = new FastEncoder(readTemplates(xml), true);
  const counts: Record<string, number> = {};
  let entries = 0;
  let different = 0;
  for (const block of blocks(file)) {
    const [record, ...rest] = collected.feed(block);
    if (record === undefined || rest.length > 0) return t.fail("a block is not one message");
    counts[record.message] = (counts[record.message] ?? 0) + 1;
    entries += (record.fields["MDEntries"] as unknown[] | undefined)?.length ?? 0;
    // Each message resets all previous values, so any of them stands for itself.
    if (Number(record.seq) % 3 !== 0) continue;
    if (encoded(encoder, record) !== Buffer.from(block).toString("hex")) different++;
  }
  t.deepEqual(counts, { QuoteRequest: 300, MarketData: 29_700, Done: 1 });
  t.deepEqual(collected.problems, []);
  t.log(`${entries} entries, ${different} messages encoded differently`);
  t.is(different, 0);
});

for (const [name, count] of [
  ["increment_a.dat", 600],
  ["increment_b.dat", 576],
  ["snapshot.dat", 683],
] as const) {
  test(`the FORTS slice ${name} is decoded and encoded again to the same bytes`, (t) => {
    const xml = sampleText(t, FORTS);
    const file = sample(t, `forts-slice/${name}`);
    if (xml === null || file === null) return;
    const templates = readTemplates(xml);
    const ends = boundaries(t, templates, file);
    const collected = new Collected(xml);
    const encoder = new FastEncoder(templates);
    let messages = 0;
    let different = 0;
    let from = 0;
    for (const end of ends) {
      const piece = file.subarray(from, end);
      const [record] = collected.feed(piece);
      if (record === undefined) return t.fail("a piece is not a message");
      if (record.message !== "Reset") messages++;
      if (encoded(encoder, record) !== Buffer.from(piece).toString("hex")) different++;
      from = end;
    }
    t.is(messages, count);
    t.deepEqual(collected.problems, []);
    t.is(different, 0);
  });
}

/** Where each message of back to back ones ends. */
function boundaries(
  t: ExecutionContext,
  templates: ReturnType<typeof readTemplates>,
  file: Uint8Array,
): number[] {
  const decoder = new FastDecoder(templates);
  const ends: number[] = [];
  for (let at = 0; at < file.length; ) {
    at = decoder.decode(file, at, file.length);
    if (at < 0) {
      t.fail(decoder.site);
      return ends;
    }
    ends.push(at);
  }
  return ends;
}
