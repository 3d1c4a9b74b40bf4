/** Shared parts of the book tests: a sink that writes down what it is told, message builders. */
import { BookCore } from "../../src/book/core.ts";
import { Directory, takeDirectory } from "../../src/book/directory.ts";
import { BookStage } from "../../src/book/stage.ts";
import type { BookCoreOptions } from "../../src/book/state.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { bigFromHalves, signedBigFromHalves } from "../../src/core/layout.ts";
import type { BookSink } from "../../src/core/sinks.ts";
import { COUNTER_COUNT } from "../../src/metrics/counter-table.ts";

/** Low half of a 64-bit value, signed. */
export function low(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}

/** High half, signed. */
export function high(value: bigint): number {
  return Number(BigInt.asIntN(32, value >> 32n));
}

/** Writes book changes down in the words of the slow model. */
export class WrittenSink implements BookSink {
  events: string[] = [];
  batches = 0;

  onPacketStart(): void {}

  onAdded(
    i: number,
    idLo: number,
    idHi: number,
    side: number,
    pl: number,
    ph: number,
    ql: number,
    qh: number,
  ): void {
    const name = side === 0 ? "bid" : "ask";
    const px = signedBigFromHalves(pl, ph);
    this.events.push(
      `add ${i} ${bigFromHalves(idLo, idHi)} ${name} ${px} ${bigFromHalves(ql, qh)}`,
    );
  }

  onModified(
    i: number,
    idLo: number,
    idHi: number,
    pl: number,
    ph: number,
    ql: number,
    qh: number,
    flags: number,
  ): void {
    const px = signedBigFromHalves(pl, ph);
    const qty = bigFromHalves(ql, qh);
    this.events.push(`modify ${i} ${bigFromHalves(idLo, idHi)} ${px} ${qty} ${flags}`);
  }

  onCancelled(i: number, idLo: number, idHi: number, ql: number, qh: number): void {
    this.events.push(`cancel ${i} ${bigFromHalves(idLo, idHi)} ${bigFromHalves(ql, qh)}`);
  }

  onExecuted(
    i: number,
    idLo: number,
    idHi: number,
    ql: number,
    qh: number,
    pl: number,
    ph: number,
    aggressor: number,
    ml: number,
    mh: number,
  ): void {
    const id = bigFromHalves(idLo, idHi);
    const by = aggressor === 0 ? "buy" : aggressor === 1 ? "sell" : "?";
    const px = signedBigFromHalves(pl, ph);
    const qty = bigFromHalves(ql, qh);
    this.events.push(`execute ${i} ${id} ${qty} ${px} ${by} ${bigFromHalves(ml, mh)}`);
  }

  onBatchEnd(): void {
    this.batches++;
  }
}

/** Small capacities that grow. */
export const SMALL: BookCoreOptions = {
  orders: 4,
  levels: 2,
  instruments: 4,
  hash: true,
  grow: true,
  growOrders: 1 << 14,
  scoped: false,
};

/** A book stage with a sink that writes down. */
export function makeStage(options: Partial<BookCoreOptions> = {}): {
  core: BookCore;
  stage: BookStage;
  sink: WrittenSink;
  counters: Counters;
  directory: Directory;
} {
  const core = new BookCore({ ...SMALL, ...options });
  const sink = new WrittenSink();
  const counters = new Counters(takeCounters(COUNTER_COUNT));
  const directory = new Directory(takeDirectory(16));
  return {
    core,
    stage: new BookStage({ core, sink, counters, directory }),
    sink,
    counters,
    directory,
  };
}

/** Adds an order given as big integers. @returns its slot or an outcome */
export function addBig(
  core: BookCore,
  instrument: number,
  id: bigint,
  side: number,
  px: bigint,
  qty: bigint,
): number {
  return core.add(instrument, side, low(id), high(id), low(px), high(px), low(qty), high(qty));
}

/** One raw ITCH message: type, locate, and the fields behind the timestamp as (bytes, value). */
export function itch(
  type: string,
  locate: number,
  fields: readonly (readonly [number, bigint])[],
): Uint8Array {
  const bytes = new Uint8Array(11 + fields.reduce((sum, [size]) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  bytes[0] = type.charCodeAt(0);
  view.setUint16(1, locate);
  let at = 11;
  for (const [size, value] of fields) {
    for (let i = 0; i < size; i++) {
      bytes[at + i] = Number((value >> BigInt(8 * (size - 1 - i))) & 0xffn);
    }
    at += size;
  }
  return bytes;
}

/** Gives a raw ITCH message to a stage as a decoder would. */
export function feed(stage: BookStage, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer);
  const w = (at: number): number => view.getInt32(at);
  const i = view.getUint16(1);
  const type = String.fromCharCode(bytes[0] ?? 0);
  if (type === "A") stage.onAdd(i, w(15), w(11), bytes[19] === 0x53 ? 1 : 0, w(32), 0, w(20), 0);
  else if (type === "D") stage.onDelete(i, w(15), w(11));
  else if (type === "X") stage.onReduce(i, w(15), w(11), w(19), 0);
  else if (type === "E") stage.onExecute(i, w(15), w(11), w(19), 0, w(27), w(23));
  else if (type === "C") stage.onExecuteAt(i, w(15), w(11), w(19), 0, w(32), 0, w(27), w(23), 1);
  else if (type === "U") stage.onReplace(i, w(15), w(11), w(23), w(19), w(31), 0, w(27), 0);
}

/** Message builders with the fields that matter. */
export const message = {
  add: (i: number, id: bigint, side: 0 | 1, px: bigint, qty: bigint): Uint8Array =>
    itch("A", i, [
      [8, id],
      [1, side === 0 ? 0x42n : 0x53n],
      [4, qty],
      [8, 0n],
      [4, px],
    ]),
  delete: (i: number, id: bigint): Uint8Array => itch("D", i, [[8, id]]),
  cancel: (i: number, id: bigint, qty: bigint): Uint8Array =>
    itch("X", i, [
      [8, id],
      [4, qty],
    ]),
  execute: (i: number, id: bigint, qty: bigint, match: bigint): Uint8Array =>
    itch("E", i, [
      [8, id],
      [4, qty],
      [8, match],
    ]),
  executeAt: (i: number, id: bigint, qty: bigint, match: bigint, px: bigint): Uint8Array =>
    itch("C", i, [
      [8, id],
      [4, qty],
      [8, match],
      [1, 0x59n],
      [4, px],
    ]),
  replace: (i: number, id: bigint, newId: bigint, px: bigint, qty: bigint): Uint8Array =>
    itch("U", i, [
      [8, id],
      [8, newId],
      [4, qty],
      [4, px],
    ]),
};
