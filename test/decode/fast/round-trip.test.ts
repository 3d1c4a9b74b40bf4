import test from "ava";
import fc from "fast-check";
import { readTemplates } from "../../../src/decode/fast/read-templates.ts";
import { Random } from "../../fuzz/random.ts";
import { seeded } from "../../seed.ts";
import { Collected, plain } from "./collect.ts";
import { FastEncoder } from "./encoder.ts";
import { MessageMaker, TemplateWriter } from "./some-templates.ts";
import { EncodeError } from "./wire-writer.ts";

test("what the plain encoder writes with random templates is decoded to the same fields", (t) => {
  let messages = 0;
  let refused = 0;
  const property = fc.property(fc.integer(), (seed) => {
    const random = new Random(seed);
    const xml = new TemplateWriter(random).xml(1 + random.below(4));
    const templates = readTemplates(xml);
    const maker = new MessageMaker(random, templates);
    const encoder = new FastEncoder(templates);
    const collected = new Collected(xml);
    for (let i = 0; i < 12; i++) {
      const { name, value } = maker.some();
      let bytes: Uint8Array;
      try {
        bytes = encoder.message(name, value);
      } catch (error) {
        if (!(error instanceof EncodeError)) throw error;
        refused++;
        continue;
      }
      const [record, ...rest] = collected.feed(bytes);
      const hex = Buffer.from(bytes).toString("hex");
      t.deepEqual(collected.problems, [], `${xml}\n${name} ${hex}`);
      t.is(rest.length, 0);
      t.is(record?.message, name);
      t.deepEqual(plain(record?.fields), plain(value), `${xml}\n${name} ${hex}`);
      messages++;
    }
  });
  fc.assert(property, seeded(t, 150));
  t.log(`${messages} messages, ${refused} that the operators cannot express`);
  t.true(messages > refused / 2);
});
