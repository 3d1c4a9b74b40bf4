/** LOBSTER to ITCH: small hand-made files with the messages they must give, and the real days. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { ExecutionContext } from "ava";
import test from "ava";
import type { RowTruth } from "../../src/convert/convert-lobster.ts";
import { convertLobster } from "../../src/convert/convert-lobster.ts";
import type { LineReader } from "../../src/convert/line-reader.ts";
import { openLobster } from "../../src/convert/lobster-source.ts";
import { FeedError } from "../../src/core/errors.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import type { WalkMessage } from "./lobster-walk.ts";
import { linesOf, messagesOf, rowCursors, WalkModel } from "./lobster-walk.ts";

const SYNTHETIC = 2n ** 40n;

function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), "nyq-convert-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function convertFiles(messagesFile: string, bookFile: string | null, symbol: string | null) {
  const chunks: Buffer[] = [];
  const truth: RowTruth[] = [];
  const output = {
    write: async (bytes: Uint8Array) => {
      chunks.push(Buffer.from(bytes));
    },
  };
  const onRow = (row: RowTruth): void => {
    truth.push(row);
  };
  const facts = await convertLobster({ messagesFile, bookFile, symbol, output, onRow });
  return { bytes: Buffer.concat(chunks), truth, facts };
}

/** Converts lines; events at times 1, 2, 3, … */
async function convertLines(t: ExecutionContext, events: string[], rows: string[] | null) {
  const folder = folderOf(t);
  const messagesFile = join(folder, "TEST_message_1.csv");
  const bookFile = rows === null ? null : join(folder, "TEST_orderbook_1.csv");
  const timed = events.map((event, i) => `${i + 1}.5,${event}`);
  writeFileSync(messagesFile, timed.map((line) => `${line}\n`).join(""));
  if (bookFile !== null && rows !== null) {
    writeFileSync(bookFile, rows.map((line) => `${line}\n`).join(""));
  }
  const result = await convertFiles(messagesFile, bookFile, null);
  if (rows !== null) checkTruth(t, result, timed, rows);
  return { ...result, texts: [...messagesOf(result.bytes)].flatMap(textOf) };
}

/** The walk's cursors, found without the converter's word, and the truth it told. */
function checkTruth(
  t: ExecutionContext,
  { bytes, truth }: { bytes: Buffer; truth: RowTruth[] },
  eventLines: string[],
  bookLines: string[],
): void {
  const found = rowCursors(bytes, eventLines, bookLines);
  t.is(found.length, eventLines.length);
  const model = new WalkModel();
  const all = [...messagesOf(bytes)];
  let at = 0;
  for (const { row, messages, cursor } of truth) {
    while (at < messages) model.apply(all[at++] as WalkMessage);
    const want = found[row - 1];
    if (model.cursor !== cursor) t.fail(`row ${row}: cursor ${cursor}, model ${model.cursor}`);
    const depth = (bookLines[row - 1] as string).split(",").length / 4;
    const have = { bids: model.levels(1, true, depth), asks: model.levels(1, false, depth) };
    if (JSON.stringify(have) !== JSON.stringify({ bids: want?.bids, asks: want?.asks })) {
      t.fail(`row ${row} does not hold at the truth's message ${messages}`);
    }
  }
}

/** `time type ref …` of messages that are not part of the day's frame. */
function textOf({ type, body, timeNs }: WalkMessage): string[] {
  const time = timeNs / 1e9;
  const name = (value: bigint): string =>
    value >= SYNTHETIC ? `s${value - SYNTHETIC}` : `${value}`;
  const ref = body.length >= 19 ? name(body.readBigUInt64BE(11)) : "";
  if (type === "A") {
    const side = String.fromCharCode(body[19] as number);
    return [`${time} A ${ref} ${side} ${body.readUInt32BE(20)} @ ${body.readUInt32BE(32)}`];
  }
  if (type === "E" || type === "X") return [`${time} ${type} ${ref} ${body.readUInt32BE(19)}`];
  if (type === "D") return [`${time} D ${ref}`];
  if (type === "P") return [`${time} P ${ref} ${body.readUInt32BE(20)} @ ${body.readUInt32BE(32)}`];
  if (type === "H") return [`${time} H ${String.fromCharCode(body[19] as number)}`];
  return [];
}

const NONE = "9999999999,0,-9999999999,0";

test("orders from before the start are the first row with the first event undone", async (t) => {
  const added = await convertLines(t, ["1,7,30,100,1"], ["110,50,100,80"]);
  t.deepEqual(added.texts, [
    "1.5 H T",
    "1.5 A s0 B 50 @ 100",
    "1.5 A s1 S 50 @ 110",
    "1.5 A 7 B 30 @ 100",
  ]);
  const newLevel = await convertLines(t, ["1,7,30,100,1"], ["110,50,100,30"]);
  t.deepEqual(newLevel.texts, ["1.5 H T", "1.5 A s0 S 50 @ 110", "1.5 A 7 B 30 @ 100"]);
  const gone = await convertLines(t, ["3,7,30,105,1"], ["110,50,100,80"]);
  t.deepEqual(gone.texts, [
    "1.5 H T",
    "1.5 A s0 B 80 @ 100",
    "1.5 A s1 B 30 @ 105",
    "1.5 A s2 S 50 @ 110",
    "1.5 D s1",
  ]);
  const traded = await convertLines(t, ["4,7,30,110,-1"], ["110,50,100,80"]);
  t.deepEqual(traded.texts.slice(2), ["1.5 A s1 S 80 @ 110", "1.5 E s1 30"]);
});

test("a level that vanished unseen is deleted, and one that comes back is added", async (t) => {
  const events = ["1,1,10,100,1", "1,2,10,101,1", "3,2,10,101,1", "1,3,5,102,1", "3,3,5,102,1"];
  const rows = ["110,5,100,10", "110,5,101,10", "110,5,99,7", "110,5,102,5", "110,5,100,4"];
  const { texts } = await convertLines(t, events, rows);
  t.deepEqual(texts.slice(2), [
    "1.5 A 1 B 10 @ 100",
    "2.5 A 2 B 10 @ 101",
    "3.5 D 2",
    "3.5 D 1",
    "3.5 A s1 B 7 @ 99",
    "4.5 A 3 B 5 @ 102",
    "5.5 D 3",
    "5.5 A s2 B 4 @ 100",
  ]);
});

test("a level that changed unseen is cancelled in part or grows by a synthetic order", async (t) => {
  const events = ["1,1,10,100,1", "1,2,9,101,1", "3,2,9,101,1", "1,3,9,101,1", "3,3,9,101,1"];
  const rows = [NONE, NONE, NONE, NONE, NONE];
  rows.splice(0, 5, "110,5,100,10", "110,5,101,9", "110,5,100,6", "110,5,101,9", "110,5,100,11");
  const { texts, facts } = await convertLines(t, events, rows);
  t.deepEqual(texts.slice(2), [
    "1.5 A 1 B 10 @ 100",
    "2.5 A 2 B 9 @ 101",
    "3.5 D 2",
    "3.5 X 1 4",
    "4.5 A 3 B 9 @ 101",
    "5.5 D 3",
    "5.5 A s1 B 5 @ 100",
  ]);
  t.is(facts.repairs, 1);
});

test("an event about an order never announced goes to orders standing at its price", async (t) => {
  const events = ["1,1,10,100,1", "2,99,4,100,1", "4,98,8,100,1", "3,97,9,100,1", "3,96,1,100,1"];
  const rows = ["110,5,100,30", "110,5,100,26", "110,5,100,18", "110,5,100,9", "110,5,100,8"];
  const { texts, facts } = await convertLines(t, events, rows);
  t.deepEqual(texts.slice(1), [
    "1.5 A s0 B 20 @ 100",
    "1.5 A s1 S 5 @ 110",
    "1.5 A 1 B 10 @ 100",
    "2.5 X s0 4",
    "3.5 E s0 8",
    "4.5 D s0",
    "4.5 X 1 1",
    "5.5 X 1 1",
  ]);
  t.is(facts.unknownApplied, 4);
});

test("without rows an event with nothing at its price is left out and counted", async (t) => {
  const events = ["4,5,10,100,1", "1,1,10,100,1", "4,1,15,100,1", "3,1,10,100,1"];
  const { texts, facts } = await convertLines(t, events, null);
  t.deepEqual(texts, ["1.5 H T", "2.5 A 1 B 10 @ 100", "3.5 E 1 10"]);
  t.is(facts.unknownIgnored, 3);
  t.is(facts.rows, 0);
});

test("an order announced twice is deleted before it is added again", async (t) => {
  const { texts, facts } = await convertLines(t, ["1,1,10,100,1", "1,1,5,101,-1"], null);
  t.deepEqual(texts.slice(1), ["1.5 A 1 B 10 @ 100", "2.5 D 1", "2.5 A 1 S 5 @ 101"]);
  t.is(facts.duplicateAdds, 1);
});

test("hidden executions and halts change no book", async (t) => {
  const events = ["1,1,10,100,1", "5,0,7,105,1", "7,0,0,-1,-1", "7,0,0,0,-1", "7,0,0,1,-1"];
  const rows = Array<string>(5).fill("110,5,100,10");
  const { texts } = await convertLines(t, events, rows);
  const changes = ["1.5 A s0 S 5 @ 110", "1.5 A 1 B 10 @ 100"];
  t.deepEqual(texts.slice(1, 3), changes);
  t.deepEqual(texts.slice(3), ["2.5 P 0 7 @ 105", "3.5 H H", "4.5 H Q", "5.5 H T"]);
});

test("an empty row empties the book", async (t) => {
  const { texts } = await convertLines(t, ["1,1,10,100,1", "5,0,1,100,1"], ["110,5,100,10", NONE]);
  t.deepEqual(texts.slice(3), ["2.5 P 0 1 @ 100", "2.5 D 1", "2.5 D s0"]);
});

test("an empty file gives an empty file", async (t) => {
  const { bytes, facts } = await convertLines(t, [], []);
  t.is(bytes.length, 0);
  t.is(facts.events, 0);
});

test("the symbol comes from the file's name unless it is given", async (t) => {
  const folder = folderOf(t);
  const file = join(folder, "BRK.A_2012-06-21_message_1.csv");
  const nameless = join(folder, "message.csv");
  for (const path of [file, nameless]) writeFileSync(path, "1,1,1,10,100,1\n");
  t.is((await convertFiles(file, null, null)).facts.symbol, "BRK.A");
  t.is((await convertFiles(nameless, null, "XYZ")).facts.symbol, "XYZ");
  const error = await t.throwsAsync(convertFiles(nameless, null, null), { instanceOf: FeedError });
  t.is(error?.code, "FEED_USAGE");
  await t.throwsAsync(convertFiles(file, null, "TOOLONGNAME"), { message: /--symbol/ });
});

test("broken input names file, line and value", async (t) => {
  const good = "1.5,1,1,10,100,1";
  const row = "110,5,100,10";
  const cases: [string[], string[] | null, RegExp][] = [
    [[good, "2.5,1,2,ten,100,1"], null, /A_message\.csv:2: size="ten"/],
    [[good, "2.5,1,2,10,100"], null, /A_message\.csv:2: 5 columns < 6/],
    [["x,1,1,10,100,1"], null, /A_message\.csv:1: time="x"/],
    [["86400.0,1,1,10,100,1"], null, /time="86400.0"/],
    [["1,8,1,10,100,1"], null, /type="8" is not an integer of 1 to 7/],
    [["1,1,1,0,100,1"], null, /size="0"/],
    [["1,1,1,4294967296,100,1"], null, /size="4294967296"/],
    [["1,1,1,10,4294967296,1"], null, /price="4294967296"/],
    [["1,1,1099511627776,10,100,1"], null, /order id="1099511627776"/],
    [["1,1,1,10,100,0"], null, /direction=0/],
    [["1,7,0,0,5,-1"], null, /price="5"/],
    [[good, "", good], null, /A_message\.csv:2: blank line/],
    [[good], [row, row], /A_orderbook\.csv:2: no event for this row/],
    [[good, good], [row], /A_message\.csv:2: no row for this event/],
    [[good], ["110,5,100"], /A_orderbook\.csv:1: 3 columns are no multiple of 4/],
    [[good], ["110,5,100,1e1"], /size="1e1"/],
    [[good, good], [row, `${row},111,5,99,1`], /:2: 8 columns after rows of 4/],
    [[good], ["110,5,100,10,109,5,99,1"], /price=109 is out of order after 110/],
    [[good], ["9999999999,0,100,10,120,5,99,1"], /price=120 follows an empty level/],
  ];
  for (const [events, rows, message] of cases) {
    const folder = folderOf(t);
    const messagesFile = join(folder, "A_message.csv");
    const bookFile = rows === null ? null : join(folder, "A_orderbook.csv");
    writeFileSync(messagesFile, `${events.join("\n")}\n`);
    if (bookFile !== null) writeFileSync(bookFile, `${(rows ?? []).join("\n")}\n`);
    const error = await t.throwsAsync(convertFiles(messagesFile, bookFile, null), {
      instanceOf: FeedError,
      message,
    });
    t.is(error?.code, "FEED_FORMAT", message.source);
  }
});

test("damaged archives and missing files are errors, not crashes", async (t) => {
  const folder = folderOf(t);
  const gz = join(folder, "A_message.csv.gz");
  writeFileSync(gz, gzipSync("1,1,1,10,100,1\n").subarray(0, 20));
  const zip = join(folder, "A.zip");
  writeFileSync(zip, Buffer.alloc(100, 1));
  for (const file of [gz, zip]) {
    const error = await t.throwsAsync(convertFiles(file, null, "A"), { instanceOf: FeedError });
    t.is(error?.code, "FEED_FORMAT", file);
  }
  const missing = join(folder, "none.csv");
  const error = await t.throwsAsync(convertFiles(missing, null, "A"), { instanceOf: FeedError });
  t.is(error?.code, "FEED_FILE");
});

test("a line without end is refused before it fills memory", async (t) => {
  const file = join(folderOf(t), "A_message.csv");
  writeFileSync(file, Buffer.alloc(3 << 20, 0x31));
  await t.throwsAsync(convertFiles(file, null, null), { message: /:1: line longer than/ });
});

test("the walk finds a row that does not hold", async (t) => {
  const { bytes } = await convertLines(t, ["1,1,10,100,1"], ["110,5,100,10"]);
  t.notThrows(() => rowCursors(bytes, ["1.5"], ["110,5,100,10"]));
  t.throws(() => rowCursors(bytes, ["1.5"], ["110,5,100,11"]), { message: /row 1 does not hold/ });
  t.throws(() => rowCursors(bytes, ["1.4"], ["110,5,100,10"]), { message: /row 1 does not hold/ });
});

const SHARED = resolve(PACKAGE_ROOT, process.env["NYQ_SHARED"] ?? "../shared", "data", "lobster");
const AAPL = join(SHARED, "LOBSTER_SampleFile_AAPL_2012-06-21_1.zip");
const MSFT = join(SHARED, "MSFT_2012-06-21_34200000_37800000_message_50.csv");
const MSFT_BOOK = join(SHARED, "MSFT_2012-06-21_34200000_37800000_orderbook_50.csv.gz");

test("every row of LOBSTER AAPL holds", async (t) => {
  if (!existsSync(AAPL)) return skip(t, AAPL);
  const result = await convertFiles(AAPL, null, null);
  t.is(result.facts.symbol, "AAPL");
  t.is(result.facts.rows, 118_497);
  t.is(result.facts.unknownIgnored, 0);
  const source = await openLobster(AAPL, null);
  t.teardown(() => source.close());
  const rows = source.book === null ? [] : await allLines(source.book);
  checkTruth(t, result, await allLines(source.messages), rows);
});

test("every row of LOBSTER MSFT holds to 50 levels", async (t) => {
  if (!existsSync(MSFT)) return skip(t, MSFT);
  const result = await convertFiles(MSFT, MSFT_BOOK, null);
  t.is(result.facts.rows, 1000);
  t.is(result.facts.repairs, 0);
  const rows = linesOf(gunzipSync(readFileSync(MSFT_BOOK)).toString("latin1"));
  checkTruth(t, result, linesOf(readFileSync(MSFT, "latin1")), rows);
});

async function allLines(reader: LineReader): Promise<string[]> {
  const lines: string[] = [];
  for (let line = await reader.next(); line !== null; line = await reader.next()) lines.push(line);
  return lines;
}

function skip(t: ExecutionContext, path: string): void {
  t.log(`skipped: no ${path}; NYQ_SHARED names the folder of shared data`);
  t.pass();
}
