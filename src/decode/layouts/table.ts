/**
 * The form in which the project keeps a protocol's layout as data: `layouts/<name>.json`. From it
 * come the modules of constant offsets that hot readers use (`npm run generate:layouts`), the
 * complete reader behind `nyq decode` (field-reader.ts) and the tables of docs/protocols/.
 *
 * Reading: a message is found by its id; a field lies `offset` bytes from the message's first byte
 * (in a group: from the entry's), is as wide as its type says, in the table's byte order.
 * Thread: main's, cold.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FeedError } from "../../core/errors.ts";
import { PACKAGE_ROOT } from "../../core/root.ts";

/** How a type's bytes are read. `rest` is as long as the message is. */
export type TypeKind = "int" | "decimal" | "text" | "pad" | "rest";

/** What a time counts, and from when. */
export type TimeKind = "utc-ns" | "midnight-ns" | "midnight-s";

/** A data type. */
export interface TypeRow {
  readonly kind: TypeKind;
  /** Width; 0 for `rest`. */
  readonly bytes: number;
  readonly signed?: boolean;
  /** `decimal`: digits behind the point. */
  readonly decimals?: number;
  /** The value that means "no value", hexadecimal, as wide as the type. */
  readonly noValue?: string;
  /** `text`: what it is padded with, and where. */
  readonly padding?: "nul" | "space" | "space-left";
  readonly time?: TimeKind;
  /** Names of values. */
  readonly values?: { readonly [value: string]: string };
}

/** Whether a field may be without a value; `unused` ones always are. */
export type Presence = "mandatory" | "optional" | "unused";

/** One field. */
export interface FieldRow {
  readonly name: string;
  readonly type: string;
  /** Bytes from the begin of the message or of the group's entry. */
  readonly offset: number;
  readonly presence: Presence;
  /** Name of the constant in the generated module, where the rule for names is not followed. */
  readonly constant?: string;
}

/** A component (no counter, one entry) or a repeating group. */
export interface GroupRow {
  readonly group: string;
  /** Where the first entry begins, bytes from the message's begin. */
  readonly offset: number;
  readonly entryBytes: number;
  /** Entries that there is room for; the message always has the room for all of them. */
  readonly max: number;
  /** Name of the field with the number of entries; a component has none. */
  readonly counter?: string;
  readonly fields: readonly FieldRow[];
}

/** A message. */
export interface MessageRow {
  readonly name: string;
  /** Template number or type letter. */
  readonly id: number | string;
  /** Its whole length; where the last field is of kind `rest`, the least. */
  readonly bytes: number;
  /** Begin of its constants' names, where the rule for names is not followed. */
  readonly constant?: string;
  /** The header's fields are none of these. */
  readonly fields: readonly (FieldRow | GroupRow)[];
}

/** A protocol in one version. */
export interface LayoutTable {
  readonly protocol: string;
  readonly version: string;
  /** The build of the official layout that this was made from, where there is one. */
  readonly build?: string;
  readonly byteOrder: "little" | "big";
  readonly source: string;
  /** Fields that every message begins with; offsets from the message's begin. */
  readonly header: readonly FieldRow[];
  readonly types: { readonly [name: string]: TypeRow };
  readonly messages: readonly MessageRow[];
}

/** Tells a group or component from a field. */
export function isGroup(row: FieldRow | GroupRow): row is GroupRow {
  return "group" in row;
}

/**
 * Loads one of the project's tables and checks that it fits together.
 *
 * @param name e.g. `eobi-14.1`
 * @throws FEED_FORMAT when the table does not fit together
 */
export function loadTable(name: string): LayoutTable {
  const text = readFileSync(join(PACKAGE_ROOT, "layouts", `${name}.json`), "utf8");
  const table = JSON.parse(text) as LayoutTable; // Ours, and checked next.
  const problems = tableProblems(table);
  if (problems.length > 0) throw new FeedError("FEED_FORMAT", `layouts/${name}: ${problems[0]}`);
  return table;
}

/** What does not fit together in a table: unknown types, fields that overlap or stick out, … */
export function tableProblems(table: LayoutTable): string[] {
  const problems: string[] = [];
  const ids = new Set<number | string>();
  for (const message of table.messages) {
    if (ids.has(message.id)) problems.push(`${message.name}: id ${message.id} is taken`);
    ids.add(message.id);
    const spans: Span[] = table.header.map((field) => spanOf(table, field, 0));
    for (const row of message.fields) {
      if (!isGroup(row)) spans.push(spanOf(table, row, 0));
      else spans.push(...groupSpans(table, message, row, problems));
    }
    problems.push(...spanProblems(message, spans));
  }
  return problems;
}

interface Span {
  readonly name: string;
  readonly from: number;
  readonly bytes: number;
}

function spanOf(table: LayoutTable, field: FieldRow, base: number): Span {
  const type = table.types[field.type];
  const bytes = type?.bytes ?? Number.NaN;
  return { name: field.name, from: base + field.offset, bytes };
}

function groupSpans(
  table: LayoutTable,
  message: MessageRow,
  group: GroupRow,
  problems: string[],
): Span[] {
  const { counter } = group;
  const counted = message.fields.some((row) => !isGroup(row) && row.name === counter);
  if (counter !== undefined && !counted) problems.push(`${message.name}: no counter ${counter}`);
  if (counter === undefined && group.max !== 1) problems.push(`${message.name}: ${group.group}`);
  const spans: Span[] = [];
  for (let i = 0; i < group.max; i++) {
    const base = group.offset + i * group.entryBytes;
    for (const field of group.fields) spans.push(spanOf(table, field, base));
  }
  return spans;
}

/** Fields follow each other without overlap or hole and fill the message. */
function spanProblems(message: MessageRow, spans: readonly Span[]): string[] {
  const problems: string[] = [];
  let at = 0;
  for (const { name, from, bytes } of spans) {
    if (Number.isNaN(bytes)) problems.push(`${message.name}.${name}: type is not known`);
    else if (from !== at) problems.push(`${message.name}.${name}: offset ${from}, expected ${at}`);
    at = from + bytes;
  }
  if (at !== message.bytes) problems.push(`${message.name}: ${message.bytes} bytes, fields ${at}`);
  return problems;
}
