/**
 * A seeded market that never ends, written as ITCH 5.0 messages behind their u16 lengths. One
 * thread,
 * no I/O, no clock: the seed decides every byte.
 *
 * Each message picks an instrument by Zipf's law, often the one before again, and an action with
 * the shares of a real day (30 December 2019, published counts: A 43.6 %, D 42.6, U 8.1, E 2.1,
 * X 1.0, F 0.6). Adds outweigh deletes while an instrument has fewer orders than its target, and
 * the
 * other way round: so books are filled during the first minutes and memory stays bounded. Bids and
 * asks gather around a fair price that wanders; quotes on its wrong side are withdrawn or executed.
 */
import { assert } from "../core/assert.ts";
import { FeedError } from "../core/errors.ts";
import { ItchWriter } from "../decode/itch/encoder.ts";
import { Activity } from "./activity.ts";
import type { MarketBooks } from "./market-books.ts";
import * as B from "./market-books.ts";
import { marketHash } from "./market-hash.ts";
import { MarketNotices, MPIDS } from "./market-notices.ts";
import { makeBooks } from "./market-setup.ts";
import type { ProfileName } from "./profile.ts";
import { MarketTime, timeHigh } from "./profile.ts";
import { Random } from "./random.ts";

/** What a market is made of. */
export interface MarketOptions {
  /** 0 to 2^53 - 1. */
  readonly seed: number;
  /** 1 to 65535; stock locates are 1 to this. */
  readonly instruments: number;
  readonly profile: ProfileName;
}

/** Longest message with its length, bytes: Net Order Imbalance Indicator. */
export const BLOCK_BYTES_MAX = 52;
/** Messages that end a day. */
export const CLOSING_COUNT = 3;
/** Written at a time and then copied: small enough to stay in the nearest caches. */
const SLICE_BYTES = 32_768;

/** Shares in 1/65536, summed up. */
const ADD_BELOW = 28_180;
const ADD_GAIN = 8_192;
const DELETE_BELOW = 55_440;
const REPLACE_BELOW = 60_700;
const EXECUTE_BELOW = 61_960;
const REDUCE_BELOW = 62_640;
const EXECUTE_AT_BELOW = 62_740;
/** One add in this many is attributed (F). */
const MPID_EVERY = 80;

const LAST_TICK = B.TICK_COUNT - 1;
const FAIR_MIN = 64;
const FAIR_MAX = LAST_TICK - 64;

/** The market. */
export class MarketGenerator {
  readonly books: MarketBooks;
  /** Messages before the first order: system events, directory, states, participants. */
  readonly openingCount: number;
  readonly #random: Random;
  readonly #activity: Activity;
  readonly #time: MarketTime;
  readonly #writer: ItchWriter;
  readonly #notices: MarketNotices;
  /** [lo, hi] of the last order reference; passes 2^32 early, so that no reader gets by with 32. */
  readonly #ref = Int32Array.of(0xfffc_0000 | 0, 0);
  #messages = 0;
  #instrument = 0;
  /** Side that an incoming order goes on eating, or -1. */
  #sweepSide = -1;

  /** @throws FEED_USAGE when an option is out of range */
  constructor(options: MarketOptions) {
    checkOptions(options);
    this.#random = new Random(options.seed);
    this.#activity = new Activity(this.#random, options.instruments);
    this.books = makeBooks(this.#random, this.#activity);
    this.#time = new MarketTime(options.profile);
    this.#writer = new ItchWriter(SLICE_BYTES + BLOCK_BYTES_MAX);
    this.#notices = new MarketNotices(this.#writer, this.books, this.#random, this.#time);
    this.openingCount = this.#notices.openingCount;
  }

  /** Messages written so far. */
  get messages(): number {
    return this.#messages;
  }

  /** Time of the newest message, ns since midnight. */
  get timeNs(): number {
    return this.#time.ns[0] as number;
  }

  /** Orders resting now. */
  get liveOrders(): number {
    return this.books.liveCount;
  }

  /** The hash of all books as they stand after the newest message; cold. */
  bookHash(): string {
    return marketHash(this.books);
  }

  /**
   * Writes whole messages, each behind its u16 length, as long as the longest would fit.
   *
   * @param bytes buffer to write into
   * @param offset first byte to write, 0 to `end`
   * @param end one past the last byte that may be written
   * @param messagesMax most messages to write; default: as many as fit
   * @returns the offset after the last message
   */
  fill(
    bytes: Uint8Array,
    offset: number,
    end: number,
    messagesMax = Number.MAX_SAFE_INTEGER,
  ): number {
    assert(offset >= 0 && end <= bytes.length, "GENERATE_FILL_BOUNDS");
    const writer = this.#writer;
    let at = offset;
    let left = messagesMax;
    while (left > 0 && end - at >= BLOCK_BYTES_MAX) {
      const room = Math.min(SLICE_BYTES, end - at - BLOCK_BYTES_MAX);
      writer.reset();
      while (writer.length <= room && writer.messageCount < left) this.#step();
      bytes.set(writer.written(), at);
      at += writer.length;
      left -= writer.messageCount;
      this.#messages += writer.messageCount;
    }
    return at;
  }

  /**
   * Ends the day: end of market hours, of system hours, of messages. Orders stay.
   *
   * @param count the first `count` of the three, 0 to 3
   * @returns the offset after the last message
   */
  close(bytes: Uint8Array, offset: number, count = CLOSING_COUNT): number {
    assert(count <= CLOSING_COUNT, "GENERATE_CLOSE_COUNT");
    this.#writer.reset();
    for (let i = 0; i < count; i++) this.#notices.close(i);
    this.#messages += count;
    bytes.set(this.#writer.written(), offset);
    return offset + this.#writer.length;
  }

  /** Writes one message. */
  #step(): void {
    if (this.#messages + this.#writer.messageCount < this.openingCount) {
      this.#notices.open();
      return;
    }
    this.#time.advance(this.#random);
    if (this.#sweepSide >= 0) {
      this.#execute(this.#instrument, this.#sweepSide, false);
      return;
    }
    const word = this.#random.next();
    if ((word & 0x3_0000) === 0) this.#instrument = this.#activity.pick(this.#random);
    const instrument = this.#instrument;
    if (word >>> 24 === 0) this.#wander(instrument, (word >>> 18) & 1);
    const record = instrument * B.INSTRUMENT_WORDS;
    const records = this.books.instruments;
    const shift = records[record + B.TARGET_SHIFT] as number;
    const missing = (((1 << shift) - (records[record + B.LIVE] as number)) * ADD_GAIN) >> shift;
    const kind = word & 0xffff;
    if (kind < ADD_BELOW + Math.max(-ADD_GAIN, missing)) this.#add(instrument);
    else if (kind < DELETE_BELOW) this.#withdraw(instrument, word >>> 19);
    else if (kind < REPLACE_BELOW) this.#replace(instrument);
    else if (kind < EXECUTE_BELOW) this.#execute(instrument, this.#eatenSide(record, word), false);
    else if (kind < REDUCE_BELOW) this.#reduce(instrument);
    else if (kind < EXECUTE_AT_BELOW) this.#execute(instrument, (word >>> 20) & 1, true);
    else this.#notices.other(instrument);
  }

  get #high(): number {
    return timeHigh(this.#time.ns[0] as number);
  }

  get #low(): number {
    return (this.#time.ns[0] as number) | 0;
  }

  #add(instrument: number): void {
    const slot = this.books.take();
    if (slot === 0) {
      this.#delete(instrument);
      return;
    }
    const random = this.#random;
    const word = random.next();
    const side = word & 1;
    const tick = this.#chooseTick(instrument, side, word >>> 1);
    const qtyWord = random.next();
    const qty = chooseQty(qtyWord);
    const mpid = ((qtyWord >>> 14) * MPID_EVERY * MPIDS.length) >>> 18;
    const at = slot * B.ORDER_WORDS;
    const orders = this.books.orders;
    this.#nextRef(word >>> 28);
    const refLo = this.#ref[0] as number;
    const refHi = this.#ref[1] as number;
    orders[at + B.REF_LO] = refLo;
    orders[at + B.REF_HI] = refHi;
    orders[at + B.QTY] = qty;
    this.books.link(slot, instrument, tick, side);
    const record = instrument * B.INSTRUMENT_WORDS;
    const high = this.books.instruments[record + B.SYMBOL_HIGH] as number;
    const low = this.books.instruments[record + B.SYMBOL_LOW] as number;
    const px = this.books.price(instrument, tick);
    const locate = instrument + 1;
    const writer = this.#writer;
    const tsHi = this.#high;
    const tsLo = this.#low;
    if (mpid >= MPIDS.length) {
      writer.add(locate, 2, tsHi, tsLo, refLo, refHi, side, qty, high, low, px);
    } else {
      const who = MPIDS[mpid] as number;
      writer.addMpid(locate, 2, tsHi, tsLo, refLo, refHi, side, qty, high, low, px, who);
    }
  }

  /** Three of eight deletes are of quotes near the top, the others of any order of the market. */
  #withdraw(instrument: number, word: number): void {
    const slot = (word & 7) < 3 ? 0 : this.books.pickAny(this.#random);
    if (slot === 0) this.#delete(instrument);
    else this.#deleteOrder(slot);
  }

  #delete(instrument: number): void {
    const slot = this.books.pick(instrument, this.#random);
    if (slot === 0) this.#notices.other(instrument);
    else this.#deleteOrder(slot);
  }

  #deleteOrder(slot: number): void {
    const at = slot * B.ORDER_WORDS;
    const instrument = (this.books.orders[at + B.LOCATE] as number) - 1;
    const refLo = this.books.orders[at + B.REF_LO] as number;
    const refHi = this.books.orders[at + B.REF_HI] as number;
    this.books.unlink(slot, instrument);
    this.books.give(slot);
    this.#writer.delete(instrument + 1, 0, this.#high, this.#low, refLo, refHi);
  }

  /** U: a new reference at the tail of a new, or the same, price; the side stays. */
  #replace(instrument: number): void {
    const { books } = this;
    const slot = books.pick(instrument, this.#random);
    if (slot === 0) {
      this.#add(instrument);
      return;
    }
    const orders = books.orders;
    const at = slot * B.ORDER_WORDS;
    const oldLo = orders[at + B.REF_LO] as number;
    const oldHi = orders[at + B.REF_HI] as number;
    const side = orders[at + B.SIDE] as number;
    const word = this.#random.next();
    books.unlink(slot, instrument);
    const tick = this.#chooseTick(instrument, side, word >>> 1);
    if ((word & 0x3000_0000) === 0) orders[at + B.QTY] = chooseQty(this.#random.next());
    this.#nextRef(word >>> 28);
    const refLo = this.#ref[0] as number;
    const refHi = this.#ref[1] as number;
    orders[at + B.REF_LO] = refLo;
    orders[at + B.REF_HI] = refHi;
    books.link(slot, instrument, tick, side);
    const qty = orders[at + B.QTY] as number;
    const px = books.price(instrument, tick);
    const locate = instrument + 1;
    const tsHi = this.#high;
    const tsLo = this.#low;
    this.#writer.replace(locate, 0, tsHi, tsLo, oldLo, oldHi, refLo, refHi, qty, px);
  }

  /** X: part of a quantity; an order of one share is deleted instead. */
  #reduce(instrument: number): void {
    const slot = this.books.pick(instrument, this.#random);
    const at = slot * B.ORDER_WORDS;
    const orders = this.books.orders;
    const qty = slot === 0 ? 0 : (orders[at + B.QTY] as number);
    if (qty < 2) {
      this.#delete(instrument);
      return;
    }
    const shares = 1 + this.#random.below(qty - 1);
    orders[at + B.QTY] = qty - shares;
    const refLo = orders[at + B.REF_LO] as number;
    const refHi = orders[at + B.REF_HI] as number;
    this.#writer.cancel(instrument + 1, 0, this.#high, this.#low, refLo, refHi, shares);
  }

  /** E or C against the first order of a side; the other side, or an add, when it is empty. */
  #execute(instrument: number, wanted: number, atOtherPrice: boolean): void {
    const { books } = this;
    let side = wanted;
    let slot = books.head(instrument, side);
    this.#sweepSide = -1;
    if (slot === 0) {
      side = 1 - side;
      slot = books.head(instrument, side);
    }
    if (slot === 0) {
      this.#add(instrument);
      return;
    }
    const orders = books.orders;
    const at = slot * B.ORDER_WORDS;
    const qty = orders[at + B.QTY] as number;
    const word = this.#random.next();
    const whole = qty === 1 || (word & 7) < 5;
    const shares = whole ? qty : 1 + this.#random.below(qty - 1);
    const refLo = orders[at + B.REF_LO] as number;
    const refHi = orders[at + B.REF_HI] as number;
    const tick = orders[at + B.TICK] as number;
    this.#notices.nextMatch();
    const matchLo = this.#notices.match[0] as number;
    const matchHi = this.#notices.match[1] as number;
    const writer = this.#writer;
    const tsHi = this.#high;
    const tsLo = this.#low;
    const locate = instrument + 1;
    if (atOtherPrice) {
      const px = books.price(instrument, tick + ((word & 8) === 0 ? 1 : -1));
      const shown = (word & 0x30) === 0 ? 0 : 1;
      writer.executePrice(locate, 0, tsHi, tsLo, refLo, refHi, shares, matchLo, matchHi, shown, px);
    } else {
      writer.execute(locate, 0, tsHi, tsLo, refLo, refHi, shares, matchLo, matchHi);
      if (whole && (word & 0xc0) === 0) this.#sweepSide = side;
    }
    if (whole) {
      books.unlink(slot, instrument);
      books.give(slot);
    } else {
      orders[at + B.QTY] = qty - shares;
    }
  }

  /** Whoever stands on the wrong side of the fair price is executed first. */
  #eatenSide(record: number, word: number): number {
    const records = this.books.instruments;
    const fair = records[record + B.FAIR] as number;
    if ((records[record + B.BEST_ASK] as number) <= fair) return 1;
    if ((records[record + B.BEST_BID] as number) > fair) return 0;
    return (word >>> 20) & 1;
  }

  /** Moves the fair price by a tick. */
  #wander(instrument: number, up: number): void {
    const at = instrument * B.INSTRUMENT_WORDS + B.FAIR;
    const fair = (this.books.instruments[at] as number) + (up === 0 ? -1 : 1);
    this.books.instruments[at] = Math.min(FAIR_MAX, Math.max(FAIR_MIN, fair));
  }

  /** A tick for a new order that does not cross; asks are reckoned from the ladder's other end. */
  #chooseTick(instrument: number, side: number, word: number): number {
    const record = instrument * B.INSTRUMENT_WORDS;
    const records = this.books.instruments;
    const bid = records[record + B.BEST_BID] as number;
    const ask = records[record + B.BEST_ASK] as number;
    const fair = records[record + B.FAIR] as number;
    const half = records[record + B.HALF_SPREAD] as number;
    // Leading zeros are geometric; the bits from 15 down are bidTick's.
    const deep = Math.clz32((word << 1) | 0x8000);
    if (side === 0) return bidTick(bid, ask, fair - half, word, deep);
    return (
      LAST_TICK - bidTick(LAST_TICK - ask, LAST_TICK - bid, LAST_TICK - fair - 1 - half, word, deep)
    );
  }

  /** References rise by 1 to 16: other venues' orders and hidden ones take the rest. */
  #nextRef(skip: number): void {
    const ref = this.#ref;
    const low = ref[0] as number;
    ref[0] = low + 1 + skip;
    if ((ref[0] as number) >>> 0 < low >>> 0) ref[1] = (ref[1] as number) + 1;
  }
}

/** Improves, joins or goes behind the best bid `own`; `want` is where the best bid should be. */
function bidTick(own: number, other: number, want: number, word: number, deep: number): number {
  const kind = word & 15;
  let tick = Math.min(own < 0 ? want : own, want);
  if (own < want && kind < (own < want - 2 ? 8 : 3)) {
    tick = own + 1 + ((((word >>> 4) & 255) * (want - own)) >> 8);
  } else if (kind >= 7) {
    tick -= 1 + ((deep << 2) | ((word >>> 12) & 3));
  }
  return Math.max(0, Math.min(tick, other - 1, LAST_TICK - 1));
}

/** Shares: mostly 100, else a few hundreds, odd lots, or blocks. */
function chooseQty(word: number): number {
  const kind = word & 63;
  if (kind < 35) return 100;
  if (kind < 48) return 100 * (1 + ((word >>> 6) & 7));
  if (kind < 60) return 1 + ((((word >>> 6) & 255) * 99) >> 8);
  return 100 * (1 + ((word >>> 6) & 127));
}

function checkOptions({ seed, instruments }: MarketOptions): void {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new FeedError("FEED_USAGE", `seed=${seed} is not an integer of 0 to 2^53 - 1`);
  }
  if (!Number.isInteger(instruments) || instruments < 1 || instruments > 65_535) {
    throw new FeedError("FEED_USAGE", `instruments=${instruments} is not an integer of 1 to 65535`);
  }
}
