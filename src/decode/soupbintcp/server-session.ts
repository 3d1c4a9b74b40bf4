/**
 * The server's side of one SoupBinTCP connection. Sans-I/O; the messages themselves are the
 * owner's, which sends them with putHeader once the client has logged in.
 *
 * Source: Nasdaq SoupBinTCP specification 3.00, sections 2.2, 2.3 and 3.
 */
import { emptyPacket, loginAccepted, loginRejected } from "./encoder.ts";
import * as L from "./layout.ts";
import { parseNumber } from "./number.ts";
import { SoupReader } from "./reader.ts";

/** What a server stands on. */
export interface SoupServerOptions {
  /** Name of the one session that there is. */
  readonly session: string;
  /** User and password that are let in; null lets anybody in. */
  readonly user: { readonly name: string; readonly password: string } | null;
  readonly heartbeatMs: number;
  /** A client that says nothing for so long is gone; the specification has 15 s. */
  readonly silenceMs: number;
}

/** What a connection tells its owner. */
export interface SoupServerSink {
  send(bytes: Uint8Array): void;
  /**
   * Someone logs in.
   *
   * @param wanted first message asked for; 0n: the most recent
   * @returns sequence of the first message that will be sent
   */
  onLogin(wanted: bigint): bigint;
  /** The connection is over; what was sent may still go out. */
  onClose(reason: string): void;
}

/** One connection. */
export class SoupServerSession {
  /** True from the accepted login to the end. */
  open = false;
  #closed = false;
  readonly #options: SoupServerOptions;
  readonly #sink: SoupServerSink;
  readonly #reader: SoupReader;
  #sentMs: number;
  #heardMs: number;
  #nowMs: number;

  constructor(options: SoupServerOptions, sink: SoupServerSink, nowMs: number) {
    this.#options = options;
    this.#sink = sink;
    this.#reader = new SoupReader({ onSoupPacket: (...packet) => this.#packet(...packet) });
    this.#sentMs = nowMs;
    this.#heardMs = nowMs;
    this.#nowMs = nowMs;
  }

  /** Takes what came. */
  received(bytes: Uint8Array, nowMs: number): void {
    this.#heardMs = nowMs;
    this.#nowMs = nowMs;
    if (this.#closed) return;
    this.#reader.push(bytes);
    if (this.#reader.broken) this.close("a packet without a type");
  }

  /** Data went out at this time, so that no heartbeat is needed. */
  sent(nowMs: number): void {
    this.#sentMs = nowMs;
  }

  /** Sends heartbeats and notices a silent client; to be called a few times a second. */
  tick(nowMs: number): void {
    const { heartbeatMs, silenceMs } = this.#options;
    if (this.#closed) return;
    if (nowMs - this.#heardMs >= silenceMs) {
      this.close(`the client was silent for ${silenceMs} ms`);
    } else if (this.open && nowMs - this.#sentMs >= heartbeatMs) {
      this.#sentMs = nowMs;
      this.#sink.send(emptyPacket(L.TYPE_SERVER_HEARTBEAT));
    }
  }

  /** Says that no message will come any more. */
  end(): void {
    if (!this.open) return;
    this.#sink.send(emptyPacket(L.TYPE_END_OF_SESSION));
    this.close("end of session");
  }

  /** Ends the connection once. */
  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.open = false;
    this.#sink.onClose(reason);
  }

  #packet(type: number, bytes: Uint8Array, from: number, to: number): void {
    if (this.#closed) return;
    if (type === L.TYPE_LOGOUT_REQUEST) this.close("logout");
    else if (type === L.TYPE_LOGIN_REQUEST && !this.open) this.#login(bytes, from, to);
    else if (type !== L.TYPE_CLIENT_HEARTBEAT && type !== L.TYPE_DEBUG) {
      // Unsequenced data are for a gateway, which this is not.
      const isData = type === L.TYPE_UNSEQUENCED_DATA && this.open;
      if (!isData) this.close(`a packet of type 0x${type.toString(16)}`);
    }
  }

  #login(bytes: Uint8Array, from: number, to: number): void {
    const at = from - L.HEADER_BYTES;
    if (to - at !== L.LOGIN_REQUEST_BYTES) {
      this.close(`a login request of ${to - at} bytes`);
      return;
    }
    const field = (offset: number, width: number): string => {
      return String.fromCharCode(...bytes.subarray(at + offset, at + offset + width)).trim();
    };
    const { user, session } = this.#options;
    const name = field(L.LOGIN_REQUEST_USERNAME, L.USERNAME_BYTES).toUpperCase();
    const password = field(L.LOGIN_REQUEST_PASSWORD, L.PASSWORD_BYTES).toUpperCase();
    const known = user === null || (name === user.name.toUpperCase() && password === upper(user));
    const asked = field(L.LOGIN_REQUEST_REQUESTED_SESSION, L.SESSION_BYTES);
    const numberAt = at + L.LOGIN_REQUEST_REQUESTED_SEQUENCE_NUMBER;
    const wanted = parseNumber(bytes, numberAt, L.NUMBER_BYTES);
    if (!known || wanted === null) this.#reject("A");
    else if (asked !== "" && asked !== session) this.#reject("S");
    else {
      const next = this.#sink.onLogin(wanted);
      this.open = true;
      this.#sentMs = this.#nowMs;
      this.#sink.send(loginAccepted(session, next));
    }
  }

  #reject(reason: "A" | "S"): void {
    this.#sink.send(loginRejected(reason));
    this.close(reason === "A" ? "login refused: not authorized" : "login refused: no such session");
  }
}

function upper(user: { readonly password: string }): string {
  return user.password.toUpperCase();
}
