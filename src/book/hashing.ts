/**
 * The book hash kept at every change: each order's term is added when it enters a queue and taken
 * off when it leaves; what changes with it is the term of its successor (hash.ts has the
 * definition, walked independently). An order's cell keeps id(o) and its term, so that leaving
 * costs no multiplication. Lane 0 and lane 1 are written out side by side.
 * Thread: the core's.
 */
import { assert } from "../core/assert.ts";
import { finalise, hashMultiplier, hashSeed, hashText } from "./hash-words.ts";
import * as layout from "./layout.ts";
import { BookTable } from "./table.ts";

const ORDER_QTY_LO = layout.ORDER_QTY_LO;
const ORDER_QTY_HI = layout.ORDER_QTY_HI;
const ORDER_ID_LO = layout.ORDER_ID_LO;
const ORDER_ID_HI = layout.ORDER_ID_HI;
const ORDER_ID_HASH = layout.ORDER_ID_HASH;
const ORDER_TERM = layout.ORDER_TERM;

// Hash words: lane last.
const SEED0 = hashSeed(0);
const SEED1 = hashSeed(1);
const M1_0 = hashMultiplier(0, 1);
const M1_1 = hashMultiplier(1, 1);
const M2_0 = hashMultiplier(0, 2);
const M2_1 = hashMultiplier(1, 2);
const M3_0 = hashMultiplier(0, 3);
const M3_1 = hashMultiplier(1, 3);
const M4_0 = hashMultiplier(0, 4);
const M4_1 = hashMultiplier(1, 4);
const M5_0 = hashMultiplier(0, 5);
const M5_1 = hashMultiplier(1, 5);
const M6_0 = hashMultiplier(0, 6);
const M6_1 = hashMultiplier(1, 6);
const M7_0 = hashMultiplier(0, 7);
const M7_1 = hashMultiplier(1, 7);
const M8_0 = hashMultiplier(0, 8);
const M8_1 = hashMultiplier(1, 8);
const M9_0 = hashMultiplier(0, 9);
const M9_1 = hashMultiplier(1, 9);
const M10_0 = hashMultiplier(0, 10);
const M10_1 = hashMultiplier(1, 10);

/** Books that know their hash. */
export class BookHashing extends BookTable {
  protected hashLevel(level: number, sideIndex: number, pxLo: number, pxHi: number): void {
    const idLo = this.instrumentIds[sideIndex & ~1] as number;
    const idHi = this.instrumentIds[sideIndex | 1] as number;
    const side = sideIndex & 1;
    const h0 = SEED0 + Math.imul(idLo, M1_0) + Math.imul(idHi, M2_0) + Math.imul(side, M3_0);
    const h1 = SEED1 + Math.imul(idLo, M1_1) + Math.imul(idHi, M2_1) + Math.imul(side, M3_1);
    const at = level >> 2;
    this.levelHash[at] = h0 + Math.imul(pxLo, M4_0) + Math.imul(pxHi, M5_0);
    this.levelHash[at + 1] = h1 + Math.imul(pxLo, M4_1) + Math.imul(pxHi, M5_1);
  }

  /** Takes id(o) and the term of an order that has just been linked behind `before`. */
  protected hashOrder(slot: number, level: number, before: number): void {
    const orders = this.orders;
    const lo = orders[slot + ORDER_ID_LO] as number;
    const hi = orders[slot + ORDER_ID_HI] as number;
    const base0 = this.levelHash[level >> 2] as number;
    const base1 = this.levelHash[(level >> 2) + 1] as number;
    const id0 = finalise((base0 + Math.imul(lo, M6_0) + Math.imul(hi, M7_0)) | 0);
    const id1 = finalise((base1 + Math.imul(lo, M6_1) + Math.imul(hi, M7_1)) | 0);
    orders[slot + ORDER_ID_HASH] = id0;
    orders[slot + ORDER_ID_HASH + 1] = id1;
    const term0 = this.term0(slot, id0, before);
    const term1 = this.term1(slot, id1, before);
    orders[slot + ORDER_TERM] = term0;
    orders[slot + ORDER_TERM + 1] = term1;
    this.hash0 = (this.hash0 + term0) | 0;
    this.hash1 = (this.hash1 + term1) | 0;
  }

  /** Takes the term of an order anew: its quantity or its predecessor is another now. */
  protected rehashOrder(slot: number, before: number): void {
    const orders = this.orders;
    const term0 = this.term0(slot, orders[slot + ORDER_ID_HASH] as number, before);
    const term1 = this.term1(slot, orders[slot + ORDER_ID_HASH + 1] as number, before);
    this.hash0 = (this.hash0 + term0 - (orders[slot + ORDER_TERM] as number)) | 0;
    this.hash1 = (this.hash1 + term1 - (orders[slot + ORDER_TERM + 1] as number)) | 0;
    orders[slot + ORDER_TERM] = term0;
    orders[slot + ORDER_TERM + 1] = term1;
  }

  /** Takes an order's term off. */
  protected unhashOrder(slot: number): void {
    this.hash0 = (this.hash0 - (this.orders[slot + ORDER_TERM] as number)) | 0;
    this.hash1 = (this.hash1 - (this.orders[slot + ORDER_TERM + 1] as number)) | 0;
  }

  protected term0(slot: number, id: number, before: number): number {
    const orders = this.orders;
    const lo = orders[slot + ORDER_QTY_LO] as number;
    const hi = orders[slot + ORDER_QTY_HI] as number;
    const link = before >= 0 ? (orders[before + ORDER_ID_HASH] as number) : 0;
    return finalise((id + Math.imul(lo, M8_0) + Math.imul(hi, M9_0) + Math.imul(link, M10_0)) | 0);
  }

  protected term1(slot: number, id: number, before: number): number {
    const orders = this.orders;
    const lo = orders[slot + ORDER_QTY_LO] as number;
    const hi = orders[slot + ORDER_QTY_HI] as number;
    const link = before >= 0 ? (orders[before + ORDER_ID_HASH + 1] as number) : 0;
    return finalise((id + Math.imul(lo, M8_1) + Math.imul(hi, M9_1) + Math.imul(link, M10_1)) | 0);
  }

  /** The book hash of all instruments as 16 hex digits; needs `hash: true`. */
  hashHex(): string {
    assert(this.hashed, "BOOK_HASH_OFF");
    return hashText(this.hash0, this.hash1);
  }
}
