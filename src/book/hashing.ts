/**
 * The book hash kept at every change: each order's term is added when it enters a queue and taken
 * off when it leaves; what changes with it is the term of its successor (hash.ts has the
 * definition, walked independently). Lane 0 and lane 1 are written out side by side.
 * Thread: the core's.
 */
import { assert } from "../core/assert.ts";
import { finalise, hashMultiplier, hashSeed, hashText } from "./hash-words.ts";
import * as layout from "./layout.ts";
import { BookState } from "./state.ts";

const ORDER_QTY_LO = layout.ORDER_QTY_LO;
const ORDER_QTY_HI = layout.ORDER_QTY_HI;
const ORDER_ID_LO = layout.ORDER_ID_LO;
const ORDER_ID_HI = layout.ORDER_ID_HI;

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
export class BookHashing extends BookState {
  protected hashLevel(level: number, sideIndex: number, pxLo: number, pxHi: number): void {
    const idLo = this.instrumentIds[sideIndex & ~1] as number;
    const idHi = this.instrumentIds[sideIndex | 1] as number;
    let h0 = (SEED0 + Math.imul(idLo, M1_0) + Math.imul(idHi, M2_0)) | 0;
    let h1 = (SEED1 + Math.imul(idLo, M1_1) + Math.imul(idHi, M2_1)) | 0;
    if ((sideIndex & 1) === 1) {
      h0 = (h0 + M3_0) | 0;
      h1 = (h1 + M3_1) | 0;
    }
    this.levelHash[level << 1] = (h0 + Math.imul(pxLo, M4_0) + Math.imul(pxHi, M5_0)) | 0;
    this.levelHash[(level << 1) + 1] = (h1 + Math.imul(pxLo, M4_1) + Math.imul(pxHi, M5_1)) | 0;
  }

  protected hashOrder(slot: number, level: number): void {
    const lo = this.orders[(slot << 3) + ORDER_ID_LO] as number;
    const hi = this.orders[(slot << 3) + ORDER_ID_HI] as number;
    const base0 = this.levelHash[level << 1] as number;
    const base1 = this.levelHash[(level << 1) + 1] as number;
    const hash = this.orderHash;
    hash[slot << 1] = finalise((base0 + Math.imul(lo, M6_0) + Math.imul(hi, M7_0)) | 0);
    hash[(slot << 1) + 1] = finalise((base1 + Math.imul(lo, M6_1) + Math.imul(hi, M7_1)) | 0);
  }

  protected addTerm(slot: number, before: number): void {
    this.hash0 = (this.hash0 + this.term0(slot, before)) | 0;
    this.hash1 = (this.hash1 + this.term1(slot, before)) | 0;
  }

  protected subtractTerm(slot: number, before: number): void {
    this.hash0 = (this.hash0 - this.term0(slot, before)) | 0;
    this.hash1 = (this.hash1 - this.term1(slot, before)) | 0;
  }

  protected term0(slot: number, before: number): number {
    const lo = this.orders[(slot << 3) + ORDER_QTY_LO] as number;
    const hi = this.orders[(slot << 3) + ORDER_QTY_HI] as number;
    const link = before >= 0 ? (this.orderHash[before << 1] as number) : 0;
    const sum = Math.imul(lo, M8_0) + Math.imul(hi, M9_0) + Math.imul(link, M10_0);
    return finalise(((this.orderHash[slot << 1] as number) + sum) | 0);
  }

  protected term1(slot: number, before: number): number {
    const lo = this.orders[(slot << 3) + ORDER_QTY_LO] as number;
    const hi = this.orders[(slot << 3) + ORDER_QTY_HI] as number;
    const link = before >= 0 ? (this.orderHash[(before << 1) + 1] as number) : 0;
    const sum = Math.imul(lo, M8_1) + Math.imul(hi, M9_1) + Math.imul(link, M10_1);
    return finalise(((this.orderHash[(slot << 1) + 1] as number) + sum) | 0);
  }

  /** The book hash of all instruments as 16 hex digits; needs `hash: true`. */
  hashHex(): string {
    assert(this.hashed, "BOOK_HASH_OFF");
    return hashText(this.hash0, this.hash1);
  }
}
