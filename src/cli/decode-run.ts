/**
 * The run of `nyq decode`: packets of a file through a record decoder to stdout, as fast as the
 * reader of stdout takes them, with what could not be decoded counted for stderr.
 */
import type { Writable } from "node:stream";
import { FeedError } from "../core/errors.ts";
import {
  type DecodedRecord,
  type RecordDecoder,
  type RecordSink,
  UNFRAMED_BYTES_MIN,
} from "../decode/records.ts";
import type { ByteInput } from "../rx/file-input.ts";
import { ByteWindow } from "../rx/file-window.ts";
import { type PacketRow, RowResult } from "../rx/packets.ts";

const FLUSH_CHARACTERS = 65_536;
/** Kinds of problems told one by one; the rest are told as their sum. */
const KINDS_TOLD_MAX = 20;
/** Kinds counted; hostile input could invent one for each message. */
const KINDS_MAX = 1_000;

/** Makes a record's text. @param packet its packet's number */
export type Show = (packet: number, record: DecodedRecord) => string;

/** Collects records as text, and problems as counts. */
export class RecordPrinter implements RecordSink {
  /** Number of the packet that is being decoded. */
  packet = 0;
  /** Records that may still be printed. */
  #left: number;
  readonly #show: Show;
  readonly #out: Writable;
  readonly #problems = new Map<string, { count: number; first: string }>();
  #text = "";

  /** @param limit most records to print */
  constructor(out: Writable, show: Show, limit: number) {
    this.#out = out;
    this.#show = show;
    this.#left = limit;
  }

  /** True when the limit has been reached. */
  get isFull(): boolean {
    return this.#left === 0;
  }

  record(record: DecodedRecord): void {
    if (this.#left === 0) return;
    this.#left--;
    this.#text += this.#show(this.packet, record);
  }

  problem(kind: string, detail: string): void {
    if (this.#left === 0) return;
    const known = this.#problems.get(kind);
    if (known !== undefined) known.count++;
    else if (this.#problems.size < KINDS_MAX) {
      this.#problems.set(kind, { count: 1, first: `packet ${this.packet}: ${detail}` });
    } else this.problem("other problems", kind);
  }

  /** Hands text on when there is enough, waiting for a slow reader. */
  async flush(force = false): Promise<void> {
    if (this.#text.length < (force ? 1 : FLUSH_CHARACTERS)) return;
    const text = this.#text;
    this.#text = "";
    if (!this.#out.write(text)) {
      await new Promise<void>((resolve) => this.#out.once("drain", resolve));
    }
  }

  /** A line for each kind of problem, with how often and the first. */
  problemLines(): string[] {
    const all = [...this.#problems].map(([kind, { count, first }]) => {
      return `${kind}: ${count} (first: ${first})`;
    });
    const more = [...this.#problems.values()].slice(KINDS_TOLD_MAX);
    if (more.length === 0) return all;
    const sum = more.reduce((total, { count }) => total + count, 0);
    return [...all.slice(0, KINDS_TOLD_MAX), `${more.length} more kinds: ${sum}`];
  }
}

/** Decodes packet after packet. @throws FEED_FILE, FEED_FORMAT after what came before was printed */
export async function decodePackets(
  row: PacketRow,
  input: ByteInput,
  decoder: RecordDecoder,
  printer: RecordPrinter,
): Promise<void> {
  while (!printer.isFull) {
    const result = row.next();
    if (result === RowResult.END) break;
    if (result === RowResult.WAIT) {
      await input.fill();
      continue;
    }
    printer.packet = row.number;
    if (result === RowResult.PACKET) decoder.decode(row.packet, printer);
    await printer.flush();
  }
  await printer.flush(true);
  endOf(input, printer.isFull ? "" : row.problem);
}

/** Decodes messages that stand back to back. @throws FEED_FILE, FEED_FORMAT as decodePackets does */
export async function decodeUnframed(
  input: ByteInput,
  decoder: RecordDecoder,
  printer: RecordPrinter,
): Promise<void> {
  const window = new ByteWindow(input, 2 * UNFRAMED_BYTES_MIN);
  let problem = "";
  while (!printer.isFull) {
    if (!window.need(UNFRAMED_BYTES_MIN) && !window.ended) {
      await input.fill();
      continue;
    }
    if (window.at === window.end) break;
    printer.packet++;
    const taken = decoder.decodeNext?.(window.bytes, window.at, window.end, printer) ?? 0;
    if (taken === 0) {
      problem = `message ${printer.packet} cannot be read, nor what follows it`;
      break;
    }
    window.at += taken;
    await printer.flush();
  }
  await printer.flush(true);
  endOf(input, problem);
}

function endOf(input: ByteInput, problem: string): void {
  if (input.error !== null) throw input.error;
  if (problem !== "") throw new FeedError("FEED_FORMAT", problem);
}
