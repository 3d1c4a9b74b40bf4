/**
 * The WebSocket server on uWebSockets.js, behind the same interface. The library is not on the npm
 * registry and not in package.json: whoever wants `publish.server = "uws"` installs it.
 *
 * It frames messages itself, so a batch is sent message by message inside one cork. Its HTTP parser
 * drops a silent connection after its own 10 seconds; a shorter handshake limit cannot be set.
 */
import type { ListenAddress } from "../config/config.ts";
import { errorText, FeedError } from "../core/errors.ts";
import { WS_HEADER_BYTES } from "./raw-v1.ts";
import type { FrameServer, ServerConnection, ServerHandlers, ServerLimits } from "./server.ts";

interface UwsSocket<U> {
  getUserData(): U;
  send(message: Uint8Array, isBinary: boolean): number;
  cork(callback: () => void): void;
  getBufferedAmount(): number;
  end(code: number, reason: string): void;
  close(): void;
}

interface UwsResponse {
  writeStatus(status: string): UwsResponse;
  end(body: string, closeConnection: boolean): void;
  upgrade<U>(
    userData: U,
    key: string,
    protocol: string,
    extensions: string,
    context: unknown,
  ): void;
}

interface UwsRequest {
  getUrl(): string;
  getQuery(): string | undefined;
  getHeader(name: string): string;
}

interface UwsBehavior<U> {
  compression: number;
  maxPayloadLength: number;
  maxBackpressure: number;
  idleTimeout: number;
  sendPingsAutomatically: boolean;
  upgrade(res: UwsResponse, req: UwsRequest, context: unknown): void;
  open(ws: UwsSocket<U>): void;
  message(ws: UwsSocket<U>): void;
  drain(ws: UwsSocket<U>): void;
  close(ws: UwsSocket<U>): void;
}

interface UwsApp {
  ws<U>(pattern: string, behavior: UwsBehavior<U>): UwsApp;
  any(pattern: string, handler: (res: UwsResponse, req: UwsRequest) => void): UwsApp;
  listen(host: string, port: number, callback: (token: unknown) => void): UwsApp;
  close(): void;
}

/** The part of uWebSockets.js that is used. */
export interface UwsModule {
  App(): UwsApp;
  us_listen_socket_close(token: unknown): void;
  us_socket_local_port(token: unknown): number;
}

interface UserData<T> {
  readonly context: T;
  connection: UwsConnection<T> | null;
}

class UwsConnection<T> implements ServerConnection {
  readonly #ws: UwsSocket<UserData<T>>;
  open = true;

  constructor(ws: UwsSocket<UserData<T>>) {
    this.#ws = ws;
  }

  write(messages: Buffer): void {
    if (!this.open) return;
    this.#ws.cork(() => {
      for (let at = 0; at < messages.length; ) {
        const end = at + WS_HEADER_BYTES + (messages[at + 1] as number);
        this.#ws.send(messages.subarray(at + WS_HEADER_BYTES, end), true);
        at = end;
      }
    });
  }

  bufferedBytes(): number {
    return this.open ? this.#ws.getBufferedAmount() : 0;
  }

  close(code: number, reason: string): void {
    if (this.open) this.#ws.end(code, reason);
  }

  destroy(): void {
    if (this.open) this.#ws.close();
  }
}

/** Where the library is looked for. */
export async function loadUws(name = "uWebSockets.js"): Promise<UwsModule> {
  try {
    const module = (await import(name)) as { default: UwsModule };
    return module.default;
  } catch (error) {
    const first = errorText(error).split("\n")[0];
    throw new FeedError(
      "FEED_ENVIRONMENT",
      `publish.server=uws needs ${name}, which cannot be loaded: ${first}`,
      { cause: error },
    );
  }
}

/** Makes the server. @throws FeedError FEED_ENVIRONMENT when the library is not installed */
export async function makeUwsServer<T>(
  limits: ServerLimits,
  handlers: ServerHandlers<T>,
  load: () => Promise<UwsModule> = loadUws,
): Promise<FrameServer> {
  return new UwsServer(await load(), limits, handlers);
}

class UwsServer<T> implements FrameServer {
  readonly #uws: UwsModule;
  readonly #app: UwsApp;
  readonly #handlers: ServerHandlers<T>;
  #token: unknown = null;

  constructor(uws: UwsModule, limits: ServerLimits, handlers: ServerHandlers<T>) {
    this.#uws = uws;
    this.#handlers = handlers;
    this.#app = uws.App();
    this.#app.ws<UserData<T>>("/*", {
      compression: 0,
      maxPayloadLength: limits.maxPayloadBytes,
      // The endpoint watches bufferedBytes() itself.
      maxBackpressure: 0,
      idleTimeout: 0,
      sendPingsAutomatically: false,
      upgrade: (res, req, context) => this.#onUpgrade(res, req, context),
      open: (ws) => {
        const connection = new UwsConnection(ws);
        ws.getUserData().connection = connection;
        handlers.open(connection, ws.getUserData().context);
      },
      message: (ws) => withConnection(ws, (connection) => handlers.message(connection)),
      drain: (ws) => withConnection(ws, (connection) => handlers.drain(connection)),
      close: (ws) =>
        withConnection(ws, (connection) => {
          connection.open = false;
          handlers.closed(connection);
        }),
    });
    this.#app.any("/*", (res) => res.writeStatus("426 Upgrade Required").end("", true));
  }

  listen(address: ListenAddress): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#app.listen(address.host, address.port, (token) => {
        if (token === false || token === null) {
          const name = `${address.host}:${address.port}`;
          reject(new FeedError("FEED_LISTEN", `publish.listen=${name} cannot be bound`));
          return;
        }
        this.#token = token;
        resolve(this.#uws.us_socket_local_port(token));
      });
    });
  }

  stopListening(): void {
    if (this.#token !== null) this.#uws.us_listen_socket_close(this.#token);
    this.#token = null;
  }

  destroy(): void {
    this.#token = null;
    this.#app.close();
  }

  #onUpgrade(res: UwsResponse, req: UwsRequest, context: unknown): void {
    const query = req.getQuery();
    const offered = req.getHeader("sec-websocket-protocol");
    const answer = this.#handlers.check({
      target: query === undefined || query === "" ? req.getUrl() : `${req.getUrl()}?${query}`,
      origin: req.getHeader("origin") || undefined,
      authorization: req.getHeader("authorization") || undefined,
      protocols: offered === "" ? [] : offered.split(",").map((name) => name.trim()),
    });
    if (!answer.accept) {
      res.writeStatus(`${answer.status} Refused`).end(`${answer.reason}\n`, true);
      return;
    }
    const userData: UserData<T> = { context: answer.context, connection: null };
    const key = req.getHeader("sec-websocket-key");
    res.upgrade(userData, key, answer.protocol ?? "", "", context);
  }
}

function withConnection<T>(
  ws: UwsSocket<UserData<T>>,
  use: (connection: UwsConnection<T>) => void,
): void {
  const { connection } = ws.getUserData();
  if (connection !== null) use(connection);
}
