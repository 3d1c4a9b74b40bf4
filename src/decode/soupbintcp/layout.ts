/**
 * SoupBinTCP packets, offsets in bytes, integers big-endian.
 *
 *   0        2      3
 *   ├────────┼──────┼─────────── … ─┬────────┬──── …
 *   │ length │ type │ body          │ length │ type
 *
 * The length counts the type and the body. Source: Nasdaq SoupBinTCP specification 3.00, section 2.
 */

import * as O from "./offsets.ts";

// The offsets and type letters: made from layouts/soupbintcp-3.0.json.
export * from "./offsets.ts";

/** Bytes of length and type. */
export const HEADER_BYTES = 3;
/** Bytes of the length, which does not count itself. */
export const LENGTH_BYTES = 2;
/** Bytes of the longest packet, with its length. */
export const PACKET_BYTES_MAX = LENGTH_BYTES + 0xffff;
/** Bytes of the session's name. */
export const SESSION_BYTES = 10;
/** Bytes of a sequence number in ASCII. */
export const NUMBER_BYTES = 20;
/** Bytes of the user's name. */
export const USERNAME_BYTES = 6;
/** Bytes of the password. */
export const PASSWORD_BYTES = 10;

const PACKET_TYPES: ReadonlySet<number> = new Set([
  ...[O.TYPE_DEBUG, O.TYPE_LOGIN_ACCEPTED, O.TYPE_LOGIN_REJECTED, O.TYPE_SEQUENCED_DATA],
  ...[O.TYPE_SERVER_HEARTBEAT, O.TYPE_END_OF_SESSION, O.TYPE_LOGIN_REQUEST],
  ...[O.TYPE_UNSEQUENCED_DATA, O.TYPE_CLIENT_HEARTBEAT, O.TYPE_LOGOUT_REQUEST],
]);

/** True for the type of any packet, the server's and the client's. */
export function isPacketType(type: number): boolean {
  return PACKET_TYPES.has(type);
}
