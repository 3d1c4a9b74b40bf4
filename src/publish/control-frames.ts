/**
 * Frames that the endpoint itself makes, as whole WebSocket messages: heartbeats, gaps and the
 * frames of a snapshot. None takes a sequence or a cursor.
 */
import { bigFromHalves, highHalf } from "../core/layout.ts";
import {
  GAP_BYTES,
  RAW_CHANNEL_OBO,
  RAW_CHANNEL_OFFSET,
  RAW_CODEC,
  RAW_CODEC_OFFSET,
  RAW_GLOBAL_OFFSET,
  RAW_HEADER_BYTES,
  RAW_INSTRUMENT_OFFSET,
  RAW_MAGIC,
  RAW_PAYLOAD_LENGTH_OFFSET,
  RAW_SEND_TIME_OFFSET,
  RAW_SEQUENCE_OFFSET,
  RAW_TYPE_OFFSET,
  RAW_VERSION,
  RAW_VERSION_OFFSET,
  RawType,
  WS_BINARY,
  WS_HEADER_BYTES,
} from "./raw-v1.ts";

/**
 * Writes the WebSocket header and the raw-v1 header of a frame without sequence and cursor.
 *
 * @param at where in `out`, which holds zeros or anything else
 * @param mono the sender's monotonic clock, [lo, hi]
 * @returns where the payload begins
 */
export function writeControlHeader(
  out: DataView,
  at: number,
  type: number,
  payloadBytes: number,
  mono: Int32Array,
  instrumentLo: number,
  instrumentHi: number,
): number {
  out.setUint8(at, WS_BINARY);
  out.setUint8(at + 1, RAW_HEADER_BYTES + payloadBytes);
  const frame = at + WS_HEADER_BYTES;
  out.setInt32(frame, RAW_MAGIC, true);
  out.setUint8(frame + RAW_VERSION_OFFSET, RAW_VERSION);
  out.setUint8(frame + RAW_CODEC_OFFSET, RAW_CODEC);
  out.setUint16(frame + RAW_TYPE_OFFSET, type, true);
  out.setInt32(frame + RAW_CHANNEL_OFFSET, RAW_CHANNEL_OBO, true);
  out.setInt32(frame + RAW_INSTRUMENT_OFFSET, instrumentLo, true);
  out.setInt32(frame + RAW_INSTRUMENT_OFFSET + 4, instrumentHi, true);
  out.setInt32(frame + RAW_SEQUENCE_OFFSET, 0);
  out.setInt32(frame + RAW_SEQUENCE_OFFSET + 4, 0);
  out.setInt32(frame + RAW_GLOBAL_OFFSET, 0);
  out.setInt32(frame + RAW_GLOBAL_OFFSET + 4, 0);
  out.setInt32(frame + RAW_SEND_TIME_OFFSET, mono[0] as number, true);
  out.setInt32(frame + RAW_SEND_TIME_OFFSET + 4, mono[1] as number, true);
  out.setInt32(frame + RAW_PAYLOAD_LENGTH_OFFSET, payloadBytes, true);
  return frame + RAW_HEADER_BYTES;
}

/** A buffer's bytes as a DataView, whose stores V8 inlines. */
export function viewOf(out: Buffer): DataView {
  return new DataView(out.buffer, out.byteOffset, out.length);
}

/** A message without payload. */
function bare(type: number, mono: Int32Array): Buffer {
  const out = Buffer.alloc(WS_HEADER_BYTES + RAW_HEADER_BYTES);
  writeControlHeader(viewOf(out), 0, type, 0, mono, 0, 0);
  return out;
}

/** HEARTBEAT as a WebSocket message. */
export function heartbeatMessage(mono: Int32Array): Buffer {
  return bare(RawType.HEARTBEAT, mono);
}

/** GAP as a WebSocket message: cursors `first` to `last`, inclusive, are no longer retained. */
export function gapMessage(mono: Int32Array, first: number, last: number): Buffer {
  const out = Buffer.alloc(WS_HEADER_BYTES + RAW_HEADER_BYTES + GAP_BYTES);
  const at = writeControlHeader(viewOf(out), 0, RawType.GAP, GAP_BYTES, mono, 0, 0);
  out.writeBigUInt64LE(bigFromHalves(first | 0, highHalf(first)), at);
  out.writeBigUInt64LE(bigFromHalves(last | 0, highHalf(last)), at + 8);
  return out;
}
