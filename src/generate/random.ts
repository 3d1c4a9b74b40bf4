/**
 * The generator's randomness: xoshiro128++ on 32-bit integers, seeded through splitmix32. Integer
 * operations only, so a seed gives the same draws on every machine and every version of V8.
 *
 * Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021.
 */
import { TWO_32 } from "../core/layout.ts";

/** A stream of 32-bit words. */
export class Random {
  readonly #state = new Int32Array(4);

  /** @param seed 0 to 2^53 - 1 */
  constructor(seed: number) {
    let word = (seed | 0) ^ Math.imul((seed / TWO_32) | 0, 0x9e37_79b1);
    for (let i = 0; i < 4; i++) {
      word = (word + 0x9e37_79b9) | 0;
      let z = word ^ (word >>> 16);
      z = Math.imul(z, 0x21f0_aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a_2d97);
      this.#state[i] = z ^ (z >>> 15);
    }
  }

  /** The next word, signed. */
  next(): number {
    const state = this.#state;
    const s0 = state[0] as number;
    const s1 = state[1] as number;
    const s2 = (state[2] as number) ^ s0;
    const s3 = (state[3] as number) ^ s1;
    const sum = (s0 + (state[3] as number)) | 0;
    state[0] = s0 ^ s3;
    state[1] = s1 ^ s2;
    state[2] = s2 ^ (s1 << 9);
    state[3] = (s3 << 11) | (s3 >>> 21);
    return (((sum << 7) | (sum >>> 25)) + s0) | 0;
  }

  /** A number below `bound`; 1 ≤ bound ≤ 2^21, so that the product stays exact. */
  below(bound: number): number {
    return (((this.next() >>> 0) * bound) / TWO_32) | 0;
  }
}
