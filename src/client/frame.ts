/**
 * raw-v1 frames as objects, for people who write clients: one type a message, every field named.
 * 64-bit ids, prices and quantities are BigInt; sequences and cursors are numbers (checked to be
 * below 2^53). For speed see ClientBooks.applyBytes, which makes no objects.
 *
 * Source: docs/protocols/raw-v1.md
 */
import { FeedError } from "../core/errors.ts";
import {
  ADD_BYTES,
  CANCEL_BYTES,
  EXECUTE_BYTES,
  GAP_BYTES,
  MODIFY_BYTES,
  MODIFY_QUANTITY_ONLY,
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
  SNAPSHOT_HDR_BYTES,
} from "../publish/raw-v1.ts";

/** What every frame says about itself. */
export interface FrameHeader {
  /** 0 on control frames. */
  readonly instrument: bigint;
  /** Per instrument, from 1; 0 on control and snapshot frames. */
  readonly sequence: number;
  /** global_sequence: the bus cursor, from 1; 0 on control and snapshot frames. */
  readonly cursor: number;
  /** Server's monotonic clock. */
  readonly sendTimeNs: bigint;
}

/** One second without another frame. */
export interface HeartbeatFrame extends FrameHeader {
  readonly type: "HEARTBEAT";
}

/** Cursors that are no longer retained, inclusive. */
export interface GapFrame extends FrameHeader {
  readonly type: "GAP";
  readonly first: number;
  readonly last: number;
}

/** An image of all books begins; whatever was known before is void. */
export interface SnapshotStartFrame extends FrameHeader {
  readonly type: "SNAPSHOT_START";
}

/** The image is complete; live frames follow from the next cursor. */
export interface SnapshotEndFrame extends FrameHeader {
  readonly type: "SNAPSHOT_END";
}

/** One instrument's orders follow as ADD frames. */
export interface SnapshotHeaderFrame extends FrameHeader {
  readonly type: "SNAPSHOT_HDR";
  /** Both sides together. */
  readonly levels: number;
  readonly orders: number;
}

/** An order joined the tail of its level. */
export interface AddFrame extends FrameHeader {
  readonly type: "ADD";
  readonly orderId: bigint;
  /** Venue's wire integer, signed. */
  readonly price: bigint;
  readonly quantity: bigint;
  readonly side: "bid" | "ask";
}

/** An order changed its quantity in place, or moved to the tail of its new price. */
export interface ModifyFrame extends FrameHeader {
  readonly type: "MODIFY";
  readonly orderId: bigint;
  /** 0 when only the quantity changes. */
  readonly price: bigint;
  readonly quantity: bigint;
  readonly quantityOnly: boolean;
}

/** An order lost `quantity`, or, when that is 0, is gone. */
export interface CancelFrame extends FrameHeader {
  readonly type: "CANCEL";
  readonly orderId: bigint;
  readonly quantity: bigint;
  readonly reason: number;
}

/** A resting order traded exactly `quantity`; it is gone when nothing is left. */
export interface ExecuteFrame extends FrameHeader {
  readonly type: "EXECUTE";
  readonly orderId: bigint;
  readonly quantity: bigint;
  readonly price: bigint;
  readonly aggressor: "buy" | "sell" | "unknown";
  readonly matchId: bigint;
}

/** Any raw-v1 frame. */
export type Frame =
  | HeartbeatFrame
  | GapFrame
  | SnapshotStartFrame
  | SnapshotEndFrame
  | SnapshotHeaderFrame
  | AddFrame
  | ModifyFrame
  | CancelFrame
  | ExecuteFrame;

const TYPES: Readonly<Record<number, readonly [Frame["type"], number]>> = {
  [RawType.HEARTBEAT]: ["HEARTBEAT", 0],
  [RawType.GAP]: ["GAP", GAP_BYTES],
  [RawType.SNAPSHOT_START]: ["SNAPSHOT_START", 0],
  [RawType.SNAPSHOT_END]: ["SNAPSHOT_END", 0],
  [RawType.OBO_ADD]: ["ADD", ADD_BYTES],
  [RawType.OBO_MODIFY]: ["MODIFY", MODIFY_BYTES],
  [RawType.OBO_CANCEL]: ["CANCEL", CANCEL_BYTES],
  [RawType.OBO_EXECUTE]: ["EXECUTE", EXECUTE_BYTES],
  [RawType.SNAPSHOT_HDR]: ["SNAPSHOT_HDR", SNAPSHOT_HDR_BYTES],
};
const AGGRESSORS = ["buy", "sell"] as const;

/** Sees bytes as a frame may lie in them: anywhere in a larger buffer. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Checks that bytes are exactly one raw-v1 frame.
 *
 * @returns its message type
 * @throws FeedError FEED_FORMAT naming the field, its value and what was expected
 */
export function checkFrame(view: DataView): number {
  const length = view.byteLength;
  if (length < RAW_HEADER_BYTES) throw wrong("frame length", length, `>= ${RAW_HEADER_BYTES}`);
  const magic = view.getUint32(0, true);
  if (magic !== RAW_MAGIC) throw wrong("magic", magic, RAW_MAGIC);
  const version = view.getUint8(RAW_VERSION_OFFSET);
  if (version !== RAW_VERSION) throw wrong("version", version, RAW_VERSION);
  const codec = view.getUint8(RAW_CODEC_OFFSET);
  if (codec !== RAW_CODEC) throw wrong("codec", codec, RAW_CODEC);
  const channel = view.getUint32(RAW_CHANNEL_OFFSET, true);
  if (channel !== RAW_CHANNEL_OBO) throw wrong("channel_id", channel, RAW_CHANNEL_OBO);
  const payload = view.getUint32(RAW_PAYLOAD_LENGTH_OFFSET, true);
  if (payload !== length - RAW_HEADER_BYTES) {
    throw wrong("payload_len", payload, length - RAW_HEADER_BYTES);
  }
  const type = view.getUint16(RAW_TYPE_OFFSET, true);
  const known = TYPES[type];
  if (known === undefined) throw wrong("message_type", type, "a known type");
  if (payload !== known[1]) throw wrong(`payload_len of ${known[0]}`, payload, known[1]);
  return type;
}

/** Reads one frame. @throws FeedError FEED_FORMAT when the bytes are anything else */
export function decodeFrame(bytes: Uint8Array): Frame {
  const view = viewOf(bytes);
  const type = checkFrame(view);
  const header: FrameHeader = {
    instrument: view.getBigUint64(RAW_INSTRUMENT_OFFSET, true),
    sequence: counter(view, RAW_SEQUENCE_OFFSET, "sequence"),
    cursor: counter(view, RAW_GLOBAL_OFFSET, "global_sequence"),
    sendTimeNs: view.getBigUint64(RAW_SEND_TIME_OFFSET, true),
  };
  const at = RAW_HEADER_BYTES;
  switch (type) {
    case RawType.GAP: {
      const first = counter(view, at, "first evicted cursor");
      return { type: "GAP", ...header, first, last: counter(view, at + 8, "last evicted cursor") };
    }
    case RawType.SNAPSHOT_HDR: {
      const levels = view.getUint32(at, true);
      return { type: "SNAPSHOT_HDR", ...header, levels, orders: view.getUint32(at + 4, true) };
    }
    case RawType.OBO_ADD:
      return decodeAdd(view, header);
    case RawType.OBO_MODIFY:
      return {
        type: "MODIFY",
        ...header,
        orderId: view.getBigUint64(at, true),
        price: view.getBigInt64(at + 8, true),
        quantity: view.getBigUint64(at + 16, true),
        quantityOnly: (view.getUint8(at + 24) & MODIFY_QUANTITY_ONLY) !== 0,
      };
    case RawType.OBO_CANCEL:
      return {
        type: "CANCEL",
        ...header,
        orderId: view.getBigUint64(at, true),
        quantity: view.getBigUint64(at + 8, true),
        reason: view.getUint8(at + 16),
      };
    case RawType.OBO_EXECUTE:
      return decodeExecute(view, header);
    case RawType.SNAPSHOT_START:
      return { type: "SNAPSHOT_START", ...header };
    case RawType.SNAPSHOT_END:
      return { type: "SNAPSHOT_END", ...header };
    default:
      return { type: "HEARTBEAT", ...header };
  }
}

function decodeAdd(view: DataView, header: FrameHeader): AddFrame {
  const at = RAW_HEADER_BYTES;
  const side = view.getUint8(at + 24);
  if (side > 1) throw wrong("side", side, "0 or 1");
  return {
    type: "ADD",
    ...header,
    orderId: view.getBigUint64(at, true),
    price: view.getBigInt64(at + 8, true),
    quantity: view.getBigUint64(at + 16, true),
    side: side === 0 ? "bid" : "ask",
  };
}

function decodeExecute(view: DataView, header: FrameHeader): ExecuteFrame {
  const at = RAW_HEADER_BYTES;
  return {
    type: "EXECUTE",
    ...header,
    orderId: view.getBigUint64(at, true),
    quantity: view.getBigUint64(at + 8, true),
    price: view.getBigInt64(at + 16, true),
    aggressor: AGGRESSORS[view.getUint8(at + 24)] ?? "unknown",
    matchId: view.getBigUint64(at + 25, true),
  };
}

/** Writes one frame: what a server would send. */
export function encodeFrame(frame: Frame): Buffer {
  const entry = Object.entries(TYPES).find(([, [name]]) => name === frame.type);
  if (entry === undefined) throw wrong("type", frame.type, "a known type");
  const payload = entry[1][1];
  const out = Buffer.alloc(RAW_HEADER_BYTES + payload);
  out.writeUInt32LE(RAW_MAGIC, 0);
  out.writeUInt8(RAW_VERSION, RAW_VERSION_OFFSET);
  out.writeUInt8(RAW_CODEC, RAW_CODEC_OFFSET);
  out.writeUInt16LE(Number(entry[0]), RAW_TYPE_OFFSET);
  out.writeUInt32LE(RAW_CHANNEL_OBO, RAW_CHANNEL_OFFSET);
  out.writeBigUInt64LE(frame.instrument, RAW_INSTRUMENT_OFFSET);
  out.writeBigUInt64LE(BigInt(frame.sequence), RAW_SEQUENCE_OFFSET);
  out.writeBigUInt64LE(BigInt(frame.cursor), RAW_GLOBAL_OFFSET);
  out.writeBigUInt64LE(frame.sendTimeNs, RAW_SEND_TIME_OFFSET);
  out.writeUInt32LE(payload, RAW_PAYLOAD_LENGTH_OFFSET);
  encodePayload(frame, out, RAW_HEADER_BYTES);
  return out;
}

function encodePayload(frame: Frame, out: Buffer, at: number): void {
  if (frame.type === "GAP") {
    out.writeBigUInt64LE(BigInt(frame.first), at);
    out.writeBigUInt64LE(BigInt(frame.last), at + 8);
  } else if (frame.type === "SNAPSHOT_HDR") {
    out.writeUInt32LE(frame.levels, at);
    out.writeUInt32LE(frame.orders, at + 4);
  } else if (frame.type === "ADD" || frame.type === "MODIFY") {
    out.writeBigUInt64LE(frame.orderId, at);
    out.writeBigInt64LE(frame.price, at + 8);
    out.writeBigUInt64LE(frame.quantity, at + 16);
    const flag = frame.type === "ADD" ? frame.side === "ask" : frame.quantityOnly;
    out.writeUInt8(flag ? 1 : 0, at + 24);
  } else if (frame.type === "CANCEL") {
    out.writeBigUInt64LE(frame.orderId, at);
    out.writeBigUInt64LE(frame.quantity, at + 8);
    out.writeUInt8(frame.reason, at + 16);
  } else if (frame.type === "EXECUTE") {
    out.writeBigUInt64LE(frame.orderId, at);
    out.writeBigUInt64LE(frame.quantity, at + 8);
    out.writeBigInt64LE(frame.price, at + 16);
    out.writeUInt8({ buy: 0, sell: 1, unknown: 255 }[frame.aggressor], at + 24);
    out.writeBigUInt64LE(frame.matchId, at + 25);
  }
}

function counter(view: DataView, offset: number, name: string): number {
  const value = Number(view.getBigUint64(offset, true));
  if (!Number.isSafeInteger(value)) throw wrong(name, value, "< 2^53");
  return value;
}

function wrong(name: string, was: number | string, expected: number | string): FeedError {
  return new FeedError("FEED_FORMAT", `raw-v1 ${name} was ${was}, expected ${expected}`);
}
