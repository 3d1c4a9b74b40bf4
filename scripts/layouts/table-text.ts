/** A table as the text of its file: one field or type a line, so that a change is a line. */
import {
  type FieldRow,
  type GroupRow,
  isGroup,
  type LayoutTable,
} from "../../src/decode/layouts/table.ts";

/** @returns JSON, ending with a newline */
export function tableText(table: LayoutTable): string {
  const { header, types, messages, ...facts } = table;
  const lines = Object.entries(facts).map(([key, value]) => `  ${pair(key, value)},`);
  lines.push('  "header": [', ...rows(header, 2), "  ],");
  const typeLines = Object.entries(types).map(([name, type]) => `    ${pair(name, type)}`);
  lines.push('  "types": {', ...joined(typeLines), "  },", '  "messages": [');
  const blocks = messages.map(({ fields, ...message }) => {
    const open = `    ${JSON.stringify(message).slice(0, -1)},"fields":[`;
    return [open, ...rows(fields, 3), "    ]}"].join("\n");
  });
  lines.push(...joined(blocks), "  ]");
  return `${["{", ...lines, "}"].join("\n")}\n`;
}

function pair(key: string, value: unknown): string {
  return `${JSON.stringify(key)}: ${JSON.stringify(value)}`;
}

function rows(fields: readonly (FieldRow | GroupRow)[], depth: number): string[] {
  const indent = "  ".repeat(depth);
  return joined(
    fields.map((row) => {
      if (!isGroup(row)) return indent + JSON.stringify(row);
      const { fields: inside, ...group } = row;
      const open = `${indent}${JSON.stringify(group).slice(0, -1)},"fields":[`;
      return [open, ...rows(inside, depth + 1), `${indent}]}`].join("\n");
    }),
  );
}

function joined(blocks: readonly string[]): string[] {
  return blocks.map((block, i) => (i < blocks.length - 1 ? `${block},` : block));
}
