/** A book sink that allocates one object a change on purpose, to show that the audit sees it. */
import type { BookSink } from "../../src/core/sinks.ts";

/** Passes everything on. */
export class PlantedSink implements BookSink {
  readonly #sink: BookSink;
  /** The newest planted object; kept, so that V8 cannot leave it out. */
  planted: { readonly idLo: number } = { idLo: 0 };

  constructor(sink: BookSink) {
    this.#sink = sink;
  }

  onPacketStart(tsLo: number, tsHi: number, tsKind: number): void {
    this.#sink.onPacketStart(tsLo, tsHi, tsKind);
  }

  onAdded(
    instrument: number,
    idLo: number,
    idHi: number,
    side: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
  ): void {
    this.planted = { idLo };
    this.#sink.onAdded(instrument, idLo, idHi, side, pxLo, pxHi, qtyLo, qtyHi);
  }

  onModified(
    instrument: number,
    idLo: number,
    idHi: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
    flags: number,
  ): void {
    this.planted = { idLo };
    this.#sink.onModified(instrument, idLo, idHi, pxLo, pxHi, qtyLo, qtyHi, flags);
  }

  onCancelled(instrument: number, idLo: number, idHi: number, qtyLo: number, qtyHi: number): void {
    this.planted = { idLo };
    this.#sink.onCancelled(instrument, idLo, idHi, qtyLo, qtyHi);
  }

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
  ): void {
    this.planted = { idLo };
    this.#sink.onExecuted(
      instrument,
      idLo,
      idHi,
      qtyLo,
      qtyHi,
      pxLo,
      pxHi,
      aggressor,
      matchLo,
      matchHi,
    );
  }

  onBatchEnd(): void {
    this.#sink.onBatchEnd();
  }
}
