/**
 * The WebSocket server on the library `ws`: its own HTTP server, handshakes checked before the
 * upgrade, prebuilt messages written straight to the socket. Thread: endpoint's (event loop).
 *
 * `ws` is left what it is good at: handshake headers, unmasking, pings, close frames. Its own
 * frames and ours never mix inside one, since both write whole messages synchronously.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer, STATUS_CODES } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ServerOptions } from "ws";
import { type WebSocket, WebSocketServer } from "ws";
import type { ListenAddress } from "../config/config.ts";
import { errorText, FeedError } from "../core/errors.ts";
import type {
  FrameServer,
  ServerConnection,
  ServerHandlers,
  ServerLimits,
  UpgradeRequest,
} from "./server.ts";

/** A client that has not closed its side this long after a close frame is dropped by `ws`, ms. */
const CLOSE_TIMEOUT_MS = 5000;
const MAX_HEADER_BYTES = 8192;

class WsConnection implements ServerConnection {
  readonly #ws: WebSocket;
  readonly #socket: Duplex;

  constructor(ws: WebSocket, socket: Duplex) {
    this.#ws = ws;
    this.#socket = socket;
  }

  write(messages: Buffer): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#socket.write(messages);
  }

  bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason);
  }

  destroy(): void {
    this.#ws.terminate();
  }
}

/** {@link FrameServer} on `ws`. */
export class WsServer<T> implements FrameServer {
  readonly #limits: ServerLimits;
  readonly #handlers: ServerHandlers<T>;
  readonly #http: Server;
  readonly #wss: WebSocketServer;
  readonly #sockets = new Set<Socket>();
  readonly #handshakes = new Map<Duplex, NodeJS.Timeout>();
  /** Subprotocol chosen for the handshake that is being answered. */
  #protocol: string | null = null;

  constructor(limits: ServerLimits, handlers: ServerHandlers<T>) {
    this.#limits = limits;
    this.#handlers = handlers;
    // The published types lack closeTimeout, which ws 8.19 brought.
    const options: ServerOptions & { closeTimeout: number } = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: limits.maxPayloadBytes,
      closeTimeout: CLOSE_TIMEOUT_MS,
      handleProtocols: () => this.#protocol ?? false,
    };
    this.#wss = new WebSocketServer(options);
    this.#http = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (req, res) => {
      this.#answerPlain(req, res);
    });
    this.#http.maxConnections = limits.maxConnections;
    this.#http.on("connection", (socket) => this.#onConnection(socket));
    this.#http.on("upgrade", (req, socket, head) => this.#onUpgrade(req, socket, head));
    this.#http.on("clientError", (_error, socket) => refuse(socket, 400, "not HTTP"));
  }

  listen(address: ListenAddress): Promise<number> {
    return new Promise((resolve, reject) => {
      const name = `${address.host}:${address.port}`;
      const onError = (error: Error): void => {
        const text = `publish.listen=${name} cannot be bound: ${errorText(error)}`;
        reject(new FeedError("FEED_LISTEN", text, { cause: error }));
      };
      this.#http.once("error", onError);
      this.#http.listen(address.port, address.host, () => {
        this.#http.removeListener("error", onError);
        resolve((this.#http.address() as AddressInfo).port);
      });
    });
  }

  stopListening(): void {
    this.#http.close();
    for (const socket of this.#handshakes.keys()) socket.destroy();
  }

  destroy(): void {
    this.stopListening();
    for (const socket of this.#sockets) socket.destroy();
  }

  #onConnection(socket: Socket): void {
    this.#sockets.add(socket);
    const timer = setTimeout(() => {
      this.#handlers.handshakeTimeout();
      socket.destroy();
    }, this.#limits.handshakeTimeoutMs);
    this.#handshakes.set(socket, timer);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#handshakeDone(socket);
    });
  }

  #handshakeDone(socket: Duplex): void {
    clearTimeout(this.#handshakes.get(socket));
    this.#handshakes.delete(socket);
  }

  /** A request without an upgrade is told what would be wrong with it first. */
  #answerPlain(req: IncomingMessage, res: ServerResponse): void {
    const answer = this.#handlers.check(upgradeRequest(req));
    const status = answer.accept ? 426 : answer.status;
    const reason = answer.accept ? "a WebSocket handshake is wanted" : answer.reason;
    res.writeHead(status, { connection: "close", "content-type": "text/plain; charset=utf-8" });
    res.end(`${reason}\n`);
  }

  #onUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", ignoreError);
    const answer = this.#handlers.check(upgradeRequest(req));
    if (!answer.accept) {
      refuse(socket, answer.status, answer.reason);
      return;
    }
    this.#protocol = answer.protocol;
    this.#wss.handleUpgrade(req, socket, head, (ws) => {
      this.#handshakeDone(socket);
      const connection = new WsConnection(ws, socket);
      const handlers = this.#handlers;
      ws.on("error", ignoreError);
      ws.on("message", () => handlers.message(connection));
      ws.on("close", () => handlers.closed(connection));
      socket.on("drain", () => handlers.drain(connection));
      handlers.open(connection, answer.context);
    });
  }
}

/** What a client breaks ends its connection, which is counted there; nothing is left to do here. */
function ignoreError(): void {
  // See above: `close` follows every error.
}

function upgradeRequest(req: IncomingMessage): UpgradeRequest {
  const offered = req.headers["sec-websocket-protocol"];
  return {
    target: req.url ?? "/",
    origin: req.headers.origin,
    authorization: req.headers.authorization,
    protocols: offered === undefined ? [] : offered.split(",").map((name) => name.trim()),
  };
}

/** Answers a handshake with an HTTP status and drops the connection once that is written. */
function refuse(socket: Duplex, status: number, reason: string): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = `${reason}\n`;
  socket.once("finish", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Refused"}\r\nConnection: close\r\n` +
      `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `\r\n${body}`,
  );
}
