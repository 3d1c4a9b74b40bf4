/** Frames as people read them: a line of text, or a line of JSON. */
import type { Frame } from "./frame.ts";

/** One line of text without its end; prices and quantities are the venue's wire integers. */
export function frameText(frame: Frame): string {
  const where = frame.cursor === 0 ? "-" : `${frame.cursor} ${frame.instrument}#${frame.sequence}`;
  switch (frame.type) {
    case "HEARTBEAT":
    case "SNAPSHOT_START":
    case "SNAPSHOT_END":
      return `- ${frame.type}`;
    case "GAP":
      return `- GAP cursors ${frame.first} to ${frame.last} are no longer retained`;
    case "SNAPSHOT_HDR":
      return `- SNAPSHOT_HDR ${frame.instrument} levels=${frame.levels} orders=${frame.orders}`;
    case "ADD": {
      const at = frame.cursor === 0 ? `- ${frame.instrument}` : where;
      return `${at} ADD ${frame.orderId} ${frame.side} ${frame.quantity} @ ${frame.price}`;
    }
    case "MODIFY": {
      const to = frame.quantityOnly ? "in place" : `@ ${frame.price}`;
      return `${where} MODIFY ${frame.orderId} ${frame.quantity} ${to}`;
    }
    case "CANCEL":
      return `${where} CANCEL ${frame.orderId} ${frame.quantity === 0n ? "all" : frame.quantity}`;
    case "EXECUTE":
      return (
        `${where} EXECUTE ${frame.orderId} ${frame.quantity} @ ${frame.price} ` +
        `aggressor=${frame.aggressor} match=${frame.matchId}`
      );
  }
}

/** One JSON object without line end; 64-bit values are decimal strings, since JSON has no others. */
export function frameJson(frame: Frame): string {
  return JSON.stringify(frame, (_key, value: unknown) => {
    return typeof value === "bigint" ? value.toString() : value;
  });
}
