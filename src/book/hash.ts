/**
 * Book hash version 1 by walking every queue once: independent of the hash that a core keeps at
 * every change (hashing.ts), and the definition in code. Cold path.
 *
 *   id(o)    = fin(seed + instrument·m1,m2 + side·m3 + price·m4,m5 + order id·m6,m7)
 *   order(o) = fin(id(o) + quantity·m8,m9 + id(predecessor in its queue, or 0)·m10)
 *   book     = sum of order(o); all = sum of all books; two lanes
 *
 * Source: design page "Book hash, version 1".
 */
import type { BookCore } from "./core.ts";
import { finalise, hashMultiplier, hashSeed, hashText } from "./hash-words.ts";

/** One lane of the hash of an instrument's book. */
function walkLane(core: BookCore, instrument: number, lane: 0 | 1): number {
  const term = (k: number, word: number): number => Math.imul(word, hashMultiplier(lane, k));
  const instrumentLo = core.instrumentIds[2 * instrument] as number;
  const instrumentHi = core.instrumentIds[2 * instrument + 1] as number;
  let sum = 0;
  for (let side = 0; side < 2; side++) {
    for (let level = core.firstLevel(instrument, side); level >= 0; level = core.nextLevel(level)) {
      const shared =
        hashSeed(lane) +
        term(1, instrumentLo) +
        term(2, instrumentHi) +
        term(3, side) +
        term(4, core.levelPxLo(level)) +
        term(5, core.levelPxHi(level));
      let before = 0;
      for (let slot = core.firstOrder(level); slot >= 0; slot = core.nextOrder(slot)) {
        const id = finalise(
          (shared + term(6, core.orderIdLo(slot)) + term(7, core.orderIdHi(slot))) | 0,
        );
        const qty = term(8, core.orderQtyLo(slot)) + term(9, core.orderQtyHi(slot));
        sum = (sum + finalise((id + qty + term(10, before)) | 0)) | 0;
        before = id;
      }
    }
  }
  return sum;
}

/** The book hash of one instrument as 16 hex digits. */
export function instrumentHashHex(core: BookCore, instrument: number): string {
  return hashText(walkLane(core, instrument, 0), walkLane(core, instrument, 1));
}

/** The book hash of all instruments as 16 hex digits; works with and without `hash: true`. */
export function walkHashHex(core: BookCore): string {
  let lane0 = 0;
  let lane1 = 0;
  for (let instrument = 0; instrument < core.instrumentCapacity; instrument++) {
    if (core.levelCount(instrument) === 0) continue;
    lane0 = (lane0 + walkLane(core, instrument, 0)) | 0;
    lane1 = (lane1 + walkLane(core, instrument, 1)) | 0;
  }
  return hashText(lane0, lane1);
}
