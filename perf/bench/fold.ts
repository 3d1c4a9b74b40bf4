/** An event sink that folds every field into a checksum, so that no field's decoding is left out. */
import type { EventSink } from "../../src/core/sinks.ts";

const PRIME = 0x01000193;

/** Folds events. */
export class FoldSink implements EventSink {
  sum = 0;

  onPacketStart(_tsLo: number, _tsHi: number, _tsKind: number): void {}

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
    this.sum = (Math.imul(this.sum ^ i ^ il ^ s, PRIME) + ih + pl + ph + ql + qh) | 0;
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
    this.sum = (Math.imul(this.sum ^ i ^ il, PRIME) + ih + ql + qh + ml + mh) | 0;
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
    printable: number,
  ): void {
    this.sum =
      (Math.imul(this.sum ^ i ^ il, PRIME) + ih + ql + qh + pl + ph + ml + mh + printable) | 0;
  }

  onReduce(i: number, il: number, ih: number, ql: number, qh: number): void {
    this.sum = (Math.imul(this.sum ^ i ^ il, PRIME) + ih + ql + qh) | 0;
  }

  onDelete(i: number, il: number, ih: number): void {
    this.sum = (Math.imul(this.sum ^ i ^ il, PRIME) + ih) | 0;
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
    this.sum = (Math.imul(this.sum ^ i ^ il ^ nl, PRIME) + ih + nh + pl + ph + ql + qh) | 0;
  }

  onTrade(
    i: number,
    s: number,
    pl: number,
    ph: number,
    ql: number,
    qh: number,
    ml: number,
    mh: number,
  ): void {
    this.sum = (Math.imul(this.sum ^ i ^ s, PRIME) + pl + ph + ql + qh + ml + mh) | 0;
  }

  onTradeBroken(i: number, ml: number, mh: number): void {
    this.sum = (Math.imul(this.sum ^ i, PRIME) + ml + mh) | 0;
  }

  onDirectory(i: number, high: number, low: number): void {
    this.sum = (Math.imul(this.sum ^ i, PRIME) + high + low) | 0;
  }

  onInstrument(i: number, il: number, ih: number): void {
    this.sum = (Math.imul(this.sum ^ i, PRIME) + il + ih) | 0;
  }

  onModifyQuantity(i: number, il: number, ih: number, ql: number, qh: number): void {
    this.sum = (Math.imul(this.sum ^ i ^ il, PRIME) + ih + ql + qh) | 0;
  }

  onExecuteBy(
    i: number,
    il: number,
    ih: number,
    ql: number,
    qh: number,
    pl: number,
    ph: number,
    ml: number,
    aggressor: number,
    isWhole: number,
  ): void {
    this.sum =
      (Math.imul(this.sum ^ i ^ il, PRIME) + ih + ql + qh + pl + ph + ml + aggressor + isWhole) | 0;
  }

  onClear(i: number): void {
    this.sum = Math.imul(this.sum ^ i, PRIME);
  }

  onState(i: number, scope: number, status: number, trading: number): void {
    this.sum = (Math.imul(this.sum ^ i, PRIME) + scope + status + trading) | 0;
  }

  onIndication(i: number, kind: number, bl: number, bh: number): void {
    this.sum = (Math.imul(this.sum ^ i, PRIME) + kind + bl + bh) | 0;
  }

  onControl(_control: number): void {}

  onBatchEnd(): void {}
}
