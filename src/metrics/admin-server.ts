/**
 * The admin address: /metrics, /live, /ready, /status, the page and its data over HTTP.
 *
 * Read-only. Everything a request can ask for is bounded, and what answers is handed in, so that
 * this file knows no stage. Thread: main.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isIP } from "node:net";
import { isLoopback, listenText } from "../config/address.ts";
import type { ListenAddress } from "../config/config.ts";
import { errorText, FeedError } from "../core/errors.ts";
import { type PageFile, readPageFiles } from "./page-files.ts";
import { METRICS_CONTENT_TYPE } from "./prometheus.ts";
import { isTokenRight } from "./token.ts";

/** Why /ready says no. */
export interface ReadyReason {
  readonly channel: string;
  readonly reason: "no-data" | "late-join" | "gap" | "overrun" | "draining" | "stalled";
}

/** What answers the requests. */
export interface AdminProviders {
  /** The object of /status (design: cli-and-status). */
  status(): Promise<object>;
  ready(): { readonly ok: boolean; readonly reasons: readonly ReadyReason[] };
  /** The text of /metrics. */
  metrics(): Promise<string>;
  /** @returns the book's best levels, or null when there is no such instrument */
  ladder(instrument: number, depth: number): Promise<object | null>;
  /** @returns what the venue said last of an instrument, or null when there is none such */
  instrument(instrument: number): Promise<object | null>;
  /** The newest trades first. */
  trades(limit: number): Promise<object>;
  /** `[{index, symbol}]` of all instruments of the directory. */
  instruments(): Promise<object>;
  /** The busiest instruments first. */
  active(limit: number): Promise<object>;
}

/** How the server is set up. */
export interface AdminOptions {
  readonly listen: ListenAddress;
  /**
   * Bearer token that everything but /live and the page's files asks for, or null. On loopback
   * none is asked for: whoever is there may read anyway.
   */
  readonly token: string | null;
  readonly providers: AdminProviders;
}

/** Bounds of the queries. */
const DEPTH_MAX = 200;
const LIMIT_MAX = 1000;
const INSTRUMENT_MAX = 65_535;
const GAPS_MAX = 10_000;
const CONNECTIONS_MAX = 128;
const ANSWER_TIMEOUT_MS = 5000;

const JSON_TYPE = "application/json; charset=utf-8";
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

/** What is sent. */
interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

type Route = (query: URLSearchParams) => Reply | Promise<Reply>;

/** A request that asks for something it cannot have. */
class BadRequest extends Error {}

/** The admin server. */
export class AdminServer {
  readonly #server: Server;
  readonly #options: AdminOptions;
  readonly #token: string | null;
  readonly #files: ReadonlyMap<string, PageFile>;
  readonly #routes: ReadonlyMap<string, Route>;

  /** @throws FEED_FILE when a file of the page is missing */
  constructor(options: AdminOptions) {
    this.#options = options;
    this.#token = isLoopback(options.listen.host) ? null : options.token;
    this.#files = readPageFiles();
    this.#routes = makeRoutes(options.providers);
    this.#server = createServer({
      maxHeaderSize: 8192,
      headersTimeout: 5000,
      requestTimeout: 10_000,
      keepAliveTimeout: 5000,
    });
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.on("request", (request, response) => void this.#serve(request, response));
  }

  /** Binds. @returns the address with the real port @throws FEED_LISTEN */
  listen(): Promise<ListenAddress> {
    const { host, port } = this.#options.listen;
    return new Promise((resolve, reject) => {
      const failed = (error: Error): void => {
        const text = `admin.listen=${listenText({ host, port })}: ${errorText(error)}`;
        reject(new FeedError("FEED_LISTEN", text, { cause: error }));
      };
      this.#server.once("error", failed);
      this.#server.listen({ host, port }, () => {
        this.#server.off("error", failed);
        // Bound to a TCP port, so address() is no pipe's name and not null.
        resolve({ host, port: (this.#server.address() as AddressInfo).port });
      });
    });
  }

  /** Stops serving and cuts what is open. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let reply: Reply;
    try {
      reply = await withDeadline(this.#answer(request));
    } catch (error) {
      const status = error instanceof BadRequest ? 400 : 500;
      reply = jsonReply({ error: errorText(error) }, status);
    }
    if (response.destroyed) return;
    const headers: Record<string, string | number> = {
      ...SECURITY_HEADERS,
      "cache-control": "no-store",
      ...reply.headers,
      "content-type": reply.type,
    };
    if (reply.status !== 304) headers["content-length"] = Buffer.byteLength(reply.body);
    if (reply.status >= 400 && reply.status !== 503) headers["connection"] = "close";
    response.writeHead(reply.status, headers);
    response.end(request.method === "HEAD" ? undefined : reply.body);
  }

  #answer(request: IncomingMessage): Reply | Promise<Reply> {
    const { method = "", url = "" } = request;
    if (method !== "GET" && method !== "HEAD") {
      return { ...jsonReply({ error: "only GET and HEAD" }, 405), headers: { allow: "GET, HEAD" } };
    }
    if (request.headers["transfer-encoding"] !== undefined) throw new BadRequest("has a body");
    if (Number(request.headers["content-length"] ?? 0) > 0) throw new BadRequest("has a body");
    if (!this.#isHostRight(request.headers.host)) {
      return jsonReply({ error: "the Host header names another machine" }, 403);
    }
    const mark = url.indexOf("?");
    const path = mark < 0 ? url : url.slice(0, mark);
    const file = this.#files.get(path);
    if (file !== undefined) return fileReply(file, request.headers["if-none-match"]);
    const route = this.#routes.get(path);
    if (route === undefined) return jsonReply({ error: "no such path" }, 404);
    if (path !== "/live" && !isTokenRight(this.#token, request.headers.authorization)) {
      const headers = { "www-authenticate": "Bearer" };
      return { ...jsonReply({ error: "needs the bearer token" }, 401), headers };
    }
    return route(new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1)));
  }

  /** On loopback, a page of elsewhere could come here under its own name (DNS rebinding). */
  #isHostRight(header: string | undefined): boolean {
    if (header === undefined || !isLoopback(this.#options.listen.host)) return true;
    const name = header.replace(/:[0-9]*$/, "").replace(/^\[|\]$/g, "");
    return name === "localhost" || isIP(name) !== 0;
  }
}

function makeRoutes(providers: AdminProviders): ReadonlyMap<string, Route> {
  return new Map<string, Route>([
    ["/live", () => jsonReply({ live: true })],
    [
      "/ready",
      () => {
        const { ok, reasons } = providers.ready();
        return jsonReply(reasons, ok ? 200 : 503);
      },
    ],
    ["/status", async (query) => jsonReply(shorten(await providers.status(), query))],
    [
      "/metrics",
      async () => ({ status: 200, type: METRICS_CONTENT_TYPE, body: await providers.metrics() }),
    ],
    [
      "/api/ladder",
      async (query) => {
        const instrument = wholeOf(query, "instrument", 0, INSTRUMENT_MAX, null);
        const depth = wholeOf(query, "depth", 1, DEPTH_MAX, 10);
        const ladder = await providers.ladder(instrument, depth);
        return ladder === null
          ? jsonReply({ error: `no instrument ${instrument}` }, 404)
          : jsonReply(ladder);
      },
    ],
    [
      "/api/instrument",
      async (query) => {
        const instrument = wholeOf(query, "instrument", 0, INSTRUMENT_MAX, null);
        const state = await providers.instrument(instrument);
        return state === null
          ? jsonReply({ error: `no instrument ${instrument}` }, 404)
          : jsonReply(state);
      },
    ],
    ["/api/trades", async (query) => jsonReply(await providers.trades(limitOf(query)))],
    ["/api/active", async (query) => jsonReply(await providers.active(limitOf(query)))],
    ["/api/instruments", async () => jsonReply(await providers.instruments())],
  ]);
}

/** `/status?gaps=N` leaves out all but the newest N gaps of each channel; the page asks for few. */
function shorten(status: object, query: URLSearchParams): object {
  if (!query.has("gaps")) return status;
  const kept = wholeOf(query, "gaps", 0, GAPS_MAX, null);
  const { channels } = status as { channels?: readonly { readonly gaps: readonly object[] }[] };
  if (channels === undefined) return status;
  const short = channels.map((channel) => {
    return { ...channel, gaps: channel.gaps.slice(Math.max(0, channel.gaps.length - kept)) };
  });
  return { ...status, channels: short };
}

function limitOf(query: URLSearchParams): number {
  return wholeOf(query, "limit", 1, LIMIT_MAX, 50);
}

/** A whole number of the query. @param fallback null when it must be given */
function wholeOf(
  query: URLSearchParams,
  name: string,
  min: number,
  max: number,
  fallback: number | null,
): number {
  const text = query.get(name);
  if (text === null && fallback !== null) return fallback;
  if (text === null) throw new BadRequest(`${name} is missing`);
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw new BadRequest(`${name} is no whole number from ${min} to ${max}`);
  }
  return value;
}

function jsonReply(value: unknown, status = 200): Reply {
  return { status, type: JSON_TYPE, body: `${JSON.stringify(value)}\n` };
}

function fileReply(file: PageFile, known: string | undefined): Reply {
  const headers = { etag: file.etag, "cache-control": "no-cache" };
  if (known === file.etag) return { status: 304, type: file.type, body: "", headers };
  return { status: 200, type: file.type, body: file.body, headers };
}

/** An answer that takes too long, e.g. from a thread that does not answer, is a failure. */
async function withDeadline(answer: Reply | Promise<Reply>): Promise<Reply> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Reply>((resolve) => {
    const reply = jsonReply({ error: `no answer within ${ANSWER_TIMEOUT_MS} ms` }, 503);
    timer = setTimeout(() => resolve(reply), ANSWER_TIMEOUT_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
