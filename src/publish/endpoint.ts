/**
 * The endpoint: serves raw-v1 to WebSocket clients on one or two addresses (A and B) from the bus.
 *
 * Thread: any with an event loop; doWork() is one bounded slice. The endpoint is a bus reader like
 * any other, so the hot threads never wait for it. It keeps books of its own (endpoint-books.ts)
 * and hands each batch to all clients (clients.ts) as one private buffer, the same for A and B.
 *
 *   bus ──▶ slots (copy) ──┬──▶ books ──▶ snapshot, hash, ladder, trades
 *                          └──▶ packed messages ──▶ every live client of A and B
 */
import type { Directory } from "../book/directory.ts";
import type { PublishConfig } from "../config/config.ts";
import { BUS_SLOT_BYTES, BusReader, type BusRef, OVERRUN } from "../core/bus.ts";
import type { Clock } from "../core/clock.ts";
import type { Counters } from "../core/counters.ts";
import type { Source } from "../core/sinks.ts";
import { C } from "../metrics/counter-table.ts";
import { admit, type Join, type Refusal } from "./admission.ts";
import { packMessages } from "./bus-bytes.ts";
import { type ClientRow, Clients } from "./clients.ts";
import type { ActiveRow, LadderRows, ToldIds, TradeRow } from "./endpoint-books.ts";
import { EndpointBooks } from "./endpoint-books.ts";
import type { ImageReader } from "./image.ts";

import {
  type FrameServer,
  makeFrameServer,
  type ServerConnection,
  type ServerHandlers,
  type UpgradeAnswer,
  type UpgradeRequest,
} from "./server.ts";
import { makeSnapshot, snapshotBytes } from "./snapshot.ts";

/** What an endpoint stands on. */
export interface EndpointOptions {
  readonly bus: BusRef;
  readonly config: PublishConfig;
  readonly counters: Counters;
  readonly clock: Clock;
  /** Takes one line for people at a time; operating events only. */
  readonly log: (line: string) => void;
  /** Symbols, for trades and active instruments; without it rows have none. */
  readonly directory?: Directory;
  /** Where images come from after an overrun; without it an overrun is for good. */
  readonly imageSource?: ImageReader;
  /** Dense indexes are 0 to instruments - 1. */
  readonly instruments: number;
  /** Orders that the books start with room for. */
  readonly orders: number;
  /** As the publish stage has them. */
  readonly ids?: ToldIds;
  /** Time a handshake may take, ms; 5000 unless a test is in a hurry. */
  readonly handshakeTimeoutMs?: number;
}

/** The endpoint as /status shows it, exactly at `cursor`. */
export interface EndpointState {
  readonly cursor: number;
  /** null while the books are being rebuilt. */
  readonly bookHash: string | null;
  /** Instruments with live orders. */
  readonly instruments: number;
  readonly liveOrders: number;
  readonly overrun: boolean;
  readonly clients: readonly ClientRow[];
}

/** Ports that were bound. */
export interface EndpointPorts {
  readonly port: number;
  readonly portB: number | null;
}

const HANDSHAKE_TIMEOUT_MS = 5000;
const MAX_PAYLOAD_BYTES = 1024;
/** TCP connections in their handshake beside the clients. */
const HANDSHAKES = 64;
/** Frames a slice: about half a millisecond. */
const SLICE_FRAMES = 2048;
/** Image records a slice. */
const SLICE_IMAGES = 64;
const SNAPSHOT_BYTES_MAX = 2 ** 30;
const STOP_POLL_MS = 5;
/** Time that clients have to answer the closing handshake when the endpoint stops. */
const STOP_PATIENCE_MS = 1000;
const IMAGE_RETRY_NS = 1e9;

const REFUSAL_COUNTERS: Readonly<Record<Refusal, number>> = {
  query: C.ENDPOINT_REFUSED_QUERY,
  token: C.ENDPOINT_REFUSED_TOKEN,
  origin: C.ENDPOINT_REFUSED_ORIGIN,
  full: C.ENDPOINT_REFUSED_FULL,
  snapshot: C.ENDPOINT_REFUSED_SNAPSHOT,
  stopping: C.ENDPOINT_REFUSED_STOPPING,
};

/** Serves clients from the bus. */
export class Endpoint implements Source {
  readonly #options: EndpointOptions;
  readonly #reader: BusReader;
  readonly #slots = new Uint8Array(SLICE_FRAMES * BUS_SLOT_BYTES);
  readonly #slotWords = new Int32Array(this.#slots.buffer);
  readonly #books: EndpointBooks;
  readonly #clients: Clients;
  readonly #origins: Set<string>;
  readonly #servers: FrameServer[] = [];
  #stopping = false;
  #image: Buffer | null = null;
  #imageCursor = 0;
  #imageRetryNs = 0;
  /** The books were thrown away and images have still to be asked for. */
  #imagesDue = false;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#reader = new BusReader(options.bus);
    this.#books = new EndpointBooks(
      options.instruments,
      options.orders,
      options.counters,
      options.ids ?? null,
    );
    this.#clients = new Clients(options);
    this.#origins = new Set(options.config.origins);
  }

  /** Lets pages of these origins connect too: the admin page's, once its port is known. */
  allowOrigins(origins: readonly string[]): void {
    for (const origin of origins) this.#origins.add(origin);
  }

  /** Binds the address or addresses. @throws FeedError FEED_LISTEN, FEED_ENVIRONMENT */
  async start(): Promise<EndpointPorts> {
    const { listen, listenB } = this.#options.config;
    const port = await (await this.#makeServer("a")).listen(listen);
    if (listenB === null) return { port, portB: null };
    const portB = await (await this.#makeServer("b")).listen(listenB);
    return { port, portB };
  }

  doWork(): number {
    // The head first, then all images: an image older than a frame below it has been seen then.
    const head = this.#reader.head();
    let work = 0;
    if (this.#books.overrun && !this.#readImages()) work = 1;
    else {
      const frames = Math.min(head + 1 - this.#reader.next, SLICE_FRAMES);
      if (frames > 0) work = this.#readBus(frames);
    }
    return work + this.#clients.pumpAll(this.#books.cursor);
  }

  tick(): void {
    this.#clients.tick();
    this.#dropStaleImage();
    if (this.#books.overrun) this.#retryImages();
  }

  /** True when the publish stage has closed the bus and all of it was read. */
  isFinished(): boolean {
    return this.#reader.isFinished();
  }

  /** As new: before the first frame; only while nobody is connected. */
  reset(): void {
    this.#reader.next = 1;
    this.#reader.overrunFrom = 0;
    this.#reader.overrunTo = 0;
    this.#books.reset();
    this.#image = null;
    this.#imageCursor = 0;
    this.#imageRetryNs = 0;
    this.#imagesDue = false;
    this.#options.imageSource?.reset();
  }

  /** The endpoint's books and clients, exactly at its cursor. */
  state(): EndpointState {
    const { core, cursor, overrun } = this.#books;
    return {
      cursor,
      bookHash: overrun ? null : core.hashHex(),
      instruments: core.liveInstruments,
      liveOrders: core.liveOrders,
      overrun,
      clients: this.#clients.rows(cursor),
    };
  }

  /** The best levels of one instrument's book. @param depth levels a side, 0 to 1000 */
  ladder(instrument: number, depth: number): LadderRows {
    return this.#books.ladder(instrument, depth);
  }

  /** The last trades (EXECUTE frames), newest first, at most 1024. */
  trades(limit: number): (TradeRow & { readonly symbol: string })[] {
    return this.#books.trades(limit).map((row) => ({ ...row, symbol: this.#symbol(row) }));
  }

  /** The instruments with most frames since the start. */
  active(limit: number): (ActiveRow & { readonly symbol: string })[] {
    return this.#books.active(limit).map((row) => ({ ...row, symbol: this.#symbol(row) }));
  }

  /**
   * Takes nobody in any more, hands out what is on the bus, closes everybody with 1001 and waits
   * until they are gone, at most a second.
   *
   * @param deadlineMs half for what is on the bus, half, if less than a second, for the goodbyes
   * @returns true when nobody had to be dropped
   */
  async stop(deadlineMs: number): Promise<boolean> {
    this.#stopping = true;
    for (const server of this.#servers) server.stopListening();
    const start = performance.now();
    const left = (): number => deadlineMs - (performance.now() - start);
    while (left() > deadlineMs / 2) {
      // Sockets drain only between two slices.
      if (this.doWork() > 0) await nextTurn();
      else if (this.#clients.catchingUp) await pause();
      else break;
    }
    const { clock } = this.#options;
    clock.update();
    const dropped = this.#clients.dropped;
    this.#clients.closeAllStopping();
    // Nobody calls tick() any more, and one who does not answer must not use up the deadline.
    const end = performance.now() + Math.min(STOP_PATIENCE_MS, deadlineMs / 2);
    while (this.#clients.count > 0 && performance.now() < end) {
      await pause();
      clock.update();
      this.#clients.tick();
    }
    const clean = this.#clients.count === 0 && this.#clients.dropped === dropped;
    this.#clients.destroyAll();
    for (const server of this.#servers) server.destroy();
    return clean;
  }

  #symbol(row: { readonly instrument: number }): string {
    return this.#options.directory?.symbolOf(row.instrument) ?? "";
  }

  async #makeServer(name: "a" | "b"): Promise<FrameServer> {
    const { config, counters, handshakeTimeoutMs } = this.#options;
    const handlers: ServerHandlers<Join> = {
      check: (request) => this.#check(request),
      open: (connection, join) => this.#open(connection, name, join),
      message: (connection) => this.#clients.onMessage(connection),
      drain: (connection) => this.#clients.onDrain(connection, this.#books.cursor),
      closed: (connection) => this.#clients.onClosed(connection),
      handshakeTimeout: () => counters.increment(C.ENDPOINT_HANDSHAKE_TIMEOUTS),
    };
    const limits = {
      handshakeTimeoutMs: handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS,
      maxPayloadBytes: MAX_PAYLOAD_BYTES,
      maxConnections: config.maxClients + HANDSHAKES,
    };
    const server = await makeFrameServer(config.server, limits, handlers);
    this.#servers.push(server);
    return server;
  }

  #check(request: UpgradeRequest): UpgradeAnswer<Join> {
    const { config, counters } = this.#options;
    const answer = admit(request, {
      token: config.token,
      origins: this.#origins,
      tail: this.#books.cursor,
      full: this.#clients.count >= config.maxClients,
      stopping: this.#stopping,
      noSnapshot: this.#noSnapshot(),
    });
    if (answer.refusal !== undefined) counters.increment(REFUSAL_COUNTERS[answer.refusal]);
    return answer;
  }

  #noSnapshot(): string | null {
    if (this.#books.overrun) return "no snapshot: books are being rebuilt";
    if (this.#clients.snapshotCount >= this.#options.config.maxSnapshots) {
      return "no snapshot: too many at once";
    }
    if (snapshotBytes(this.#books.core) > SNAPSHOT_BYTES_MAX) return "no snapshot: too large";
    return null;
  }

  #open(connection: ServerConnection, name: "a" | "b", join: Join): void {
    const tail = this.#books.cursor;
    if (join.kind === "live") this.#clients.openLive(connection, name, tail);
    else if (join.kind === "resume") {
      this.#clients.openResume(connection, name, tail, join.from);
    } else {
      if (this.#image === null || this.#imageCursor !== tail) {
        this.#image = makeSnapshot(this.#books.core, this.#options.clock.monoWords);
        this.#imageCursor = tail;
      }
      this.#clients.openSnapshot(connection, name, tail, this.#image);
    }
  }

  #dropStaleImage(): void {
    if (this.#imageCursor !== this.#books.cursor) this.#image = null;
  }

  /** Reads, applies and hands out at most `frames`. @returns frames read, at least 1 */
  #readBus(frames: number): number {
    const { counters } = this.#options;
    const count = this.#reader.read(this.#slots, frames);
    if (count === OVERRUN) {
      this.#onOverrun();
      return 1;
    }
    counters.add(C.ENDPOINT_FRAMES, count);
    this.#books.applySlots(this.#slotWords, count);
    if (this.#clients.liveCount > 0) {
      this.#clients.broadcast(packMessages(this.#slots, count), this.#books.cursor);
    }
    if (this.#books.unfit && !this.#books.overrun) this.#onUnfit();
    return count;
  }

  #onOverrun(): void {
    const { counters, log, imageSource } = this.#options;
    const { overrunFrom, overrunTo, next } = this.#reader;
    counters.increment(C.ENDPOINT_OVERRUNS);
    counters.add(C.ENDPOINT_OVERRUN_FRAMES, overrunTo - overrunFrom + 1);
    log(`endpoint overrun: frames ${overrunFrom} to ${overrunTo} missed, books are rebuilt`);
    this.#books.onOverrun(next);
    this.#image = null;
    this.#imagesDue = false;
    this.#clients.closeAllOverrun();
    imageSource?.request();
  }

  /** A frame did not fit. Clients lost nothing and stay, but the endpoint's own books are wrong. */
  #onUnfit(): void {
    const { counters, log } = this.#options;
    counters.increment(C.ENDPOINT_OVERRUNS);
    log(`endpoint: a frame up to ${this.#books.cursor} did not fit the books, they are rebuilt`);
    this.#books.onOverrun(this.#reader.next);
    this.#image = null;
    this.#imagesDue = true;
    this.#retryImages();
  }

  /** @returns true when no image waits, so that frames may be read */
  #readImages(): boolean {
    const { imageSource } = this.#options;
    return imageSource === undefined || imageSource.read(this.#books, SLICE_IMAGES);
  }

  /** Asks for images that are due, or again for those that came to nothing; once a second. */
  #retryImages(): void {
    const { clock, imageSource, log } = this.#options;
    if (imageSource === undefined) return;
    const { unfit } = this.#books;
    const failed = imageSource.failed();
    const now = clock.elapsedNs[0] as number;
    if (!(this.#imagesDue || unfit || failed) || now < this.#imageRetryNs) return;
    this.#imageRetryNs = now + IMAGE_RETRY_NS;
    this.#imagesDue = false;
    if (failed) log("endpoint overrun: a book is too large for the image ring, asking again");
    if (unfit) {
      log("endpoint overrun: an image or a frame did not fit the books, asking again");
      this.#books.onOverrun(this.#reader.next);
    }
    imageSource.request();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, STOP_POLL_MS));
}
