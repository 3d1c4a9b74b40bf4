/** The Login Accepted packet, read by whoever follows a session from it on. */
import * as L from "./layout.ts";
import { parseNumber } from "./number.ts";

/** What a Login Accepted packet says. */
export interface LoginAccepted {
  /** The session's name without padding: printable ASCII without blanks, as a login can ask for. */
  readonly session: string;
  /** Sequence of the first message to come, 1 to 2^53 - 1. */
  readonly next: number;
}

/**
 * Reads the packet whose body is bytes[from..to), as SoupReader hands it out.
 *
 * @returns why it cannot be one, as text, when it cannot
 */
export function readLoginAccepted(
  bytes: Uint8Array,
  from: number,
  to: number,
): LoginAccepted | string {
  const at = from - L.HEADER_BYTES;
  if (to - at !== L.LOGIN_ACCEPTED_BYTES) return `of ${to - at} bytes`;
  const next = parseNumber(bytes, at + L.LOGIN_ACCEPTED_SEQUENCE_NUMBER, L.NUMBER_BYTES);
  if (next === null || next < 1n || next > BigInt(Number.MAX_SAFE_INTEGER)) {
    return `with sequence ${next}`;
  }
  let session = "";
  for (let i = 0; i < L.SESSION_BYTES; i++) {
    session += String.fromCharCode(bytes[at + L.LOGIN_ACCEPTED_SESSION + i] as number);
  }
  if (!/^ *[\x21-\x7e]* *$/.test(session)) return `with session ${JSON.stringify(session)}`;
  return { session: session.trim(), next: Number(next) };
}
