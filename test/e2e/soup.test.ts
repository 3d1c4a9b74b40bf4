/** A feed over SoupBinTCP ends with the file's books, whatever happens to its connections. */
import { join } from "node:path";
import test from "ava";
import { lookAt } from "../../src/rx/file.ts";
import { SoupFile } from "../../src/send/soup-file.ts";
import { SoupServer } from "../../src/send/soup-server.ts";
import { NyqProcess, nyq, settled, startFeed, temporaryFolder, until } from "./harness.ts";

const MESSAGES = 100_000;

test("A and B over SoupBinTCP, both cut off again and again: the file's books, no gap", async (t) => {
  const file = join(temporaryFolder(t), "day.itch");
  const made = await nyq(t, [
    ...["generate", "--seed", "5", "--messages", `${MESSAGES}`, "--instruments", "50", "-o", file],
  ]);
  t.is(made.code, 0, made.stderr);
  const replayed = await nyq(t, ["replay", "--json", file]);
  const { book_hash: hash } = JSON.parse(replayed.stdout) as { book_hash: string };
  const { input } = await lookAt(file);
  const messages = await SoupFile.read(file, input);
  const serve = {
    ...{ host: "127.0.0.1", port: 0, session: "DAY", messagesPerSecond: 40_000, ends: false },
    user: { name: "feed", password: "secret" },
  };
  const servers = [
    await SoupServer.listen(messages, serve),
    await SoupServer.listen(messages, serve),
  ];
  const [a, b] = servers.map(({ port }) => `soup://127.0.0.1:${port}`);
  const cuts = setInterval(() => {
    for (const server of servers) server.cut();
  }, 700);
  t.teardown(() => {
    clearInterval(cuts);
    for (const server of servers) server.close();
  });
  const login = ["--set", "soup.username=feed"];
  const env = { NYQ_SOUP__PASSWORD: "secret" };
  const feed = await startFeed(t, { a: a ?? "", b: b ?? "" }, login, env);
  const status = await settled(feed, MESSAGES + 1);
  t.is(status.book_hash, hash);
  t.deepEqual(status.channels[0]?.gaps, []);
  t.is(status.channels[0]?.session?.trim(), "DAY");
  t.false(feed.process.stderr.includes("secret"));
});

test("nyq serve-soup says where it listens, serves a client and ends with --once", async (t) => {
  const file = join(temporaryFolder(t), "day.itch.gz");
  const made = await nyq(t, [
    ...["generate", "--seed", "6", "--messages", "2000", "--instruments", "5", "-o", file],
  ]);
  t.is(made.code, 0, made.stderr);
  const serving = new NyqProcess(t, ["serve-soup", file, "--once", "--listen", "127.0.0.1:0"]);
  const [, address = ""] = await until(() => /ready soup=(\S+) /.exec(serving.stderr));
  const feed = await startFeed(t, { a: `soup://${address}`, b: "" });
  const ended = await serving.ended;
  t.is(ended.code, 0, ended.stderr);
  t.regex(ended.stderr, /messages=\d+\n/);
  const count = Number(/messages=(\d+)/.exec(ended.stderr)?.[1]);
  const status = await settled(feed, count + 1);
  t.true(status.live_orders > 0);
});
