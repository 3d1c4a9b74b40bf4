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

/** Cancels of a new session between two ends of a batch, so that rings and bus keep up. */
const CLEAR_BATCH = 1024;
const AGGRESSOR_OF_BID = 1;
const AGGRESSOR_OF_ASK = 0;
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
  /** True when a change was refused for want of room, so the books are not true any more. */
  refused = false;
  readonly #sink: BookSink;
  readonly #counters: Counters;
  readonly #directory: Directory;
  #events = 0;
  #changes = 0;
  #unknown = 0;
  #duplicates = 0;
  #overExecutions = 0;
  #shortExecutions = 0;
  #overCancels = 0;
  #zero = 0;
  #refusals = 0;

  constructor(options: BookStageOptions) {
    this.core = options.core;
    this.#sink = options.sink;
    this.#counters = options.counters;
    this.#directory = options.directory;
  }

  onPacketStart(tsLo: number, tsHi: number, tsKind: number): void {
    this.#sink.onPacketStart(tsLo, tsHi, tsKind);
  }

  onAdd(
    instrument: number,
    idLo: number,
    idHi: number,
    side: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
  ): void {
    this.#events++;
    if ((qtyLo | qtyHi) === 0) {
      this.#zero++;
      return;
    }
    const core = this.core;
    const live = core.find(instrument, idLo, idHi);
    if (live >= 0) this.#replaceLive(live);
    if (core.add(instrument, side, idLo, idHi, pxLo, pxHi, qtyLo, qtyHi) < 0) {
      this.#refuse();
      return;
    }
    this.#changes++;
    this.#sink.onAdded(instrument, idLo, idHi, side, pxLo, pxHi, qtyLo, qtyHi);
  }

  onExecute(
    instrument: number,
    idLo: number,
    idHi: number,
    qtyLo: number,
    qtyHi: number,
    matchLo: number,
    matchHi: number,
  ): void {
    this.#events++;
    const slot = this.core.find(instrument, idLo, idHi);
    if (slot < 0) {
      this.#unknown++;
      return;
    }
    const level = this.core.orderLevel(slot);
    const pxLo = this.core.levelPxLo(level);
    const pxHi = this.core.levelPxHi(level);
    this.#execute(slot, idLo, idHi, qtyLo, qtyHi, pxLo, pxHi, matchLo, matchHi);
  }

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
    _printable: number,
  ): void {
    this.#events++;
    const slot = this.core.find(instrument, idLo, idHi);
    if (slot < 0) {
      this.#unknown++;
      return;
    }
    this.#execute(slot, idLo, idHi, qtyLo, qtyHi, pxLo, pxHi, matchLo, matchHi);
  }

  onReduce(instrument: number, idLo: number, idHi: number, qtyLo: number, qtyHi: number): void {
    this.#events++;
    const core = this.core;
    const slot = core.find(instrument, idLo, idHi);
    if (slot < 0) {
      this.#unknown++;
      return;
    }
    if ((qtyLo | qtyHi) === 0) {
      this.#zero++;
      return;
    }
    const own = core.orderInstrument(slot);
    const restLo = core.orderQtyLo(slot);
    const restHi = core.orderQtyHi(slot);
    this.#changes++;
    if (below(qtyLo, qtyHi, restLo, restHi)) {
      core.reduce(slot, qtyLo, qtyHi);
      this.#sink.onCancelled(own, idLo, idHi, qtyLo, qtyHi);
      return;
    }
    if (qtyLo !== restLo || qtyHi !== restHi) this.#overCancels++;
    core.remove(slot);
    this.#sink.onCancelled(own, idLo, idHi, 0, 0);
  }

  onDelete(instrument: number, idLo: number, idHi: number): void {
    this.#events++;
    const core = this.core;
    const slot = core.find(instrument, idLo, idHi);
    if (slot < 0) {
      this.#unknown++;
      return;
    }
    this.#changes++;
    const own = core.orderInstrument(slot);
    core.remove(slot);
    this.#sink.onCancelled(own, idLo, idHi, 0, 0);
  }

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
  ): void {
    this.#events++;
    const core = this.core;
    const slot = core.find(instrument, idLo, idHi);
    if (slot < 0) {
      this.#unknown++;
      return;
    }
    const own = core.orderInstrument(slot);
    const side = core.orderSide(slot);
    core.remove(slot);
    this.#changes++;
    this.#sink.onCancelled(own, idLo, idHi, 0, 0);
    if ((qtyLo | qtyHi) === 0) {
      this.#zero++;
      return;
    }
    const live = core.find(own, newIdLo, newIdHi);
    if (live >= 0) this.#replaceLive(live);
    if (core.add(own, side, newIdLo, newIdHi, pxLo, pxHi, qtyLo, qtyHi) < 0) {
      this.#refuse();
      return;
    }
    this.#changes++;
    this.#sink.onAdded(own, newIdLo, newIdHi, side, pxLo, pxHi, qtyLo, qtyHi);
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
    this.#events++;
  }

  onTradeBroken(_instrument: number, _matchLo: number, _matchHi: number): void {
    this.#events++;
  }

  onDirectory(instrument: number, symbolHigh: number, symbolLow: number): void {
    this.#events++;
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
    this.#events++;
    const core = this.core;
    const slot = core.find(instrument, idLo, idHi);
    if (slot < 0) {
      this.#unknown++;
      return;
    }
    this.#changes++;
    if ((qtyLo | qtyHi) === 0) {
      // No order rests with nothing: it is gone.
      this.#zero++;
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
    this.#events++;
    const core = this.core;
    const slot = core.find(instrument, idLo, idHi);
    if (slot < 0) {
      this.#unknown++;
      return;
    }
    const restLo = core.orderQtyLo(slot);
    const restHi = core.orderQtyHi(slot);
    let lo = qtyLo;
    let hi = qtyHi;
    if (below(restLo, restHi, qtyLo, qtyHi)) {
      this.#overExecutions++;
      lo = restLo;
      hi = restHi;
    }
    let isGone = false;
    if ((lo | hi) === 0) this.#zero++;
    else {
      isGone = core.reduce(slot, lo, hi) === 1;
      this.#changes++;
      this.#sink.onExecuted(instrument, idLo, idHi, lo, hi, pxLo, pxHi, aggressor, matchLo, 0);
    }
    if (isWhole === 0 || isGone) return;
    // Said to be whole, and less than what rests: the rest is gone too, but did not trade.
    this.#shortExecutions++;
    core.remove(slot);
    this.#changes++;
    this.#sink.onCancelled(instrument, idLo, idHi, 0, 0);
  }

  onClear(instrument: number): void {
    this.#events++;
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
    this.#events++;
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
    this.#events++;
  }

  onControl(control: number): void {
    if (control !== ChannelControl.NEW_SESSION) return;
    this.#cancelAll(0, this.core.instrumentCapacity);
    this.core.clear();
    this.refused = false;
    this.#flush();
  }

  /** Empty books, nothing told and nothing counted. The caller clears the shared counters. */
  reset(): void {
    this.core.reset();
    this.refused = false;
    this.#forgetCounts();
  }

  onBatchEnd(): void {
    this.#flush();
    this.#sink.onBatchEnd();
  }

  tick(): void {}

  /** The quantity beyond what rests is clipped and counted. */
  #execute(
    slot: number,
    idLo: number,
    idHi: number,
    qtyLo: number,
    qtyHi: number,
    pxLo: number,
    pxHi: number,
    matchLo: number,
    matchHi: number,
  ): void {
    if ((qtyLo | qtyHi) === 0) {
      this.#zero++;
      return;
    }
    const core = this.core;
    const own = core.orderInstrument(slot);
    const aggressor = core.orderSide(slot) === 0 ? AGGRESSOR_OF_BID : AGGRESSOR_OF_ASK;
    const restLo = core.orderQtyLo(slot);
    const restHi = core.orderQtyHi(slot);
    let lo = qtyLo;
    let hi = qtyHi;
    if (below(restLo, restHi, qtyLo, qtyHi)) {
      this.#overExecutions++;
      lo = restLo;
      hi = restHi;
    }
    core.reduce(slot, lo, hi);
    this.#changes++;
    this.#sink.onExecuted(own, idLo, idHi, lo, hi, pxLo, pxHi, aggressor, matchLo, matchHi);
  }

  /** Cancels the live order whose id a new one takes. */
  #replaceLive(slot: number): void {
    const core = this.core;
    const instrument = core.orderInstrument(slot);
    const idLo = core.orderIdLo(slot);
    const idHi = core.orderIdHi(slot);
    core.remove(slot);
    this.#duplicates++;
    this.#changes++;
    this.#sink.onCancelled(instrument, idLo, idHi, 0, 0);
  }

  #refuse(): void {
    this.#refusals++;
    this.refused = true;
  }

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
            this.#changes++;
            if (++count % CLEAR_BATCH === 0) this.#sink.onBatchEnd();
          }
        }
      }
    }
    return count;
  }

  #flush(): void {
    const counters = this.#counters;
    counters.add(C.BOOK_EVENTS, this.#events);
    counters.add(C.BOOK_CHANGES, this.#changes);
    counters.add(C.BOOK_UNKNOWN_ORDERS, this.#unknown);
    counters.add(C.BOOK_DUPLICATE_ORDERS, this.#duplicates);
    counters.add(C.BOOK_OVER_EXECUTIONS, this.#overExecutions);
    counters.add(C.BOOK_SHORT_EXECUTIONS, this.#shortExecutions);
    counters.add(C.BOOK_OVER_CANCELS, this.#overCancels);
    counters.add(C.BOOK_ZERO_QUANTITY, this.#zero);
    counters.add(C.BOOK_REFUSED, this.#refusals);
    counters.set(C.BOOK_INCOMPLETE, this.refused ? 1 : 0);
    counters.set(C.BOOK_LIVE_ORDERS, this.core.liveOrders);
    counters.set(C.BOOK_LEVELS, this.core.liveLevels);
    counters.set(C.BOOK_INSTRUMENTS, this.core.liveInstruments);
    this.#forgetCounts();
  }

  #forgetCounts(): void {
    this.#events = 0;
    this.#changes = 0;
    this.#unknown = 0;
    this.#duplicates = 0;
    this.#overExecutions = 0;
    this.#shortExecutions = 0;
    this.#overCancels = 0;
    this.#zero = 0;
    this.#refusals = 0;
  }
}

/** Unsigned 64-bit a < b. */
function below(aLo: number, aHi: number, bLo: number, bHi: number): boolean {
  return aHi === bHi ? aLo >>> 0 < bLo >>> 0 : aHi >>> 0 < bHi >>> 0;
}
