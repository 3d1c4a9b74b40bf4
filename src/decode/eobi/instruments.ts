/**
 * Dense indexes for SecurityIDs, given in the order in which they are first seen. A cell is
 * small, because the cells of thousands of instruments have to stay in the cache; the upper half of
 * an id lies by its index, and is most often the same for all.
 *
 *   words of a cell:  0 id low   1 index + 1, 0 where the cell is free
 *
 * Thread: decode's. Hot path: no allocation after the constructor.
 */

const MULTIPLIER_LO = 0x9e37_79b1 | 0;
const MULTIPLIER_HI = 0x85eb_ca77 | 0;
const CELL_SHIFT = 1;

/** Finds or gives dense indexes. */
export class Instruments {
  readonly capacity: number;
  /** Instruments known. */
  count = 0;
  readonly #cells: Int32Array;
  /** Upper halves of the ids, by index. */
  readonly #his: Int32Array;
  /** Of a cell's first word. */
  readonly #mask: number;
  readonly #shift: number;

  /** @param capacity instruments at most, 1 to 2^20 */
  constructor(capacity: number) {
    const bits = Math.max(1, 33 - Math.clz32(capacity - 1));
    this.capacity = capacity;
    this.#cells = new Int32Array(1 << (bits + CELL_SHIFT));
    this.#his = new Int32Array(capacity);
    this.#mask = ((1 << bits) - 1) << CELL_SHIFT;
    this.#shift = 32 - bits - CELL_SHIFT;
  }

  /** @returns the dense index of an id, or -1 when it is not known */
  find(lo: number, hi: number): number {
    const cells = this.#cells;
    const mask = this.#mask;
    let at = this.#home(lo, hi);
    for (;;) {
      const index = (cells[at + 1] as number) - 1;
      if (index < 0) return -1;
      if (cells[at] === lo && this.#his[index] === hi) return index;
      at = (at + (1 << CELL_SHIFT)) & mask;
    }
  }

  /** Gives a new id its index. @returns the index, or -1 when there is no room */
  add(lo: number, hi: number): number {
    if (this.count === this.capacity) return -1;
    const cells = this.#cells;
    let at = this.#home(lo, hi);
    // Twice as many cells as instruments: one is free.
    while (cells[at + 1] !== 0) at = (at + (1 << CELL_SHIFT)) & this.#mask;
    const index = this.count++;
    cells[at] = lo;
    cells[at + 1] = index + 1;
    this.#his[index] = hi;
    return index;
  }

  /** A cell's first word by the upper bits of the mixed id, which depend on all of it. */
  #home(lo: number, hi: number): number {
    const mixed = Math.imul(lo, MULTIPLIER_LO) ^ Math.imul(hi, MULTIPLIER_HI);
    return (mixed >>> this.#shift) & this.#mask;
  }
}
