/**
 * How each feed does, told from its own arrivals and never from which copy won.
 *
 *   lost        messages below the feed's highest that did not come within merge.gap_timeout_ms
 *   late        packets that came after one with a higher sequence, and brought something new
 *   duplicates  packets that brought nothing that this feed had not brought before
 *   silent      no packet for merge.silent_ms
 *   lagging     behind what the other feed had shown one merge.gap_timeout_ms earlier
 *   lossy       lost something in the last ten seconds
 *
 * The caller compares `expected` on its own straight path and calls outOfOrder() for the rest. Time
 * and sequences come through arrays: as arguments they would be objects on the heap (missing.ts).
 * Thread: merge's.
 */
import type { MergeConfig } from "../config/config.ts";
import type { Counters } from "../core/counters.ts";
import { FEED_COUNT } from "../core/sinks.ts";
import { C } from "../metrics/counter-table.ts";
import { AT_NS, FROM, MissingRanges, TO } from "./missing.ts";

/** Ranges remembered for each feed; the oldest are forgotten, an eighth at a time. */
const RANGES = 2048;
const FORGOTTEN = RANGES / 8;
const LOSSY_NS = 10e9;
/** Places in FeedHealth.packet: its first sequence, and the one after its last. */
export const SEQ = 0;
export const END = 1;
/** Marks of a range (in MissingRanges.cause): may still come, or counted as lost. */
const OWED = 0;
const SETTLED = 1;

/** Healths by number; the order is that of HEALTH_NAMES. */
export const Health = { GOOD: 0, LOSSY: 1, LAGGING: 2, SILENT: 3 } as const;

/** The health of both feeds of a channel. */
export class FeedHealth {
  /** By feed: the sequence after the highest that came. Advanced by the caller too. */
  readonly expected = new Float64Array(FEED_COUNT);
  /** By feed: when its last packet came, ns; -1 never. */
  readonly lastNs = new Float64Array(FEED_COUNT).fill(-1);
  /** What outOfOrder() takes: see SEQ and END, which are equal for a heartbeat. */
  readonly packet = new Float64Array(2);
  readonly #missing: readonly MissingRanges[];
  readonly #lostNs = new Float64Array(FEED_COUNT).fill(-LOSSY_NS);
  readonly #sampleSeq = new Float64Array(FEED_COUNT);
  readonly #lagging = new Uint8Array(FEED_COUNT);
  readonly #counters: Counters;
  /** [0]: now. */
  readonly #nowNs: Float64Array;
  readonly #timeoutNs: number;
  readonly #silentNs: number;
  readonly #maxJump: number;
  /** [0]: when #sampleSeq was taken. Not a number's field: each new value would be an object. */
  readonly #sampleNs = new Float64Array(1);

  /** @param nowNs [0]: merge's time, ns; kept up to date by its owner */
  constructor(config: MergeConfig, counters: Counters, nowNs: Float64Array) {
    this.#counters = counters;
    this.#nowNs = nowNs;
    this.#timeoutNs = config.gapTimeoutMs * 1e6;
    this.#silentNs = config.silentMs * 1e6;
    this.#maxJump = config.maxJump;
    this.#missing = [new MissingRanges(RANGES), new MissingRanges(RANGES)];
  }

  /** As new: nothing came from either feed. */
  reset(): void {
    for (let feed = 0; feed < FEED_COUNT; feed++) (this.#missing[feed] as MissingRanges).clear();
    this.expected.fill(0);
    this.lastNs.fill(-1);
    this.#lostNs.fill(-LOSSY_NS);
    this.#sampleSeq.fill(0);
    this.#lagging.fill(0);
    this.#sampleNs[0] = 0;
  }

  /** Starts over: both feeds owe everything from `seq` on. */
  restart(seq: number): void {
    for (let feed = 0; feed < FEED_COUNT; feed++) {
      this.#settleAll(feed);
      this.expected[feed] = seq;
      this.#sampleSeq[feed] = seq;
      this.#lagging[feed] = 0;
    }
  }

  /** Takes `packet`, which does not begin where the feed's last one ended. */
  outOfOrder(feed: number): void {
    const seq = this.packet[SEQ] as number;
    const end = this.packet[END] as number;
    const missing = this.#missing[feed] as MissingRanges;
    const expected = this.expected[feed] as number;
    if (seq > expected + this.#maxJump) {
      this.#settleAll(feed);
      this.expected[feed] = end;
      return;
    }
    if (seq > expected) {
      this.#makeRoom(feed, missing);
      missing.span[FROM] = expected;
      missing.span[TO] = seq;
      missing.span[AT_NS] = this.#nowNs[0] as number;
      missing.append(OWED);
    } else if (end > seq) {
      this.#below(feed, missing);
    }
    if (end > expected) this.expected[feed] = end;
  }

  /** Counts losses that have become final, and looks at lag. */
  tick(): void {
    const nowNs = this.#nowNs[0] as number;
    for (let feed = 0; feed < FEED_COUNT; feed++) this.#settle(feed);
    if (nowNs - (this.#sampleNs[0] as number) < this.#timeoutNs) return;
    this.#sampleNs[0] = nowNs;
    for (let feed = 0; feed < FEED_COUNT; feed++) {
      const behind = (this.expected[feed] as number) < (this.#sampleSeq[1 - feed] as number);
      this.#lagging[feed] = behind ? 1 : 0;
    }
    this.#sampleSeq.set(this.expected);
  }

  /** @returns a Health */
  of(feed: number): number {
    const nowNs = this.#nowNs[0] as number;
    const last = this.lastNs[feed] as number;
    if (last < 0 || nowNs - last >= this.#silentNs) return Health.SILENT;
    if (this.#lagging[feed] === 1) return Health.LAGGING;
    return nowNs - (this.#lostNs[feed] as number) < LOSSY_NS ? Health.LOSSY : Health.GOOD;
  }

  /** Takes a packet with messages that begins below what was expected. */
  #below(feed: number, missing: MissingRanges): void {
    this.#makeRoom(feed, missing);
    missing.span[FROM] = this.packet[SEQ] as number;
    missing.span[TO] = this.packet[END] as number;
    if (missing.cover() > 0) this.#counters.increment(C.MERGE_LATE_A + feed);
    else if ((this.packet[END] as number) <= (this.expected[feed] as number)) {
      this.#counters.increment(C.MERGE_DUPLICATES_A + feed);
    }
  }

  #makeRoom(feed: number, missing: MissingRanges): void {
    if (missing.count < missing.capacity - 1) return;
    for (let i = 0; i < FORGOTTEN; i++) this.#lose(feed, missing, i);
    missing.removeFirst(FORGOTTEN);
  }

  /** Counts the ranges whose time has passed; those already counted lie before them. */
  #settle(feed: number): void {
    const nowNs = this.#nowNs[0] as number;
    const missing = this.#missing[feed] as MissingRanges;
    let at = missing.count - 1;
    while (at >= 0 && nowNs - (missing.noticedNs[at] as number) < this.#timeoutNs) at--;
    while (at >= 0 && missing.cause[at] !== SETTLED) {
      this.#lose(feed, missing, at);
      this.#lostNs[feed] = nowNs;
      at--;
    }
  }

  #settleAll(feed: number): void {
    const missing = this.#missing[feed] as MissingRanges;
    for (let i = 0; i < missing.count; i++) this.#lose(feed, missing, i);
    missing.clear();
  }

  #lose(feed: number, missing: MissingRanges, at: number): void {
    if (missing.cause[at] === SETTLED) return;
    missing.cause[at] = SETTLED;
    const size = (missing.to[at] as number) - (missing.from[at] as number);
    this.#counters.add(C.MERGE_LOST_A + feed, size);
  }
}
