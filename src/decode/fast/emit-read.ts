/**
 * Code that reads one value from the stream into the variables of its shape. A value of one byte is
 * read in line; what is longer is a call of FastWire.
 *
 * Cold path, at start only; what it writes is the hot path.
 */

import { type Lines, shapeOf } from "./emit.ts";
import { FastError } from "./errors.ts";
import type * as M from "./model.ts";

/** Code that fails with an error at a site. */
export function failAt(error: number, site: number): string {
  return `return ${-(error + site * 64)};`;
}

/** Code that hands on a failure of a call, with the site where it happened. */
export function passOn(variable: string, site: number): string {
  return `if(${variable}<0)return ${variable}-${site * 64};`;
}

/** Reads a value; sets `n` when it is nullable. */
export function emitRead(out: Lines, type: M.FieldType, isNullable: boolean, site: number): void {
  const shape = shapeOf(type);
  if (shape === "word" || shape === "long") emitInteger(out, type, isNullable, site);
  else if (shape === "decimal") emitDecimal(out, isNullable, site);
  else if (type === "ascii") emitAscii(out, isNullable, site);
  else emitBytes(out, isNullable, site);
}

function nextByte(site: number): string {
  return `if(p>=e)${failAt(FastError.CUT, site)}v=B[p++];`;
}

const CALLS: Readonly<Record<string, string>> = {
  int32: "i32",
  uInt32: "u32",
  int64: "i64",
  uInt64: "u64",
};

function emitInteger(out: Lines, type: M.FieldType, isNullable: boolean, site: number): void {
  const isSigned = type.startsWith("int");
  const isLong = shapeOf(type) === "long";
  const high = isLong ? (isSigned ? "h=v>>31;" : "h=0;") : "";
  const call = `W.${isNullable ? "n" : ""}${CALLS[type]}(B,p,e,v)`;
  const longer = `p=${call};${passOn("p", site)}v=T[0];${isLong ? "h=T[1];" : ""}`;
  if (!isNullable) {
    const short = isSigned ? "v=(v<<25)>>25;" : "v&=127;";
    out.add(nextByte(site), `if(v>127){${short}${high}}else{${longer}}`);
    return;
  }
  const short = isSigned ? "v=(v<<25)>>25;if(v>0)v--;" : "v=(v&127)-1;";
  out.add("n=0;", nextByte(site));
  out.add(`if(v>127){if(v===128)n=1;else{${short}${high}}}else{${longer}n=T[2];}`);
}

/** A scaled number: exponent into x, mantissa into v and h. Source: section 10.6.2. */
function emitDecimal(out: Lines, isNullable: boolean, site: number): void {
  emitInteger(out, "int32", isNullable, site);
  out.add("x=v;");
  if (isNullable) out.add("if(n===0){");
  emitExponentCheck(out);
  emitInteger(out, "int64", false, site);
  if (isNullable) out.add("}");
}

/** Counts an exponent out of range; the value stands. Source: section 6.2.2. */
export function emitExponentCheck(out: Lines): void {
  out.add(`if(x>63||x<-63)W.counts[${FastError.R1}]++;`);
}

/** Source: section 10.6.3. */
function emitAscii(out: Lines, isNullable: boolean, site: number): void {
  out.add(
    `if(p<e&&B[p]>128){v=B[p++]&127;h=1;${isNullable ? "n=0;" : ""}}else{`,
    `p=W.ascii(B,p,e,${isNullable ? 1 : 0});${passOn("p", site)}v=T[0];h=T[1];`,
    isNullable ? "n=T[2];}" : "}",
  );
}

/** Source: sections 10.6.4 and 10.6.5. */
function emitBytes(out: Lines, isNullable: boolean, site: number): void {
  emitInteger(out, "uInt32", isNullable, site);
  if (isNullable) out.add("if(n===0){");
  out.add(`p=W.bytes(B,p,e,v);${passOn("p", site)}v=T[0];h=T[1];`);
  if (isNullable) out.add("}");
}

/** Reads an integer delta of 65 bits into v, h and g. Source: section 10.7.1. */
export function emitDelta(out: Lines, isNullable: boolean, site: number): void {
  const short = "h=v>>31;g=h;";
  const call = `p=W.${isNullable ? "nd64" : "d64"}(B,p,e,v);${passOn("p", site)}`;
  const longer = `${call}v=T[0];h=T[1];g=T[2];`;
  if (isNullable) out.add("n=0;");
  out.add(nextByte(site));
  if (!isNullable) {
    out.add(`if(v>127){v=(v<<25)>>25;${short}}else{${longer}}`);
    return;
  }
  out.add(`if(v>127){if(v===128)n=1;else{v=(v<<25)>>25;if(v>0)v--;${short}}}`);
  out.add(`else{${longer}if(g===2)n=1;}`);
}
