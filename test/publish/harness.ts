/**
 * A publish stage and an endpoint in one thread, with a clock moved by hand and an obvious model of
 * the books beside it.
 */
import { BookCore } from "../../src/book/core.ts";
import { ClientBooks } from "../../src/client/client-book.ts";
import { type Frame } from "../../src/client/frame.ts";
import { RawClient, type StartAt } from "../../src/client/raw-client.ts";
import type { PublishConfig } from "../../src/config/config.ts";
import { type BusRef, BusWriter, takeBus } from "../../src/core/bus.ts";
import { ManualClock } from "../../src/core/clock.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import { Endpoint, type EndpointOptions } from "../../src/publish/endpoint.ts";
import { PublishStage } from "../../src/publish/publish-stage.ts";

export const INSTRUMENTS = 50;

const CONFIG: PublishConfig = {
  listen: { host: "127.0.0.1", port: 0 },
  listenB: { host: "127.0.0.1", port: 0 },
  server: "ws",
  token: null,
  open: false,
  origins: [],
  busFrames: 65_536,
  maxClients: 16,
  clientBufferBytes: 8_388_608,
  maxSnapshots: 4,
  snapshotTimeoutMs: 30_000,
};

/** Everything that a test of the endpoint needs. */
export class Harness {
  readonly bus: BusRef;
  readonly writer: BusWriter;
  readonly clock = new ManualClock();
  readonly counters = new Counters(takeCounters(COUNTER_COUNT));
  readonly publish: PublishStage;
  readonly endpoint: Endpoint;
  readonly core: BookCore;
  readonly log: string[] = [];
  url = "";
  urlB = "";
  running = true;
  #seed: number;
  #nextId = 1;
  readonly #live: { id: number; instrument: number }[] = [];

  constructor(
    config: Partial<PublishConfig> = {},
    options: Partial<EndpointOptions> = {},
    seed = 1,
    bus?: BusRef,
  ) {
    const all = { ...CONFIG, ...config };
    this.#seed = seed;
    this.bus = bus ?? takeBus(all.busFrames, null);
    this.writer = new BusWriter(this.bus);
    this.publish = new PublishStage({
      bus: this.writer,
      clock: this.clock,
      counters: this.counters,
      latency: null,
      instruments: INSTRUMENTS,
    });
    this.core = new BookCore({
      orders: 1 << 18,
      levels: 1 << 14,
      instruments: INSTRUMENTS,
      hash: true,
      grow: false,
      scoped: false,
    });
    this.endpoint = new Endpoint({
      bus: this.bus,
      config: all,
      counters: this.counters,
      clock: this.clock,
      log: (line) => this.log.push(line),
      instruments: INSTRUMENTS,
      orders: 1024,
      ...options,
    });
  }

  /** Binds and lets the endpoint work until the test ends it. */
  async start(): Promise<void> {
    const { port, portB } = await this.endpoint.start();
    this.url = `ws://127.0.0.1:${port}`;
    this.urlB = `ws://127.0.0.1:${portB}`;
    const cycle = (): void => {
      if (!this.running) return;
      this.endpoint.doWork();
      this.endpoint.tick();
      setImmediate(cycle);
    };
    cycle();
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.endpoint.stop(2000);
  }

  get head(): number {
    return this.writer.cursor[0] as number;
  }

  random(below: number): number {
    this.#seed = (Math.imul(this.#seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (this.#seed >>> 8) % below;
  }

  add(instrument: number, id: number, side: number, px: number, qty: number): void {
    this.core.add(instrument, side, id, 0, px, 0, qty, 0);
    this.publish.onAdded(instrument, id, 0, side, px, 0, qty, 0);
  }

  /** Publishes `count` random book changes, committed in batches. */
  churn(count: number, batch = 16): void {
    for (let i = 0; i < count; i++) {
      this.#change();
      if (i % batch === batch - 1) this.publish.onBatchEnd();
    }
    this.publish.onBatchEnd();
  }

  #change(): void {
    const kind = this.#live.length < 10 ? 0 : this.random(this.#live.length > 2000 ? 10 : 8);
    if (kind < 4) {
      const id = this.#nextId++;
      const instrument = this.random(INSTRUMENTS);
      this.add(instrument, id, this.random(2), 1000 + this.random(20), 1 + this.random(500));
      this.#live.push({ id, instrument });
      return;
    }
    const index = this.random(this.#live.length);
    const { id, instrument } = this.#live[index] as { id: number; instrument: number };
    const slot = this.core.find(instrument, id, 0);
    const qty = this.core.orderQtyLo(slot);
    const part = 1 + this.random(qty);
    let gone = false;
    if (kind === 4) {
      gone = this.core.reduce(slot, part, 0) === 1;
      this.publish.onExecuted(instrument, id, 0, part, 0, 1001, 0, this.random(2), 7 * id, 0);
    } else if (kind === 5 && part < qty) {
      this.core.reduce(slot, part, 0);
      this.publish.onCancelled(instrument, id, 0, part, 0);
    } else if (kind === 6) {
      this.core.setQty(slot, part, 0);
      this.publish.onModified(instrument, id, 0, 0, 0, part, 0, 1);
    } else if (kind === 7) {
      const px = 1000 + this.random(20);
      this.core.move(slot, px, 0, part, 0);
      this.publish.onModified(instrument, id, 0, px, 0, part, 0, 0);
    } else {
      this.core.remove(slot);
      this.publish.onCancelled(instrument, id, 0, 0, 0);
      gone = true;
    }
    if (gone) this.#live.splice(index, 1);
  }
}

/** A client with books, and what it was told. */
export class TestClient {
  readonly books = new ClientBooks();
  readonly frames: Frame[] = [];
  readonly bytes: Buffer[] = [];
  readonly closes: [number, string][] = [];
  error = "";
  readonly client: RawClient;

  constructor(url: string, start: StartAt, more: { reconnect?: boolean; token?: string } = {}) {
    this.client = new RawClient(
      { url, start, reconnect: false, retryMs: 5, ...more },
      {
        onFrame: (frame) => this.frames.push(frame),
        onBytes: (bytes) => {
          this.bytes.push(Buffer.from(bytes));
          if (this.error !== "") return;
          try {
            this.books.applyBytes(bytes);
          } catch (error) {
            this.error = (error as Error).message;
          }
        },
        onClose: (code, reason) => this.closes.push([code, reason]),
      },
    );
  }

  /** Cursors of the live frames that came. */
  cursors(): number[] {
    return this.frames.filter((frame) => frame.cursor > 0).map((frame) => frame.cursor);
  }
}

/** Lets the event loop run until something holds; the test's own time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Lets the event loop turn a few times. */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve, 1));
}
