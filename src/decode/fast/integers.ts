/**
 * Stop bit encoded integers longer than a byte, and the sums of deltas. Values come back in `t`.
 *
 * Every method takes the bytes, where to read and where they end, and returns the position after
 * what it read or the negative of a FastError; it reads nothing at or beyond `e`. An integer of any
 * length is stepped over, so that an overlong one costs its bytes and no more.
 *
 * Thread: the decoder's. Hot path: no allocation.
 * Source: FAST Specification 1.1, sections 10.2, 10.6.1 and 10.7.1.
 */
import * as errors from "./errors.ts";

const CUT = -errors.FastError.CUT;
const D2 = -errors.FastError.D2;
const R4 = -errors.FastError.R4;
const R6 = errors.FastError.R6;
/** What `t[2]` says of an integer beyond 96 bits; neither 0 nor -1, the words of those within. */
const BEYOND = 0x7fff_ffff;

/** Readers of integers. */
export class FastIntegers {
  /** Result of a read: low half, high half (or offset, length), then null flag or sign word. */
  readonly t = new Int32Array(3);
  /** Errors seen, by FastError. */
  readonly counts = new Float64Array(errors.FAST_ERROR_COUNT);

  /** An unsigned integer of 32 bits whose first byte had no stop bit. */
  u32(B: Uint8Array, from: number, e: number, first: number): number {
    let p = this.short(B, from, e, first);
    if (p !== 0) return p;
    p = this.wide(B, from - 1, e, 0);
    return p >= 0 && ((this.t[1] as number) | (this.t[2] as number)) !== 0 ? D2 : p;
  }

  /** The same, nullable: `t[2]` is 1 for NULL. */
  nu32(B: Uint8Array, from: number, e: number, first: number): number {
    let p = this.short(B, from, e, first);
    if (p !== 0) return p < 0 ? p : this.notNull(p);
    p = this.nullable(B, from, e, 0);
    return p >= 0 && (this.t[1] as number) !== 0 ? D2 : p;
  }

  /** A signed integer of 32 bits whose first byte had no stop bit. */
  i32(B: Uint8Array, from: number, e: number, first: number): number {
    let p = this.shortSigned(B, from, e, first);
    if (p !== 0) return p;
    p = this.d64(B, from, e, first);
    const isWord = this.t[1] === (this.t[0] as number) >> 31 && this.t[2] === this.t[1];
    return p >= 0 && !isWord ? D2 : p === R4 ? D2 : p;
  }

  /** The same, nullable. */
  ni32(B: Uint8Array, from: number, e: number, first: number): number {
    let p = this.shortSigned(B, from, e, first);
    if (p !== 0) return p < 0 ? p : this.notNull(p);
    p = this.nullable(B, from, e, 1);
    return p >= 0 && this.t[1] !== (this.t[0] as number) >> 31 ? D2 : p;
  }

  /** An unsigned integer of 64 bits whose first byte had no stop bit. */
  u64(B: Uint8Array, from: number, e: number, first: number): number {
    const p = this.long(B, from, e, first);
    if (p !== 0) return p;
    const q = this.wide(B, from - 1, e, 0);
    return q >= 0 && this.t[2] !== 0 ? D2 : q;
  }

  /** The same, nullable. */
  nu64(B: Uint8Array, from: number, e: number, first: number): number {
    const p = this.short(B, from, e, first);
    if (p === 0) return this.nullable(B, from, e, 0);
    if (p < 0) return p;
    this.t[1] = 0;
    return this.notNull(p);
  }

  /** A signed integer of 64 bits whose first byte had no stop bit. */
  i64(B: Uint8Array, from: number, e: number, first: number): number {
    const q = this.d64(B, from, e, first);
    return q >= 0 && this.t[2] !== (this.t[1] as number) >> 31 ? D2 : q === R4 ? D2 : q;
  }

  /** The same, nullable. */
  ni64(B: Uint8Array, from: number, e: number, first: number): number {
    const p = this.shortSigned(B, from, e, first);
    if (p === 0) return this.nullable(B, from, e, 1);
    if (p < 0) return p;
    this.t[1] = (this.t[0] as number) >> 31;
    return this.notNull(p);
  }

  /** A delta: signed, 65 bits; `t[2]` is its sign word. */
  d64(B: Uint8Array, from: number, e: number, first: number): number {
    let p = from;
    let lo = (first << 25) >> 25;
    let hi = lo >> 31;
    for (let i = 0; i < 8; i++) {
      if (p >= e) return CUT;
      const b = B[p++] as number;
      hi = (hi << 7) | (lo >>> 25);
      lo = (lo << 7) | (b & 127);
      if (b > 127) {
        this.countOverlong(first, B[from] as number);
        this.t[0] = lo;
        this.t[1] = hi;
        this.t[2] = hi >> 31;
        return p;
      }
    }
    p = this.wide(B, from - 1, e, 1);
    const sign = this.t[2] as number;
    return p >= 0 && sign !== 0 && sign !== -1 ? R4 : p;
  }

  /** The same, nullable: `t[2]` is 2 for NULL. */
  nd64(B: Uint8Array, from: number, e: number, first: number): number {
    const q = this.shortSigned(B, from, e, first);
    if (q < 0) return q;
    const p = q === 0 ? this.wide(B, from - 1, e, 1) : q;
    if (p < 0) return p;
    if (q > 0) {
      this.t[1] = (this.t[0] as number) >> 31;
      this.t[2] = this.t[1];
    }
    if (this.minusOne() === 1) {
      this.t[2] = 2;
      return p;
    }
    const sign = this.t[2] as number;
    return sign !== 0 && sign !== -1 ? R4 : p;
  }

  /** An unsigned integer of up to four bytes; 0 when it has more. */
  private short(B: Uint8Array, from: number, e: number, first: number): number {
    let p = from;
    let v = first;
    for (let i = 0; i < 3; i++) {
      if (p >= e) return CUT;
      const b = B[p++] as number;
      v = (v << 7) | (b & 127);
      if (b > 127) {
        if (first === 0) this.counts[R6] = (this.counts[R6] as number) + 1;
        this.t[0] = v;
        return p;
      }
    }
    return 0;
  }

  /** A signed one. */
  private shortSigned(B: Uint8Array, from: number, e: number, first: number): number {
    let p = from;
    let v = (first << 25) >> 25;
    for (let i = 0; i < 3; i++) {
      if (p >= e) return CUT;
      const b = B[p++] as number;
      v = (v << 7) | (b & 127);
      if (b > 127) {
        this.countOverlong(first, B[from] as number);
        this.t[0] = v;
        return p;
      }
    }
    return 0;
  }

  /** Takes one off a short value that is not negative; 0 is NULL. */
  private notNull(p: number): number {
    const v = this.t[0] as number;
    this.t[2] = v === 0 ? 1 : 0;
    if (v > 0) this.t[0] = v - 1;
    return p;
  }

  /** Counts an overlong signed integer by its first two bytes. */
  private countOverlong(first: number, second: number): void {
    const isOverlong = first === 0 ? (second & 64) === 0 : first === 127 && (second & 64) !== 0;
    if (isOverlong) this.counts[R6] = (this.counts[R6] as number) + 1;
  }

  /** An unsigned integer of up to 63 bits; 0 when it is longer. */
  private long(B: Uint8Array, from: number, e: number, first: number): number {
    let p = from;
    let lo = first;
    let hi = 0;
    for (let i = 0; i < 8; i++) {
      if (p >= e) return CUT;
      const b = B[p++] as number;
      hi = (hi << 7) | (lo >>> 25);
      lo = (lo << 7) | (b & 127);
      if (b > 127) {
        if (first === 0) this.counts[R6] = (this.counts[R6] as number) + 1;
        this.t[0] = lo;
        this.t[1] = hi;
        return p;
      }
    }
    return 0;
  }

  /** A nullable integer of 64 bits, signed when `signed` is 1, whose first byte had no stop bit. */
  private nullable(B: Uint8Array, from: number, e: number, signed: number): number {
    const p = this.wide(B, from - 1, e, signed);
    if (p < 0) return p;
    const t = this.t;
    if (this.minusOne() === 1) {
      t[0] = 0;
      t[1] = 0;
      t[2] = 1;
      return p;
    }
    if (t[2] !== (signed === 1 ? (t[1] as number) >> 31 : 0)) return D2;
    t[2] = 0;
    return p;
  }

  /** Takes one off a value that is not negative. @returns 1 when it was 0, which is NULL */
  private minusOne(): number {
    const t = this.t;
    const lo = t[0] as number;
    const hi = t[1] as number;
    const top = t[2] as number;
    if ((lo | hi | top) === 0) return 1;
    if (top < 0) return 0;
    t[0] = lo - 1;
    if (lo === 0) {
      t[1] = hi - 1;
      if (hi === 0) t[2] = top - 1;
    }
    return 0;
  }

  /** An integer of any length from its first byte: three words in `t`, the third BEYOND 96 bits. */
  private wide(B: Uint8Array, from: number, e: number, signed: number): number {
    let p = from;
    const first = B[from] as number;
    let top = signed === 1 && (first & 64) !== 0 ? -1 : 0;
    let hi = top;
    let lo = top;
    let isBeyond = false;
    for (;;) {
      if (p >= e) return CUT;
      const b = B[p++] as number;
      const lost = top >> 24;
      if (lost !== 0 && (lost !== -1 || signed === 0)) isBeyond = true;
      top = (top << 7) | (hi >>> 25);
      hi = (hi << 7) | (lo >>> 25);
      lo = (lo << 7) | (b & 127);
      if (b > 127) break;
    }
    if (signed === 1) this.countOverlong(first, B[from + 1] as number);
    else if (first === 0) this.counts[R6] = (this.counts[R6] as number) + 1;
    const t = this.t;
    t[0] = lo;
    t[1] = hi;
    t[2] = isBeyond ? BEYOND : top;
    return p;
  }

  /**
   * Adds a delta of 65 bits to a value of 64.
   *
   * @returns 1 when the sum is out of range, else 0 with the sum in `t`
   */
  add64(
    baseLo: number,
    baseHi: number,
    lo: number,
    hi: number,
    sign: number,
    signed: number,
  ): number {
    const sumLo = (baseLo + lo) | 0;
    const carryLo = sumLo >>> 0 < baseLo >>> 0 ? 1 : 0;
    const partHi = (baseHi + hi) | 0;
    const sumHi = (partHi + carryLo) | 0;
    const carryHi = (partHi >>> 0 < baseHi >>> 0 ? 1 : 0) + (sumHi >>> 0 < partHi >>> 0 ? 1 : 0);
    const top = ((signed === 1 ? baseHi >> 31 : 0) + sign + carryHi) | 0;
    this.t[0] = sumLo;
    this.t[1] = sumHi;
    return top === (signed === 1 ? sumHi >> 31 : 0) ? 0 : 1;
  }
}
