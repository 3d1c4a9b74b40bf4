import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { loadConfig } from "../../src/config/load.ts";
import { generateFile } from "../../src/generate/generate-file.ts";
import { OutputFile } from "../../src/generate/output-file.ts";
import { replayFile } from "../../src/pipeline/replay.ts";

test("a replay that was warmed up tells what one without tells", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "nyq-warm-replay-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "day.itch");
  const market = { seed: 7, instruments: 40, profile: "open" } as const;
  const output = new OutputFile(path);
  await generateFile(market, 30_000, output);
  await output.close();
  const config = loadConfig({ env: {}, sets: [], flags: [], requireRx: false });
  for (const hash of ["end", "incremental"] as const) {
    const facts = [];
    for (const warmUp of [0, 50_000]) {
      const shared = { path, format: "auto", hash, dumpBook: null, config } as const;
      const outcome = await replayFile({ ...shared, maxOrders: null, jobs: 1, warmUp });
      t.is(outcome.error, null);
      facts.push({ ...outcome.facts, ns_per_message: 0, peak_rss_bytes: 0 });
    }
    t.deepEqual(facts[0], facts[1]);
    t.is(facts[0]?.messages, 30_000);
  }
});
