/** An event sink that writes down its calls, for tests. */
import type { EventSink } from "../../src/core/sinks.ts";

/** One call: its name and arguments. */
export type Call = readonly [name: string, ...args: number[]];

/** Keeps every call but onPacketStart and onBatchEnd, which it counts. */
export class RecordingSink implements EventSink {
  readonly calls: Call[] = [];
  packetStarts = 0;
  batchEnds = 0;

  onPacketStart(): void {
    this.packetStarts++;
  }
  onAdd(...args: number[]): void {
    this.calls.push(["onAdd", ...args]);
  }
  onExecute(...args: number[]): void {
    this.calls.push(["onExecute", ...args]);
  }
  onExecuteAt(...args: number[]): void {
    this.calls.push(["onExecuteAt", ...args]);
  }
  onReduce(...args: number[]): void {
    this.calls.push(["onReduce", ...args]);
  }
  onDelete(...args: number[]): void {
    this.calls.push(["onDelete", ...args]);
  }
  onReplace(...args: number[]): void {
    this.calls.push(["onReplace", ...args]);
  }
  onTrade(...args: number[]): void {
    this.calls.push(["onTrade", ...args]);
  }
  onTradeBroken(...args: number[]): void {
    this.calls.push(["onTradeBroken", ...args]);
  }
  onDirectory(...args: number[]): void {
    this.calls.push(["onDirectory", ...args]);
  }
  onInstrument(...args: number[]): void {
    this.calls.push(["onInstrument", ...args]);
  }
  onModifyQuantity(...args: number[]): void {
    this.calls.push(["onModifyQuantity", ...args]);
  }
  onExecuteBy(...args: number[]): void {
    this.calls.push(["onExecuteBy", ...args]);
  }
  onClear(...args: number[]): void {
    this.calls.push(["onClear", ...args]);
  }
  onState(...args: number[]): void {
    this.calls.push(["onState", ...args]);
  }
  onIndication(...args: number[]): void {
    this.calls.push(["onIndication", ...args]);
  }
  onControl(control: number): void {
    this.calls.push(["onControl", control]);
  }
  onBatchEnd(): void {
    this.batchEnds++;
  }
}
