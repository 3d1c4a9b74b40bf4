/**
 * The book hash kept at every change (hash.ts has the definition, walked independently). A change
 * only notes the cells whose terms it touches: the order's own and, when it enters or leaves a
 * queue, its successor's. settle.ts turns the notes into the hash: when a list is full, before
 * cells move to another table, and before anybody reads.
 * Thread: the core's.
 */
import { assert } from "../core/assert.ts";
import { hashMultiplier, hashSeed, hashText } from "./hash-words.ts";
import * as layout from "./layout.ts";
import { BookTable } from "./table.ts";

const NOTES_LAST = layout.UNSETTLED_MAX - 1;

/** Books that know their hash. */
export class BookHashing extends BookTable {
  /** Notes an order whose quantity, level or predecessor is another now. */
  protected outdate(slot: number): void {
    const count = this.changedCount;
    this.changed[count] = slot;
    this.changedCount = count + 1;
    if (count === NOTES_LAST) this.settle();
  }

  /** Notes a cell that has just been freed. */
  protected leave(slot: number): void {
    const count = this.goneCount;
    this.gone[count] = slot;
    this.goneCount = count + 1;
    if (count === NOTES_LAST) this.settle();
  }

  /** The hash of no orders; all terms are 0 already. */
  protected forgetHash(): void {
    this.changedCount = 0;
    this.goneCount = 0;
    this.hash0 = 0;
    this.hash1 = 0;
  }

  protected override hashInstrument(instrument: number): void {
    const lo = this.instrumentIds[2 * instrument] as number;
    const hi = this.instrumentIds[2 * instrument + 1] as number;
    for (let lane = 0; lane < 2; lane++) {
      const of = lane === 0 ? 0 : 1;
      const id = Math.imul(lo, hashMultiplier(of, 1)) + Math.imul(hi, hashMultiplier(of, 2));
      const bid = (hashSeed(of) + id) | 0;
      this.sideHash[4 * instrument + lane] = bid;
      this.sideHash[4 * instrument + 2 + lane] = bid + hashMultiplier(of, 3);
    }
  }

  /** The book hash of all instruments as 16 hex digits; needs `hash: true`. */
  hashHex(): string {
    assert(this.hashed, "BOOK_HASH_OFF");
    this.settle();
    return hashText(this.hash0, this.hash1);
  }
}
