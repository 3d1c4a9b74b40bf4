/** Reference data from CSV: what is taken under which names, and that bad rows are told by line. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { parseCsv } from "../../src/config/csv.ts";
import { loadReference } from "../../src/config/reference.ts";
import { FeedError } from "../../src/core/errors.ts";
import type { Reference } from "../../src/core/reference.ts";

const DECIMALS = 4;

function load(t: ExecutionContext, text: string | Uint8Array, ticks: string[] = []): Reference {
  const folder = mkdtempSync(join(tmpdir(), "nyq-reference-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "ref.csv");
  writeFileSync(file, text);
  return loadReference({ file, ticks }, DECIMALS) ?? [];
}

/** The problems as `line: text`. */
function problems(t: ExecutionContext, text: string | Uint8Array, ticks: string[] = []): string[] {
  const error = t.throws(() => load(t, text, ticks), { instanceOf: FeedError });
  t.is(error?.code, "FEED_REFERENCE");
  const message = error?.message ?? "";
  const lines = message.split("\n");
  return (lines.length === 1 ? lines : lines.slice(1)).map((line) => {
    return line.trim().replace(/^.*ref\.csv:/, "");
  });
}

test("each of the names of the two columns is known, in any case and spelling", (t) => {
  for (const name of ["instrument", "instrument_id", "Security ID", "SecID", "SECURITY-ID"]) {
    t.is(load(t, `${name},tick\n13,0.01\n`)[0]?.key, "13", name);
  }
  const tickNames = ["tick", "tick_size", "price_tick", "Tick Size"];
  for (const name of [...tickNames, "minimum_price_increment", "min_price_increment"]) {
    const [row] = load(t, `instrument,${name}\n13,0.05\n`);
    t.deepEqual(row?.ticks, [{ from: null, tick: 500 }], name);
  }
});

test("every column is kept; ids are 64 bits wide, symbols are taken as they stand", (t) => {
  const rows = load(
    t,
    '\ufeffsecid;tick;Currency\r\n018446744073709551615;0,5;"EUR ""x"""\r\n'.replace("0,5", "0.5") +
      "\r\nSiU7;;RUB\r\n",
  );
  t.deepEqual(rows, [
    {
      key: "18446744073709551615",
      ticks: [{ from: null, tick: 5000 }],
      fields: { secid: "018446744073709551615", tick: "0.5", currency: 'EUR "x"' },
    },
    { key: "SiU7", ticks: [], fields: { secid: "SiU7", tick: "", currency: "RUB" } },
  ]);
});

test("ticks that change with the price are rows of one instrument, in any order", (t) => {
  const rows = load(t, "instrument,tick,from\n7,0.01,1\n7,0.0001,\n8,1,\n7,0.5,-3.5\n");
  t.deepEqual(rows[0]?.ticks, [
    { from: null, tick: 1 },
    { from: -35_000, tick: 5000 },
    { from: 10_000, tick: 100 },
  ]);
  t.is(rows.length, 2);
});

test("every bad row is told with its line, and none is taken", (t) => {
  const text = [
    "instrument,tick,from",
    "1,0.01,", // 2
    '2,"0.0', // 3 and 4
    '1",',
    "3,0,", // 5
    "4,-1,", // 6
    "5,0.00001,", // 7
    "6,abc,", // 8
    "7,1", // 9
    ",1,", // 10
    "a b,1,", // 11
    "18446744073709551616,1,", // 12
    "1,0.05,", // 13
    "8,,5", // 14
    "9,1,x", // 15
    '10,1,"2"3', // 16
    '1"1,1,', // 17
    "12,99999999999999999,", // 18
    "13,1,9,9", // 19
  ].join("\n");
  t.deepEqual(problems(t, text), [
    "16: something follows a closing quote",
    "17: a quote inside a field that is not quoted",
    '3: tick "0.0\\n1" is no decimal number',
    "5: tick 0 is not above 0",
    "6: tick -1 is not above 0",
    "7: tick 0.00001 is finer than 4 decimals",
    '8: tick "abc" is no decimal number',
    "9: 2 fields, the header has 3",
    '10: instrument "" is no id or symbol',
    '11: instrument "a b" is no id or symbol',
    '12: instrument "18446744073709551616" is no id or symbol',
    "13: instrument 1 stands in line 2 already",
    "14: a price to begin at, but no tick",
    '15: from "x" is no decimal number',
    "18: tick 99999999999999999 is beyond 2^53 raw",
    "19: 4 fields, the header has 3",
  ]);
});

test("a file without header, without the column, with two, too many problems or no text", (t) => {
  t.deepEqual(problems(t, ""), ["1: no header"]);
  t.regex(problems(t, "a,tick\n1,1\n").join(), /^1: no column instrument, instrument_id/);
  t.deepEqual(problems(t, "secid,instrument,tick,tick_size\n"), [
    "1: more than one instrument column",
    "1: more than one tick column",
  ]);
  t.deepEqual(problems(t, 'instrument,tick\n1,"1\n'), ["2: a quote is never closed"]);
  const many = problems(t, `instrument,tick\n${"x y,1\n".repeat(30)}`);
  t.is(many.length, 21);
  t.is(many.at(-1), "and 10 more");
  t.regex(problems(t, Uint8Array.of(0xff, 0xfe)).join(), /not valid for encoding utf-8/);
  const missing = { file: "no-such-file.csv", ticks: [] };
  t.throws(() => loadReference(missing, 4), { message: /no-such-file\.csv: .*ENOENT/ });
});

test("ticks of the configuration win over the file's, and are checked as well", (t) => {
  const rows = load(t, "instrument,tick,name\n1,0.01,one\n2,0.02,two\n", ["2=0.5", "AAPL = 1"]);
  t.deepEqual(
    rows.map(({ key, ticks, fields }) => [key, ticks[0]?.tick, fields["name"]]),
    [
      ["1", 100, "one"],
      ["2", 5000, "two"],
      ["AAPL", 10_000, undefined],
    ],
  );
  const bad = ["1", "=1", "1=", "1=0", "2=1", "2=2"];
  const error = t.throws(() => loadReference({ file: null, ticks: bad }, 4));
  t.deepEqual(
    error?.message
      .split("\n")
      .slice(1)
      .map((line) => line.trim()),
    [
      'reference.ticks[0] "1": is not INSTRUMENT=TICK',
      'reference.ticks[1] "=1": has no id or symbol before the =',
      'reference.ticks[2] "1=": has no tick behind the =',
      'reference.ticks[3] "1=0": instrument 1 is given twice',
      'reference.ticks[5] "2=2": instrument 2 is given twice',
    ],
  );
  t.is(loadReference({ file: null, ticks: [] }, 4), null);
});

test("whatever fields are quoted come back as they were, with the line of each record", (t) => {
  const field = fc.string({
    unit: fc.constantFrom("a", ",", ";", '"', "\n", " ", "é"),
    maxLength: 6,
  });
  const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 8 });
  fc.assert(
    fc.property(table, fc.constantFrom("\n", "\r\n"), (rows, end) => {
      const all = [["h1", "h2"], ...rows];
      const text = all.map((row) => {
        return row.map((one) => `"${one.replaceAll('"', '""')}"`).join(",");
      });
      const { rows: read, problems: found } = parseCsv(text.join(end));
      t.deepEqual(found, []);
      t.deepEqual(
        read.map(({ fields }) => fields),
        all,
      );
      let line = 1;
      for (const [i, row] of read.entries()) {
        t.is(row.line, line);
        line += text[i]?.split("\n").length ?? 0;
      }
    }),
    { ...(process.env["NYQ_SEED"] && { seed: Number(process.env["NYQ_SEED"]) }) },
  );
});

test("no text makes the reader throw or loop", (t) => {
  const some = fc.string({
    unit: fc.constantFrom("a", ",", '"', "\n", "\r", ";", "\t"),
    maxLength: 60,
  });
  fc.assert(
    fc.property(some, (text) => {
      const { rows, problems: found } = parseCsv(text);
      t.true(rows.length + found.length <= text.length + 1);
    }),
    { ...(process.env["NYQ_SEED"] && { seed: Number(process.env["NYQ_SEED"]) }) },
  );
});
