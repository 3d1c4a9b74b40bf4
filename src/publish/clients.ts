/**
 * The clients of both endpoints: what each is being sent, at whose pace, and when it has to go.
 *
 *              ┌──▶ SNAPSHOT ──▶ CATCH_UP ──▶ LIVE ──▶ CLOSING ──▶ (gone)
 *   handshake ─┼───────────────▶ CATCH_UP      (from each state)
 *              └────────────────────────────▶ LIVE
 *
 * Thread: endpoint's. LIVE clients get the same private buffer at the same moment. CATCH_UP reads
 * the bus's history with a cursor of its own, as fast as its socket drains, until it stands at the
 * endpoint's cursor. Invariant: a client gets every cursor from its first on, each once.
 */
import type { PublishConfig } from "../config/config.ts";
import { BUS_SLOT_BYTES, BusReader, type BusRef, OVERRUN } from "../core/bus.ts";
import type { Clock } from "../core/clock.ts";
import type { Counters } from "../core/counters.ts";
import { C } from "../metrics/counter-table.ts";
import { messagesEnd, packMessages } from "./bus-bytes.ts";
import { gapMessage, heartbeatMessage } from "./control-frames.ts";
import { CloseCode } from "./raw-v1.ts";
import type { ServerConnection } from "./server.ts";

const SNAPSHOT = 0;
const CATCH_UP = 1;
const LIVE = 2;
const CLOSING = 3;

const NS_PER_MS = 1e6;
const HEARTBEAT_NS = 1e9;
/** A client is cut off this long after its close frame was written. */
const CUT_OFF_NS = 1e9;
/** Frames of one read of a client that catches up, and reads in a slice. */
const CATCH_UP_FRAMES = 2048;
const CATCH_UP_READS = 4;
/** Unsent bytes up to which a client that sets its own pace is given more. */
const PACE_BYTES = 524_288;
/** The most that such a client is given at a time; its first frames may come on top. */
const CHUNK_BYTES = 262_144;
/** How often a first read is tried again when the bus overtakes it. */
const FIRST_READS = 16;

/** A client as /status shows it. */
export interface ClientRow {
  readonly endpoint: "a" | "b";
  readonly id: number;
  readonly since_ns: number;
  readonly cursor: number;
  readonly lag: number;
  readonly bytes: number;
}

/** One connected client. */
class Client {
  readonly connection: ServerConnection;
  readonly endpoint: "a" | "b";
  readonly id: number;
  readonly sinceNs: number;
  state = LIVE;
  /** Newest cursor handed to the socket. */
  cursor = 0;
  bytes = 0;
  lastFrameNs: number;
  cutOffNs = 0;
  reader: BusReader | null = null;
  snapshot: Buffer | null = null;
  snapshotAt = 0;

  constructor(connection: ServerConnection, endpoint: "a" | "b", id: number, nowNs: number) {
    this.connection = connection;
    this.endpoint = endpoint;
    this.id = id;
    this.sinceNs = nowNs;
    this.lastFrameNs = nowNs;
  }
}

/** What the clients stand on. */
export interface ClientsOptions {
  readonly bus: BusRef;
  readonly config: PublishConfig;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly log: (line: string) => void;
}

/** The connected clients. */
export class Clients {
  readonly #options: ClientsOptions;
  readonly #clients = new Map<ServerConnection, Client>();
  readonly #slots = new Uint8Array(CATCH_UP_FRAMES * BUS_SLOT_BYTES);
  readonly #paceBytes: number;
  /** Clients that did not answer a close in time, for each tick that found them so. */
  dropped = 0;
  #nextId = 1;
  #live = 0;
  #behind = 0;
  #snapshots = 0;

  constructor(options: ClientsOptions) {
    this.#options = options;
    this.#paceBytes = Math.min(PACE_BYTES, options.config.clientBufferBytes / 2);
  }

  /** Connected clients, closing ones included. */
  get count(): number {
    return this.#clients.size;
  }

  /** Clients that get frames as they come. */
  get liveCount(): number {
    return this.#live;
  }

  /** Snapshots that clients are taking now. */
  get snapshotCount(): number {
    return this.#snapshots;
  }

  /** A client joins at the endpoint's cursor. */
  openLive(connection: ServerConnection, endpoint: "a" | "b", tail: number): void {
    const client = this.#add(connection, endpoint, tail);
    this.#setState(client, LIVE);
  }

  /**
   * A client gets an image of the books at `tail`, then what follows.
   *
   * @param image shared by all who join at the same cursor
   */
  openSnapshot(
    connection: ServerConnection,
    endpoint: "a" | "b",
    tail: number,
    image: Buffer,
  ): void {
    const client = this.#add(connection, endpoint, tail);
    client.snapshot = image;
    client.reader = new BusReader(this.#options.bus, tail + 1);
    this.#setState(client, SNAPSHOT);
    this.#options.counters.increment(C.ENDPOINT_SNAPSHOTS);
    this.#pump(client, tail);
  }

  /**
   * A client resumes from a cursor; what is no longer retained is told by a GAP frame first.
   *
   * @param from 1 to tail + 1
   */
  openResume(connection: ServerConnection, endpoint: "a" | "b", tail: number, from: number): void {
    const client = this.#add(connection, endpoint, from - 1);
    this.#options.counters.increment(C.ENDPOINT_RESUMES);
    // The reader starts near the head, because it extends cursors by their distance to it.
    const reader = new BusReader(this.#options.bus, tail + 1);
    reader.next = Math.max(from, reader.oldest());
    client.reader = reader;
    this.#setState(client, CATCH_UP);
    // What the GAP frame says must hold, so the first frames are copied before it is written.
    let count: number = OVERRUN;
    for (let i = 0; i < FIRST_READS && count === OVERRUN; i++) {
      count = reader.read(this.#slots, Math.min(CATCH_UP_FRAMES, tail + 1 - reader.next));
    }
    if (count === OVERRUN) {
      this.#closeOverrun(client);
      return;
    }
    const first = reader.next - count;
    if (first > from) {
      this.#options.counters.increment(C.ENDPOINT_GAPS);
      this.#write(client, gapMessage(this.#options.clock.monoWords, from, first - 1));
    }
    client.cursor = reader.next - 1;
    if (count > 0) this.#write(client, packMessages(this.#slots, count));
    this.#pump(client, tail);
  }

  /** Gives every live client the same bytes. @param cursor of the newest frame in them */
  broadcast(messages: Buffer, cursor: number): void {
    for (const client of this.#clients.values()) {
      if (client.state !== LIVE) continue;
      client.cursor = cursor;
      this.#write(client, messages);
      this.#closeIfSlow(client);
    }
  }

  /** Moves on those who are behind, in bounded pieces. @returns clients that were given bytes */
  pumpAll(tail: number): number {
    if (this.#behind === 0) return 0;
    let moved = 0;
    for (const client of this.#clients.values()) {
      if (client.state <= CATCH_UP && this.#pump(client, tail)) moved++;
    }
    return moved;
  }

  /** The socket of a client took everything that it was given. */
  onDrain(connection: ServerConnection, tail: number): void {
    const client = this.#clients.get(connection);
    if (client !== undefined && client.state <= CATCH_UP) this.#pump(client, tail);
  }

  /** A client sent a data message, which is against the rules. */
  onMessage(connection: ServerConnection): void {
    const client = this.#clients.get(connection);
    if (client === undefined || client.state === CLOSING) return;
    this.#options.counters.increment(C.ENDPOINT_CLOSED_POLICY);
    this.#close(client, CloseCode.POLICY, "clients send nothing");
  }

  onClosed(connection: ServerConnection): void {
    const client = this.#clients.get(connection);
    if (client === undefined) return;
    this.#setState(client, CLOSING);
    this.#clients.delete(connection);
    this.#options.counters.set(C.ENDPOINT_CLIENTS, this.#clients.size);
  }

  /** Heartbeats, time limits, slowness of clients that nothing was written to. */
  tick(): void {
    const { clock, counters, config } = this.#options;
    const nowNs = clock.elapsedNs[0] as number;
    let heartbeat: Buffer | null = null;
    for (const client of this.#clients.values()) {
      if (client.state === CLOSING) {
        if (nowNs < client.cutOffNs) continue;
        this.dropped++;
        client.connection.destroy();
        continue;
      }
      if (client.state === LIVE && nowNs - client.lastFrameNs >= HEARTBEAT_NS) {
        heartbeat ??= heartbeatMessage(clock.monoWords);
        counters.increment(C.ENDPOINT_HEARTBEATS);
        this.#write(client, heartbeat);
      }
      if (
        client.state === SNAPSHOT &&
        nowNs - client.sinceNs > config.snapshotTimeoutMs * NS_PER_MS
      ) {
        counters.increment(C.ENDPOINT_SNAPSHOT_TIMEOUTS);
        this.#closeSlow(client, `snapshot not taken within ${config.snapshotTimeoutMs} ms`);
        continue;
      }
      const reader = client.reader;
      if (reader !== null && reader.oldest() > reader.next) this.#closeOverrun(client);
      else this.#closeIfSlow(client);
    }
  }

  /** Closes everybody because the bus went over the endpoint itself. */
  closeAllOverrun(): void {
    for (const client of this.#clients.values()) {
      if (client.state !== CLOSING) this.#closeOverrun(client);
    }
  }

  /** Closes everybody because the process stops. */
  closeAllStopping(): void {
    for (const client of this.#clients.values()) {
      if (client.state === CLOSING) continue;
      this.#options.counters.increment(C.ENDPOINT_CLOSED_STOPPING);
      this.#close(client, CloseCode.STOPPING, "stopping");
    }
  }

  /** True when somebody is behind who could still be given something. */
  get catchingUp(): boolean {
    return this.#behind > 0;
  }

  /** Drops whoever is left. */
  destroyAll(): void {
    for (const client of this.#clients.values()) client.connection.destroy();
  }

  /** The clients as /status shows them. @param tail the endpoint's cursor */
  rows(tail: number): ClientRow[] {
    const rows: ClientRow[] = [];
    for (const client of this.#clients.values()) {
      const { endpoint, id, cursor, bytes } = client;
      rows.push({ endpoint, id, since_ns: client.sinceNs, cursor, lag: tail - cursor, bytes });
    }
    return rows;
  }

  #add(connection: ServerConnection, endpoint: "a" | "b", cursor: number): Client {
    const { clock, counters } = this.#options;
    const client = new Client(connection, endpoint, this.#nextId++, clock.elapsedNs[0] as number);
    client.cursor = cursor;
    // As closing, so that setState counts the way out of nothing.
    client.state = CLOSING;
    this.#clients.set(connection, client);
    counters.increment(C.ENDPOINT_ACCEPTED);
    counters.set(C.ENDPOINT_CLIENTS, this.#clients.size);
    return client;
  }

  #setState(client: Client, state: number): void {
    this.#count(client.state, -1);
    this.#count(state, 1);
    client.state = state;
    if (state !== SNAPSHOT) client.snapshot = null;
    if (state >= LIVE) client.reader = null;
    this.#options.counters.set(C.ENDPOINT_SNAPSHOTS_OPEN, this.#snapshots);
  }

  #count(state: number, by: number): void {
    if (state === LIVE) this.#live += by;
    if (state <= CATCH_UP) this.#behind += by;
    if (state === SNAPSHOT) this.#snapshots += by;
  }

  /** Gives a client that is behind its next bytes. @returns true when it got some */
  #pump(client: Client, tail: number): boolean {
    const before = client.bytes;
    while (client.state === SNAPSHOT && this.#hasRoom(client)) {
      const image = client.snapshot as Buffer;
      const end = messagesEnd(image, client.snapshotAt, CHUNK_BYTES);
      this.#write(client, image.subarray(client.snapshotAt, end));
      client.snapshotAt = end;
      if (end === image.length) this.#setState(client, CATCH_UP);
    }
    for (let i = 0; client.state === CATCH_UP && i < CATCH_UP_READS; i++) {
      // Also at the end: a client goes live with room in its buffer.
      if (!this.#hasRoom(client)) break;
      const reader = client.reader as BusReader;
      const behind = tail + 1 - reader.next;
      if (behind <= 0) {
        this.#setState(client, LIVE);
        break;
      }
      const count = reader.read(this.#slots, Math.min(behind, CATCH_UP_FRAMES));
      if (count === OVERRUN) {
        this.#closeOverrun(client);
        break;
      }
      client.cursor = reader.next - 1;
      this.#write(client, packMessages(this.#slots, count));
    }
    return client.bytes > before;
  }

  #hasRoom(client: Client): boolean {
    return client.connection.bufferedBytes() < this.#paceBytes;
  }

  #write(client: Client, messages: Buffer): void {
    client.bytes += messages.length;
    client.lastFrameNs = this.#options.clock.elapsedNs[0] as number;
    this.#options.counters.add(C.ENDPOINT_BYTES, messages.length);
    client.connection.write(messages);
  }

  #closeIfSlow(client: Client): void {
    const unsent = client.connection.bufferedBytes();
    // Who sets the pace itself is given no more than fits; beyond that only its own pings grow.
    const allowance = client.state === LIVE ? 0 : 2 * CHUNK_BYTES;
    const bound = this.#options.config.clientBufferBytes + allowance;
    if (unsent > bound) this.#closeSlow(client, `too slow: ${unsent} unsent bytes > ${bound}`);
  }

  #closeSlow(client: Client, reason: string): void {
    this.#options.counters.increment(C.ENDPOINT_CLOSED_SLOW);
    this.#close(client, CloseCode.TOO_SLOW, reason);
  }

  #closeOverrun(client: Client): void {
    this.#options.counters.increment(C.ENDPOINT_CLOSED_OVERRUN);
    this.#close(client, CloseCode.OVERRUN, "overrun");
  }

  #close(client: Client, code: number, reason: string): void {
    this.#setState(client, CLOSING);
    client.cutOffNs = (this.#options.clock.elapsedNs[0] as number) + CUT_OFF_NS;
    this.#options.log(`client ${client.endpoint}/${client.id} closed ${code}: ${reason}`);
    client.connection.close(code, reason);
  }
}
