/** A protocol's table as the part of its page that is generated: one table a message. */
import { type FieldRow, isGroup, type LayoutTable } from "../../src/decode/layouts/table.ts";

const BEGIN = "<!-- layouts: made by `npm run generate:layouts`; a test keeps it fresh -->";
const END = "<!-- layouts: end -->";

/**
 * Puts the tables between the page's marks.
 *
 * @throws Error when the page lacks the marks
 */
export function pageWithTables(page: string, table: LayoutTable): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`no ${BEGIN} … ${END}`);
  const made = ["", ...messages(table), ...types(table), ""].join("\n");
  return page.slice(0, begin + BEGIN.length) + made + page.slice(end);
}

function messages(table: LayoutTable): string[] {
  return table.messages.flatMap((message) => {
    const isOpen = message.fields.some((row) => !isGroup(row) && kindOf(table, row) === "rest");
    const length = `${message.bytes} bytes${isOpen ? " or more" : ""}`;
    const lines = ["", `### ${message.name} (${code(message.id)}, ${length})`, ""];
    lines.push("| offset | bytes | field | type | presence |", "|---|---|---|---|---|");
    for (const row of message.fields) {
      if (!isGroup(row)) {
        lines.push(fieldLine(table, row, `${row.offset}`, row.name));
        continue;
      }
      const { group, offset, entryBytes, max, counter } = row;
      const how = counter === undefined ? "component" : `0 to ${max} of ${entryBytes}, ${counter}`;
      lines.push(`| ${offset} | ${entryBytes * max} | **${group}** | ${how} | |`);
      const base = counter === undefined ? offset : 0;
      const plus = counter === undefined ? "" : "+";
      for (const field of row.fields) {
        const name = `${group}${counter === undefined ? "" : "[]"}.${field.name}`;
        lines.push(fieldLine(table, field, `${plus}${base + field.offset}`, name));
      }
    }
    return lines;
  });
}

function fieldLine(table: LayoutTable, row: FieldRow, offset: string, name: string): string {
  const type = table.types[row.type];
  if (type === undefined) throw new Error(`${row.name}: no type ${row.type}`);
  const bytes = type.kind === "rest" ? "rest" : `${type.bytes}`;
  const presence = type.kind === "pad" ? "" : row.presence;
  return `| ${offset} | ${bytes} | ${name} | ${typeText(table, row.type)} | ${presence} |`;
}

function typeText(table: LayoutTable, name: string): string {
  const type = table.types[name];
  if (type === undefined || type.kind === "rest") return "bytes";
  if (type.kind === "pad") return "pad";
  const values = type.values === undefined ? "" : ` [${name}](#${name.toLowerCase()})`;
  if (type.kind === "text") return `text${values}`;
  const sign = type.signed === true ? "i" : "u";
  const scale = type.decimals === undefined ? "" : `, ${type.decimals} decimals`;
  const time = type.time === undefined ? "" : `, ${type.time}`;
  return `${sign}${type.bytes * 8}${scale}${time}${values}`;
}

/** The types with named values. */
function types(table: LayoutTable): string[] {
  const named = Object.entries(table.types).filter(([, type]) => type.values !== undefined);
  if (named.length === 0) return [];
  return [
    "",
    "## Values",
    ...named.flatMap(([name, { values = {} }]) => {
      const list = Object.entries(values).map(([value, text]) => `${code(value)} ${text}`);
      return ["", `### ${name}`, "", `${list.join(", ")}.`];
    }),
  ];
}

function kindOf(table: LayoutTable, row: FieldRow): string | undefined {
  return table.types[row.type]?.kind;
}

function code(value: number | string): string {
  return `\`${value}\``;
}
