import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { generatedFiles, tablesFromXml } from "../../scripts/layouts/outputs.ts";
import { tableText } from "../../scripts/layouts/table-text.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import {
  type FieldRow,
  isGroup,
  type LayoutTable,
  loadTable,
  tableProblems,
} from "../../src/decode/layouts/table.ts";

const SHARED = process.env["NYQ_SHARED"] ?? join(PACKAGE_ROOT, "..", "shared");
const TABLES = [
  ...["eobi-3.0", "eobi-6.0", "eobi-14.1"],
  ...["itch-5.0", "moldudp64-1.0", "soupbintcp-3.0"],
];

function shared(path: string): string | null {
  const file = join(SHARED, "data", path);
  return existsSync(file) ? file : null;
}

function csvRows(file: string): Map<string, string>[] {
  const [head = "", ...lines] = readFileSync(file, "utf8").trim().split("\n");
  const keys = head.trim().split(",");
  return lines.map(
    (line) =>
      new Map(
        line
          .trim()
          .split(",")
          .map((cell, i) => [keys[i] ?? "", cell]),
      ),
  );
}

test("generating again from the project's tables gives no diff", (t) => {
  const files = generatedFiles();
  t.true(files.size >= 8);
  for (const [path, text] of files) {
    t.is(readFileSync(join(PACKAGE_ROOT, path), "utf8"), text, `${path}: npm run generate:layouts`);
  }
});

test("generating again from the official files gives no diff in the tables", (t) => {
  const folder = shared("eobi");
  if (folder === null) {
    t.log("skipped: no shared data");
    t.pass();
    return;
  }
  for (const [path, text] of tablesFromXml(folder)) {
    t.is(readFileSync(join(PACKAGE_ROOT, path), "utf8"), text, path);
  }
});

for (const name of TABLES) {
  test(`the table of ${name} is in its own form, and its fields fill every message`, (t) => {
    const table = loadTable(name);
    t.deepEqual(tableProblems(table), []);
    const text = readFileSync(join(PACKAGE_ROOT, "layouts", `${name}.json`), "utf8");
    t.deepEqual(JSON.parse(text), JSON.parse(tableText(table)));
    for (const type of Object.values(table.types)) {
      if (type.noValue !== undefined && type.kind !== "text") {
        t.is(type.noValue.length, 2 + 2 * type.bytes);
      }
      if (type.kind === "decimal") t.true((type.decimals ?? 0) > 0);
    }
  });
}

test("a table that does not fit together is seen", (t) => {
  const table = loadTable("moldudp64-1.0");
  const [first] = table.messages;
  if (first === undefined) return t.fail();
  const field: FieldRow = { name: "X", type: "u16", offset: 19, presence: "mandatory" };
  const broken = (row: FieldRow): LayoutTable => {
    return { ...table, messages: [{ ...first, fields: [...first.fields, row] }] };
  };
  t.is(tableProblems(broken(field)).length, 2);
  t.is(tableProblems(broken({ ...field, type: "none" })).length, 2);
  t.is(tableProblems({ ...table, messages: [first, first] }).length, 1);
});

test("EOBI 14.1 has its 27 templates, and every field is where a second generator puts it", (t) => {
  const table = loadTable("eobi-14.1");
  t.is(table.messages.length, 27);
  t.is(table.build, "141.420.0.ga-141004040-68");
  const file = shared("eobi/eobi-14.1-offsets.csv");
  if (file === null) {
    t.log("skipped: no shared data");
    t.pass();
    return;
  }
  const ours = new Set(table.messages.flatMap((message) => eobiLines(table, message.name)));
  const theirs = csvRows(file).map((row) => {
    const cell = (key: string): string => row.get(key) ?? "";
    const isPad = cell("kind") === "pad";
    return [
      ...["message", "template_id", "body_len", "field", "offset", "size", "kind"].map(cell),
      ...(isPad ? ["", "", ""] : ["signed", "precision", "no_value"].map(cell)),
      ...(cell("kind") === "group" ? ["group_max", "group_entry_size", "counter"].map(cell) : []),
    ]
      .join(",")
      .toLowerCase();
  });
  t.true(theirs.length > 300);
  t.deepEqual(
    theirs.filter((line) => !ours.has(line)),
    [],
  );
  t.is(ours.size, new Set(theirs).size);
});

/** Our rows of a message in the form of the second generator's table. */
function eobiLines(table: LayoutTable, name: string): string[] {
  const message = table.messages.find((one) => one.name === name);
  if (message === undefined) return [];
  const start = [message.name, message.id, message.bytes];
  const line = (field: FieldRow, path: string, base: number): string => {
    const type = table.types[field.type];
    if (type === undefined) return `${path}: no type`;
    const kind = type.kind === "text" ? "char" : type.kind;
    const isNumber = type.kind === "int" || type.kind === "decimal";
    const sign = isNumber ? Number(type.signed) : "";
    const rest = type.kind === "pad" ? ["", "", ""] : [sign, type.decimals ?? "", type.noValue];
    return [...start, path, base + field.offset, type.bytes, kind, ...rest].join(",").toLowerCase();
  };
  const lines = table.header.map((field) => line(field, `MessageHeader.${field.name}`, 0));
  for (const row of message.fields) {
    if (!isGroup(row)) {
      lines.push(line(row, row.name, 0));
      continue;
    }
    const { group, offset, entryBytes, max, counter } = row;
    const many = counter === undefined ? "" : "[]";
    lines.push(...row.fields.map((field) => line(field, `${group}${many}.${field.name}`, offset)));
    if (counter === undefined) continue;
    const own = [group, offset, entryBytes * max, "group", "", "", "", max, entryBytes, counter];
    lines.push([...start, ...own].join(",").toLowerCase());
  }
  return lines;
}

test("ITCH 5.0 has its 23 types, and every field is where the specification's table says", (t) => {
  const table = loadTable("itch-5.0");
  t.is(table.messages.length, 23);
  const file = shared("itch/itch-5.0-layout.csv");
  if (file === null) {
    t.log("skipped: no shared data");
    t.pass();
    return;
  }
  const ours = table.messages.flatMap((message) =>
    [...table.header, ...message.fields].map((row) => {
      if (isGroup(row)) return "a group";
      const bytes = table.types[row.type]?.bytes;
      return [message.id, message.name, message.bytes, row.name, row.offset, bytes].join(",");
    }),
  );
  const keys = ["type", "message", "message_length", "field", "offset", "size"];
  const theirs = csvRows(file).map((row) => keys.map((key) => row.get(key)).join(","));
  t.deepEqual(ours, theirs);
});
