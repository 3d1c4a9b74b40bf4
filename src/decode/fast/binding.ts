/**
 * Where the fields that a venue's mapping needs lie in a decoder's records: looked up once by name,
 * read by number after that. Binding is cold, at start only; what it returns is for the hot path.
 */
import { FeedError } from "../../core/errors.ts";
import type { FieldType } from "./model.ts";
import type { Place, RecordPlan } from "./plan.ts";

/** A field's place: present when `out[record + presenceWord] & mask` is not 0. */
export interface FieldWord {
  readonly presenceWord: number;
  /** Never 0, but for a field that the template lacks: then nothing is ever present. */
  readonly mask: number;
  /** First word of the value, from the record. */
  readonly offset: number;
}

/** The place of a field that is never there. */
export const ABSENT: FieldWord = { presenceWord: 0, mask: 0, offset: 0 };

/** True when the record at word `record` has the field. */
export function isPresent(out: Int32Array, record: number, field: FieldWord): boolean {
  return ((out[record + field.presenceWord] as number) & field.mask) !== 0;
}

/**
 * Finds a primitive field in a record.
 *
 * @param types those that the reader of the field can take
 * @throws FEED_FORMAT when it is missing, or [ERR D1] when it has another type
 */
export function bindField(
  record: RecordPlan,
  name: string,
  types: readonly FieldType[],
): FieldWord {
  const place = find(record.places, name);
  if (place === undefined) throw new FeedError("FEED_FORMAT", `FAST templates: no field ${name}`);
  const { field } = place;
  if (field.kind !== "scalar" || !types.includes(field.type)) {
    const was = field.kind === "scalar" ? field.type : field.kind;
    const text = `FAST templates: [ERR D1] ${name} is ${was}, not ${types.join(" or ")}`;
    throw new FeedError("FEED_FORMAT", text);
  }
  return wordOf(place);
}

/** The same for a field that a template may lack. */
export function bindOptional(
  record: RecordPlan,
  name: string,
  types: readonly FieldType[],
): FieldWord {
  return find(record.places, name) === undefined ? ABSENT : bindField(record, name, types);
}

/** The same for a field that may also have a type that its reader cannot take: absent then. */
export function bindIfOf(record: RecordPlan, name: string, types: readonly FieldType[]): FieldWord {
  const field = find(record.places, name)?.field;
  const fits = field?.kind === "scalar" && types.includes(field.type);
  return fits ? bindField(record, name, types) : ABSENT;
}

/**
 * Finds a sequence: its words are those of its first record and its length.
 *
 * @throws FEED_FORMAT when there is none of that name
 */
export function bindSequence(
  record: RecordPlan,
  name: string,
): { readonly words: FieldWord; readonly element: RecordPlan } {
  const place = find(record.places, name);
  if (place === undefined || place.element === null) {
    throw new FeedError("FEED_FORMAT", `FAST templates: no sequence ${name}`);
  }
  return { words: wordOf(place), element: place.element };
}

function find(places: readonly Place[], name: string): Place | undefined {
  return places.find((place) => place.name === name);
}

function wordOf({ bit, offset }: Place): FieldWord {
  return { presenceWord: bit >>> 5, mask: 1 << (bit & 31), offset };
}
