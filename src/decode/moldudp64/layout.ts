/**
 * MoldUDP64 downstream packet, offsets in bytes, integers big-endian.
 *
 *   0          10         18      20        22
 *   ├──────────┼──────────┼───────┼─────────┼─────────── … ─┬─────────┬──── …
 *   │ session  │ sequence │ count │ length  │ message       │ length  │ message
 *
 * Source: Nasdaq MoldUDP64 Protocol Specification 1.00, section 3.
 */

// The offsets: made from layouts/moldudp64-1.0.json.
export * from "./offsets.ts";

/** Bytes of the session name. */
export const SESSION_BYTES = 10;
/** Count of a heartbeat. */
export const COUNT_HEARTBEAT = 0;
/** Count of an end-of-session packet. */
export const COUNT_END_OF_SESSION = 0xffff;
