/**
 * The raw-v1 wire layout (docs/protocols/raw-v1.md): numbers only. Offsets are bytes from the
 * frame's start; all fields are little-endian and packed.
 *
 *   0      4   5   6    8          12             20         28         36         44    48
 *   ├──────┼───┼───┼────┼──────────┼──────────────┼──────────┼──────────┼──────────┼─────┼───────
 *   │"OBv1"│ 1 │ 0 │type│channel_id│instrument_id │ sequence │ global   │send_time │ len │payload
 *
 * On the bus a frame lies at byte 4 of its slot (src/core/bus.ts), so that every header field and
 * all of the payload but EXECUTE's match id are whole aligned words there.
 */

/** "OBv1" as a little-endian word. */
export const RAW_MAGIC = 0x3176424f;
/** Version of the frame layout. */
export const RAW_VERSION = 1;
/** Codec number: raw structs. */
export const RAW_CODEC = 0;
/** Channel number of OBO L3. */
export const RAW_CHANNEL_OBO = 0;

/** Header fields: offsets in bytes. */
export const RAW_MAGIC_OFFSET = 0;
export const RAW_VERSION_OFFSET = 4;
export const RAW_CODEC_OFFSET = 5;
export const RAW_TYPE_OFFSET = 6;
export const RAW_CHANNEL_OFFSET = 8;
export const RAW_INSTRUMENT_OFFSET = 12;
export const RAW_SEQUENCE_OFFSET = 20;
export const RAW_GLOBAL_OFFSET = 28;
export const RAW_SEND_TIME_OFFSET = 36;
export const RAW_PAYLOAD_LENGTH_OFFSET = 44;
/** Size of the header, bytes. */
export const RAW_HEADER_BYTES = 48;

/** Message types. */
export const RawType = {
  HEARTBEAT: 1,
  GAP: 2,
  SNAPSHOT_START: 3,
  SNAPSHOT_END: 4,
  OBO_ADD: 100,
  OBO_MODIFY: 101,
  OBO_CANCEL: 102,
  OBO_EXECUTE: 103,
  SNAPSHOT_HDR: 104,
} as const;

/** Payload sizes, bytes. */
export const GAP_BYTES = 16;
export const ADD_BYTES = 26;
export const MODIFY_BYTES = 25;
export const CANCEL_BYTES = 17;
export const EXECUTE_BYTES = 33;
export const SNAPSHOT_HDR_BYTES = 8;

/** The largest frame (EXECUTE), bytes. */
export const RAW_FRAME_BYTES_MAX = RAW_HEADER_BYTES + EXECUTE_BYTES;

/** MODIFY flag bit 0: only the quantity changes, the order keeps its place. */
export const MODIFY_QUANTITY_ONLY = 1;

/** EXECUTE's aggressor where the protocol does not tell. */
export const AGGRESSOR_UNKNOWN = 255;

/** Bytes of the header of a WebSocket message below 126 bytes (RFC 6455, section 5.2). */
export const WS_HEADER_BYTES = 2;
/** First byte of an unfragmented binary WebSocket message: FIN and opcode 2. */
export const WS_BINARY = 0x82;
/** The largest frame as a WebSocket message, bytes. */
export const WS_MESSAGE_BYTES_MAX = WS_HEADER_BYTES + RAW_FRAME_BYTES_MAX;

/** Words of the frame as they lie in a bus slot, from the slot's first word. */
export const SLOT_WS = 0;
export const SLOT_MAGIC = 1;
export const SLOT_TYPE = 2;
export const SLOT_CHANNEL = 3;
export const SLOT_INSTRUMENT = 4;
export const SLOT_SEQUENCE = 6;
export const SLOT_GLOBAL = 8;
export const SLOT_SEND_TIME = 10;
export const SLOT_PAYLOAD_LENGTH = 12;
export const SLOT_PAYLOAD = 13;

/** Close codes of the page. */
export const CloseCode = {
  /** The server stops. */
  STOPPING: 1001,
  /** A client sent a data message. */
  POLICY: 1008,
  /** Too slow for its bounded buffer; cut off one second later. */
  TOO_SLOW: 4000,
  /** The bus went over what the client had still to get. */
  OVERRUN: 4001,
} as const;
