import { join } from "node:path";
import test from "ava";
import { bench, resultText } from "../../../perf/fast/bench.ts";
import { PACKAGE_ROOT } from "../../../src/core/root.ts";
import { sample } from "./data.ts";

test("the FAST bench runs at smoke size and checks what it decodes", (t) => {
  if (sample(t, "mfast_complex30000.dat") === null) return;
  const shared = process.env["NYQ_SHARED"] ?? join(PACKAGE_ROOT, "..", "shared");
  const data = join(shared, "data", "fast");
  const results = bench({ data, peer: null, rounds: 1, roundMs: 1 });
  const given = results.map(({ name, ours }) => [name, ours.pass.messages, ours.pass.checksum]);
  t.deepEqual(given, [
    ["FORTS increments", 600, 314_196_742],
    ["FORTS snapshots", 683, 72_932_854],
    ["mFAST 30,001", 30_001, 450_274_200],
  ]);
  for (const result of results) t.regex(resultText(result), /ns a message/);
});
