/**
 * The publish stage: every book change becomes one raw-v1 frame on the bus.
 *
 * Thread: publish's. Frames are written as whole words into the bus slot, together with their
 * WebSocket header, so that endpoints copy bytes and never encode a live frame. Shown to the
 * readers once a batch. Little-endian machines only, as everything that shares words here.
 */
import { assert, CHECKED } from "../core/assert.ts";
import { BUS_SLOT_WORDS, type BusWriter } from "../core/bus.ts";
import type { Clock } from "../core/clock.ts";
import type { Counters } from "../core/counters.ts";
import type { Histogram } from "../core/histogram.ts";
import { joinHalves } from "../core/layout.ts";
import type { BookSink, Stage } from "../core/sinks.ts";
import { StampKind } from "../core/sinks.ts";
import { C } from "../metrics/counter-table.ts";
import * as R from "./raw-v1.ts";

// V8 folds constants of this module into machine code, but loads an imported one at each use.
const {
  ADD_BYTES,
  CANCEL_BYTES,
  EXECUTE_BYTES,
  MODIFY_BYTES,
  RAW_CHANNEL_OBO,
  RAW_HEADER_BYTES,
  RAW_MAGIC,
  SLOT_CHANNEL,
  SLOT_GLOBAL,
  SLOT_INSTRUMENT,
  SLOT_MAGIC,
  SLOT_PAYLOAD,
  SLOT_PAYLOAD_LENGTH,
  SLOT_SEND_TIME,
  SLOT_SEQUENCE,
  SLOT_TYPE,
  WS_BINARY,
} = R;
const { OBO_ADD, OBO_CANCEL, OBO_EXECUTE, OBO_MODIFY } = R.RawType;
const NO_STAMP = StampKind.NONE;

/** 64-bit instrument ids by dense index, as signed halves. */
export interface InstrumentIds {
  readonly lo: Int32Array;
  readonly hi: Int32Array;
}

/** What the publish stage stands on. */
export interface PublishStageOptions {
  readonly bus: BusWriter;
  readonly clock: Clock;
  readonly counters: Counters;
  /** Where receive-to-publish latency goes; null measures none. */
  readonly latency: Histogram | null;
  /** Dense indexes are 0 to instruments - 1. */
  readonly instruments: number;
  /** Ids on the wire; without it an instrument's id is its dense index (ITCH: stock locate). */
  readonly ids?: InstrumentIds;
}

/** Receive stamps kept until the batch ends; a fuller batch is measured in parts. */
const STAMPS = 1024;
const VERSION_WORD = R.RAW_VERSION | (R.RAW_CODEC << 8);
/**
 * All ones, above every word of a bus. An index `(at & AT_MAX) + i | 0` is known to be in range: it
 * costs neither an overflow check nor a sign extension.
 */
const AT_MAX = 0x1fff_ffff;

/** Encodes book changes as raw-v1 frames on the bus. */
export class PublishStage implements BookSink, Stage {
  readonly #bus: BusWriter;
  readonly #words: Int32Array;
  readonly #clock: Clock;
  /** Clock.monoWords. */
  readonly #mono: Int32Array;
  readonly #counters: Counters;
  readonly #latency: Histogram | null;
  readonly #instruments: number = 0;
  readonly #ids: InstrumentIds | null;
  /** By instrument: its newest sequence, low and high half. */
  readonly #sequences: Int32Array;
  readonly #stamps: Int32Array;
  #stampCount = 0;
  #foreignStamps = 0;
  #batchBytes = 0;

  constructor(options: PublishStageOptions) {
    assert(options.instruments > 0, "PUBLISH_INSTRUMENTS");
    this.#bus = options.bus;
    this.#words = options.bus.words;
    this.#clock = options.clock;
    this.#mono = options.clock.monoWords;
    this.#counters = options.counters;
    this.#latency = options.latency;
    this.#instruments = options.instruments;
    this.#ids = options.ids ?? null;
    this.#sequences = new Int32Array(2 * options.instruments);
    this.#stamps = new Int32Array(2 * STAMPS);
    this.#prepareSlots();
  }

  onPacketStart(tsLo: number, tsHi: number, tsKind: number): void {
    if (tsKind !== NO_STAMP) {
      this.#foreignStamps++;
      return;
    }
    if (this.#stampCount === STAMPS) this.#measure();
    const at = 2 * this.#stampCount;
    this.#stamps[at] = tsLo;
    this.#stamps[at + 1] = tsHi;
    this.#stampCount++;
  }

  onAdded(
    instrument: number,
    idLo: number,
    idHi: number,
    side: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
  ): void {
    const at = (this.#header(instrument, OBO_ADD, ADD_BYTES) + SLOT_PAYLOAD) & AT_MAX;
    const words = this.#words;
    words[at] = idLo;
    words[(at + 1) | 0] = idHi;
    words[(at + 2) | 0] = pxLo;
    words[(at + 3) | 0] = pxHi;
    words[(at + 4) | 0] = qtyLo;
    words[(at + 5) | 0] = qtyHi;
    words[(at + 6) | 0] = side;
  }

  onModified(
    instrument: number,
    idLo: number,
    idHi: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
    flags: number,
  ): void {
    const at = (this.#header(instrument, OBO_MODIFY, MODIFY_BYTES) + SLOT_PAYLOAD) & AT_MAX;
    const words = this.#words;
    words[at] = idLo;
    words[(at + 1) | 0] = idHi;
    words[(at + 2) | 0] = pxLo;
    words[(at + 3) | 0] = pxHi;
    words[(at + 4) | 0] = qtyLo;
    words[(at + 5) | 0] = qtyHi;
    words[(at + 6) | 0] = flags;
  }

  onCancelled(instrument: number, idLo: number, idHi: number, qtyLo: number, qtyHi: number): void {
    const at = (this.#header(instrument, OBO_CANCEL, CANCEL_BYTES) + SLOT_PAYLOAD) & AT_MAX;
    const words = this.#words;
    words[at] = idLo;
    words[(at + 1) | 0] = idHi;
    words[(at + 2) | 0] = qtyLo;
    words[(at + 3) | 0] = qtyHi;
    words[(at + 4) | 0] = 0;
  }

  onExecuted(
    instrument: number,
    idLo: number,
    idHi: number,
    qtyLo: number,
    qtyHi: number,
    pxLo: number,
    pxHi: number,
    aggressor: number,
    matchLo: number,
    matchHi: number,
  ): void {
    const at = (this.#header(instrument, OBO_EXECUTE, EXECUTE_BYTES) + SLOT_PAYLOAD) & AT_MAX;
    const words = this.#words;
    words[at] = idLo;
    words[(at + 1) | 0] = idHi;
    words[(at + 2) | 0] = qtyLo;
    words[(at + 3) | 0] = qtyHi;
    words[(at + 4) | 0] = pxLo;
    words[(at + 5) | 0] = pxHi;
    // The match id starts one byte into this word.
    words[(at + 6) | 0] = aggressor | (matchLo << 8);
    words[(at + 7) | 0] = (matchLo >>> 24) | (matchHi << 8);
    words[(at + 8) | 0] = matchHi >>> 24;
  }

  onBatchEnd(): void {
    const count = this.#bus.commit();
    if (count > 0) {
      const counters = this.#counters;
      counters.add(C.PUBLISH_FRAMES, count);
      counters.add(C.PUBLISH_BYTES, this.#batchBytes);
      counters.increment(C.PUBLISH_COMMITS);
      this.#batchBytes = 0;
    }
    if (this.#stampCount > 0) this.#measure();
    if (this.#foreignStamps > 0) {
      this.#counters.add(C.PUBLISH_NOT_COMPARABLE, this.#foreignStamps);
      this.#foreignStamps = 0;
    }
  }

  /** Nothing published: bus, sequences and stamps as new; only while nobody reads the bus. */
  reset(): void {
    this.#bus.reset();
    this.#prepareSlots();
    this.#latency?.reset();
    this.#sequences.fill(0);
    this.#stampCount = 0;
    this.#foreignStamps = 0;
    this.#batchBytes = 0;
  }

  tick(): void {
    // Nothing here depends on time: heartbeats are the endpoint's.
  }

  /** Writes what is the same in every frame into all slots, once; nobody else writes the bus. */
  #prepareSlots(): void {
    const words = this.#words;
    for (let at = 0; at < words.length; at += BUS_SLOT_WORDS) {
      words[at + SLOT_MAGIC] = RAW_MAGIC;
      words[at + SLOT_CHANNEL] = RAW_CHANNEL_OBO;
    }
  }

  /** Claims a slot and writes everything before the payload. @returns the slot's first word */
  #header(instrument: number, type: number, payloadBytes: number): number {
    if (CHECKED) assert(instrument >= 0 && instrument < this.#instruments, "PUBLISH_INSTRUMENT");
    const words = this.#words;
    const bus = this.#bus;
    const mono = this.#mono;
    const at = bus.claim() & AT_MAX;
    const bytes = RAW_HEADER_BYTES + payloadBytes;
    words[at] = (bytes << 24) | (WS_BINARY << 16);
    words[(at + SLOT_TYPE) | 0] = VERSION_WORD | (type << 16);
    this.#name(at, instrument);
    words[(at + SLOT_GLOBAL) | 0] = bus.claimedLo();
    words[(at + SLOT_GLOBAL + 1) | 0] = bus.claimedHi();
    words[(at + SLOT_SEND_TIME) | 0] = mono[0] as number;
    words[(at + SLOT_SEND_TIME + 1) | 0] = mono[1] as number;
    words[(at + SLOT_PAYLOAD_LENGTH) | 0] = payloadBytes;
    this.#batchBytes = (this.#batchBytes + bytes) | 0;
    return at;
  }

  /** Writes the instrument's id and its next sequence. */
  #name(at: number, instrument: number): void {
    const words = this.#words;
    const sequences = this.#sequences;
    const ids = this.#ids;
    const i = (instrument << 1) & AT_MAX;
    const lo = ((sequences[i] as number) + 1) | 0;
    sequences[i] = lo;
    if (lo === 0) sequences[i + 1] = (sequences[i + 1] as number) + 1;
    words[(at + SLOT_INSTRUMENT) | 0] = ids === null ? instrument : (ids.lo[instrument] as number);
    words[(at + SLOT_INSTRUMENT + 1) | 0] = ids === null ? 0 : (ids.hi[instrument] as number);
    words[(at + SLOT_SEQUENCE) | 0] = lo;
    words[(at + SLOT_SEQUENCE + 1) | 0] = sequences[i + 1] as number;
  }

  /**
   * Counts the time since each packet of the batch was received. Takes a reading of its own: in
   * one thread with rx, the batch's reading is the very one that stamped the packet.
   */
  #measure(): void {
    const count = this.#stampCount;
    this.#stampCount = 0;
    const latency = this.#latency;
    if (latency === null) return;
    // A packet may have come after the cycle began: look again, or its latency would be negative.
    this.#clock.update();
    const stamps = this.#stamps;
    const mono = this.#clock.monoWords;
    const now = joinHalves(mono[0] as number, mono[1] as number);
    for (let i = 0; i < count; i++) {
      latency.record(now - joinHalves(stamps[2 * i] as number, stamps[2 * i + 1] as number));
    }
  }
}
