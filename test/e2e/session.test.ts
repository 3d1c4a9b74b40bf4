/** Sessions and readiness: nothing yet, joined late, refused, and a new session that mends it all. */
import { join } from "node:path";
import test from "ava";
import { ClientBooks } from "../../src/client/client-book.ts";
import { RawClient } from "../../src/client/raw-client.ts";
import {
  nyq,
  ownGroups,
  patientArgs,
  type RunningFeed,
  settled,
  startFeed,
  temporaryFolder,
  until,
} from "./harness.ts";

async function reasons(feed: RunningFeed): Promise<string[]> {
  const answer = await fetch(`http://${feed.admin}/ready`);
  const list = (await answer.json()) as { reason: string }[];
  return [String(answer.status), ...list.map(({ reason }) => reason)];
}

test("a feed that heard nothing is not ready, with an explicit start too", async (t) => {
  const feed = await startFeed(t, ownGroups(41), ["--start", "1"]);
  t.deepEqual(await reasons(feed), ["503", "no-data"]);
});

test("a new session clears books and stale marks on every client, and cursors go on", async (t) => {
  const folder = temporaryFolder(t);
  const day = async (name: string, messages: number, instruments: number): Promise<string> => {
    const file = join(folder, name);
    const made = await nyq(t, [
      ...["generate", "--seed", "9", "--messages", String(messages)],
      ...["--instruments", String(instruments), "-o", file],
    ]);
    t.is(made.code, 0, made.stderr);
    return file;
  };
  const groups = ownGroups(42);
  // 60 instruments of the first day are beyond the configured 40: their orders are refused.
  const feed = await startFeed(t, groups, ["--set", "book.instruments=41", ...patientArgs()]);
  const books = new ClientBooks();
  const client = new RawClient(
    { url: `ws://${feed.ws}`, start: 1, reconnect: false },
    { onBytes: (bytes) => void books.applyBytes(bytes) },
  );
  await client.connect();
  const send = async (file: string, session: string, messages: number) => {
    const sent = await nyq(t, [
      ...["send", file, "--a", groups.a, "--b", groups.b, "--iface", "127.0.0.1"],
      ...["--mps", "60000", "--session", session],
    ]);
    t.is(sent.code, 0, sent.stderr);
    return settled(feed, messages + 1);
  };
  const first = await send(await day("first.itch", 60_000, 60), "ONE", 60_000);
  t.is(first.channels[0]?.session, "ONE");
  t.deepEqual(await reasons(feed), ["503", "gap"], "what was refused makes the books incomplete");
  const file = await day("second.itch", 30_000, 40);
  const second = await send(file, "TWO", 30_000);
  t.is(second.channels[0]?.session, "TWO");
  t.true(second.global_sequence > first.global_sequence, "cursors go on");
  t.deepEqual(await reasons(feed), ["200"]);
  const replayed = await nyq(t, ["replay", "--json", file]);
  const facts = JSON.parse(replayed.stdout) as { book_hash: string };
  t.is(second.book_hash, facts.book_hash);
  await until(() => books.cursor === second.global_sequence);
  t.is(books.hash, facts.book_hash, "the client cancelled the first day's orders");
  client.close();
});
