/**
 * A raw-v1 client: connects, tells its listener of every frame, comes back after a disconnect with
 * its last cursor + 1, so that nothing is lost and nothing comes twice.
 */
import { type ClientOptions, type RawData, WebSocket } from "ws";
import { errorText, FeedError } from "../core/errors.ts";
import { joinHalves } from "../core/layout.ts";
import { RAW_GLOBAL_OFFSET } from "../publish/raw-v1.ts";
import { checkFrame, decodeFrame, type Frame, viewOf } from "./frame.ts";

/** Where a client begins. */
export type StartAt =
  /** With an image of all books, then live. */
  | "snapshot"
  /** With the next frame. */
  | "live"
  /** With this cursor, 1 to the server's newest + 1. */
  | number;

/** How a client connects. */
export interface RawClientOptions {
  /** Server, e.g. ws://127.0.0.1:9001; path and query are added. */
  readonly url: string;
  readonly start?: StartAt;
  readonly token?: string;
  /** Comes back after a disconnect; true unless given. */
  readonly reconnect?: boolean;
  /** First pause before coming back, ms, doubled up to 50 times itself; 100 unless given. */
  readonly retryMs?: number;
  /** A connection without any frame for so long is given up, ms; 10,000 unless given. */
  readonly silenceMs?: number;
}

/** Takes what a client hears; every call is optional. */
export interface RawListener {
  /** A frame, decoded. */
  onFrame?(frame: Frame): void;
  /** The same frame as bytes, for those who make no objects (ClientBooks.applyBytes). */
  onBytes?(bytes: Uint8Array): void;
  /** Connected; `resumed` from a cursor after a disconnect. */
  onOpen?(resumed: boolean): void;
  /** The connection ended. */
  onClose?(code: number, reason: string): void;
  /** The client gives up for good; nothing follows. */
  onError?(error: FeedError): void;
}

const RETRY_MS = 100;
const RETRY_FACTOR = 50;
const SILENCE_MS = 10_000;
const MAX_PAYLOAD_BYTES = 1024;
const HANDSHAKE_TIMEOUT_MS = 5000;
const NORMAL = 1000;
const CLOSE_TIMEOUT_MS = 1000;

/** One connection to one endpoint, kept up. */
export class RawClient {
  /** Cursor of the newest live frame heard, 0 before the first. */
  lastCursor = 0;
  readonly #options: RawClientOptions;
  readonly #listener: RawListener;
  #ws: WebSocket | null = null;
  #stopped = false;
  #retryMs: number;
  #retry: NodeJS.Timeout | undefined;
  #silence: NodeJS.Timeout | undefined;
  #heard = false;
  #opened: (() => void) | null = null;
  #failed: ((error: FeedError) => void) | null = null;

  constructor(options: RawClientOptions, listener: RawListener) {
    this.#options = options;
    this.#listener = listener;
    this.#retryMs = options.retryMs ?? RETRY_MS;
  }

  /**
   * Connects. Resolves at the first open connection.
   *
   * @throws FeedError FEED_CLIENT when the server refuses, or cannot be reached and `reconnect` is
   * off
   */
  connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#opened = resolve;
      this.#failed = reject;
      this.#dial();
    });
  }

  /** Ends the connection for good. */
  close(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    // A paused socket would never see the end of the closing handshake.
    this.resume();
    this.#ws?.close(NORMAL);
    // A server that does not answer the closing handshake must not hold the process.
    setTimeout(() => this.#ws?.terminate(), CLOSE_TIMEOUT_MS).unref();
  }

  /** Drops the connection as a broken line would; the client comes back by itself. */
  drop(): void {
    this.#ws?.terminate();
  }

  /** Stops reading the socket: what a client that is too slow looks like. */
  pause(): void {
    clearTimeout(this.#silence);
    if (this.#ws?.readyState === WebSocket.OPEN) this.#ws.pause();
  }

  /** Reads on. */
  resume(): void {
    const ws = this.#ws;
    // Only an open one can be resumed: before and after that ws has no socket to read from.
    if (ws?.readyState !== WebSocket.OPEN) return;
    ws.resume();
    this.#heard = true;
    this.#watchSilence();
  }

  /** The address for the next connection. */
  #target(): URL {
    const url = new URL("/ws", this.#options.url);
    url.searchParams.set("channel", "obo");
    url.searchParams.set("codec", "raw-v1");
    const start = this.#options.start ?? "live";
    if (this.lastCursor > 0) url.searchParams.set("from_seq", String(this.lastCursor + 1));
    else if (start === "snapshot") url.searchParams.set("snapshot", "1");
    else if (start !== "live") url.searchParams.set("from_seq", String(start));
    return url;
  }

  #dial(): void {
    const { token } = this.#options;
    const options: ClientOptions = {
      perMessageDeflate: false,
      maxPayload: MAX_PAYLOAD_BYTES,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
    };
    const ws = new WebSocket(this.#target(), "obo.raw.v1", options);
    this.#ws = ws;
    const resumed = this.lastCursor > 0;
    let lastError = "";
    ws.on("open", () => {
      this.#retryMs = this.#options.retryMs ?? RETRY_MS;
      this.#heard = true;
      this.#watchSilence();
      this.#opened?.();
      this.#opened = null;
      this.#listener.onOpen?.(resumed);
    });
    ws.on("unexpected-response", (_request, response) => {
      const status = response.statusCode ?? 0;
      lastError = `${this.#options.url} answered ${status}`;
      // 503 passes; anything else will be the same next time.
      if (status !== 503) this.#giveUp(lastError);
      else ws.terminate();
    });
    ws.on("error", (error) => {
      if (lastError === "") lastError = errorText(error);
    });
    ws.on("message", (data, isBinary) => this.#onMessage(ws, data, isBinary));
    ws.on("close", (code, reason) => this.#onClosed(code, reason.toString(), lastError));
  }

  #onMessage(ws: WebSocket, data: RawData, isBinary: boolean): void {
    if (this.#stopped || ws !== this.#ws) return;
    this.#heard = true;
    if (!isBinary || !Buffer.isBuffer(data)) {
      this.#giveUp(`${this.#options.url} sent a text message`);
      return;
    }
    const view = viewOf(data);
    let frame: Frame | null = null;
    try {
      checkFrame(view);
      if (this.#listener.onFrame !== undefined) frame = decodeFrame(data);
    } catch (error) {
      this.#giveUp(`${this.#options.url} sent no frame: ${errorText(error)}`);
      return;
    }
    const cursor = joinHalves(
      view.getInt32(RAW_GLOBAL_OFFSET, true),
      view.getInt32(RAW_GLOBAL_OFFSET + 4, true),
    );
    if (cursor > 0) this.lastCursor = cursor;
    this.#listener.onBytes?.(data);
    if (frame !== null) this.#listener.onFrame?.(frame);
  }

  #onClosed(code: number, reason: string, error: string): void {
    clearTimeout(this.#silence);
    this.#listener.onClose?.(code, reason === "" ? error : reason);
    if (this.#stopped) return;
    if (this.#options.reconnect === false) {
      this.#giveUp(`${this.#options.url} closed ${code}: ${reason === "" ? error : reason}`);
      return;
    }
    this.#retry = setTimeout(() => this.#dial(), this.#retryMs);
    const most = (this.#options.retryMs ?? RETRY_MS) * RETRY_FACTOR;
    this.#retryMs = Math.min(2 * this.#retryMs, most);
  }

  #giveUp(text: string): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#silence);
    const error = new FeedError("FEED_CLIENT", text);
    if (this.#opened !== null) this.#failed?.(error);
    this.#opened = null;
    this.#ws?.terminate();
    this.#listener.onError?.(error);
  }

  /** Heartbeats come each second, so a silent connection is a dead one. */
  #watchSilence(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      if (!this.#heard) this.#ws?.terminate();
      else {
        this.#heard = false;
        this.#watchSilence();
      }
    }, this.#options.silenceMs ?? SILENCE_MS);
    this.#silence.unref();
  }
}
