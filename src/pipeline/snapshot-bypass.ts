/**
 * Lets packets of the snapshot channel past merge: a capture brings them by the same way as the
 * feeds, and there is nothing of theirs to arbitrate.
 *
 * Thread: merge's. Replay only: a live channel's decode stage receives them itself.
 */
import * as sinks from "../core/sinks.ts";

const FEED_SNAPSHOT = sinks.FEED_SNAPSHOT;

/** Stands before merge. */
export class SnapshotBypass implements sinks.PacketSink {
  readonly #merge: sinks.PacketSink;
  readonly #decode: sinks.PacketSink;

  /** @param decode what merge hands its packets to */
  constructor(merge: sinks.PacketSink, decode: sinks.PacketSink) {
    this.#merge = merge;
    this.#decode = decode;
  }

  onPacket(
    feed: number,
    frame: number,
    offset: number,
    length: number,
    tsLo: number,
    tsHi: number,
    tsKind: number,
    seqLo: number,
    seqHi: number,
    first: number,
    count: number,
  ): void {
    const sink = feed === FEED_SNAPSHOT ? this.#decode : this.#merge;
    sink.onPacket(feed, frame, offset, length, tsLo, tsHi, tsKind, seqLo, seqHi, first, count);
  }

  onControl(control: number): void {
    this.#merge.onControl(control);
  }

  onBatchEnd(): void {
    this.#merge.onBatchEnd();
  }
}
