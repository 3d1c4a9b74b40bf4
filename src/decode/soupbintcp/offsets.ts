/**
 * SoupBinTCP 3.0: where each field lies, in bytes from the message's begin (in a
 * group or component: from the entry's). Beside it stand u unsigned, i signed or text, and the
 * width; e-8 has 8 decimals. Integers are big-endian. Optional ones may hold no value,
 * which is all ones, the smallest of a signed type, or all NUL.
 *
 * Made from layouts/soupbintcp-3.0.json by `npm run generate:layouts`; a test keeps it fresh.
 *
 * Source: Nasdaq SoupBinTCP specification 3.00, sections 2 and
 *   3.
 */

// What every message begins with.
export const PACKET_LENGTH = 0; // u16
export const PACKET_TYPE = 2; // text1

// Debug Packet, +
export const TYPE_DEBUG = 0x2b;
export const DEBUG_BYTES = 3;

// Login Accepted Packet, A
export const TYPE_LOGIN_ACCEPTED = 0x41;
export const LOGIN_ACCEPTED_BYTES = 33;
export const LOGIN_ACCEPTED_SESSION = 3; // text10
export const LOGIN_ACCEPTED_SEQUENCE_NUMBER = 13; // text20

// Login Rejected Packet, J
export const TYPE_LOGIN_REJECTED = 0x4a;
export const LOGIN_REJECTED_BYTES = 4;
export const LOGIN_REJECTED_REJECT_REASON = 3; // text1

// Sequenced Data Packet, S
export const TYPE_SEQUENCED_DATA = 0x53;
export const SEQUENCED_DATA_BYTES = 3;

// Server Heartbeat Packet, H
export const TYPE_SERVER_HEARTBEAT = 0x48;
export const SERVER_HEARTBEAT_BYTES = 3;

// End of Session Packet, Z
export const TYPE_END_OF_SESSION = 0x5a;
export const END_OF_SESSION_BYTES = 3;

// Login Request Packet, L
export const TYPE_LOGIN_REQUEST = 0x4c;
export const LOGIN_REQUEST_BYTES = 49;
export const LOGIN_REQUEST_USERNAME = 3; // text6
export const LOGIN_REQUEST_PASSWORD = 9; // text10
export const LOGIN_REQUEST_REQUESTED_SESSION = 19; // text10
export const LOGIN_REQUEST_REQUESTED_SEQUENCE_NUMBER = 29; // text20

// Unsequenced Data Packet, U
export const TYPE_UNSEQUENCED_DATA = 0x55;
export const UNSEQUENCED_DATA_BYTES = 3;

// Client Heartbeat Packet, R
export const TYPE_CLIENT_HEARTBEAT = 0x52;
export const CLIENT_HEARTBEAT_BYTES = 3;

// Logout Request Packet, O
export const TYPE_LOGOUT_REQUEST = 0x4f;
export const LOGOUT_REQUEST_BYTES = 3;
