/**
 * Lines of generated code and what they may name. Generated source holds nothing of a template but
 * numbers (offsets, bits, indices, values); names and strings of the XML never enter it.
 *
 * Names in the generated functions:
 *
 *   B bytes, p position, e end, r word of the record, O output, W the FastWire, T its results,
 *   S its state, E the epoch, D… previous values; v low half, h high half or length, g sign word
 *   of a delta, x exponent, n 1 when absent, s a state, f a sum; a… presence, m… presence map.
 */
import * as M from "./model.ts";

/** A segment's presence map inside a function: the variables that hold it, and how far it is used. */
export interface Segment {
  readonly prefix: string;
  readonly words: number;
  next: number;
}

/** Assigns numbers to what templates share: previous values, constants, places of errors. */
export class Symbols {
  /** Characters of constants and initial values. */
  readonly constants: number[] = [];
  /** Where an error may arise: template, then field; the index is part of a negative result. */
  readonly sites: string[] = [];
  readonly #entries = new Map<string, number>();
  readonly #types = new Map<string, Set<string>>();
  readonly #typeNumbers = new Map<string, number>();
  readonly #strings = new Map<string, number>();

  /** Notes that an entry is used with a type; all uses come before the first {@link hasTypes}. */
  note(entry: string, type: string): void {
    const types = this.#types.get(entry) ?? new Set();
    this.#types.set(entry, types.add(type));
    if (!this.#entries.has(entry)) this.#entries.set(entry, this.#entries.size);
    if (!this.#typeNumbers.has(type)) this.#typeNumbers.set(type, this.#typeNumbers.size);
  }

  /** Number of an entry. */
  entry(entry: string): number {
    return this.#entries.get(entry) as number; // note() came before.
  }

  /** How many entries there are. */
  get entries(): number {
    return this.#entries.size;
  }

  /** True when fields of several types share the entry, so that its type has to be checked. */
  hasTypes(entry: string): boolean {
    return (this.#types.get(entry)?.size ?? 0) > 1;
  }

  /** Number of a type. */
  type(type: string): number {
    return this.#typeNumbers.get(type) as number; // note() came before.
  }

  /** Where the characters of a constant lie, from the first constant on. */
  constant(bytes: Uint8Array): number {
    const key = Buffer.from(bytes).toString("latin1");
    const known = this.#strings.get(key);
    if (known !== undefined) return known;
    const at = this.constants.length;
    for (const byte of bytes) this.constants.push(byte);
    this.#strings.set(key, at);
    return at;
  }

  /** Notes where an error may arise. */
  site(text: string): number {
    this.sites.push(text);
    return this.sites.length - 1;
  }
}

/** Lines of one function. */
export class Lines {
  readonly #lines: string[] = [];

  add(...lines: readonly string[]): void {
    this.#lines.push(...lines);
  }

  toString(): string {
    return this.#lines.join("\n");
  }
}

/** How a type's value is held: one word, two, exponent and two, or offset and length. */
export function shapeOf(type: M.FieldType): "word" | "long" | "decimal" | "text" {
  if (type === "int32" || type === "uInt32") return "word";
  if (type === "int64" || type === "uInt64") return "long";
  return type === "decimal" ? "decimal" : "text";
}

/** Signed low and high half of a value. */
export function halvesOf(value: bigint): readonly [number, number] {
  return [Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))];
}
