/**
 * Decode stage for FAST: the messages of a datagram go through the compiled decoder and, where the
 * templates are a venue's that is known, on to its books, which call the event sink. Then the frame
 * is given back.
 *
 *   numbered ──▶ decoder(s) ──▶ FortsBooks.increment ─┐
 *   aside    ──▶ decoder    ──▶ FortsBooks.snapshot ──┴▶ LevelEvents ──▶ EventSink
 *
 * Bad input: messages before the damage stand, the rest of the datagram is dropped and counted by
 * the error's code, and the books of a numbered stream are no longer known to be exact until
 * snapshots say so. A template that nobody knows is counted by its identifier.
 *
 * Thread: decode's. Hot path: no allocation, no throw.
 */
import type { Counters } from "../../core/counters.ts";
import type { FrameView } from "../../core/frames.ts";
import type { UnknownTypes } from "../../core/odd-input.ts";
import {
  ChannelControl,
  type EventSink,
  FEED_COUNT,
  type FrameOwner,
  type PacketSink,
  type Stage,
} from "../../core/sinks.ts";
import { C } from "../../metrics/counter-table.ts";
import { FastDecoder } from "./decoder.ts";
import { FAST_ERROR_COUNT, FastError } from "./errors.ts";
import { FORTS_OPTIONS, FortsBooks, FortsCount } from "./forts.ts";
import { isForts } from "./forts-fields.ts";
import { LevelEvents } from "./level-events.ts";
import type { Template } from "./model.ts";

/** Room for a datagram's message; a longer one fails with FastError.LIMIT. */
const OUT_WORDS = 1 << 18;
const ARENA_BYTES = 1 << 18;
const D9 = FastError.D9;
/** RECOVERY_STATE, as the counter's sentence has it. */
const NONE_SEEN = 0;
const WAITING = 1;
const LIVE = 2;

/** What the stage stands on. */
export interface FastStageOptions {
  readonly templates: readonly Template[];
  /** True when merge passes datagrams on as they arrive (arrival.ts). */
  readonly isByArrival: boolean;
  /** Frame regions by feed. */
  readonly frames: readonly FrameView[];
  readonly owner: FrameOwner;
  readonly sink: EventSink;
  readonly counters: Counters;
  /** Instruments at most. */
  readonly instruments: number;
  /** By instrument 0 where its book is exact, for the status page. */
  readonly stale?: Uint8Array;
  /** Counts messages of unknown templates by identifier. */
  readonly unknownTypes: UnknownTypes;
}

/** The decode stage. */
export class FastStage implements PacketSink, Stage {
  /** Messages by template, in the templates' order. */
  readonly typeCounts: Float64Array;
  /** Books of the venue; null when the templates are of no venue that is known. */
  readonly books: FortsBooks | null;
  readonly #frames: readonly FrameView[];
  readonly #owner: FrameOwner;
  readonly #sink: EventSink;
  readonly #counters: Float64Array;
  readonly #unknown: UnknownTypes;
  /** By feed; with numbers from the framing one serves both. */
  readonly #numbered: readonly FastDecoder[];
  readonly #aside: FastDecoder;
  readonly #snapshotTemplate: number;
  readonly #isByArrival: boolean;
  readonly #errorSlots = errorSlots();
  readonly #bookSlots = bookSlots();

  constructor(options: FastStageOptions) {
    const sizes = { outWords: OUT_WORDS, arenaBytes: ARENA_BYTES };
    const make = (): FastDecoder => new FastDecoder(options.templates, sizes);
    const first = make();
    this.typeCounts = new Float64Array(options.templates.length);
    this.#numbered = Array.from({ length: FEED_COUNT }, (_, feed) =>
      feed > 0 && options.isByArrival ? make() : first,
    );
    this.#aside = make();
    this.books = isForts(first.plans)
      ? new FortsBooks(first.plans, new LevelEvents(options.sink), {
          ...FORTS_OPTIONS,
          instruments: options.instruments,
          ...(options.stale !== undefined && { stale: options.stale }),
        })
      : null;
    this.#snapshotTemplate = this.books === null ? -1 : this.books.snapshotTemplate;
    this.#isByArrival = options.isByArrival;
    this.#frames = options.frames;
    this.#owner = options.owner;
    this.#sink = options.sink;
    this.#counters = options.counters.values;
    this.#unknown = options.unknownTypes;
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
    _count: number,
  ): void {
    const view = this.#frames[feed] as FrameView;
    const start = frame * view.frameBytes + offset;
    const hasNumber = (seqLo | seqHi) !== 0 || this.#isByArrival;
    const isNumbered = hasNumber && feed < FEED_COUNT;
    this.#sink.onPacketStart(tsLo, tsHi, tsKind);
    this.#count(C.DECODE_PACKETS);
    if (isNumbered) {
      this.#increments(view.bytes, start + firstOffset, start + length, feed, seqLo);
    } else this.#snapshots(view.bytes, start, start + length);
    this.#owner.release(feed, frame);
  }

  onControl(control: number): void {
    // The book stage empties all books by itself.
    if (control === ChannelControl.NEW_SESSION) this.books?.forget();
    this.#sink.onControl(control);
  }

  onBatchEnd(): void {
    this.#flush();
    this.#sink.onBatchEnd();
  }

  tick(): void {
    // Nothing here waits for time.
  }

  /** Messages by template name, those that came; cold. */
  types(): Record<string, number> {
    const types: Record<string, number> = {};
    this.#aside.plans.forEach(({ template }, i) => {
      const count = this.typeCounts[i] as number;
      if (count > 0) types[template.name] = (types[template.name] ?? 0) + count;
    });
    return types;
  }

  /** Nothing decoded yet. The caller clears the shared counters. */
  reset(): void {
    this.typeCounts.fill(0);
    for (let feed = 0; feed < FEED_COUNT; feed++) this.#resetDecoder(this.#numbered[feed]);
    this.#resetDecoder(this.#aside);
    this.books?.reset();
  }

  /** Messages of the numbered stream; by arrival snapshots may stand among them. */
  #increments(bytes: Uint8Array, from: number, end: number, feed: number, seq: number): void {
    const decoder = this.#numbered[feed] as FastDecoder;
    const books = this.books;
    let at = from;
    while (at < end) {
      at = decoder.decode(bytes, at, end);
      if (at < 0) {
        this.#failed(decoder);
        if (books !== null) books.unreadable(seq >>> 0);
        return;
      }
      this.#countType(decoder.template);
      if (books === null) continue;
      if (decoder.template === this.#snapshotTemplate) books.snapshot(decoder);
      else books.increment(decoder);
    }
  }

  /** Messages beside the numbered stream: of those, snapshots alone are of use. */
  #snapshots(bytes: Uint8Array, from: number, end: number): void {
    const decoder = this.#aside;
    const books = this.books;
    let at = from;
    while (at < end) {
      at = decoder.decode(bytes, at, end);
      if (at < 0) {
        this.#failed(decoder);
        return;
      }
      this.#countType(decoder.template);
      if (books !== null) books.snapshot(decoder);
    }
  }

  #failed(decoder: FastDecoder): void {
    this.#count(C.DECODE_MALFORMED);
    if (decoder.error !== D9) return;
    this.#count(C.DECODE_UNKNOWN_TYPE);
    this.#unknown.note(decoder.templateId);
  }

  #countType(template: number): void {
    this.typeCounts[template] = (this.typeCounts[template] as number) + 1;
    this.#count(C.DECODE_MESSAGES);
  }

  /** Shows what the decoders and the books have counted. */
  #flush(): void {
    const counters = this.#counters;
    const own = this.#numbered[0] as FastDecoder;
    const other = this.#numbered[1] as FastDecoder;
    for (let error = 0; error < FAST_ERROR_COUNT; error++) {
      const slot = this.#errorSlots[error] as number;
      if (slot < 0) continue;
      let sum = (own.counts[error] as number) + (this.#aside.counts[error] as number);
      if (other !== own) sum += other.counts[error] as number;
      counters[slot] = sum;
    }
    const books = this.books;
    if (books === null) return;
    const slots = this.#bookSlots;
    for (let i = 0; i < slots.length; i++) {
      counters[slots[i] as number] = books.counts[i] as number;
    }
    const stale = books.staleCount();
    counters[C.FAST_STALE_INSTRUMENTS] = stale;
    counters[C.RECOVERY_STATE] = books.index.count === 0 ? NONE_SEEN : stale > 0 ? WAITING : LIVE;
    counters[C.RECOVERY_GAPS] =
      (books.counts[FortsCount.GAPS] as number) +
      (books.counts[FortsCount.RPT_GAPS] as number) +
      (books.counts[FortsCount.UNREADABLE] as number);
  }

  #resetDecoder(decoder: FastDecoder | undefined): void {
    if (decoder === undefined) return;
    decoder.reset();
    decoder.counts.fill(0);
  }

  #count(slot: number): void {
    this.#counters[slot] = (this.#counters[slot] as number) + 1;
  }
}

/** The shared counter of each error's number; -1 where it does not come up while decoding. */
function errorSlots(): Int32Array {
  const slots = new Int32Array(FAST_ERROR_COUNT).fill(-1);
  const rows: [number, number][] = [
    [FastError.CUT, C.FAST_CUT],
    [FastError.LIMIT, C.FAST_LIMIT],
    [FastError.COUNT, C.FAST_COUNT],
    [FastError.D2, C.FAST_D2],
    [FastError.D4, C.FAST_D4],
    [FastError.D5, C.FAST_D5],
    [FastError.D6, C.FAST_D6],
    [FastError.D7, C.FAST_D7],
    [FastError.D8, C.FAST_D8],
    [FastError.D9, C.FAST_D9],
    [FastError.R1, C.FAST_R1],
    [FastError.R2, C.FAST_R2],
    [FastError.R4, C.FAST_R4],
    [FastError.R6, C.FAST_R6],
    [FastError.R7, C.FAST_R7],
    [FastError.R8, C.FAST_R8],
    [FastError.R9, C.FAST_R9],
  ];
  for (const [error, slot] of rows) slots[error] = slot;
  return slots;
}

/** By FortsCount. */
function bookSlots(): Int32Array {
  const slots = new Int32Array(Object.keys(FortsCount).length);
  slots[FortsCount.APPLIED] = C.FAST_ENTRIES;
  slots[FortsCount.DUPLICATES] = C.FAST_DUPLICATES;
  slots[FortsCount.GAPS] = C.FAST_GAPS;
  slots[FortsCount.RPT_GAPS] = C.FAST_RPT_GAPS;
  slots[FortsCount.MISFITS] = C.FAST_MISFITS;
  slots[FortsCount.SNAPSHOTS] = C.FAST_SNAPSHOTS_SET;
  slots[FortsCount.COMPARED] = C.FAST_SNAPSHOTS_COMPARED;
  slots[FortsCount.DIFFERENT] = C.FAST_SNAPSHOTS_DIFFERENT;
  slots[FortsCount.FORGOTTEN] = C.FAST_FORGOTTEN;
  slots[FortsCount.FULL] = C.DECODE_NO_INSTRUMENT;
  slots[FortsCount.UNREADABLE] = C.FAST_UNREADABLE;
  return slots;
}
