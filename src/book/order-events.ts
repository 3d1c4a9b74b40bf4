/**
 * The calls of the book stage that order messages make: the hot ones. Each is a function of its
 * own, made once for a stage and not a method, because V8 then takes the core, the sink and their
 * arrays as constants whether or not it inlines the call (measured: replay of H20, interleaved on a
 * loaded machine, 194 to 310 ns before, 168 to 177 after).
 *
 * Thread: book's. No allocation after they are made; bad input is counted and survived.
 */
import type { BookSink, EventSink } from "../core/sinks.ts";
import type { BookCore } from "./core.ts";
import * as tally from "./tally.ts";

const EVENTS = tally.EVENTS;
const CHANGES = tally.CHANGES;
const UNKNOWN = tally.UNKNOWN;
const DUPLICATES = tally.DUPLICATES;
const OVER_EXECUTIONS = tally.OVER_EXECUTIONS;
const OVER_CANCELS = tally.OVER_CANCELS;
const ZERO = tally.ZERO;
const REFUSALS = tally.REFUSALS;
const AGGRESSOR_OF_BID = 1;
const AGGRESSOR_OF_ASK = 0;

/** Executes a found order. */
export type ExecuteFound = (
  slot: number,
  idLo: number,
  idHi: number,
  qtyLo: number,
  qtyHi: number,
  pxLo: number,
  pxHi: number,
  matchLo: number,
  matchHi: number,
) => void;

/** Makes {@link EventSink.onAdd}: an id that is live already loses its old order. */
export function makeOnAdd(core: BookCore, sink: BookSink, counts: Int32Array): EventSink["onAdd"] {
  const replaceLive = makeReplaceLive(core, sink, counts);
  return (instrument, idLo, idHi, side, pxLo, pxHi, qtyLo, qtyHi) => {
    counts[EVENTS] = (counts[EVENTS] as number) + 1;
    if ((qtyLo | qtyHi) === 0) {
      counts[ZERO] = (counts[ZERO] as number) + 1;
      return;
    }
    const live = core.find(instrument, idLo, idHi);
    if (live >= 0) replaceLive(live);
    if (core.add(instrument, side, idLo, idHi, pxLo, pxHi, qtyLo, qtyHi) < 0) {
      counts[REFUSALS] = (counts[REFUSALS] as number) + 1;
      return;
    }
    counts[CHANGES] = (counts[CHANGES] as number) + 1;
    sink.onAdded(instrument, idLo, idHi, side, pxLo, pxHi, qtyLo, qtyHi);
  };
}

/** Makes {@link EventSink.onDelete}. An order's own instrument wins over the message's. */
export function makeOnDelete(
  core: BookCore,
  sink: BookSink,
  counts: Int32Array,
): EventSink["onDelete"] {
  return (instrument, idLo, idHi) => {
    counts[EVENTS] = (counts[EVENTS] as number) + 1;
    const slot = core.find(instrument, idLo, idHi);
    if (slot < 0) {
      counts[UNKNOWN] = (counts[UNKNOWN] as number) + 1;
      return;
    }
    counts[CHANGES] = (counts[CHANGES] as number) + 1;
    const own = core.orderInstrument(slot);
    core.remove(slot);
    sink.onCancelled(own, idLo, idHi, 0, 0);
  };
}

/** Makes {@link EventSink.onReplace}. */
export function makeOnReplace(
  core: BookCore,
  sink: BookSink,
  counts: Int32Array,
): EventSink["onReplace"] {
  const replaceLive = makeReplaceLive(core, sink, counts);
  return (instrument, idLo, idHi, newIdLo, newIdHi, pxLo, pxHi, qtyLo, qtyHi) => {
    counts[EVENTS] = (counts[EVENTS] as number) + 1;
    const slot = core.find(instrument, idLo, idHi);
    if (slot < 0) {
      counts[UNKNOWN] = (counts[UNKNOWN] as number) + 1;
      return;
    }
    const own = core.orderInstrument(slot);
    const side = core.orderSide(slot);
    core.remove(slot);
    counts[CHANGES] = (counts[CHANGES] as number) + 1;
    sink.onCancelled(own, idLo, idHi, 0, 0);
    if ((qtyLo | qtyHi) === 0) {
      counts[ZERO] = (counts[ZERO] as number) + 1;
      return;
    }
    const live = core.find(own, newIdLo, newIdHi);
    if (live >= 0) replaceLive(live);
    if (core.add(own, side, newIdLo, newIdHi, pxLo, pxHi, qtyLo, qtyHi) < 0) {
      counts[REFUSALS] = (counts[REFUSALS] as number) + 1;
      return;
    }
    counts[CHANGES] = (counts[CHANGES] as number) + 1;
    sink.onAdded(own, newIdLo, newIdHi, side, pxLo, pxHi, qtyLo, qtyHi);
  };
}

/** Makes {@link EventSink.onReduce}: what is more than rests takes the order away, counted. */
export function makeOnReduce(
  core: BookCore,
  sink: BookSink,
  counts: Int32Array,
): EventSink["onReduce"] {
  return (instrument, idLo, idHi, qtyLo, qtyHi) => {
    counts[EVENTS] = (counts[EVENTS] as number) + 1;
    const slot = core.find(instrument, idLo, idHi);
    if (slot < 0) {
      counts[UNKNOWN] = (counts[UNKNOWN] as number) + 1;
      return;
    }
    if ((qtyLo | qtyHi) === 0) {
      counts[ZERO] = (counts[ZERO] as number) + 1;
      return;
    }
    const own = core.orderInstrument(slot);
    const restLo = core.orderQtyLo(slot);
    const restHi = core.orderQtyHi(slot);
    counts[CHANGES] = (counts[CHANGES] as number) + 1;
    if (below(qtyLo, qtyHi, restLo, restHi)) {
      core.reduce(slot, qtyLo, qtyHi);
      sink.onCancelled(own, idLo, idHi, qtyLo, qtyHi);
      return;
    }
    if (qtyLo !== restLo || qtyHi !== restHi) {
      counts[OVER_CANCELS] = (counts[OVER_CANCELS] as number) + 1;
    }
    core.remove(slot);
    sink.onCancelled(own, idLo, idHi, 0, 0);
  };
}

/** Makes {@link EventSink.onExecute}: the trade's price is the order's own. */
export function makeOnExecute(
  core: BookCore,
  execute: ExecuteFound,
  counts: Int32Array,
): EventSink["onExecute"] {
  return (instrument, idLo, idHi, qtyLo, qtyHi, matchLo, matchHi) => {
    counts[EVENTS] = (counts[EVENTS] as number) + 1;
    const slot = core.find(instrument, idLo, idHi);
    if (slot < 0) {
      counts[UNKNOWN] = (counts[UNKNOWN] as number) + 1;
      return;
    }
    const level = core.orderLevel(slot);
    const pxLo = core.levelPxLo(level);
    execute(slot, idLo, idHi, qtyLo, qtyHi, pxLo, core.levelPxHi(level), matchLo, matchHi);
  };
}

/** Makes {@link EventSink.onExecuteAt}. */
export function makeOnExecuteAt(
  core: BookCore,
  execute: ExecuteFound,
  counts: Int32Array,
): EventSink["onExecuteAt"] {
  return (instrument, idLo, idHi, qtyLo, qtyHi, pxLo, pxHi, matchLo, matchHi, _printable) => {
    counts[EVENTS] = (counts[EVENTS] as number) + 1;
    const slot = core.find(instrument, idLo, idHi);
    if (slot < 0) {
      counts[UNKNOWN] = (counts[UNKNOWN] as number) + 1;
      return;
    }
    execute(slot, idLo, idHi, qtyLo, qtyHi, pxLo, pxHi, matchLo, matchHi);
  };
}

/** Makes what executes a found order: the quantity beyond what rests is clipped and counted. */
export function makeExecute(core: BookCore, sink: BookSink, counts: Int32Array): ExecuteFound {
  return (slot, idLo, idHi, qtyLo, qtyHi, pxLo, pxHi, matchLo, matchHi) => {
    if ((qtyLo | qtyHi) === 0) {
      counts[ZERO] = (counts[ZERO] as number) + 1;
      return;
    }
    const own = core.orderInstrument(slot);
    const aggressor = core.orderSide(slot) === 0 ? AGGRESSOR_OF_BID : AGGRESSOR_OF_ASK;
    const restLo = core.orderQtyLo(slot);
    const restHi = core.orderQtyHi(slot);
    let lo = qtyLo;
    let hi = qtyHi;
    if (below(restLo, restHi, qtyLo, qtyHi)) {
      counts[OVER_EXECUTIONS] = (counts[OVER_EXECUTIONS] as number) + 1;
      lo = restLo;
      hi = restHi;
    }
    core.reduce(slot, lo, hi);
    counts[CHANGES] = (counts[CHANGES] as number) + 1;
    sink.onExecuted(own, idLo, idHi, lo, hi, pxLo, pxHi, aggressor, matchLo, matchHi);
  };
}

/** Makes what cancels the live order whose id a new one takes. */
function makeReplaceLive(
  core: BookCore,
  sink: BookSink,
  counts: Int32Array,
): (slot: number) => void {
  return (slot) => {
    const instrument = core.orderInstrument(slot);
    const idLo = core.orderIdLo(slot);
    const idHi = core.orderIdHi(slot);
    core.remove(slot);
    counts[DUPLICATES] = (counts[DUPLICATES] as number) + 1;
    counts[CHANGES] = (counts[CHANGES] as number) + 1;
    sink.onCancelled(instrument, idLo, idHi, 0, 0);
  };
}

/** Unsigned 64-bit a < b. */
export function below(aLo: number, aHi: number, bLo: number, bHi: number): boolean {
  return aHi === bHi ? aLo >>> 0 < bLo >>> 0 : aHi >>> 0 < bHi >>> 0;
}
