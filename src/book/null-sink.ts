/** A book sink that counts and forgets: for replay and benches. */
import type { BookSink } from "../core/sinks.ts";

/** Takes book changes and keeps only how many there were. */
export class NullBookSink implements BookSink {
  /** Frames that a publisher would have made. */
  frames = 0;

  onPacketStart(_tsLo: number, _tsHi: number, _tsKind: number): void {}

  onAdded(
    _instrument: number,
    _idLo: number,
    _idHi: number,
    _side: number,
    _pxLo: number,
    _pxHi: number,
    _qtyLo: number,
    _qtyHi: number,
  ): void {
    this.frames++;
  }

  onModified(
    _instrument: number,
    _idLo: number,
    _idHi: number,
    _pxLo: number,
    _pxHi: number,
    _qtyLo: number,
    _qtyHi: number,
    _flags: number,
  ): void {
    this.frames++;
  }

  onCancelled(
    _instrument: number,
    _idLo: number,
    _idHi: number,
    _qtyLo: number,
    _qtyHi: number,
  ): void {
    this.frames++;
  }

  onExecuted(
    _instrument: number,
    _idLo: number,
    _idHi: number,
    _qtyLo: number,
    _qtyHi: number,
    _pxLo: number,
    _pxHi: number,
    _aggressor: number,
    _matchLo: number,
    _matchHi: number,
  ): void {
    this.frames++;
  }

  onBatchEnd(): void {}
}
