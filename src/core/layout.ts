/** Sizes and sentinels that every layout of shared memory stands on. */

/** Control words that different threads write lie this far apart (two cache lines), bytes. */
export const CONTROL_STRIDE_BYTES = 128;

/** The same in 32-bit words. */
export const CONTROL_STRIDE_WORDS = CONTROL_STRIDE_BYTES / 4;

/** No slot: what a link holds at its end, as a signed word (0xFFFFFFFF). */
export const NONE = -1;

/** 2^32, for joining halves into a double below 2^53. */
export const TWO_32 = 0x1_0000_0000;

/** Rounds `n` up to the next power of two; 1 ≤ n ≤ 2^30. */
export function ceilPowerOfTwo(n: number): number {
  return n <= 1 ? 1 : 2 ** (32 - Math.clz32(n - 1));
}

/** True when `n` is a power of two. */
export function isPowerOfTwo(n: number): boolean {
  return n > 0 && Number.isInteger(n) && (n & (n - 1)) === 0;
}

/** Rounds `bytes` up to a multiple of the power of two `alignment`. */
export function alignUp(bytes: number, alignment: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

/** Joins signed halves into a double; exact only when the value is below 2^53. */
export function joinHalves(lo: number, hi: number): number {
  return (hi >>> 0) * TWO_32 + (lo >>> 0);
}

/** The high half of a non-negative double below 2^53, as a signed word. */
export function highHalf(value: number): number {
  return (value / TWO_32) | 0;
}

/** Joins halves into an unsigned 64-bit BigInt; for people's output and tests only. */
export function bigFromHalves(lo: number, hi: number): bigint {
  return (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
}

/** Joins halves into a signed 64-bit BigInt; for people's output and tests only. */
export function signedBigFromHalves(lo: number, hi: number): bigint {
  return (BigInt(hi | 0) << 32n) | BigInt(lo >>> 0);
}
