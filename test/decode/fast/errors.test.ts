import test, { type ExecutionContext } from "ava";
import { FastDecoder } from "../../../src/decode/fast/decoder.ts";
import { FastError, fastErrorCode } from "../../../src/decode/fast/errors.ts";
import { readTemplates } from "../../../src/decode/fast/read-templates.ts";
import { Collected, plain } from "./collect.ts";
import { templatesXml } from "./data.ts";

/** A decoder of one template with id 1 and these fields; "c081" begins its first message. */
function decoderOf(fields: string, more = ""): FastDecoder {
  const xml = templatesXml(`<template name="T" id="1">${fields}</template>${more}`);
  return new FastDecoder(readTemplates(xml), { outWords: 70_000, arenaBytes: 4096 });
}

function decode(decoder: FastDecoder, hex: string): number {
  const bytes = Uint8Array.from(Buffer.from(hex, "hex"));
  return decoder.decode(bytes, 0, bytes.length);
}

function fails(
  t: ExecutionContext,
  fields: string,
  hexes: string[],
  code: string,
  more = "",
): void {
  const decoder = decoderOf(fields, more);
  hexes.forEach((hex, i) => {
    const at = decode(decoder, hex);
    const isLast = i === hexes.length - 1;
    t.is(at, isLast ? -1 : hex.length / 2, `${fields} ${hex}`);
    if (!isLast) return;
    t.is(fastErrorCode(decoder.error), code, `${fields} ${hex}`);
    t.is(decoder.count(decoder.error), 1);
    t.is(decoder.template, -1);
  });
}

const U32 = '<uInt32 name="a"/>';
const mandatory = (type: string, inside: string): string => `<${type} name="a">${inside}</${type}>`;
const optional = (type: string, inside = ""): string => {
  return `<${type} name="a" presence="optional">${inside}</${type}>`;
};

test("integers outside their type are D2", (t) => {
  fails(t, U32, ["c0811000000080"], "D2");
  fails(t, optional("uInt32"), ["c0811000000081"], "D2");
  fails(t, mandatory("int32", ""), ["c0810800000080"], "D2");
  fails(t, mandatory("int32", ""), ["c081777f7f7fff"], "D2");
  fails(t, optional("int32"), ["c0810800000081"], "D2");
  fails(t, mandatory("uInt64", ""), ["c08102000000000000000080"], "D2");
  fails(t, optional("uInt64"), ["c08102000000000000000081"], "D2");
  fails(t, mandatory("int64", ""), ["c08101000000000000000080"], "D2");
  fails(t, mandatory("int64", ""), ["c0817e7f7f7f7f7f7f7f7fff"], "D2");
  fails(t, optional("int64"), ["c08101000000000000000081"], "D2");
  fails(t, U32, [`c081${"7f".repeat(60)}ff`], "D2");
});

test("integers at the borders of their type are whole", (t) => {
  const cases: [string, string, bigint][] = [
    [U32, "0f7f7f7fff", 2n ** 32n - 1n],
    [optional("uInt32"), "1000000080", 2n ** 32n - 1n],
    [mandatory("int32", ""), "077f7f7fff", 2n ** 31n - 1n],
    [mandatory("int32", ""), "7800000080", -(2n ** 31n)],
    [optional("int32"), "0800000080", 2n ** 31n - 1n],
    [mandatory("uInt64", ""), "017f7f7f7f7f7f7f7fff", 2n ** 64n - 1n],
    [optional("uInt64"), "02000000000000000080", 2n ** 64n - 1n],
    [mandatory("int64", ""), "007f7f7f7f7f7f7f7fff", 2n ** 63n - 1n],
    [mandatory("int64", ""), "7f000000000000000080", -(2n ** 63n)],
    [optional("int64"), "01000000000000000080", 2n ** 63n - 1n],
  ];
  for (const [field, hex, value] of cases) {
    const collected = new Collected(templatesXml(`<template name="T" id="1">${field}</template>`));
    const [record] = collected.feed(`c081${hex}`);
    t.is(plain(record?.fields["a"]), value.toString(), hex);
    t.deepEqual(collected.problems, [], hex);
  }
});

test("previous values of another type, missing or empty are D4, D5 and D6", (t) => {
  const shared = '<uInt32 name="a"><copy key="k"/></uInt32><int32 name="b"><copy key="k"/></int32>';
  fails(t, shared, ["e08185"], "D4");
  fails(t, mandatory("uInt32", "<copy/>"), ["c081"], "D5");
  fails(t, mandatory("uInt32", "<increment/>"), ["c081"], "D5");
  const both =
    '<uInt32 name="a" presence="optional"><copy key="k"/></uInt32>' +
    '<uInt32 name="b"><copy key="k"/></uInt32>';
  fails(t, both, ["e08180"], "D6");
  const delta =
    '<uInt32 name="a" presence="optional"><copy key="k"/></uInt32>' +
    '<uInt32 name="b"><delta key="k"/></uInt32>';
  fails(t, delta, ["e0818081"], "D6");
  // A tail's: D6 where nothing is known, D7 where the previous value is empty.
  fails(t, mandatory("string", "<tail/>"), ["c081"], "D6");
  const tail =
    '<string name="a" presence="optional"><copy key="k"/></string>' +
    '<string name="b"><tail key="k"/></string>';
  fails(t, tail, ["e08180"], "D7");
  // No identifier, and none before.
  fails(t, U32, ["8081"], "D5");
});

test("subtraction lengths beyond the base are D7", (t) => {
  const string = mandatory("string", "<delta/>");
  fails(t, string, ["c0818041c2", "8083c1"], "D7");
  fails(t, string, ["c0818041c2", "80fcc1"], "D7");
  fails(t, string, ["c0810800000080c1"], "D7");
  fails(t, mandatory("byteVector", '<delta value="aabb"/>'), ["c0818380"], "D7");
});

test("references to what does not exist are D8 and D9", (t) => {
  fails(t, '<templateRef name="X"/>', ["c081"], "D8");
  fails(t, U32, ["c082"], "D9");
  fails(t, "<templateRef/>", ["c081c083"], "D9");
  const decoder = decoderOf(U32, '<template name="NoId"/>');
  t.is(decode(decoder, "c07f7f7fff"), -1);
  t.is(decoder.templateId, 2 ** 28 - 1);
});

test("sums that do not fit are R4 for integers and R1 for decimals", (t) => {
  fails(t, mandatory("uInt32", "<delta/>"), ["c081ff"], "R4");
  fails(t, mandatory("uInt32", '<delta value="4294967295"/>'), ["c08181"], "R4");
  fails(t, mandatory("int32", '<delta value="-2147483648"/>'), ["c081ff"], "R4");
  fails(t, mandatory("uInt64", "<delta/>"), ["c081ff"], "R4");
  fails(t, mandatory("uInt64", '<delta value="18446744073709551615"/>'), ["c08181"], "R4");
  fails(t, mandatory("int64", '<delta value="9223372036854775807"/>'), ["c08181"], "R4");
  fails(t, mandatory("int64", ""), [`c081${"41".repeat(20)}`], "cut");
  fails(t, mandatory("uInt64", "<delta/>"), [`c081${"41".repeat(20)}c1`], "R4");
  const decimal = mandatory("decimal", '<delta value="9223372036854775807"/>');
  fails(t, decimal, ["c0818081"], "R1");
});

test("reportable errors are counted by code, and the message stands", (t) => {
  const cases: [string, string, number, unknown][] = [
    [U32, "c0810085", FastError.R6, "5"],
    [mandatory("int32", ""), "c0810085", FastError.R6, "5"],
    [mandatory("int32", ""), "c0817fff", FastError.R6, "-1"],
    [mandatory("int64", ""), "c0817f7f7f7f7f7f7f7f7f7f7fff", FastError.R6, "-1"],
    [optional("uInt32"), "c0810080", FastError.R6, null],
    [U32, "40808185", FastError.R7, "5"],
    [U32, "40818185", FastError.R8, "5"],
    [mandatory("string", ""), "c08100c1", FastError.R9, "A"],
    [optional("string"), "c08100c1", FastError.R9, "A"],
    [optional("string"), "c0810000c1", FastError.R9, "A"],
    [mandatory("decimal", ""), "c08100c081", FastError.R1, { exponent: "64", mantissa: "1" }],
    ['<string name="a" charset="unicode"><delta/></string>', "c0818081ff", FastError.R2, "\ufffd"],
  ];
  for (const [field, hex, error, value] of cases) {
    const xml = templatesXml(`<template name="T" id="1">${field}</template>`);
    const collected = new Collected(xml);
    const [record] = collected.feed(hex);
    t.deepEqual(plain(record?.fields["a"]), value, `${field} ${hex}`);
    t.true(collected.problems.includes(`reportable error ${fastErrorCode(error)}`), hex);
  }
});

test("zero preambles of strings are read as section 10.6.3's table says", (t) => {
  const read = (field: string, hex: string): unknown => {
    const xml = templatesXml(`<template name="T" id="1">${field}</template>`);
    return new Collected(xml).feed(`c081${hex}`)[0]?.fields["a"];
  };
  t.is(read(mandatory("string", ""), "80"), "");
  t.is(read(mandatory("string", ""), "0080"), "\0");
  t.is(read(optional("string"), "80"), null);
  t.is(read(optional("string"), "0080"), "");
  t.is(read(optional("string"), "000080"), "\0");
  t.is(read(mandatory("string", ""), "00000041c2"), "\0\0AB");
});

test("bytes that end inside a message are cut at every place", (t) => {
  const fields =
    '<uInt32 name="a"/><int64 name="b"/><string name="c"/><byteVector name="d"/>' +
    '<decimal name="e"/><sequence name="f"><string name="g"><copy/></string></sequence>';
  const hex = "c0810185017f8141c2820102fe8182c0c1c0c2";
  const bytes = Uint8Array.from(Buffer.from(hex, "hex"));
  for (let end = 0; end < bytes.length; end++) {
    const decoder = decoderOf(fields);
    t.is(decoder.decode(bytes, 0, end), -1, `${end}`);
    t.is(decoder.error, FastError.CUT, `${end}`);
  }
  t.is(decoderOf(fields).decode(bytes, 0, bytes.length), bytes.length);
});

test("sequences longer than the bytes, the bound or the room are refused at once", (t) => {
  const one = '<sequence name="s"><uInt32 name="a"/></sequence>';
  fails(t, one, ["c0818281"], "cut");
  fails(t, one, [`c081040081${"81".repeat(4)}`], "count");
  const nothing = '<sequence name="s"><uInt32 name="a"><constant value="1"/></uInt32></sequence>';
  fails(t, nothing, ["c081040081"], "count");
  fails(t, nothing, ["c0810f7f7f7fff"], "count");
  // 65,536 elements of nothing at two words each are more than the decoder's 70,000.
  fails(t, nothing, ["c081040080"], "limit");
  const string =
    '<sequence name="s"><string name="a"><constant value="0123456789"/></string></sequence>';
  const decoder = decoderOf(string);
  t.is(decode(decoder, "c0810780"), 4);
});

test("strings that need more room than there is are a limit, not an overrun", (t) => {
  // A delta holds its own bytes, its base and their sum at once: 2,000, 4,000, 6,000 of 4,096.
  const delta = `8007e8${"61".repeat(1000)}`;
  const grows = decoderOf(mandatory("byteVector", "<delta/>"));
  t.is(decode(grows, `c081${delta}`), 1005);
  t.is(decode(grows, `80${delta}`), 1004);
  t.is(decode(grows, `80${delta}`), -1);
  t.is(grows.error, FastError.LIMIT);
});

test("a template may not contain itself, and dynamic references end at a depth", (t) => {
  const itself = templatesXml('<template name="T" id="1"><templateRef name="T"/></template>');
  t.throws(() => new FastDecoder(readTemplates(itself)), { message: /ERR S1.*contains itself/ });
  fails(t, "<templateRef/>", [`c081${"c081".repeat(40)}`], "limit");
});

test("a failed message leaves no trace where messages are printed", (t) => {
  const xml = templatesXml(
    '<template name="T" id="1"><uInt32 name="a"><copy/></uInt32><uInt32 name="b"/></template>',
  );
  const collected = new Collected(xml);
  t.deepEqual(collected.feed("e0818586")[0]?.fields, { a: 5, b: 6 });
  t.deepEqual(collected.feed("a08a"), []);
  t.deepEqual(collected.feed("c08287"), []);
  t.deepEqual(collected.feed("8087")[0]?.fields, { a: 5, b: 7 });
  t.deepEqual(collected.problems, ["message cut off", "unknown template (D9)"]);
});

test("messages before the damage stand, the rest of the packet is dropped", (t) => {
  const xml = templatesXml(`<template name="T" id="1">${U32}</template>`);
  const collected = new Collected(xml);
  const records = collected.feed("c081818082c0828083");
  t.deepEqual(
    records.map(({ fields }) => fields["a"]),
    [1, 2],
  );
  t.deepEqual(collected.problems, ["unknown template (D9)"]);
});

test("a message that is left half done does not show in the next one's fields", (t) => {
  const decoder = decoderOf(U32);
  t.is(decode(decoder, "c08101"), -1);
  t.is(decode(decoder, "c08185"), 3);
  t.is(decoder.template, 0);
  decoder.reset();
  t.is(decode(decoder, "8086"), 2);
});
