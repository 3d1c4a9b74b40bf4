/**
 * Names of the generated instruments: unique, looking like those of a real directory, in
 * alphabetical
 * order of their stock locates as on a real day. Cold path.
 */
import type { Random } from "./random.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/** Lengths as drawn: most symbols have three or four letters. */
const LENGTHS = [1, 2, 2, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 5] as const;
/** Classes, preferred shares, warrants and units, on about one symbol in sixteen. */
const SUFFIXES = [".A", ".B", "-C", "+", "=", ".PR"] as const;

/** Makes `count` unique symbols of 1 to 8 characters, sorted. @param count 1 to 65535 */
export function makeSymbols(random: Random, count: number): string[] {
  const seen = new Set<string>();
  while (seen.size < count) {
    const length = LENGTHS[random.below(LENGTHS.length)] as number;
    let symbol = "";
    for (let i = 0; i < length; i++) symbol += LETTERS[random.below(LETTERS.length)];
    if (random.below(16) === 0) symbol += SUFFIXES[random.below(SUFFIXES.length)];
    seen.add(symbol);
  }
  // By code units, not by locale: the order must be the same everywhere.
  return [...seen].sort((a, b) => (a < b ? -1 : 1));
}
