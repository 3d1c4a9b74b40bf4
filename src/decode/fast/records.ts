/**
 * FAST for `nyq decode`: messages with every field by name. A message that cannot be decoded leaves
 * no trace in the previous values, so that the lines and packets beside it read as without it.
 *
 * Cold path: objects, strings and BigInt.
 */
import type { DecodedRecord, Fields, FieldValue, RecordDecoder, RecordSink } from "../records.ts";
import { decimalText } from "./convert.ts";
import { FastDecoder } from "./decoder.ts";
import { FAST_ERROR_TEXT, FastError, fastErrorCode } from "./errors.ts";
import type { FieldType } from "./model.ts";
import type { Place, RecordPlan, TemplatePlan } from "./plan.ts";
import { readTemplates } from "./read-templates.ts";

/** Room for one message: a file's may be longer than a datagram's. Untouched pages cost nothing. */
const OUT_WORDS = 1 << 22;
const ARENA_BYTES = 1 << 22;
const SEQUENCE_FIELD = "MsgSeqNum";
/** Errors that do not fail a message. */
const REPORTABLE = [
  FastError.R1,
  FastError.R2,
  FastError.R6,
  FastError.R7,
  FastError.R8,
  FastError.R9,
];
const DIGITS_OF_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})$/;

/**
 * A decoder of FAST messages for `nyq decode`.
 *
 * @param templatesXml the template file's text
 * @throws FastTemplateError (FEED_FORMAT) when it breaks the specification's rules
 */
export function fastRecords(templatesXml: string): RecordDecoder {
  return new FastRecords(templatesXml);
}

class FastRecords implements RecordDecoder {
  readonly #decoder: FastDecoder;
  readonly #text = new TextDecoder("utf-8", { ignoreBOM: true });
  /** Counts of the reportable errors that were told. */
  readonly #told = new Map<number, number>();

  constructor(templatesXml: string) {
    const sizes = { outWords: OUT_WORDS, arenaBytes: ARENA_BYTES };
    this.#decoder = new FastDecoder(readTemplates(templatesXml), sizes);
  }

  decode(packet: Uint8Array, sink: RecordSink): void {
    let at = 0;
    while (at < packet.length) {
      const next = this.#one(packet, at, packet.length, sink);
      if (next < 0) return;
      at = next;
    }
  }

  decodeNext(bytes: Uint8Array, from: number, to: number, sink: RecordSink): number {
    const next = this.#one(bytes, from, to, sink);
    return next < 0 ? 0 : next - from;
  }

  describe(_record: DecodedRecord, path: readonly string[], value: FieldValue): string | null {
    if (isScaled(value)) return decimalText(value);
    const isNumber = typeof value === "number" || typeof value === "bigint";
    if (!isNumber || !(path.at(-1) ?? "").endsWith("Time")) return null;
    const match = DIGITS_OF_TIME.exec(value.toString());
    if (match === null) return null;
    const [, year, month, day, hour, minute, second, milli] = match;
    return `${year}-${month}-${day}T${hour}:${minute}:${second}.${milli}`;
  }

  #one(bytes: Uint8Array, from: number, to: number, sink: RecordSink): number {
    const decoder = this.#decoder;
    const before = decoder.memory();
    const next = decoder.decode(bytes, from, to);
    if (next < 0) {
      this.#failed(from, to, sink);
      decoder.remember(before);
    } else {
      sink.record(this.#record());
      this.#reportable(sink);
    }
    return next;
  }

  #failed(from: number, to: number, sink: RecordSink): void {
    const { error, site, templateId } = this.#decoder;
    const place = `${to - from} bytes left at the message's start`;
    const sentence = FAST_ERROR_TEXT[error]?.[1] ?? "";
    if (error === FastError.D9) sink.problem("unknown template (D9)", `id=${templateId}, ${place}`);
    else if (error === FastError.CUT) sink.problem("message cut off", `${site}, ${place}`);
    else {
      const isOurs = error === FastError.LIMIT || error === FastError.COUNT;
      const kind = `${isOurs ? "bound" : "dynamic error"} ${fastErrorCode(error)}`;
      sink.problem(kind, `${site}, ${place}: ${sentence}`);
    }
  }

  #reportable(sink: RecordSink): void {
    const decoder = this.#decoder;
    for (const error of REPORTABLE) {
      const count = decoder.count(error);
      for (let told = this.#told.get(error) ?? 0; told < count; told++) {
        const name = decoder.plans[decoder.template]?.template.name ?? "";
        const [code, sentence] = FAST_ERROR_TEXT[error] as readonly [string, string];
        sink.problem(`reportable error ${code}`, `template=${name}: ${sentence}`);
      }
      this.#told.set(error, count);
    }
  }

  #record(): DecodedRecord {
    const decoder = this.#decoder;
    const { template, record } = decoder.plans[decoder.template] as TemplatePlan;
    const fields = this.#fields(record.places, decoder.record);
    const seq = record.places.find(
      ({ kind, name }) => kind === "scalar" && name === SEQUENCE_FIELD,
    );
    const value = seq === undefined ? null : (fields[SEQUENCE_FIELD] ?? null);
    return {
      seq: typeof value === "number" || typeof value === "bigint" ? value : null,
      message: template.name,
      templateId: template.id as number, // Only templates with an id are found.
      fields,
    };
  }

  #fields(places: readonly Place[], at: number): Fields {
    const found: [string, FieldValue][] = [];
    for (const place of places) {
      const value = this.#value(place, at);
      if (value !== undefined) found.push([place.name, value]);
    }
    // Own properties whatever the names are.
    return Object.fromEntries(found);
  }

  /** A field's value; undefined for what is left out. */
  #value(place: Place, at: number): FieldValue | undefined {
    const { out } = this.#decoder;
    const isPresent = ((out[at + (place.bit >>> 5)] as number) & (1 << (place.bit & 31))) !== 0;
    if (!isPresent) return place.kind === "scalar" ? null : undefined;
    const first = out[at + place.offset] as number;
    const second = out[at + place.offset + 1] as number;
    if (place.kind === "group") return this.#fields(place.children, at);
    if (place.kind === "dynamic") return this.#referred(first, second);
    if (place.kind === "sequence") return this.#entries(place.element as RecordPlan, first, second);
    const { field } = place;
    return field.kind === "scalar" ? this.#scalar(field.type, at + place.offset) : undefined;
  }

  #referred(template: number, at: number): FieldValue {
    const plan = this.#decoder.plans[template] as TemplatePlan;
    return { name: plan.template.name, value: this.#fields(plan.record.places, at) };
  }

  #entries(element: RecordPlan, at: number, count: number): FieldValue {
    return Array.from({ length: count }, (_, i) => {
      return this.#fields(element.places, at + i * element.words);
    });
  }

  #scalar(type: FieldType, at: number): FieldValue {
    const { out, bytes } = this.#decoder;
    const first = out[at] as number;
    const second = out[at + 1] as number;
    switch (type) {
      case "int32":
        return first;
      case "uInt32":
        return first >>> 0;
      case "int64":
        return (BigInt(second) << 32n) | BigInt(first >>> 0);
      case "uInt64":
        return (BigInt(second >>> 0) << 32n) | BigInt(first >>> 0);
      case "decimal": {
        const high = out[at + 2] as number;
        return { exponent: first, mantissa: (BigInt(high) << 32n) | BigInt(second >>> 0) };
      }
      default: {
        const piece = bytes.subarray(first, first + second);
        if (type === "byteVector") return Buffer.from(piece).toString("hex");
        return this.#text.decode(piece);
      }
    }
  }
}

function isScaled(value: FieldValue): value is { exponent: number; mantissa: bigint } {
  if (value === null || typeof value !== "object" || !("exponent" in value)) return false;
  return typeof value.exponent === "number" && typeof value.mantissa === "bigint";
}
