/**
 * MoldUDP64 downstream packet, offsets in bytes, integers big-endian.
 *
 *   0          10         18      20        22
 *   ├──────────┼──────────┼───────┼─────────┼─────────── … ─┬─────────┬──── …
 *   │ session  │ sequence │ count │ length  │ message       │ length  │ message
 *
 * Source: Nasdaq MoldUDP64 Protocol Specification 1.00, section 3.
 */

/** Bytes of the header. */
export const HEADER_BYTES = 20;
/** Session name: 10 bytes, padded with spaces on the right. */
export const SESSION = 0;
/** Bytes of the session name. */
export const SESSION_BYTES = 10;
/** Sequence of the first message, u64. */
export const SEQUENCE = 10;
/** Message count, u16. */
export const COUNT = 18;
/** Count of a heartbeat. */
export const COUNT_HEARTBEAT = 0;
/** Count of an end-of-session packet. */
export const COUNT_END_OF_SESSION = 0xffff;
/** Bytes of the length in front of each message; it does not count itself, 0 is legal. */
export const BLOCK_HEADER_BYTES = 2;
