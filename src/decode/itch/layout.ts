/**
 * Nasdaq TotalView-ITCH 5.0: types, lengths and byte offsets of all 23 messages, revision of
 * 19 February 2026.
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
import {
  ADD_BYTES,
  ADD_MPID_BYTES,
  BROKEN_BYTES,
  CANCEL_BYTES,
  CROSS_BYTES,
  DELETE_BYTES,
  DIRECT_LISTING_BYTES,
  DIRECTORY_BYTES,
  EXECUTE_BYTES,
  EXECUTE_PRICE_BYTES,
  IMBALANCE_BYTES,
  IPO_QUOTING_BYTES,
  LULD_COLLAR_BYTES,
  MWCB_DECLINE_BYTES,
  MWCB_STATUS_BYTES,
  OPERATIONAL_HALT_BYTES,
  PARTICIPANT_BYTES,
  REG_SHO_BYTES,
  REPLACE_BYTES,
  RETAIL_INTEREST_BYTES,
  SYSTEM_EVENT_BYTES,
  TRADE_BYTES,
  TRADING_ACTION_BYTES,
} from "./offsets.ts";

// The offsets, lengths and type letters: made from layouts/itch-5.0.json.
export * from "./offsets.ts";

/** Bytes of the length in front of each message (BinaryFILE, MoldUDP64 message block). */
export const BLOCK_HEADER_BYTES = 2;

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
