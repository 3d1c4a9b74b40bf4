/**
 * Gives a file's orders random 64-bit ids: each id goes through a keyed permutation, so that equal
 * ids stay equal and different ones different, and nothing of their order is left.
 */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import * as L from "../../src/decode/itch/layout.ts";

const KEYS = [0x9e3779b9, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f, 0x165667b1, 0xd3a2646c] as const;
const WITH_ID = new Set("AFECXDU".split("").map((type) => type.charCodeAt(0)));
const WRITE_BYTES = 1 << 26;

/** Writes `from` to `to` with its order ids permuted. */
export function writeRandomIds(from: string, to: string): void {
  const bytes = readFileSync(from);
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 2 < bytes.length; ) {
    const message = at + 2;
    const type = bytes[message] as number;
    if (WITH_ID.has(type)) permute(data, message + L.ORDER_REF);
    if (type === L.TYPE_REPLACE) permute(data, message + L.REPLACE_NEW_REF);
    at = message + data.getUint16(at);
  }
  const out = openSync(to, "w");
  for (let at = 0; at < bytes.length; ) {
    at += writeSync(out, bytes, at, Math.min(WRITE_BYTES, bytes.length - at));
  }
  closeSync(out);
}

/** A Feistel network over the two halves of the id at `at`: whatever its rounds do, a bijection. */
function permute(data: DataView, at: number): void {
  let hi = data.getInt32(at);
  let lo = data.getInt32(at + 4);
  for (const key of KEYS) {
    let h = Math.imul(lo ^ key, 0x2c1b3c6d);
    h = Math.imul(h ^ (h >>> 15), 0x297a2d39);
    const mixed = hi ^ h ^ (h >>> 16);
    hi = lo;
    lo = mixed;
  }
  data.setInt32(at, hi);
  data.setInt32(at + 4, lo);
}
