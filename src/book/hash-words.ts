/**
 * The constants of book hash version 1 and its finaliser; see hash.ts for the whole definition.
 * Everything is modulo 2^32 on signed words.
 *
 * Source: design page "Book hash, version 1".
 */

// biome-ignore format: eight words a row
const PI = [
  0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0x082efa98, 0xec4e6c89,
  0x452821e6, 0x38d01377, 0xbe5466cf, 0x34e90c6c, 0xc0ac29b7, 0xc97c50dd, 0x3f84d5b5, 0xb5470917,
  0x9216d5d9, 0x8979fb1b, 0xd1310ba6, 0x98dfb5ac, 0x2ffd72db, 0xd01adfb7,
] as const;

/** The seed of a lane. @param lane 0 or 1 */
export function hashSeed(lane: 0 | 1): number {
  return PI[lane] | 0;
}

/** The multiplier of a word. @param lane 0 or 1 @param k 1 to 10, the word's number on the page */
export function hashMultiplier(lane: 0 | 1, k: number): number {
  return (PI[2 * k + lane] as number) | 1;
}

/** The 32-bit finaliser of MurmurHash3. */
export function finalise(word: number): number {
  let h = word;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Prints two lanes as 16 hex digits, lane 1 first. */
export function hashText(lane0: number, lane1: number): string {
  const high = (lane1 >>> 0).toString(16).padStart(8, "0");
  return high + (lane0 >>> 0).toString(16).padStart(8, "0");
}
