/**
 * The image of all books as a client gets it, made in one go at the endpoint's cursor:
 *
 *   SNAPSHOT_START
 *   for each instrument with live orders: SNAPSHOT_HDR, then an OBO_ADD for each order, bids then
 *   asks, best price first, in queue order
 *   SNAPSHOT_END
 *
 * Thread: endpoint's. About 76 bytes an order.
 */
import type { BookCore } from "../book/core.ts";
import { assert } from "../core/assert.ts";
import { viewOf, writeControlHeader } from "./control-frames.ts";
import {
  ADD_BYTES,
  RAW_HEADER_BYTES,
  RawType,
  SNAPSHOT_HDR_BYTES,
  WS_HEADER_BYTES,
} from "./raw-v1.ts";

const BARE = WS_HEADER_BYTES + RAW_HEADER_BYTES;

/** Bytes that the image of a core's books has now. */
export function snapshotBytes(core: BookCore): number {
  const headers = core.liveInstruments * (BARE + SNAPSHOT_HDR_BYTES);
  return 2 * BARE + headers + core.liveOrders * (BARE + ADD_BYTES);
}

/** Makes the image as ready WebSocket messages. @param mono the sender's clock, [lo, hi] */
export function makeSnapshot(core: BookCore, mono: Int32Array): Buffer {
  const buffer = Buffer.allocUnsafeSlow(snapshotBytes(core));
  const out = viewOf(buffer);
  let at = writeControlHeader(out, 0, RawType.SNAPSHOT_START, 0, mono, 0, 0);
  for (let instrument = 0; instrument < core.instrumentCapacity; instrument++) {
    const levels = core.levelCount(instrument);
    if (levels === 0) continue;
    const idLo = core.instrumentIds[2 * instrument] as number;
    const idHi = core.instrumentIds[2 * instrument + 1] as number;
    const orders = core.orderCount(instrument);
    at = writeControlHeader(out, at, RawType.SNAPSHOT_HDR, SNAPSHOT_HDR_BYTES, mono, idLo, idHi);
    out.setUint32(at, levels, true);
    out.setUint32(at + 4, orders, true);
    at += SNAPSHOT_HDR_BYTES;
    for (let side = 0; side < 2; side++) {
      const count = core.sideLevels(instrument, side);
      for (let rank = 0; rank < count; rank++) {
        const level = core.levelAt(instrument, side, rank);
        at = writeLevel(core, level, side, out, at, mono, idLo, idHi);
      }
    }
  }
  at = writeControlHeader(out, at, RawType.SNAPSHOT_END, 0, mono, 0, 0);
  assert(at === buffer.length, "SNAPSHOT_LENGTH");
  return buffer;
}

function writeLevel(
  core: BookCore,
  level: number,
  side: number,
  out: DataView,
  start: number,
  mono: Int32Array,
  idLo: number,
  idHi: number,
): number {
  let at = start;
  const pxLo = core.levelPxLo(level);
  const pxHi = core.levelPxHi(level);
  for (let slot = core.firstOrder(level); slot >= 0; slot = core.nextOrder(slot)) {
    at = writeControlHeader(out, at, RawType.OBO_ADD, ADD_BYTES, mono, idLo, idHi);
    out.setInt32(at, core.orderIdLo(slot), true);
    out.setInt32(at + 4, core.orderIdHi(slot), true);
    out.setInt32(at + 8, pxLo, true);
    out.setInt32(at + 12, pxHi, true);
    out.setInt32(at + 16, core.orderQtyLo(slot), true);
    out.setInt32(at + 20, core.orderQtyHi(slot), true);
    out.setUint8(at + 24, side);
    out.setUint8(at + 25, 0);
    at += ADD_BYTES;
  }
  return at;
}
