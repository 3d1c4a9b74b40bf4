/** The line between a measuring tool and its market's thread: words in shared memory, and a plan. */

/** Seed of every line's market, whose profile is "open". */
export const MARKET_SEED = 11;

/** Words of a line. */
export const Line = {
  /** Packets of feed A that are to be sent by now. */
  TARGET: 0,
  /** Packets of feed A that were sent. */
  SENT: 1,
  /** Messages that were sent. */
  MESSAGES: 2,
  /** 1 ends the market. */
  STOP: 3,
  /** A word to sleep on. */
  NEVER: 4,
} as const;

/** What a market's thread is started with. */
export interface LinePlan {
  readonly words: SharedArrayBuffer;
  /** Counters of the feed, which the market keeps step with. */
  readonly counters: SharedArrayBuffer;
  readonly group: string;
  readonly port: number;
  readonly instruments: number;
  /** Packets of each feed a second; 0 as fast as the feed takes them. */
  readonly packetsPerSecond: number;
  /** Loses, swaps and repeats packets, never the same on both feeds. */
  readonly faults: boolean;
}
