/**
 * Templates as data, after validation: what the compiler, the printing of records and the test-side
 * encoder read. Names are resolved; each operator that remembers carries the key of its entry.
 *
 * Cold path. Source: FAST Specification 1.1, section 6.
 */

/** Primitive types; the strings are those of the XML, with the character set told apart. */
export type FieldType =
  | "int32"
  | "uInt32"
  | "int64"
  | "uInt64"
  | "decimal"
  | "ascii"
  | "unicode"
  | "byteVector";

/** Field operators; "none" where the XML has none. */
export type OperatorName =
  | "none"
  | "constant"
  | "default"
  | "copy"
  | "increment"
  | "delta"
  | "tail";

/** A decimal as the wire has it: mantissa times ten to the exponent. */
export interface Scaled {
  readonly exponent: number;
  readonly mantissa: bigint;
}

/** An initial value, converted to the type of its field. */
export type InitialValue = bigint | Scaled | Uint8Array;

/** An operator on one value. */
export interface Operator {
  readonly name: OperatorName;
  readonly initial: InitialValue | null;
  /** Names the previous value: dictionary, namespace and key; null where nothing is remembered. */
  readonly entry: string | null;
}

/** A primitive field. */
export interface ScalarField {
  readonly kind: "scalar";
  readonly name: string;
  readonly id: string | null;
  readonly type: FieldType;
  readonly isOptional: boolean;
  /** The field's operator; unused where a decimal has individual ones. */
  readonly operator: Operator;
  /** Individual operators of a decimal's parts, both or neither. */
  readonly parts: { readonly exponent: Operator; readonly mantissa: Operator } | null;
}

/** A group of instructions that may be absent as a whole. */
export interface GroupField {
  readonly kind: "group";
  readonly name: string;
  readonly isOptional: boolean;
  readonly body: readonly Instruction[];
}

/** A repeated group; the length is a uInt32 field that is optional when the sequence is. */
export interface SequenceField {
  readonly kind: "sequence";
  readonly name: string;
  readonly isOptional: boolean;
  readonly length: ScalarField;
  readonly body: readonly Instruction[];
}

/** Another template's instructions stand here. */
export interface StaticReference {
  readonly kind: "static";
  /** Qualified name, see {@link qualifiedName}. */
  readonly template: string;
  readonly line: number;
}

/** A segment with a template identifier of its own stands here. */
export interface DynamicReference {
  readonly kind: "dynamic";
}

/** One line of a template. */
export type Instruction =
  | ScalarField
  | GroupField
  | SequenceField
  | StaticReference
  | DynamicReference;

/** A template. */
export interface Template {
  readonly name: string;
  /** Qualified name, see {@link qualifiedName}. */
  readonly qualified: string;
  /** The identifier on the wire; null for templates that are only referred to. */
  readonly id: number | null;
  /** All dictionaries are reset before a message of this template is decoded. */
  readonly isReset: boolean;
  readonly body: readonly Instruction[];
  readonly line: number;
}

/** One key for a name of two parts; equal keys are equal names (section 7). */
export function qualifiedName(ns: string, name: string): string {
  return `${ns}\n${name}`;
}
