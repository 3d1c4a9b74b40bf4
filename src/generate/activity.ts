/**
 * Which instrument the next message is about: Zipf's law over a random ranking, drawn in constant
 * time from Walker's alias table. Only the four basic operations of IEEE 754 decide, which every
 * machine rounds alike; powers and logarithms would not do.
 *
 * Source: Walker, "An efficient method for generating discrete random variables", 1977.
 */
import { TWO_32 } from "../core/layout.ts";
import type { Random } from "./random.ts";

const TOP_WEIGHT = 2 ** 40;
const FLIP = 0x8000_0000 | 0;

/** The table of one market. */
export class Activity {
  /** Share of each instrument, 0 to 1; they add up to 1. */
  readonly shares: Float64Array;
  readonly #count: number;
  /** Below it the column keeps its own instrument; unsigned, with the top bit flipped. */
  readonly #keep: Int32Array;
  readonly #alias: Int32Array;

  /** @param count of instruments, 1 to 65535 */
  constructor(random: Random, count: number) {
    this.#count = count;
    this.#keep = new Int32Array(count);
    this.#alias = new Int32Array(count);
    this.shares = zipfShares(random, count);
    this.#build();
  }

  /** Draws an instrument, 0 to count - 1. */
  pick(random: Random): number {
    const column = random.below(this.#count);
    const kept = (random.next() ^ FLIP) < (this.#keep[column] as number);
    return kept ? column : (this.#alias[column] as number);
  }

  #build(): void {
    const count = this.#count;
    const rest = Float64Array.from(this.shares, (share) => share * count);
    const small: number[] = [];
    const large: number[] = [];
    for (let i = 0; i < count; i++) ((rest[i] as number) < 1 ? small : large).push(i);
    while (small.length > 0 && large.length > 0) {
      const low = small.pop() as number;
      const high = large.pop() as number;
      this.#set(low, rest[low] as number, high);
      rest[high] = (rest[high] as number) - (1 - (rest[low] as number));
      ((rest[high] as number) < 1 ? small : large).push(high);
    }
    for (const i of small) this.#set(i, 1, i);
    for (const i of large) this.#set(i, 1, i);
  }

  #set(column: number, keep: number, alias: number): void {
    const word = Math.min(TWO_32 - 1, Math.floor(keep * TWO_32));
    this.#keep[column] = word ^ FLIP;
    this.#alias[column] = alias;
  }
}

/** Shares 1, 1/2, 1/3, … dealt to the instruments in a random order. */
function zipfShares(random: Random, count: number): Float64Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const other = random.below(i + 1);
    const kept = order[i] as number;
    order[i] = order[other] as number;
    order[other] = kept;
  }
  const shares = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    const weight = Math.floor(TOP_WEIGHT / (rank + 1));
    shares[order[rank] as number] = weight;
    sum += weight;
  }
  return shares.map((weight) => weight / sum);
}
