/**
 * Reads any message of any table into fields by name: how a field of any protocol is read. The
 * complete, cold path; hot readers are straight-line code over the generated offsets.
 *
 * Invariants: the caller has proven that the message's `bytes` lie inside the packet; a reader
 * reads nothing beyond them.
 */
import type { Fields, FieldValue } from "../records.ts";
import {
  type FieldRow,
  type GroupRow,
  isGroup,
  type LayoutTable,
  type MessageRow,
  type TypeRow,
} from "./table.ts";

/** A message's reader. */
export interface MessageReader {
  readonly name: string;
  readonly id: number | string;
  /** Its whole length; with a field of kind `rest`, the least. */
  readonly bytes: number;
  /**
   * @param at the message's first byte
   * @param length of the message, bytes; at least `bytes`
   * @returns null when a group's counter speaks of more entries than there is room for
   */
  read(data: DataView, at: number, length: number): Fields | null;
  /** The type of the field at a path of names, undefined for groups and unknown names. */
  typeOf(path: readonly string[]): TypeRow | undefined;
}

type ValueReader = (data: DataView, at: number, length: number) => FieldValue;

interface NamedReader {
  readonly name: string;
  readonly offset: number;
  readonly read: ValueReader;
}

interface GroupReader {
  readonly row: GroupRow;
  readonly fields: readonly NamedReader[];
}

/** The readers of all messages by id; one object serves a whole run. */
export function messageReaders(table: LayoutTable): ReadonlyMap<number | string, MessageReader> {
  return new Map(table.messages.map((row) => [row.id, new RowReader(table, row)] as const));
}

class RowReader implements MessageReader {
  readonly name: string;
  readonly id: number | string;
  readonly bytes: number;
  readonly #parts: readonly (NamedReader | GroupReader)[];
  readonly #types = new Map<string, TypeRow>();

  constructor(table: LayoutTable, message: MessageRow) {
    this.name = message.name;
    this.id = message.id;
    this.bytes = message.bytes;
    const named = (row: FieldRow, prefix: string): NamedReader[] => {
      const type = table.types[row.type];
      if (type === undefined || type.kind === "pad") return [];
      this.#types.set(prefix + row.name, type);
      const read = valueReader(type, table.byteOrder === "little");
      return [{ name: row.name, offset: row.offset, read }];
    };
    this.#parts = message.fields.flatMap((row): (NamedReader | GroupReader)[] => {
      if (!isGroup(row)) return named(row, "");
      return [{ row, fields: row.fields.flatMap((field) => named(field, `${row.group}.`)) }];
    });
  }

  read(data: DataView, at: number, length: number): Fields | null {
    const fields: Record<string, FieldValue> = {};
    for (const part of this.#parts) {
      if (!("row" in part)) {
        fields[part.name] = part.read(data, at + part.offset, length - part.offset);
        continue;
      }
      const { group, counter, offset, entryBytes, max } = part.row;
      if (counter === undefined) {
        fields[group] = entry(part.fields, data, at + offset, entryBytes);
        continue;
      }
      const count = Number(fields[counter] ?? 0);
      if (count > max) return null;
      const entries: Fields[] = [];
      for (let i = 0; i < count; i++) {
        entries.push(entry(part.fields, data, at + offset + i * entryBytes, entryBytes));
      }
      fields[group] = entries;
    }
    return fields;
  }

  typeOf(path: readonly string[]): TypeRow | undefined {
    return this.#types.get(path.join("."));
  }
}

function entry(readers: readonly NamedReader[], data: DataView, at: number, bytes: number): Fields {
  const fields: Record<string, FieldValue> = {};
  for (const { name, offset, read } of readers) fields[name] = read(data, at + offset, bytes);
  return fields;
}

function valueReader(type: TypeRow, little: boolean): ValueReader {
  if (type.kind === "text" || type.kind === "rest") return textReader(type);
  const read = integerReader(type, little);
  if (type.noValue === undefined) return read;
  const bits = BigInt(type.noValue);
  const noValue = type.signed === true ? BigInt.asIntN(type.bytes * 8, bits) : bits;
  const none = type.bytes === 8 ? noValue : Number(noValue);
  return (data, at, length) => {
    const value = read(data, at, length);
    return value === none ? null : value;
  };
}

/** Integers as wide as a number holds exactly are numbers, those of 8 bytes bigints. */
function integerReader(type: TypeRow, little: boolean): ValueReader {
  const isSigned = type.signed === true;
  switch (type.bytes) {
    case 1:
      return isSigned ? (data, at) => data.getInt8(at) : (data, at) => data.getUint8(at);
    case 2:
      return isSigned
        ? (data, at) => data.getInt16(at, little)
        : (data, at) => data.getUint16(at, little);
    case 4:
      return isSigned
        ? (data, at) => data.getInt32(at, little)
        : (data, at) => data.getUint32(at, little);
    case 6:
      return little
        ? (data, at) => data.getUint16(at + 4, true) * 0x1_0000_0000 + data.getUint32(at, true)
        : (data, at) => data.getUint16(at) * 0x1_0000_0000 + data.getUint32(at + 2);
    default:
      return isSigned
        ? (data, at) => data.getBigInt64(at, little)
        : (data, at) => data.getBigUint64(at, little);
  }
}

/** Text without its padding; all NUL is no value where the type has one. */
function textReader(type: TypeRow): ValueReader {
  const pad = type.padding === "nul" ? 0 : 0x20;
  const hasNone = type.noValue !== undefined;
  return (data, at, length) => {
    let from = at;
    let end = at + (type.kind === "rest" ? length : type.bytes);
    if (type.padding === "space-left") while (from < end && data.getUint8(from) === pad) from++;
    else if (type.padding !== undefined) {
      while (end > from && data.getUint8(end - 1) === pad) end--;
    }
    if (from === end && hasNone) return null;
    let text = "";
    for (let p = from; p < end; p++) text += String.fromCharCode(data.getUint8(p));
    return text;
  };
}
