/**
 * Writes MoldUDP64 headers, heartbeats and end-of-session packets. The message blocks behind a
 * header are BinaryFILE blocks as they stand (itch/encoder.ts), copied by the caller.
 *
 * Source: Nasdaq MoldUDP64 Protocol Specification 1.00, section 3.
 */
import { FeedError } from "../../core/errors.ts";
import { highHalf } from "../../core/layout.ts";
import {
  COUNT,
  COUNT_END_OF_SESSION,
  COUNT_HEARTBEAT,
  HEADER_BYTES,
  SEQUENCE,
  SESSION,
  SESSION_BYTES,
} from "./layout.ts";

/** Most messages that one packet may count. */
export const MESSAGES_MAX = COUNT_END_OF_SESSION - 1;

/**
 * A session name as the wire's ten bytes, padded with spaces on the right.
 *
 * @param name 0 to 10 printable ASCII characters
 * @throws FEED_USAGE when it is longer or holds anything else
 */
export function sessionBytes(name: string): Uint8Array {
  if (name.length > SESSION_BYTES || !/^[\x20-\x7e]*$/.test(name)) {
    throw new FeedError(
      "FEED_USAGE",
      `session=${JSON.stringify(name)}: was not 0 to ${SESSION_BYTES} printable ASCII characters`,
    );
  }
  return new TextEncoder().encode(name.padEnd(SESSION_BYTES, " "));
}

/** Headers of one session. */
export class MoldUdp64Writer {
  readonly #session: Uint8Array;

  /** @param session as {@link sessionBytes} takes it @throws FEED_USAGE */
  constructor(session: string) {
    this.#session = sessionBytes(session);
  }

  /**
   * Writes a data packet's header.
   *
   * @param at where in `out`, bytes
   * @param seq of the first message, 1 to 2^53 - 1 (0 to 2^53 - 1 is written as given)
   * @param count messages, 1 to {@link MESSAGES_MAX}
   * @returns where the first message block belongs
   */
  header(out: Uint8Array, at: number, seq: number, count: number): number {
    out.set(this.#session, at + SESSION);
    putU32(out, at + SEQUENCE, highHalf(seq));
    putU32(out, at + SEQUENCE + 4, seq % 0x1_0000_0000);
    out[at + COUNT] = count >>> 8;
    out[at + COUNT + 1] = count;
    return at + HEADER_BYTES;
  }

  /** Writes a heartbeat. @param next sequence of the next message @returns its end in `out` */
  heartbeat(out: Uint8Array, at: number, next: number): number {
    return this.header(out, at, next, COUNT_HEARTBEAT);
  }

  /** Writes an end-of-session packet. @param next as in heartbeat() @returns its end in `out` */
  endOfSession(out: Uint8Array, at: number, next: number): number {
    return this.header(out, at, next, COUNT_END_OF_SESSION);
  }
}

function putU32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}
