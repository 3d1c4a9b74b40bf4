/** 200,000 seeded cases over the parsers and a whole pipeline; `npm run fuzz` runs five million. */
import test from "ava";
import { fuzzTargets } from "./all.ts";
import { fuzz } from "./fuzzer.ts";
import { Random } from "./random.ts";

const SEED = Number(process.env["NYQ_SEED"] ?? 5);
/** More than 200,000 in all. */
const SHARE: Record<string, number> = {
  packet: 120_000,
  capture: 8_000,
  itch: 22_000,
  records: 20_000,
  soup: 3_000,
  "soup-session": 20_000,
  "eobi-stage": 20_000,
  "fast-stage": 20_000,
  "fast-day": 20_000,
  eobi: 60_000,
  "eobi-recovery": 40_000,
  pipeline: 15_000,
  unbelievable: 15_000,
  client: 14_000,
  admission: 5_000,
  config: 1_000,
  fast: 100_000,
  forts: 100_000,
  "fast-templates": 500,
};

for (const target of fuzzTargets(new Random(SEED))) {
  const count = SHARE[target.name] ?? 10_000;
  test(`${target.name}: ${count} hostile inputs break nothing`, (t) => {
    t.log(`seed ${SEED}`);
    fuzz(target, count, new Random(SEED));
    t.pass();
  });
}

test("the fuzzer reports the case of a target that throws", (t) => {
  const corpus = [Uint8Array.of(1, 2, 3)];
  const run = (bytes: Uint8Array): void => {
    if (bytes.length > 3) throw new Error("too long");
  };
  t.throws(() => fuzz({ name: "planted", run, corpus }, 1000, new Random(SEED)), {
    message: /planted, case \d+: too long/,
  });
});
