/**
 * What a warm-up decodes: a small generated market, and after each piece of it a round of what a
 * real day seldom shows, so that every branch from decode to publish has been taken before V8
 * compiles it for good. Thread: rx's, before the feed is ready; allocates freely.
 */
import { ItchWriter } from "../decode/itch/encoder.ts";
import * as L from "../decode/itch/layout.ts";
import { MarketGenerator } from "../generate/market-generator.ts";

/** Messages of the market in a chunk. */
const CHUNK_MESSAGES = 2048;
/** Bytes of a chunk at most: the market's, and a rare round. */
const CHUNK_BYTES = CHUNK_MESSAGES * 52 + 65_536;
const INSTRUMENTS_MAX = 64;
/** The market rests up to 4096 orders an instrument; the table holds several times as many. */
const ORDERS_AN_INSTRUMENT = 16_384;
/** References of rare orders: far above the market's. */
const RARE_HI = 0x4000_0000;
/** No order table has more cells. */
const HOME_PERIOD = 2 ** 25;
const DEPTH = 16;
const PRICE = 1_000_000;
const TICK = 100;
/** Above 2^31, so that a sign is not taken for one. */
const LARGE = 0xffff_fff0;
const LOCATE_MAX = 65_535;
/** "WARM" */
const SYMBOL = 0x5741_524d;
const CROSS_TYPE = 0x4f;
const UNKNOWN_TYPE = 0x7a;

/** A market's messages, chunk after chunk; the same seed gives the same bytes. */
export class WarmStream {
  /** The present chunk: blocks behind their u16 lengths, `length` bytes. */
  readonly bytes = new Uint8Array(CHUNK_BYTES);
  length = 0;
  readonly #market: MarketGenerator;
  readonly #writer = new ItchWriter();
  readonly #locate: number;
  #refLo = 1;

  /** @param instruments and `orders`: what the books have room for */
  constructor(seed: number, instruments: number, orders: number) {
    const fit = Math.min(instruments - 1, Math.floor(orders / ORDERS_AN_INSTRUMENT));
    this.#locate = Math.max(1, Math.min(INSTRUMENTS_MAX, fit));
    this.#market = new MarketGenerator({ seed, instruments: this.#locate, profile: "open" });
  }

  /** Makes the next chunk. */
  next(): void {
    const { bytes } = this;
    const end = this.#market.fill(bytes, 0, bytes.length, CHUNK_MESSAGES);
    const writer = this.#writer;
    writer.reset();
    this.#nobody();
    this.#twice();
    this.#amounts();
    this.#deepSides();
    this.#queue();
    this.#neighbours();
    this.#others();
    bytes.set(writer.written(), end);
    this.length = end + writer.length;
    this.#broken();
  }

  #add(refLo: number, side: number, shares: number, price: number, locate = this.#locate): void {
    const refHi = RARE_HI;
    this.#writer.add(locate, 0, 0, 0, refLo, refHi, side, shares, SYMBOL, 0, price);
  }

  #delete(refLo: number): void {
    this.#writer.delete(this.#locate, 0, 0, 0, refLo, RARE_HI);
  }

  #execute(refLo: number, shares: number): void {
    this.#writer.execute(this.#locate, 0, 0, 0, refLo, RARE_HI, shares, 7, 0);
  }

  #executeAt(refLo: number, shares: number, printable: number): void {
    const price = PRICE + 1;
    const locate = this.#locate;
    this.#writer.executePrice(locate, 0, 0, 0, refLo, RARE_HI, shares, 7, 0, printable, price);
  }

  #cancel(refLo: number, shares: number): void {
    this.#writer.cancel(this.#locate, 0, 0, 0, refLo, RARE_HI, shares);
  }

  #replace(from: number, to: number, shares: number, price: number): void {
    this.#writer.replace(this.#locate, 0, 0, 0, from, RARE_HI, to, RARE_HI, shares, price);
  }

  #newRef(): number {
    this.#refLo = (this.#refLo + 1) | 0;
    return this.#refLo;
  }

  /** Everything that names an order, for one that is not there. */
  #nobody(): void {
    this.#execute(0, 1);
    this.#executeAt(0, 1, 1);
    this.#cancel(0, 1);
    this.#delete(0);
    this.#replace(0, this.#newRef(), 1, PRICE);
  }

  /** An id that is resting already, by an add and by a replace. */
  #twice(): void {
    const a = this.#newRef();
    const b = this.#newRef();
    this.#add(a, 0, 100, PRICE);
    this.#add(a, 1, 200, PRICE + TICK);
    this.#add(b, 1, 100, PRICE + TICK);
    this.#replace(a, b, 50, PRICE + 2 * TICK);
    this.#delete(b);
    this.#delete(a);
  }

  /** Nothing, all, more than there is, and more than 2^31. */
  #amounts(): void {
    const a = this.#newRef();
    this.#add(a, 0, 0, PRICE);
    for (let side = 0; side < 2; side++) {
      const price = PRICE + side * TICK;
      this.#add(a, side, 100, price);
      this.#execute(a, 0);
      this.#cancel(a, 0);
      this.#execute(a, 40);
      this.#executeAt(a, 10, 1);
      this.#executeAt(a, 10, 0);
      this.#cancel(a, 10);
      this.#cancel(a, 30);
      this.#add(a, side, 100, price);
      this.#execute(a, 100);
      this.#add(a, side, 100, price);
      this.#execute(a, 101);
      this.#add(a, side, 100, price);
      this.#cancel(a, 101);
      this.#add(a, side, 100, price);
      this.#executeAt(a, 100, 1);
      this.#add(a, side, 100, price);
      this.#replace(a, this.#newRef(), 0, price);
    }
    const b = this.#newRef();
    this.#add(a, 0, LARGE, PRICE);
    this.#add(b, 0, LARGE, PRICE);
    this.#cancel(a, 1);
    this.#execute(b, LARGE - 5);
    this.#delete(a);
    this.#delete(b);
    this.#add(a, 1, 1, LARGE);
    this.#add(b, 0, 1, LARGE - TICK);
    this.#delete(a);
    this.#delete(b);
  }

  /** Levels that come and go at the touch, in the middle and at the far end of both sides. */
  #deepSides(): void {
    for (let side = 0; side < 2; side++) {
      const first = this.#refLo + 1;
      // Each better than all before, then each worse, then between the others.
      for (let i = 0; i < DEPTH; i++) this.#add(this.#newRef(), side, 10, PRICE + i * TICK);
      for (let i = 1; i <= DEPTH; i++) this.#add(this.#newRef(), side, 10, PRICE - i * TICK);
      for (let i = 0; i < DEPTH; i++) this.#add(this.#newRef(), side, 10, PRICE + i * TICK + 50);
      const count = 3 * DEPTH;
      // 31 and 48 share no divisor: every level once, in no order.
      for (let i = 0; i < count; i += 2) this.#delete(first + ((i * 31) % count));
      for (let i = 1; i < count; i += 4) this.#execute(first + ((i * 31) % count), 10);
      for (let i = 3; i < count; i += 4) this.#cancel(first + ((i * 31) % count), 10);
    }
  }

  /** Orders that leave the head, the middle and the tail of one queue, or change their price. */
  #queue(): void {
    for (let side = 0; side < 2; side++) {
      const first = this.#refLo + 1;
      for (let i = 0; i < 8; i++) this.#add(this.#newRef(), side, 100, PRICE);
      this.#delete(first);
      this.#delete(first + 3);
      this.#delete(first + 7);
      this.#execute(first + 1, 100);
      for (let i = 4; i < 7; i++) this.#replace(first + i, this.#newRef(), 70, PRICE + i * TICK);
      for (let ref = first; ref <= this.#refLo; ref++) this.#delete(ref);
    }
  }

  /** What touches no book, and an instrument that there is no room for. */
  #others(): void {
    const writer = this.#writer;
    this.#add(this.#newRef(), 0, 100, PRICE, LOCATE_MAX);
    this.#delete(this.#refLo);
    writer.broken(this.#locate, 0, 0, 0, 7, 0);
    writer.cross(this.#locate, 0, 0, 0, 100, 0, SYMBOL, 0, PRICE, 7, 0, CROSS_TYPE);
    writer.trade(this.#locate, 0, 0, 0, 0, 0, 1, 100, SYMBOL, 0, PRICE, 7, 0);
  }

  /** Ids that share their home in a table of any size: found and missed behind each other. */
  #neighbours(): void {
    const first = this.#newRef();
    const ids = [0, 1, 2, 3].map((i) => first + i * HOME_PERIOD);
    for (const id of ids) this.#add(id, 0, 100, PRICE);
    for (const id of ids) this.#execute(id, 10);
    this.#delete(first + 4 * HOME_PERIOD);
    this.#replace(first + 2 * HOME_PERIOD, first + 5 * HOME_PERIOD, 100, PRICE);
    this.#delete(first);
    this.#executeAt(first + HOME_PERIOD, 10, 1);
    this.#cancel(first + 3 * HOME_PERIOD, 10);
    this.#add(first + 3 * HOME_PERIOD, 0, 100, PRICE);
    for (const id of [1, 3, 5]) this.#delete(first + id * HOME_PERIOD);
  }

  /** Blocks that are no message: empty, of no type, of a wrong length, without a side. */
  #broken(): void {
    this.#raw(0, 0);
    this.#raw(UNKNOWN_TYPE, 12);
    this.#raw(L.TYPE_ADD, L.ADD_BYTES - 1);
    this.#raw(L.TYPE_ADD, L.ADD_BYTES);
    this.#raw(L.TYPE_ADD_MPID, L.ADD_MPID_BYTES);
    this.#raw(L.TYPE_TRADE, L.TRADE_BYTES);
  }

  /** A block of this type, zeros behind it. */
  #raw(type: number, length: number): void {
    const { bytes } = this;
    bytes.fill(0, this.length, this.length + L.BLOCK_HEADER_BYTES + length);
    bytes[this.length + 1] = length;
    if (length > 0) bytes[this.length + L.BLOCK_HEADER_BYTES] = type;
    this.length += L.BLOCK_HEADER_BYTES + length;
  }
}
