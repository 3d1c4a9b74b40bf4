/**
 * Arbitration of feeds A and B: the first copy of each message goes on, in order and once.
 *
 *   packet ─▶ due or duplicate? ─▶ forward / release                       the straight path
 *             this session's    ─▶ Sequencer: windows, gaps
 *             far beyond, or another session's ─▶ Suspect, until believed
 *
 * Invariant: a frame that came is forwarded, released or held, exactly one of them.
 * Thread: merge's. Hot path: no allocation.
 */
import type { Counters } from "../core/counters.ts";
import type { FrameView } from "../core/frames.ts";
import type { FrameOwner, PacketSink, Stage } from "../core/sinks.ts";
import { ChannelControl } from "../core/sinks.ts";
import { type Framing, FramingKind } from "../decode/framing.ts";
import { C } from "../metrics/counter-table.ts";
import { FeedHealth } from "./feed-health.ts";
import { GapCause } from "./gap-log.ts";
import type { MergeOptions } from "./options.ts";
import { Patience } from "./patience.ts";
import { Refusals } from "./refusals.ts";
import { HIGH, NEXT, Sequencer } from "./sequencer.ts";
import { RUN_BELIEVED, SessionName, Suspect } from "./session.ts";
import type { MergeStatusWriter } from "./status.ts";
import { type ChannelState, StatusPublisher } from "./status-publisher.ts";
import { PacketRef, PacketWindow } from "./window.ts";

/** How long the start rule `first` looks for the lowest sequence, ns. */
export const START_HOLD_NS = 50e6;
/** A suspect stream that says nothing for so long is forgotten, ns; twice the switch if longer. */
const SUSPECT_FORGOTTEN_NS = 2e9;

/** Places in #times. */
const OWN_NS = 0;
const LOOKING_NS = 1;
const LOWEST = 2;
const LOOKING_END = 3;

const PACKETS = C.MERGE_PACKETS_A;
const BYTES = C.MERGE_BYTES_A;
const SUPPRESSED = C.MERGE_SUPPRESSED_A;
const MESSAGES = C.MERGE_DELIVERED_MESSAGES;
const DELIVERED = C.MERGE_DELIVERED_PACKETS;

/** The merge stage. */
export class MergeStage implements PacketSink, Stage, ChannelState {
  readonly sequencer: Sequencer;
  readonly session = new SessionName();
  /** True once the first message's sequence is settled. */
  started = false;
  lateJoin = false;
  /** Sessions taken so far. */
  sessions = 0;
  readonly #framing: Framing;
  readonly #frames: readonly FrameView[];
  readonly #owner: FrameOwner;
  readonly #sink: PacketSink;
  readonly #patience: Patience;
  /** Patience.nowNs. */
  readonly #nowNs: Float64Array;
  readonly #counters: Counters;
  readonly #values: Float64Array;
  readonly #health: FeedHealth;
  /** Sequencer.state. */
  readonly #state: Float64Array;
  /** When the session's last packet came; the start rule's beginning, lowest and told end. */
  readonly #times = new Float64Array(4);
  /** The packet that onPacket was called with, off the straight path. */
  readonly #incoming = new PacketRef();
  /** Packets of the first 50 ms. */
  readonly #early: PacketWindow;
  readonly #suspects: readonly Suspect[];
  readonly #previous = new SessionName();
  readonly #status: MergeStatusWriter;
  readonly #publisher: StatusPublisher;
  readonly #start: number | null;
  readonly #maxJump: number;
  readonly #switchNs: number;
  readonly #forgottenNs: number;
  readonly #allowUnsequenced: boolean;
  readonly #refusals: Refusals;
  /** True when the next packet is most likely due or a duplicate, and no timer runs. */
  #calm = false;
  #replaying = false;
  /** Sequencer.advances when it was last looked at. */
  #advancesSeen = 0;

  constructor(options: MergeOptions) {
    const config = options.config;
    this.#framing = options.framing;
    this.#frames = options.frames;
    this.#owner = options.owner;
    this.#sink = options.sink;
    this.#counters = options.counters;
    this.#values = options.counters.values;
    const bounded = options.allowUnsequenced !== true;
    this.#patience = new Patience(options.clock, config.gapTimeoutMs * 1e6, bounded);
    this.#nowNs = this.#patience.nowNs;
    this.#health = new FeedHealth(config, options.counters, this.#nowNs);
    this.sequencer = new Sequencer(options, this.#health, this.#patience);
    this.#state = this.sequencer.state;
    this.#early = new PacketWindow(config.windowPackets);
    this.#suspects = [new Suspect(config.windowPackets), new Suspect(config.windowPackets)];
    this.#status = options.status;
    const { status, counters } = options;
    this.#publisher = new StatusPublisher(status, this.#health, counters, this.#patience);
    this.#start = options.start;
    this.#maxJump = config.maxJump;
    this.#switchNs = config.sessionSwitchMs * 1e6;
    this.#forgottenNs = Math.max(SUSPECT_FORGOTTEN_NS, 2 * this.#switchNs);
    this.#allowUnsequenced = options.framing.isUnnumbered ?? options.allowUnsequenced ?? false;
    this.#refusals = new Refusals(options);
    this.#startOver();
    this.publishStatus();
  }

  /** See PacketSink; the last four arguments are merge's to set, and ignored. */
  onPacket(
    feed: number,
    frame: number,
    offset: number,
    length: number,
    tsLo: number,
    tsHi: number,
    tsKind: number,
  ): void {
    const view = this.#frames[feed] as FrameView;
    const framing = this.#framing;
    const values = this.#values;
    const at = frame * view.frameBytes + offset;
    let kind = framing.readHeader(view.bytes, view.data, at, length);
    values[PACKETS + feed] = (values[PACKETS + feed] as number) + 1;
    values[BYTES + feed] = (values[BYTES + feed] as number) + length;
    if (this.#calm && kind === FramingKind.DATA && this.session.isOf(framing)) {
      const state = this.#state;
      const health = this.#health;
      const seq = framing.seq[0] as number;
      const next = state[NEXT] as number;
      const end = seq + framing.count;
      // Nothing of a duplicate is read, so its blocks are not walked over: half of all packets.
      const known = end <= next;
      const usable = known || (seq === next && framing.fits(view.data, at, length));
      if (usable && health.expected[feed] === seq) {
        const nowNs = this.#nowNs[0] as number;
        health.expected[feed] = end;
        health.lastNs[feed] = nowNs;
        this.#times[OWN_NS] = nowNs;
        if (known) {
          values[SUPPRESSED + feed] = (values[SUPPRESSED + feed] as number) + 1;
          this.#owner.release(feed, frame);
          return;
        }
        state[NEXT] = state[HIGH] = end;
        values[MESSAGES] = (values[MESSAGES] as number) + framing.count;
        values[DELIVERED] = (values[DELIVERED] as number) + 1;
        this.#sink.onPacket(
          feed,
          frame,
          offset,
          length,
          tsLo,
          tsHi,
          tsKind,
          framing.seqLo,
          framing.seqHi,
          framing.firstOffset,
          framing.count,
        );
        return;
      }
    }
    if (kind >= 0 && !framing.fits(view.data, at, length)) kind = FramingKind.BLOCKS;
    this.#incoming.set(feed, frame, offset, length, tsLo, tsHi, tsKind);
    this.#take(kind, this.#incoming);
  }

  onControl(control: number): void {
    this.#sink.onControl(control);
  }

  onBatchEnd(): void {
    this.sequencer.passed = false;
    if (this.#publisher.isDue()) this.publishStatus();
    this.#sink.onBatchEnd();
  }

  tick(): void {
    this.#patience.update();
    if (!this.#calm) {
      this.#timers();
      this.#settleCalm();
    }
    if (this.#publisher.isDue()) this.publishStatus();
    if (this.sequencer.passed) {
      this.sequencer.passed = false;
      this.#sink.onBatchEnd();
    }
  }

  /** Gives every held frame back and shows the last state. Nothing may be called afterwards. */
  close(): void {
    this.#releaseAll(this.sequencer.window);
    this.#releaseAll(this.#early);
    this.#releaseAll((this.#suspects[0] as Suspect).packets);
    this.#releaseAll((this.#suspects[1] as Suspect).packets);
    this.publishStatus();
  }

  /** As new; frames that were held are forgotten. The caller clears the shared counters first. */
  reset(): void {
    this.sequencer.reset();
    this.#health.reset();
    this.#early.clear();
    (this.#suspects[0] as Suspect).reset();
    (this.#suspects[1] as Suspect).reset();
    this.session.clear();
    this.#previous.clear();
    this.sessions = this.#advancesSeen = 0;
    this.#calm = false;
    this.#times.fill(0);
    this.#status.reset();
    this.#startOver();
    this.publishStatus();
  }

  /** Shows the state of this moment to readers; otherwise done about each millisecond. */
  publishStatus(): void {
    this.#health.tick();
    this.#publisher.publish(this);
  }

  /** Frames of a feed that merge holds now. */
  heldFrames(feed: number): number {
    return this.sequencer.held[feed] as number;
  }

  /** Everything but the straight path; framing describes the packet. */
  #take(kind: number, packet: PacketRef): void {
    this.#patience.update();
    const nowNs = this.#nowNs[0] as number;
    const framing = this.#framing;
    if (kind < 0 || (kind === FramingKind.UNSEQUENCED && !this.#allowUnsequenced)) {
      this.#refusals.refuse(kind, packet);
      return;
    }
    this.#health.lastNs[packet.feed] = nowNs;
    if (kind === FramingKind.UNSEQUENCED || kind === FramingKind.ASIDE) {
      if (framing.isUnnumbered === true && !this.session.known) this.#adopt();
      this.sequencer.passUnsequenced(kind, packet);
      return;
    }
    if (!this.#calm) {
      // Timers may pass held packets on, which moves the framing.
      this.#timers();
      this.sequencer.read(packet);
    }
    if (!this.session.known) this.#adopt();
    if (this.session.isOf(framing)) {
      this.#times[OWN_NS] = nowNs;
      this.#own(kind, packet);
    } else {
      this.#foreign(kind, packet);
    }
    this.#settleCalm();
  }

  /** A packet of the session; framing describes it. */
  #own(kind: number, packet: PacketRef): void {
    if (!this.started) {
      if (this.#look(kind, packet)) return;
      this.#begin();
      this.sequencer.read(packet);
    }
    const seq = this.#framing.seq[0] as number;
    if (seq > (this.#state[NEXT] as number) + this.#maxJump) {
      this.#suspect(kind, packet);
      return;
    }
    this.sequencer.accept(kind, packet);
    // Believed is a jump only when nothing moved the stream meanwhile.
    if (this.#advancesSeen === this.sequencer.advances) return;
    this.#advancesSeen = this.sequencer.advances;
    this.#interrupt(0);
    this.#interrupt(1);
  }

  /** Start rule `first`: keeps the packet and its sequence. @returns false when there is no room */
  #look(kind: number, packet: PacketRef): boolean {
    const held = this.sequencer.held;
    const heldMax = this.sequencer.heldMax;
    const feed = packet.feed;
    const seq = this.#framing.seq[0] as number;
    const times = this.#times;
    if ((times[LOOKING_NS] as number) < 0) times[LOOKING_NS] = this.#nowNs[0] as number;
    if (seq < (times[LOWEST] as number)) times[LOWEST] = seq;
    if (kind === FramingKind.END_OF_SESSION) times[LOOKING_END] = seq;
    if (kind !== FramingKind.DATA) {
      this.#owner.release(packet.feed, packet.frame);
      return true;
    }
    const early = this.#early;
    const full = early.count === early.capacity;
    if (full || (held[feed] as number) >= (heldMax[feed] as number)) return false;
    early.insertSeq[0] = seq;
    early.insert(packet);
    held[feed] = (held[feed] as number) + 1;
    return true;
  }

  /** Start rule `first`: the looking is over. */
  #begin(): void {
    const times = this.#times;
    const endSeq = times[LOOKING_END] as number;
    this.#startAt(times[LOWEST] as number);
    this.#replay(this.#early);
    if (endSeq >= 0) this.sequencer.noteEnd(endSeq, this.#maxJump);
  }

  #startAt(seq: number): void {
    this.started = true;
    this.lateJoin = seq > 1;
    this.sequencer.begin(seq);
  }

  /** Takes the framing's session as the first one; without numbers there is no start to find. */
  #adopt(): void {
    const framing = this.#framing;
    this.session.set(framing.sessionHi, framing.sessionMid, framing.sessionLo);
    this.sessions = 1;
    if (framing.isUnnumbered === true) this.started = true;
    this.#counters.increment(C.MERGE_SESSIONS);
  }

  /** A packet of another session; framing describes it. */
  #foreign(kind: number, packet: PacketRef): void {
    // The session before comes back only with data, and only when the present one is over.
    const isOld = this.#previous.isOf(this.#framing);
    const welcome = kind === FramingKind.DATA && this.#isOver();
    if (kind === FramingKind.END_OF_SESSION || (isOld && !welcome)) {
      this.#counters.increment(C.MERGE_OLD_SESSION);
      this.#owner.release(packet.feed, packet.frame);
      return;
    }
    this.#suspect(kind, packet);
  }

  /** A packet that needs confirmation; framing describes it. */
  #suspect(kind: number, packet: PacketRef): void {
    const held = this.sequencer.held;
    const heldMax = this.sequencer.heldMax;
    const feed = packet.feed;
    const framing = this.#framing;
    const suspect = this.#suspects[feed] as Suspect;
    const nowNs = this.#nowNs[0] as number;
    const drop = this.#replaying || kind !== FramingKind.DATA;
    if (!this.#replaying) {
      if (suspect.goesOnWith(framing, this.#maxJump)) suspect.goOn(framing, nowNs);
      else {
        this.#drop(suspect);
        suspect.begin(framing, nowNs);
      }
    }
    const packets = suspect.packets;
    const room = 2 * (held[feed] as number) < (heldMax[feed] as number);
    if (drop || !room || packets.count === packets.capacity) {
      if (kind === FramingKind.DATA) this.#counters.increment(C.MERGE_UNBELIEVED);
      this.#owner.release(packet.feed, packet.frame);
    } else {
      packets.insertSeq[0] = framing.seq[0] as number;
      packets.insert(packet);
      held[feed] = (held[feed] as number) + 1;
    }
    if (!this.#replaying) this.#judge(suspect, this.#suspects[1 - feed] as Suspect);
  }

  /** Believes a suspect stream when it may be, and follows it when its time has come. */
  #judge(suspect: Suspect, other: Suspect): void {
    const isJump = suspect.session.equals(this.session);
    const confirmed = isJump
      ? other.run > 0 && suspect.touches(other)
      : other.active && other.session.equals(suspect.session);
    if (suspect.run >= RUN_BELIEVED || confirmed) suspect.believed = true;
    if (!suspect.believed) return;
    if (isJump) this.#jump(suspect, other);
    else if (this.#isOver()) this.#switch(suspect);
  }

  /** Goes on at a believed sequence; what lies before it is a gap. */
  #jump(suspect: Suspect, other: Suspect): void {
    const both = suspect.touches(other);
    const seq = suspect.at[0] as number;
    const otherSeq = other.at[0] as number;
    this.#counters.increment(C.MERGE_JUMPS);
    this.sequencer.flush(GapCause.JUMP);
    this.sequencer.jumpTo(both && otherSeq < seq ? otherSeq : seq);
    this.#replaySuspects();
  }

  /** Takes a believed session in place of the present one. */
  #switch(suspect: Suspect): void {
    const session = suspect.session;
    this.sequencer.flush(GapCause.SESSION);
    this.sequencer.tellEnd();
    this.#releaseAll(this.#early);
    this.#previous.set(this.session.hi, this.session.mid, this.session.lo);
    this.session.set(session.hi, session.mid, session.lo);
    this.sessions++;
    this.#counters.increment(C.MERGE_SESSIONS);
    this.#status.stopJoining();
    this.#sink.onControl(ChannelControl.NEW_SESSION);
    this.sequencer.passed = true;
    this.sequencer.forget();
    this.#startOver();
    this.#times[OWN_NS] = this.#nowNs[0] as number;
    this.#replaySuspects();
    this.publishStatus();
  }

  /** Puts the numbering back to the start rule. */
  #startOver(): void {
    const times = this.#times;
    times[LOOKING_NS] = -1;
    times[LOWEST] = Number.MAX_SAFE_INTEGER;
    times[LOOKING_END] = -1;
    this.started = false;
    this.lateJoin = false;
    if (this.#start !== null) this.#startAt(this.#start);
  }

  /** Takes in what suspect streams of the present session kept, and forgets both streams. */
  #replaySuspects(): void {
    this.#replaying = true;
    for (let feed = 0; feed < this.#suspects.length; feed++) {
      const suspect = this.#suspects[feed] as Suspect;
      if (suspect.session.equals(this.session)) this.#replay(suspect.packets);
      this.#drop(suspect);
    }
    this.#replaying = false;
  }

  #replay(packets: PacketWindow): void {
    const held = this.sequencer.held;
    while (packets.count > 0) {
      const packet = packets.takeFirst();
      held[packet.feed] = (held[packet.feed] as number) - 1;
      const kind = this.sequencer.read(packet);
      this.#own(kind, packet);
    }
  }

  #drop(suspect: Suspect): void {
    this.#counters.add(C.MERGE_UNBELIEVED, suspect.packets.count);
    this.#releaseAll(suspect.packets);
    suspect.clear();
  }

  #releaseAll(packets: PacketWindow): void {
    const held = this.sequencer.held;
    while (packets.count > 0) {
      const packet = packets.takeFirst();
      held[packet.feed] = (held[packet.feed] as number) - 1;
      this.#owner.release(packet.feed, packet.frame);
    }
  }

  /** A packet moved the stream: a suspect jump has to show three in a row anew. */
  #interrupt(feed: number): void {
    const suspect = this.#suspects[feed] as Suspect;
    if (suspect.session.equals(this.session)) suspect.run = 0;
  }

  /** True when the present session has ended or is silent. */
  #isOver(): boolean {
    const silentNs = (this.#nowNs[0] as number) - (this.#times[OWN_NS] as number);
    return this.sequencer.ended || silentNs >= this.#switchNs;
  }

  #timers(): void {
    const nowNs = this.#nowNs[0] as number;
    const lookingNs = this.#times[LOOKING_NS] as number;
    if (!this.started && lookingNs >= 0 && nowNs - lookingNs >= START_HOLD_NS) this.#begin();
    this.sequencer.expire();
    for (let feed = 0; feed < this.#suspects.length; feed++) {
      const suspect = this.#suspects[feed] as Suspect;
      if (!suspect.active) continue;
      if (nowNs - (suspect.at[3] as number) >= this.#forgottenNs) this.#drop(suspect);
      else if (suspect.believed && this.#isOver()) this.#switch(suspect);
    }
  }

  #settleCalm(): void {
    this.#calm =
      this.started &&
      this.session.known &&
      this.sequencer.missing.count === 0 &&
      !this.sequencer.ended &&
      !(this.#suspects[0] as Suspect).active &&
      !(this.#suspects[1] as Suspect).active;
  }
}
