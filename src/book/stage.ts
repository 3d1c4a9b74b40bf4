/**
 * The book stage: applies events to the books and calls the book sink once for each change, by
 * the one meaning that every protocol shares (design page raw-v1, "Meaning").
 * Thread: book's. No allocation after the constructor; bad input is counted and survived.
 *
 * An order's own instrument wins over the message's. Counts are kept in fields and flushed into
 * the shared table at the end of a batch.
 */
import type { Counters } from "../core/counters.ts";
import type { BookSink, EventSink, Stage } from "../core/sinks.ts";
import { ChannelControl } from "../core/sinks.ts";
import { C } from "../metrics/counter-table.ts";
import type { BookCore } from "./core.ts";
import type { Directory } from "./directory.ts";
import {
  below,
  makeExecute,
  makeOnAdd,
  makeOnDelete,
  makeOnExecute,
  makeOnExecuteAt,
  makeOnReduce,
  makeOnReplace,
} from "./order-events.ts";
import * as tally from "./tally.ts";

const { CHANGES, DUPLICATES, EVENTS, OVER_CANCELS, OVER_EXECUTIONS } = tally;
const { REFUSALS, SHORT_EXECUTIONS, TALLIES, UNKNOWN, ZERO } = tally;

/** Cancels of a new session between two ends of a batch, so that rings and bus keep up. */
const CLEAR_BATCH = 1024;
/** BookSink.onModified's bit 0. */
const MODIFY_QUANTITY_ONLY = 1;

/** What a {@link BookStage} works with. */
export interface BookStageOptions {
  readonly core: BookCore;
  readonly sink: BookSink;
  readonly counters: Counters;
  readonly directory: Directory;
}

/** Applies events to books. */
export class BookStage implements EventSink, Stage {
  readonly core: BookCore;
  /** True when a change was refused for want of room before the last end of a batch. */
  refused = false;
  readonly onAdd: EventSink["onAdd"];
  readonly onExecute: EventSink["onExecute"];
  readonly onExecuteAt: EventSink["onExecuteAt"];
  readonly onReduce: EventSink["onReduce"];
  readonly onDelete: EventSink["onDelete"];
  readonly onReplace: EventSink["onReplace"];
  readonly #sink: BookSink;
  readonly #counters: Counters;
  readonly #directory: Directory;
  readonly #counts = new Int32Array(TALLIES);

  constructor(options: BookStageOptions) {
    const { core, sink } = options;
    const counts = this.#counts;
    this.core = core;
    this.#sink = sink;
    this.#counters = options.counters;
    this.#directory = options.directory;
    const execute = makeExecute(core, sink, counts);
    this.onAdd = makeOnAdd(core, sink, counts);
    this.onExecute = makeOnExecute(core, execute, counts);
    this.onExecuteAt = makeOnExecuteAt(core, execute, counts);
    this.onReduce = makeOnReduce(core, sink, counts);
    this.onDelete = makeOnDelete(core, sink, counts);
    this.onReplace = makeOnReplace(core, sink, counts);
  }

  onPacketStart(tsLo: number, tsHi: number, tsKind: number): void {
    this.#sink.onPacketStart(tsLo, tsHi, tsKind);
  }

  onTrade(
    _instrument: number,
    _side: number,
    _pxLo: number,
    _pxHi: number,
    _qtyLo: number,
    _qtyHi: number,
    _matchLo: number,
    _matchHi: number,
  ): void {
    this.#count(EVENTS);
  }

  onTradeBroken(_instrument: number, _matchLo: number, _matchHi: number): void {
    this.#count(EVENTS);
  }

  onDirectory(instrument: number, symbolHigh: number, symbolLow: number): void {
    this.#count(EVENTS);
    this.#directory.set(instrument, symbolHigh, symbolLow);
  }

  onInstrument(instrument: number, idLo: number, idHi: number): void {
    if (instrument >= this.core.instrumentCapacity) return;
    this.core.setInstrumentId(instrument, idLo, idHi);
    this.#directory.setId(instrument, idLo, idHi);
  }

  onModifyQuantity(
    instrument: number,
    idLo: number,
    idHi: number,
    qtyLo: number,
    qtyHi: number,
  ): void {
    this.#count(EVENTS);
    const core = this.core;
    const slot = core.find(instrument, idLo, idHi);
    if (slot < 0) {
      this.#count(UNKNOWN);
      return;
    }
    this.#count(CHANGES);
    if ((qtyLo | qtyHi) === 0) {
      // No order rests with nothing: it is gone.
      this.#count(ZERO);
      core.remove(slot);
      this.#sink.onCancelled(instrument, idLo, idHi, 0, 0);
      return;
    }
    core.setQty(slot, qtyLo, qtyHi);
    this.#sink.onModified(instrument, idLo, idHi, 0, 0, qtyLo, qtyHi, MODIFY_QUANTITY_ONLY);
  }

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
  ): void {
    this.#count(EVENTS);
    const core = this.core;
    const slot = core.find(instrument, idLo, idHi);
    if (slot < 0) {
      this.#count(UNKNOWN);
      return;
    }
    const restLo = core.orderQtyLo(slot);
    const restHi = core.orderQtyHi(slot);
    let lo = qtyLo;
    let hi = qtyHi;
    if (below(restLo, restHi, qtyLo, qtyHi)) {
      this.#count(OVER_EXECUTIONS);
      lo = restLo;
      hi = restHi;
    }
    let isGone = false;
    if ((lo | hi) === 0) this.#count(ZERO);
    else {
      isGone = core.reduce(slot, lo, hi) === 1;
      this.#count(CHANGES);
      this.#sink.onExecuted(instrument, idLo, idHi, lo, hi, pxLo, pxHi, aggressor, matchLo, 0);
    }
    if (isWhole === 0 || isGone) return;
    // Said to be whole, and less than what rests: the rest is gone too, but did not trade.
    this.#count(SHORT_EXECUTIONS);
    core.remove(slot);
    this.#count(CHANGES);
    this.#sink.onCancelled(instrument, idLo, idHi, 0, 0);
  }

  onClear(instrument: number): void {
    this.#count(EVENTS);
    if (this.#cancelAll(instrument, instrument + 1) > 0) this.core.clearInstrument(instrument);
  }

  onState(
    _instrument: number,
    _scope: number,
    _status: number,
    _trading: number,
    _event: number,
    _fast: number,
  ): void {
    this.#count(EVENTS);
  }

  onIndication(
    _instrument: number,
    _kind: number,
    _bidPxLo: number,
    _bidPxHi: number,
    _bidQtyLo: number,
    _bidQtyHi: number,
    _askPxLo: number,
    _askPxHi: number,
    _askQtyLo: number,
    _askQtyHi: number,
  ): void {
    this.#count(EVENTS);
  }

  onControl(control: number): void {
    if (control !== ChannelControl.NEW_SESSION) return;
    this.#cancelAll(0, this.core.instrumentCapacity);
    this.core.clear();
    // What was refused before counts, and is over.
    this.#flush();
    this.refused = false;
    this.#counters.set(C.BOOK_INCOMPLETE, 0);
  }

  /** Empty books, nothing told and nothing counted. The caller clears the shared counters. */
  reset(): void {
    this.core.reset();
    this.refused = false;
    this.#counts.fill(0);
  }

  onBatchEnd(): void {
    this.#flush();
    this.#sink.onBatchEnd();
  }

  tick(): void {}

  /**
   * Tells that every live order of the instruments from `from` to before `to` is cancelled, in the
   * order of a snapshot; the books are the caller's to empty.
   *
   * @returns how many there were
   */
  #cancelAll(from: number, to: number): number {
    const core = this.core;
    let count = 0;
    for (let instrument = from; instrument < to; instrument++) {
      for (let side = 0; side < 2; side++) {
        const levels = core.sideLevels(instrument, side);
        for (let rank = 0; rank < levels; rank++) {
          let slot = core.firstOrder(core.levelAt(instrument, side, rank));
          for (; slot >= 0; slot = core.nextOrder(slot)) {
            this.#sink.onCancelled(instrument, core.orderIdLo(slot), core.orderIdHi(slot), 0, 0);
            this.#count(CHANGES);
            if (++count % CLEAR_BATCH === 0) this.#sink.onBatchEnd();
          }
        }
      }
    }
    return count;
  }

  #count(tally: number): void {
    this.#counts[tally] = (this.#counts[tally] as number) + 1;
  }

  #flush(): void {
    const counters = this.#counters;
    const counts = this.#counts;
    if ((counts[REFUSALS] as number) > 0) this.refused = true;
    counters.add(C.BOOK_EVENTS, counts[EVENTS] as number);
    counters.add(C.BOOK_CHANGES, counts[CHANGES] as number);
    counters.add(C.BOOK_UNKNOWN_ORDERS, counts[UNKNOWN] as number);
    counters.add(C.BOOK_DUPLICATE_ORDERS, counts[DUPLICATES] as number);
    counters.add(C.BOOK_OVER_EXECUTIONS, counts[OVER_EXECUTIONS] as number);
    counters.add(C.BOOK_SHORT_EXECUTIONS, counts[SHORT_EXECUTIONS] as number);
    counters.add(C.BOOK_OVER_CANCELS, counts[OVER_CANCELS] as number);
    counters.add(C.BOOK_ZERO_QUANTITY, counts[ZERO] as number);
    counters.add(C.BOOK_REFUSED, counts[REFUSALS] as number);
    counters.set(C.BOOK_INCOMPLETE, this.refused ? 1 : 0);
    counters.set(C.BOOK_LIVE_ORDERS, this.core.liveOrders);
    counters.set(C.BOOK_LEVELS, this.core.liveLevels);
    counters.set(C.BOOK_INSTRUMENTS, this.core.liveInstruments);
    counts.fill(0);
  }
}
