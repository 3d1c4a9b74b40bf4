/**
 * The messages of a generated day that touch no book: its opening and closing, and what stands
 * between the orders (imbalances, hidden and broken trades, crosses, halts, ...).
 */
import type { ItchWriter } from "../decode/itch/encoder.ts";
import { asciiWord } from "../decode/itch/encoder.ts";
import type { MarketBooks } from "./market-books.ts";
import * as B from "./market-books.ts";
import * as P from "./profile.ts";
import type { Random } from "./random.ts";

const code = (letter: string): number => letter.charCodeAt(0);

/** Attributed participants, invented but for the venue's own. */
export const MPIDS = Int32Array.from(["NSDQ", "MMAK", "FAST", "QUOT"], (mpid) => asciiWord(mpid));
/** Instruments whose market makers are announced at the start of the day. */
const MAKER_COUNT_MAX = 256;
const OPENING_STEP_NS = 3_500;
const REASON_NONE = asciiWord("");
const REASON_VOLATILITY = asciiWord("LUDP");
const IMBALANCE_DIRECTIONS = Int32Array.from("BSNO", code);
const CROSS_TYPES = Int32Array.from("OCHC", code);
const INTERESTS = Int32Array.from("BSAN", code);
/** The three decline levels of the whole market, index points with 8 decimals: 7, 13 and 20 %. */
const DECLINE_LEVELS = Int32Array.of(0x9ec1_4e00, 0x6a, 0x38d4_9e00, 0x63, 0x2cf6_5d00, 0x5b);

/** Shares of the types in 1/4096, summed up; what is left over goes to the rare ones. */
const IMBALANCE_BELOW = 1450;
const INTEREST_BELOW = 2600;
const TRADE_BELOW = 3320;
const PARTICIPANT_BELOW = 3640;
const ACTION_BELOW = 3760;
const REG_SHO_BELOW = 3860;
const CROSS_BELOW = 3950;
const BROKEN_BELOW = 4020;

/** Writes them. */
export class MarketNotices {
  readonly #writer: ItchWriter;
  readonly #books: MarketBooks;
  readonly #random: Random;
  readonly #time: P.MarketTime;
  /** [lo, hi] of the last match number; it passes 2^32 early, as references do. */
  readonly match = Int32Array.of(0xfffe_0000 | 0, 0);
  readonly #makerCount: number;
  #opened = 0;

  constructor(writer: ItchWriter, books: MarketBooks, random: Random, time: P.MarketTime) {
    this.#writer = writer;
    this.#books = books;
    this.#random = random;
    this.#time = time;
    this.#makerCount = Math.min(MAKER_COUNT_MAX, books.instrumentCount);
  }

  /** Messages before the first order. */
  get openingCount(): number {
    return 4 + 3 * this.#books.instrumentCount + this.#makerCount;
  }

  /** Writes the next message of the opening. @returns false when there was none left */
  open(): boolean {
    const at = this.#opened - 1;
    const listed = 3 * this.#books.instrumentCount;
    if (at > listed + 2 + this.#makerCount) return false;
    this.#opened++;
    const ns = this.#time.ns;
    if (at === listed) ns[0] = P.SYSTEM_START_NS;
    else if (at === listed + 2 + this.#makerCount) ns[0] = P.MARKET_START_NS;
    else ns[0] = (ns[0] as number) + this.#random.below(2 * OPENING_STEP_NS);
    if (at === -1) this.#event("O");
    else if (at < listed) this.#list((at / 3) | 0, at % 3);
    else if (at === listed) this.#event("S");
    else if (at === listed + 1) this.#decline();
    else if (at < listed + 2 + this.#makerCount) this.#maker(at - listed - 2);
    else this.#event("Q");
    return true;
  }

  /** Writes one of the three messages that end the day; `index` 0 to 2. */
  close(index: number): void {
    const ns = this.#time.ns;
    const times = [P.MARKET_END_NS, P.SYSTEM_END_NS, P.DAY_END_NS];
    ns[0] = Math.max(ns[0] as number, times[index] as number);
    this.#event("MEC"[index] as string);
  }

  /** Writes something about an instrument that changes no book. */
  other(instrument: number): void {
    const word = this.#random.next();
    const kind = (word >>> 4) & 4095;
    const random = this.#random;
    if (kind < IMBALANCE_BELOW) this.#imbalance(instrument, word);
    else if (kind < INTEREST_BELOW) this.#interest(instrument, random.next() & 3);
    else if (kind < TRADE_BELOW) this.#trade(instrument);
    else if (kind < PARTICIPANT_BELOW) this.#participant(instrument, random.next());
    else if (kind < ACTION_BELOW) this.#action(instrument, (random.next() & 3) === 0);
    else if (kind < REG_SHO_BELOW) this.#regSho(instrument, code("0") + random.below(3));
    else if (kind < CROSS_BELOW) this.#cross(instrument, word);
    else if (kind < BROKEN_BELOW) this.#broken(instrument, random.next() & 1023);
    else this.#rare(instrument, random.below(5));
  }

  /** Takes the next match number. */
  nextMatch(): void {
    const match = this.match;
    match[0] = (match[0] as number) + 1;
    if (match[0] === 0) match[1] = (match[1] as number) + 1;
  }

  get #high(): number {
    return P.timeHigh(this.#time.ns[0] as number);
  }

  get #low(): number {
    return (this.#time.ns[0] as number) | 0;
  }

  #symbolHigh(instrument: number): number {
    return this.#books.instruments[instrument * B.INSTRUMENT_WORDS + B.SYMBOL_HIGH] as number;
  }

  #symbolLow(instrument: number): number {
    return this.#books.instruments[instrument * B.INSTRUMENT_WORDS + B.SYMBOL_LOW] as number;
  }

  #fairPrice(instrument: number, ticks: number): number {
    const fair = this.#books.instruments[instrument * B.INSTRUMENT_WORDS + B.FAIR] as number;
    return this.#books.price(instrument, fair + ticks);
  }

  #event(letter: string): void {
    this.#writer.systemEvent(0, 0, this.#high, this.#low, code(letter));
  }

  /** R, H and Y of one instrument. */
  #list(i: number, part: number): void {
    const high = this.#symbolHigh(i);
    const low = this.#symbolLow(i);
    const writer = this.#writer;
    if (part === 0) writer.directory(i + 1, 0, this.#high, this.#low, high, low);
    else if (part === 1) this.#action(i, false);
    else this.#regSho(i, code("0"));
  }

  #regSho(i: number, action: number): void {
    const high = this.#symbolHigh(i);
    const low = this.#symbolLow(i);
    this.#writer.regSho(i + 1, 0, this.#high, this.#low, high, low, action);
  }

  /** H: trading, or a volatility pause. */
  #action(i: number, paused: boolean): void {
    const high = this.#symbolHigh(i);
    const low = this.#symbolLow(i);
    const state = paused ? code("P") : code("T");
    const reason = paused ? REASON_VOLATILITY : REASON_NONE;
    this.#writer.tradingAction(i + 1, 0, this.#high, this.#low, high, low, state, reason);
  }

  #decline(): void {
    const [l1 = 0, h1 = 0, l2 = 0, h2 = 0, l3 = 0, h3 = 0] = DECLINE_LEVELS;
    this.#writer.mwcbDecline(0, 0, this.#high, this.#low, l1, h1, l2, h2, l3, h3);
  }

  #maker(index: number): void {
    this.#participant(index, index);
  }

  #participant(i: number, word: number): void {
    const mpid = MPIDS[word & 3] as number;
    const high = this.#symbolHigh(i);
    const low = this.#symbolLow(i);
    const primary = (word & 4) === 0 ? code("Y") : code("N");
    const state = (word & 0x70) === 0x70 ? code("W") : code("A");
    const tsHi = this.#high;
    const tsLo = this.#low;
    this.#writer.participant(i + 1, 0, tsHi, tsLo, mpid, high, low, primary, code("N"), state);
  }

  #imbalance(i: number, word: number): void {
    const random = this.#random;
    const paired = random.below(1000) * 100;
    const shares = random.below(500) * 100;
    this.#writer.imbalance(
      i + 1,
      0,
      this.#high,
      this.#low,
      paired,
      0,
      shares,
      0,
      IMBALANCE_DIRECTIONS[word & 3] as number,
      this.#symbolHigh(i),
      this.#symbolLow(i),
      this.#fairPrice(i, random.below(8) - 4),
      this.#fairPrice(i, random.below(4) - 2),
      this.#fairPrice(i, 0),
      CROSS_TYPES[(word >>> 2) & 3] as number,
      code("L"),
    );
  }

  #interest(i: number, which: number): void {
    const high = this.#symbolHigh(i);
    const low = this.#symbolLow(i);
    const flag = INTERESTS[which] as number;
    this.#writer.retailInterest(i + 1, 0, this.#high, this.#low, high, low, flag);
  }

  /** P: against an order that was never displayed; reference 0 and side B, as on real days. */
  #trade(i: number): void {
    const shares = 1 + this.#random.below(500);
    const price = this.#fairPrice(i, this.#random.below(3) - 1);
    this.nextMatch();
    this.#writer.trade(
      i + 1,
      0,
      this.#high,
      this.#low,
      0,
      0,
      0,
      shares,
      this.#symbolHigh(i),
      this.#symbolLow(i),
      price,
      this.match[0] as number,
      this.match[1] as number,
    );
  }

  #cross(i: number, word: number): void {
    this.nextMatch();
    this.#writer.cross(
      i + 1,
      0,
      this.#high,
      this.#low,
      this.#random.below(10_000) * 100,
      0,
      this.#symbolHigh(i),
      this.#symbolLow(i),
      this.#fairPrice(i, 0),
      this.match[0] as number,
      this.match[1] as number,
      CROSS_TYPES[(word >>> 2) & 3] as number,
    );
  }

  /** B: one of the last trades, of whatever instrument it was. */
  #broken(i: number, back: number): void {
    const low = this.match[0] as number;
    const lo = (low - back) | 0;
    const hi = (this.match[1] as number) - (lo >>> 0 > low >>> 0 ? 1 : 0);
    this.#writer.broken(i + 1, 0, this.#high, this.#low, lo, hi);
  }

  #rare(i: number, which: number): void {
    const [locate, tsHi, tsLo] = [i + 1, this.#high, this.#low];
    const [high, low] = [this.#symbolHigh(i), this.#symbolLow(i)];
    const [below, fair, above] = [-16, 0, 16].map((ticks) => this.#fairPrice(i, ticks));
    const [lowPx, px, highPx] = [below as number, fair as number, above as number];
    const writer = this.#writer;
    if (which === 0) writer.luldCollar(locate, 0, tsHi, tsLo, high, low, px, highPx, lowPx, 0);
    else if (which === 1) {
      writer.ipoQuoting(locate, 0, tsHi, tsLo, high, low, 36_000, code("A"), px);
    } else if (which === 2) {
      const action = (this.#random.next() & 1) === 0 ? code("H") : code("T");
      writer.operationalHalt(locate, 0, tsHi, tsLo, high, low, code("Q"), action);
    } else if (which === 3) writer.mwcbStatus(0, 0, tsHi, tsLo, code("1"));
    else {
      const open = code("Y");
      writer.directListing(
        locate,
        0,
        tsHi,
        tsLo,
        high,
        low,
        open,
        lowPx,
        highPx,
        px,
        tsLo,
        tsHi,
        lowPx,
        highPx,
      );
    }
  }
}
