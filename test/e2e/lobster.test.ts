/**
 * Real order flow over real multicast (issue: "Must hold" 1). LOBSTER files are converted to ITCH,
 * sent as A and B, cut differently, with loss, reordering and duplicates; a client is checked at
 * exactly the cursors at which a slow model of the file says that each row of the book holds.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import test, { type ExecutionContext } from "ava";
import { ClientBooks } from "../../src/client/client-book.ts";
import { RawClient } from "../../src/client/raw-client.ts";
import {
  linesOf,
  messagesOf,
  type RowCursor,
  rowCursors,
  WalkModel,
  walkHash,
} from "../convert/lobster-walk.ts";
import {
  nyq,
  ownGroups,
  patientArgs,
  settled,
  sharedFolder,
  skip,
  startFeed,
  temporaryFolder,
  until,
} from "./harness.ts";

const LOCATE = 1n;
const FAULTS = "drop=0.01:never-both,dup=0.01,reorder=0.02:8";

interface Day {
  readonly file: string;
  readonly messages: number;
  readonly rows: readonly RowCursor[];
  readonly hash: string;
}

function walk(file: string, events: readonly string[], books: readonly string[]): Day {
  const bytes = readFileSync(file);
  const model = new WalkModel();
  let messages = 0;
  for (const message of messagesOf(bytes)) {
    model.apply(message);
    messages++;
  }
  return { file, messages, rows: rowCursors(bytes, events, books), hash: walkHash(model) };
}

async function aaplDay(t: ExecutionContext, zip: string): Promise<Day> {
  const file = join(temporaryFolder(t), "aapl.itch");
  const made = await nyq(t, ["convert", "lobster", zip, "-o", file]);
  t.is(made.code, 0, made.stderr);
  const member = (pattern: string): string[] =>
    linesOf(execFileSync("unzip", ["-p", zip, pattern], { maxBuffer: 1 << 27 }).toString("latin1"));
  return walk(file, member("*_message_1.csv"), member("*_orderbook_1.csv"));
}

async function msftDay(t: ExecutionContext, folder: string): Promise<Day> {
  const file = join(temporaryFolder(t), "msft.itch");
  const prefix = join(folder, "MSFT_2012-06-21_34200000_37800000_");
  const events = `${prefix}message_50.csv`;
  const books = `${prefix}orderbook_50.csv.gz`;
  const made = await nyq(t, ["convert", "lobster", events, "--book", books, "-o", file]);
  t.is(made.code, 0, made.stderr);
  const rows = linesOf(gunzipSync(readFileSync(books)).toString("latin1"));
  return walk(file, linesOf(readFileSync(events, "latin1")), rows);
}

/** Sends a day with faults and compares every row at its cursor. */
async function everyRowHolds(
  t: ExecutionContext,
  salt: number,
  day: Day,
  faults: string,
): Promise<void> {
  const groups = ownGroups(salt);
  const feed = await startFeed(t, groups, ["--start", "1", ...patientArgs()]);
  const books = new ClientBooks();
  let next = 0;
  let wrong = 0;
  let first = "";
  const check = (): void => {
    for (; day.rows[next]?.cursor === books.cursor; next++) {
      const row = day.rows[next] as RowCursor;
      for (const [side, want] of [["bid", row.bids] as const, ["ask", row.asks] as const]) {
        const have = books.levels(LOCATE, side, Math.max(1, want.length));
        const text = JSON.stringify(
          have.map(({ price, quantity }) => [+`${price}`, +`${quantity}`]),
        );
        if (text === JSON.stringify(want)) continue;
        wrong++;
        first ||= `row ${row.row} ${side}: was ${text}, is ${JSON.stringify(want)}`;
      }
    }
  };
  check();
  const client = new RawClient(
    { url: `ws://${feed.ws}`, start: 1, reconnect: false },
    {
      onBytes: (bytes) => {
        books.applyBytes(bytes);
        check();
      },
    },
  );
  await client.connect();
  const sent = await nyq(t, [
    ...["send", day.file, "--a", groups.a, "--b", groups.b, "--iface", "127.0.0.1"],
    ...["--mps", "40000", "--cut", "different", "--fault", faults, "--seed", "21"],
  ]);
  t.is(sent.code, 0, sent.stderr);
  const status = await settled(feed, day.messages + 1);
  await until(() => books.cursor === status.global_sequence);
  client.close();
  t.is(wrong, 0, first);
  t.is(next, day.rows.length, "every row was looked at");
  t.is(status.book_hash, day.hash);
  t.is(books.hash, day.hash);
  const [channel] = status.channels;
  t.deepEqual(
    channel?.gaps.filter((gap) => gap.outcome !== "filled"),
    [],
  );
  // What a feed did not bring is counted as lost once merge.gap_timeout_ms has passed.
  await until(async () => (await feed.status()).channels[0]?.feeds.a.lost);
  t.log(`${next} rows of ${day.messages} messages hold at their cursors, hash ${day.hash}`);
}

test.serial(
  "every row of LOBSTER AAPL shows at its cursor, sent with 1 % loss on each feed",
  async (t) => {
    const zip = sharedFolder("data", "lobster", "LOBSTER_SampleFile_AAPL_2012-06-21_1.zip");
    if (zip === null) return skip(t, "no shared/data/lobster (NYQ_SHARED)");
    const day = await aaplDay(t, zip);
    t.is(day.rows.length, 118_497);
    await everyRowHolds(t, 21, day, FAULTS);
  },
);

test.serial("every row of LOBSTER MSFT shows at its cursor to 50 levels", async (t) => {
  const folder = sharedFolder("data", "lobster");
  if (folder === null) return skip(t, "no shared/data/lobster (NYQ_SHARED)");
  const day = await msftDay(t, folder);
  // About twenty packets a feed: at 1 % nothing would be lost.
  t.is(day.rows.length, 1000);
  await everyRowHolds(t, 22, day, FAULTS.replace("drop=0.01", "drop=0.2"));
});

test.serial(
  "ranges lost on both feeds are the gaps of /status, and the feed goes on",
  async (t) => {
    const zip = sharedFolder("data", "lobster", "LOBSTER_SampleFile_AAPL_2012-06-21_1.zip");
    if (zip === null || !existsSync(zip)) return skip(t, "no shared/data/lobster (NYQ_SHARED)");
    const day = await aaplDay(t, zip);
    const lost = [
      [1000, 1000],
      [20_000, 20_150],
      [70_001, 71_500],
    ] as const;
    const groups = ownGroups(23);
    const feed = await startFeed(t, groups, ["--start", "1", ...patientArgs()]);
    const sent = await nyq(t, [
      ...["send", day.file, "--a", groups.a, "--b", groups.b, "--iface", "127.0.0.1"],
      ...["--mps", "40000", "--seed", "22", "--truth", "-"],
      ...["--fault", `${FAULTS},${lost.map(([from, to]) => `lose=${from}-${to}`).join(",")}`],
    ]);
    t.is(sent.code, 0, sent.stderr);
    const truth = JSON.parse(sent.stdout) as { lost: [number, number][] };
    t.deepEqual(
      truth.lost,
      lost.map(([from, to]) => [from, to]),
    );
    const status = await settled(feed, day.messages + 1);
    const gaps = status.channels[0]?.gaps.filter((gap) => gap.outcome !== "filled");
    t.deepEqual(
      gaps?.map(({ from, to, outcome }) => [from, to, outcome]),
      lost.map(([from, to]) => [from, to, "unrecoverable"]),
    );
    t.true(status.channels[0]?.stale.all);
    t.is(status.messages, day.messages - lost.reduce((sum, [from, to]) => sum + to - from + 1, 0));
    const ready = await fetch(`http://${feed.admin}/ready`);
    t.is(ready.status, 503);
    t.deepEqual(await ready.json(), [{ channel: "itch", reason: "gap" }]);
    t.is(status.book_hash, afterLoss(day.file, lost), "nothing was applied twice");
  },
);

/** The book hash of a tolerant model that never saw the lost messages. */
function afterLoss(file: string, lost: readonly (readonly [number, number])[]): string {
  const model = new WalkModel();
  let seq = 0;
  for (const message of messagesOf(readFileSync(file))) {
    seq++;
    if (lost.some(([from, to]) => seq >= from && seq <= to)) continue;
    try {
      model.apply(message);
    } catch {
      // An event about an order that was lost: the feed counts it and goes on.
    }
  }
  return walkHash(model);
}
