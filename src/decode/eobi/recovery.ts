/**
 * Keeps a market segment's books true with the snapshot channel: a late joiner, and everybody after
 * a gap, waits for a whole cycle of the product and meanwhile keeps the live packets.
 *
 *   live (merged) ─▶ LIVE ──gap──▶ WAITING: packets kept ──┐
 *                     ▲                                    │  cycle up to message L
 *   snapshot cycles ──┴── books filled, kept messages > L ◀┘
 *
 * A cycle fits when nothing is missing between L and the first packet kept. When the keep is full
 * the oldest packet goes, and the next cycle has to reach further. A gap while waiting makes what
 * was kept before it worthless.
 *
 * A product that goes quiet just after a loss sends nothing that shows it. Two cycles do: both know
 * of messages beyond the books', and no live packet came between them.
 *
 * It stands before the decoder and is the decode stage. Thread: decode's. Hot path while LIVE: no
 * allocation. Source: T7 EOBI manual, "Recovery": messages with a MsgSeqNum above
 * LastMsgSeqNumProcessed are applied after the full snapshot of the product.
 */
import type { Counters } from "../../core/counters.ts";
import type { FrameView } from "../../core/frames.ts";
import { joinHalves } from "../../core/layout.ts";
import * as sinks from "../../core/sinks.ts";
import { C } from "../../metrics/counter-table.ts";
import type { EobiDecoder } from "./decoder.ts";
import { EobiFraming } from "./framing.ts";
import * as L from "./layout.ts";
import { EobiSnapshot } from "./snapshot.ts";

const FEED_SNAPSHOT = sinks.FEED_SNAPSHOT;
const FIRST_SEQ = 1;
/** A market segment that is none: outside i32. */
const NO_SEGMENT = 2 ** 40;

/** How far the books are, as C.RECOVERY_STATE shows it. */
export const RecoveryState = {
  /** Nothing has come yet. */
  NEW: 0,
  /** The books wait for a snapshot. */
  WAITING: 1,
  /** The books are those of the last message. */
  LIVE: 2,
} as const;
const { NEW, WAITING, LIVE } = RecoveryState;

/** What recovery stands on. */
export interface EobiRecoveryOptions {
  readonly decoder: EobiDecoder;
  /** Frame regions by feed, FEED_SNAPSHOT's too. */
  readonly frames: readonly FrameView[];
  readonly owner: sinks.FrameOwner;
  readonly sink: sinks.EventSink;
  readonly counters: Counters;
  /** Live packets kept while waiting. */
  readonly packets: number;
  /** Bytes of a packet at most. */
  readonly packetBytes: number;
  /** Orders of a product's snapshot at most. */
  readonly orders: number;
  readonly instruments: number;
  /** Market segment; null: that of the first live packet. */
  readonly segment: number | null;
}

/** The decode stage of a channel with snapshots. */
export class EobiRecovery implements sinks.PacketSink, sinks.Stage {
  readonly #options: EobiRecoveryOptions;
  readonly #decoder: EobiDecoder;
  readonly #frames: readonly FrameView[];
  readonly #snapshot: EobiSnapshot;
  readonly #framing: EobiFraming;
  #state: number = NEW;
  #segment: number;
  /**
   * [0] the message that has to come next, [1] that of the packet at hand, [2] the one that had to
   * come next when a cycle first knew of it; 0 when none does.
   */
  readonly #seq = new Float64Array(3);
  /** Kept packets: their bytes, and by place length, firstOffset and count; and first sequences. */
  readonly #bytes: Uint8Array;
  readonly #data: DataView;
  readonly #places: Int32Array;
  readonly #firsts: Float64Array;
  #oldest = 0;
  #kept = 0;

  constructor(options: EobiRecoveryOptions) {
    const { decoder, counters, orders, instruments, packets, packetBytes } = options;
    this.#options = options;
    this.#decoder = decoder;
    this.#frames = options.frames;
    this.#snapshot = new EobiSnapshot(decoder, counters, orders, instruments);
    this.#framing = new EobiFraming(options.segment);
    this.#segment = options.segment ?? NO_SEGMENT;
    // Address space: it costs memory where packets were kept.
    this.#bytes = new Uint8Array(packets * packetBytes);
    this.#data = new DataView(this.#bytes.buffer);
    this.#places = new Int32Array(packets * 3);
    this.#firsts = new Float64Array(packets);
  }

  /** A RecoveryState. */
  get state(): number {
    return this.#state;
  }

  /** The message that the books wait for, once live. */
  get nextSeq(): number {
    return this.#seq[0] as number;
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
    firstOffset: number,
    count: number,
  ): void {
    const seq = this.#seq;
    seq[1] = joinHalves(seqLo, seqHi);
    // Captures without sequences are taken as they come.
    if (feed !== FEED_SNAPSHOT && (seq[1] === 0 || (this.#state === LIVE && seq[1] === seq[0]))) {
      seq[0] = (seq[0] as number) + (seq[1] === 0 ? 0 : count);
      this.#decoder.onPacket(
        feed,
        frame,
        offset,
        length,
        tsLo,
        tsHi,
        tsKind,
        seqLo,
        seqHi,
        firstOffset,
        count,
      );
      return;
    }
    const view = this.#frames[feed] as FrameView;
    const start = frame * view.frameBytes + offset;
    if (feed === FEED_SNAPSHOT) this.#cycle(view.data, start, length);
    else this.#live(view, start, length, firstOffset, count);
    this.#options.owner.release(feed, frame);
  }

  onControl(control: number): void {
    if (control === sinks.ChannelControl.NEW_SESSION) this.reset();
    this.#decoder.onControl(control);
  }

  onBatchEnd(): void {
    this.#decoder.onBatchEnd();
  }

  tick(): void {
    this.#options.counters.set(C.RECOVERY_STATE, this.#state);
  }

  /** As before the first packet; instruments keep their indexes. */
  reset(): void {
    this.#state = NEW;
    this.#segment = this.#options.segment ?? NO_SEGMENT;
    this.#forget();
    this.#snapshot.reset();
  }

  /** A live packet that is not simply the next one. */
  #live(view: FrameView, start: number, length: number, firstOffset: number, count: number): void {
    const seq = this.#seq[1] as number;
    if (this.#segment === NO_SEGMENT) {
      this.#segment = view.data.getInt32(start + L.PACKET_HEADER_MARKET_SEGMENT_ID, true);
    }
    if (this.#state === NEW && seq === FIRST_SEQ) {
      this.#state = LIVE;
      this.#seq[0] = FIRST_SEQ;
    }
    if (this.#state === LIVE && seq <= (this.#seq[0] as number)) {
      // A snapshot was ahead of the live packets: they begin to count where it ended.
      this.#catchUp(view.data, start, length, firstOffset, count);
      return;
    }
    if (this.#state !== WAITING) this.#wait();
    else if (seq !== this.#seq[0]) this.#forget();
    this.#seq[0] = seq + count;
    this.#keep(view, start, length, firstOffset, count);
  }

  #wait(): void {
    if (this.#state === LIVE) this.#options.counters.increment(C.RECOVERY_GAPS);
    this.#state = WAITING;
    this.#forget();
    this.tick();
  }

  /** Takes the part of a packet from the next message on; its first message is #seq[1]. */
  #catchUp(
    data: DataView,
    start: number,
    length: number,
    firstOffset: number,
    count: number,
  ): void {
    const next = this.#seq[0] as number;
    const known = Math.min(next - (this.#seq[1] as number), count);
    const at = this.#framing.skip(data, start, length, firstOffset, known);
    if (known === count || at < 0) return;
    this.#seq[0] = next + count - known;
    this.#decoder.take(data, start, length, at, count - known);
  }

  /** Copies a packet, so that its frame goes back at once. */
  #keep(view: FrameView, start: number, length: number, firstOffset: number, count: number): void {
    const { packets, packetBytes, counters } = this.#options;
    counters.increment(C.RECOVERY_KEPT);
    if (this.#kept === packets || length > packetBytes) {
      counters.increment(C.RECOVERY_KEEP_FULL);
      if (length > packetBytes) {
        this.#forget();
        return;
      }
      this.#oldest = (this.#oldest + 1) % packets;
      this.#kept--;
    }
    const place = (this.#oldest + this.#kept) % packets;
    this.#kept++;
    this.#bytes.set(view.bytes.subarray(start, start + length), place * packetBytes);
    this.#places[3 * place] = length;
    this.#places[3 * place + 1] = firstOffset;
    this.#places[3 * place + 2] = count;
    this.#firsts[place] = this.#seq[1] as number;
  }

  #forget(): void {
    this.#oldest = 0;
    this.#kept = 0;
  }

  /** A datagram of the snapshot channel. */
  #cycle(data: DataView, start: number, length: number): void {
    if (
      this.#segment === NO_SEGMENT ||
      (this.#state === LIVE && !this.#isBehind(data, start, length))
    ) {
      this.#options.counters.increment(C.SNAPSHOT_UNNEEDED);
      return;
    }
    if (this.#state === LIVE) this.#wait();
    if (!this.#snapshot.take(data, start, length, this.#segment)) return;
    const last = this.#snapshot.last[0] as number;
    if (this.#kept > 0 && (this.#firsts[this.#oldest] as number) > last + 1) {
      this.#options.counters.increment(C.SNAPSHOT_TOO_OLD);
      return;
    }
    this.#apply(last);
  }

  /** True when this cycle and one before it know of messages that live books still wait for. */
  #isBehind(data: DataView, start: number, length: number): boolean {
    const seq = this.#seq;
    if (!this.#snapshot.begins(data, start, length, this.#segment)) return false;
    const isAhead = (this.#snapshot.last[0] as number) >= (seq[0] as number);
    const isSecond = isAhead && seq[2] === seq[0];
    seq[2] = isAhead ? (seq[0] as number) : 0;
    return isSecond;
  }

  /** The cycle's books, then what was kept beyond message `last`. */
  #apply(last: number): void {
    const { sink, packets, packetBytes } = this.#options;
    this.#snapshot.apply(sink, this.#decoder.instruments.count);
    this.#state = LIVE;
    this.#seq[0] = last + 1;
    for (; this.#kept > 0; this.#kept--) {
      const place = this.#oldest;
      const length = this.#places[3 * place] as number;
      const firstOffset = this.#places[3 * place + 1] as number;
      const count = this.#places[3 * place + 2] as number;
      this.#seq[1] = this.#firsts[place] as number;
      this.#catchUp(this.#data, place * packetBytes, length, firstOffset, count);
      this.#oldest = (place + 1) % packets;
    }
    this.#forget();
    sink.onBatchEnd();
    this.tick();
  }
}
