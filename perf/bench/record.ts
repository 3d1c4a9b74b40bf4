/**
 * Records the calls of an interface into words and plays them back, so that one stage is measured
 * without those before it. A call is ten words: which one, then its arguments.
 */
import type { BookSink, EventSink } from "../../src/core/sinks.ts";

const WORDS = 10;
const ADD = 1;
const EXECUTE = 2;
const EXECUTE_AT = 3;
const REDUCE = 4;
const DELETE = 5;
const REPLACE = 6;
const CANCELLED = 7;

/** Calls as words. */
class Tape {
  readonly words: Int32Array;
  calls = 0;

  constructor(callsMax: number) {
    this.words = new Int32Array(callsMax * WORDS);
  }

  put(kind: number, ...args: readonly number[]): void {
    this.words.set([kind, ...args], this.calls * WORDS);
    this.calls++;
  }
}

/** Records events; those that touch no book are left out. */
export class EventTape extends Tape implements EventSink {
  onPacketStart(): void {}

  onAdd(
    i: number,
    il: number,
    ih: number,
    s: number,
    pl: number,
    ph: number,
    ql: number,
    qh: number,
  ): void {
    this.put(ADD, i, il, ih, s, pl, ph, ql, qh);
  }

  onExecute(
    i: number,
    il: number,
    ih: number,
    ql: number,
    qh: number,
    ml: number,
    mh: number,
  ): void {
    this.put(EXECUTE, i, il, ih, ql, qh, ml, mh);
  }

  onExecuteAt(
    i: number,
    il: number,
    ih: number,
    ql: number,
    qh: number,
    pl: number,
    ph: number,
    ml: number,
    mh: number,
  ): void {
    this.put(EXECUTE_AT, i, il, ih, ql, qh, pl, ph, ml, mh);
  }

  onReduce(i: number, il: number, ih: number, ql: number, qh: number): void {
    this.put(REDUCE, i, il, ih, ql, qh);
  }

  onDelete(i: number, il: number, ih: number): void {
    this.put(DELETE, i, il, ih);
  }

  onReplace(
    i: number,
    il: number,
    ih: number,
    nl: number,
    nh: number,
    pl: number,
    ph: number,
    ql: number,
    qh: number,
  ): void {
    this.put(REPLACE, i, il, ih, nl, nh, pl, ph, ql, qh);
  }

  onTrade(): void {}

  onTradeBroken(): void {}

  onDirectory(): void {}

  onControl(): void {}

  onBatchEnd(): void {}

  /** Plays everything recorded and a batch end. */
  play(sink: EventSink): void {
    const w = this.words;
    const end = this.calls * WORDS;
    for (let at = 0; at < end; at += WORDS) {
      const a = w[at + 1] as number;
      const b = w[at + 2] as number;
      const c = w[at + 3] as number;
      const d = w[at + 4] as number;
      const e = w[at + 5] as number;
      const f = w[at + 6] as number;
      const g = w[at + 7] as number;
      const h = w[at + 8] as number;
      switch (w[at]) {
        case ADD:
          sink.onAdd(a, b, c, d, e, f, g, h);
          break;
        case DELETE:
          sink.onDelete(a, b, c);
          break;
        case REPLACE:
          sink.onReplace(a, b, c, d, e, f, g, h, w[at + 9] as number);
          break;
        case EXECUTE:
          sink.onExecute(a, b, c, d, e, f, g);
          break;
        case REDUCE:
          sink.onReduce(a, b, c, d, e);
          break;
        default:
          sink.onExecuteAt(a, b, c, d, e, f, g, h, w[at + 9] as number, 1);
      }
    }
    sink.onBatchEnd();
  }
}

/** Records book changes. */
export class ChangeTape extends Tape implements BookSink {
  onPacketStart(): void {}

  onAdded(
    i: number,
    il: number,
    ih: number,
    s: number,
    pl: number,
    ph: number,
    ql: number,
    qh: number,
  ): void {
    this.put(ADD, i, il, ih, s, pl, ph, ql, qh);
  }

  onModified(): void {}

  onCancelled(i: number, il: number, ih: number, ql: number, qh: number): void {
    this.put(CANCELLED, i, il, ih, ql, qh);
  }

  onExecuted(
    i: number,
    il: number,
    ih: number,
    ql: number,
    qh: number,
    pl: number,
    ph: number,
    by: number,
    ml: number,
  ): void {
    this.put(EXECUTE, i, il, ih, ql, qh, pl, ph, by, ml);
  }

  onBatchEnd(): void {}

  /** Plays everything recorded, a batch end after every `batch` calls and at the end. */
  play(sink: BookSink, batch: number): void {
    const w = this.words;
    let left = batch;
    for (let call = 0, at = 0; call < this.calls; call++, at += WORDS) {
      const a = w[at + 1] as number;
      const b = w[at + 2] as number;
      const c = w[at + 3] as number;
      const d = w[at + 4] as number;
      const e = w[at + 5] as number;
      const f = w[at + 6] as number;
      const g = w[at + 7] as number;
      const h = w[at + 8] as number;
      if (w[at] === ADD) sink.onAdded(a, b, c, d, e, f, g, h);
      else if (w[at] === CANCELLED) sink.onCancelled(a, b, c, d, e);
      else sink.onExecuted(a, b, c, d, e, f, g, h, w[at + 9] as number, 0);
      if (--left === 0) {
        sink.onBatchEnd();
        left = batch;
      }
    }
    sink.onBatchEnd();
  }
}
