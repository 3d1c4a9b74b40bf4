/**
 * Brings the kept book hash up to date: recomputes what each noted cell adds to it. A cell keeps
 * the term with which it is in the sum, so noting one twice, or one that has been freed and taken
 * again, does no harm; hashing.ts says who notes what.
 *
 *   sum = Σ ORDER_TERM of all cells, always; a cell that is not noted has order(o) there, or 0.
 *
 * Late and together, because here the cells' lines are near, nothing else waits for them, and an
 * order that came and went since is never hashed at all (measured: perf/bench/alternatives).
 * Lane 0 and lane 1 are written out side by side; high words are mostly 0 and then skipped.
 * Thread: the core's. Bounded: twice UNSETTLED_MAX cells at most.
 */
import { hashMultiplier } from "./hash-words.ts";
import * as layout from "./layout.ts";
import type { BookState } from "./state.ts";

const ORDER_PREV = layout.ORDER_PREV;
const ORDER_ID_LO = layout.ORDER_ID_LO;
const ORDER_ID_HI = layout.ORDER_ID_HI;
const ORDER_LEVEL = layout.ORDER_LEVEL;
const ORDER_QTY_LO = layout.ORDER_QTY_LO;
const ORDER_QTY_HI = layout.ORDER_QTY_HI;
const TERM0 = layout.ORDER_TERM;
const TERM1 = layout.ORDER_TERM + 1;
const LEVEL_PX_LO = layout.LEVEL_PX_LO;
const LEVEL_PX_HI = layout.LEVEL_PX_HI;
const LEVEL_SIDE_INDEX = layout.LEVEL_SIDE_INDEX;

// Hash words: lane last.
const M4_0 = hashMultiplier(0, 4);
const M4_1 = hashMultiplier(1, 4);
const M5_0 = hashMultiplier(0, 5);
const M5_1 = hashMultiplier(1, 5);
const M6_0 = hashMultiplier(0, 6);
const M6_1 = hashMultiplier(1, 6);
const M7_0 = hashMultiplier(0, 7);
const M7_1 = hashMultiplier(1, 7);
const M8_0 = hashMultiplier(0, 8);
const M8_1 = hashMultiplier(1, 8);
const M9_0 = hashMultiplier(0, 9);
const M9_1 = hashMultiplier(1, 9);
const M10_0 = hashMultiplier(0, 10);
const M10_1 = hashMultiplier(1, 10);

/**
 * Makes the function that settles every noted cell: hash0 and hash1 are the book hash then. A
 * closure and not a method, so that V8 takes the arrays as constants.
 */
export function makeSettle(core: BookState): () => void {
  const settleChanged = makeSettleChanged(core);
  const gone = core.gone;
  const orders = core.orders;
  return () => {
    const count = core.goneCount;
    let sum0 = core.hash0;
    let sum1 = core.hash1;
    // A cell that was taken again is among the changed, too, and is counted from 0 then.
    for (let i = 0; i < count; i++) {
      const slot = gone[i] as number;
      sum0 = (sum0 - (orders[slot + TERM0] as number)) | 0;
      sum1 = (sum1 - (orders[slot + TERM1] as number)) | 0;
      orders[slot + TERM0] = 0;
      orders[slot + TERM1] = 0;
    }
    core.hash0 = sum0;
    core.hash1 = sum1;
    core.goneCount = 0;
    settleChanged();
  };
}

function makeSettleChanged(core: BookState): () => void {
  const changed = core.changed;
  const orders = core.orders;
  const levels = core.levels;
  const sideHash = core.sideHash;
  return () => {
    const count = core.changedCount;
    let sum0 = core.hash0;
    let sum1 = core.hash1;
    for (let i = 0; i < count; i++) {
      const slot = changed[i] as number;
      const level = orders[slot + ORDER_LEVEL] as number;
      // A cell that was freed is among the gone.
      if (level === 0) continue;
      const px = levels[level + LEVEL_PX_LO] as number;
      const pxHi = levels[level + LEVEL_PX_HI] as number;
      const sideAt = (levels[level + LEVEL_SIDE_INDEX] as number) << 1;
      const lo = orders[slot + ORDER_ID_LO] as number;
      const hi = orders[slot + ORDER_ID_HI] as number;
      const qty = orders[slot + ORDER_QTY_LO] as number;
      const qtyHi = orders[slot + ORDER_QTY_HI] as number;
      const before = orders[slot + ORDER_PREV] as number;
      let level0 = ((sideHash[sideAt] as number) + Math.imul(px, M4_0)) | 0;
      let level1 = ((sideHash[sideAt + 1] as number) + Math.imul(px, M4_1)) | 0;
      if (pxHi !== 0) {
        level0 = (level0 + Math.imul(pxHi, M5_0)) | 0;
        level1 = (level1 + Math.imul(pxHi, M5_1)) | 0;
      }
      let h0 = (level0 + Math.imul(lo, M6_0)) | 0;
      let h1 = (level1 + Math.imul(lo, M6_1)) | 0;
      if (hi !== 0) {
        h0 = (h0 + Math.imul(hi, M7_0)) | 0;
        h1 = (h1 + Math.imul(hi, M7_1)) | 0;
      }
      h0 = (mix(h0) + Math.imul(qty, M8_0)) | 0;
      h1 = (mix(h1) + Math.imul(qty, M8_1)) | 0;
      if (qtyHi !== 0) {
        h0 = (h0 + Math.imul(qtyHi, M9_0)) | 0;
        h1 = (h1 + Math.imul(qtyHi, M9_1)) | 0;
      }
      if (before >= 0) {
        const beforeLo = orders[before + ORDER_ID_LO] as number;
        const beforeHi = orders[before + ORDER_ID_HI] as number;
        const link0 = (level0 + Math.imul(beforeLo, M6_0) + Math.imul(beforeHi, M7_0)) | 0;
        const link1 = (level1 + Math.imul(beforeLo, M6_1) + Math.imul(beforeHi, M7_1)) | 0;
        h0 = (h0 + Math.imul(mix(link0), M10_0)) | 0;
        h1 = (h1 + Math.imul(mix(link1), M10_1)) | 0;
      }
      h0 = mix(h0);
      h1 = mix(h1);
      sum0 = (sum0 + h0 - (orders[slot + TERM0] as number)) | 0;
      sum1 = (sum1 + h1 - (orders[slot + TERM1] as number)) | 0;
      orders[slot + TERM0] = h0;
      orders[slot + TERM1] = h1;
    }
    core.hash0 = sum0;
    core.hash1 = sum1;
    core.changedCount = 0;
  };
}

/** As `finalise` of hash-words.ts: one of this file's own, which V8 takes as a constant. */
function mix(word: number): number {
  let h = word;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
