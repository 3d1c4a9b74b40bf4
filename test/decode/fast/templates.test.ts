import test, { type ExecutionContext } from "ava";
import { FastTemplateError, type StaticError } from "../../../src/decode/fast/errors.ts";
import { readTemplates } from "../../../src/decode/fast/read-templates.ts";
import { readXml } from "../../../src/decode/fast/xml.ts";
import { sampleText, templatesXml } from "./data.ts";

function refused(t: ExecutionContext, xml: string, code: StaticError, pattern: RegExp): void {
  const read = (): unknown => readTemplates(xml);
  const error = t.throws(read, { instanceOf: FastTemplateError }, xml);
  t.is(error?.staticError, code, xml);
  t.regex(error?.message ?? "", pattern);
}

function fieldRefused(
  t: ExecutionContext,
  field: string,
  code: StaticError,
  pattern: RegExp,
): void {
  refused(t, templatesXml(`<template name="T" id="1">${field}</template>`), code, pattern);
}

test("XML that is not well-formed is refused as S1 with its line", (t) => {
  const cases: [string, RegExp][] = [
    ["", /no root element/],
    ["<a>", /ends inside an element/],
    ["<a></b>", /<\/b> ends <a>/],
    ["<a/><b/>", /follows the root/],
    ['<a x="1" x="2"/>', /stands twice/],
    ['<a xmlns:p="u" xmlns:q="u" p:x="1" q:x="2"/>', /stands twice/],
    ["<a x=1/>", /missing its quotes/],
    ['<a x="<"/>', /< in a value/],
    ['<a x="1"y="2"/>', /white space is missing/],
    ["<p:a/>", /not declared/],
    ['<a xmlns:p=""/>', /undeclared/],
    ["<a>&nbsp;</a>", /is no reference/],
    ["<a>&#0;</a>", /does not allow/],
    ["<a>&amp</a>", /is no reference/],
    ["<a>]]></a>", /\]\]> in character data/],
    ["<a><!-- -- --></a>", /-- inside a comment/],
    ["<a>\n\n<b>\n</a>", /line 4/],
    ["<!DOCTYPE a><a/>", /document type/],
    ['<?xml version="1.0" encoding="utf-16"?><a/>', /only UTF-8/],
    ["<a>\u0001</a>", /does not allow/],
    [`${"<a>".repeat(100)}${"</a>".repeat(100)}`, /nested deeper/],
  ];
  for (const [xml, pattern] of cases) {
    const error = t.throws(() => readXml(xml), { instanceOf: FastTemplateError }, xml);
    t.is(error?.staticError, "S1");
    t.regex(error?.message ?? "", pattern, xml);
  }
});

test("what XML allows is read: references, CDATA, comments, namespaces, a byte order mark", (t) => {
  const xml =
    '\ufeff<?xml version="1.0" encoding="UTF-8"?><!-- c --><?p i?>\r\n' +
    "<p:a xmlns:p='u' xmlns='v' p:x='&lt;&#65;&#x42;' y='2\t3'><b>1<![CDATA[<2>]]>&amp;</b></p:a>";
  const root = readXml(xml);
  t.is(`${root.ns} ${root.name} ${root.line}`, "u a 2");
  t.deepEqual(root.attributes, [
    { ns: "u", name: "x", value: "<AB" },
    { ns: "", name: "y", value: "2 3" },
  ]);
  t.deepEqual(
    root.children.map(({ ns, name, text }) => [ns, name, text]),
    [["v", "b", "1<2>&"]],
  );
});

test("templates that break the schema are refused as S1", (t) => {
  refused(t, "<templates/>", "S1", /is not <templates>/);
  refused(t, templatesXml("<int32 name='a'/>"), "S1", /in <templates>/);
  refused(t, templatesXml("<template/>"), "S1", /has no name/);
  refused(t, templatesXml("<template name='a' id='x'/>"), "S1", /is not a number/);
  refused(t, templatesXml("<template name='a' id='4294967296'/>"), "S1", /is not a number/);
  refused(t, templatesXml("<template name='a'/><template name='a'/>"), "S1", /two templates are/);
  const sameId = "<template name='a' id='1'/><template name='b' id='1'/>";
  refused(t, templatesXml(sameId), "S1", /two templates have/);
  fieldRefused(t, "<uInt16 name='a'/>", "S1", /is no instruction/);
  fieldRefused(t, "<int32/>", "S1", /has no name/);
  fieldRefused(t, "<int32 name='a' presense='optional'/>", "S1", /has no attribute/);
  fieldRefused(t, "<int32 name='a' presence='maybe'/>", "S1", /presence/);
  fieldRefused(t, "<string name='a' charset='latin1'/>", "S1", /charset/);
  fieldRefused(t, "<int32 name='a'><copy/><delta/></int32>", "S1", /after <copy>/);
  fieldRefused(t, "<int32 name='a'>7</int32>", "S1", /text in/);
  fieldRefused(t, "<int32 name='a'><constant value='1' key='b'/></int32>", "S1", /attribute key/);
  fieldRefused(t, "<int32 name='a'><copy ns='b'/></int32>", "S1", /ns without key/);
  fieldRefused(t, "<decimal name='a'><exponent/></decimal>", "S1", /no operator/);
  const swapped = "<mantissa><delta/></mantissa><exponent><copy/></exponent>";
  fieldRefused(t, `<decimal name='a'>${swapped}</decimal>`, "S1", /and then <mantissa>/);
  fieldRefused(t, "<sequence name='a'><int32 name='b'/><length/></sequence>", "S1", /instruction/);
  fieldRefused(t, "<templateRef templateNs='x'/>", "S1", /without name/);
});

test("operators on the wrong type are S2, bad initial values S3, missing ones S4 and S5", (t) => {
  fieldRefused(t, "<string name='a'><increment/></string>", "S2", /increment/);
  fieldRefused(t, "<decimal name='a'><increment/></decimal>", "S2", /increment/);
  fieldRefused(t, "<int32 name='a'><tail/></int32>", "S2", /tail/);
  const tail = "<exponent><tail/></exponent>";
  fieldRefused(t, `<decimal name='a'>${tail}</decimal>`, "S2", /tail/);
  const values: [string, string][] = [
    ["int32", "2147483648"],
    ["int32", "1.0"],
    ["int32", ""],
    ["uInt32", "-1"],
    ["uInt64", "18446744073709551616"],
    ["int64", "-9223372036854775809"],
    ["decimal", "1."],
    ["decimal", "1e5"],
    ["decimal", `1${"0".repeat(64)}`],
    ["decimal", "9223372036854775808"],
    ["string", "\u00e9"],
    ["byteVector", "abc"],
  ];
  for (const [type, value] of values) {
    fieldRefused(t, `<${type} name='a'><copy value='${value}'/></${type}>`, "S3", /value/);
  }
  fieldRefused(t, "<int32 name='a'><constant/></int32>", "S4", /constant/);
  fieldRefused(t, "<int32 name='a'><default/></int32>", "S5", /default/);
  const optional = "<int32 name='a' presence='optional'><default/></int32>";
  t.is(readTemplates(templatesXml(`<template name='T'>${optional}</template>`)).length, 1);
});

test("initial values are converted and decimals normalised", (t) => {
  const initial = (type: string, value: string): unknown => {
    const field = `<${type} name='a'><copy value='${value}'/></${type.split(" ")[0]}>`;
    const [template] = readTemplates(templatesXml(`<template name='T'>${field}</template>`));
    const first = template?.body[0];
    return first?.kind === "scalar" ? first.operator.initial : null;
  };
  t.deepEqual(initial("decimal", " 12000 "), { exponent: 3, mantissa: 12n });
  t.deepEqual(initial("decimal", "-0.10"), { exponent: -1, mantissa: -1n });
  t.deepEqual(initial("decimal", ".5"), { exponent: -1, mantissa: 5n });
  t.deepEqual(initial("decimal", "-0.0"), { exponent: 0, mantissa: 0n });
  t.is(initial("uInt64", "18446744073709551615"), 2n ** 64n - 1n);
  t.is(initial("int32", "-7"), -7n);
  t.deepEqual(initial("byteVector", "0a FF"), Uint8Array.of(10, 255));
  t.deepEqual(initial("string", ""), new Uint8Array(0));
});

test("foreign elements and attributes, and the reset of any spelling, are taken", (t) => {
  const foreign = "<x:y xmlns:x='u'><x:z/>text</x:y><int32 name='a' q:r='1' xmlns:q='w'/>";
  const resets = [
    "reset='Y'",
    "reset='T'",
    "s:reset='yes' xmlns:s='http://www.fixprotocol.org/ns/fast/scp/1.1'",
  ];
  for (const reset of resets) {
    const xml = templatesXml(`<template name='T' ${reset}>${foreign}</template>`);
    const [template] = readTemplates(xml);
    t.true(template?.isReset);
    t.is(template?.body.length, 1);
  }
});

test("keys name dictionary, namespace and key, the nearest ancestor's dictionary first", (t) => {
  const xml = templatesXml(
    `<template name="T" dictionary="template"><typeRef name="A"/>
       <int32 name="a"><copy/></int32>
       <int32 name="b"><copy dictionary="type" key="k"/></int32>
       <group name="g" dictionary="mine"><int32 name="c"><copy key="d" ns="n"/></int32></group>
       <int32 name="e"><delta dictionary="global"/></int32>
     </template>`,
    "ns='space'",
  );
  const entries: (string | null)[] = [];
  for (const field of readTemplates(xml)[0]?.body ?? []) {
    const scalar = field.kind === "group" ? field.body[0] : field;
    if (scalar?.kind === "scalar") entries.push(scalar.operator.entry);
  }
  t.deepEqual(entries, [
    "template\n\nT\nspace\na",
    "type\nspace\nA\nspace\nk",
    "user\nmine\nn\nd",
    "global\nspace\ne",
  ]);
});

test("venues' template files are read, and one that is not FAST 1.1 is refused by name", (t) => {
  const counts: Record<string, number> = {
    "fast_spec_templates.xml": 16,
    "cqg_templates.xml": 6,
    "mfast_complex30000_templates.xml": 3,
    "forts-slice/templates.xml": 12,
    "moex_forts_2017_templates.xml": 13,
    "moex_asts_2017_templates.xml": 18,
    "b3_umdf_templates.xml": 32,
  };
  for (const [name, count] of Object.entries(counts)) {
    const xml = sampleText(t, name);
    if (xml === null) return;
    t.is(readTemplates(xml).length, count, name);
  }
  const arca = sampleText(t, "arca_templates.xml");
  if (arca !== null) refused(t, arca, "S1", /<uInt16> is no instruction/);
});
