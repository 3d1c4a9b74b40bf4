/**
 * A made-up feed behind the admin server: for the page's development and for tests of routes.
 * Run as a program (`node dist/test/metrics/fake-providers.js PORT`) it serves the page.
 */
import { pathToFileURL } from "node:url";
import { HISTOGRAM_BYTES, Histogram } from "../../src/core/histogram.ts";
import {
  type AdminProviders,
  AdminServer,
  type ReadyReason,
} from "../../src/metrics/admin-server.ts";
import { COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import { Metrics } from "../../src/metrics/prometheus.ts";

const SYMBOLS = ["AAPL", "MSFT", "NVDA", "GOOG", "AMZN", "META", "TSLA", "AMD", "NFLX", "INTC"];
const STAGES = ["rx.a", "rx.b", "merge", "decode", "book", "publish", "endpoint"];

/** Providers whose numbers move with the clock. */
export class FakeProviders implements AdminProviders {
  readonly counters = new Float64Array(COUNTER_COUNT);
  readonly latency = new Histogram(new SharedArrayBuffer(HISTOGRAM_BYTES));
  readonly #metrics: Metrics;
  reasons: ReadyReason[] = [];
  fails = false;

  constructor() {
    for (let i = 0; i < 1000; i++) this.latency.record(2000 + i * i);
    this.counters.fill(3);
    this.#metrics = new Metrics({
      counters: this.counters,
      histograms: [
        { name: "nyq_fake_seconds", help: "A made-up latency.", histogram: this.latency },
      ],
      samples: () => [
        {
          name: "nyq_fake_ratio",
          help: "A made-up gauge.",
          kind: "gauge",
          labels: { thread: 'a"b\\c\n' },
          value: 0.5,
        },
      ],
      version: "0.0.0-fake",
    });
  }

  async status(): Promise<object> {
    if (this.fails) throw new Error("the endpoint does not answer");
    const t = performance.now();
    const n = Math.floor(t * 120 + Math.sin(t / 3000) * 40_000 + 40_000);
    return {
      channels: [this.#channel(n)],
      stages: STAGES.map((name, i) => ({
        name,
        thread: i < 6 ? "hot" : "endpoint",
        cpu: i < 6 ? 2 : null,
        work: n * (i + 1),
        ring_fill: i === 0 ? 0 : Math.abs(Math.sin(t / 2000 + i)) * 0.4,
        busy: Math.abs(Math.cos(t / 1500 + i)),
      })),
      clients: [1, 2, 3].map((id) => ({
        endpoint: id === 3 ? "b" : "a",
        id,
        since_ns: 12e9,
        cursor: n - id * 7,
        lag: id === 3 ? 20_411 : id * 7,
        bytes: id * 1024,
      })),
      global_sequence: n,
      book_hash: "9f1c77d20a4be3f6",
      instruments: SYMBOLS.length,
      live_orders: 81_234 + Math.floor(Math.sin(t / 900) * 900),
      version: "0.0.0-fake",
      uptime_ns: Math.floor(t * 1e6),
      messages: Math.floor(n * 1.12),
      latency: {
        count: this.latency.count(),
        p50_ns: this.latency.quantile(0.5),
        p90_ns: this.latency.quantile(0.9),
        p99_ns: this.latency.quantile(0.99),
        p99_9_ns: this.latency.quantile(0.999),
        max_ns: this.latency.max(),
      },
      ready: this.ready(),
    };
  }

  #channel(n: number): object {
    const feed = (health: string, lost: number): object => ({
      packets: Math.floor(n / 9),
      bytes: n * 41,
      duplicates: Math.floor(n / 9.1),
      late: 211,
      lost,
      malformed: 0,
      health,
      kernel_drops: 0,
    });
    const causes = ["distance", "time", "heartbeat"];
    const outcomes = ["filled", "unrecoverable"];
    const gaps = Array.from({ length: 14 }, (_, i) => ({
      from: 10_000 + i * 7123,
      to: 10_000 + i * 7123 + i * 3,
      cause: causes[i % 3],
      detected_ns: i * 1e9,
      closed_ns: i === 13 ? null : i * 1e9 + 3.1e6 * (i + 1),
      outcome: i === 13 ? "open" : outcomes[i % 2],
    }));
    return {
      name: "itch",
      protocol: "itch-5.0",
      session: "NYQDEMO001",
      next_seq: n,
      in_sync: true,
      gaps,
      gaps_total: gaps.length,
      stale: { all: false, count: 2, instruments: [1, 2] },
      feeds: { a: feed("good", 12), b: feed("lossy", 4811) },
    };
  }

  ready(): { ok: boolean; reasons: ReadyReason[] } {
    return { ok: this.reasons.length === 0, reasons: this.reasons };
  }

  metrics(): Promise<string> {
    return this.#metrics.render();
  }

  async instrument(instrument: number): Promise<object | null> {
    const symbol = SYMBOLS[instrument];
    if (symbol === undefined) return null;
    const state = instrument === 2 ? "H" : "T";
    const messages = [
      {
        message: "Stock Trading Action",
        template_id: "H",
        fields: { "Stock Locate": instrument, "Trading State": state, Reason: "" },
        text: { "Trading State": state === "H" ? "halted" : "trading" },
      },
    ];
    const participants = [{ mpid: "MAKR", primary: "Y", mode: "N", state: "A" }];
    return { instrument, symbol, messages, participants };
  }

  async ladder(instrument: number, depth: number): Promise<object | null> {
    const symbol = SYMBOLS[instrument];
    if (symbol === undefined) return null;
    const t = performance.now() / 400;
    const middle = 1_853_400 + instrument * 230_000 + Math.round(Math.sin(t / 20) * 30) * 100;
    const level = (i: number, sign: number): [string, string, number] => {
      const orders = 1 + Math.floor(Math.abs(Math.sin(i * 1.7 + Math.floor(t + i) / 3)) * 12);
      return [String(middle + sign * (100 + i * 100)), String(orders * 100 * (i + 1)), orders];
    };
    const side = (sign: number) => Array.from({ length: depth }, (_, i) => level(i, sign));
    return { instrument, symbol, bids: side(-1), asks: side(1) };
  }

  async trades(limit: number): Promise<object> {
    const now = 100_000 + Math.floor(performance.now() / 150);
    return Array.from({ length: Math.min(limit, 60) }, (_, i) => {
      const k = now - i;
      const instrument = (k * 7) % SYMBOLS.length;
      return {
        instrument,
        symbol: SYMBOLS[instrument],
        px: String(1_853_400 + instrument * 230_000 + ((k * 37) % 9) * 100),
        qty: String(((k * 13) % 17) * 100 + 1),
        aggressor: k % 3 === 0 ? "sell" : "buy",
        match: String(k),
        time_ns: String(k * 150_000_000),
        cursor: k,
      };
    });
  }

  async instruments(): Promise<object> {
    return SYMBOLS.map((symbol, index) => ({ index, symbol }));
  }

  async active(limit: number): Promise<object> {
    const n = performance.now();
    return SYMBOLS.map((symbol, instrument) => {
      return { instrument, symbol, frames: Math.floor((n * 90) / (instrument + 1)) };
    }).slice(0, limit);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const listen = { host: "127.0.0.1", port: Number(process.argv[2] ?? 0) };
  const server = new AdminServer({ listen, token: null, providers: new FakeProviders() });
  const { port } = await server.listen();
  process.stdout.write(`http://127.0.0.1:${port}/\n`);
}
