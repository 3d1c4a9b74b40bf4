/**
 * Books of venues that publish price levels by their rank: an inserted level pushes the worse ones
 * down, and what falls out of the published depth is gone without a message. Each change is told in
 * terms of prices, as books of one order a level need it.
 *
 * Thread: decode's. Hot path: no allocation after the constructor.
 */

/** Levels kept of a side at most. */
export const LEVELS_MAX = 64;

/** Words of a level: price and quantity, as halves. */
const LEVEL_WORDS = 4;

/** Memory of LevelBooks as it is touched, bytes. */
export function levelBookBytes(instruments: number): number {
  return instruments * 2 * (LEVELS_MAX * LEVEL_WORDS + 1) * 4;
}

/** Takes changes of price levels. Prices and quantities are signed halves; `side` 0 bid, 1 ask. */
export interface LevelSink {
  /** A level that was not there. */
  onLevelNew(
    instrument: number,
    side: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
  ): void;
  /** A level's quantity is another. */
  onLevelChanged(
    instrument: number,
    side: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
  ): void;
  /** A level is gone. */
  onLevelGone(instrument: number, side: number, pxLo: number, pxHi: number): void;
}

/**
 * High half of the order id that stands for a level: the price, for asks with bit 63 flipped. The
 * low half is the price's.
 */
export function levelIdHi(side: number, pxHi: number): number {
  return pxHi ^ (side << 31);
}

/** Levels of all instruments of a channel. */
export class LevelBooks {
  readonly #sink: LevelSink;
  /** Levels of each side. */
  readonly #counts: Int32Array;
  readonly #pxLo: Int32Array;
  readonly #pxHi: Int32Array;
  readonly #qtyLo: Int32Array;
  readonly #qtyHi: Int32Array;

  /** @param instruments dense indexes are below it */
  constructor(instruments: number, sink: LevelSink) {
    const words = instruments * 2 * LEVELS_MAX;
    this.#sink = sink;
    this.#counts = new Int32Array(instruments * 2);
    this.#pxLo = new Int32Array(words);
    this.#pxHi = new Int32Array(words);
    this.#qtyLo = new Int32Array(words);
    this.#qtyHi = new Int32Array(words);
  }

  /** Levels of a side. */
  count(instrument: number, side: number): number {
    return this.#counts[instrument * 2 + side] as number;
  }

  /**
   * A level came in at a rank.
   *
   * @param level its rank, from 1
   * @param depth levels that the venue publishes
   * @returns false, with nothing changed, when the rank or the price does not fit the book
   */
  insert(
    instrument: number,
    side: number,
    level: number,
    depth: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
  ): boolean {
    const at = instrument * 2 + side;
    const count = this.#counts[at] as number;
    const deepest = depth < LEVELS_MAX ? depth : LEVELS_MAX;
    if (level < 1 || level > count + 1 || level > deepest) return false;
    const base = at * LEVELS_MAX;
    const row = base + level - 1;
    if (!this.#fits(side, base, row - 1, row, base + count, pxLo, pxHi)) return false;
    let end = base + count;
    while (end > base && end - base >= deepest) {
      end--;
      this.#gone(instrument, side, end);
    }
    for (let i = end; i > row; i--) this.#copy(i - 1, i);
    this.#set(row, pxLo, pxHi, qtyLo, qtyHi);
    this.#counts[at] = end - base + 1;
    this.#sink.onLevelNew(instrument, side, pxLo, pxHi, qtyLo, qtyHi);
    return true;
  }

  /** A level's quantity changed, its price perhaps too. @returns as insert */
  change(
    instrument: number,
    side: number,
    level: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
  ): boolean {
    const at = instrument * 2 + side;
    const count = this.#counts[at] as number;
    if (level < 1 || level > count) return false;
    const base = at * LEVELS_MAX;
    const row = base + level - 1;
    if (this.#pxLo[row] === pxLo && this.#pxHi[row] === pxHi) {
      this.#set(row, pxLo, pxHi, qtyLo, qtyHi);
      this.#sink.onLevelChanged(instrument, side, pxLo, pxHi, qtyLo, qtyHi);
      return true;
    }
    if (!this.#fits(side, base, row - 1, row + 1, base + count, pxLo, pxHi)) return false;
    this.#gone(instrument, side, row);
    this.#set(row, pxLo, pxHi, qtyLo, qtyHi);
    this.#sink.onLevelNew(instrument, side, pxLo, pxHi, qtyLo, qtyHi);
    return true;
  }

  /** A level is gone. @returns false, with nothing changed, when no such level has that price */
  remove(instrument: number, side: number, level: number, pxLo: number, pxHi: number): boolean {
    const at = instrument * 2 + side;
    const count = this.#counts[at] as number;
    if (level < 1 || level > count) return false;
    const base = at * LEVELS_MAX;
    const row = base + level - 1;
    if (this.#pxLo[row] !== pxLo || this.#pxHi[row] !== pxHi) return false;
    this.#gone(instrument, side, row);
    const last = base + count - 1;
    for (let i = row; i < last; i++) this.#copy(i + 1, i);
    this.#counts[at] = count - 1;
    return true;
  }

  /** All levels of an instrument are gone. */
  clear(instrument: number): void {
    for (let side = 0; side < 2; side++) {
      const at = instrument * 2 + side;
      const base = at * LEVELS_MAX;
      for (let i = (this.#counts[at] as number) - 1; i >= 0; i--) {
        this.#gone(instrument, side, base + i);
      }
      this.#counts[at] = 0;
    }
  }

  /** All levels of all instruments are gone, and the sink knows. */
  forget(): void {
    this.#counts.fill(0);
  }

  /** Whether a level has this price and quantity. */
  has(
    instrument: number,
    side: number,
    level: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
  ): boolean {
    const at = instrument * 2 + side;
    if (level < 1 || level > (this.#counts[at] as number)) return false;
    const row = at * LEVELS_MAX + level - 1;
    const isPrice = this.#pxLo[row] === pxLo && this.#pxHi[row] === pxHi;
    return isPrice && this.#qtyLo[row] === qtyLo && this.#qtyHi[row] === qtyHi;
  }

  /** Whether a price lies strictly between those of the rows before and after it. */
  #fits(
    side: number,
    base: number,
    before: number,
    after: number,
    end: number,
    lo: number,
    hi: number,
  ): boolean {
    if (before >= base && !this.#isBetter(side, before, lo, hi)) return false;
    if (after >= end) return true;
    const isSame = this.#pxLo[after] === lo && this.#pxHi[after] === hi;
    return !isSame && !this.#isBetter(side, after, lo, hi);
  }

  /** Whether a row's price is better than this one: higher for bids, lower for asks. */
  #isBetter(side: number, row: number, lo: number, hi: number): boolean {
    const rowHi = this.#pxHi[row] as number;
    const rowLo = this.#pxLo[row] as number;
    if (rowHi === hi && rowLo === lo) return false;
    const isHigher = rowHi === hi ? rowLo >>> 0 > lo >>> 0 : rowHi > hi;
    return isHigher === (side === 0);
  }

  #set(row: number, pxLo: number, pxHi: number, qtyLo: number, qtyHi: number): void {
    this.#pxLo[row] = pxLo;
    this.#pxHi[row] = pxHi;
    this.#qtyLo[row] = qtyLo;
    this.#qtyHi[row] = qtyHi;
  }

  #copy(from: number, to: number): void {
    this.#pxLo[to] = this.#pxLo[from] as number;
    this.#pxHi[to] = this.#pxHi[from] as number;
    this.#qtyLo[to] = this.#qtyLo[from] as number;
    this.#qtyHi[to] = this.#qtyHi[from] as number;
  }

  #gone(instrument: number, side: number, row: number): void {
    this.#sink.onLevelGone(instrument, side, this.#pxLo[row] as number, this.#pxHi[row] as number);
  }
}
