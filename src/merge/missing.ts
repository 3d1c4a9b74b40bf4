/**
 * Sorted, disjoint ranges of message sequences that have not come yet, each with the time and the
 * reason it was noticed. The channel has one list and each feed its own. Bounded, in typed arrays.
 *
 * Sequences and times go in and out through `span`, not as arguments: a number from 2^31 on that is
 * handed to a call which V8 does not inline becomes an object on the heap.
 *
 * Invariants: from[i] < to[i] <= from[i + 1]; noticedNs does not fall along the list, because
 * ranges are appended at the top and a split keeps its time.
 *
 * Thread: merge's.
 */
import { assert, CHECKED } from "../core/assert.ts";

/** Places in MissingRanges.span: first sequence, the one after the last, and the time, ns. */
export const FROM = 0;
export const TO = 1;
export const AT_NS = 2;

/** Missing ranges; `to` is exclusive. */
export class MissingRanges {
  readonly capacity: number;
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly noticedNs: Float64Array;
  readonly cause: Uint8Array;
  /** [0]: messages missing, all ranges together. */
  readonly total = new Float64Array(1);
  /** What append() adds and cover() takes out: see FROM, TO and AT_NS. */
  readonly span = new Float64Array(3);
  count = 0;
  /** What the last cover() took out, piece by piece, in order. */
  readonly pieceFrom: Float64Array;
  readonly pieceTo: Float64Array;
  readonly pieceNoticedNs: Float64Array;
  readonly pieceCause: Uint8Array;
  pieceCount = 0;

  /** @param capacity ranges at most; the owner makes room before append() and cover() */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.from = new Float64Array(capacity);
    this.to = new Float64Array(capacity);
    this.noticedNs = new Float64Array(capacity);
    this.cause = new Uint8Array(capacity);
    this.pieceFrom = new Float64Array(capacity);
    this.pieceTo = new Float64Array(capacity);
    this.pieceNoticedNs = new Float64Array(capacity);
    this.pieceCause = new Uint8Array(capacity);
  }

  /**
   * Adds `span` above all others. It is joined to the last when it touches it and shares its time,
   * or when half of the list is used: ranges that do not touch are as few as held packets.
   */
  append(cause: number): void {
    const from = this.span[FROM] as number;
    const to = this.span[TO] as number;
    const nowNs = this.span[AT_NS] as number;
    if (CHECKED) assert(from < to, "MISSING_EMPTY_RANGE");
    this.total[0] = (this.total[0] as number) + (to - from);
    const last = this.count - 1;
    const half = 2 * this.count >= this.capacity;
    if (last >= 0) {
      if (CHECKED) assert((this.to[last] as number) <= from, "MISSING_UNSORTED");
      if (this.to[last] === from && (half || this.noticedNs[last] === nowNs)) {
        this.to[last] = to;
        return;
      }
    }
    if (CHECKED) assert(this.count < this.capacity, "MISSING_FULL");
    const at = this.count++;
    this.from[at] = from;
    this.to[at] = to;
    this.noticedNs[at] = nowNs;
    this.cause[at] = cause;
  }

  /**
   * Takes `span` (its time is not looked at) out of the list; what was taken stands in the piece
   * arrays.
   *
   * @returns how many messages were taken
   */
  cover(): number {
    const from = this.span[FROM] as number;
    const to = this.span[TO] as number;
    this.pieceCount = 0;
    let taken = 0;
    let at = this.#firstEndingAfterFrom();
    while (at < this.count && (this.from[at] as number) < to) {
      const rangeFrom = this.from[at] as number;
      const rangeTo = this.to[at] as number;
      const cutFrom = Math.max(rangeFrom, from);
      const cutTo = Math.min(rangeTo, to);
      const piece = this.pieceCount++;
      this.pieceFrom[piece] = cutFrom;
      this.pieceTo[piece] = cutTo;
      this.pieceNoticedNs[piece] = this.noticedNs[at] as number;
      this.pieceCause[piece] = this.cause[at] as number;
      taken += cutTo - cutFrom;
      if (cutFrom === rangeFrom && cutTo === rangeTo) {
        this.#remove(at, 1);
        continue;
      }
      if (cutFrom > rangeFrom && cutTo < rangeTo) {
        this.#doubleAt(at);
        this.to[at] = cutFrom;
        this.from[at + 1] = cutTo;
        break;
      }
      if (cutFrom === rangeFrom) this.from[at] = cutTo;
      else this.to[at] = cutFrom;
      at++;
    }
    this.total[0] = (this.total[0] as number) - taken;
    return taken;
  }

  /** Takes the first `n` ranges away. */
  removeFirst(n: number): void {
    let gone = 0;
    for (let i = 0; i < n; i++) gone += (this.to[i] as number) - (this.from[i] as number);
    this.total[0] = (this.total[0] as number) - gone;
    this.#remove(0, n);
  }

  /** Forgets everything. */
  clear(): void {
    this.count = 0;
    this.pieceCount = 0;
    this.total[0] = 0;
  }

  /** The first range whose end lies above the span's first sequence, or `count`. */
  #firstEndingAfterFrom(): number {
    const seq = this.span[FROM] as number;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.to[middle] as number) > seq) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #remove(at: number, n: number): void {
    const count = this.count;
    this.from.copyWithin(at, at + n, count);
    this.to.copyWithin(at, at + n, count);
    this.noticedNs.copyWithin(at, at + n, count);
    this.cause.copyWithin(at, at + n, count);
    this.count = count - n;
  }

  /** Puts a second one behind a range, the same as it. */
  #doubleAt(at: number): void {
    if (CHECKED) assert(this.count < this.capacity, "MISSING_FULL");
    const count = this.count;
    this.from.copyWithin(at + 1, at, count);
    this.to.copyWithin(at + 1, at, count);
    this.noticedNs.copyWithin(at + 1, at, count);
    this.cause.copyWithin(at + 1, at, count);
    this.count = count + 1;
  }
}
