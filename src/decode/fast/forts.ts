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
import type { FieldWord } from "./binding.ts";
import type { FastDecoder } from "./decoder.ts";
import { bindForts, type EntryFields, type FortsFields } from "./forts-fields.ts";
import { InstrumentIndex } from "./instrument-index.ts";
import { LEVELS_MAX, LevelBooks, type LevelSink } from "./levels.ts";
import type { TemplatePlan } from "./plan.ts";
import { PriceScale } from "./price-scale.ts";

const WAITING = 0;
const LIVE = 1;
const SUSPECT = 2;

const NEW = 0;
const CHANGE = 1;
const DELETE = 2;
const BID = 0x30;
const OFFER = 0x31;
/** Entries of other types move RptSeq and no book. */
const NO_SIDE = -1;

/** Words of a kept entry. */
const KEPT_WORDS = 10;

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
} as const;
const COUNT_OF_COUNTS = 10;

/** Sizes and scale. */
export interface FortsOptions {
  /** Instruments at most. */
  readonly instruments: number;
  /** Entries kept for instruments that wait, a power of two. */
  readonly keptEntries: number;
  /** Decimals of the prices given to the sink. */
  readonly priceDecimals: number;
}

/** The venue's own: prices have up to five decimals. */
export const FORTS_OPTIONS: FortsOptions = {
  instruments: 4096,
  keptEntries: 65_536,
  priceDecimals: 5,
};

/** Turns decoded messages of the two streams into level changes. */
export class FortsBooks {
  readonly index: InstrumentIndex;
  readonly levels: LevelBooks;
  /** By FortsCount. */
  readonly counts = new Float64Array(COUNT_OF_COUNTS);
  readonly #fields: FortsFields;
  readonly #scale: PriceScale;
  /** State and last RptSeq by instrument. */
  readonly #states: Uint8Array;
  readonly #rpt: Int32Array;
  readonly #kept: Int32Array;
  readonly #keptMask: number;
  /** Entries ever kept; the ring holds the last of them. */
  #keptCount = 0;
  /** [0] last MsgSeqNum, [1] the first from which there was no hole; 0 before the first. */
  readonly #seq = new Float64Array(2);
  /** The snapshot being put together: instrument, RptSeq, entries. */
  #partInstrument = -1;
  #partRpt = 0;
  readonly #part: Int32Array;
  #partCount = 0;
  /** The entry at hand. */
  readonly #entry = new Int32Array(KEPT_WORDS);

  constructor(plans: readonly TemplatePlan[], sink: LevelSink, options = FORTS_OPTIONS) {
    this.#fields = bindForts(plans);
    this.index = new InstrumentIndex(options.instruments);
    this.levels = new LevelBooks(options.instruments, sink);
    this.#scale = new PriceScale(options.priceDecimals);
    this.#states = new Uint8Array(options.instruments);
    this.#rpt = new Int32Array(options.instruments);
    this.#kept = new Int32Array(options.keptEntries * KEPT_WORDS);
    this.#keptMask = options.keptEntries - 1;
    this.#part = new Int32Array(2 * LEVELS_MAX * KEPT_WORDS);
  }

  /** True when an instrument's book is exact as far as the messages seen can tell. */
  isLive(instrument: number): boolean {
    return this.#states[instrument] === LIVE;
  }

  /** Instruments seen whose books are not known to be exact. */
  staleCount(): number {
    let count = 0;
    for (let i = 0; i < this.index.count; i++) if (this.#states[i] !== LIVE) count++;
    return count;
  }

  /** Takes the message that the increments' decoder holds. */
  increment(decoder: FastDecoder): void {
    const fields = this.#fields;
    const out = decoder.out;
    const record = decoder.record;
    const template = decoder.template;
    if (template === fields.resetTemplate) {
      if (isPresent(out, record, fields.resetNewSeq)) {
        this.#restart((out[record + fields.resetNewSeq.offset] as number) >>> 0);
      }
      return;
    }
    if (template !== fields.incrementTemplate) return;
    const seq = (out[record + fields.incrementSeq.offset] as number) >>> 0;
    if (!this.#isNext(seq)) return;
    const sequence = fields.increment.sequence;
    const words = fields.increment.words;
    const count = out[record + sequence.offset + 1] as number;
    let at = out[record + sequence.offset] as number;
    for (let i = 0; i < count; i++) {
      this.#incrementEntry(decoder, at);
      at += words;
    }
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
    const instrument = this.#instrument(out, record + id.offset);
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
  #restart(newSeq: number): void {
    for (let i = 0; i < this.index.count; i++) {
      this.levels.clear(i);
      this.#states[i] = WAITING;
    }
    this.#keptCount = 0;
    this.#seq[0] = newSeq === 0 ? 0 : newSeq - 1;
    this.#seq[1] = newSeq;
  }

  /** Whether a message is new; a hole before it is noted. */
  #isNext(seq: number): boolean {
    const last = this.#seq[0] as number;
    if (this.#seq[1] === 0) this.#seq[1] = seq;
    else if (seq <= last) {
      this.#count(FortsCount.DUPLICATES);
      return false;
    } else if (seq !== last + 1) {
      this.#count(FortsCount.GAPS);
      this.#seq[1] = seq;
      for (let i = 0; i < this.index.count; i++) {
        if (this.#states[i] === LIVE) this.#states[i] = SUSPECT;
      }
    }
    this.#seq[0] = seq;
    return true;
  }

  #instrument(out: Int32Array, at: number): number {
    const instrument = this.index.of(out[at] as number, out[at + 1] as number);
    if (instrument < 0) this.#count(FortsCount.FULL);
    return instrument;
  }

  #incrementEntry(decoder: FastDecoder, at: number): void {
    const out = decoder.out;
    const fields = this.#fields.increment;
    if (!isPresent(out, at, fields.securityId)) return;
    const instrument = this.#instrument(out, at + fields.securityId.offset);
    if (instrument < 0) return;
    this.#read(decoder, at, fields);
    const entry = this.#entry;
    entry[0] = instrument;
    entry[1] = out[at + fields.rptSeq.offset] as number;
    entry[2] = out[at + fields.action.offset] as number;
    if (this.#states[instrument] === WAITING) {
      this.#keep();
      return;
    }
    const rpt = (this.#rpt[instrument] as number) >>> 0;
    const next = (entry[1] as number) >>> 0;
    if (next <= rpt) return;
    if (next !== rpt + 1) {
      this.#count(FortsCount.RPT_GAPS);
      this.#states[instrument] = WAITING;
      this.#keep();
      return;
    }
    this.#rpt[instrument] = next;
    if (this.#apply(entry, 0)) this.#count(FortsCount.APPLIED);
    else this.#misfit(instrument);
  }

  #misfit(instrument: number): void {
    this.#count(FortsCount.MISFITS);
    this.#states[instrument] = WAITING;
  }

  /** Reads side, rank, depth, price and quantity; a side of NO_SIDE changes no book. */
  #read(decoder: FastDecoder, at: number, fields: EntryFields): void {
    const out = decoder.out;
    const bytes = decoder.bytes;
    const entry = this.#entry;
    const typeAt = out[at + fields.type.offset] as number;
    const type = out[at + fields.type.offset + 1] === 1 ? (bytes[typeAt] as number) : 0;
    entry[3] = type === BID ? 0 : type === OFFER ? 1 : NO_SIDE;
    const hasLevel = isPresent(out, at, fields.level);
    entry[4] = hasLevel ? (out[at + fields.level.offset] as number) : 0;
    const hasDepth = isPresent(out, at, fields.depth);
    const depth = hasDepth ? (out[at + fields.depth.offset] as number) >>> 0 : 0;
    entry[5] = depth === 0 || depth > LEVELS_MAX ? LEVELS_MAX : depth;
    const scale = this.#scale;
    const price = at + fields.price.offset;
    if (
      !isPresent(out, at, fields.price) ||
      !scale.scale(out[price] as number, out[price + 1] as number, out[price + 2] as number)
    ) {
      entry[4] = 0; // No rank: it fits no book.
    }
    entry[6] = scale.lo;
    entry[7] = scale.hi;
    const hasSize = isPresent(out, at, fields.size);
    entry[8] = hasSize ? (out[at + fields.size.offset] as number) : 0;
    entry[9] = hasSize ? (out[at + fields.size.offset + 1] as number) : 0;
  }

  /** Applies an entry to its book. @returns false when it does not fit */
  #apply(words: Int32Array, at: number): boolean {
    const side = words[at + 3] as number;
    if (side === NO_SIDE) return true;
    const instrument = words[at] as number;
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
    if (this.#keptCount > this.#keptMask) this.#count(FortsCount.FORGOTTEN);
    const at = (this.#keptCount & this.#keptMask) * KEPT_WORDS;
    this.#keptCount++;
    for (let i = 0; i < KEPT_WORDS; i++) this.#kept[at + i] = this.#entry[i] as number;
  }

  /** Adds a snapshot's levels to those collected. @returns false when they are too many */
  #collect(decoder: FastDecoder): boolean {
    const out = decoder.out;
    const record = decoder.record;
    const fields = this.#fields.snapshot;
    const count = out[record + fields.sequence.offset + 1] as number;
    let at = out[record + fields.sequence.offset] as number;
    const most = this.#part.length / KEPT_WORDS;
    for (let i = 0; i < count; i++) {
      this.#read(decoder, at, fields);
      at += fields.words;
      if (this.#entry[3] === NO_SIDE) continue;
      if (this.#partCount >= most) return false;
      this.#entry[0] = this.#partInstrument;
      this.#entry[2] = NEW;
      const to = this.#partCount++ * KEPT_WORDS;
      for (let j = 0; j < KEPT_WORDS; j++) this.#part[to + j] = this.#entry[j] as number;
    }
    return true;
  }

  /** A whole snapshot: sets the book of an instrument that waits, else is compared with it. */
  #meet(instrument: number, rpt: number, lastSeq: number): void {
    // One from before the last hole cannot tell what was missed in it.
    if (lastSeq + 1 < (this.#seq[1] as number)) return;
    if (this.#states[instrument] === WAITING) {
      this.#set(instrument, rpt);
      return;
    }
    const have = (this.#rpt[instrument] as number) >>> 0;
    const want = rpt >>> 0;
    if (want === have) {
      this.#count(FortsCount.COMPARED);
      this.#states[instrument] = LIVE;
      if (this.#isEqual(instrument)) return;
      this.#count(FortsCount.DIFFERENT);
      this.#set(instrument, rpt);
    } else if (want < have) this.#states[instrument] = LIVE;
    // It knows of more though no later message than ours: something was missed.
    else if (lastSeq <= (this.#seq[0] as number)) this.#set(instrument, rpt);
  }

  #isEqual(instrument: number): boolean {
    const levels = this.levels;
    const sides = levels.count(instrument, 0) + levels.count(instrument, 1);
    if (sides !== this.#partCount) return false;
    const part = this.#part;
    for (let i = 0; i < this.#partCount; i++) {
      const at = i * KEPT_WORDS;
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
  #set(instrument: number, rpt: number): void {
    this.#count(FortsCount.SNAPSHOTS);
    this.levels.clear(instrument);
    this.#rpt[instrument] = rpt;
    this.#states[instrument] = LIVE;
    for (let i = 0; i < this.#partCount; i++) {
      if (this.#apply(this.#part, i * KEPT_WORDS)) continue;
      this.#misfit(instrument);
      return;
    }
    const kept = this.#kept;
    const first = Math.max(0, this.#keptCount - this.#keptMask - 1);
    for (let i = first; i < this.#keptCount; i++) {
      const at = (i & this.#keptMask) * KEPT_WORDS;
      if (kept[at] !== instrument) continue;
      const have: number = (this.#rpt[instrument] as number) >>> 0;
      const next = (kept[at + 1] as number) >>> 0;
      if (next <= have) continue;
      if (next !== have + 1) {
        this.#count(FortsCount.RPT_GAPS);
        this.#states[instrument] = WAITING;
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

function isPresent(out: Int32Array, record: number, field: FieldWord): boolean {
  return ((out[record + field.presenceWord] as number) & field.mask) !== 0;
}
