/** What EOBI's events mean for a book: a sink that applies them to a core, and counts the rest. */
import type { BookCore } from "../../src/book/core.ts";
import type { EventSink } from "../../src/core/sinks.ts";

/** Applies events to a core; what cannot be applied is counted as wrong. */
export class EobiBook implements EventSink {
  readonly core: BookCore;
  wrong = 0;
  trades = 0;
  /** Executions by aggressor: buy, sell, unknown. */
  readonly aggressors = [0, 0, 0];

  constructor(core: BookCore) {
    this.core = core;
  }

  onPacketStart(): void {}
  onControl(): void {}
  onBatchEnd(): void {}
  onDirectory(): void {}
  onTradeBroken(): void {}
  onState(): void {}
  onIndication(): void {}

  onInstrument(instrument: number, idLo: number, idHi: number): void {
    this.core.instrumentIds[2 * instrument] = idLo;
    this.core.instrumentIds[2 * instrument + 1] = idHi;
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
    const isThere = this.core.find(instrument, idLo, idHi) >= 0;
    if (isThere || this.core.add(instrument, side, idLo, idHi, pxLo, pxHi, qtyLo, qtyHi) < 0) {
      this.wrong++;
    }
  }

  onExecute(): void {
    this.wrong++;
  }
  onExecuteAt(): void {
    this.wrong++;
  }
  onReduce(): void {
    this.wrong++;
  }

  onDelete(instrument: number, idLo: number, idHi: number): void {
    const slot = this.#find(instrument, idLo, idHi);
    if (slot >= 0) this.core.remove(slot);
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
    const slot = this.#find(instrument, idLo, idHi);
    if (slot < 0) return;
    this.core.remove(slot);
    this.onAdd(instrument, newIdLo, newIdHi, newIdHi < 0 ? 1 : 0, pxLo, pxHi, qtyLo, qtyHi);
  }

  onModifyQuantity(
    instrument: number,
    idLo: number,
    idHi: number,
    qtyLo: number,
    qtyHi: number,
  ): void {
    const slot = this.#find(instrument, idLo, idHi);
    if (slot >= 0) this.core.setQty(slot, qtyLo, qtyHi);
  }

  onExecuteBy(
    instrument: number,
    idLo: number,
    idHi: number,
    qtyLo: number,
    qtyHi: number,
    _pxLo: number,
    _pxHi: number,
    _matchLo: number,
    aggressor: number,
    isWhole: number,
  ): void {
    const kind = aggressor === 255 ? 2 : aggressor;
    this.aggressors[kind] = (this.aggressors[kind] ?? 0) + 1;
    const slot = this.#find(instrument, idLo, idHi);
    if (slot < 0) return;
    if (isWhole === 1) this.core.remove(slot);
    else this.core.reduce(slot, qtyLo, qtyHi);
  }

  onClear(instrument: number): void {
    this.core.clearInstrument(instrument);
  }

  onTrade(): void {
    this.trades++;
  }

  #find(instrument: number, idLo: number, idHi: number): number {
    const slot = this.core.find(instrument, idLo, idHi);
    if (slot < 0) this.wrong++;
    return slot;
  }
}
