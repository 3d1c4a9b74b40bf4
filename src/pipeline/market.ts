/**
 * The demo's market: a generated day sent as A/B multicast from a thread of its own, and the truth
 * about it at the end. Thread: main; the market's is market-worker.ts.
 */
import { Worker } from "node:worker_threads";
import type { GroupAddress } from "../config/config.ts";
import { errorText, FeedError } from "../core/errors.ts";
import type { ProfileName } from "../generate/profile.ts";
import { deferred } from "./deferred.ts";

/** What a market is and where it is sent. */
export interface MarketPlan {
  /** 0 to 2^50. */
  readonly seed: number;
  readonly instruments: number;
  readonly profile: ProfileName;
  readonly a: GroupAddress;
  readonly b: GroupAddress;
  readonly iface: string;
  /** At most 10 printable ASCII characters. */
  readonly session: string;
  readonly messagesPerSecond: number;
  /** Faults on the way, as `nyq send --fault` takes them. */
  readonly faults: string;
}

/** What was sent, by the market's own books. */
export interface MarketTruth {
  readonly messages: number;
  /** Sequence after the last message. */
  readonly next: number;
  readonly liveOrders: number;
  readonly bookHash: string;
}

/** What the market's thread tells. */
export type MarketMessage =
  | { readonly type: "ended"; readonly truth: MarketTruth }
  | { readonly type: "failed"; readonly text: string };

/** A running market. */
export class Market {
  /** The truth, once it has ended; rejects when the market cannot go on. */
  readonly ended: Promise<MarketTruth>;
  readonly #worker: Worker;

  constructor(plan: MarketPlan) {
    const { promise, resolve, reject } = deferred<MarketTruth>();
    this.ended = promise;
    this.#worker = new Worker(new URL("./market-worker.js", import.meta.url), {
      workerData: plan,
      name: "market",
    });
    this.#worker.on("message", (message: MarketMessage) => {
      if (message.type === "ended") resolve(message.truth);
      else reject(new FeedError("FEED_WORKER_DIED", `market: ${message.text}`));
    });
    this.#worker.on("error", (error) => {
      reject(new FeedError("FEED_WORKER_DIED", `market: ${errorText(error)}`));
    });
    this.#worker.on("exit", (code) => {
      reject(new FeedError("FEED_WORKER_DIED", `market ended unasked, code ${code}`));
    });
    promise.catch(() => {
      // Whoever awaits `ended` hears of it.
    });
  }

  /** Ends the day: closing messages, end of session, then `ended`. */
  end(): void {
    this.#worker.postMessage("end");
  }

  /** Ends the thread at once. */
  async kill(): Promise<void> {
    await this.#worker.terminate();
  }
}
