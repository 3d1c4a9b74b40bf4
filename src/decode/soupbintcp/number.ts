/** Sequence numbers as SoupBinTCP writes them: decimal digits behind spaces. */

const SPACE = 0x20;

/**
 * Reads a number padded with spaces on the left (on the right is taken, too).
 *
 * @returns null when it is anything else, or 2^64 and more
 */
export function parseNumber(bytes: Uint8Array, at: number, length: number): bigint | null {
  let from = at;
  let to = at + length;
  while (from < to && bytes[from] === SPACE) from++;
  while (to > from && bytes[to - 1] === SPACE) to--;
  if (from === to) return null;
  let value = 0n;
  for (let p = from; p < to; p++) {
    const digit = (bytes[p] as number) - 0x30;
    if (digit < 0 || digit > 9) return null;
    value = value * 10n + BigInt(digit);
  }
  return value < 1n << 64n ? value : null;
}
