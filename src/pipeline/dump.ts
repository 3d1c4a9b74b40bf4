/** Writes every order of all books as CSV (design/cli-and-status.md, `--dump-book`). */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import type { BookCore } from "../book/core.ts";
import { errorText, FeedError } from "../core/errors.ts";
import { bigFromHalves, signedBigFromHalves } from "../core/layout.ts";

const CHUNK_CHARS = 1 << 16;

/**
 * Writes the header and one line an order: instruments ascending, bids then asks, best price first,
 * in queue order.
 *
 * @param path a file, or `-` for stdout
 * @throws FEED_FILE
 */
export async function dumpBook(core: BookCore, path: string): Promise<void> {
  try {
    const out = path === "-" ? process.stdout : createWriteStream(path);
    let text = "instrument,side,price,order_id,qty\n";
    for (const { instrument, id } of byId(core)) {
      for (let side = 0; side < 2; side++) {
        for (let l = core.firstLevel(instrument, side); l >= 0; l = core.nextLevel(l)) {
          const price = signedBigFromHalves(core.levelPxLo(l), core.levelPxHi(l));
          for (let o = core.firstOrder(l); o >= 0; o = core.nextOrder(o)) {
            const order = bigFromHalves(core.orderIdLo(o), core.orderIdHi(o));
            const qty = bigFromHalves(core.orderQtyLo(o), core.orderQtyHi(o));
            text += `${id},${side},${price},${order},${qty}\n`;
          }
          if (text.length > CHUNK_CHARS) {
            if (!out.write(text)) await once(out, "drain");
            text = "";
          }
        }
      }
    }
    out.write(text);
    if (out !== process.stdout) {
      out.end();
      await finished(out);
    }
  } catch (error) {
    throw new FeedError("FEED_FILE", `cannot write ${path}: ${errorText(error)}`);
  }
}

/** Instruments that have a book, by their 64-bit ids, ascending. */
function byId(core: BookCore): { readonly instrument: number; readonly id: bigint }[] {
  const found: { instrument: number; id: bigint }[] = [];
  for (let instrument = 0; instrument < core.instrumentCapacity; instrument++) {
    if (core.levelCount(instrument) === 0) continue;
    const lo = core.instrumentIds[2 * instrument] as number;
    const hi = core.instrumentIds[2 * instrument + 1] as number;
    found.push({ instrument, id: bigFromHalves(lo, hi) });
  }
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}
