/**
 * The demo: a market and a feed on loopback, and the proof at the end that their books are equal.
 * Groups, port and session are of this process, so that several demos run side by side.
 */
import { loadConfig } from "../config/load.ts";
import { FeedError } from "../core/errors.ts";
import type { ProfileName } from "../generate/profile.ts";
import { C } from "../metrics/counter-table.ts";
import { Feed } from "./feed.ts";
import { Market, type MarketTruth } from "./market.ts";

/** How the demo is run. */
export interface DemoOptions {
  readonly seed: number;
  readonly instruments: number;
  readonly profile: ProfileName;
  readonly messagesPerSecond: number;
  readonly faults: string;
  /** Port of the page; 0 lets the kernel choose. */
  readonly port: number;
  /** Configuration file of the feed, or undefined for the package's laptop.toml. */
  readonly configFile: string;
  readonly sets: readonly string[];
  readonly log: (line: string) => void;
}

/** What the books were at the end. */
export interface DemoOutcome {
  readonly market: MarketTruth;
  readonly nextSeq: number;
  readonly bookHash: string | null;
  readonly liveOrders: number;
  readonly frames: number;
  readonly messages: number;
  readonly gaps: number;
  readonly feeds: Record<"a" | "b", { packets: number; lost: number; kernelDrops: number }>;
}

const IFACE = "127.0.0.1";
const SETTLE_TIMEOUT_MS = 10_000;
const SETTLE_POLL_MS = 20;

/** A running demo. */
export class Demo {
  readonly feed: Feed;
  readonly market: Market;

  private constructor(feed: Feed, market: Market) {
    this.feed = feed;
    this.market = market;
  }

  /** Starts the feed, then the market, so that the first message is heard. */
  static async start(options: DemoOptions): Promise<Demo> {
    const unique = process.pid;
    const group = `239.192.${1 + (unique % 250)}`;
    const port = 20_000 + (unique % 20_000);
    const config = loadConfig({
      file: options.configFile,
      env: process.env,
      sets: options.sets,
      flags: [
        ["rx.a", `${group}.1:${port}`],
        ["rx.b", `${group}.2:${port}`],
        ["rx.iface", IFACE],
        ["rx.iface_b", IFACE],
        ["channel.start", 1],
        ["publish.listen", `${IFACE}:0`],
        ["publish.listen_b", `${IFACE}:0`],
        ["admin.listen", `${IFACE}:${options.port}`],
      ],
    });
    const feed = await Feed.start(config, options.log);
    const { seed, instruments, profile, messagesPerSecond, faults } = options;
    const market = new Market({
      seed,
      instruments,
      profile,
      a: { group: `${group}.1`, port },
      b: { group: `${group}.2`, port },
      iface: IFACE,
      session: `DEMO${String(unique % 1_000_000).padStart(6, "0")}`,
      messagesPerSecond,
      faults,
    });
    return new Demo(feed, market);
  }

  /** Ends the market, waits until the feed has applied all of it, compares, stops the feed. */
  async finish(): Promise<DemoOutcome> {
    this.market.end();
    const truth = await this.market.ended;
    const outcome = await this.#settle(truth);
    await this.feed.stop();
    return outcome;
  }

  /** Ends everything at once. */
  async kill(): Promise<void> {
    await Promise.all([this.market.kill(), this.feed.kill()]);
  }

  async #settle(truth: MarketTruth): Promise<DemoOutcome> {
    const { status, pipeline } = this.feed;
    const end = performance.now() + SETTLE_TIMEOUT_MS;
    for (;;) {
      const merge = status.mergeStatus();
      const frames = status.counter(C.BOOK_CHANGES);
      const endpoint = await pipeline.queries?.state();
      const done = merge.nextSeq === truth.next && endpoint?.cursor === frames;
      if ((done && status.counter(C.BOOK_CHANGES) === frames) || performance.now() > end) {
        const feedFacts = (name: "a" | "b", drops: number) => ({
          packets: merge.feeds[name].packets,
          lost: merge.feeds[name].lost,
          kernelDrops: status.counter(drops),
        });
        return {
          market: truth,
          nextSeq: merge.nextSeq,
          bookHash: endpoint?.bookHash ?? null,
          liveOrders: endpoint?.liveOrders ?? 0,
          frames,
          messages: status.counter(C.DECODE_MESSAGES),
          gaps: merge.gaps.filter((gap) => gap.outcome === "unrecoverable").length,
          feeds: {
            a: feedFacts("a", C.RX_KERNEL_DROPS_A),
            b: feedFacts("b", C.RX_KERNEL_DROPS_B),
          },
        };
      }
      await new Promise((resolve) => setTimeout(resolve, SETTLE_POLL_MS));
    }
  }
}

/** Throws unless the feed's books are the market's. @throws FEED_MISMATCH */
export function demandEqualBooks(outcome: DemoOutcome): void {
  const { market, bookHash, nextSeq } = outcome;
  if (nextSeq !== market.next) {
    throw new FeedError(
      "FEED_MISMATCH",
      `the feed stands before message ${nextSeq}, the market sent up to ${market.next - 1}`,
    );
  }
  if (bookHash !== market.bookHash) {
    throw new FeedError(
      "FEED_MISMATCH",
      `book hash of the feed ${bookHash ?? "unknown"}, of the market ${market.bookHash}; ` +
        `gaps ${outcome.gaps}`,
    );
  }
}
