/**
 * The book hash of the generator's books, by walking its ladders. Cold path.
 *
 * Source: book hash, version 1.
 */
import type { MarketBooks } from "./market-books.ts";
import { NEXT, ORDER_WORDS, QTY, REF_HI, REF_LO, SIDE, TICK_COUNT } from "./market-books.ts";

/** First words of the fraction of pi; lane L of multiplier k is at 2k + L. */
const PI = Int32Array.of(
  0x243f6a88,
  0x85a308d3,
  0x13198a2e,
  0x03707344,
  0xa4093822,
  0x299f31d0,
  0x082efa98,
  0xec4e6c89,
  0x452821e6,
  0x38d01377,
  0xbe5466cf,
  0x34e90c6c,
  0xc0ac29b7,
  0xc97c50dd,
  0x3f84d5b5,
  0xb5470917,
  0x9216d5d9,
  0x8979fb1b,
  0xd1310ba6,
  0x98dfb5ac,
  0x2ffd72db,
  0xd01adfb7,
);

/** Hashes all books. @returns 16 hex digits, lane 1 first */
export function marketHash(books: MarketBooks): string {
  const sums = new Int32Array(2);
  for (let instrument = 0; instrument < books.instrumentCount; instrument++) {
    for (let tick = 0; tick < TICK_COUNT; tick++) addLevel(books, instrument, tick, sums);
  }
  return hex(sums[1] as number) + hex(sums[0] as number);
}

function addLevel(books: MarketBooks, instrument: number, tick: number, sums: Int32Array): void {
  const { orders, ladder } = books;
  const price = books.price(instrument, tick);
  for (let lane = 0; lane < 2; lane++) {
    let slot = ladder[(instrument * TICK_COUNT + tick) * 2] as number;
    let predecessor = 0;
    while (slot !== 0) {
      const at = slot * ORDER_WORDS;
      const id = mix(
        (PI[lane] as number) +
          term(instrument + 1, 1, lane) +
          term(orders[at + SIDE] as number, 3, lane) +
          term(price, 4, lane) +
          term(orders[at + REF_LO] as number, 6, lane) +
          term(orders[at + REF_HI] as number, 7, lane),
      );
      const qty = orders[at + QTY] as number;
      const order = mix(id + term(qty, 8, lane) + term(predecessor, 10, lane));
      sums[lane] = (sums[lane] as number) + order;
      predecessor = id;
      slot = orders[at + NEXT] as number;
    }
  }
}

function term(word: number, k: number, lane: number): number {
  return Math.imul(word, (PI[2 * k + lane] as number) | 1);
}

/** The 32-bit finaliser of MurmurHash3, of a sum taken modulo 2^32. */
function mix(sum: number): number {
  let h = sum | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return h ^ (h >>> 16);
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
