/**
 * A FAST encoder for tests, slow and plain: it walks the template with the message, keeps previous
 * values in a map and shares nothing with the decoder but the reading of templates. Values have the
 * form of `nyq decode`: bigint or number, {exponent, mantissa}, strings, hex for byte vectors,
 * arrays, objects, null for absent.
 *
 * Source: FAST Specification 1.1, sections 6 and 10.
 */
import { INTEGER_RANGE } from "../../../src/decode/fast/convert.ts";
import type * as M from "../../../src/decode/fast/model.ts";
import type { Fields, FieldValue } from "../../../src/decode/records.ts";
import { encodeText, prefixLength, suffixLength, textBytes } from "./text.ts";
import * as W from "./wire-writer.ts";

type Value = M.InitialValue | null;

interface Previous {
  readonly type: string;
  /** null: empty. */
  readonly value: Value;
}

/** A segment being written. */
interface Segment {
  readonly bits: boolean[];
  readonly bytes: number[];
}

/** Encodes messages of a set of templates. */
export class FastEncoder {
  readonly #templates: readonly M.Template[];
  #previous = new Map<string, Previous>();
  #templateId: number | null = null;

  readonly #repeatsId: boolean;

  /** @param repeatsId true to send the template identifier with every message */
  constructor(templates: readonly M.Template[], repeatsId = false) {
    this.#templates = templates;
    this.#repeatsId = repeatsId;
  }

  /**
   * A whole message; when it cannot be encoded nothing is remembered of it.
   *
   * @throws EncodeError
   */
  message(name: string, fields: Fields): Uint8Array {
    const before = new Map(this.#previous);
    const id = this.#templateId;
    try {
      return Uint8Array.from(this.#segmentOf(name, fields));
    } catch (error) {
      this.#previous = before;
      this.#templateId = id;
      throw error;
    }
  }

  #segmentOf(name: string, fields: Fields): number[] {
    const template = this.#templates.find((each) => each.name === name);
    if (template === undefined || template.id === null) throw new W.EncodeError(name);
    const segment: Segment = { bits: [], bytes: [] };
    const isNew = this.#repeatsId || template.id !== this.#templateId;
    this.#templateId = template.id;
    segment.bits.push(isNew);
    if (template.isReset) this.#previous.clear();
    this.#body(template.body, fields, segment, { dynamic: 0 });
    const id = isNew ? W.unsigned(BigInt(template.id)) : [];
    return [...W.pmap(segment.bits), ...id, ...segment.bytes];
  }

  #body(
    body: readonly M.Instruction[],
    fields: Fields,
    out: Segment,
    seen: { dynamic: number },
  ): void {
    for (const field of body) {
      if (field.kind === "static") {
        const target = this.#templates.find(({ qualified }) => qualified === field.template);
        if (target === undefined) throw new W.EncodeError("D8");
        this.#body(target.body, fields, out, seen);
      } else if (field.kind === "dynamic") {
        const value = fields[`templateRef:${seen.dynamic++}`] as { name: string; value: Fields };
        out.bytes.push(...this.#segmentOf(value.name, value.value));
      } else if (field.kind === "group") this.#group(field, fields[field.name], out);
      else if (field.kind === "sequence") this.#sequence(field, fields[field.name], out);
      else this.#field(field, fields[field.name] ?? null, out);
    }
  }

  #group(field: M.GroupField, value: FieldValue | undefined, out: Segment): void {
    if (field.isOptional) out.bits.push(value !== undefined);
    if (value !== undefined) this.#inner(field.body, value as Fields, out);
    else if (!field.isOptional) throw new W.EncodeError(field.name);
  }

  /** A group's content or an element: a segment when anything in it needs a bit. */
  #inner(body: readonly M.Instruction[], fields: Fields, out: Segment): void {
    const segment: Segment = { bits: [], bytes: [] };
    this.#body(body, fields, segment, { dynamic: 0 });
    if (this.#needsBits(body)) out.bytes.push(...W.pmap(segment.bits));
    out.bytes.push(...segment.bytes);
  }

  #needsBits(body: readonly M.Instruction[]): boolean {
    return body.some((field) => {
      if (field.kind === "static") {
        const target = this.#templates.find(({ qualified }) => qualified === field.template);
        return target !== undefined && this.#needsBits(target.body);
      }
      if (field.kind === "group") return field.isOptional;
      if (field.kind === "sequence") return needsBit(field.length.operator, field.isOptional);
      if (field.kind === "dynamic") return false;
      if (field.parts === null) return needsBit(field.operator, field.isOptional);
      const { exponent, mantissa } = field.parts;
      return needsBit(exponent, field.isOptional) || needsBit(mantissa, false);
    });
  }

  #sequence(field: M.SequenceField, value: FieldValue | undefined, out: Segment): void {
    const entries = value as readonly Fields[] | undefined;
    const length = entries === undefined ? null : BigInt(entries.length);
    this.#operator(field.length.operator, "uInt32", field.isOptional, length, out);
    for (const entry of entries ?? []) this.#inner(field.body, entry, out);
  }

  #field(field: M.ScalarField, given: FieldValue, out: Segment): void {
    const { type, parts, operator, isOptional } = field;
    const value = wireValue(type, given);
    if (parts === null) {
      this.#operator(operator, type, isOptional, value, out);
      return;
    }
    const scaled = value as M.Scaled | null;
    const exponent = scaled === null ? null : BigInt(scaled.exponent);
    this.#operator(parts.exponent, "int32", isOptional, exponent, out);
    if (scaled !== null) this.#operator(parts.mantissa, "int64", false, scaled.mantissa, out);
  }

  #operator(
    op: M.Operator,
    type: M.FieldType,
    isOptional: boolean,
    value: Value,
    out: Segment,
  ): void {
    if (value === null && !isOptional) throw new W.EncodeError("a mandatory field is absent");
    const { initial } = op;
    switch (op.name) {
      case "none":
        out.bytes.push(...encode(type, value, isOptional));
        return;
      case "constant":
        if (value !== null && !equal(value, initial)) throw new W.EncodeError("constant");
        if (isOptional) out.bits.push(value !== null);
        return;
      case "default":
        out.bits.push(!equal(value, initial));
        if (!equal(value, initial)) out.bytes.push(...encode(type, value, isOptional));
        return;
      case "delta":
        this.#delta(op, type, isOptional, value, out);
        return;
      default:
        this.#remembered(op, type, isOptional, value, out);
    }
  }

  #remembered(
    op: M.Operator,
    type: M.FieldType,
    isOptional: boolean,
    value: Value,
    out: Segment,
  ): void {
    const entry = op.entry as string;
    const implied = this.#implied(op, type, isOptional);
    const isImplied = implied !== undefined && equal(implied, value);
    out.bits.push(!isImplied);
    if (!isImplied) {
      const tail = op.name === "tail" && value !== null;
      const sent = tail ? this.#tailOf(op, type, value as Uint8Array) : value;
      out.bytes.push(...encode(type, sent, isOptional));
    }
    this.#previous.set(entry, { type, value });
  }

  /** The value of a field whose bit is not set; undefined when that is an error. */
  #implied(op: M.Operator, type: M.FieldType, isOptional: boolean): Value | undefined {
    const previous = this.#previous.get(op.entry as string);
    if (previous === undefined) return op.initial ?? (isOptional ? null : undefined);
    if (previous.value === null) return isOptional ? null : undefined;
    if (previous.type !== type) return undefined;
    return op.name === "increment" ? incremented(type, previous.value as bigint) : previous.value;
  }

  #base(op: M.Operator, type: M.FieldType, isDelta: boolean): Value {
    const previous = this.#previous.get(op.entry as string);
    if (previous?.value === null && isDelta) throw new W.EncodeError("D6");
    if (previous !== undefined && previous.value !== null) {
      if (previous.type !== type) throw new W.EncodeError("D4");
      return previous.value;
    }
    return op.initial;
  }

  #tailOf(op: M.Operator, type: M.FieldType, value: Uint8Array): Uint8Array {
    const base = (this.#base(op, type, false) ?? new Uint8Array(0)) as Uint8Array;
    if (value.length > base.length) return value;
    if (value.length < base.length) throw new W.EncodeError("a tail cannot shorten");
    return value.slice(prefixLength(base, value));
  }

  #delta(op: M.Operator, type: M.FieldType, isOptional: boolean, value: Value, out: Segment): void {
    const entry = op.entry as string;
    if (value === null) {
      out.bytes.push(0x80);
      return;
    }
    const base = this.#base(op, type, true);
    if (typeof value === "bigint") {
      out.bytes.push(...W.integer(value - ((base ?? 0n) as bigint), true, isOptional));
    } else if (value instanceof Uint8Array) {
      const from = (base ?? new Uint8Array(0)) as Uint8Array;
      out.bytes.push(...textDelta(type, from, value, isOptional));
    } else {
      const from = (base ?? { exponent: 0, mantissa: 0n }) as M.Scaled;
      const exponent = BigInt(value.exponent - from.exponent);
      out.bytes.push(...W.integer(exponent, true, isOptional));
      out.bytes.push(...W.signed(value.mantissa - from.mantissa));
    }
    this.#previous.set(entry, { type, value });
  }
}

function needsBit({ name }: M.Operator, isOptional: boolean): boolean {
  if (name === "constant") return isOptional;
  return name !== "none" && name !== "delta";
}

/** Takes from the end that leaves fewer bytes to send. */
function textDelta(
  type: M.FieldType,
  base: Uint8Array,
  value: Uint8Array,
  isOptional: boolean,
): number[] {
  const prefix = prefixLength(base, value);
  const suffix = suffixLength(base, value);
  const isFront = suffix > prefix;
  const cut = isFront ? -(base.length - suffix) - 1 : base.length - prefix;
  const more = isFront ? value.slice(0, value.length - suffix) : value.slice(prefix);
  return [...W.integer(BigInt(cut), true, isOptional), ...encodeText(type, more, false)];
}

function incremented(type: M.FieldType, value: bigint): bigint {
  const [min, max] = INTEGER_RANGE[type] as readonly [bigint, bigint];
  return value === max ? min : value + 1n;
}

function encode(type: M.FieldType, value: Value, isNullable: boolean): number[] {
  if (type === "decimal") {
    const scaled = value as M.Scaled | null;
    if (scaled === null) return [0x80];
    return [...W.integer(BigInt(scaled.exponent), true, isNullable), ...W.signed(scaled.mantissa)];
  }
  const isInteger = type.startsWith("int") || type.startsWith("uInt");
  if (isInteger) return W.integer(value as bigint | null, type.startsWith("int"), isNullable);
  return encodeText(type, value as Uint8Array | null, isNullable);
}

function equal(a: Value, b: Value): boolean {
  if (a === null || b === null || typeof a === "bigint" || typeof b === "bigint") return a === b;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (b instanceof Uint8Array) return false;
  return a.exponent === b.exponent && a.mantissa === b.mantissa;
}

function wireValue(type: M.FieldType, given: FieldValue): Value {
  if (given === null) return null;
  if (typeof given === "string") return textBytes(type, given);
  if (typeof given === "number" || typeof given === "bigint") return BigInt(given);
  const { exponent, mantissa } = given as { exponent: number; mantissa: bigint };
  return { exponent: Number(exponent), mantissa: BigInt(mantissa) };
}
