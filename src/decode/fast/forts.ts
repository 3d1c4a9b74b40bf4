/**
 * Books of Moscow Exchange's derivatives market (FORTS, SPECTRA) from its decoded messages: levels
 * by rank from the increments, RptSeq per instrument, joined from the snapshot loop.
 *
 *   increments ──▶ live ────────────────────────────▶ LevelBooks ──▶ LevelSink
 *                  waiting ──▶ kept in a ring ──┐        ▲
 *   snapshots ──── RptSeq, LastMsgSeqNum… ──────┴─ set, then what was kept after it
 *
 * An instrument is live from a snapshot on that covers the channel's last gap. A hole in RptSeq, or
 * an entry that does not fit the book, makes it wait for the next snapshot; a hole in MsgSeqNum
 * makes every live one suspect until a snapshot shows that nothing of its own was missed.
 *
 * Thread: decode's. Hot path: no allocation after the constructor.
 * Source: SPECTRA FAST gate specification, "Recovering data", messages X, W and 4.
 */
import { isPresent } from "./binding.ts";
import type { FastDecoder } from "./decoder.ts";
import { ENTRY_WORDS, EntryKind, EntryReader, KeptEntries } from "./forts-entry.ts";
import { type FactSink, FortsFacts, type InstrumentFinder } from "./forts-facts.ts";
import { bindForts, type FortsFields } from "./forts-fields.ts";
import { InstrumentIndex } from "./instrument-index.ts";
import { LEVELS_MAX, LevelBooks, type LevelSink } from "./levels.ts";
import type { TemplatePlan } from "./plan.ts";

/** States of an instrument's book; what is not LIVE is stale. */
const LIVE = 0;
const WAITING = 1;
const SUSPECT = 2;

const NEW = 0;
const CHANGE = 1;
const DELETE = 2;

/** Takes what the messages tell: levels, and what touches no book. */
export interface FortsSink extends LevelSink, FactSink {
  /** An instrument appears: its dense index, counted from 0 without holes, and its SecurityID. */
  onInstrument(instrument: number, idLo: number, idHi: number): void;
  onTrade(
    instrument: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
    matchLo: number,
    matchHi: number,
  ): void;
}

/** What happened, for counters; each counts from the start. */
export const FortsCount = {
  /** Entries applied to a live book. */
  APPLIED: 0,
  /** Messages whose MsgSeqNum was seen before: the other feed's copy. */
  DUPLICATES: 1,
  /** Holes in MsgSeqNum. */
  GAPS: 2,
  /** Holes in an instrument's RptSeq. */
  RPT_GAPS: 3,
  /** Entries whose rank, price or quantity does not fit the book. */
  MISFITS: 4,
  /** Snapshots that set a book. */
  SNAPSHOTS: 5,
  /** Snapshots that a live book was compared with. */
  COMPARED: 6,
  /** Those of them that differed; they set the book. */
  DIFFERENT: 7,
  /** Entries that fell out of the ring before their snapshot came. */
  FORGOTTEN: 8,
  /** Instruments that there was no room for. */
  FULL: 9,
  /** Messages that came and could not be read. */
  UNREADABLE: 10,
} as const;
const COUNT_OF_COUNTS = 11;

/** Sizes and scale. */
export interface FortsOptions {
  /** Instruments at most. */
  readonly instruments: number;
  /** Entries kept for instruments that wait, a power of two. */
  readonly keptEntries: number;
  /** Decimals of the prices given to the sink. */
  readonly priceDecimals: number;
  /** By instrument 0 where its book is exact; for instance over shared memory. */
  readonly stale?: Uint8Array;
}

/**
 * The venue's own: its trading system keeps prices as d16.5, five decimals.
 * Source: SPECTRA Plaza-2 gate, stream FORTS_FUTTRADE_REPL, table orders_log, field price.
 */
export const FORTS_OPTIONS = {
  instruments: 4096,
  keptEntries: 65_536,
  priceDecimals: 5,
} as const;

/** Turns decoded messages of the two streams into level changes. */
export class FortsBooks implements InstrumentFinder {
  readonly index: InstrumentIndex;
  readonly levels: LevelBooks;
  /** By FortsCount. */
  readonly counts = new Float64Array(COUNT_OF_COUNTS);
  readonly #fields: FortsFields;
  readonly #sink: FortsSink;
  readonly #facts: FortsFacts;
  readonly #reader: EntryReader;
  /** The entry at hand: the reader's. */
  readonly #entry: Int32Array;
  /** State and last RptSeq by instrument. */
  readonly #states: Uint8Array;
  readonly #rpt: Int32Array;
  /** LastMsgSeqNumProcessed of the snapshot that set the book, by instrument. */
  readonly #setSeqs: Float64Array;
  readonly #kept: KeptEntries;
  /** [0] last MsgSeqNum, [1] the first from which there was no hole; 0 before the first. */
  readonly #seq = new Float64Array(2);
  /** Instruments that are live. */
  #live = 0;
  /** The snapshot being put together: instrument, RptSeq, entries. */
  #partInstrument = -1;
  #partRpt = 0;
  readonly #part: Int32Array;
  #partCount = 0;

  constructor(plans: readonly TemplatePlan[], sink: FortsSink, options: FortsOptions) {
    this.#fields = bindForts(plans);
    this.#sink = sink;
    this.#facts = new FortsFacts(this.#fields, sink);
    this.index = new InstrumentIndex(options.instruments);
    this.levels = new LevelBooks(options.instruments, sink);
    this.#reader = new EntryReader(options.priceDecimals);
    this.#entry = this.#reader.words;
    this.#states = options.stale ?? new Uint8Array(options.instruments);
    this.#rpt = new Int32Array(options.instruments);
    this.#setSeqs = new Float64Array(options.instruments);
    this.#kept = new KeptEntries(options.keptEntries);
    this.#part = new Int32Array(2 * LEVELS_MAX * ENTRY_WORDS);
  }

  /** Index of the snapshots' template. */
  get snapshotTemplate(): number {
    return this.#fields.snapshotTemplate;
  }

  /** True when an instrument's book is exact as far as the messages seen can tell. */
  isLive(instrument: number): boolean {
    return instrument < this.index.count && this.#states[instrument] === LIVE;
  }

  /** Instruments seen whose books are not known to be exact. */
  staleCount(): number {
    return this.index.count - this.#live;
  }

  /** Takes the message that the increments' decoder holds. */
  increment(decoder: FastDecoder): void {
    const fields = this.#fields;
    const out = decoder.out;
    const record = decoder.record;
    const template = decoder.template;
    const seq = fields.seqs[template];
    // A dictionary reset has no number.
    if (seq === undefined || !isPresent(out, record, seq)) return;
    if (!this.#isNext((out[record + seq.offset] as number) >>> 0)) return;
    if (template === fields.incrementTemplate) this.#entries(decoder);
    else if (template === fields.resetTemplate) this.#sequenceReset(decoder);
    else this.#facts.take(decoder, this);
  }

  /**
   * The rest of a datagram of the increments cannot be read: whatever it said is missing.
   *
   * @param seq the datagram's MsgSeqNum, unsigned; 0 where not even that is known
   */
  unreadable(seq: number): void {
    this.#count(FortsCount.UNREADABLE);
    if (seq !== 0) this.#isNext(seq);
    this.#seq[1] = (this.#seq[0] as number) + 1;
    this.#suspectAll();
  }

  /** Forgets every book without a word: the sink knows. Numbers begin anew, instruments stay. */
  forget(): void {
    this.levels.forget();
    this.#waitAll();
    this.#seq.fill(0);
    this.#partInstrument = -1;
    this.#partCount = 0;
  }

  /** As new. */
  reset(): void {
    this.forget();
    this.#states.fill(LIVE);
    this.index.clear();
    this.counts.fill(0);
  }

  /** Takes the message that the snapshots' decoder holds. */
  snapshot(decoder: FastDecoder): void {
    const fields = this.#fields;
    const out = decoder.out;
    const record = decoder.record;
    const template = decoder.template;
    if (template !== fields.snapshotTemplate) return;
    const id = fields.snapshotSecurityId;
    if (!isPresent(out, record, id)) return;
    const instrument = this.instrumentAt(out, record + id.offset);
    if (instrument < 0) return;
    const rpt = out[record + fields.snapshotRptSeq.offset] as number;
    const lastSeq = (out[record + fields.snapshotLastSeq.offset] as number) >>> 0;
    if (instrument !== this.#partInstrument || rpt !== this.#partRpt) this.#partCount = 0;
    this.#partInstrument = instrument;
    this.#partRpt = rpt;
    const isWhole = this.#collect(decoder);
    const fragment = fields.snapshotLastFragment;
    if (isPresent(out, record, fragment) && out[record + fragment.offset] === 0) return;
    this.#partInstrument = -1;
    if (isWhole) this.#meet(instrument, rpt, lastSeq);
    else this.#count(FortsCount.MISFITS);
    this.#partCount = 0;
  }

  /** New numbers from here on: every book begins anew. */
  #sequenceReset(decoder: FastDecoder): void {
    const out = decoder.out;
    const record = decoder.record;
    const field = this.#fields.resetNewSeq;
    if (!isPresent(out, record, field)) return;
    const newSeq = (out[record + field.offset] as number) >>> 0;
    for (let i = 0; i < this.index.count; i++) this.levels.clear(i);
    this.#waitAll();
    this.#seq[0] = newSeq === 0 ? 0 : newSeq - 1;
    this.#seq[1] = newSeq;
  }

  #waitAll(): void {
    this.#states.fill(WAITING, 0, this.index.count);
    this.#live = 0;
    this.#kept.clear();
  }

  /** What lies between a snapshot and the first number of the stream was missed by coming late. */
  #suspectOlderThan(seq: number): void {
    for (let i = 0; i < this.index.count; i++) {
      if (this.#states[i] !== LIVE || (this.#setSeqs[i] as number) + 1 >= seq) continue;
      this.#setState(i, SUSPECT);
    }
  }

  /** Every live book may lack something until a snapshot says otherwise. */
  #suspectAll(): void {
    for (let i = 0; i < this.index.count; i++) {
      if (this.#states[i] === LIVE) this.#states[i] = SUSPECT;
    }
    this.#live = 0;
  }

  #setState(instrument: number, state: number): void {
    if (this.#states[instrument] === LIVE) this.#live--;
    if (state === LIVE) this.#live++;
    this.#states[instrument] = state;
  }

  /** Whether a message is new; a hole before it is noted. */
  #isNext(seq: number): boolean {
    const last = this.#seq[0] as number;
    if (this.#seq[1] === 0) {
      this.#seq[1] = seq;
      this.#suspectOlderThan(seq);
    } else if (seq <= last) {
      this.#count(FortsCount.DUPLICATES);
      return false;
    } else if (seq !== last + 1) {
      this.#count(FortsCount.GAPS);
      this.#seq[1] = seq;
      this.#suspectAll();
    }
    this.#seq[0] = seq;
    return true;
  }

  /** @returns the dense index of the id at word `at`, or -1 when there is no room for it */
  instrumentAt(out: Int32Array, at: number): number {
    const lo = out[at] as number;
    const hi = out[at + 1] as number;
    const before = this.index.count;
    const instrument = this.index.of(lo, hi);
    if (instrument === before) {
      this.#states[instrument] = WAITING;
      this.#sink.onInstrument(instrument, lo, hi);
    } else if (instrument < 0) this.#count(FortsCount.FULL);
    return instrument;
  }

  /** Entries of an increment. */
  #entries(decoder: FastDecoder): void {
    const out = decoder.out;
    const record = decoder.record;
    const sequence = this.#fields.increment.sequence;
    const words = this.#fields.increment.words;
    const count = out[record + sequence.offset + 1] as number;
    let at = out[record + sequence.offset] as number;
    for (let i = 0; i < count; i++) {
      this.#incrementEntry(decoder, at);
      at += words;
    }
  }

  #incrementEntry(decoder: FastDecoder, at: number): void {
    const out = decoder.out;
    const fields = this.#fields.increment;
    if (!isPresent(out, at, fields.securityId)) return;
    const instrument = this.instrumentAt(out, at + fields.securityId.offset);
    if (instrument < 0) return;
    this.#reader.read(decoder, at, fields);
    const entry = this.#entry;
    entry[0] = instrument;
    entry[1] = out[at + fields.rptSeq.offset] as number;
    entry[2] = out[at + fields.action.offset] as number;
    if (entry[3] === EntryKind.TRADE) this.#trade(out, at);
    if (this.#states[instrument] === WAITING) {
      this.#keep();
      return;
    }
    const rpt = (this.#rpt[instrument] as number) >>> 0;
    const next = (entry[1] as number) >>> 0;
    if (next <= rpt) return;
    if (next !== rpt + 1) {
      this.#count(FortsCount.RPT_GAPS);
      this.#setState(instrument, WAITING);
      this.#keep();
      return;
    }
    this.#rpt[instrument] = next;
    if (this.#apply(entry, 0)) this.#count(FortsCount.APPLIED);
    else this.#misfit(instrument);
  }

  #trade(out: Int32Array, at: number): void {
    const fields = this.#fields.increment;
    const entry = this.#entry;
    if (!this.#reader.hasPrice || !isPresent(out, at, fields.size)) return;
    const id = fields.entryId;
    const hasId = isPresent(out, at, id);
    this.#sink.onTrade(
      entry[0] as number,
      entry[6] as number,
      entry[7] as number,
      entry[8] as number,
      entry[9] as number,
      hasId ? (out[at + id.offset] as number) : 0,
      hasId ? (out[at + id.offset + 1] as number) : 0,
    );
  }

  #misfit(instrument: number): void {
    this.#count(FortsCount.MISFITS);
    this.#setState(instrument, WAITING);
  }

  /** Applies an entry to its book. @returns false when it does not fit */
  #apply(words: Int32Array, at: number): boolean {
    const side = words[at + 3] as number;
    const instrument = words[at] as number;
    if (side === EntryKind.EMPTY) this.levels.clear(instrument);
    if (side < 0) return true;
    const action = words[at + 2] as number;
    const level = words[at + 4] as number;
    const pxLo = words[at + 6] as number;
    const pxHi = words[at + 7] as number;
    const qtyLo = words[at + 8] as number;
    const qtyHi = words[at + 9] as number;
    if (action === DELETE) return this.levels.remove(instrument, side, level, pxLo, pxHi);
    if (qtyHi < 0 || (qtyLo | qtyHi) === 0) return false;
    if (action === CHANGE) {
      return this.levels.change(instrument, side, level, pxLo, pxHi, qtyLo, qtyHi);
    }
    if (action !== NEW) return false;
    const depth = words[at + 5] as number;
    return this.levels.insert(instrument, side, level, depth, pxLo, pxHi, qtyLo, qtyHi);
  }

  /** Keeps the entry at hand until its instrument's snapshot comes. */
  #keep(): void {
    if (!this.#kept.keep(this.#entry)) this.#count(FortsCount.FORGOTTEN);
  }

  /** Adds a snapshot's levels to those collected. @returns false when they are too many */
  #collect(decoder: FastDecoder): boolean {
    const out = decoder.out;
    const record = decoder.record;
    const fields = this.#fields.snapshot;
    const count = out[record + fields.sequence.offset + 1] as number;
    let at = out[record + fields.sequence.offset] as number;
    const most = this.#part.length / ENTRY_WORDS;
    for (let i = 0; i < count; i++) {
      this.#reader.read(decoder, at, fields);
      at += fields.words;
      if ((this.#entry[3] as number) < 0) continue;
      if (this.#partCount >= most) return false;
      this.#entry[0] = this.#partInstrument;
      this.#entry[2] = NEW;
      const to = this.#partCount++ * ENTRY_WORDS;
      for (let j = 0; j < ENTRY_WORDS; j++) this.#part[to + j] = this.#entry[j] as number;
    }
    return true;
  }

  /** A whole snapshot: sets the book of an instrument that waits, else is compared with it. */
  #meet(instrument: number, rpt: number, lastSeq: number): void {
    // One from before the last hole cannot tell what was missed in it.
    if (lastSeq + 1 < (this.#seq[1] as number)) return;
    if (this.#states[instrument] === WAITING) {
      this.#set(instrument, rpt, lastSeq);
      return;
    }
    const have = (this.#rpt[instrument] as number) >>> 0;
    const want = rpt >>> 0;
    if (want === have) {
      this.#count(FortsCount.COMPARED);
      this.#setState(instrument, LIVE);
      if (this.#isEqual(instrument)) return;
      this.#count(FortsCount.DIFFERENT);
      this.#set(instrument, rpt, lastSeq);
    } else if (want < have) this.#setState(instrument, LIVE);
    // It knows of more though no later message than ours: something was missed.
    else if (lastSeq <= (this.#seq[0] as number)) this.#set(instrument, rpt, lastSeq);
  }

  #isEqual(instrument: number): boolean {
    const levels = this.levels;
    const sides = levels.count(instrument, 0) + levels.count(instrument, 1);
    if (sides !== this.#partCount) return false;
    const part = this.#part;
    for (let i = 0; i < this.#partCount; i++) {
      const at = i * ENTRY_WORDS;
      const isThere = levels.has(
        instrument,
        part[at + 3] as number,
        part[at + 4] as number,
        part[at + 6] as number,
        part[at + 7] as number,
        part[at + 8] as number,
        part[at + 9] as number,
      );
      if (!isThere) return false;
    }
    return true;
  }

  /** Sets a book from the collected levels and applies what was kept after them. */
  #set(instrument: number, rpt: number, lastSeq: number): void {
    this.#count(FortsCount.SNAPSHOTS);
    this.levels.clear(instrument);
    this.#rpt[instrument] = rpt;
    this.#setSeqs[instrument] = lastSeq;
    this.#setState(instrument, LIVE);
    for (let i = 0; i < this.#partCount; i++) {
      if (this.#apply(this.#part, i * ENTRY_WORDS)) continue;
      this.#misfit(instrument);
      return;
    }
    const kept = this.#kept.words;
    for (let i = this.#kept.first; i < this.#kept.count; i++) {
      const at = this.#kept.at(i);
      if (kept[at] !== instrument) continue;
      const have: number = (this.#rpt[instrument] as number) >>> 0;
      const next = (kept[at + 1] as number) >>> 0;
      if (next <= have) continue;
      if (next !== have + 1) {
        this.#count(FortsCount.RPT_GAPS);
        this.#setState(instrument, WAITING);
        return;
      }
      this.#rpt[instrument] = next;
      if (!this.#apply(kept, at)) {
        this.#misfit(instrument);
        return;
      }
      this.#count(FortsCount.APPLIED);
    }
  }

  #count(what: number): void {
    this.counts[what] = (this.counts[what] as number) + 1;
  }
}
