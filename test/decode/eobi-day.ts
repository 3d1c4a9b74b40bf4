/** The LOBSTER day as EOBI: transactions, datagrams, a capture of them, and the hash of its books. */
import { type SpecOrder, specHash } from "../book/spec-hash.ts";
import { messagesOf, WalkModel } from "../convert/lobster-walk.ts";
import { EobiRenderer, eobiPacket } from "./eobi-encoder.ts";

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
): Datagram[] {
  const datagrams: Datagram[] = [];
  let first = 1;
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

function captured({ bytes, group, port }: Addressed, at: number): Uint8Array[] {
  const headers = Buffer.alloc(16 + 14 + 20 + 8);
  const length = 14 + 20 + 8 + bytes.length;
  headers.writeUInt32LE(1_772_000_000 + Math.floor(at / 1e6), 0);
  headers.writeUInt32LE(at % 1e6, 4);
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
