/**
 * The three interfaces that join the stages (ARCHITECTURE.md, "stages are sinks").
 *
 *   rx ──PacketSink──▶ merge ──PacketSink──▶ decode ──EventSink──▶ book ──BookSink──▶ publish
 *
 * Every argument is a 32-bit integer, so no call allocates: 64-bit values travel as two signed
 * halves (`Lo`, `Hi`), sequence numbers too. A ring implements the same interface on its writer's
 * side and calls it on its reader's side, so a stage cannot know whether its neighbour shares its
 * thread. Every sink is called by one thread only.
 *
 * `onBatchEnd` closes a batch: whoever buffers hands over there, with one store; it is passed on
 * down the line. `tick` runs about once a duty cycle, also on a quiet line; it is NOT passed on
 * (each stage is ticked by the thread that owns it) and reads the time from the clock the stage was
 * given.
 */

/** What kind of receive stamp a packet carries. */
export const StampKind = {
  /** No stamp from below: rx's own reading of the monotonic clock, one a batch. */
  NONE: 0,
  /** Kernel software stamp, CLOCK_REALTIME. */
  SOFTWARE: 1,
  /** Network card's stamp, converted to system time. */
  HARDWARE: 2,
  /** Network card's own clock. */
  HARDWARE_RAW: 3,
} as const;

/** Feeds by number. */
export const FEED_A = 0;
export const FEED_B = 1;
/** The venue's snapshots: they bypass merge, and only a decode stage that asked for them sees them. */
export const FEED_SNAPSHOT = 2;
/** How many feeds merge arbitrates at most. */
export const FEED_COUNT = 2;

/** Something that happens to the channel between two messages. */
export const ChannelControl = {
  /** A new session began: all books are cleared, stale marks too; bus cursors go on. */
  NEW_SESSION: 1,
  /** The session ended; nothing is cleared. */
  END_OF_SESSION: 2,
} as const;

/** What a state is about. */
export const StateScope = {
  /** The product (market segment) as a whole; instrument -1. */
  PRODUCT: 0,
  /** All instruments of a kind; instrument -1; those with a state of their own follow. */
  MASS: 1,
  INSTRUMENT: 2,
} as const;

/** What an indication is. */
export const IndicationKind = {
  /** Best bid and offer of an auction; prices may be no value. */
  AUCTION_BBO: 0,
  /** Best bid and offer of the book as the venue states them. */
  TOP_OF_BOOK: 1,
  /** Price and quantity at which an auction would clear; bid: price and quantity, ask: imbalance. */
  CLEARING_PRICE: 2,
  /** Somebody asks for quotes. */
  QUOTE_REQUEST: 3,
  /** Somebody announces a cross. */
  CROSS_REQUEST: 4,
} as const;

/** An aggressor that nobody told, as raw-v1 says it. */
export const AGGRESSOR_UNKNOWN = 255;

/** Takes packets: merge (from rx) and decode (from merge, or from a file). */
export interface PacketSink {
  /**
   * Takes one packet; the frame belongs to the callee until it releases it (FrameOwner).
   *
   * @param feed which frame region, and which copy of the channel: FEED_A or FEED_B
   * @param frame frame index in the feed's region
   * @param offset first byte of the packet inside the frame, bytes
   * @param length of the packet, bytes
   * @param tsLo receive time, ns, low half; the clock is StampKind's
   * @param tsHi high half
   * @param tsKind a StampKind
   * @param seqLo sequence of the first message to apply, low half; 0 before merge
   * @param seqHi high half
   * @param firstOffset where that message's block begins, bytes from `offset`; 0 before merge
   * @param count how many messages to apply from there; 0 before merge
   */
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
    count: number,
  ): void;
  /** Something happened to the channel before the next packet; a ChannelControl. */
  onControl(control: number): void;
  onBatchEnd(): void;
}

/** Takes frames back; behind it is the rx source's pool or a free ring towards it. */
export interface FrameOwner {
  release(feed: number, frame: number): void;
}

/**
 * Takes normalised venue messages: the book stage. Quantities and prices are raw wire integers.
 * `instrument` is the dense index: ITCH's stock locate; for the others told by onInstrument before
 * its first use.
 */
export interface EventSink {
  /** The messages that follow came in a packet received at this time. */
  onPacketStart(tsLo: number, tsHi: number, tsKind: number): void;
  /** A new resting order. `side` 0 bid, 1 ask; `instrument` is the dense index. */
  onAdd(
    instrument: number,
    idLo: number,
    idHi: number,
    side: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
  ): void;
  /** A resting order traded at its own price. */
  onExecute(
    instrument: number,
    idLo: number,
    idHi: number,
    qtyLo: number,
    qtyHi: number,
    matchLo: number,
    matchHi: number,
  ): void;
  /** A resting order traded at another price; `printable` 1 when it counts in volume, else 0. */
  onExecuteAt(
    instrument: number,
    idLo: number,
    idHi: number,
    qtyLo: number,
    qtyHi: number,
    pxLo: number,
    pxHi: number,
    matchLo: number,
    matchHi: number,
    printable: number,
  ): void;
  /** A resting order lost part of its quantity. */
  onReduce(instrument: number, idLo: number, idHi: number, qtyLo: number, qtyHi: number): void;
  /** A resting order is gone. */
  onDelete(instrument: number, idLo: number, idHi: number): void;
  /** A resting order is replaced by another on the same side, at the tail of its price. */
  onReplace(
    instrument: number,
    idLo: number,
    idHi: number,
    newIdLo: number,
    newIdHi: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
  ): void;
  /** A trade against no displayed order (ITCH P and Q); touches no book. */
  onTrade(
    instrument: number,
    side: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
    matchLo: number,
    matchHi: number,
  ): void;
  /** A trade was broken (ITCH B); touches no book. */
  onTradeBroken(instrument: number, matchLo: number, matchHi: number): void;
  /** The instrument's symbol: eight ASCII bytes as they stood on the wire, as big-endian words. */
  onDirectory(instrument: number, symbolHigh: number, symbolLow: number): void;
  /** An instrument appears: its dense index, counted from 0 without holes, and its 64-bit id. */
  onInstrument(instrument: number, idLo: number, idHi: number): void;
  /** A resting order has another quantity and keeps its place and price. */
  onModifyQuantity(
    instrument: number,
    idLo: number,
    idHi: number,
    qtyLo: number,
    qtyHi: number,
  ): void;
  /**
   * A resting order traded. `aggressor` 0 buy, 1 sell, 255 unknown; with `isWhole` 1 the order is
   * gone, whatever its quantity was, with 0 it keeps its place.
   */
  onExecuteBy(
    instrument: number,
    idLo: number,
    idHi: number,
    qtyLo: number,
    qtyHi: number,
    pxLo: number,
    pxHi: number,
    matchLo: number,
    aggressor: number,
    isWhole: number,
  ): void;
  /** All orders of an instrument are gone. */
  onClear(instrument: number): void;
  /**
   * A state began. Values as in the venue's enumerations, 255 where there is none; EOBI's:
   *
   * @param scope a StateScope
   * @param status SecurityStatus, SecurityMassStatus or TradSesStatus
   * @param trading SecurityTradingStatus, its mass form, or TradingSessionSubID
   * @param event SecurityTradingEvent or its mass form
   * @param fast FastMarketIndicator
   */
  onState(
    instrument: number,
    scope: number,
    status: number,
    trading: number,
    event: number,
    fast: number,
  ): void;
  /** Prices and quantities that touch no book, by IndicationKind; no value is the venue's own. */
  onIndication(
    instrument: number,
    kind: number,
    bidPxLo: number,
    bidPxHi: number,
    bidQtyLo: number,
    bidQtyHi: number,
    askPxLo: number,
    askPxHi: number,
    askQtyLo: number,
    askQtyHi: number,
  ): void;
  /** See PacketSink.onControl. */
  onControl(control: number): void;
  onBatchEnd(): void;
}

/** Takes book changes: publish. Each call but onPacketStart and onBatchEnd is one raw-v1 frame. */
export interface BookSink {
  onPacketStart(tsLo: number, tsHi: number, tsKind: number): void;
  /** An order joined the tail of its level. */
  onAdded(
    instrument: number,
    idLo: number,
    idHi: number,
    side: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
  ): void;
  /**
   * An order changed. With `flags` bit 0 only its quantity did, and it keeps its place (px 0);
   * else it moved to the tail of its new price.
   */
  onModified(
    instrument: number,
    idLo: number,
    idHi: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
    flags: number,
  ): void;
  /** An order lost `qty`, or, when that is 0, is gone. */
  onCancelled(instrument: number, idLo: number, idHi: number, qtyLo: number, qtyHi: number): void;
  /** An order traded exactly `qty`; it is gone when nothing is left. aggressor 0 buy 1 sell 255 ? */
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
  ): void;
  onBatchEnd(): void;
}

/** A stage as its thread sees it. */
export interface Stage {
  /** Does what is due by the clock the stage was given; called about once a duty cycle. */
  tick(): void;
}

/** A stage or ring reader that brings work into its thread. */
export interface Source extends Stage {
  /** Does a bounded piece of work; returns how much was done, 0 when idle. */
  doWork(): number;
  /** True when no work will ever come again: the file's end, a closed ring, a socket told to stop. */
  isFinished(): boolean;
}
