/** Ticks from CSV and configuration, in a replay and in a feed. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { ItchWriter } from "../../src/decode/itch/encoder.ts";
import { lookAt } from "../../src/rx/file.ts";
import { SoupFile } from "../../src/send/soup-file.ts";
import { SoupServer } from "../../src/send/soup-server.ts";
import { nyq, settled, startFeed, temporaryFolder, until } from "./harness.ts";

/** Two instruments, 1 AAPL and 2 MSFT; prices with four decimals. */
function day(): Uint8Array {
  const w = new ItchWriter();
  const word = (text: string): number => Buffer.from(text.padEnd(4)).readUInt32BE();
  const facts = {
    ...{ marketCategory: 0x51, financialStatus: 0x4e, roundLot: 100, roundLotsOnly: 0x4e },
    ...{ issueClassification: 0x43, issueSubType: 0x5a20, authenticity: 0x50, luldTier: 0x31 },
    ...{ shortSaleThreshold: 0x4e, ipoFlag: 0x4e, etpFlag: 0x4e, etpLeverage: 0, inverse: 0x4e },
  };
  w.directory(1, 0, 0, 0, word("AAPL"), word(""), facts);
  w.directory(2, 0, 0, 0, word("MSFT"), word(""), facts);
  const prices = [1_000_000, 1_000_050, 1_000_100, 1_000_001];
  for (const [i, price] of prices.entries()) {
    w.add(1, 0, 0, 0, 10 + i, 0, 0, 100, 0, 0, price);
    w.add(2, 0, 0, 0, 20 + i, 0, 1, 100, 0, 0, price);
  }
  w.replace(1, 0, 0, 0, 10, 0, 30, 0, 100, 7);
  return w.written().slice();
}

test("prices off their tick are counted and kept, by replay and by a feed", async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, "day.itch");
  const reference = join(folder, "ref.csv");
  writeFileSync(file, day());
  writeFileSync(reference, "secid,min_price_increment,lot\nAAPL,0.01,100\n2,0.005,10\n");
  const replay = async (...sets: string[]) => {
    const flags = sets.flatMap((set) => ["--set", set]);
    const { code, stdout, stderr } = await nyq(t, ["replay", "--json", ...flags, file]);
    t.is(code, 0, stderr);
    return JSON.parse(stdout) as { off_tick: number; book_hash: string };
  };
  const without = await replay();
  const withCsv = await replay(`reference.file=${reference}`);
  const inline = await replay(`reference.file=${reference}`, "reference.ticks=2=0.01,AAPL=0.0001");
  t.deepEqual([without.off_tick, withCsv.off_tick, inline.off_tick], [0, 4, 2]);
  t.deepEqual(withCsv.book_hash, without.book_hash);
  const { input } = await lookAt(file);
  const server = await SoupServer.listen(await SoupFile.read(file, input), {
    ...{ host: "127.0.0.1", port: 0, session: "DAY", messagesPerSecond: null, ends: false },
    user: null,
  });
  t.teardown(() => server.close());
  const groups = { a: `soup://127.0.0.1:${server.port}`, b: "" };
  const feed = await startFeed(t, groups, ["--set", `reference.file=${reference}`]);
  const status = (await settled(feed, 12)) as unknown as { off_tick: number; book_hash: string };
  t.deepEqual([status.off_tick, status.book_hash], [4, without.book_hash]);
  const answer = await fetch(`http://${feed.admin}/api/instrument?instrument=1`);
  const { reference: row } = (await answer.json()) as { reference: object };
  t.deepEqual(row, {
    key: "AAPL",
    ticks: [{ from: null, tick: 100 }],
    fields: { secid: "AAPL", min_price_increment: "0.01", lot: "100" },
  });
  await until(() => feed.process.stderr.includes("prices off their tick: 4, 4 in all"));
});

test("a bad row stops replay, feed and config check with its line and exit 78", async (t) => {
  const folder = temporaryFolder(t);
  const reference = join(folder, "ref.csv");
  const file = join(folder, "day.itch");
  writeFileSync(file, day());
  writeFileSync(reference, "instrument,tick\n1,0.01\n2,none\n");
  const set = ["--set", `reference.file=${reference}`];
  const group = ["--set", "rx.a=239.1.1.1:5000"];
  for (const args of [
    ["replay", ...set, file],
    ["feed", ...set, ...group],
    ["config", "check", ...set, ...group],
  ]) {
    const { code, stderr } = await nyq(t, args);
    t.is(code, 78, args.join(" "));
    t.regex(stderr, /ref\.csv:3: tick "none" is no decimal number/);
  }
});
