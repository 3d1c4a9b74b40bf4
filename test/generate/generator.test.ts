/** The generated market: same bytes for a seed, valid messages, and books it truly knows. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import test from "ava";
import { FeedError } from "../../src/core/errors.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { generateFile } from "../../src/generate/generate-file.ts";
import { MarketGenerator } from "../../src/generate/market-generator.ts";
import { OutputFile } from "../../src/generate/output-file.ts";
import { PROFILE_NAMES } from "../../src/generate/profile.ts";
import { MESSAGE_LENGTHS, messagesOf, WalkModel, walkHash } from "../convert/lobster-walk.ts";

/** Golden sums of 200,000 messages, seed 42, 500 instruments; `node` of any version gives these. */
const GOLDEN = JSON.parse(
  readFileSync(join(PACKAGE_ROOT, "test", "golden", "generate-200k.json"), "utf8"),
) as Record<string, string>;

function bytesOf(market: MarketGenerator, messages: number, chunkBytes = 1 << 16): Buffer {
  const chunks: Buffer[] = [];
  const chunk = new Uint8Array(chunkBytes);
  while (market.messages < messages) {
    const end = market.fill(chunk, 0, chunk.length, messages - market.messages);
    chunks.push(Buffer.from(chunk.subarray(0, end)));
  }
  return Buffer.concat(chunks);
}

for (const profile of PROFILE_NAMES) {
  test(`profile ${profile} gives its golden bytes`, (t) => {
    const market = new MarketGenerator({ seed: 42, instruments: 500, profile });
    const sum = createHash("sha256").update(bytesOf(market, 200_000)).digest("hex");
    t.is(sum, GOLDEN[profile] ?? "no golden sum");
  });
}

test("how the buffer is cut does not change the bytes", (t) => {
  const options = { seed: 3, instruments: 7, profile: "open" } as const;
  const whole = bytesOf(new MarketGenerator(options), 20_000);
  t.true(whole.equals(bytesOf(new MarketGenerator(options), 20_000, 103)));
});

test("another seed gives other bytes, also one that differs above 32 bits", (t) => {
  const sums = [1, 2, 1 + 2 ** 32].map((seed) => {
    const market = new MarketGenerator({ seed, instruments: 5, profile: "open" });
    return createHash("sha256").update(bytesOf(market, 1000)).digest("hex");
  });
  t.is(new Set(sums).size, 3);
});

for (const instruments of [1, 40, 3000]) {
  test(`every message is valid and the hash is the books', ${instruments} instruments`, (t) => {
    const market = new MarketGenerator({ seed: 11, instruments, profile: "burst" });
    const model = new WalkModel();
    let timeNs = 0;
    let refMax = 0n;
    for (const message of messagesOf(bytesOf(market, 150_000))) {
      model.apply(message); // Throws on unknown, duplicate, over-executed.
      if (message.timeNs < timeNs) t.fail(`time ${message.timeNs} after ${timeNs}`);
      timeNs = message.timeNs;
      if (message.type === "A") refMax = message.body.readBigUInt64BE(11);
    }
    t.is(timeNs, market.timeNs);
    t.is(model.orders.size, market.liveOrders);
    t.is(walkHash(model), market.bookHash());
    for (let locate = 1; locate <= instruments; locate++) {
      const bid = model.levels(locate, true, 1)[0]?.[0] ?? 0;
      const ask = model.levels(locate, false, 1)[0]?.[0] ?? Number.POSITIVE_INFINITY;
      if (bid >= ask) t.fail(`locate ${locate} crossed: ${bid} >= ${ask}`);
    }
    t.true(refMax > 2n ** 32n, "references pass 32 bits");
  });
}

test("all 23 types appear, in the shares of a real day", (t) => {
  const market = new MarketGenerator({ seed: 5, instruments: 4, profile: "quiet" });
  // Until the books are filled, there are more adds than deletes.
  const early = bytesOf(market, 200_000);
  const messages = 400_000;
  const counts: Record<string, number> = {};
  for (const { type } of messagesOf(bytesOf(market, 200_000 + messages))) {
    counts[type] = (counts[type] ?? 0) + 1;
  }
  const seen = new Set([...messagesOf(early)].map(({ type }) => type));
  for (const type of Object.keys(counts)) seen.add(type);
  t.deepEqual([...seen].sort(), Object.keys(MESSAGE_LENGTHS).sort());
  const wanted = { A: 43, D: 41, U: 7.8, E: 2.1, X: 1, F: 0.55 };
  for (const [type, percent] of Object.entries(wanted)) {
    const share = (100 * (counts[type] ?? 0)) / messages;
    t.true(Math.abs(share - percent) < 0.1 * percent, `${type}: ${share} % is not near ${percent}`);
  }
});

test("activity follows Zipf's law", (t) => {
  const market = new MarketGenerator({ seed: 9, instruments: 1000, profile: "open" });
  const counts = new Map<number, number>();
  for (const { type, locate } of messagesOf(bytesOf(market, 300_000))) {
    if (type === "A") counts.set(locate, (counts.get(locate) ?? 0) + 1);
  }
  const sorted = [...counts.values()].sort((a, b) => b - a);
  const first = sorted[0] as number;
  for (const rank of [2, 4, 10, 30]) {
    const ratio = first / (sorted[rank - 1] as number) / rank;
    t.true(ratio > 0.6 && ratio < 1.6, `rank ${rank}: ${ratio}`);
  }
});

test("orders gather at the top of the book", (t) => {
  const market = new MarketGenerator({ seed: 2, instruments: 1, profile: "open" });
  const model = new WalkModel();
  for (const message of messagesOf(bytesOf(market, 100_000))) model.apply(message);
  for (const bid of [true, false]) {
    const levels = model.levels(1, bid).map(([, qty]) => qty);
    const sum = levels.reduce((a, b) => a + b, 0);
    const top = levels.slice(0, 16).reduce((a, b) => a + b, 0);
    t.true(levels.length >= 20 && top > sum / 2, `${top} of ${sum} in ${levels.length} levels`);
  }
});

test("the day never passes its end, however long it lasts", (t) => {
  const market = new MarketGenerator({ seed: 2, instruments: 2, profile: "quiet" });
  const chunk = new Uint8Array(1 << 20);
  const from = (9 * 60 + 30) * 60e9;
  while (market.messages < 3_000_000) market.fill(chunk, 0, chunk.length);
  t.true(market.timeNs > from + 300e9 && market.timeNs < 16 * 3600e9);
});

for (const messages of [0, 1, 2, 3, 4, 100, 65_537]) {
  test(`a file of ${messages} messages has exactly so many`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "nyq-generate-"));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const options = { seed: 1, instruments: 30, profile: "open" } as const;
    const sums: string[] = [];
    for (const name of ["day.itch", "day.itch.gz"]) {
      const output = new OutputFile(join(folder, name));
      const facts = await generateFile(options, messages, output);
      await output.close();
      const raw = readFileSync(join(folder, name));
      const bytes = name.endsWith(".gz") ? gunzipSync(raw) : raw;
      const types = [...messagesOf(bytes)].map(({ type, body }) => type + (body[11] ?? 0));
      t.is(types.length, messages);
      t.is(facts.messages, messages);
      t.is(facts.bytes, bytes.length);
      const ends = [..."MEC"].map((letter) => `S${letter.charCodeAt(0)}`);
      const last = Math.min(3, messages);
      t.deepEqual(types.slice(messages - last), ends.slice(0, last));
      sums.push(createHash("sha256").update(bytes).digest("hex"));
    }
    t.is(sums[0], sums[1]);
  });
}

test("memory stays bounded over five million messages", (t) => {
  const market = new MarketGenerator({ seed: 4, instruments: 2000, profile: "open" });
  const chunk = new Uint8Array(1 << 20);
  while (market.messages < 1_000_000) market.fill(chunk, 0, chunk.length);
  const before = process.memoryUsage.rss();
  while (market.messages < 5_000_000) market.fill(chunk, 0, chunk.length);
  const grownMiB = (process.memoryUsage.rss() - before) / 2 ** 20;
  t.true(grownMiB < 64, `${grownMiB} MiB`);
  t.true(market.liveOrders < 2 ** 19);
});

test("options out of range are usage errors", async (t) => {
  const good = { seed: 1, instruments: 1, profile: "open" } as const;
  const bad = [{ seed: -1 }, { seed: 0.5 }, { seed: 2 ** 53 }];
  const sizes = [{ instruments: 0 }, { instruments: 65_536 }];
  for (const wrong of [...bad, ...sizes]) {
    const error = t.throws(() => new MarketGenerator({ ...good, ...wrong }), {
      instanceOf: FeedError,
    });
    t.is(error.code, "FEED_USAGE");
  }
  t.notThrows(() => new MarketGenerator({ ...good, seed: 2 ** 53 - 1, instruments: 65_535 }));
  const error = t.throws(() => new OutputFile(join(tmpdir(), "nyq-no-such-folder", "x")), {
    instanceOf: FeedError,
  });
  t.is(error.code, "FEED_FILE");
});

test("symbols are unique, 1 to 8 characters, and rise with the locate", (t) => {
  const market = new MarketGenerator({ seed: 8, instruments: 65_535, profile: "open" });
  let before = "";
  let count = 0;
  for (const { type, body, locate } of messagesOf(bytesOf(market, market.openingCount))) {
    if (type !== "R") continue;
    const symbol = body.toString("latin1", 11, 19).trimEnd();
    count++;
    if (!/^[A-Z]{1,5}[-A-Z.+=]{0,3}$/.test(symbol)) t.fail(symbol);
    if (symbol <= before || locate !== count) t.fail(`${symbol} after ${before}`);
    before = symbol;
  }
  t.is(count, 65_535);
});
