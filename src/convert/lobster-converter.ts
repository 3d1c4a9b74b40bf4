/**
 * Turns LOBSTER events and book rows into ITCH 5.0 messages. Sans-I/O: events in, messages into the
 * writer it was given.
 *
 * It keeps the book that a reader of the output has, so every message it writes is valid: no
 * unknown reference, no duplicate, no over-execution. LOBSTER shows N levels only, so what happened
 * below them is not in its events; with book rows the best N levels are therefore made equal to the
 * row after each event, by deletes and partial cancels first and adds last, so that sides never
 * cross in between.
 */
import { highHalf } from "../core/layout.ts";
import type { ItchWriter } from "../decode/itch/encoder.ts";
import { asciiWord } from "../decode/itch/encoder.ts";
import type { BookOrder } from "./lobster-book.ts";
import { LobsterBook, SYNTHETIC_REF } from "./lobster-book.ts";
import type { BookRow, LobsterEvent, RowSide } from "./lobster-rows.ts";
import { EventType } from "./lobster-rows.ts";

const LOCATE = 1;
const code = (letter: string): number => letter.charCodeAt(0);
/** H, Q, T: halted, quoting, trading; the order of a halt event's price. */
const TRADING_STATES = [..."HQT"].map(code);
const REASON_NONE = asciiWord("");

/** What was converted, in counts. */
export interface LobsterFacts {
  events: number;
  /** Raw-v1 frames that the messages make: the bus cursor after the last. */
  cursor: number;
  /** Orders made up: from before the start, and levels that came back or grew unseen. */
  syntheticOrders: number;
  /** Deletes and cancels that make levels equal to their row. */
  repairs: number;
  /** Events about an order never announced, applied to others at their price. */
  unknownApplied: number;
  /** Events (or what was left of their size) for which no order stood at their price. */
  unknownIgnored: number;
  /** Adds of a reference that was still resting: the old order is deleted first. */
  duplicateAdds: number;
}

/** The converter of one file. */
export class LobsterConverter {
  readonly facts: LobsterFacts = {
    events: 0,
    cursor: 0,
    syntheticOrders: 0,
    repairs: 0,
    unknownApplied: 0,
    unknownIgnored: 0,
    duplicateAdds: 0,
  };
  readonly #writer: ItchWriter;
  readonly #symbolHigh: number;
  readonly #symbolLow: number;
  readonly #book = new LobsterBook();
  #tsHi = 0;
  #tsLo = 0;
  #match = 0;

  /** @param symbol 1 to 8 printable ASCII characters */
  constructor(writer: ItchWriter, symbol: string) {
    this.#writer = writer;
    this.#symbolHigh = asciiWord(symbol, 0);
    this.#symbolLow = asciiWord(symbol, 4);
  }

  /** Orders resting now. */
  get liveOrders(): number {
    return this.#book.size;
  }

  /**
   * Starts the day with the orders that rested before it: the first row with the first event
   * undone. Without a row the book starts empty.
   */
  open(first: LobsterEvent, row: BookRow | null): void {
    this.#setTime(first.timeNs);
    const writer = this.#writer;
    const high = this.#symbolHigh;
    const low = this.#symbolLow;
    writer.systemEvent(0, 0, this.#tsHi, this.#tsLo, code("O"));
    writer.directory(LOCATE, 0, this.#tsHi, this.#tsLo, high, low);
    this.#tradingState(code("T"));
    writer.regSho(LOCATE, 0, this.#tsHi, this.#tsLo, high, low, code("0"));
    writer.systemEvent(0, 0, this.#tsHi, this.#tsLo, code("S"));
    writer.systemEvent(0, 0, this.#tsHi, this.#tsLo, code("Q"));
    if (row === null) return;
    this.#openSide(0, row.bids, first);
    this.#openSide(1, row.asks, first);
  }

  /** Writes what an event does, and what its row asks for besides. */
  apply(event: LobsterEvent, row: BookRow | null): void {
    this.#setTime(event.timeNs);
    this.facts.events++;
    this.#event(event);
    if (row === null) return;
    this.#shrink(0, row.bids, row.depth);
    this.#shrink(1, row.asks, row.depth);
    this.#grow(0, row.bids);
    this.#grow(1, row.asks);
  }

  /** Ends the day, at the last event's time. */
  close(): void {
    for (const letter of "MEC") {
      this.#writer.systemEvent(0, 0, this.#tsHi, this.#tsLo, code(letter));
    }
  }

  #setTime(ns: number): void {
    this.#tsHi = highHalf(ns);
    this.#tsLo = ns | 0;
  }

  /** One synthetic order for each level as it was before the first event. */
  #openSide(side: number, levels: RowSide, first: LobsterEvent): void {
    const change = side === first.side ? sharesBefore(first) : 0;
    let found = false;
    for (let i = 0; i < levels.px.length; i++) {
      const px = levels.px[i] as number;
      const here = px === first.px;
      if (here) found = true;
      const qty = (levels.qty[i] as number) + (here ? change : 0);
      this.#addSynthetic(side, px, qty);
    }
    // The first event emptied this level.
    if (!found) this.#addSynthetic(side, first.px, change);
  }

  #event(event: LobsterEvent): void {
    const { type, id, side, px, size } = event;
    if (type === EventType.ADD) {
      const standing = this.#book.get(id);
      if (standing !== undefined) {
        this.facts.duplicateAdds++;
        this.#delete(standing);
      }
      this.#add(id, side, px, size);
    } else if (type === EventType.HIDDEN) {
      this.#hiddenTrade(event);
    } else if (type === EventType.CROSS) {
      this.#cross(event);
    } else if (type === EventType.HALT) {
      this.#tradingState(TRADING_STATES[px] as number);
    } else {
      this.#takeAway(event);
    }
  }

  /** Types 2, 3 and 4: from their own order while it has enough, then from others at its price. */
  #takeAway(event: LobsterEvent): void {
    let left = event.size;
    const own = this.#book.get(event.id);
    if (own !== undefined) {
      const whole = event.type === EventType.DELETE || left >= own.qty;
      const taken = whole ? own.qty : left;
      // A delete means this order, however much of it we believed in.
      left = event.type === EventType.DELETE ? 0 : left - taken;
      this.#take(own, taken, event.type);
      if (left === 0) return;
    } else {
      this.facts.unknownApplied++;
    }
    for (const order of this.#candidates(event)) {
      const taken = Math.min(left, order.qty);
      this.#take(order, taken, event.type);
      left -= taken;
      if (left === 0) return;
    }
    this.facts.unknownIgnored++;
    if (own === undefined && left === event.size) this.facts.unknownApplied--;
  }

  /** Orders at an event's price: those from before the start first, each kind oldest first. */
  #candidates(event: LobsterEvent): BookOrder[] {
    const queue = this.#book.queue(event.side, event.px);
    const synthetic = queue.filter((order) => order.ref >= SYNTHETIC_REF);
    return [...synthetic, ...queue.filter((order) => order.ref < SYNTHETIC_REF)];
  }

  #take(order: BookOrder, qty: number, type: number): void {
    if (type === EventType.EXECUTE) this.#execute(order, qty);
    else this.#cancel(order, qty);
  }

  /** Takes off a side's best levels what the row does not show. */
  #shrink(side: number, levels: RowSide, depth: number): void {
    const wanted = new Map<number, number>();
    levels.px.forEach((px, i) => {
      wanted.set(px, levels.qty[i] as number);
    });
    // A row with room left shows the whole side; else nothing is known beyond its last level.
    const limit = levels.px.length < depth ? null : (levels.px.at(-1) as number);
    for (const px of this.#book.pricesTo(side, limit)) {
      let excess = this.#book.levelQty(side, px) - (wanted.get(px) ?? 0);
      if (excess <= 0) continue;
      for (const order of this.#dispensable(side, px)) {
        const taken = Math.min(excess, order.qty);
        this.facts.repairs++;
        this.#cancel(order, taken);
        excess -= taken;
        if (excess === 0) break;
      }
    }
  }

  /** Orders of a level in the order they are given up: synthetic first, each kind newest first. */
  #dispensable(side: number, px: number): BookOrder[] {
    const queue = this.#book.queue(side, px).reverse();
    const synthetic = queue.filter((order) => order.ref >= SYNTHETIC_REF);
    return [...synthetic, ...queue.filter((order) => order.ref < SYNTHETIC_REF)];
  }

  /** Adds what the row shows beyond what stands there. */
  #grow(side: number, levels: RowSide): void {
    for (let i = 0; i < levels.px.length; i++) {
      const px = levels.px[i] as number;
      this.#addSynthetic(side, px, (levels.qty[i] as number) - this.#book.levelQty(side, px));
    }
  }

  /** Adds a made-up order; none when `qty` is not positive. ITCH quantities have 32 bits. */
  #addSynthetic(side: number, px: number, qty: number): void {
    for (let left = qty; left > 0; left -= 0xffff_ffff) {
      this.facts.syntheticOrders++;
      this.#add(this.#book.newRef(), side, px, Math.min(left, 0xffff_ffff));
    }
  }

  #add(ref: number, side: number, px: number, qty: number): void {
    this.#book.add(ref, side, px, qty);
    this.facts.cursor++;
    this.#writer.add(
      LOCATE,
      0,
      this.#tsHi,
      this.#tsLo,
      ref | 0,
      highHalf(ref),
      side,
      qty,
      this.#symbolHigh,
      this.#symbolLow,
      px,
    );
  }

  /** X for a part, D for all of it. */
  #cancel(order: BookOrder, qty: number): void {
    if (qty === order.qty) {
      this.#delete(order);
      return;
    }
    const { ref } = order;
    this.#book.reduce(order, qty);
    this.facts.cursor++;
    this.#writer.cancel(LOCATE, 0, this.#tsHi, this.#tsLo, ref | 0, highHalf(ref), qty);
  }

  #delete(order: BookOrder): void {
    const { ref } = order;
    this.#book.reduce(order, order.qty);
    this.facts.cursor++;
    this.#writer.delete(LOCATE, 0, this.#tsHi, this.#tsLo, ref | 0, highHalf(ref));
  }

  #execute(order: BookOrder, qty: number): void {
    const { ref } = order;
    this.#book.reduce(order, qty);
    this.facts.cursor++;
    const match = ++this.#match;
    this.#writer.execute(
      LOCATE,
      0,
      this.#tsHi,
      this.#tsLo,
      ref | 0,
      highHalf(ref),
      qty,
      match | 0,
      highHalf(match),
    );
  }

  /** P: reference 0 and side B, as Nasdaq has it for orders that were not displayed. */
  #hiddenTrade({ size, px }: LobsterEvent): void {
    const match = ++this.#match;
    this.#writer.trade(
      LOCATE,
      0,
      this.#tsHi,
      this.#tsLo,
      0,
      0,
      0,
      size,
      this.#symbolHigh,
      this.#symbolLow,
      px,
      match | 0,
      highHalf(match),
    );
  }

  /** Q; LOBSTER does not say which auction, so it is called an intraday one. */
  #cross({ size, px }: LobsterEvent): void {
    const match = ++this.#match;
    this.#writer.cross(
      LOCATE,
      0,
      this.#tsHi,
      this.#tsLo,
      size,
      0,
      this.#symbolHigh,
      this.#symbolLow,
      px,
      match | 0,
      highHalf(match),
      code("I"),
    );
  }

  #tradingState(state: number): void {
    const high = this.#symbolHigh;
    const low = this.#symbolLow;
    this.#writer.tradingAction(LOCATE, 0, this.#tsHi, this.#tsLo, high, low, state, REASON_NONE);
  }
}

/** Shares that the event's level had more before it: less for an add, more for a removal. */
function sharesBefore({ type, size }: LobsterEvent): number {
  if (type === EventType.ADD) return -size;
  const removal =
    type === EventType.REDUCE || type === EventType.DELETE || type === EventType.EXECUTE;
  return removal ? size : 0;
}
