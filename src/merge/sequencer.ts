/**
 * The numbering of one session: takes packets that belong to it, in any order and cut, and passes
 * every message on once and in order; what nothing brings becomes a gap in the log.
 *
 *   next                  high
 *   │◀─ missing ─▶│▒▒▒▒▒▒▒│      everything from `next` to `high` is either missing (ranges with
 *   ▼             ▼ held  ▼      the time they were noticed) or held in the window
 *
 * Invariants: a frame that came is forwarded, released or held, exactly one of them; when something
 * is missing the first missing range begins at `next`; when nothing is, the window is empty.
 *
 * No sequence or time is an argument on the way of a packet: beyond 2^31 it would be boxed for the
 * call (missing.ts), and with feeds that are cut differently a tenth of the packets comes this way.
 *
 * Thread: merge's. Hot path: no allocation. This is what merge does off its straight path.
 */
import { assert, CHECKED } from "../core/assert.ts";
import type { Counters } from "../core/counters.ts";
import type { FrameView } from "../core/frames.ts";
import { highHalf } from "../core/layout.ts";
import type { FrameOwner, PacketSink } from "../core/sinks.ts";
import { ChannelControl, FEED_COUNT } from "../core/sinks.ts";
import { type Framing, FramingKind } from "../decode/framing.ts";
import { C } from "../metrics/counter-table.ts";
import { END, type FeedHealth, SEQ } from "./feed-health.ts";
import { GapCause, GapOutcome } from "./gap-log.ts";
import { AT_NS, FROM, MissingRanges, TO } from "./missing.ts";
import type { MergeOptions } from "./options.ts";
import type { Patience } from "./patience.ts";
import type { MergeStatusWriter } from "./status.ts";
import { type PacketRef, PacketWindow } from "./window.ts";

/** Places in Sequencer.state: the next message to pass on, and the end of what was heard of. */
export const NEXT = 0;
export const HIGH = 1;
/** When a packet last moved `next` by itself, ns. */
const ADVANCED_NS = 2;
/** The sequence told by the end of session. */
const END_SEQ = 3;
/** What #findSince() found. */
const SINCE_NS = 4;

/** One session's numbering. */
export class Sequencer {
  /** See NEXT and HIGH; merge's straight path moves both. */
  readonly state = new Float64Array(5);
  readonly missing: MissingRanges;
  readonly window: PacketWindow;
  /** By feed: frames that merge holds, in this window or elsewhere; and how many it may. */
  readonly held = new Int32Array(FEED_COUNT);
  readonly heldMax = new Int32Array(FEED_COUNT);
  /** The end of session was told; and passed on. */
  ended = false;
  endTold = false;
  /** A gap stayed unfilled in this session. */
  gapStale = false;
  /** How often a packet moved `next` by itself. */
  advances = 0;
  /** True when something was passed on; merge resets it. */
  passed = false;
  readonly #framing: Framing;
  readonly #frames: readonly FrameView[];
  readonly #owner: FrameOwner;
  readonly #sink: PacketSink;
  readonly #patience: Patience;
  /** Patience.nowNs. */
  readonly #nowNs: Float64Array;
  readonly #counters: Counters;
  readonly #health: FeedHealth;
  readonly #status: MergeStatusWriter;
  readonly #gapMessages: number;
  readonly #timeoutNs: number;
  readonly #allowanceNs: number;

  constructor(options: MergeOptions, health: FeedHealth, patience: Patience) {
    const config = options.config;
    const frames = options.frames;
    this.missing = new MissingRanges(2 * config.windowPackets + 64);
    this.window = new PacketWindow(config.windowPackets);
    this.#framing = options.framing;
    this.#frames = frames;
    this.#owner = options.owner;
    this.#sink = options.sink;
    this.#patience = patience;
    this.#nowNs = patience.nowNs;
    this.#counters = options.counters;
    this.#health = health;
    this.#status = options.status;
    this.#gapMessages = config.gapMessages;
    this.#timeoutNs = config.gapTimeoutMs * 1e6;
    this.#allowanceNs = this.#timeoutNs / 2;
    // A file's two feeds share one region: together they may hold half of it.
    const shared = frames.length > 1 && frames[0]?.ref === frames[1]?.ref;
    for (let feed = 0; feed < frames.length; feed++) {
      const frameCount = (frames[feed] as FrameView).frameCount;
      this.heldMax[feed] = Math.max(1, Math.floor(frameCount / (shared ? 4 : 2)));
    }
  }

  /** As new; frames that were held are forgotten. */
  reset(): void {
    this.missing.clear();
    this.window.clear();
    this.held.fill(0);
    this.forget();
    this.state.fill(0);
    this.advances = 0;
    this.passed = false;
  }

  /** Starts numbering at `seq`; nothing may be held. */
  begin(seq: number): void {
    if (CHECKED) assert(this.window.count === 0, "BEGIN_WITH_HELD_PACKETS");
    this.missing.clear();
    this.state[NEXT] = seq;
    this.state[HIGH] = seq;
    this.state[ADVANCED_NS] = this.#nowNs[0] as number;
    this.#health.restart(seq);
  }

  /** Forgets the session's flags; the caller has flushed. */
  forget(): void {
    this.ended = false;
    this.endTold = false;
    this.gapStale = false;
    this.state[NEXT] = 0;
    this.state[HIGH] = 0;
  }

  /**
   * Takes a packet of this session that is not beyond merge.max_jump; framing describes it, and may
   * describe another afterwards.
   */
  accept(kind: number, packet: PacketRef): void {
    const state = this.state;
    const missing = this.missing;
    const feed = packet.feed;
    const frame = packet.frame;
    const seq = this.#framing.seq[0] as number;
    const end = seq + this.#framing.count;
    const health = this.#health;
    if (health.expected[feed] === seq) health.expected[feed] = end;
    else {
      health.packet[SEQ] = seq;
      health.packet[END] = end;
      health.outOfOrder(feed);
    }
    const high = state[HIGH] as number;
    if (seq > high) {
      missing.span[FROM] = high;
      missing.span[TO] = seq;
      missing.span[AT_NS] = this.#nowNs[0] as number;
      missing.append(causeOf(kind));
      state[HIGH] = seq;
      this.#counters.increment(C.MERGE_HOLES);
    }
    if (kind !== FramingKind.DATA) {
      this.#owner.release(feed, frame);
      if (kind === FramingKind.END_OF_SESSION && seq >= (state[NEXT] as number)) {
        this.ended = true;
        state[END_SEQ] = seq;
        this.tellEnd();
      }
      return;
    }
    let fresh = 0;
    if (seq < high) {
      missing.span[FROM] = seq;
      missing.span[TO] = end < high ? end : high;
      fresh = missing.cover();
      if (fresh > 0) this.#logFilled();
    }
    if (end > high) {
      fresh += end - Math.max(seq, high);
      state[HIGH] = end;
    }
    if (fresh === 0) {
      this.#counters.increment(C.MERGE_SUPPRESSED_A + feed);
      this.#owner.release(feed, frame);
      return;
    }
    if (this.ended && end > (state[END_SEQ] as number)) this.ended = false;
    this.#place(packet);
    while (missing.count > 0 && this.waiting() >= this.#gapMessages) {
      this.giveUpFirst(GapCause.DISTANCE);
    }
    this.tellEnd();
  }

  /** Takes the end that was told while the start was still looked for, unless beyond the jump. */
  noteEnd(seq: number, maxJump: number): void {
    const state = this.state;
    const missing = this.missing;
    const next = state[NEXT] as number;
    const high = state[HIGH] as number;
    if (seq < next || seq > next + maxJump) return;
    if (seq > high) {
      missing.span[FROM] = high;
      missing.span[TO] = seq;
      missing.span[AT_NS] = this.#nowNs[0] as number;
      missing.append(GapCause.END_OF_SESSION);
      state[HIGH] = seq;
    }
    this.ended = true;
    state[END_SEQ] = seq;
    this.tellEnd();
  }

  /** Passes a packet without sequence on as it came; framing describes it. */
  passUnsequenced(kind: number, packet: PacketRef): void {
    const firstOffset = this.#framing.firstOffset;
    const count = this.#framing.count;
    const feed = packet.feed;
    const frame = packet.frame;
    const offset = packet.offset;
    const length = packet.length;
    const tsLo = packet.tsLo;
    const tsHi = packet.tsHi;
    const tsKind = packet.tsKind;
    const isAside = kind === FramingKind.ASIDE;
    this.#counters.increment(isAside ? C.MERGE_ASIDE : C.MERGE_UNSEQUENCED);
    this.#counters.increment(C.MERGE_DELIVERED_PACKETS);
    this.#counters.add(C.MERGE_DELIVERED_MESSAGES, count);
    this.#sink.onPacket(feed, frame, offset, length, tsLo, tsHi, tsKind, 0, 0, firstOffset, count);
  }

  /** Messages that came and wait for the first missing range. */
  waiting(): number {
    const state = this.state;
    return (state[HIGH] as number) - (state[NEXT] as number) - (this.missing.total[0] as number);
  }

  /** Gives the first missing range up: the stream goes on behind it. */
  giveUpFirst(cause: number): void {
    const missing = this.missing;
    const from = missing.from[0] as number;
    const to = missing.to[0] as number;
    if (CHECKED) assert(from === this.state[NEXT], "MISSING_NOT_AT_NEXT");
    const noticedNs = missing.noticedNs[0] as number;
    missing.removeFirst(1);
    this.#logLost(from, to, cause, noticedNs);
    this.state[NEXT] = to;
    this.#drain();
  }

  /** Gives up everything that is missing, so that nothing is held. */
  flush(cause: number): void {
    while (this.missing.count > 0) this.giveUpFirst(cause);
  }

  /** After flush(): goes on at `seq`, logging what lies before it. */
  jumpTo(seq: number): void {
    const next = this.state[NEXT] as number;
    if (seq > next) this.#logLost(next, seq, GapCause.JUMP, this.#nowNs[0] as number);
    this.begin(Math.max(seq, next));
  }

  /** Gives up what has been missing for merge.gap_timeout_ms. */
  expire(): void {
    const state = this.state;
    const nowNs = this.#nowNs[0] as number;
    while (this.missing.count > 0) {
      this.#findSince(0);
      if (nowNs - (state[SINCE_NS] as number) < this.#timeoutNs) break;
      this.giveUpFirst(GapCause.TIMEOUT);
    }
    this.tellEnd();
  }

  /** When a missing range began to hold the stream up, ns; for the log. */
  openSince(index: number): number {
    this.#findSince(index);
    return this.state[SINCE_NS] as number;
  }

  /**
   * The same, left in `state`. While packets still arrive right at `next`, the first range is only
   * the distance to something far ahead, and its time starts anew.
   */
  #findSince(index: number): void {
    const state = this.state;
    const noticedNs = this.missing.noticedNs[index] as number;
    const advancedNs = state[ADVANCED_NS] as number;
    state[SINCE_NS] = index === 0 && advancedNs > noticedNs ? advancedNs : noticedNs;
  }

  /** How many missing ranges are old enough for the log: always the list's first ones. */
  openGaps(): number {
    const nowNs = this.#nowNs[0] as number;
    const count = this.missing.count;
    const state = this.state;
    for (let open = 0; open < count; open++) {
      this.#findSince(open);
      if (nowNs - (state[SINCE_NS] as number) < this.#allowanceNs) return open;
    }
    return count;
  }

  /** Passes the end of session on, once, when everything before it went on or was given up. */
  tellEnd(): void {
    if (!this.ended || this.endTold) return;
    if ((this.state[NEXT] as number) < (this.state[END_SEQ] as number)) return;
    this.endTold = true;
    this.passed = true;
    this.#sink.onControl(ChannelControl.END_OF_SESSION);
  }

  /** Reads a packet's header again. @returns its FramingKind */
  read(packet: PacketRef): number {
    const view = this.#frames[packet.feed] as FrameView;
    const at = packet.frame * view.frameBytes + packet.offset;
    return this.#framing.read(view.bytes, view.data, at, packet.length);
  }

  /** Forwards a packet that brings something new, or holds it. */
  #place(packet: PacketRef): void {
    const state = this.state;
    // Not an argument, which would be boxed: framing still describes the packet.
    const seq = this.#framing.seq[0] as number;
    const window = this.window;
    const held = this.held;
    const feed = packet.feed;
    let early = seq > (state[NEXT] as number);
    if (!early) {
      state[ADVANCED_NS] = this.#nowNs[0] as number;
      this.advances = (this.advances + 1) | 0;
    }
    while (early && !this.hasRoom(feed)) {
      this.#counters.increment(C.MERGE_WINDOW_FULL);
      this.giveUpFirst(GapCause.WINDOW);
      this.read(packet);
      early = seq > (state[NEXT] as number);
    }
    if (early) {
      window.insertSeq[0] = seq;
      window.insert(packet);
      held[feed] = (held[feed] as number) + 1;
      return;
    }
    this.#forward(packet);
    this.#drain();
  }

  /** True when one more of the feed's packets may be held in the window. */
  hasRoom(feed: number): boolean {
    return (
      this.window.count < this.window.capacity &&
      (this.held[feed] as number) < (this.heldMax[feed] as number)
    );
  }

  /** Passes held packets on as far as nothing is missing. */
  #drain(): void {
    const state = this.state;
    const window = this.window;
    const held = this.held;
    while (window.count > 0 && window.firstSeq <= (state[NEXT] as number)) {
      const packet = window.takeFirst();
      held[packet.feed] = (held[packet.feed] as number) - 1;
      this.read(packet);
      this.#forward(packet);
    }
  }

  /** Passes on the part of framing's packet from `next` on, or releases it when there is none. */
  #forward(packet: PacketRef): void {
    const framing = this.#framing;
    const feed = packet.feed;
    const frame = packet.frame;
    const offset = packet.offset;
    const length = packet.length;
    const next = this.state[NEXT] as number;
    const seq = framing.seq[0] as number;
    const end = seq + framing.count;
    if (end <= next) {
      this.#counters.increment(C.MERGE_SUPPRESSED_A + feed);
      this.#owner.release(feed, frame);
      return;
    }
    let firstOffset = framing.firstOffset;
    if (seq < next) {
      const view = this.#frames[feed] as FrameView;
      const at = frame * view.frameBytes + offset;
      firstOffset = framing.skip(view.data, at, length, firstOffset, (next - seq) | 0);
    }
    // A difference of doubles is one too: as an argument it would be a heap number, which throws
    // away the optimized code behind the sink the first time it comes.
    const count = (end - next) | 0;
    this.state[NEXT] = end;
    this.passed = true;
    this.#counters.add(C.MERGE_DELIVERED_MESSAGES, count);
    this.#counters.increment(C.MERGE_DELIVERED_PACKETS);
    this.#sink.onPacket(
      feed,
      frame,
      offset,
      length,
      packet.tsLo,
      packet.tsHi,
      packet.tsKind,
      next | 0,
      highHalf(next),
      firstOffset,
      count,
    );
  }

  /** Logs what a packet brought that had been missing for longer than a mere reordering. */
  #logFilled(): void {
    const nowNs = this.#nowNs[0] as number;
    const missing = this.missing;
    const state = this.state;
    for (let i = 0; i < missing.pieceCount; i++) {
      const advancedNs = state[ADVANCED_NS] as number;
      const noticedNs = missing.pieceNoticedNs[i] as number;
      const atNext = missing.pieceFrom[i] === state[NEXT];
      const sinceNs = atNext && advancedNs > noticedNs ? advancedNs : noticedNs;
      if (nowNs - sinceNs < this.#allowanceNs) continue;
      const from = missing.pieceFrom[i] as number;
      const to = missing.pieceTo[i] as number;
      const cause = missing.pieceCause[i] as number;
      const added = this.#log(from, to, cause, sinceNs, GapOutcome.FILLED);
      this.#counters.add(C.MERGE_GAPS_FILLED, added);
      this.#counters.add(C.MERGE_FILLED_MESSAGES, to - from);
    }
  }

  #logLost(from: number, to: number, cause: number, noticedNs: number): void {
    const added = this.#log(from, to, cause, noticedNs, GapOutcome.UNRECOVERABLE);
    this.#counters.add(C.MERGE_GAPS_UNRECOVERABLE, added);
    this.#counters.add(C.MERGE_MISSING_MESSAGES, to - from);
    this.gapStale = true;
  }

  #log(from: number, to: number, cause: number, sinceNs: number, outcome: number): number {
    const detectedNs = this.#patience.onClock(sinceNs);
    const closedNs = this.#patience.onClock(this.#nowNs[0] as number);
    return this.#status.logGap(from, to, cause, detectedNs, closedNs, outcome);
  }
}

function causeOf(kind: number): number {
  if (kind === FramingKind.HEARTBEAT) return GapCause.HEARTBEAT;
  return kind === FramingKind.END_OF_SESSION ? GapCause.END_OF_SESSION : GapCause.SEQUENCE;
}
