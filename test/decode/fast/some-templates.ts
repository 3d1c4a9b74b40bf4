/**
 * Random templates as XML, and random messages for them: every type with every operator it takes,
 * nested groups and sequences, references, dictionaries, shared keys, resets.
 */
import { EXPONENT_MAX, INTEGER_RANGE } from "../../../src/decode/fast/convert.ts";
import type * as M from "../../../src/decode/fast/model.ts";
import type { Fields, FieldValue } from "../../../src/decode/records.ts";
import type { Random } from "../../fuzz/random.ts";

const TYPES = ["int32", "uInt32", "int64", "uInt64", "decimal", "ascii", "unicode", "byteVector"];
const DICTIONARIES = ["", "", "template", "type", "global", "mine"];
const WORDS = ["", "A", "AB", "ABC", "GEH6", "GEM6", "\0", "\0x", "ab\0", "0123456789012345678901"];
const UNICODE = ["", "é", "日本", "a日", "😀", "ascii"];

/** Writes the XML of some templates. */
export class TemplateWriter {
  readonly #random: Random;
  #names = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** `count` templates with ids, and one without that they refer to. */
  xml(count: number): string {
    const shared = `<template name="Shared">${this.#body(0, false)}</template>`;
    const templates = Array.from({ length: count }, (_, i) => {
      const id = this.#random.oneIn(4) ? 128 + i * 16_384 : i + 1;
      const reset = this.#random.oneIn(5) ? ' reset="Y"' : "";
      const head = `name="T${i}" id="${id}"${reset}${this.#dictionary()}`;
      return `<template ${head}>${this.#typeRef()}${this.#body(2, i > 0)}</template>`;
    });
    const ns = "http://www.fixprotocol.org/ns/fast/td/1.1";
    return `<templates xmlns="${ns}">${shared}${templates.join("\n")}</templates>`;
  }

  #body(depth: number, mayRefer: boolean): string {
    const count = 1 + this.#random.below(depth === 2 ? 12 : 4);
    const fields = Array.from({ length: count }, () => this.#instruction(depth, mayRefer));
    return fields.join("");
  }

  #instruction(depth: number, mayRefer: boolean): string {
    const kind = this.#random.below(12);
    if (depth > 0 && kind === 0) return this.#group(depth);
    if (depth > 0 && kind === 1) return this.#sequence(depth);
    if (mayRefer && kind === 2) return "<templateRef/>";
    if (depth === 2 && kind === 3) return '<templateRef name="Shared"/>';
    return this.#scalar();
  }

  #group(depth: number): string {
    const attributes = `name="${this.#name()}"${this.#presence()}${this.#dictionary()}`;
    return `<group ${attributes}>${this.#typeRef()}${this.#body(depth - 1, false)}</group>`;
  }

  #sequence(depth: number): string {
    const operators = ["", "<copy/>", "<delta/>", '<default value="2"/>', "<increment value='1'/>"];
    const length = this.#random.oneIn(3) ? "" : `<length>${this.#one(operators)}</length>`;
    const attributes = `name="${this.#name()}"${this.#presence()}${this.#dictionary()}`;
    return `<sequence ${attributes}>${length}${this.#body(depth - 1, false)}</sequence>`;
  }

  #scalar(): string {
    const type = this.#one(TYPES);
    const isOptional = this.#random.oneIn(2);
    const isText = type === "ascii" || type === "unicode";
    const charset = type === "unicode" ? ' charset="unicode"' : "";
    const presence = isOptional ? ' presence="optional"' : "";
    const head = `${isText ? "string" : type} name="${this.#name()}"${presence}${charset}`;
    const hasParts = type === "decimal" && this.#random.oneIn(2);
    const inside = hasParts ? this.#parts(isOptional) : this.#operator(type, isOptional);
    return `<${head}>${inside}</${isText ? "string" : type}>`;
  }

  #parts(isOptional: boolean): string {
    const exponent = this.#operator("exponent", isOptional);
    const mantissa = this.#operator("int64", false);
    const both = [
      exponent && `<exponent>${exponent}</exponent>`,
      mantissa && `<mantissa>${mantissa}</mantissa>`,
    ];
    return both[0] || both[1] ? both.join("") : "<exponent><copy/></exponent>";
  }

  #operator(type: string, isOptional: boolean): string {
    const names = ["", "constant", "default", "copy", "delta", "delta"];
    if (type !== "decimal" && INTEGER_RANGE[type]) names.push("increment", "increment");
    if (["ascii", "unicode", "byteVector"].includes(type)) names.push("tail", "tail");
    const name = this.#one(names);
    if (name === "") return "";
    const isConstant = name === "constant" || (name === "default" && !isOptional);
    const value = isConstant || this.#random.oneIn(2) ? ` value="${this.#initial(type)}"` : "";
    if (name === "constant" || name === "default") return `<${name}${value}/>`;
    const key = this.#random.oneIn(6) ? ` key="${type}-${this.#random.below(2)}"` : "";
    return `<${name}${value}${key}${this.#dictionary()}/>`;
  }

  #initial(type: string): string {
    const number = this.#random.below(200);
    if (type === "decimal") return this.#one(["0", "12000", "-0.05", `${number}.${number}`]);
    if (type === "exponent") return String(this.#random.below(5) - 2);
    if (type === "byteVector") return this.#one(["", "00", "0aff", "c3a9c3a9"]);
    if (type === "ascii" || type === "unicode") return this.#one(["", "A", "GEH6", "hello world"]);
    return type.startsWith("int") ? String(number - 100) : String(number);
  }

  #typeRef(): string {
    return this.#random.oneIn(4) ? `<typeRef name="type${this.#random.below(2)}"/>` : "";
  }

  #dictionary(): string {
    const dictionary = this.#one(DICTIONARIES);
    return dictionary === "" ? "" : ` dictionary="${dictionary}"`;
  }

  #presence(): string {
    return this.#random.oneIn(2) ? ' presence="optional"' : "";
  }

  #name(): string {
    return `f${this.#names++}`;
  }

  #one<T>(values: readonly T[]): T {
    return values[this.#random.below(values.length)] as T; // The lists are not empty.
  }
}

/** Makes messages. */
export class MessageMaker {
  readonly #random: Random;
  readonly #templates: readonly M.Template[];

  constructor(random: Random, templates: readonly M.Template[]) {
    this.#random = random;
    this.#templates = templates;
  }

  /** Some message: the template's name and fields. */
  some(): { name: string; value: Fields } {
    const named = this.#templates.filter(({ id }) => id !== null);
    const template = named[this.#random.below(named.length)] as M.Template;
    return { name: template.name, value: this.#fields(template.body) };
  }

  #fields(body: readonly M.Instruction[]): Fields {
    const found: [string, FieldValue][] = [];
    this.#add(body, found, { dynamic: 0 });
    return Object.fromEntries(found);
  }

  #add(
    body: readonly M.Instruction[],
    found: [string, FieldValue][],
    seen: { dynamic: number },
  ): void {
    for (const field of body) {
      if (field.kind === "static") {
        const target = this.#templates.find(({ qualified }) => qualified === field.template);
        this.#add(target?.body ?? [], found, seen);
      } else if (field.kind === "dynamic") {
        // The first template refers to nothing, so nesting ends.
        const target = this.#templates.find(({ name }) => name === "T0") as M.Template;
        const value = this.#fields(target.body);
        found.push([`templateRef:${seen.dynamic++}`, { name: target.name, value }]);
      } else if (field.kind === "group" || field.kind === "sequence") {
        if (field.isOptional && this.#random.oneIn(3)) continue;
        const count = this.#random.below(4);
        const inner = (): Fields => this.#fields(field.body);
        const value = field.kind === "group" ? inner() : Array.from({ length: count }, inner);
        found.push([field.name, value]);
      } else found.push([field.name, this.#scalar(field)]);
    }
  }

  #scalar({ type, isOptional, operator, parts }: M.ScalarField): FieldValue {
    if (isOptional && this.#random.oneIn(3)) return null;
    if (operator.name === "constant") return printed(type, operator.initial as M.InitialValue);
    if (operator.name === "default" && operator.initial !== null && this.#random.oneIn(2)) {
      return printed(type, operator.initial);
    }
    if (type !== "decimal") return this.#value(type);
    const isFixed = parts?.exponent.name === "constant";
    const isFixedMantissa = parts?.mantissa.name === "constant";
    return {
      exponent: isFixed ? Number(parts?.exponent.initial) : this.#exponent(),
      mantissa: isFixedMantissa
        ? (parts?.mantissa.initial as bigint)
        : (this.#value("int64") as bigint),
    };
  }

  #exponent(): number {
    if (this.#random.oneIn(4)) return this.#random.below(2 * EXPONENT_MAX + 1) - EXPONENT_MAX;
    return -this.#random.below(4);
  }

  #value(type: string): FieldValue {
    const one = <T>(values: readonly T[]): T => values[this.#random.below(values.length)] as T;
    if (type === "ascii") return one(WORDS);
    if (type === "unicode") return one(UNICODE);
    if (type === "byteVector") return one(["", "00", "ff80", "00112233445566778899aabbccddeeff"]);
    const [min, max] = INTEGER_RANGE[type] as readonly [bigint, bigint];
    const small = BigInt(this.#random.below(300)) + (min < 0n ? -150n : 0n);
    const word = BigInt(this.#random.word() >>> 0);
    const wide = (word << 32n) | BigInt(this.#random.word() >>> 0);
    const any = min < 0n ? BigInt.asIntN(64, wide) : wide;
    const candidates = [
      small,
      small,
      any >> BigInt(this.#random.below(64)),
      min,
      max,
      max - 1n,
      63n,
      64n,
    ];
    const value = one(candidates);
    const bounded = value < min || value > max ? small : value;
    return type.endsWith("32") ? Number(bounded) : bounded;
  }
}

/** An initial value in the form of `nyq decode`. */
function printed(type: string, value: M.InitialValue): FieldValue {
  if (value instanceof Uint8Array) {
    return Buffer.from(value).toString(type === "byteVector" ? "hex" : "utf8");
  }
  if (typeof value === "bigint") return value;
  return { exponent: value.exponent, mantissa: value.mantissa };
}
