/**
 * Branches that hardly any stream takes, taken on small objects of the same classes: V8 keeps what
 * it has learned with the code, not with the object. Cold; before anything is compiled.
 */
import type { MergeConfig } from "../config/config.ts";
import { Counters, takeCounters } from "../core/counters.ts";
import { HISTOGRAM_BYTES, Histogram } from "../core/histogram.ts";
import { BackoffIdle } from "../core/idle.ts";
import { highHalf, joinHalves } from "../core/layout.ts";
import { SlotRingReader, SlotRingWriter, takeSlotRing } from "../core/slot-ring.ts";
import { Participants, participantBytes } from "../decode/itch/participants.ts";
import { END, FeedHealth, SEQ } from "../merge/feed-health.ts";
import { PacketRef, PacketWindow } from "../merge/window.ts";
import { COUNTER_COUNT } from "../metrics/counter-table.ts";
import { CHANGE_SLOT_WORDS, ChangeRingSink } from "./change-ring.ts";
import { EVENT_SLOT_WORDS, EventRingSink } from "./event-ring.ts";
import { PACKET_SLOT_WORDS, PacketRingSink } from "./packet-ring.ts";
import type { WarmedRx } from "./rx-open.ts";
import { StopPhase, StopWord, takeStopWord } from "./stop.ts";

const ROUNDS = 500;
const RING_SLOTS = 4;
const WINDOW_PACKETS = 4;
/** Of each idle strategy; the first ones are still cycles of its own. */
const SLEEPS = 2 * ROUNDS + 20;

/** Takes them. @param warmed the rx sources of this thread */
export function rehearse(warmed: readonly WarmedRx[], config: MergeConfig): void {
  const health = allHealths(config);
  const word = new Int32Array(new SharedArrayBuffer(8));
  const idles = [new BackoffIdle(word, true, 2 * ROUNDS), new BackoffIdle(word, false, 2 * ROUNDS)];
  const ref = takeSlotRing(RING_SLOTS, 2, null);
  const writer = new SlotRingWriter(ref);
  const reader = new SlotRingReader(ref);
  const window = new PacketWindow(WINDOW_PACKETS);
  const packet = new PacketRef();
  const latency = new Histogram(new SharedArrayBuffer(HISTOGRAM_BYTES));
  const overfull = fullRings();
  const crowd = crowdedTable();
  for (let round = 0; round < ROUNDS; round++) {
    fillRing(writer, reader);
    slideWindow(window, packet);
    // From less than nothing to more than a histogram has room for.
    for (let ns = -1; ns < 2 ** 43; ns = ns * 8.5 + 10) latency.record(ns);
    for (const { starved } of warmed) starved.doWork();
    overfull();
    crowd();
    halves();
    health();
    for (const idle of idles) {
      idle.idle(1);
      idle.idle(0);
    }
  }
  for (const idle of idles) {
    for (let i = 0; i < SLEEPS; i++) idle.idle(0);
  }
}

/** A table of participants' positions where they meet, and at last find no room. */
function crowdedTable(): () => void {
  const table = new Participants(new SharedArrayBuffer(participantBytes(1)));
  return () => {
    table.clear();
    for (let i = 1; i < 12; i++) table.set(i % 3, Math.imul(i, 0x4101_0101), i);
  };
}

/** Numbers of all sizes, so that none is taken for a small one. */
function halves(): void {
  for (let i = 1; i < 31; i++) {
    highHalf(joinHalves(-i, 1 << (i % 20)));
    highHalf(joinHalves(i, 0));
    joinHalves(-i, -1);
  }
}

/** A feed that says nothing, lags, has lost something and is well again. */
function allHealths(config: MergeConfig): () => void {
  const counters = new Counters(takeCounters(COUNTER_COUNT));
  const nowNs = new Float64Array(1);
  const health = new FeedHealth(config, counters, nowNs);
  const stepNs = config.gapTimeoutMs * 1e6;
  return () => {
    health.reset();
    health.restart(1);
    const come = (seq: number, end: number): void => {
      health.packet[SEQ] = seq;
      health.packet[END] = end;
      health.outOfOrder(0);
    };
    nowNs[0] = 1e9;
    let seq = 1;
    for (let step = 0; step < 12; step++) {
      nowNs[0] += stepNs;
      health.lastNs[0] = nowNs[0];
      come(seq + 2, seq + 4);
      if (step % 3 === 0) come(seq, seq + 1);
      seq += 4;
      health.tick();
      for (let feed = 0; feed < 2; feed++) health.of(feed);
    }
    nowNs[0] += 60e9;
    health.tick();
    health.lastNs[0] = nowNs[0];
    health.of(0);
    health.of(1);
  };
}

/** A ring that is full: the writer looks at the reader's cursor, in vain and not. */
function fillRing(writer: SlotRingWriter, reader: SlotRingReader): void {
  while (writer.claim() >= 0);
  writer.publish();
  const count = reader.available();
  for (let i = 0; i < count; i++) reader.slot(i);
  reader.release(count);
}

/** A window that moves on without ever being empty: its list comes to the end of its room. */
function slideWindow(window: PacketWindow, packet: PacketRef): void {
  const put = (seq: number): void => {
    window.insertSeq[0] = seq;
    window.insert(packet);
  };
  put(1);
  for (let seq = 3; seq < 6 * WINDOW_PACKETS; seq += 2) {
    put(seq);
    put(seq - 1);
    window.takeFirst();
    window.takeFirst();
  }
  while (window.count > 0) window.takeFirst();
}

/** Sinks whose ring has no room, of a pipeline that has given up: what comes is thrown away. */
function fullRings(): () => void {
  const stop = new StopWord(takeStopWord());
  stop.raise(StopPhase.NOW);
  const ring = (words: number): SlotRingWriter => {
    return new SlotRingWriter(takeSlotRing(RING_SLOTS, words, null));
  };
  const packets = new PacketRingSink(ring(PACKET_SLOT_WORDS), stop);
  const events = new EventRingSink(ring(EVENT_SLOT_WORDS), stop);
  const changes = new ChangeRingSink(ring(CHANGE_SLOT_WORDS), stop);
  return () => {
    packets.onPacket(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    packets.onControl(1);
    events.onAdd(0, 0, 0, 0, 0, 0, 0, 0);
    events.onDelete(0, 0, 0);
    changes.onAdded(0, 0, 0, 0, 0, 0, 0, 0);
    changes.onCancelled(0, 0, 0, 0, 0);
  };
}
