/** Decodes bytes to records and problems, as `nyq decode` would see them. */
import { fastRecords } from "../../../src/decode/fast/records.ts";
import type { DecodedRecord, RecordDecoder } from "../../../src/decode/records.ts";

/** What a decoder gave. */
export class Collected {
  readonly records: DecodedRecord[] = [];
  readonly problems: string[] = [];
  readonly decoder: RecordDecoder;

  constructor(templatesXml: string) {
    this.decoder = fastRecords(templatesXml);
  }

  /** Decodes one packet; gives what it added. */
  feed(bytes: Uint8Array | string): DecodedRecord[] {
    const from = this.records.length;
    const packet = typeof bytes === "string" ? Uint8Array.from(Buffer.from(bytes, "hex")) : bytes;
    this.decoder.decode(packet, {
      record: (record) => this.records.push(record),
      problem: (kind) => this.problems.push(kind),
    });
    return this.records.slice(from);
  }
}

/** Integers as strings of digits, so that values of any width compare. */
export function plain(value: unknown): unknown {
  if (typeof value === "bigint" || typeof value === "number") return value.toString();
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}
