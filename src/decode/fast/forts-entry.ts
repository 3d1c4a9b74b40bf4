/**
 * An entry of Moscow Exchange's market data as words: read from a decoder's record, kept in a ring
 * for instruments that wait for their snapshot.
 *
 *   0 instrument   1 RptSeq   2 action   3 what it is   4 rank, 0 none   5 depth
 *   6, 7 price halves   8, 9 quantity halves
 *
 * Thread: decode's. Hot path: no allocation after the constructor.
 */
import { type FieldWord, isPresent } from "./binding.ts";
import type { FastDecoder } from "./decoder.ts";
import type { EntryFields } from "./forts-fields.ts";
import { LEVELS_MAX } from "./levels.ts";
import { PriceScale } from "./price-scale.ts";

/** Words of an entry. */
export const ENTRY_WORDS = 10;

/** What an entry is; 0 and 1 are the sides. */
export const EntryKind = {
  BID: 0,
  ASK: 1,
  /** Moves RptSeq and no book. */
  OTHER: -1,
  /** A trade: no book either, but somebody may want it. */
  TRADE: -2,
  /** The instrument's book is empty. */
  EMPTY: -3,
} as const;

const TYPE_BID = 0x30;
const TYPE_OFFER = 0x31;
const TYPE_TRADE = 0x32;
const TYPE_EMPTY = 0x4a;

/** Reads entries. */
export class EntryReader {
  /** The entry that was read last; its instrument, RptSeq and action are the reader's to set. */
  readonly words = new Int32Array(ENTRY_WORDS);
  /** True when it had a price of the scale. */
  hasPrice = false;
  readonly #scale: PriceScale;

  /** @param priceDecimals of the prices given, 0 to 15 */
  constructor(priceDecimals: number) {
    this.#scale = new PriceScale(priceDecimals);
  }

  /** Reads kind, rank, depth, price and quantity of the element at word `at`. */
  read(decoder: FastDecoder, at: number, fields: EntryFields): void {
    const out = decoder.out;
    const words = this.words;
    const scale = this.#scale;
    words[3] = kindOf(decoder, at, fields.type);
    const hasLevel = isPresent(out, at, fields.level);
    words[4] = hasLevel ? (out[at + fields.level.offset] as number) : 0;
    const hasDepth = isPresent(out, at, fields.depth);
    const depth = hasDepth ? (out[at + fields.depth.offset] as number) >>> 0 : 0;
    words[5] = depth === 0 || depth > LEVELS_MAX ? LEVELS_MAX : depth;
    const price = at + fields.price.offset;
    this.hasPrice =
      isPresent(out, at, fields.price) &&
      scale.scale(out[price] as number, out[price + 1] as number, out[price + 2] as number);
    // No rank: it fits no book.
    if (!this.hasPrice) words[4] = 0;
    words[6] = scale.lo;
    words[7] = scale.hi;
    const hasSize = isPresent(out, at, fields.size);
    words[8] = hasSize ? (out[at + fields.size.offset] as number) : 0;
    words[9] = hasSize ? (out[at + fields.size.offset + 1] as number) : 0;
  }
}

function kindOf(decoder: FastDecoder, at: number, field: FieldWord): number {
  const out = decoder.out;
  if (out[at + field.offset + 1] !== 1) return EntryKind.OTHER;
  const type = decoder.bytes[out[at + field.offset] as number];
  if (type === TYPE_BID) return EntryKind.BID;
  if (type === TYPE_OFFER) return EntryKind.ASK;
  if (type === TYPE_TRADE) return EntryKind.TRADE;
  return type === TYPE_EMPTY ? EntryKind.EMPTY : EntryKind.OTHER;
}

/** The last entries of instruments that wait, in the order in which they came. */
export class KeptEntries {
  /** Entries ever kept since clear(). */
  count = 0;
  readonly words: Int32Array;
  readonly #mask: number;

  /** @param capacity entries, a power of two */
  constructor(capacity: number) {
    this.words = new Int32Array(capacity * ENTRY_WORDS);
    this.#mask = capacity - 1;
  }

  /** The oldest that is still there. */
  get first(): number {
    return Math.max(0, this.count - this.#mask - 1);
  }

  /** @param index from `first` to below `count` @returns its first word */
  at(index: number): number {
    return (index & this.#mask) * ENTRY_WORDS;
  }

  /** Keeps an entry. @returns false when an older one fell out for it */
  keep(entry: Int32Array): boolean {
    const hadRoom = this.count <= this.#mask;
    const at = this.at(this.count);
    this.count++;
    for (let i = 0; i < ENTRY_WORDS; i++) this.words[at + i] = entry[i] as number;
    return hadRoom;
  }

  clear(): void {
    this.count = 0;
  }
}
