/** The LOBSTER day as EOBI: transactions, datagrams, a capture of them, and the hash of its books. */
import { type SpecOrder, specHash } from "../book/spec-hash.ts";
import { messagesOf, WalkModel } from "../convert/lobster-walk.ts";
import { EobiRenderer, eobiMessage, eobiPacket } from "./eobi-encoder.ts";

/** SecurityID of a stock locate: nothing of it fits 32 bits. */
export function securityOf(locate: number): bigint {
  return (1n << 40n) + 7n * BigInt(locate);
}

/** A day as EOBI. */
export interface EobiDay {
  /** Messages of each transaction; MsgSeqNum counts from 1 over all of them. */
  readonly transactions: readonly (readonly Buffer[])[];
  readonly messages: number;
  /** Raw-v1 frames that the day makes. */
  readonly frames: number;
  /** Of the books at its end, by a model of the encoder's. */
  readonly hash: string;
  readonly levels: readonly (readonly SpecOrder[])[];
}

/** Renders an ITCH BinaryFILE. */
export function eobiDay(file: Buffer): EobiDay {
  const renderer = new EobiRenderer(securityOf);
  const model = new WalkModel();
  const transactions: Buffer[][] = [];
  for (const message of messagesOf(file)) {
    model.apply(message);
    const rendered = renderer.render(message);
    if (rendered.length > 0) transactions.push(rendered);
  }
  const levels = renderer.levels();
  return {
    transactions,
    messages: renderer.seq - 1,
    frames: model.cursor,
    hash: specHash(levels),
    levels,
  };
}

/** A day that is joined late. */
export interface LateDay {
  /** What is still to come after the snapshot's moment, and what had come before the joining. */
  readonly rest: readonly (readonly Buffer[])[];
  readonly missed: readonly (readonly Buffer[])[];
  /** Datagrams of a snapshot cycle that holds up to message `last`. */
  readonly cycle: readonly Buffer[];
  readonly last: number;
  readonly day: EobiDay;
}

/** Renders a file whose joiner has a snapshot of the moment after so many transactions. */
export function lateDay(file: Buffer, transactions: number): LateDay {
  const renderer = new EobiRenderer(securityOf);
  const missed: Buffer[][] = [];
  for (const message of messagesOf(file)) {
    if (missed.length === transactions) break;
    const rendered = renderer.render(message);
    if (rendered.length > 0) missed.push(rendered);
  }
  const day = eobiDay(file);
  return {
    day,
    missed,
    rest: day.transactions.slice(transactions),
    last: renderer.seq - 1,
    cycle: cycleOf(renderer.levels(), renderer.seq - 1),
  };
}

/** One instrument's snapshot cycle, side by side from the best level. */
function cycleOf(levels: SpecOrder[][], last: number): Buffer[] {
  const best = ([order]: SpecOrder[]): bigint =>
    order === undefined ? 0n : order.side === 0 ? -order.px : order.px;
  const sorted = [...levels].sort((a, b) => (best(a) < best(b) ? -1 : 1));
  const orders = sorted.flat();
  let seq = 0;
  const messages = [
    eobiMessage("ProductSummary", { LastMsgSeqNumProcessed: last }, seq++),
    eobiMessage(
      "InstrumentSummary",
      { SecurityID: orders[0]?.instrument ?? 0n, TotNoOrders: orders.length },
      seq++,
    ),
    ...orders.map(({ id, side, px, qty }) => {
      const priority = BigInt.asUintN(63, id);
      const details = {
        TrdRegTSTimePriority: priority,
        DisplayQty: qty,
        Side: side + 1,
        Price: px,
      };
      return eobiMessage("SnapshotOrder", { OrderDetails: details }, seq++);
    }),
  ];
  return messages.map((message, i) =>
    eobiPacket([message], { applSeq: i + 1, complete: i === messages.length - 1 }),
  );
}

/** A datagram, with the sequences it holds. */
export interface Datagram {
  readonly bytes: Buffer;
  /** MsgSeqNum of the first message, and of the next to come. */
  readonly first: number;
  readonly next: number;
}

/** Transactions as datagrams of so many each. */
export function datagramsOf(
  transactions: readonly (readonly Buffer[])[],
  each = 1,
  segment = 1373,
  from = 1,
): Datagram[] {
  const datagrams: Datagram[] = [];
  let first = from;
  for (let i = 0; i < transactions.length; i += each) {
    const messages = transactions.slice(i, i + each).flat();
    const bytes = eobiPacket(messages, { segment, applSeq: datagrams.length + 1 });
    datagrams.push({ bytes, first, next: first + messages.length });
    first += messages.length;
  }
  return datagrams;
}

/** A UDP datagram with the group it goes to. */
export interface Addressed {
  readonly bytes: Uint8Array;
  readonly group: string;
  readonly port: number;
}

/** A pcap of Ethernet frames, one datagram in so many microseconds. */
export function captureOf(datagrams: readonly Addressed[], stepUs = 1): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(65_535, 16);
  head.writeUInt32LE(1, 20);
  return Buffer.concat([head, ...datagrams.flatMap((one, i) => captured(one, i * stepUs))]);
}

function captured({ bytes, group, port }: Addressed, micros: number): Uint8Array[] {
  const headers = Buffer.alloc(16 + 14 + 20 + 8);
  const length = 14 + 20 + 8 + bytes.length;
  headers.writeUInt32LE(1_772_000_000 + Math.floor(micros / 1e6), 0);
  headers.writeUInt32LE(micros % 1e6, 4);
  headers.writeUInt32LE(length, 8);
  headers.writeUInt32LE(length, 12);
  headers.writeUInt16BE(0x0800, 28);
  headers[30] = 0x45;
  headers.writeUInt16BE(28 + bytes.length, 32);
  headers[38] = 1;
  headers[39] = 17;
  headers.set([10, 0, 0, 1], 42);
  headers.set(group.split(".").map(Number), 46);
  headers.writeUInt16BE(1111, 50);
  headers.writeUInt16BE(port, 52);
  headers.writeUInt16BE(8 + bytes.length, 54);
  return [headers, bytes];
}
