/**
 * The client's side of a SoupBinTCP session. Sans-I/O: whoever owns the socket tells of connection,
 * bytes, time and loss; the session says what to send and hands out sequenced messages. After a
 * loss it logs in to the same session at the next sequence, so no message comes twice or is missed.
 *
 *   IDLE ──connected──▶ LOGIN ──accepted──▶ OPEN ──end of session──▶ ENDED
 *    ▲                    │                   │
 *    └──── disconnected ──┴───────────────────┘       LOGIN ──not authorized──▶ REFUSED
 *
 * Invariants: messages are handed out with consecutive sequences within a session. Nothing that
 * comes is trusted: what does not belong to the state ends the connection, and is counted.
 * Source: Nasdaq SoupBinTCP specification 3.00, sections 2.2, 2.3 and 3.
 */
import { emptyPacket, loginRequest } from "./encoder.ts";
import * as L from "./layout.ts";
import { readLoginAccepted } from "./login.ts";
import { SoupReader } from "./reader.ts";

/** Where a session stands. */
export const SoupState = {
  IDLE: 0,
  LOGIN: 1,
  OPEN: 2,
  /** The server said that no message will come any more. */
  ENDED: 3,
  /** The server knows no such user or password; asking again would not help. */
  REFUSED: 4,
} as const;

/** What the session tells its owner. */
export interface SoupClientSink {
  /** To be sent; the owner may keep the bytes. */
  send(bytes: Uint8Array): void;
  /**
   * The login was accepted.
   *
   * @param session its name without padding
   * @param next sequence of the first message to come, 1 to 2^53 - 1
   * @param isNew false when it is the session that was there before
   */
  onSession(session: string, next: number, isNew: boolean): void;
  /** A sequenced message: bytes[from..to), borrowed; its sequence is the session's `next`. */
  onMessage(bytes: Uint8Array, from: number, to: number): void;
  /** The server has nothing to say; the session's `next` is the message to come. */
  onHeartbeat(): void;
  /** The connection is of no use: to be closed, and opened anew unless the state says no. */
  onDrop(reason: string): void;
  /** The server has no more messages. */
  onEnd(): void;
}

/** How a session logs in and how long it waits. */
export interface SoupClientOptions {
  readonly username: string;
  readonly password: string;
  /** Session to ask for first; empty: the current one. */
  readonly session: string;
  /** First message to ask for, from 1; 0: the most recent. */
  readonly sequence: number;
  /** A heartbeat goes out when nothing went out for so long. */
  readonly heartbeatMs: number;
  /** A server that says nothing for so long is lost; the specification has 15 s. */
  readonly silenceMs: number;
}

const SEQUENCE_MAX = Number.MAX_SAFE_INTEGER;

/** The session. */
export class SoupClientSession {
  state: number = SoupState.IDLE;
  /** Sequence of the next message; what to ask for while no login was accepted. */
  next: number;
  /** The session's name; empty while it is not known. */
  session: string;
  readonly #options: SoupClientOptions;
  readonly #sink: SoupClientSink;
  readonly #reader: SoupReader;
  #sentMs = 0;
  #heardMs = 0;

  /** @throws FEED_USAGE when user name, password or session do not fit the wire */
  constructor(options: SoupClientOptions, sink: SoupClientSink) {
    this.#options = options;
    this.#sink = sink;
    this.next = options.sequence;
    this.session = options.session;
    this.#reader = new SoupReader({ onSoupPacket: (...packet) => this.#packet(...packet) });
    this.#login();
  }

  /** True when another connection may help. */
  get mayReconnect(): boolean {
    return this.state !== SoupState.ENDED && this.state !== SoupState.REFUSED;
  }

  /** A connection is there: logs in. */
  connected(nowMs: number): void {
    this.#reader.reset();
    this.state = SoupState.LOGIN;
    this.#heardMs = nowMs;
    this.#send(this.#login(), nowMs);
  }

  /** The connection is gone. */
  disconnected(): void {
    if (this.mayReconnect) this.state = SoupState.IDLE;
  }

  /** Takes what came. */
  received(bytes: Uint8Array, nowMs: number): void {
    if (this.state !== SoupState.LOGIN && this.state !== SoupState.OPEN) return;
    this.#heardMs = nowMs;
    this.#reader.push(bytes);
    const isUp = this.state === SoupState.LOGIN || this.state === SoupState.OPEN;
    if (this.#reader.broken && isUp) this.#drop("a packet without a type");
  }

  /** Sends heartbeats and notices a silent server; to be called a few times a second. */
  tick(nowMs: number): void {
    if (this.state !== SoupState.LOGIN && this.state !== SoupState.OPEN) return;
    const { silenceMs, heartbeatMs } = this.#options;
    if (nowMs - this.#heardMs >= silenceMs) {
      this.#drop(`the server was silent for ${silenceMs} ms`);
    } else if (this.state === SoupState.OPEN && nowMs - this.#sentMs >= heartbeatMs) {
      this.#send(emptyPacket(L.TYPE_CLIENT_HEARTBEAT), nowMs);
    }
  }

  /** Says goodbye, where anybody listens. */
  logout(nowMs: number): void {
    if (this.state === SoupState.OPEN) this.#send(emptyPacket(L.TYPE_LOGOUT_REQUEST), nowMs);
  }

  #login(): Uint8Array {
    const { username, password } = this.#options;
    const sequence = BigInt(this.next);
    return loginRequest({ username, password, session: this.session, sequence });
  }

  #send(bytes: Uint8Array, nowMs: number): void {
    this.#sentMs = nowMs;
    this.#sink.send(bytes);
  }

  #drop(reason: string): void {
    this.state = SoupState.IDLE;
    this.#sink.onDrop(reason);
  }

  #packet(type: number, bytes: Uint8Array, from: number, to: number): void {
    if (this.state === SoupState.OPEN) this.#inSession(type, bytes, from, to);
    else if (this.state === SoupState.LOGIN) this.#atLogin(type, bytes, from, to);
  }

  #inSession(type: number, bytes: Uint8Array, from: number, to: number): void {
    switch (type) {
      case L.TYPE_SEQUENCED_DATA:
        if (this.next === SEQUENCE_MAX) {
          this.#drop("the sequence reached 2^53 - 1");
          return;
        }
        this.#sink.onMessage(bytes, from, to);
        this.next++;
        return;
      case L.TYPE_END_OF_SESSION:
        this.state = SoupState.ENDED;
        this.#sink.onEnd();
        return;
      case L.TYPE_SERVER_HEARTBEAT:
        this.#sink.onHeartbeat();
        return;
      case L.TYPE_DEBUG:
      case L.TYPE_UNSEQUENCED_DATA:
        return;
      default:
        this.#drop(`a packet of type 0x${type.toString(16)} inside the session`);
    }
  }

  #atLogin(type: number, bytes: Uint8Array, from: number, to: number): void {
    if (type === L.TYPE_DEBUG || type === L.TYPE_SERVER_HEARTBEAT) return;
    if (type === L.TYPE_LOGIN_ACCEPTED) this.#accepted(bytes, from, to);
    else if (type === L.TYPE_LOGIN_REJECTED) this.#rejected(bytes[from]);
    else this.#drop(`a packet of type 0x${type.toString(16)} in answer to the login`);
  }

  #accepted(bytes: Uint8Array, from: number, to: number): void {
    const login = readLoginAccepted(bytes, from, to);
    if (typeof login === "string") {
      this.#drop(`a login accepted packet ${login}`);
      return;
    }
    const isNew = login.session !== this.session;
    this.session = login.session;
    this.next = login.next;
    this.state = SoupState.OPEN;
    this.#sink.onSession(login.session, login.next, isNew);
  }

  #rejected(reason: number | undefined): void {
    // A session that is over makes room for the current one, from its first message on.
    if (reason === 0x53 && this.session !== "") {
      const gone = this.session;
      this.session = "";
      this.next = 1;
      this.#drop(`session ${gone} is not available any more`);
      return;
    }
    if (reason === 0x53) {
      this.#drop("no session is available");
      return;
    }
    this.state = SoupState.REFUSED;
    this.#sink.onDrop("the login was refused: not authorized");
  }
}
