/** Strings and byte vectors of the test-side encoder. */
import type { FieldType } from "../../../src/decode/fast/model.ts";
import { ascii, vector } from "./wire-writer.ts";

/** A string's bytes from the form of `nyq decode`. */
export function textBytes(type: FieldType, text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, type === "byteVector" ? "hex" : "utf8"));
}

/** A string or byte vector in transfer encoding. */
export function encodeText(
  type: FieldType,
  value: Uint8Array | null,
  isNullable: boolean,
): number[] {
  return type === "ascii" ? ascii(value, isNullable) : vector(value, isNullable);
}

/** How many first bytes are the same. */
export function prefixLength(a: Uint8Array, b: Uint8Array): number {
  let count = 0;
  while (count < a.length && count < b.length && a[count] === b[count]) count++;
  return count;
}

/** How many last bytes are the same. */
export function suffixLength(a: Uint8Array, b: Uint8Array): number {
  let count = 0;
  while (count < a.length && count < b.length && a.at(-1 - count) === b.at(-1 - count)) count++;
  return count;
}
