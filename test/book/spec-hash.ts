/** Book hash, version 1, written down once more with BigInt and plain lists: nothing of src/. */

/** An order as the page of the hash lists it. */
export interface SpecOrder {
  readonly instrument: bigint;
  readonly id: bigint;
  /** 0 bid, 1 ask. */
  readonly side: number;
  readonly px: bigint;
  readonly qty: bigint;
}

const WORD = 0xffff_ffffn;
const PI =
  "243F6A88 85A308D3 13198A2E 03707344 A4093822 299F31D0 082EFA98 EC4E6C89 452821E6 38D01377 BE5466CF" +
  " 34E90C6C C0AC29B7 C97C50DD 3F84D5B5 B5470917 9216D5D9 8979FB1B D1310BA6 98DFB5AC 2FFD72DB D01ADFB7";
const WORDS = PI.split(" ").map((word) => BigInt(`0x${word}`));

/** @param levels the orders of each level of each book, in queue order @returns 16 hex digits */
export function specHash(levels: Iterable<readonly SpecOrder[]>): string {
  const lanes = [0n, 0n];
  for (const queue of levels) {
    for (let lane = 0; lane < 2; lane++) {
      let before = 0n;
      for (const order of queue) {
        const id = orderId(order, lane);
        const [low, high] = halves(order.qty);
        const hash = fin(id + low * m(8, lane) + high * m(9, lane) + before * m(10, lane));
        lanes[lane] = ((lanes[lane] as bigint) + hash) & WORD;
        before = id;
      }
    }
  }
  return [lanes[1], lanes[0]]
    .map((lane) => (lane as bigint).toString(16).padStart(8, "0"))
    .join("");
}

function m(k: number, lane: number): bigint {
  return (WORDS[2 * k + lane] as bigint) | 1n;
}

function halves(value: bigint): [low: bigint, high: bigint] {
  const bits = BigInt.asUintN(64, value);
  return [bits & WORD, bits >> 32n];
}

function orderId({ instrument, id, side, px }: SpecOrder, lane: number): bigint {
  const [instrumentLow, instrumentHigh] = halves(instrument);
  const [pxLow, pxHigh] = halves(px);
  const [idLow, idHigh] = halves(id);
  return fin(
    (WORDS[lane] as bigint) +
      instrumentLow * m(1, lane) +
      instrumentHigh * m(2, lane) +
      BigInt(side) * m(3, lane) +
      pxLow * m(4, lane) +
      pxHigh * m(5, lane) +
      idLow * m(6, lane) +
      idHigh * m(7, lane),
  );
}

function fin(sum: bigint): bigint {
  let h = sum & WORD;
  h ^= h >> 16n;
  h = (h * 0x85eb_ca6bn) & WORD;
  h ^= h >> 13n;
  h = (h * 0xc2b2_ae35n) & WORD;
  return h ^ (h >> 16n);
}
