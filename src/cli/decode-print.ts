/** How `nyq decode` prints a record: a line of JSON, or text for people. */
import type { DecodedRecord, FieldValue, RecordDecoder } from "../decode/records.ts";

/** One line of JSON, integers whole. @param packet number of its packet, from 1 */
export function recordJson(packet: number, record: DecodedRecord): string {
  const { seq, message, templateId, fields } = record;
  const name = JSON.stringify(message);
  const id = JSON.stringify(templateId);
  const rest = `"template_id":${id},"fields":${valueJson(fields)}`;
  return `{"packet":${packet},"seq":${seq},"message":${name},${rest}}\n`;
}

function valueJson(value: FieldValue): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "number":
    case "bigint":
      return `${value}`;
    default:
      break;
  }
  if (value === null || typeof value !== "object") return "null";
  if (isArray(value)) return `[${value.map(valueJson).join(",")}]`;
  const pairs = Object.entries(value).map(([key, one]) => {
    return `${JSON.stringify(key)}:${valueJson(one)}`;
  });
  return `{${pairs.join(",")}}`;
}

/** Text for people: a field a line, what it means beside the raw value. */
export function recordText(packet: number, record: DecodedRecord, decoder: RecordDecoder): string {
  const seq = record.seq === null ? "" : ` seq ${record.seq}`;
  const lines = [`#${packet}${seq} ${record.message} (${record.templateId})`];
  const walk = (value: FieldValue, path: readonly string[], label: string): void => {
    const indent = "  ".repeat(path.length);
    if (value === null || typeof value !== "object") {
      const meaning = decoder.describe?.(record, path, value) ?? null;
      const shown = typeof value === "string" ? JSON.stringify(value) : `${value ?? "-"}`;
      const name = `${indent}${label}`.padEnd(36);
      lines.push(meaning === null ? `${name} ${shown}` : `${name} ${shown.padEnd(20)} ${meaning}`);
    } else if (isArray(value)) {
      if (value.length === 0) lines.push(`${indent}${label}[]`);
      for (const [i, one] of value.entries()) walk(one, path, `${label}[${i}]`);
    } else {
      // A decimal of two parts, for instance, reads better in one line.
      const meaning = decoder.describe?.(record, path, value) ?? null;
      if (meaning !== null) {
        lines.push(`${`${indent}${label}`.padEnd(36)} ${meaning}`);
        return;
      }
      lines.push(`${indent}${label}`);
      for (const [key, one] of Object.entries(value)) walk(one, [...path, key], key);
    }
  };
  for (const [key, value] of Object.entries(record.fields)) walk(value, [key], key);
  return `${lines.join("\n")}\n`;
}

/** Array.isArray does not narrow readonly arrays away from objects. */
function isArray(value: FieldValue): value is readonly FieldValue[] {
  return Array.isArray(value);
}
