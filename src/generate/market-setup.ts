/**
 * What a seed decides before the first message: symbols, prices, spreads, and how many orders each
 * instrument's books are aimed at. Cold path.
 */
import { asciiWord } from "../decode/itch/encoder.ts";
import type { Activity } from "./activity.ts";
import * as B from "./market-books.ts";
import type { Random } from "./random.ts";
import { makeSymbols } from "./symbols.ts";

/** Live orders aimed at over all instruments, but at most 4096 in one. */
const TARGET_ORDERS = 2 ** 18;
const TARGET_SHIFT_MIN = 3;
const TARGET_SHIFT_MAX = 12;
const DOLLAR = 10_000;
const CENT = 100;
const MIDDLE_TICK = B.TICK_COUNT / 2;

/** Makes the books of a market, empty, with every instrument's record filled in. */
export function makeBooks(random: Random, activity: Activity): B.MarketBooks {
  const shares = activity.shares;
  const shifts = Array.from(shares, targetShift);
  // Books hover about their target; twice the sum is a bound that is met by deleting instead.
  const capacity = shifts.reduce((sum, shift) => sum + 2 * 2 ** shift, 0);
  const books = new B.MarketBooks(shares.length, capacity);
  const symbols = makeSymbols(random, shares.length);
  for (let i = 0; i < shares.length; i++) {
    const at = i * B.INSTRUMENT_WORDS;
    const symbol = symbols[i] as string;
    books.instruments[at + B.TARGET_SHIFT] = shifts[i] as number;
    books.instruments[at + B.SYMBOL_HIGH] = asciiWord(symbol, 0);
    books.instruments[at + B.SYMBOL_LOW] = asciiWord(symbol, 4);
    setPrices(books.instruments, at, shifts[i] as number, random);
  }
  return books;
}

function targetShift(share: number): number {
  const target = Math.floor(share * TARGET_ORDERS);
  return Math.min(TARGET_SHIFT_MAX, Math.max(TARGET_SHIFT_MIN, 31 - Math.clz32(target)));
}

/** Most cost 5 to 200 dollars; one in sixteen is a penny stock, quoted to 1/10000 dollar. */
function setPrices(records: Int32Array, at: number, shift: number, random: Random): void {
  const penny = random.below(16) === 0;
  const doubled = Math.min(6, Math.clz32(random.next() | 1));
  const dollars = (5 + random.below(15)) * 2 ** doubled;
  const middle = penny ? 1000 + random.below(8000) : dollars * DOLLAR + random.below(100) * CENT;
  const step = penny ? 1 : CENT;
  // Dear and quiet instruments have wide spreads.
  const wide = (dollars > 200 ? 2 : 0) + (shift < 6 ? 2 : 0);
  records[at + B.FAIR] = MIDDLE_TICK;
  records[at + B.BASE_PX] = middle - MIDDLE_TICK * step;
  records[at + B.STEP_PX] = step;
  records[at + B.HALF_SPREAD] = random.below(1 + wide);
}
