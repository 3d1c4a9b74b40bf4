/** Instrument state from the wire to people: replay's dump, the admin address and `nyq book`. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { lookAt } from "../../src/rx/file.ts";
import { SoupFile } from "../../src/send/soup-file.ts";
import { SoupServer } from "../../src/send/soup-server.ts";
import { nyq, settled, sharedFolder, skip, startFeed, temporaryFolder } from "./harness.ts";

interface Said {
  readonly message: string;
  readonly template_id: string;
  readonly fields: Record<string, unknown>;
}

interface StateRow {
  readonly instrument: number;
  readonly symbol: string;
  readonly messages: readonly Said[];
  readonly participants: readonly object[];
  readonly market?: readonly Said[];
}

function rowsOf(text: string): StateRow[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as StateRow);
}

test("real PSX packets: the state dumped is the last of what nyq decode prints", async (t) => {
  const folder = sharedFolder("data", "itch", "psx-20230822");
  if (folder === null) return skip(t, "../shared/data/itch is absent");
  for (const name of ["StockTradingAction", "SystemEvent", "RegShoShortSalePriceTestRestricted"]) {
    const file = readdirSync(folder).find((one) => one.startsWith(name));
    await sameState(t, join(folder, file ?? name));
  }
});

async function sameState(t: ExecutionContext, file: string): Promise<void> {
  const decoded = await nyq(t, ["decode", "--json", file]);
  const last = new Map<string, Record<string, unknown>>();
  for (const line of decoded.stdout.trimEnd().split("\n")) {
    const { template_id: id, fields } = JSON.parse(line) as Said;
    const market = id === "h" ? fields["Market Code"] : "";
    if ("RHYKJINOh".includes(id)) last.set(`${fields["Stock Locate"]} ${id}${market}`, fields);
    if ("SVW".includes(id)) last.set(`market ${id}`, fields);
  }
  t.true(last.size > 0, file);
  const dumped = await nyq(t, ["replay", "--dump-state", "-", file]);
  t.is(dumped.code, 0, dumped.stderr);
  const [market, ...rows] = rowsOf(dumped.stdout);
  const said: [string, Said][] = rows.flatMap(({ instrument, messages }) => {
    return messages.map((one): [string, Said] => [`${instrument}`, one]);
  });
  for (const one of market?.market ?? []) said.push(["market", one]);
  for (const [row, { template_id: id, fields }] of said) {
    t.deepEqual(fields, last.get(`${row} ${id}${id === "h" ? fields["Market Code"] : ""}`));
  }
  t.is(said.length, last.size);
}

test("a feed's admin address and nyq book tell the state that replay dumps", async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, "day.itch");
  const made = await nyq(t, [
    ...["generate", "--seed", "4", "--messages", "20000", "--instruments", "12", "-o", file],
  ]);
  t.is(made.code, 0, made.stderr);
  const path = join(folder, "state.jsonl");
  t.is((await nyq(t, ["replay", "--dump-state", path, file])).code, 0);
  const [market, ...rows] = rowsOf(readFileSync(path, "utf8"));
  t.is(rows.length, 12);
  const { input } = await lookAt(file);
  const messages = await SoupFile.read(file, input);
  const server = await SoupServer.listen(messages, {
    ...{ host: "127.0.0.1", port: 0, session: "DAY", messagesPerSecond: null, ends: false },
    user: null,
  });
  t.teardown(() => server.close());
  const feed = await startFeed(t, { a: `soup://127.0.0.1:${server.port}`, b: "" });
  const status = (await settled(feed, messages.count + 1)) as unknown as {
    channels: [{ market: Said[]; halted: { count: number; instruments: number[] } }];
  };
  const [channel] = status.channels;
  t.deepEqual(channel.market, market?.market);
  for (const row of rows) {
    const url = `http://${feed.admin}/api/instrument?instrument=${row.instrument}`;
    t.deepEqual(await (await fetch(url)).json(), row);
  }
  const halted = rows.filter(({ messages: said }) => {
    const state = said.find(({ template_id: id }) => id === "H")?.fields["Trading State"];
    return state === "H" || state === "P";
  });
  t.deepEqual(
    channel.halted.instruments,
    halted.map(({ instrument }) => instrument),
  );
  const [first] = rows;
  const book = await nyq(t, [
    ...["book", first?.symbol ?? "", "--once", "--url", `ws://${feed.ws}`, "--admin", feed.admin],
  ]);
  t.regex(book.stdout, /^\S+ {2}(trading|halted|paused|quotation only)/);
  t.is((await fetch(`http://${feed.admin}/api/instrument?instrument=65536`)).status, 400);
});

test("--dump-state is refused where it cannot be honoured", async (t) => {
  const two = await nyq(t, ["replay", "--dump-state", "x", "a", "b"]);
  t.is(two.code, 2);
  t.regex(two.stderr, /--dump-state takes one file/);
  const both = await nyq(t, ["replay", "--dump-state", "-", "--dump-book", "-", "a"]);
  t.is(both.code, 2);
  const slice = sharedFolder("data", "fast", "forts-slice");
  if (slice === null) return skip(t, "no shared/data/fast (NYQ_SHARED)");
  const fast = await nyq(t, [
    ...["replay", "--protocol", "fast", "--templates", join(slice, "templates.xml")],
    ...["--dump-state", "-", "a"],
  ]);
  t.is(fast.code, 2);
  t.regex(fast.stderr, /keeps no instrument state/);
});
