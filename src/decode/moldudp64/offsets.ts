/**
 * MoldUDP64 1.0: where each field lies, in bytes from the message's begin (in a
 * group or component: from the entry's). Beside it stand u unsigned, i signed or text, and the
 * width; e-8 has 8 decimals. Integers are big-endian. Optional ones may hold no value,
 * which is all ones, the smallest of a signed type, or all NUL.
 *
 * Made from layouts/moldudp64-1.0.json by `npm run generate:layouts`; a test keeps it fresh.
 *
 * Source: Nasdaq MoldUDP64 Protocol Specification 1.00, section
 *   3.
 */

// Downstream Packet, downstream
export const HEADER_BYTES = 20;
export const SESSION = 0; // text10
export const SEQUENCE = 10; // u64
export const COUNT = 18; // u16

// Message Block, block
export const BLOCK_HEADER_BYTES = 2;
export const BLOCK_LENGTH = 0; // u16

// Request Packet, request
export const REQUEST_BYTES = 20;
export const REQUEST_SESSION = 0; // text10
export const REQUEST_SEQUENCE = 10; // u64
export const REQUEST_COUNT = 18; // u16
