/**
 * EOBI through the whole of it: the LOBSTER day rendered as EOBI, from a capture and by A and B
 * multicast with faults, gives the books that the encoder has in mind; a raw-v1 client follows.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { ClientBooks } from "../../src/client/client-book.ts";
import { RawClient } from "../../src/client/raw-client.ts";
import {
  type Addressed,
  captureOf,
  type Datagram,
  datagramsOf,
  type EobiDay,
  eobiDay,
  type LateDay,
  lateDay,
  securityOf,
} from "../decode/eobi-day.ts";
import { eobiMessage, eobiPacket } from "../decode/eobi-encoder.ts";
import { lobsterDay } from "../decode/lobster-day.ts";
import { lostOnOne, type SendPlan, sendAll } from "./eobi-multicast.ts";
import {
  nyq,
  ownGroups,
  patientArgs,
  settled,
  skip,
  startFeed,
  temporaryFolder,
  until,
} from "./harness.ts";

const A = { group: "239.1.1.1", port: 5001 };
const B = { group: "239.1.1.2", port: 5001 };
const EOBI = ["--protocol", "eobi-14.1"];
const THREADS = `
[pipeline]
placement = "threads"
force = true
${["rx.a", "rx.b", "merge", "decode", "book", "publish"]
  .map((stage) => `[[pipeline.thread]]\nname = "${stage}"\nidle = "sleep"\nstages = ["${stage}"]\n`)
  .join("")}
[[pipeline.thread]]
name = "endpoint"
loop = "event"
stages = ["endpoint"]
`;

async function dayOrSkip(t: ExecutionContext): Promise<EobiDay | null> {
  const file = await lobsterDay();
  if (file === null) skip(t, "no shared data");
  return file === null ? null : eobiDay(file);
}

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

interface Facts {
  readonly messages: number;
  readonly types: Record<string, number>;
  readonly events: number;
  readonly gaps: unknown[];
  readonly unknown_orders: number;
  readonly over_executions: number;
  readonly malformed: number;
  readonly foreign: number;
  readonly other_streams: number;
  readonly live_orders: number;
  readonly instruments: number;
  readonly book_hash: string;
  readonly snapshots: { readonly set: number };
  readonly waits_for_snapshot: boolean;
}

async function replay(t: ExecutionContext, args: readonly string[]): Promise<Facts> {
  const ended = await nyq(t, ["replay", "--json", ...EOBI, ...args]);
  t.is(ended.code, 0, ended.stderr);
  return JSON.parse(ended.stdout) as Facts;
}

/** What every way has to give. */
function isTheDay(t: ExecutionContext, facts: Facts, day: EobiDay): void {
  t.is(facts.book_hash, day.hash);
  t.is(facts.messages, day.messages);
  t.is(facts.events, day.frames);
  t.is(facts.live_orders, day.levels.flat().length);
  t.deepEqual(facts.gaps, []);
  t.is(facts.unknown_orders + facts.over_executions + facts.malformed + facts.foreign, 0);
}

test.serial(
  "a capture of the day gives its books: as one feed, as A and B, on threads",
  async (t) => {
    const day = await dayOrSkip(t);
    if (day === null) return;
    const folder = temporaryFolder(t);
    const threads = join(folder, "threads.toml");
    writeFileSync(threads, THREADS);
    const a = datagramsOf(day.transactions).map((one) => ({ ...one, ...A }));
    const b = datagramsOf(day.transactions, 3).map((one) => ({ ...one, ...B }));
    const [lostA, lostB] = lostOnOne(a, b, 50);
    const one = join(folder, "one.pcap");
    writeFileSync(one, captureOf(a));
    const both = join(folder, "both.pcap");
    const mixed = a.flatMap((datagram, i) => [
      ...(lostA.has(i) ? [] : [datagram]),
      ...(i % 3 === 2 && b[(i - 2) / 3] && !lostB.has((i - 2) / 3)
        ? b.slice((i - 2) / 3, (i + 1) / 3)
        : []),
    ]);
    writeFileSync(both, captureOf([...mixed, ...b.slice(Math.floor(a.length / 3))]));
    const groups = ["--a", `${A.group}:${A.port}`, "--b", `${B.group}:${B.port}`];

    const alone = await replay(t, [one]);
    isTheDay(t, alone, day);
    t.true((alone.types["OrderAdd"] ?? 0) > 10_000);
    t.true((alone.types["FullOrderExecution"] ?? 0) > 1000);
    isTheDay(t, await replay(t, ["--hash", "incremental", one]), day);
    isTheDay(t, await replay(t, ["-c", threads, one]), day);
    isTheDay(t, await replay(t, [...groups, both]), day);
    isTheDay(t, await replay(t, [...groups, "-c", threads, both]), day);
  },
);

test("the dump names instruments by their 64-bit ids and keeps queue order", async (t) => {
  const day = await dayOrSkip(t);
  if (day === null) return;
  const folder = temporaryFolder(t);
  const file = join(folder, "day.pcap");
  const out = join(folder, "book.csv");
  writeFileSync(file, captureOf(datagramsOf(day.transactions).map((one) => ({ ...one, ...A }))));
  await replay(t, ["--dump-book", out, file]);
  const dumped = readFileSync(out, "utf8").trim().split("\n");
  const best = (side: number, px: bigint): bigint => (side === 0 ? -px : px);
  const rows = day.levels.flat().sort((x, y) => {
    if (x.side !== y.side) return x.side - y.side;
    const order = best(x.side, x.px) - best(y.side, y.px) || x.id - y.id;
    return order < 0n ? -1 : 1;
  });
  t.deepEqual(dumped, [
    "instrument,side,price,order_id,qty",
    ...rows.map(({ instrument, side, px, id, qty }) => [instrument, side, px, id, qty].join(",")),
  ]);
});

test("a venue's service that restarts is a new session whose books begin empty", async (t) => {
  const add = (seq: number, seconds: number): Addressed & { readonly seconds: number } => {
    const order = { TrdRegTSTimePriority: 5n + BigInt(seq), DisplayQty: 10n, Side: 1, Price: 7n };
    const fields = { SecurityID: 9n, OrderDetails: order };
    const bytes = eobiPacket([eobiMessage("OrderAdd", fields, seq)], {
      isReset: seq < 4,
      timeNs: 1_772_000_000_000_000_000n + BigInt(seconds) * 1_000_000_000n,
    });
    return { ...A, bytes, seconds };
  };
  const first = Array.from({ length: 40 }, (_, i) => add(i + 1, i));
  const second = Array.from({ length: 20 }, (_, i) => add(i + 1, 50 + i));
  const folder = temporaryFolder(t);
  const file = join(folder, "restart.pcap");
  writeFileSync(file, captureOf([...first, ...second], 1_000_000));
  const alone = join(folder, "second.pcap");
  writeFileSync(alone, captureOf(second, 1_000_000));
  const facts = await replay(t, [file]);
  t.is(facts.live_orders, 20);
  t.is(facts.book_hash, (await replay(t, [alone])).book_hash);
  t.deepEqual(facts.gaps, []);
});

test("other market segments and other releases on the group are counted, not taken", async (t) => {
  const add = (seq: number, security: bigint): Buffer =>
    eobiMessage(
      "OrderAdd",
      {
        SecurityID: security,
        OrderDetails: { TrdRegTSTimePriority: 5n + security, DisplayQty: 10n, Side: 1, Price: 7n },
      },
      seq,
    );
  const packets = [1, 2, 3].flatMap((seq) => [
    { ...A, bytes: eobiPacket([add(seq, BigInt(seq))], { segment: 688 }) },
    { ...A, bytes: eobiPacket([add(seq, 100n + BigInt(seq))], { segment: 1373 }) },
  ]);
  const old = Buffer.from(packets[0]?.bytes as Buffer);
  old.writeUInt16LE(24, 0);
  const longer = Buffer.concat([eobiPacket([]), add(4, 9n), Buffer.alloc(8)]);
  longer.writeUInt16LE(64, 32);
  const file = join(temporaryFolder(t), "two.pcap");
  writeFileSync(file, captureOf([...packets, { ...A, bytes: old }, { ...A, bytes: longer }]));
  const first = await replay(t, [file]);
  t.is(first.messages, 3);
  t.is(first.other_streams, 3);
  t.is(first.foreign, 2);
  t.is(first.instruments, 3);
  const second = await replay(t, ["--set", "channel.market_segment=1373", file]);
  t.is(second.messages, 3);
  t.is(second.other_streams, 3);
  t.not(second.book_hash, first.book_hash);
});

for (const [salt, name, args] of [
  [71, "inline", ["--set", "pipeline.placement=inline"]],
  [72, "on threads", null],
] as const) {
  test.serial(
    `by multicast with faults on A and B, ${name}, the day's books come out`,
    async (t) => {
      const day = await dayOrSkip(t);
      if (day === null) return;
      const threads = join(temporaryFolder(t), "threads.toml");
      writeFileSync(threads, THREADS);
      const groups = ownGroups(salt);
      const placed = args ?? ["-c", threads];
      const feed = await startFeed(t, groups, [
        ...EOBI,
        "--start",
        "1",
        ...placed,
        ...patientArgs(),
      ]);
      const client = await follow(t, feed.ws);
      const a = datagramsOf(day.transactions);
      const b = datagramsOf(day.transactions, 3);
      const [lostA, lostB] = lostOnOne(a, b, 40);
      await sendAll(
        [
          { group: groups.a, datagrams: a, lost: lostA, disturb: 60 },
          { group: groups.b, datagrams: b, lost: lostB, disturb: 70 },
        ],
        20_000,
      );
      const status = await settled(feed, day.messages + 1);
      t.deepEqual(
        status.channels[0]?.gaps.filter((gap) => gap.outcome !== "filled"),
        [],
      );
      t.is(status.book_hash, day.hash);
      t.is(status.global_sequence, day.frames);
      t.is(status.live_orders, day.levels.flat().length);
      await until(() => client.cursor === day.frames);
      t.is(client.hash, day.hash);
      t.deepEqual(client.instruments(), [securityOf(1)]);
      feed.process.child.kill("SIGTERM");
      t.is((await feed.process.ended).code, 0);
    },
  );
}

const SNAPSHOT = { group: "239.1.1.3", port: 5002 };
const MISSED = 40_000;

async function lateOrSkip(t: ExecutionContext): Promise<LateDay | null> {
  const file = await lobsterDay();
  if (file === null) skip(t, "no shared data");
  return file === null ? null : lateDay(file, MISSED);
}

test("a capture that begins late gives the day's books with its snapshot channel", async (t) => {
  const late = await lateOrSkip(t);
  if (late === null) return;
  const folder = temporaryFolder(t);
  const threads = join(folder, "threads.toml");
  writeFileSync(threads, THREADS);
  const seen = datagramsOf(late.missed.slice(-500), 1, 1373, late.last + 1 - countOf(late, 500));
  const rest = datagramsOf(late.rest, 1, 1373, late.last + 1);
  const cycle = late.cycle.map((bytes) => ({ bytes, ...SNAPSHOT }));
  const live = [...seen, ...rest].map(({ bytes }) => ({ bytes, ...A }));
  const mixed = live.flatMap((datagram, i) => {
    const one = i >= 600 ? cycle[i - 600] : undefined;
    return one === undefined ? [datagram] : [datagram, one];
  });
  const file = join(folder, "late.pcap");
  writeFileSync(file, captureOf(mixed, 100));
  const snapshot = ["--snapshot", `${SNAPSHOT.group}:${SNAPSHOT.port}`];
  for (const more of [[], ["-c", threads]]) {
    const facts = await replay(t, [...snapshot, ...more, file]);
    t.is(facts.book_hash, late.day.hash);
    t.is(facts.snapshots.set, 1);
    t.false(facts.waits_for_snapshot);
    t.is(facts.unknown_orders, 0);
  }
  const cut = join(folder, "cut.pcap");
  writeFileSync(cut, captureOf(mixed.slice(0, 620), 100));
  t.true((await replay(t, [...snapshot, cut])).waits_for_snapshot);
});

/** Messages of the last transactions before the joining. */
function countOf({ missed }: LateDay, transactions: number): number {
  return missed.slice(-transactions).flat().length;
}

test.serial(
  "a feed that joins late, and loses messages on both, is put right by snapshots",
  async (t) => {
    const late = await lateOrSkip(t);
    if (late === null) return;
    const groups = ownGroups(73);
    const [, octet = "1", , ,] = groups.a.split(/[.:]/);
    const port = Number(groups.a.split(":")[1]) + 1;
    const group = `239.78.${octet}.3:${port}`;
    const feed = await startFeed(t, groups, [
      ...[...EOBI, "--snapshot", group, "--set", "pipeline.placement=inline"],
      ...["--set", "merge.gap_timeout_ms=50", "--set", "rx.frames=32768"],
      ...["--set", "merge.window_packets=16000", "--set", "recovery.packets=65536"],
    ]);
    const ready = async (): Promise<unknown> => (await fetch(`http://${feed.admin}/ready`)).json();
    t.deepEqual(await ready(), [{ channel: "itch", reason: "no-data" }]);
    const client = await follow(t, feed.ws);
    const all = datagramsOf(late.rest, 4, 1373, late.last + 1);
    const half = Math.floor(all.length / 4);
    const nothing = new Set<number>();
    const both = (datagrams: Datagram[]): SendPlan[] => [
      { group: groups.a, datagrams, lost: nothing, disturb: 50 },
      { group: groups.b, datagrams, lost: nothing, disturb: 0 },
    ];
    await sendAll(both(all.slice(0, half)), 20_000);
    await until(async () => JSON.stringify(await ready()).includes("late-join"));
    await sendCycle(group, late.cycle);
    await until(async () => (await feed.status()).live_orders > 0);
    t.is((await fetch(`http://${feed.admin}/ready`)).status, 200);
    // What both lose is a gap until the next cycle.
    await sendAll(both(all.slice(half + 5)), 20_000);
    await until(async () => JSON.stringify(await ready()).includes("gap"));
    await sendCycle(group, late.cycle);
    t.true(JSON.stringify(await ready()).includes("gap"), "that cycle is older than the gap");
    const end = lateDay((await lobsterDay()) as Buffer, late.day.transactions.length);
    await sendCycle(group, end.cycle);
    await until(async () => (await feed.status()).book_hash === late.day.hash);
    const status = await feed.status();
    t.false(status.channels[0]?.stale.all);
    t.is((await fetch(`http://${feed.admin}/ready`)).status, 200);
    await until(() => client.cursor === status.global_sequence);
    t.is(client.hash, late.day.hash);
    const list = await (await fetch(`http://${feed.admin}/api/instruments`)).json();
    const id = String(securityOf(1));
    t.deepEqual(list, [{ index: 0, id, symbol: id }]);
    feed.process.child.kill("SIGTERM");
    t.is((await feed.process.ended).code, 0);
  },
);

/** Sends a snapshot cycle. */
async function sendCycle(group: string, cycle: readonly Buffer[]): Promise<void> {
  const datagrams = cycle.map((bytes, i) => ({ bytes, first: i, next: i + 1 }));
  await sendAll([{ group, datagrams, lost: new Set(), disturb: 0 }], 20_000);
}
