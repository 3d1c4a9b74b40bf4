/**
 * How time passes between two generated messages: calm stretches and bursts of random length, each
 * with its own mean distance. Distances are exponential in good approximation: the leading zeros
 * of a random word are geometric, and the bits behind them interpolate. No logarithm: its last
 * bit differs between versions of V8.
 */
import { TWO_32 } from "../core/layout.ts";
import type { Random } from "./random.ts";

/** The profiles by name. */
export const PROFILE_NAMES = ["open", "quiet", "burst"] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];

/** Mean distances, ns, and mean lengths, messages, of the two kinds of stretch. */
interface Profile {
  readonly calmNs: number;
  readonly calmMessages: number;
  readonly burstNs: number;
  readonly burstMessages: number;
}

const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  // About 500,000 messages a second over all, 2 million within a burst.
  open: { calmNs: 3_600, calmMessages: 400, burstNs: 500, burstMessages: 400 },
  // About 5,000 a second, with a handful together now and then.
  quiet: { calmNs: 320_000, calmMessages: 40, burstNs: 6_000, burstMessages: 24 },
  // 10,000 a second, then 3 million a second for a millisecond or two.
  burst: { calmNs: 100_000, calmMessages: 600, burstNs: 330, burstMessages: 5_000 },
};

const SECOND_NS = 1e9;
/** Start of messages: 3:00. */
export const DAY_START_NS = 3 * 3600 * SECOND_NS;
/** Start of system hours: 4:00. */
export const SYSTEM_START_NS = 4 * 3600 * SECOND_NS;
/** Start of market hours: 9:30. */
export const MARKET_START_NS = 9.5 * 3600 * SECOND_NS;
/** End of market hours: 16:00; no order message is later. */
export const MARKET_END_NS = 16 * 3600 * SECOND_NS;
/** End of system hours: 20:00. */
export const SYSTEM_END_NS = 20 * 3600 * SECOND_NS;
/** End of messages: 20:05. */
export const DAY_END_NS = SYSTEM_END_NS + 300 * SECOND_NS;

/** Mean of the interpolated distance below, in units of the word. */
const MEAN_UNITS = 1.5;
const RECHECK_MESSAGES = 1024;

/** The time of the newest message. */
export class MarketTime {
  /** [0]: ns since midnight, an integer. In a typed array, so that no double is boxed. */
  readonly ns = new Float64Array([DAY_START_NS]);
  readonly #profile: Profile;
  /** [0]: mean distance of this stretch; [1]: longest distance allowed. */
  readonly #step = new Float64Array(2);
  #left = 0;
  #burst = false;
  #untilCheck = 0;

  constructor(profile: ProfileName) {
    this.#profile = PROFILES[profile];
  }

  /** Moves to the next message. */
  advance(random: Random): void {
    if (this.#left === 0) this.#nextStretch(random);
    if (this.#untilCheck === 0) this.#check();
    this.#left--;
    this.#untilCheck--;
    const word = random.next() | 1;
    const zeros = Math.clz32(word);
    const units = zeros + 2 - ((word << zeros) >>> 0) / 0x8000_0000;
    const distance = Math.min(units * (this.#step[0] as number), this.#step[1] as number);
    this.ns[0] = (this.ns[0] as number) + Math.floor(distance);
  }

  #nextStretch(random: Random): void {
    const { calmNs, calmMessages, burstNs, burstMessages } = this.#profile;
    this.#burst = !this.#burst;
    this.#step[0] = (this.#burst ? burstNs : calmNs) / MEAN_UNITS;
    this.#left = 1 + random.below(2 * (this.#burst ? burstMessages : calmMessages));
  }

  /** An endless day comes ever nearer to the market's end and never reaches it. */
  #check(): void {
    this.#untilCheck = RECHECK_MESSAGES;
    const left = MARKET_END_NS - (this.ns[0] as number);
    this.#step[1] = Math.max(0, Math.floor(left / (64 * RECHECK_MESSAGES)));
  }
}

/** The upper 16 bits of a time, ns. */
export function timeHigh(ns: number): number {
  return (ns / TWO_32) | 0;
}
