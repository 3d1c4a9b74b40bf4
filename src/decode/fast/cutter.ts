/**
 * Finds where messages end in a file of FAST messages back to back, which have no lengths: they are
 * decoded one after the other. Messages that only reset previous values belong to the one behind
 * them, as in a datagram.
 *
 * Thread: rx's, of a file.
 */
import { bindIfOf, type FieldWord, isPresent } from "./binding.ts";
import { FastDecoder } from "./decoder.ts";
import type { Template } from "./model.ts";

const TWO_32_BIG = 4_294_967_296n;
/** SendingTime is YYYYMMDDHHMMSSsss. */
const TIME_DIGITS = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})$/;
const NS_PER_MS = 1_000_000n;

/** Cuts a stream of messages. */
export class FastCutter {
  /** When the last unit was sent as it says itself, ns since 1970 as halves; 0 where it does not. */
  tsLo = 0;
  tsHi = 0;
  /**
   * Where the last unit belongs among those of other files of the channel: its number, for
   * snapshots that of the last message that they know of and a half; rises within a file.
   */
  order = 0;
  /** Why the last unit could not be read, or "". */
  problem = "";
  readonly #decoder: FastDecoder;
  readonly #seqs: readonly FieldWord[];
  readonly #times: readonly FieldWord[];
  readonly #lastSeqs: readonly FieldWord[];
  /** By template: 1 when it has fields, and so more than a dictionary reset. */
  readonly #hasMore: Uint8Array;
  #timeLo = 0;
  #timeHi = 0;

  constructor(templates: readonly Template[]) {
    this.#decoder = new FastDecoder(templates);
    const { plans } = this.#decoder;
    const bind = (field: string, type: "uInt32" | "uInt64"): FieldWord[] =>
      plans.map(({ record }) => bindIfOf(record, field, [type]));
    this.#seqs = bind("MsgSeqNum", "uInt32");
    this.#times = bind("SendingTime", "uInt64");
    this.#lastSeqs = bind("LastMsgSeqNumProcessed", "uInt32");
    this.#hasMore = Uint8Array.from(plans, ({ record }) => (record.places.length > 0 ? 1 : 0));
  }

  /**
   * Finds the end of the unit that begins at `from`.
   *
   * @returns where the next begins; `end` when the bytes are over before a message with fields; -1
   * when a message cannot be read, which `problem` tells
   */
  next(bytes: Uint8Array, from: number, end: number): number {
    const decoder = this.#decoder;
    for (let at = from; at < end; ) {
      at = decoder.decode(bytes, at, end);
      if (at < 0) {
        this.problem = decoder.site;
        return -1;
      }
      if (this.#hasMore[decoder.template] === 0) continue;
      this.#note();
      return at;
    }
    return end;
  }

  /**
   * True when a block of messages with lengths ends before a message with fields: then it belongs
   * to the block behind it. What cannot be read is no such block.
   */
  isPrefix(bytes: Uint8Array, from: number, end: number): boolean {
    const decoder = this.#decoder;
    let isPrefix = true;
    for (let at = from; at < end; ) {
      at = decoder.decode(bytes, at, end);
      if (at < 0) return false;
      if (this.#hasMore[decoder.template] === 0) continue;
      this.#note();
      isPrefix = false;
    }
    return isPrefix;
  }

  /** Takes time and order of the message that the decoder holds. */
  #note(): void {
    const { out, record, template } = this.#decoder;
    const time = this.#times[template] as FieldWord;
    if (isPresent(out, record, time)) {
      this.#time(out[record + time.offset] as number, out[record + time.offset + 1] as number);
    }
    const last = this.#lastSeqs[template] as FieldWord;
    const seq = this.#seqs[template] as FieldWord;
    if (isPresent(out, record, last)) {
      this.order = ((out[record + last.offset] as number) >>> 0) + 0.5;
    } else if (isPresent(out, record, seq)) {
      const order = (out[record + seq.offset] as number) >>> 0;
      if (order > this.order) this.order = order;
    }
  }

  #time(lo: number, hi: number): void {
    if (lo === this.#timeLo && hi === this.#timeHi) return;
    this.#timeLo = lo;
    this.#timeHi = hi;
    const digits = (BigInt(hi >>> 0) * TWO_32_BIG + BigInt(lo >>> 0)).toString();
    const parts = TIME_DIGITS.exec(digits);
    if (parts === null) return;
    const [year, month, day, hour, minute, second, milli] = parts.slice(1).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const ms = Date.UTC(year, month - 1, day, hour, minute, second, milli);
    const ns = BigInt(ms) * NS_PER_MS;
    this.tsLo = Number(ns % TWO_32_BIG) | 0;
    this.tsHi = Number(ns / TWO_32_BIG) | 0;
  }
}
