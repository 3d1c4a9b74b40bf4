/**
 * Loads reference data: a CSV with a header, and ticks given in the configuration, which win. Every
 * bad row is an error with its line, and all of them are told. Cold: main's, at start.
 *
 * Ticks and prices of the file are decimals of the venue's price; inside they are raw integers with
 * the protocol's decimals, so a tick finer than those is an error.
 */
import { readFileSync, statSync } from "node:fs";
import { errorText, FeedError } from "../core/errors.ts";
import type { Reference, ReferenceRow, TickRange } from "../core/reference.ts";
import type { ReferenceConfig } from "./config.ts";
import { parseCsv } from "./csv.ts";

/** Names of columns, as normalised: lower case, everything else than letters and digits is _. */
const INSTRUMENT_NAMES = ["instrument", "instrument_id", "security_id", "secid"];
const TICK_NAMES = [
  ...["tick", "tick_size", "price_tick"],
  ...["minimum_price_increment", "min_price_increment"],
];
/** A further row of an instrument has a tick that holds from this price on. */
const FROM_NAMES = ["from", "from_price", "start_price"];

const FILE_BYTES_MAX = 64 * 1024 * 1024;
const PROBLEMS_TOLD_MAX = 20;
const DECIMAL = /^-?[0-9]{1,18}(\.[0-9]{1,18})?$/;
const ID_MAX = 2n ** 64n;
/** Digits of an id with the zeros in front of it. */
const DIGITS_MAX = 40;

interface Collected {
  readonly ticks: Map<number, TickRange>;
  readonly fields: Record<string, string>;
  /** The line of each `from`. */
  readonly lines: Map<number, number>;
}

/**
 * Loads what the configuration names.
 *
 * @param decimals of the protocol's raw prices
 * @returns null when it names nothing
 * @throws FEED_REFERENCE with every problem and its line
 */
export function loadReference(config: ReferenceConfig, decimals: number): Reference | null {
  if (config.file === null && config.ticks.length === 0) return null;
  const problems: string[] = [];
  const found = new Map<string, Collected>();
  if (config.file !== null) readFile(config.file, decimals, found, problems);
  const rows = new Map<string, ReferenceRow>();
  for (const [key, { ticks, fields }] of found) {
    const sorted = [...ticks.values()].sort((a, b) => {
      return (a.from ?? Number.NEGATIVE_INFINITY) - (b.from ?? Number.NEGATIVE_INFINITY);
    });
    rows.set(key, { key, ticks: sorted, fields });
  }
  const given = new Set<string>();
  for (const [i, text] of config.ticks.entries()) {
    const problem = override(text, decimals, rows, given);
    if (problem !== null)
      problems.push(`reference.ticks[${i}] ${JSON.stringify(text)}: ${problem}`);
  }
  if (problems.length > 0) throw new FeedError("FEED_REFERENCE", problemsText(problems));
  return [...rows.values()];
}

function problemsText(problems: readonly string[]): string {
  const told = problems.slice(0, PROBLEMS_TOLD_MAX);
  const more = problems.length - told.length;
  if (more > 0) told.push(`and ${more} more`);
  return problems.length === 1
    ? told.join()
    : `${problems.length} problems\n  ${told.join("\n  ")}`;
}

function readFile(
  path: string,
  decimals: number,
  found: Map<string, Collected>,
  problems: string[],
): void {
  const csv = parseCsv(textOf(path));
  for (const { line, text } of csv.problems) problems.push(`${path}:${line}: ${text}`);
  const [header, ...rows] = csv.rows;
  if (header === undefined) {
    problems.push(`${path}:1: no header`);
    return;
  }
  const before = problems.length;
  const names = header.fields.map(normalised);
  const instrumentAt = columnOf(names, INSTRUMENT_NAMES);
  const tickAt = columnOf(names, TICK_NAMES);
  const fromAt = columnOf(names, FROM_NAMES);
  for (const [what, at] of [
    ["instrument", instrumentAt],
    ["tick", tickAt],
    ["from", fromAt],
  ] as const) {
    if (at === -2) problems.push(`${path}:${header.line}: more than one ${what} column`);
  }
  if (instrumentAt === -1) {
    problems.push(`${path}:${header.line}: no column ${INSTRUMENT_NAMES.join(", ")}`);
  }
  if (problems.length > before) return;
  for (const { line, fields } of rows) {
    const problem =
      fields.length !== names.length
        ? `${fields.length} fields, the header has ${names.length}`
        : addRow(found, line, names, fields, [instrumentAt, tickAt, fromAt], decimals);
    if (problem !== null) problems.push(`${path}:${line}: ${problem}`);
  }
}

function textOf(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > FILE_BYTES_MAX) throw new Error(`${size} bytes > ${FILE_BYTES_MAX}`);
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    throw new FeedError("FEED_REFERENCE", `reference.file=${path}: ${errorText(error)}`);
  }
}

/** @returns why the row is none, or null */
function addRow(
  found: Map<string, Collected>,
  line: number,
  names: readonly string[],
  fields: readonly string[],
  [instrumentAt, tickAt, fromAt]: readonly [number, number, number],
  decimals: number,
): string | null {
  const key = keyOf(fields[instrumentAt] ?? "");
  if (key === null) return `instrument ${JSON.stringify(fields[instrumentAt])} is no id or symbol`;
  const tickText = (tickAt < 0 ? undefined : fields[tickAt]) ?? "";
  const fromText = (fromAt < 0 ? undefined : fields[fromAt]) ?? "";
  const range = rangeOf(tickText, fromText, decimals);
  if (typeof range === "string") return range;
  let row = found.get(key);
  if (row === undefined) {
    const all = Object.fromEntries(names.map((name, i) => [name, fields[i] ?? ""]));
    row = { ticks: new Map(), fields: all, lines: new Map() };
    found.set(key, row);
  }
  const from = range?.from ?? Number.NEGATIVE_INFINITY;
  const before = row.lines.get(from);
  if (before !== undefined) return `instrument ${key} stands in line ${before} already`;
  row.lines.set(from, line);
  if (range !== null) row.ticks.set(from, range);
  return null;
}

/** @returns the range, null without a tick, or why it is none */
function rangeOf(tickText: string, fromText: string, decimals: number): TickRange | null | string {
  const from = fromText === "" ? null : rawOf(fromText, decimals);
  if (typeof from === "string") return `from ${from}`;
  if (tickText === "") return from === null ? null : "a price to begin at, but no tick";
  const tick = rawOf(tickText, decimals);
  if (typeof tick === "string") return `tick ${tick}`;
  return tick > 0 ? { from, tick } : `tick ${tickText} is not above 0`;
}

/** A decimal as a raw integer. @returns why it is none */
function rawOf(text: string, decimals: number): number | string {
  if (!DECIMAL.test(text)) return `${JSON.stringify(text)} is no decimal number`;
  const [whole = "", fraction = ""] = text.split(".");
  const digits = fraction.replace(/0+$/, "");
  if (digits.length > decimals) return `${text} is finer than ${decimals} decimals`;
  const raw = Number(whole + digits.padEnd(decimals, "0"));
  return Number.isSafeInteger(raw) ? raw : `${text} is beyond 2^53 raw`;
}

function keyOf(text: string): string | null {
  if (/^[0-9]+$/.test(text)) {
    const id = text.length <= DIGITS_MAX ? BigInt(text) : ID_MAX;
    return id < ID_MAX ? `${id}` : null;
  }
  return /^[\x21-\x7e]{1,32}$/.test(text) ? text : null;
}

/** Takes `INSTRUMENT=TICK`. @returns why it is none, or null */
function override(
  text: string,
  decimals: number,
  rows: Map<string, ReferenceRow>,
  given: Set<string>,
): string | null {
  const equals = text.lastIndexOf("=");
  if (equals < 0) return "is not INSTRUMENT=TICK";
  const key = keyOf(text.slice(0, equals).trim());
  if (key === null) return "has no id or symbol before the =";
  if (given.has(key)) return `instrument ${key} is given twice`;
  given.add(key);
  const range = rangeOf(text.slice(equals + 1).trim(), "", decimals);
  if (typeof range === "string") return range;
  if (range === null) return "has no tick behind the =";
  rows.set(key, { key, ticks: [range], fields: rows.get(key)?.fields ?? {} });
  return null;
}

function normalised(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_|_$/g, "");
}

/** @returns where one of the names stands, -1 nowhere, -2 in more than one place */
function columnOf(header: readonly string[], names: readonly string[]): number {
  const at = header.findIndex((name) => names.includes(name));
  if (at < 0) return -1;
  return header.slice(at + 1).some((name) => names.includes(name)) ? -2 : at;
}
