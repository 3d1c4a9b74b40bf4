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
  RAW_HEADER_BYTES,
  RAW_INSTRUMENT_OFFSET,
  RAW_MAGIC,
  RAW_PAYLOAD_LENGTH_OFFSET,
  RAW_SEND_TIME_OFFSET,
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
  out: Buffer,
  at: number,
  type: number,
  payloadBytes: number,
  mono: Int32Array,
  instrumentLo: number,
  instrumentHi: number,
): number {
  out[at] = WS_BINARY;
  out[at + 1] = RAW_HEADER_BYTES + payloadBytes;
  const frame = at + WS_HEADER_BYTES;
  out.writeUInt32LE(RAW_MAGIC, frame);
  out[frame + RAW_VERSION_OFFSET] = RAW_VERSION;
  out[frame + RAW_CODEC_OFFSET] = RAW_CODEC;
  out.writeUInt16LE(type, frame + RAW_TYPE_OFFSET);
  out.writeUInt32LE(RAW_CHANNEL_OBO, frame + RAW_CHANNEL_OFFSET);
  out.writeInt32LE(instrumentLo, frame + RAW_INSTRUMENT_OFFSET);
  out.writeInt32LE(instrumentHi, frame + RAW_INSTRUMENT_OFFSET + 4);
  out.fill(0, frame + RAW_INSTRUMENT_OFFSET + 8, frame + RAW_SEND_TIME_OFFSET);
  out.writeInt32LE(mono[0] as number, frame + RAW_SEND_TIME_OFFSET);
  out.writeInt32LE(mono[1] as number, frame + RAW_SEND_TIME_OFFSET + 4);
  out.writeUInt32LE(payloadBytes, frame + RAW_PAYLOAD_LENGTH_OFFSET);
  return frame + RAW_HEADER_BYTES;
}

/** A message without payload. */
function bare(type: number, mono: Int32Array): Buffer {
  const out = Buffer.alloc(WS_HEADER_BYTES + RAW_HEADER_BYTES);
  writeControlHeader(out, 0, type, 0, mono, 0, 0);
  return out;
}

/** HEARTBEAT as a WebSocket message. */
export function heartbeatMessage(mono: Int32Array): Buffer {
  return bare(RawType.HEARTBEAT, mono);
}

/** GAP as a WebSocket message: cursors `first` to `last`, inclusive, are no longer retained. */
export function gapMessage(mono: Int32Array, first: number, last: number): Buffer {
  const out = Buffer.alloc(WS_HEADER_BYTES + RAW_HEADER_BYTES + GAP_BYTES);
  const at = writeControlHeader(out, 0, RawType.GAP, GAP_BYTES, mono, 0, 0);
  out.writeBigUInt64LE(bigFromHalves(first | 0, highHalf(first)), at);
  out.writeBigUInt64LE(bigFromHalves(last | 0, highHalf(last)), at + 8);
  return out;
}
