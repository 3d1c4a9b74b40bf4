/**
 * A table as a module of constant offsets, for readers that are straight-line code: an exported
 * number for each field, with its width, sign and scale beside it.
 */
import {
  type FieldRow,
  type GroupRow,
  isGroup,
  type LayoutTable,
  type MessageRow,
} from "../../src/decode/layouts/table.ts";

/** @param name of the table @returns the module's text, formatted as biome does */
export function offsetsModule(name: string, table: LayoutTable): string {
  const names = new Map<string, string>();
  const fields = (rows: readonly FieldRow[], prefix: string): string[] => {
    return rows.flatMap((row) => fieldLine(table, row, prefix, names));
  };
  const lines = [...head(name, table)];
  const header = fields(table.header, "");
  if (header.length > 0) lines.push("", "// What every message begins with.", ...header);
  for (const message of table.messages) {
    const prefix = message.constant ?? snake(message.name);
    lines.push("", `// ${message.name}, ${message.id}`);
    lines.push(...idLine(message, prefix), line(`${prefix}_BYTES`, message.bytes, "", names));
    for (const row of message.fields) {
      if (!isGroup(row)) lines.push(...fieldLine(table, row, prefix, names));
      else lines.push(...groupLines(row, prefix, names, fields));
    }
  }
  lines.push(...messageList(table));
  return `${lines.filter((text, i) => text !== "" || lines[i - 1] !== "").join("\n")}\n`;
}

function head(name: string, table: LayoutTable): string[] {
  const build = table.build === undefined ? [] : [` * Build: ${table.build}`];
  return [
    "/**",
    ` * ${table.protocol} ${table.version}: where each field lies, in bytes from the message's begin (in a`,
    " * group or component: from the entry's). Beside it stand u unsigned, i signed or text, and the",
    ` * width; e-8 has 8 decimals. Integers are ${table.byteOrder}-endian. Optional ones may hold no value,`,
    " * which is all ones, the smallest of a signed type, or all NUL.",
    " *",
    ` * Made from layouts/${name}.json by \`npm run generate:layouts\`; a test keeps it fresh.`,
    " *",
    ` * Source: ${table.source}.`.replace(/^(.{60,96}?) (.*)$/, "$1\n *   $2"),
    ...build,
    " */",
  ];
}

/** Every message, where ids are numbers: letters have constants of their own. */
function messageList(table: LayoutTable): string[] {
  const rows = table.messages.filter(({ id }) => typeof id === "number");
  if (rows.length === 0) return [];
  const lines = rows.map(({ id, bytes, name }) => `  [${id}, ${bytes}, "${name}"],`);
  return [
    "",
    "// Template, bytes and name of every message.",
    "export const MESSAGES = [",
    ...lines,
    "] as const;",
  ];
}

function idLine(message: MessageRow, prefix: string): string[] {
  const { id } = message;
  if (typeof id === "number") return [`export const ${prefix}_TEMPLATE = ${id};`];
  if (id.length !== 1) return [];
  const hex = id.charCodeAt(0).toString(16).padStart(2, "0");
  return [`export const TYPE_${prefix} = 0x${hex};`];
}

function groupLines(
  group: GroupRow,
  prefix: string,
  names: Map<string, string>,
  fields: (rows: readonly FieldRow[], prefix: string) => string[],
): string[] {
  const name = snake(group.group);
  const what = group.counter === undefined ? "component" : `${group.max} at most`;
  const lines = [line(`${prefix}_${name}`, group.offset, what, names)];
  const entry = line(`${name}_ENTRY_BYTES`, group.entryBytes, "", names);
  if (entry !== "") lines.push(entry);
  return [...lines, ...fields(group.fields, name)];
}

function fieldLine(
  table: LayoutTable,
  row: FieldRow,
  prefix: string,
  names: Map<string, string>,
): string[] {
  const type = table.types[row.type];
  if (type === undefined || type.kind === "rest") return [];
  if (type.kind === "pad" && row.constant === undefined) return [];
  const own = prefix === "" ? snake(row.name) : `${prefix}_${snake(row.name)}`;
  const isNumber = type.kind === "int" || type.kind === "decimal";
  const letter = isNumber ? (type.signed === true ? "i" : "u") : type.kind;
  const width = isNumber ? type.bytes * 8 : type.bytes;
  const scale = type.decimals === undefined ? "" : ` e-${type.decimals}`;
  const presence = row.presence === "mandatory" ? "" : `, ${row.presence}`;
  const text = line(row.constant ?? own, row.offset, `${letter}${width}${scale}${presence}`, names);
  return text === "" ? [] : [text];
}

/** @returns "" when the same constant stands above; one name has one value */
function line(name: string, value: number, note: string, names: Map<string, string>): string {
  const text = `export const ${name} = ${value};`;
  const before = names.get(name);
  if (before !== undefined && before !== text) throw new Error(`${before} and ${text}`);
  names.set(name, text);
  if (before !== undefined) return "";
  return note === "" ? text : `${text} // ${note}`;
}

/** `TrdRegTSTimePriority`, `Buy/Sell Indicator` as names of constants. */
function snake(name: string): string {
  return name
    .replace(/[^A-Za-z0-9]+/g, "_")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .replace(/^_|_$/g, "")
    .toUpperCase();
}
