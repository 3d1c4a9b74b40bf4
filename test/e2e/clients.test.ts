/** Clients that join late, resume, or do not read (issue: "Must hold" 3). */
import { join } from "node:path";
import test from "ava";
import { ClientBooks } from "../../src/client/client-book.ts";
import { RawClient } from "../../src/client/raw-client.ts";
import {
  NyqProcess,
  nyq,
  ownGroups,
  patientArgs,
  settled,
  startFeed,
  temporaryFolder,
  until,
} from "./harness.ts";

test("snapshot and resumed clients end with the server's hash; a deaf one is closed", async (t) => {
  const file = join(temporaryFolder(t), "day.itch");
  const messages = 600_000;
  const made = await nyq(t, [
    ...["generate", "--seed", "5", "--messages", String(messages), "--instruments", "200"],
    ...["-o", file],
  ]);
  t.is(made.code, 0, made.stderr);
  const groups = ownGroups(11);
  const feed = await startFeed(t, groups, patientArgs());
  const url = `ws://${feed.ws}`;

  const resumedBooks = new ClientBooks();
  const resumed = new RawClient(
    { url, start: 1, reconnect: false },
    { onBytes: (bytes) => void resumedBooks.applyBytes(bytes) },
  );
  await resumed.connect();
  const deafCloses: [number, string][] = [];
  const deaf = new RawClient(
    { url, reconnect: false },
    { onClose: (code, reason) => deafCloses.push([code, reason]) },
  );
  await deaf.connect();
  deaf.pause();

  const sender = new NyqProcess(t, [
    ...["send", file, "--a", groups.a, "--b", groups.b, "--iface", "127.0.0.1"],
    ...["--mps", "80000"],
  ]);
  await until(async () => (await feed.status()).global_sequence > 100_000);
  const snapshotBooks = new ClientBooks();
  const snapshot = new RawClient(
    { url, start: "snapshot", reconnect: false },
    { onBytes: (bytes) => void snapshotBooks.applyBytes(bytes) },
  );
  await snapshot.connect();
  resumed.drop();
  await until(async () => (await feed.status()).global_sequence > 150_000);
  const again = new RawClient(
    { url, start: resumedBooks.cursor + 1, reconnect: false },
    { onBytes: (bytes) => void resumedBooks.applyBytes(bytes) },
  );
  await again.connect();

  const sent = await sender.ended;
  t.is(sent.code, 0, sent.stderr);
  const status = await settled(feed, messages + 1);
  await until(() => snapshotBooks.cursor === status.global_sequence);
  await until(() => resumedBooks.cursor === status.global_sequence);
  t.is(snapshotBooks.hash, status.book_hash);
  t.is(resumedBooks.hash, status.book_hash);
  t.is(status.channels[0]?.gaps.length, 0);
  deaf.resume();
  await until(() => deafCloses.length > 0);
  t.is(deafCloses[0]?.[0] === 4000 || deafCloses[0]?.[0] === 1006, true, String(deafCloses));
  await Promise.all([snapshot.close(), again.close()]);
});
