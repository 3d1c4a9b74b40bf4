import test from "ava";
import { decimalText } from "../../../src/decode/fast/convert.ts";
import type { Fields, FieldValue } from "../../../src/decode/records.ts";
import { Collected, plain } from "./collect.ts";
import { sampleText } from "./data.ts";

interface SpecCase {
  readonly name: string;
  readonly messages: readonly { hex: string; template: string; value: unknown }[];
}

interface CqgCase {
  readonly source_test: string;
  readonly messages: readonly { hex: string; text?: string; json?: string }[];
}

test("the worked examples of the specification are decoded, state kept inside a case", (t) => {
  const xml = sampleText(t, "fast_spec_templates.xml");
  const json = sampleText(t, "fast_spec_vectors.json");
  if (xml === null || json === null) return;
  let messages = 0;
  for (const { name, messages: wanted } of JSON.parse(json) as SpecCase[]) {
    const collected = new Collected(xml);
    for (const { hex, template, value } of wanted) {
      const [record, ...rest] = collected.feed(hex);
      t.is(rest.length, 0, name);
      t.is(record?.message, template, name);
      t.deepEqual(plain(record?.fields["Value"]), plain(value), `${name}: ${hex}`);
      messages++;
    }
    t.deepEqual(collected.problems, [], name);
  }
  t.is(messages, 44);
});

test("CQG's messages are decoded to the last field", (t) => {
  const xml = sampleText(t, "cqg_templates.xml");
  const json = sampleText(t, "cqg_vectors.json");
  if (xml === null || json === null) return;
  let messages = 0;
  for (const { source_test, messages: wanted } of JSON.parse(json) as CqgCase[]) {
    let collected = new Collected(xml);
    for (const { hex, text, json: object } of wanted) {
      // The texts continue each other, the objects each begin anew.
      if (object !== undefined) collected = new Collected(xml);
      const [record] = collected.feed(hex);
      t.truthy(record, source_test);
      if (record === undefined) continue;
      if (text !== undefined) t.is(`${record.message}=<${texts(record.fields)}>`, text);
      if (object !== undefined) {
        t.deepEqual({ [record.message]: numbers(record.fields) }, JSON.parse(object));
      }
      messages++;
    }
    t.deepEqual(collected.problems, [], source_test);
  }
  t.is(messages, 11);
});

/** CQG's text form: absent fields are left out. */
function texts(fields: Fields): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${textOf(value)}`)
    .join("|");
}

function textOf(value: FieldValue): string {
  if (Array.isArray(value)) return value.map((entry) => `<${texts(entry as Fields)}>`).join("");
  if (isDecimal(value)) return decimalText(value);
  return String(value);
}

/** CQG's objects: decimals are numbers, absent fields are left out. */
function numbers(fields: Fields): unknown {
  const entries = Object.entries(fields).filter(([, value]) => value !== null);
  return Object.fromEntries(entries.map(([name, value]) => [name, numberOf(value)]));
}

function numberOf(value: FieldValue): unknown {
  if (Array.isArray(value)) return value.map((entry) => numbers(entry as Fields));
  if (isDecimal(value)) return Number(decimalText(value));
  return typeof value === "bigint" ? Number(value) : value;
}

function isDecimal(value: FieldValue): value is { exponent: number; mantissa: bigint } {
  return value !== null && typeof value === "object" && "mantissa" in value;
}
