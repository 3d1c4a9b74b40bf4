/** What a person wants to read beside a raw value. Cold. */
import type { FieldValue } from "../records.ts";
import type { TypeRow } from "./table.ts";

const NS_PER_SECOND = 1_000_000_000n;

/** The scaled value, the time, or the value's name; null when the type has nothing to say. */
export function describeValue(type: TypeRow, value: FieldValue): string | null {
  if (value === null || typeof value === "object") return null;
  if (type.values !== undefined) return type.values[`${value}`] ?? null;
  if (typeof value === "string") return null;
  if (type.decimals !== undefined) return scaled(BigInt(value), type.decimals);
  switch (type.time) {
    case "utc-ns":
      return utc(BigInt(value));
    case "midnight-ns":
      return timeOfDay(BigInt(value));
    case "midnight-s":
      return timeOfDay(BigInt(value) * NS_PER_SECOND);
    default:
      return null;
  }
}

/** `-18000000` with 8 decimals is `-0.18000000`. */
export function scaled(value: bigint, decimals: number): string {
  const digits = `${value < 0n ? -value : value}`.padStart(decimals + 1, "0");
  const point = digits.length - decimals;
  return `${value < 0n ? "-" : ""}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Nanoseconds since 1970 as an ISO time in UTC, null beyond the year 9999. */
function utc(ns: bigint): string | null {
  const seconds = ns / NS_PER_SECOND;
  if (ns < 0n || seconds > 253_402_300_799n) return null;
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${text}.${fraction(ns)}Z`;
}

function timeOfDay(ns: bigint): string | null {
  const seconds = Number(ns / NS_PER_SECOND);
  if (seconds >= 172_800) return null;
  const two = (n: number): string => `${Math.floor(n)}`.padStart(2, "0");
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}.${fraction(ns)}`;
}

function fraction(ns: bigint): string {
  return `${ns % NS_PER_SECOND}`.padStart(9, "0");
}
