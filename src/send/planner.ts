/**
 * Plans what leaves on each feed and when: messages in, packets with their due time out. All of it
 * is decided by the seed and by planned time (never by the clock), so the same seed gives the same
 * packets.
 *
 *   message ─▶ schedule ─▶ cutter A ─▶ fate ─▶ held back? ─▶ emit(A)
 *                       └▶ cutter B ─▶ fate ─▶ held back? ─▶ emit(B)
 *
 * Sans-I/O. Thread: the sender's.
 */
import type { MoldUdp64Writer } from "../decode/moldudp64/encoder.ts";
import { Random } from "../generate/random.ts";
import { Cutter, DATAGRAM_BYTES_MAX, MTU_BYTES } from "./cutter.ts";
import type { Datagram } from "./datagrams.ts";
import { Fate, FateTrack } from "./fates.ts";
import type { Faults } from "./faults.ts";
import { Numbering } from "./numbering.ts";
import type { Schedule } from "./schedule.ts";
import { emptyFeedTruth, type FeedTruth, RangeSet, type Truth } from "./truth.ts";

/** A packet is closed when its next message is due so much after its first, ns. */
export const FLUSH_NS = 1e6;
/** A reordered packet is held back no longer than this in planned time, ns. */
const REORDER_NS = 20e6;
/** A copy leaves at most so many packets after its original. */
const DUP_LAG_MAX = 3;
/** Random drops keep so far away from a cut of the other feed, ns. */
const CUT_MARGIN_NS = 50e6;

/** Takes a packet that is to leave; `bytes` is only lent. */
export type Emit = (feed: number, bytes: Uint8Array, length: number, dueNs: number) => void;

/** What a plan is made of. */
export interface PlanOptions {
  /** null: whole datagrams are planned, by datagram(). */
  readonly writer: MoldUdp64Writer | null;
  readonly feedCount: 1 | 2;
  readonly cut: "same" | "different";
  /** Sequence of the first message. */
  readonly seq: number;
  readonly faults: Faults;
  readonly seed: number;
  readonly schedule: Schedule;
  readonly emit: Emit;
}

interface HeldPacket {
  readonly bytes: Uint8Array;
  readonly isReorder: boolean;
  readonly releaseNs: number;
  /** Packets that still have to go first. */
  left: number;
  overtaken: number;
}

interface Line {
  readonly cutter: Cutter;
  readonly random: Random;
  readonly track: FateTrack;
  readonly truth: FeedTruth;
  held: HeldPacket[];
}

/** Plans the packets of both feeds. */
export class Planner {
  /** Sequence of the next message. */
  next: number;
  readonly #options: PlanOptions;
  readonly #lines: readonly Line[];
  readonly #lost = new RangeSet();
  readonly #borders = new Set<number>();
  /** The messages of datagrams; `next`, and all that is planned by, counts datagrams then. */
  readonly #numbering: Numbering | null;

  constructor(options: PlanOptions) {
    this.#options = options;
    this.next = options.seq;
    const isCut = options.writer !== null;
    this.#numbering = isCut ? null : new Numbering();
    this.#lines = Array.from({ length: options.feedCount }, (_, feed) => ({
      cutter: new Cutter(
        options.writer,
        options.cut === "same" || !isCut ? null : new Random(options.seed * 4 + feed),
        isCut ? MTU_BYTES : DATAGRAM_BYTES_MAX,
      ),
      random: new Random(options.seed * 4 + 2 + feed),
      track: new FateTrack(),
      truth: emptyFeedTruth(),
      held: [],
    }));
    if (!isCut) return;
    for (const { from, to } of options.faults.lose) this.#borders.add(from).add(to + 1);
  }

  /** Plans one datagram as it is. */
  datagram({ bytes, seq, count, stampNs }: Datagram): void {
    const unit = this.next;
    const dueNs = this.#options.schedule.dueAt(stampNs, Math.max(1, count));
    this.#numbering?.add(seq, count);
    for (let feed = 0; feed < this.#lines.length; feed++) {
      (this.#lines[feed] as Line).cutter.put(bytes, unit, dueNs);
      this.#close(feed);
    }
    this.next = unit + 1;
  }

  /** Plans one block, its length prefix included. */
  message(bytes: Uint8Array, at: number, blockBytes: number): void {
    const { schedule } = this.#options;
    const seq = this.next;
    const border = this.#borders.size > 0 && this.#borders.has(seq);
    for (let feed = 0; feed < this.#lines.length; feed++) {
      if (border || !(this.#lines[feed] as Line).cutter.fits(blockBytes)) this.#close(feed);
    }
    const dueNs = schedule.dueOf(bytes, at, blockBytes);
    for (let feed = 0; feed < this.#lines.length; feed++) {
      const { cutter } = this.#lines[feed] as Line;
      const isOld = cutter.count > 0 && dueNs - cutter.firstDueNs > FLUSH_NS;
      if (isOld && schedule.isByTime) this.#close(feed);
      cutter.add(bytes, at, blockBytes, seq, dueNs);
    }
    this.next = seq + 1;
  }

  /** Closes the packets in the making and lets go of what is held back. */
  flush(): void {
    for (let feed = 0; feed < this.#lines.length; feed++) this.#close(feed);
    for (let feed = 0; feed < this.#lines.length; feed++) {
      const line = this.#lines[feed] as Line;
      const held = line.held.sort((x, y) => x.releaseNs - y.releaseNs);
      line.held = [];
      for (const packet of held) this.#release(feed, line, packet, line.cutter.lastDueNs);
    }
  }

  /** What the feed's heartbeat says is next: everything before it was sent, dropped or held. */
  nextOf(feed: number): number {
    const { cutter } = this.#lines[feed] as Line;
    return cutter.count > 0 ? cutter.seq : this.next;
  }

  /** True when a `cut` has the feed dead at that planned time. */
  isCut(feed: number, dueNs: number): boolean {
    return this.#nearCut(feed, dueNs, 0);
  }

  /** The feed's counts; the sender adds heartbeats. */
  truthOf(feed: number): FeedTruth {
    return (this.#lines[feed] as Line).truth;
  }

  /** What was planned so far. */
  truth(): Truth {
    const { seq } = this.#options;
    const [a, b] = this.#lines;
    const feeds = b === undefined ? { a: (a as Line).truth } : { a: (a as Line).truth, b: b.truth };
    const lost = this.#lost.toInclusive();
    const numbering = this.#numbering;
    if (numbering !== null) return { ...numbering.extent(), lost: numbering.lost(lost), feeds };
    return { messages: this.next - seq, first: seq, next: this.next, lost, feeds };
  }

  /** Finishes a feed's packet and decides what becomes of it. */
  #close(feed: number): void {
    const line = this.#lines[feed] as Line;
    const { cutter, truth } = line;
    if (cutter.count === 0) return;
    cutter.finish();
    if (feed === 0) this.#options.schedule.packetClosed();
    const from = cutter.seq;
    const to = from + cutter.count;
    const dueNs = cutter.lastDueNs;
    truth.packets++;
    this.#releaseDue(feed, line, dueNs);
    const dropped = this.#dropOf(feed, line, from, to, dueNs);
    if (dropped !== 0) {
      truth.dropped++;
      line.track.add(from, to, dropped);
      const other = this.#lines[1 - feed];
      if (other === undefined) this.#lost.add(from, to);
      else other.track.shared(from, to, this.#lost);
    } else this.#pass(feed, line, from, to, dueNs);
    cutter.reset();
    const seen = Math.min(...this.#lines.map((each) => each.cutter.seq));
    for (const each of this.#lines) each.track.forget(seen);
  }

  /** @returns the Fate of a packet that is not sent, or 0 */
  #dropOf(feed: number, line: Line, from: number, to: number, dueNs: number): number {
    const { faults } = this.#options;
    const wanted = chance(line.random, faults.drop);
    for (const lose of faults.lose) {
      const isIn = this.#numbering?.holds(from, lose) ?? (from >= lose.from && to <= lose.to + 1);
      if (isIn) return Fate.FORCED;
    }
    const other = this.#lines[1 - feed];
    const guarded = faults.neverBoth && other !== undefined;
    if (this.isCut(feed, dueNs)) {
      // What the other feed dropped or held back before the cut began is still sent.
      const owed = guarded && other.track.overlaps(from, to, Fate.LATE, Fate.DROPPED);
      return owed ? 0 : Fate.FORCED;
    }
    if (!wanted) return 0;
    if (guarded) {
      if (other.track.overlaps(from, to, Fate.LATE, Fate.FORCED)) return 0;
      if (this.#nearCut(1 - feed, dueNs, CUT_MARGIN_NS)) return 0;
    }
    return Fate.DROPPED;
  }

  /** Sends a packet now or later, and perhaps twice. */
  #pass(feed: number, line: Line, from: number, to: number, dueNs: number): void {
    const { faults, emit } = this.#options;
    const { cutter, random, truth } = line;
    const delays = chance(random, faults.delay);
    const reorders = chance(random, faults.reorder);
    const doubles = chance(random, faults.dup);
    const depth = 1 + random.below(faults.reorderDepth);
    const lag = random.below(DUP_LAG_MAX + 1);
    const mayWait = !this.#isOnlyTimely(feed, from, to, dueNs);
    if (delays && mayWait) {
      truth.delayed++;
      line.track.add(from, to, Fate.LATE);
      this.#hold(line, true, dueNs + faults.delayNs, Number.MAX_SAFE_INTEGER);
    } else if (reorders && mayWait) {
      line.track.add(from, to, Fate.LATE);
      this.#hold(line, true, dueNs + REORDER_NS, depth);
    } else {
      truth.sent++;
      emit(feed, cutter.bytes, cutter.length, dueNs);
      this.#overtake(feed, line, dueNs);
    }
    if (!doubles) return;
    truth.duplicated++;
    if (lag > 0) this.#hold(line, false, dueNs + REORDER_NS, lag);
    else {
      truth.sent++;
      emit(feed, cutter.bytes, cutter.length, dueNs);
    }
  }

  /**
   * With never-both every message has a copy that is neither lost nor held back: else a receiver
   * would have to outwait a stall of this process, and what is "lost" would depend on the machine.
   */
  #isOnlyTimely(feed: number, from: number, to: number, dueNs: number): boolean {
    const other = this.#lines[1 - feed];
    if (!this.#options.faults.neverBoth || other === undefined) return false;
    if (other.track.overlaps(from, to, Fate.LATE, Fate.FORCED)) return true;
    return this.#nearCut(1 - feed, dueNs, CUT_MARGIN_NS);
  }

  #hold(line: Line, isReorder: boolean, releaseNs: number, left: number): void {
    const { cutter } = line;
    const bytes = cutter.bytes.slice(0, cutter.length);
    line.held.push({ bytes, isReorder, releaseNs, left, overtaken: 0 });
  }

  /** A packet went out: those that let it go first come nearer. */
  #overtake(feed: number, line: Line, dueNs: number): void {
    if (line.held.length === 0) return;
    const held = line.held;
    line.held = [];
    for (const packet of held) {
      packet.left--;
      packet.overtaken++;
      if (packet.left > 0) line.held.push(packet);
      else this.#release(feed, line, packet, dueNs);
    }
  }

  #releaseDue(feed: number, line: Line, dueNs: number): void {
    if (line.held.length === 0) return;
    const due = line.held.filter((packet) => packet.releaseNs <= dueNs);
    if (due.length === 0) return;
    line.held = line.held.filter((packet) => packet.releaseNs > dueNs);
    due.sort((x, y) => x.releaseNs - y.releaseNs);
    for (const packet of due) this.#release(feed, line, packet, packet.releaseNs);
  }

  #release(feed: number, line: Line, packet: HeldPacket, dueNs: number): void {
    if (packet.isReorder && packet.overtaken > 0) line.truth.reordered++;
    line.truth.sent++;
    this.#options.emit(feed, packet.bytes, packet.bytes.length, dueNs);
  }

  #nearCut(feed: number, dueNs: number, marginNs: number): boolean {
    for (const cut of this.#options.faults.cuts) {
      if (cut.feed !== feed) continue;
      if (dueNs >= cut.fromNs - marginNs && dueNs < cut.toNs + marginNs) return true;
    }
    return false;
  }
}

/** Draws always, so that one fault's probability does not move another's draws. */
function chance(random: Random, p: number): boolean {
  return random.next() >>> 0 < p * 0x1_0000_0000;
}
