/**
 * FAST through the whole of it: the real slice of FORTS, from files in every form and by A and B
 * multicast with faults and a loop of snapshots, gives the books of a plain model.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { ClientBooks } from "../../src/client/client-book.ts";
import { RawClient } from "../../src/client/raw-client.ts";
import { type Addressed, captureOf } from "../decode/eobi-day.ts";
import { FortsModel, fortsSlice, type Slice } from "../decode/fast/forts-slice.ts";
import {
  nyq,
  ownGroups,
  patientArgs,
  settled,
  sharedFolder,
  startFeed,
  temporaryFolder,
  until,
} from "./harness.ts";

const A = { group: "239.1.1.1", port: 5001 };
const B = { group: "239.1.1.2", port: 5001 };
const SNAPSHOT = { group: "239.1.1.3", port: 5002 };
const FIRST = 482_727;
const LAST = 483_326;

interface Facts {
  readonly messages: number;
  readonly types: Record<string, number>;
  readonly gaps: unknown[];
  readonly malformed: number;
  readonly unknown_types: Record<string, number>;
  readonly unknown_orders: number;
  readonly duplicate_orders: number;
  readonly snapshots: { set: number; compared: number; different: number };
  readonly stale_instruments: number;
  readonly instruments: number;
  readonly live_orders: number;
  readonly book_hash: string;
}

function templatesFile(): string {
  return join(sharedFolder("data", "fast", "forts-slice") ?? "", "templates.xml");
}

async function replay(t: ExecutionContext, args: readonly string[], code = 0): Promise<Facts> {
  const fast = ["--protocol", "fast", "--templates", templatesFile()];
  const ended = await nyq(t, ["replay", "--json", ...fast, ...args]);
  t.is(ended.code, code, ended.stderr);
  return JSON.parse(ended.stdout) as Facts;
}

/** The streams in the order of their numbers: each snapshot behind the last message it knows of. */
function woven(slice: Slice): { datagrams: Uint8Array[]; dump: string } {
  const model = new FortsModel(slice.xml);
  const reader = new FortsModel(slice.xml);
  const datagrams: Uint8Array[] = [];
  let next = 0;
  let lastSeq = 0;
  slice.a.forEach((datagram, i) => {
    for (; next < slice.snapshots.length; next++) {
      const snapshot = slice.snapshots[next] as Uint8Array;
      const known = reader.take(snapshot)?.fields["LastMsgSeqNumProcessed"];
      if (typeof known === "number") lastSeq = known;
      if (lastSeq >= FIRST + i) break;
      model.take(snapshot);
      datagrams.push(snapshot);
    }
    model.take(datagram);
    datagrams.push(datagram);
  });
  for (const snapshot of slice.snapshots.slice(next)) {
    model.take(snapshot);
    datagrams.push(snapshot);
  }
  const rows = ["instrument,side,price,order_id,qty", ...model.dump(), ""];
  return { datagrams, dump: rows.join("\n") };
}

function len4(parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(part.length);
      return [length, part];
    }),
  );
}

test.serial("files of every form give the books of a plain model", async (t) => {
  const slice = fortsSlice(t);
  if (slice === null) return;
  const { datagrams, dump } = woven(slice);
  const folder = temporaryFolder(t);
  const out = join(folder, "book.csv");
  const file = (name: string, bytes: Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
  const to = (address: typeof A, bytes: Uint8Array): Addressed => ({ ...address, bytes });
  const a = file("a.dat", Buffer.concat(slice.a));
  const b = file("b.dat", Buffer.concat(slice.b));
  const snapshots = file("s.dat", Buffer.concat(slice.snapshots));
  const apart = datagrams.flatMap((bytes) => [bytes.subarray(0, 2), bytes.subarray(2)]);
  const ways: [string, string[]][] = [
    ["A, B and snapshots", [a, "--file-b", b, "--file-snapshots", snapshots]],
    ["one file of all", [file("all.dat", Buffer.concat(datagrams))]],
    ["on threads", [file("all2.dat", Buffer.concat(datagrams)), "-c", threads(folder)]],
    ["with lengths", [file("all.len4", len4(datagrams))]],
    ["a length a message", [file("apart", len4(apart)), "--format", "len4"]],
    [
      "captured",
      [
        file(
          "all.pcap",
          captureOf(
            datagrams.map((bytes) => to(A, bytes)),
            20_000,
          ),
        ),
      ],
    ],
  ];
  let hash = "";
  for (const [name, args] of ways) {
    const facts = await replay(t, [...args, "--dump-book", out]);
    t.is(readFileSync(out, "utf8"), dump, name);
    hash ||= facts.book_hash;
    t.is(facts.book_hash, hash, name);
    t.is(facts.types["DefaultIncrementalRefreshMessage"], 600, name);
    t.is(facts.types["DefaultSnapshotMessage"], 577, name);
    t.deepEqual(facts.gaps, [], name);
    t.is(facts.malformed + facts.unknown_orders + facts.duplicate_orders, 0, name);
    t.is(facts.stale_instruments, 0, name);
    t.is(facts.snapshots.different, 0, name);
    t.is(facts.instruments, 11, name);
    // 577 snapshots of 11 instruments: the first of each sets a book, all later ones agree.
    t.deepEqual(facts.snapshots, { set: 11, compared: 566, different: 0 }, name);
  }
  const incremental = await replay(t, [a, "--file-snapshots", snapshots, "--hash", "incremental"]);
  t.is(incremental.book_hash, hash);
});

test.serial("a capture of A and B, each with losses, is merged by MsgSeqNum", async (t) => {
  const slice = fortsSlice(t);
  if (slice === null) return;
  const folder = temporaryFolder(t);
  const { dump } = woven(slice);
  // B begins 24 messages later; from there each loses what the other has. Snapshots come first.
  const both: Addressed[] = slice.a.flatMap((bytes, i) => [
    ...(i < 24 || i % 3 !== 0 ? [{ ...A, bytes }] : []),
    ...(i >= 24 && i % 3 !== 1 ? [{ ...B, bytes: slice.b[i - 24] as Uint8Array }] : []),
  ]);
  const loop = slice.snapshots.map((bytes) => ({ ...A, bytes }));
  const path = join(folder, "both.pcap");
  const out = join(folder, "book.csv");
  writeFileSync(path, captureOf([...both, ...loop]));
  const groups = ["--a", `${A.group}:${A.port}`, "--b", `${B.group}:${B.port}`];
  const facts = await replay(t, [path, ...groups, "--dump-book", out]);
  t.is(facts.types["DefaultIncrementalRefreshMessage"], 600);
  t.deepEqual(facts.gaps, []);
  t.is(facts.stale_instruments, 0);
  t.is(readFileSync(out, "utf8"), dump);
  // The loop on a group of its own, spread over the increments' time.
  const loopThere = loop.map(({ bytes }) => ({ ...SNAPSHOT, bytes }));
  const apart = both.flatMap((one, i) => [one, ...loopThere.slice(i, i + 1)]);
  writeFileSync(path, captureOf([...apart, ...loopThere.slice(both.length)], 10_000));
  const snapshot = ["--snapshot", `${SNAPSHOT.group}:${SNAPSHOT.port}`];
  for (const more of [[], ["-c", threads(folder)]]) {
    const told = await replay(t, [path, ...groups, ...snapshot, ...more, "--dump-book", out]);
    t.is(told.types["DefaultSnapshotMessage"], 577);
    t.is(told.stale_instruments, 0);
    t.is(told.snapshots.different, 0);
    t.is(told.book_hash, facts.book_hash);
    t.is(readFileSync(out, "utf8"), dump);
  }
  const without = await replay(t, [path, ...groups]);
  t.is(without.types["DefaultSnapshotMessage"], undefined);
  t.is(without.live_orders, 0);
  t.is(without.stale_instruments, 9);
});

test.serial("lost messages are gaps, and their instruments stale until a snapshot", async (t) => {
  const slice = fortsSlice(t);
  if (slice === null) return;
  const folder = temporaryFolder(t);
  const { datagrams } = woven(slice);
  const lost = new Set([slice.a[300], slice.a[301], slice.a[598]]);
  const path = join(folder, "lossy.dat");
  writeFileSync(path, Buffer.concat(datagrams.filter((datagram) => !lost.has(datagram))));
  const facts = await replay(t, [path]);
  t.deepEqual(facts.gaps, [
    [FIRST + 300, FIRST + 301],
    [LAST - 1, LAST - 1],
  ]);
  t.is(facts.snapshots.different, 0);
  t.true(facts.snapshots.compared > 300);
});

test.serial(
  "a message that cannot be read ends a file without lengths, not one with",
  async (t) => {
    const slice = fortsSlice(t);
    if (slice === null) return;
    const folder = temporaryFolder(t);
    const parts = slice.a.map((bytes) => Buffer.from(bytes));
    const cut = (parts[100] as Buffer).subarray(0, -1);
    const unknown = Buffer.from([0xc0, 0xf8, 0xc0, 0x87]);
    const damaged = [...parts.slice(0, 100), cut, unknown, ...parts.slice(101)];
    const withLengths = join(folder, "damaged.len4");
    writeFileSync(withLengths, len4(damaged));
    const facts = await replay(t, [withLengths]);
    t.is(facts.types["DefaultIncrementalRefreshMessage"], 599);
    t.is(facts.malformed, 2);
    t.deepEqual(facts.unknown_types, { 7: 1 });
    t.deepEqual(facts.gaps, []);
    const without = join(folder, "damaged.dat");
    writeFileSync(without, Buffer.concat([...parts.slice(0, 100), unknown, ...parts.slice(101)]));
    const ended = await replay(t, [without], 1);
    t.is(ended.types["DefaultIncrementalRefreshMessage"], 100);
    t.deepEqual(ended.unknown_types, { 7: 1 });
  },
);

/** A configuration with a thread for each stage. */
function threads(folder: string): string {
  const path = join(folder, "threads.toml");
  const stages = ["rx.a", "rx.b", "merge", "decode", "book", "publish"];
  const tables = stages.map(
    (stage) =>
      `[[pipeline.thread]]\nname = "${stage}"\nidle = "sleep"\nstages = ["${stage}"]\n` +
      (stage.startsWith("rx.") ? 'loop = "event"\n' : ""),
  );
  const endpoint =
    '[[pipeline.thread]]\nname = "endpoint"\nloop = "event"\nstages = ["endpoint"]\n';
  const head = '[pipeline]\nplacement = "threads"\nforce = true\n';
  writeFileSync(path, [head, ...tables, endpoint].join(""));
  return path;
}

/** `nyq send` of a FAST file to its end. @returns the truth */
async function send(
  t: ExecutionContext,
  file: string,
  args: readonly string[],
): Promise<{ messages: number; lost: [number, number][] }> {
  const fast = ["--protocol", "fast", "--templates", templatesFile(), "--iface", "127.0.0.1"];
  const ended = await nyq(t, ["send", file, ...fast, ...args, "--truth", "-"]);
  t.is(ended.code, 0, ended.stderr);
  return JSON.parse(ended.stdout) as { messages: number; lost: [number, number][] };
}

for (const [salt, name, args] of [
  [81, "inline", ["--set", "pipeline.placement=inline"]],
  [82, "on threads", null],
] as const) {
  test.serial(`by multicast with faults and a loop of snapshots, ${name}`, async (t) => {
    const slice = fortsSlice(t);
    if (slice === null) return;
    const folder = temporaryFolder(t);
    const a = join(folder, "a.dat");
    const snapshots = join(folder, "s.dat");
    writeFileSync(a, Buffer.concat(slice.a));
    writeFileSync(snapshots, Buffer.concat(slice.snapshots));
    const wanted = await replay(t, [a, "--file-snapshots", snapshots]);
    const groups = ownGroups(salt);
    const [, octet = "1"] = groups.a.split(".").slice(1);
    const loop = `239.78.${octet}.${salt}:${Number(groups.a.split(":")[1]) + 1}`;
    const feed = await startFeed(t, groups, [
      ...["--protocol", "fast", "--templates", templatesFile(), "--snapshot", loop],
      ...(args ?? ["-c", threads(folder)]),
      ...patientArgs(),
    ]);
    const ready = async (): Promise<string> => (await fetch(`http://${feed.admin}/ready`)).text();
    t.regex(await ready(), /no-data/);
    const client = await follow(t, feed.ws);
    const faults = "drop=0.1:never-both,dup=0.05,reorder=0.1:4";
    const feeds = ["--a", groups.a, "--b", groups.b, "--mps", "400", "--fault", faults];
    const [truth] = await Promise.all([
      send(t, a, feeds),
      send(t, snapshots, ["--a", loop, "--mps", "400", "--fault", "drop=0.1"]),
    ]);
    t.deepEqual(truth.lost, []);
    const status = await settled(feed, LAST + 1);
    t.is(status.book_hash, wanted.book_hash);
    t.is(status.live_orders, wanted.live_orders);
    t.deepEqual(status.channels[0]?.stale, { all: false, count: 0, instruments: [] });
    t.is((await ready()).trim(), "[]");
    await until(() => client.cursor === status.global_sequence);
    t.is(client.hash, wanted.book_hash);
    feed.process.child.kill("SIGTERM");
    t.is((await feed.process.ended).code, 0);
  });
}

test.serial("what both feeds lose is a gap, and snapshots heal its instruments", async (t) => {
  const slice = fortsSlice(t);
  if (slice === null) return;
  const folder = temporaryFolder(t);
  const a = join(folder, "a.dat");
  const snapshots = join(folder, "s.dat");
  writeFileSync(a, Buffer.concat(slice.a));
  writeFileSync(snapshots, Buffer.concat(slice.snapshots));
  const wanted = await replay(t, [a, "--file-snapshots", snapshots]);
  const groups = ownGroups(83);
  const loop = `239.78.83.${1 + (process.pid % 250)}:${Number(groups.a.split(":")[1]) + 1}`;
  const feed = await startFeed(t, groups, [
    ...["--protocol", "fast", "--templates", templatesFile(), "--snapshot", loop],
    ...["--set", "pipeline.placement=inline", "--set", "merge.gap_timeout_ms=200"],
  ]);
  const ready = async (): Promise<string> => (await fetch(`http://${feed.admin}/ready`)).text();
  const feeds = ["--a", groups.a, "--b", groups.b, "--mps", "2000"];
  const lost = `${FIRST + 200}-${FIRST + 219}`;
  const truth = await send(t, a, [...feeds, "--fault", `lose=${lost}`]);
  t.deepEqual(truth.lost, [[FIRST + 200, FIRST + 219]]);
  const before = await settled(feed, LAST + 1);
  t.deepEqual(
    before.channels[0]?.gaps.map(({ from, to, outcome }) => [from, to, outcome]),
    [[FIRST + 200, FIRST + 219, "unrecoverable"]],
  );
  // Nothing is live yet: without a snapshot no book is known.
  t.is(before.live_orders, 0);
  t.regex(await ready(), /late-join|gap/);
  await send(t, snapshots, ["--a", loop, "--mps", "2000"]);
  await until(async () => (await feed.status()).book_hash === wanted.book_hash);
  t.is((await ready()).trim(), "[]");
  const metrics = await (await fetch(`http://${feed.admin}/metrics`)).text();
  t.regex(metrics, /nyq_fast_stale_instruments 0\n/);
  t.regex(metrics, /nyq_fast_gaps_total 1\n/);
  t.regex(metrics, /nyq_fast_snapshots_different_total 0\n/);
  feed.process.child.kill("SIGTERM");
  t.is((await feed.process.ended).code, 0);
});

/** A raw-v1 client with books, from the first frame on. */
async function follow(t: ExecutionContext, ws: string): Promise<ClientBooks> {
  const books = new ClientBooks();
  const client = new RawClient(
    { url: `ws://${ws}`, start: 1, reconnect: false },
    { onBytes: (bytes) => void books.applyBytes(bytes) },
  );
  t.teardown(() => client.close());
  await client.connect();
  return books;
}
