/**
 * Dense indexes for 64-bit instrument ids, given in the order in which they are first seen.
 * Open addressing over typed arrays. Thread: decode's. Hot path: no allocation.
 */

const MULTIPLIER_LO = 0x9e37_79b1 | 0;
const MULTIPLIER_HI = 0x85eb_ca77 | 0;

/** Finds or gives dense indexes. */
export class InstrumentIndex {
  readonly capacity: number;
  /** Instruments known. */
  count = 0;
  /** Ids by dense index. */
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  /** Dense index + 1 by cell; 0 free. Twice as many cells as instruments, so probing ends. */
  readonly #cells: Int32Array;
  readonly #mask: number;

  constructor(capacity: number) {
    this.capacity = capacity;
    const cells = 1 << (33 - Math.clz32(capacity));
    this.lo = new Int32Array(capacity);
    this.hi = new Int32Array(capacity);
    this.#cells = new Int32Array(cells);
    this.#mask = cells - 1;
  }

  /** @returns the dense index of an id, or -1 when it is new and there is no room */
  of(lo: number, hi: number): number {
    const mixed = Math.imul(lo, MULTIPLIER_LO) ^ Math.imul(hi, MULTIPLIER_HI);
    let cell = (mixed ^ (mixed >>> 15)) & this.#mask;
    for (;;) {
      const found = (this.#cells[cell] as number) - 1;
      if (found < 0) break;
      if (this.lo[found] === lo && this.hi[found] === hi) return found;
      cell = (cell + 1) & this.#mask;
    }
    if (this.count === this.capacity) return -1;
    const index = this.count++;
    this.lo[index] = lo;
    this.hi[index] = hi;
    this.#cells[cell] = index + 1;
    return index;
  }

  /** Forgets them all. */
  clear(): void {
    this.#cells.fill(0);
    this.count = 0;
  }
}
