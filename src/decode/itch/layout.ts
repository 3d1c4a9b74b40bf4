/**
 * Nasdaq TotalView-ITCH 5.0: types, lengths and byte offsets of all 23 messages, revision of
 * 19 February 2026. The only file that names an ITCH offset as a number.
 *
 * All integers are big-endian and unsigned. Offsets count from the message's type byte; the u16
 * length in front of it (BinaryFILE and MoldUDP64 alike) is not part of the message.
 *
 *   0     1         3           5             11
 *   ├─────┼─────────┼───────────┼─────────────┼──────── …
 *   │type │ locate  │ tracking  │ ns midnight │ body
 *
 * Source: Nasdaq TotalView-ITCH 5.0 specification, sections 4.1 to 4.8.
 */

/** Bytes of the length in front of each message (BinaryFILE, MoldUDP64 message block). */
export const BLOCK_HEADER_BYTES = 2;
/** Bytes of the longest message (I). */
export const MESSAGE_BYTES_MAX = 50;

// Type letters, as the bytes on the wire.
export const TYPE_SYSTEM_EVENT = 0x53; // S
export const TYPE_DIRECTORY = 0x52; // R
export const TYPE_TRADING_ACTION = 0x48; // H
export const TYPE_REG_SHO = 0x59; // Y
export const TYPE_PARTICIPANT = 0x4c; // L
export const TYPE_MWCB_DECLINE = 0x56; // V
export const TYPE_MWCB_STATUS = 0x57; // W
export const TYPE_IPO_QUOTING = 0x4b; // K
export const TYPE_LULD_COLLAR = 0x4a; // J
export const TYPE_OPERATIONAL_HALT = 0x68; // h
export const TYPE_ADD = 0x41; // A
export const TYPE_ADD_MPID = 0x46; // F
export const TYPE_EXECUTE = 0x45; // E
export const TYPE_EXECUTE_PRICE = 0x43; // C
export const TYPE_CANCEL = 0x58; // X
export const TYPE_DELETE = 0x44; // D
export const TYPE_REPLACE = 0x55; // U
export const TYPE_TRADE = 0x50; // P
export const TYPE_CROSS = 0x51; // Q
export const TYPE_BROKEN = 0x42; // B
export const TYPE_IMBALANCE = 0x49; // I
export const TYPE_RETAIL_INTEREST = 0x4e; // N
export const TYPE_DIRECT_LISTING = 0x4f; // O

// Message lengths, bytes.
export const SYSTEM_EVENT_BYTES = 12;
export const DIRECTORY_BYTES = 39;
export const TRADING_ACTION_BYTES = 25;
export const REG_SHO_BYTES = 20;
export const PARTICIPANT_BYTES = 26;
export const MWCB_DECLINE_BYTES = 35;
export const MWCB_STATUS_BYTES = 12;
export const IPO_QUOTING_BYTES = 28;
export const LULD_COLLAR_BYTES = 35;
export const OPERATIONAL_HALT_BYTES = 21;
export const ADD_BYTES = 36;
export const ADD_MPID_BYTES = 40;
export const EXECUTE_BYTES = 31;
export const EXECUTE_PRICE_BYTES = 36;
export const CANCEL_BYTES = 23;
export const DELETE_BYTES = 19;
export const REPLACE_BYTES = 35;
export const TRADE_BYTES = 44;
export const CROSS_BYTES = 40;
export const BROKEN_BYTES = 19;
export const IMBALANCE_BYTES = 50;
export const RETAIL_INTEREST_BYTES = 20;
export const DIRECT_LISTING_BYTES = 48;

// Every message.
export const LOCATE = 1;
export const TRACKING = 3;
/** Nanoseconds since midnight, 6 bytes. */
export const TIMESTAMP = 5;

// S, and the one-byte bodies.
export const EVENT_CODE = 11;
export const BREACHED_LEVEL = 11;

// Stock of R, H, Y, K, J, h, N, O: 8 bytes, padded with spaces on the right.
export const STOCK = 11;

// R
export const DIRECTORY_MARKET_CATEGORY = 19;
export const DIRECTORY_FINANCIAL_STATUS = 20;
export const DIRECTORY_ROUND_LOT = 21;
export const DIRECTORY_ROUND_LOTS_ONLY = 25;
export const DIRECTORY_ISSUE_CLASSIFICATION = 26;
export const DIRECTORY_ISSUE_SUB_TYPE = 27;
export const DIRECTORY_AUTHENTICITY = 29;
export const DIRECTORY_SHORT_SALE_THRESHOLD = 30;
export const DIRECTORY_IPO_FLAG = 31;
export const DIRECTORY_LULD_TIER = 32;
export const DIRECTORY_ETP_FLAG = 33;
export const DIRECTORY_ETP_LEVERAGE = 34;
export const DIRECTORY_INVERSE = 38;

// H, Y, h, N
export const TRADING_STATE = 19;
export const TRADING_RESERVED = 20;
export const TRADING_REASON = 21;
export const REG_SHO_ACTION = 19;
export const HALT_MARKET_CODE = 19;
export const HALT_ACTION = 20;
export const RETAIL_INTEREST_FLAG = 19;

// L
export const PARTICIPANT_MPID = 11;
export const PARTICIPANT_STOCK = 15;
export const PARTICIPANT_PRIMARY = 23;
export const PARTICIPANT_MODE = 24;
export const PARTICIPANT_STATE = 25;

// V: three prices of 8 bytes with 8 decimals
export const MWCB_LEVEL_1 = 11;
export const MWCB_LEVEL_2 = 19;
export const MWCB_LEVEL_3 = 27;

// K, J
export const IPO_RELEASE_TIME = 19;
export const IPO_RELEASE_QUALIFIER = 23;
export const IPO_PRICE = 24;
export const COLLAR_REFERENCE = 19;
export const COLLAR_UPPER = 23;
export const COLLAR_LOWER = 27;
export const COLLAR_EXTENSION = 31;

/** Order reference of A, F, E, C, X, D, U, P: 8 bytes. */
export const ORDER_REF = 11;

// A, F, P share everything up to the price; prices are 4 bytes with 4 decimals.
export const ADD_SIDE = 19;
export const ADD_SHARES = 20;
export const ADD_STOCK = 24;
export const ADD_PRICE = 32;
export const ADD_ATTRIBUTION = 36;
export const TRADE_MATCH = 36;

// E, C
export const EXECUTE_SHARES = 19;
export const EXECUTE_MATCH = 23;
export const EXECUTE_PRINTABLE = 31;
export const EXECUTE_PRICE = 32;

// X, U
export const CANCEL_SHARES = 19;
export const REPLACE_NEW_REF = 19;
export const REPLACE_SHARES = 27;
export const REPLACE_PRICE = 31;

// Q: shares are 8 bytes
export const CROSS_SHARES = 11;
export const CROSS_STOCK = 19;
export const CROSS_PRICE = 27;
export const CROSS_MATCH = 31;
export const CROSS_TYPE = 39;

// B
export const BROKEN_MATCH = 11;

// I: both share counts are 8 bytes
export const IMBALANCE_PAIRED = 11;
export const IMBALANCE_SHARES = 19;
export const IMBALANCE_DIRECTION = 27;
export const IMBALANCE_STOCK = 28;
export const IMBALANCE_FAR = 36;
export const IMBALANCE_NEAR = 40;
export const IMBALANCE_REFERENCE = 44;
export const IMBALANCE_CROSS_TYPE = 48;
export const IMBALANCE_VARIATION = 49;

// O
export const LISTING_STATUS = 19;
export const LISTING_PRICE_MIN = 20;
export const LISTING_PRICE_MAX = 24;
export const LISTING_NEAR_PRICE = 28;
export const LISTING_NEAR_TIME = 32;
export const LISTING_COLLAR_LOW = 40;
export const LISTING_COLLAR_HIGH = 44;

/** 'B', the buy side on the wire. */
export const BUY = 0x42;
/** 'S', the sell side on the wire. */
export const SELL = 0x53;
/** 'N', not printable: the execution does not count in volume. */
export const NOT_PRINTABLE = 0x4e;

/** Each type letter with its message's name and length in bytes. */
export const MESSAGE_TYPES = [
  ["S", "System Event", SYSTEM_EVENT_BYTES],
  ["R", "Stock Directory", DIRECTORY_BYTES],
  ["H", "Stock Trading Action", TRADING_ACTION_BYTES],
  ["Y", "Reg SHO Short Sale Price Test Restricted Indicator", REG_SHO_BYTES],
  ["L", "Market Participant Position", PARTICIPANT_BYTES],
  ["V", "MWCB Decline Level", MWCB_DECLINE_BYTES],
  ["W", "MWCB Status", MWCB_STATUS_BYTES],
  ["K", "IPO Quoting Period Update", IPO_QUOTING_BYTES],
  ["J", "LULD Auction Collar", LULD_COLLAR_BYTES],
  ["h", "Operational Halt", OPERATIONAL_HALT_BYTES],
  ["A", "Add Order (No MPID)", ADD_BYTES],
  ["F", "Add Order (MPID)", ADD_MPID_BYTES],
  ["E", "Order Executed", EXECUTE_BYTES],
  ["C", "Order Executed With Price", EXECUTE_PRICE_BYTES],
  ["X", "Order Cancel", CANCEL_BYTES],
  ["D", "Order Delete", DELETE_BYTES],
  ["U", "Order Replace", REPLACE_BYTES],
  ["P", "Trade (Non-Cross)", TRADE_BYTES],
  ["Q", "Cross Trade", CROSS_BYTES],
  ["B", "Broken Trade", BROKEN_BYTES],
  ["I", "Net Order Imbalance Indicator", IMBALANCE_BYTES],
  ["N", "Retail Price Improvement Indicator", RETAIL_INTEREST_BYTES],
  ["O", "Direct Listing With Capital Raise Price Discovery", DIRECT_LISTING_BYTES],
] as const;

/** A fresh table: message length in bytes at the type's byte value, 0 where there is no type. */
export function messageLengths(): Uint8Array {
  const lengths = new Uint8Array(256);
  for (const [letter, , length] of MESSAGE_TYPES) lengths[letter.charCodeAt(0)] = length;
  return lengths;
}
