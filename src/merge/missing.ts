/**
 * Sorted, disjoint ranges of message sequences that have not come yet, each with the time and the
 * reason it was noticed. The channel has one list and each feed its own. Bounded, in typed arrays.
 *
 * Invariants: from[i] < to[i] <= from[i + 1]; noticedNs does not fall along the list, because
 * ranges are appended at the top and a split keeps its time.
 *
 * Thread: merge's.
 */
import { assert, CHECKED } from "../core/assert.ts";

/** Missing ranges; `to` is exclusive. */
export class MissingRanges {
  readonly capacity: number;
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly noticedNs: Float64Array;
  readonly cause: Uint8Array;
  /** [0]: messages missing, all ranges together. */
  readonly total = new Float64Array(1);
  count = 0;
  /** What the last cover() took out, piece by piece, in order. */
  readonly pieceFrom: Float64Array;
  readonly pieceTo: Float64Array;
  readonly pieceNoticedNs: Float64Array;
  readonly pieceCause: Uint8Array;
  /** 1 when the piece was cut from the start of the list's first range. */
  readonly pieceAtHead: Uint8Array;
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
    this.pieceAtHead = new Uint8Array(capacity);
  }

  /**
   * Adds a range above all others. It is joined to the last when it touches it and shares its time,
   * or when half of the list is used: ranges that do not touch are as few as held packets.
   */
  append(from: number, to: number, nowNs: number, cause: number): void {
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
   * Takes [from, to) out of the list; what was taken stands in the piece arrays.
   *
   * @returns how many messages were taken
   */
  cover(from: number, to: number): number {
    this.pieceCount = 0;
    let taken = 0;
    let at = this.#firstEndingAfter(from);
    while (at < this.count && (this.from[at] as number) < to) {
      const rangeFrom = this.from[at] as number;
      const rangeTo = this.to[at] as number;
      const cutFrom = Math.max(rangeFrom, from);
      const cutTo = Math.min(rangeTo, to);
      this.#notePiece(at, cutFrom, cutTo);
      taken += cutTo - cutFrom;
      if (cutFrom === rangeFrom && cutTo === rangeTo) {
        this.#remove(at, 1);
        continue;
      }
      if (cutFrom > rangeFrom && cutTo < rangeTo) {
        this.#split(at, cutFrom, cutTo);
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

  /** The first range whose end lies above `seq`, or `count`. */
  #firstEndingAfter(seq: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.to[middle] as number) > seq) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #notePiece(at: number, from: number, to: number): void {
    const p = this.pieceCount++;
    this.pieceFrom[p] = from;
    this.pieceTo[p] = to;
    this.pieceNoticedNs[p] = this.noticedNs[at] as number;
    this.pieceCause[p] = this.cause[at] as number;
    this.pieceAtHead[p] = at === 0 && from === this.from[0] ? 1 : 0;
  }

  #remove(at: number, n: number): void {
    const count = this.count;
    this.from.copyWithin(at, at + n, count);
    this.to.copyWithin(at, at + n, count);
    this.noticedNs.copyWithin(at, at + n, count);
    this.cause.copyWithin(at, at + n, count);
    this.count = count - n;
  }

  #split(at: number, cutFrom: number, cutTo: number): void {
    if (CHECKED) assert(this.count < this.capacity, "MISSING_FULL");
    const count = this.count;
    this.from.copyWithin(at + 1, at, count);
    this.to.copyWithin(at + 1, at, count);
    this.noticedNs.copyWithin(at + 1, at, count);
    this.cause.copyWithin(at + 1, at, count);
    this.to[at] = cutFrom;
    this.from[at + 1] = cutTo;
    this.count = count + 1;
  }
}
