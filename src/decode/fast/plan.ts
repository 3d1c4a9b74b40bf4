/**
 * Where decoded values lie. A message is a record of 32-bit words in the decoder's output, made of
 * presence bits and then the words of each field:
 *
 *   word 0 …                 one bit for each field, group, sequence and reference, in order
 *   int32, uInt32            value
 *   int64, uInt64            low half, high half
 *   decimal                  exponent, low half, high half
 *   string, byteVector       offset and length in the decoder's arena
 *   group                    its fields, in the same record
 *   sequence                 word of its first element's record, number of elements
 *   dynamic reference        template's index, word of its record
 *
 * Elements of a sequence are records of one size, one after the other. The words of what is absent
 * hold anything. Static references are gone: their fields stand inline.
 *
 * Cold path, at start only.
 */
import { FastTemplateError } from "./errors.ts";
import type * as M from "./model.ts";

/** Most fields that a record may have after static references are resolved. */
const FIELDS_MAX = 16_384;

/** A field with its place in a record. */
export interface Place {
  readonly kind: "scalar" | "group" | "sequence" | "dynamic" | "missing";
  /** As `nyq decode` prints it. */
  readonly name: string;
  /** The instruction; of a missing static reference too. */
  readonly field: M.Instruction;
  /** Presence bit: word `bit >>> 5` of the record, bit `bit & 31`. */
  bit: number;
  /** Word of its first value. */
  offset: number;
  /** A group's fields. */
  readonly children: readonly Place[];
  /** A sequence's element. */
  readonly element: RecordPlan | null;
}

/** A message's or an element's record. */
export interface RecordPlan {
  /** Numbers all records of a decoder. */
  readonly index: number;
  readonly places: readonly Place[];
  /** Words of presence bits. */
  readonly presenceWords: number;
  /** Words in all, at least 1. */
  readonly words: number;
}

/** A template with the place of everything in it. */
export interface TemplatePlan {
  readonly template: M.Template;
  readonly record: RecordPlan;
}

/** Plans of templates, in their order. */
export function planTemplates(templates: readonly M.Template[]): TemplatePlan[] {
  const planner = new Planner(templates);
  return templates.map((template) => ({ template, record: planner.template(template) }));
}

class Planner {
  readonly #byName: ReadonlyMap<string, M.Template>;
  #records = 0;
  #fields = 0;

  constructor(templates: readonly M.Template[]) {
    this.#byName = new Map(templates.map((template) => [template.qualified, template]));
  }

  template(template: M.Template): RecordPlan {
    this.#fields = 0;
    return this.#record(template.body, [template]);
  }

  #record(body: readonly M.Instruction[], path: readonly M.Template[]): RecordPlan {
    const index = this.#records++;
    const places = this.#places(body, path);
    const all = flat(places);
    const presenceWords = Math.ceil(all.length / 32);
    let words = Math.max(1, presenceWords);
    all.forEach((place, i) => {
      place.bit = i;
      place.offset = words;
      words += wordsOf(place);
    });
    return { index, places, presenceWords, words };
  }

  #places(body: readonly M.Instruction[], path: readonly M.Template[]): Place[] {
    const found: Place[] = [];
    this.#inline(body, path, found);
    return found;
  }

  #inline(body: readonly M.Instruction[], path: readonly M.Template[], found: Place[]): void {
    for (const field of body) {
      const target = field.kind === "static" ? this.#byName.get(field.template) : undefined;
      if (target === undefined) {
        found.push(this.#place(field, path, found));
        continue;
      }
      if (path.includes(target)) {
        const text = `template "${target.name}" contains itself by static reference`;
        throw new FastTemplateError("S1", target.line, text);
      }
      this.#inline(target.body, [...path, target], found);
    }
  }

  #place(field: M.Instruction, path: readonly M.Template[], before: readonly Place[]): Place {
    this.#fields++;
    if (this.#fields > FIELDS_MAX) {
      const line = path[0]?.line ?? 0;
      throw new FastTemplateError("S1", line, `a template with more than ${FIELDS_MAX} fields`);
    }
    const nothing = { bit: 0, offset: 0, children: [], element: null };
    if (field.kind === "static") {
      return { ...nothing, kind: "missing", name: field.template.replace("\n", ""), field };
    }
    if (field.kind === "dynamic") {
      const number = before.filter(({ kind }) => kind === "dynamic").length;
      return { ...nothing, kind: "dynamic", name: `templateRef:${number}`, field };
    }
    const { name } = field;
    if (field.kind === "group") {
      return { ...nothing, kind: "group", name, field, children: this.#places(field.body, path) };
    }
    if (field.kind === "sequence") {
      return { ...nothing, kind: "sequence", name, field, element: this.#record(field.body, path) };
    }
    return { ...nothing, kind: "scalar", name, field };
  }
}

/** All places of a record, groups before their fields. */
function flat(places: readonly Place[]): Place[] {
  return places.flatMap((place) => [place, ...flat(place.children)]);
}

function wordsOf({ field }: Place): number {
  if (field.kind === "group" || field.kind === "static") return 0;
  if (field.kind !== "scalar") return 2;
  if (field.type === "int32" || field.type === "uInt32") return 1;
  return field.type === "decimal" ? 3 : 2;
}

/** Bits that an operator takes in the presence map. Source: section 10.5.1. */
export function operatorBits({ name }: M.Operator, isOptional: boolean): number {
  if (name === "constant") return isOptional ? 1 : 0;
  return name === "none" || name === "delta" ? 0 : 1;
}

/** Bits that a field takes in the presence map of its segment, at most. */
export function pmapBits(places: readonly Place[]): number {
  let bits = 0;
  for (const { field } of places) {
    if (field.kind === "group") bits += field.isOptional ? 1 : 0;
    else if (field.kind === "sequence")
      bits += operatorBits(field.length.operator, field.isOptional);
    else if (field.kind === "scalar") bits += scalarBits(field);
  }
  return bits;
}

function scalarBits({ parts, operator, isOptional }: M.ScalarField): number {
  if (parts === null) return operatorBits(operator, isOptional);
  return operatorBits(parts.exponent, isOptional) + operatorBits(parts.mantissa, false);
}

/** Fewest bytes that a segment with these fields takes in the stream. */
export function bytesMin(places: readonly Place[]): number {
  let bytes = pmapBits(places) > 0 ? 1 : 0;
  for (const { field, children } of places) {
    if (field.kind === "group") bytes += field.isOptional ? 0 : bytesMin(children);
    else if (field.kind === "sequence") bytes += operatorBytesMin(field.length.operator, 1);
    else if (field.kind === "dynamic") bytes += 1;
    else if (field.kind === "scalar") bytes += scalarBytesMin(field);
  }
  return bytes;
}

function scalarBytesMin({ parts, operator, isOptional, type }: M.ScalarField): number {
  if (parts !== null) {
    const mantissa = isOptional ? 0 : operatorBytesMin(parts.mantissa, 1);
    return operatorBytesMin(parts.exponent, 1) + mantissa;
  }
  const isPair = type === "decimal" || (operator.name === "delta" && !isInteger(type));
  return operatorBytesMin(operator, isPair && !isOptional ? 2 : 1);
}

function operatorBytesMin({ name }: M.Operator, whenAlways: number): number {
  return name === "none" || name === "delta" ? whenAlways : 0;
}

function isInteger(type: M.FieldType): boolean {
  return type === "int32" || type === "uInt32" || type === "int64" || type === "uInt64";
}
