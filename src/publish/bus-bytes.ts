/** From copied bus slots to bytes as sockets take them. */
import { BUS_FRAME_OFFSET, BUS_LENGTH_OFFSET, BUS_SLOT_BYTES, BUS_WS_OFFSET } from "../core/bus.ts";

const HEADER_BYTES = BUS_FRAME_OFFSET - BUS_WS_OFFSET;

/**
 * Packs the WebSocket messages of `count` slots into one private buffer. The slots are moved
 * together where they lie, so they are worth nothing afterwards.
 *
 * @param slots a copy of bus slots
 */
export function packMessages(slots: Uint8Array, count: number): Buffer {
  let to = 0;
  for (let i = 0; i < count; i++) {
    const from = i * BUS_SLOT_BYTES + BUS_WS_OFFSET;
    const bytes = HEADER_BYTES + (slots[i * BUS_SLOT_BYTES + BUS_LENGTH_OFFSET] as number);
    slots.copyWithin(to, from, from + bytes);
    to += bytes;
  }
  const out = Buffer.allocUnsafe(to);
  out.set(slots.subarray(0, to));
  return out;
}

/**
 * Where a piece of packed messages of at most `bytes` ends. Pieces end between two messages,
 * because a pong or a close frame may come between two pieces.
 *
 * @param bytes at least one message
 */
export function messagesEnd(messages: Uint8Array, start: number, bytes: number): number {
  const limit = Math.min(messages.length, start + bytes);
  let end = start;
  for (let next = start; next <= limit; next += HEADER_BYTES + (messages[next + 1] as number)) {
    end = next;
    if (next === messages.length) break;
  }
  return end;
}
