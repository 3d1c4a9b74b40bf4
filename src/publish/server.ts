/**
 * The one interface that a WebSocket server stands behind (`publish.server`), and the choice of it.
 * A server knows sockets, handshakes and message borders; all about raw-v1 is the endpoint's.
 */
import type { ListenAddress, PublishConfig } from "../config/config.ts";

/** A handshake's parts, as they came from the wire (hostile). */
export interface UpgradeRequest {
  /** Request target: path and query. */
  readonly target: string;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
  /** Subprotocols offered, in order. */
  readonly protocols: readonly string[];
}

/** The answer to a handshake: go on with `context`, or refuse with an HTTP status. */
export type UpgradeAnswer<T> =
  | { readonly accept: true; readonly protocol: string | null; readonly context: T }
  | { readonly accept: false; readonly status: number; readonly reason: string };

/** One upgraded connection. */
export interface ServerConnection {
  /** Writes whole prebuilt WebSocket messages; the bytes belong to the server from then on. */
  write(messages: Buffer): void;
  /** Bytes written that the kernel has not taken. */
  bufferedBytes(): number;
  /** Starts the closing handshake; nothing may be written after it. */
  close(code: number, reason: string): void;
  /** Drops the connection at once. */
  destroy(): void;
}

/**
 * What a server calls; T is what the endpoint decided in check(). When the handshake is then done,
 * open() follows in the same turn of the event loop, so nothing decided has changed; else nothing.
 */
export interface ServerHandlers<T> {
  check(request: UpgradeRequest): UpgradeAnswer<T>;
  open(connection: ServerConnection, context: T): void;
  /** The client sent a data message. */
  message(connection: ServerConnection): void;
  /** Everything written so far was taken by the kernel. */
  drain(connection: ServerConnection): void;
  closed(connection: ServerConnection): void;
  /** A connection was cut off because its handshake took too long. */
  handshakeTimeout(): void;
}

/** A WebSocket server on one address. */
export interface FrameServer {
  /** @returns the bound port @throws FeedError FEED_LISTEN */
  listen(address: ListenAddress): Promise<number>;
  /** Takes no more connections; open ones are the endpoint's to close. */
  stopListening(): void;
  /** Drops whatever is still open. */
  destroy(): void;
}

/** Limits that every server keeps. */
export interface ServerLimits {
  /** A handshake must be done within this time, ms. */
  readonly handshakeTimeoutMs: number;
  /** Largest message that a client may send, bytes. */
  readonly maxPayloadBytes: number;
  /** TCP connections at most, those in their handshake included. */
  readonly maxConnections: number;
}

/**
 * Makes the server that the configuration names. Imported when asked for, so that no process
 * loads a library that it does not use.
 *
 * @throws FeedError FEED_ENVIRONMENT when the named library is not installed
 */
export async function makeFrameServer<T>(
  kind: PublishConfig["server"],
  limits: ServerLimits,
  handlers: ServerHandlers<T>,
): Promise<FrameServer> {
  if (kind === "uws") {
    const { makeUwsServer } = await import("./uws-server.ts");
    return makeUwsServer(limits, handlers);
  }
  const { WsServer } = await import("./ws-server.ts");
  return new WsServer(limits, handlers);
}
