/**
 * Conversions between types (section 8 of the specification): of initial values, where an error is
 * static [ERR S3], and of decoded values into what an application asks for.
 *
 * Cold path: BigInt and strings.
 */
import { FastError } from "./errors.ts";
import type { FieldType, InitialValue, Scaled } from "./model.ts";

/** Range of each integer type, section 6.2.1. */
export const INTEGER_RANGE: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uInt32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uInt64: [0n, 2n ** 64n - 1n],
};
/** Largest exponent of a decimal either way, section 6.2.2. */
export const EXPONENT_MAX = 63;

const MANTISSA_RANGE = INTEGER_RANGE["int64"] as readonly [bigint, bigint];
const TRIM = /^[ \t\r\n]+|[ \t\r\n]+$/g;

/** A conversion that the specification forbids, with the number of its error (a FastError). */
export class ConversionError extends Error {
  readonly error: number;
  constructor(error: number, message: string) {
    super(message);
    this.name = "ConversionError";
    this.error = error;
  }
}

/**
 * Converts the characters of a `value` attribute to a field's type; decimals come normalised.
 *
 * @throws ConversionError D11, R1, R3 or R4
 * Source: sections 6.3.2 and 8.1.
 */
export function fromString(type: FieldType, text: string): InitialValue {
  if (type === "decimal") return normalised(decimalFromString(text));
  if (type === "ascii") return asciiBytes(text);
  if (type === "unicode") return new TextEncoder().encode(text);
  if (type === "byteVector") return bytesFromString(text);
  return integerFromString(type, text);
}

function integerFromString(type: FieldType, text: string): bigint {
  const trimmed = text.replace(TRIM, "");
  const isSigned = type === "int32" || type === "int64";
  if (!(isSigned ? /^-?[0-9]+$/ : /^[0-9]+$/).test(trimmed)) {
    throw new ConversionError(FastError.D11, `"${text}" is no ${type}`);
  }
  return integerInRange(type, BigInt(trimmed));
}

/**
 * Converts an integer to another integer type.
 *
 * @throws ConversionError R4 when it does not fit
 * Source: section 8.2.1.
 */
export function integerInRange(type: FieldType, value: bigint): bigint {
  const [min, max] = INTEGER_RANGE[type] as readonly [bigint, bigint];
  if (value >= min && value <= max) return value;
  throw new ConversionError(FastError.R4, `${value} does not fit ${type}`);
}

function decimalFromString(text: string): Scaled {
  const match = /^(-?)([0-9]*)(?:\.([0-9]*))?$/.exec(text.replace(TRIM, ""));
  const whole = match?.[2] ?? "";
  const part = match?.[3] ?? "";
  const hasBareDot = match?.[3] === "";
  if (match === null || whole + part === "" || hasBareDot) {
    throw new ConversionError(FastError.D11, `"${text}" is no decimal`);
  }
  const size = BigInt(whole + part);
  return { exponent: -part.length, mantissa: match[1] === "-" ? -size : size };
}

/**
 * A decimal with no factor of ten left in its mantissa.
 *
 * @throws ConversionError R1 when it then does not fit
 * Source: section 6.3.2.
 */
export function normalised(value: Scaled): Scaled {
  let { exponent, mantissa } = value;
  if (mantissa === 0n) return { exponent: 0, mantissa };
  while (mantissa % 10n === 0n) {
    mantissa /= 10n;
    exponent++;
  }
  const [min, max] = MANTISSA_RANGE;
  if (Math.abs(exponent) > EXPONENT_MAX || mantissa < min || mantissa > max) {
    throw new ConversionError(FastError.R1, `${mantissa}E${exponent} is out of range`);
  }
  return { exponent, mantissa };
}

/**
 * A decimal as an integer.
 *
 * @throws ConversionError R5 when it is none
 * Source: section 8.3.1.
 */
export function decimalToInteger(value: Scaled): bigint {
  if (value.exponent >= 0) return value.mantissa * 10n ** BigInt(value.exponent);
  const divisor = 10n ** BigInt(-value.exponent);
  if (value.mantissa % divisor === 0n) return value.mantissa / divisor;
  throw new ConversionError(FastError.R5, `${decimalText(value)} is no integer`);
}

/** A decimal in digits. Source: section 8.3.2. */
export function decimalText(value: Scaled): string {
  const { exponent, mantissa } = value;
  const digits = (mantissa < 0n ? -mantissa : mantissa).toString();
  const sign = mantissa < 0n ? "-" : "";
  if (mantissa === 0n) return "0";
  if (exponent >= 0) return `${sign}${digits}${"0".repeat(exponent)}`;
  const padded = digits.padStart(1 - exponent, "0");
  const part = padded.slice(exponent).replace(/0+$/, "");
  return `${sign}${padded.slice(0, exponent)}${part === "" ? "" : `.${part}`}`;
}

function asciiBytes(text: string): Uint8Array {
  for (const character of text) {
    if ((character.codePointAt(0) as number) > 0x7f) {
      throw new ConversionError(FastError.R3, `"${text}" is not ASCII`);
    }
  }
  return new TextEncoder().encode(text);
}

function bytesFromString(text: string): Uint8Array {
  const digits = text.replace(/[ \t\r\n]/g, "");
  if (digits.length % 2 !== 0 || !/^[0-9A-Fa-f]*$/.test(digits)) {
    throw new ConversionError(FastError.D11, `"${text}" is no even number of hexadecimal digits`);
  }
  return Uint8Array.from(Buffer.from(digits, "hex"));
}
