/**
 * Copies merge's state into the shared status about once a millisecond: plain stores behind the
 * sequence lock of status.ts. Thread: merge's.
 */
import type { Counters } from "../core/counters.ts";
import { FEED_COUNT } from "../core/sinks.ts";
import { C } from "../metrics/counter-table.ts";
import type { FeedHealth } from "./feed-health.ts";
import type { Patience } from "./patience.ts";
import { NEXT, type Sequencer } from "./sequencer.ts";
import type { SessionName } from "./session.ts";
import { FEED_FIELDS, FeedField, Field, type MergeStatusWriter, OPEN_KEPT } from "./status.ts";

const PUBLISH_NS = 1e6;

/** What of merge is published. */
export interface ChannelState {
  readonly sequencer: Sequencer;
  readonly session: SessionName;
  readonly started: boolean;
  readonly lateJoin: boolean;
  readonly sessions: number;
}

/** Publishes a channel's state. */
export class StatusPublisher {
  readonly #writer: MergeStatusWriter;
  readonly #health: FeedHealth;
  readonly #counters: Counters;
  readonly #patience: Patience;
  /** Patience.nowNs. */
  readonly #nowNs: Float64Array;
  readonly #lastNs = new Float64Array(1);

  constructor(
    writer: MergeStatusWriter,
    health: FeedHealth,
    counters: Counters,
    patience: Patience,
  ) {
    this.#writer = writer;
    this.#health = health;
    this.#counters = counters;
    this.#patience = patience;
    this.#nowNs = patience.nowNs;
  }

  /** True when the last publication is a millisecond old. */
  isDue(): boolean {
    return (this.#nowNs[0] as number) - (this.#lastNs[0] as number) >= PUBLISH_NS;
  }

  /** Publishes the state of this moment. */
  publish(channel: ChannelState): void {
    this.#lastNs[0] = this.#nowNs[0] as number;
    const writer = this.#writer;
    const { fields } = writer;
    const { sequencer, session } = channel;
    const { missing } = sequencer;
    writer.begin();
    // With an explicit start nothing has started before the first packet told the session.
    const started = channel.started && session.known;
    fields[Field.STARTED] = started ? 1 : 0;
    fields[Field.NEXT_SEQ] = sequencer.state[NEXT] as number;
    fields[Field.IN_SYNC] = started && missing.count === 0 ? 1 : 0;
    fields[Field.LATE_JOIN] = channel.lateJoin ? 1 : 0;
    fields[Field.GAP_STALE] = sequencer.gapStale ? 1 : 0;
    fields[Field.ENDED] = sequencer.ended ? 1 : 0;
    fields[Field.SESSIONS] = channel.sessions;
    fields[Field.SESSION_HI] = session.hi;
    fields[Field.SESSION_MID] = session.mid;
    fields[Field.SESSION_LO] = session.lo;
    const open = sequencer.openGaps();
    fields[Field.GAPS_OPEN] = open;
    for (let i = 0; i < open && i < OPEN_KEPT; i++) {
      const from = missing.from[i] as number;
      const to = missing.to[i] as number;
      const sinceNs = this.#patience.onClock(sequencer.openSince(i));
      writer.putOpen(i, from, to, missing.cause[i] as number, sinceNs);
    }
    for (let feed = 0; feed < FEED_COUNT; feed++) this.#putFeed(feed);
    writer.end();
    this.#counters.set(C.MERGE_OPEN_MESSAGES, missing.total[0] as number);
    const { held } = sequencer;
    this.#counters.set(C.MERGE_HELD, (held[0] as number) + (held[1] as number));
  }

  #putFeed(feed: number): void {
    const { fields } = this.#writer;
    const { values } = this.#counters;
    const at = Field.FEEDS + feed * FEED_FIELDS;
    const health = this.#health.of(feed);
    fields[at + FeedField.PACKETS] = values[C.MERGE_PACKETS_A + feed] as number;
    fields[at + FeedField.BYTES] = values[C.MERGE_BYTES_A + feed] as number;
    fields[at + FeedField.DUPLICATES] = values[C.MERGE_DUPLICATES_A + feed] as number;
    fields[at + FeedField.LATE] = values[C.MERGE_LATE_A + feed] as number;
    fields[at + FeedField.LOST] = values[C.MERGE_LOST_A + feed] as number;
    fields[at + FeedField.MALFORMED] = values[C.MERGE_MALFORMED_A + feed] as number;
    fields[at + FeedField.HEALTH] = health;
    this.#counters.set(C.MERGE_HEALTH_A + feed, health);
  }
}
