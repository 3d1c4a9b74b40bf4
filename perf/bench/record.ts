/**
 * Records book changes into words and plays them back, so that publish is measured without the
 * stages before it. A call is ten words: which one, then its arguments.
 */
import type { BookSink } from "../../src/core/sinks.ts";

const WORDS = 10;
const ADD = 1;
const EXECUTE = 2;
const CANCELLED = 3;

/** Records book changes. */
export class ChangeTape implements BookSink {
  readonly words: Int32Array;
  calls = 0;

  constructor(callsMax: number) {
    this.words = new Int32Array(callsMax * WORDS);
  }

  put(kind: number, ...args: readonly number[]): void {
    if ((this.calls + 1) * WORDS > this.words.length) throw new Error("bench: the tape is full");
    this.words.set([kind, ...args], this.calls * WORDS);
    this.calls++;
  }

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
