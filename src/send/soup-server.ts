/**
 * A small SoupBinTCP server: one session whose messages are a file's, for tests and for users who
 * want to try a client. Each client reads at its own sequence and pace; a slow one holds back its
 * own socket only.
 *
 * Thread: main's, event loop.
 */
import { createServer, type Server, type Socket } from "node:net";
import { FeedError } from "../core/errors.ts";
import { BLOCK_HEADER_BYTES } from "../decode/itch/layout.ts";
import { putHeader } from "../decode/soupbintcp/encoder.ts";
import { HEADER_BYTES, TYPE_SEQUENCED_DATA } from "../decode/soupbintcp/layout.ts";
import { SoupServerSession } from "../decode/soupbintcp/server-session.ts";
import type { SoupFile } from "./soup-file.ts";

const TICK_MS = 20;
const CHUNK_BYTES = 65_536;
const MS_PER_SECOND = 1000;

/** How to serve. */
export interface SoupServeOptions {
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  readonly session: string;
  readonly user: { readonly name: string; readonly password: string } | null;
  /** Messages a second from the first login on; null: all are there at once. */
  readonly messagesPerSecond: number | null;
  /** False: after the last message heartbeats go on, and no end of session is sent. */
  readonly ends: boolean;
  readonly heartbeatMs?: number;
  readonly silenceMs?: number;
  /** Told of clients that come and go. */
  readonly log?: (line: string) => void;
}

/** A listening server. */
export class SoupServer {
  readonly port: number;
  /** Called each time a client has got everything and has gone. */
  onServed: () => void = () => {};
  readonly #file: SoupFile;
  readonly #options: SoupServeOptions;
  readonly #server: Server;
  readonly #clients = new Set<SoupConnection>();
  readonly #timer: NodeJS.Timeout;
  #firstLoginMs = -1;

  private constructor(file: SoupFile, options: SoupServeOptions, server: Server, port: number) {
    this.#file = file;
    this.#options = options;
    this.#server = server;
    this.port = port;
    server.on("connection", (socket) => this.#connected(socket));
    this.#timer = setInterval(() => {
      for (const client of this.#clients) client.tick();
    }, TICK_MS);
  }

  /** Listens. @throws FEED_LISTEN when the address cannot be bound */
  static async listen(file: SoupFile, options: SoupServeOptions): Promise<SoupServer> {
    const { host, port } = options;
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) => {
        reject(new FeedError("FEED_LISTEN", `${host}:${port}: ${error.message}`));
      });
      server.listen(port, host, resolve);
    });
    const address = server.address();
    const bound = typeof address === "object" && address !== null ? address.port : port;
    return new SoupServer(file, options, server, bound);
  }

  /** Cuts every connection off and stops listening. */
  close(): void {
    clearInterval(this.#timer);
    for (const client of this.#clients) client.cut();
    this.#server.close();
  }

  /** Cuts every connection off, as a network would; the server goes on. */
  cut(): void {
    for (const client of this.#clients) client.cut();
  }

  /** Messages that exist by now. */
  head(nowMs: number): number {
    const { messagesPerSecond } = this.#options;
    if (messagesPerSecond === null) return this.#file.count;
    if (this.#firstLoginMs < 0) return 0;
    const seconds = (nowMs - this.#firstLoginMs) / MS_PER_SECOND;
    return Math.min(this.#file.count, Math.floor(seconds * messagesPerSecond));
  }

  #connected(socket: Socket): void {
    const name = `${socket.remoteAddress}:${socket.remotePort}`;
    const log = (line: string): void => this.#options.log?.(`${name}: ${line}`);
    const client = new SoupConnection(this.#file, this.#options, socket, {
      head: () => this.head(performance.now()),
      onLogin: () => {
        if (this.#firstLoginMs < 0) this.#firstLoginMs = performance.now();
      },
      onGone: (reason) => {
        this.#clients.delete(client);
        log(reason);
        if (client.served) this.onServed();
      },
    });
    log("connected");
    this.#clients.add(client);
  }
}

interface ConnectionOwner {
  readonly head: () => number;
  readonly onLogin: () => void;
  readonly onGone: (reason: string) => void;
}

class SoupConnection {
  /** True when everything was sent, and the end of the session. */
  served = false;
  readonly #file: SoupFile;
  readonly #ends: boolean;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #session: SoupServerSession;
  /** Next message to send, and where its block begins. */
  #seq = 1;
  #at = 0;
  #isFull = false;

  constructor(file: SoupFile, options: SoupServeOptions, socket: Socket, owner: ConnectionOwner) {
    this.#file = file;
    this.#ends = options.ends;
    this.#socket = socket;
    this.#owner = owner;
    const { session, user, heartbeatMs = 1000, silenceMs = 15_000 } = options;
    let reason = "connection closed";
    this.#session = new SoupServerSession(
      { session, user, heartbeatMs, silenceMs },
      {
        send: (bytes) => this.#write(bytes),
        onLogin: (wanted) => this.#login(wanted),
        onClose: (why) => {
          reason = why;
          socket.end();
        },
      },
      performance.now(),
    );
    socket.on("data", (bytes) => {
      if (typeof bytes === "string") return;
      this.#session.received(bytes, performance.now());
      this.tick();
    });
    socket.on("drain", () => {
      this.#isFull = false;
      this.tick();
    });
    socket.on("error", (error) => {
      reason = error.message;
    });
    socket.on("close", () => owner.onGone(reason));
  }

  cut(): void {
    this.#socket.destroy();
  }

  /** Sends what is there and fits. */
  tick(): void {
    const session = this.#session;
    if (this.#socket.destroyed) return;
    const head = this.#owner.head();
    while (session.open && !this.#isFull && this.#seq <= head) this.#chunk(head);
    if (session.open && this.#ends && !this.#isFull && this.#seq > this.#file.count) {
      this.served = true;
      session.end();
    }
    session.tick(performance.now());
  }

  /** Sends messages up to `head`, as many as a chunk holds. */
  #chunk(head: number): void {
    const file = this.#file;
    const { bytes } = file;
    const out = new Uint8Array(CHUNK_BYTES + HEADER_BYTES);
    let length = 0;
    while (this.#seq <= head) {
      const at = this.#at;
      const body = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
      if (length + HEADER_BYTES + body > out.length) break;
      const from = at + BLOCK_HEADER_BYTES;
      const to = putHeader(out, length, TYPE_SEQUENCED_DATA, body);
      out.set(bytes.subarray(from, from + body), to);
      length = to + body;
      this.#at = file.next(at);
      this.#seq++;
    }
    this.#session.sent(performance.now());
    this.#write(out.subarray(0, length));
  }

  #login(wanted: bigint): bigint {
    this.#owner.onLogin();
    const head = this.#owner.head();
    const last = BigInt(Math.max(1, head));
    const next = BigInt(head + 1);
    const seq = wanted === 0n ? last : wanted > next ? next : wanted;
    this.#seq = Number(seq);
    this.#at = this.#file.offsetOf(this.#seq);
    return seq;
  }

  #write(bytes: Uint8Array): void {
    if (!this.#socket.writable) return;
    if (!this.#socket.write(bytes)) this.#isFull = true;
  }
}
