/**
 * Writes SoupBinTCP packets. Headers in front of data are written in place, the rare packets as
 * byte strings of their own.
 *
 * Source: Nasdaq SoupBinTCP specification 3.00, sections 2.2 and 2.3.
 */
import { FeedError } from "../../core/errors.ts";
import * as L from "./layout.ts";

/** What a client asks for when it logs in. */
export interface LoginRequest {
  /** 0 to 6 letters and digits. */
  readonly username: string;
  /** 0 to 10 letters and digits. */
  readonly password: string;
  /** 0 to 10 letters and digits; empty: the current session. */
  readonly session: string;
  /** First message wanted, from 1; 0: the most recent. */
  readonly sequence: bigint;
}

/** @throws FEED_USAGE when a text does not fit the wire */
export function loginRequest(request: LoginRequest): Uint8Array {
  const out = packet(L.TYPE_LOGIN_REQUEST, L.LOGIN_REQUEST_BYTES);
  const { username, password, session, sequence } = request;
  right(out, L.LOGIN_REQUEST_USERNAME, L.USERNAME_BYTES, username, "username");
  right(out, L.LOGIN_REQUEST_PASSWORD, L.PASSWORD_BYTES, password, "password");
  left(out, L.LOGIN_REQUEST_REQUESTED_SESSION, L.SESSION_BYTES, session, "session");
  left(out, L.LOGIN_REQUEST_REQUESTED_SEQUENCE_NUMBER, L.NUMBER_BYTES, `${sequence}`, "sequence");
  return out;
}

/** @param sequence of the next sequenced message @throws FEED_USAGE as loginRequest does */
export function loginAccepted(session: string, sequence: bigint): Uint8Array {
  const out = packet(L.TYPE_LOGIN_ACCEPTED, L.LOGIN_ACCEPTED_BYTES);
  left(out, L.LOGIN_ACCEPTED_SESSION, L.SESSION_BYTES, session, "session");
  left(out, L.LOGIN_ACCEPTED_SEQUENCE_NUMBER, L.NUMBER_BYTES, `${sequence}`, "sequence");
  return out;
}

/** @param reason `A` not authorized, `S` session not available */
export function loginRejected(reason: "A" | "S"): Uint8Array {
  const out = packet(L.TYPE_LOGIN_REJECTED, L.LOGIN_REJECTED_BYTES);
  out[L.LOGIN_REJECTED_REJECT_REASON] = reason.charCodeAt(0);
  return out;
}

/** A packet without a body: a heartbeat, a logout, the end of the session. @param type its letter */
export function emptyPacket(type: number): Uint8Array {
  return packet(type, L.HEADER_BYTES);
}

/**
 * Writes the header of a packet with a body.
 *
 * @param bodyBytes 0 to 65,534
 * @returns where the body belongs
 */
export function putHeader(out: Uint8Array, at: number, type: number, bodyBytes: number): number {
  const length = bodyBytes + 1;
  out[at] = length >>> 8;
  out[at + 1] = length;
  out[at + L.LENGTH_BYTES] = type;
  return at + L.HEADER_BYTES;
}

function packet(type: number, bytes: number): Uint8Array {
  const out = new Uint8Array(bytes);
  putHeader(out, 0, type, bytes - L.HEADER_BYTES);
  return out;
}

function right(out: Uint8Array, at: number, width: number, text: string, name: string): void {
  out.set(ascii(text, width, name, text.padEnd(width)), at);
}

function left(out: Uint8Array, at: number, width: number, text: string, name: string): void {
  out.set(ascii(text, width, name, text.padStart(width)), at);
}

function ascii(text: string, width: number, name: string, padded: string): Uint8Array {
  if (text.length > width || !/^[\x21-\x7e]*$/.test(text)) {
    // A password must not get into a log.
    const shown = name === "password" ? "password" : `${name}=${JSON.stringify(text)}`;
    const bound = `was not 0 to ${width} printable ASCII characters`;
    throw new FeedError("FEED_USAGE", `${shown}: ${bound}`);
  }
  return new TextEncoder().encode(padded);
}
