/**
 * Framing of datagrams that hold one sequenced FAST message each, which is how Moscow Exchange and
 * its like send: MsgSeqNum is read by decoding each message as far as that field, from reset
 * previous values. Messages without the field (a dictionary reset) may stand before it; a datagram
 * of those alone is ASIDE.
 *
 * It fits templates that decode from nothing (decodesFromNothing in arrival.ts). Where messages
 * lean on those of earlier datagrams, merge comes after decode: ArrivalFraming. A datagram counts
 * as one unit, so `skip` steps over the whole of it.
 *
 * Beside the numbered stream there may be another, a loop of snapshots, with numbers of its own:
 * its datagrams are ASIDE. Those of templates that both streams have belong to the stream whose
 * last number is nearer. A datagram whose template nobody knows is ASIDE too, so that decode counts
 * it; its number is then missing.
 *
 * Numbers begin anew after a message that says so (SequenceReset), or when they fall from one day
 * to the next: the session's name is the SendingTime from which the numbers count.
 *
 * Thread: merge's. Hot path: no allocation after the constructor.
 */

import { FeedError } from "../../core/errors.ts";
import * as framing from "../framing.ts";
import { bindField, bindIfOf, bindOptional, type FieldWord, isPresent } from "./binding.ts";
import { FastDecoder } from "./decoder.ts";
import * as errors from "./errors.ts";
import type { Template } from "./model.ts";
import { truncated } from "./truncate.ts";

const DATA = framing.FramingKind.DATA;
const END_OF_SESSION = framing.FramingKind.END_OF_SESSION;
const UNSEQUENCED = framing.FramingKind.UNSEQUENCED;
const ASIDE = framing.FramingKind.ASIDE;
const SHORT = framing.FramingKind.SHORT;
const BLOCKS = framing.FramingKind.BLOCKS;
const D9 = errors.FastError.D9;
const OUT_WORDS = 4096;
const ARENA_BYTES = 65_536;
const SENDING_TIME = "SendingTime";
const TWO_32 = 4_294_967_296;
/** A SendingTime is YYYYMMDDHHMMSSsss: what is above this is the date. */
const TIME_OF_DAY = 1e9;

/** What a template's messages are to the numbering. */
const Role = {
  /** No number, such as a dictionary reset. */
  UNNUMBERED: 1,
  NUMBERED: 2,
  /** Of the other stream. */
  ASIDE: 3,
  /** In both streams. */
  EITHER: 4,
  /** The numbers begin anew behind it; in both streams. */
  RESTART: 5,
} as const;

/** How a venue numbers its messages, by names of templates. */
export interface FramingRules {
  /** The sequence number's name, a uInt32 at the top of the templates that have it. */
  readonly field?: string;
  /** Templates of the other stream. */
  readonly aside?: readonly string[];
  /** The template behind which numbers begin anew. */
  readonly restart?: string;
  /** Templates of the numbered stream only; null: all that are in neither list. */
  readonly own?: readonly string[] | null;
}

/** FAST's Framing. */
export class FastFraming implements framing.Framing {
  seqLo = 0;
  seqHi = 0;
  readonly seq = new Float64Array(1);
  count = 0;
  firstOffset = 0;
  sessionHi = 0;
  sessionMid = 0;
  sessionLo = 0;
  readonly #decoder: FastDecoder;
  /** By template: its Role, and where number and time lie. */
  readonly #roles: Uint8Array;
  readonly #seqs: readonly FieldWord[];
  readonly #times: readonly FieldWord[];
  /** [0] greatest number since the restart, [1] its date, [2] the loop's last, [3] the restart's own. */
  readonly #last = new Float64Array(4);
  /** SendingTime from which the present numbers count, and the one before; halves. */
  readonly #epochs = new Int32Array(4);

  /** @throws FEED_FORMAT when no template has the field */
  constructor(templates: readonly Template[], rules: FramingRules = {}) {
    const field = rules.field ?? "MsgSeqNum";
    const shortened = truncated(templates, field);
    if (!shortened.hasField.includes(true)) {
      throw new FeedError("FEED_FORMAT", `FAST templates: no template has ${field}`);
    }
    const timed = truncated(templates, SENDING_TIME);
    // The later of the two fields is where a template is cut off.
    const cut = templates.map((template, i) => {
      const isLater =
        (timed.templates[i]?.body.length ?? 0) > (shortened.templates[i]?.body.length ?? 0);
      const hasBoth = shortened.hasField[i] === true && timed.hasField[i] === true && isLater;
      return (hasBoth ? timed.templates[i] : shortened.templates[i]) ?? template;
    });
    this.#decoder = new FastDecoder(cut, { outWords: OUT_WORDS, arenaBytes: ARENA_BYTES });
    const { plans } = this.#decoder;
    this.#seqs = plans.map(({ record }, i) =>
      (shortened.hasField[i] === true ? bindField : bindOptional)(record, field, ["uInt32"]),
    );
    this.#times = plans.map(({ record }) => bindIfOf(record, SENDING_TIME, ["uInt64"]));
    this.#roles = Uint8Array.from(plans, ({ template }, i) => {
      if (rules.aside?.includes(template.name) === true) return Role.ASIDE;
      if (shortened.hasField[i] !== true) return Role.UNNUMBERED;
      if (template.name === rules.restart) return Role.RESTART;
      const hasOther = rules.aside !== undefined && rules.own?.includes(template.name) !== true;
      return hasOther ? Role.EITHER : Role.NUMBERED;
    });
  }

  read(bytes: Uint8Array, data: DataView, offset: number, length: number): number {
    return this.readHeader(bytes, data, offset, length);
  }

  /** A datagram has no header of its own: its messages are decoded up to the sequence number. */
  readHeader(bytes: Uint8Array, _data: DataView, offset: number, length: number): number {
    const decoder = this.#decoder;
    const end = offset + length;
    decoder.reset();
    this.count = 1;
    this.firstOffset = 0;
    let at = offset;
    if (length === 0) return SHORT;
    while (at < end) {
      at = decoder.decode(bytes, at, end);
      if (at < 0) return decoder.error === D9 ? ASIDE : BLOCKS;
      const role = this.#roles[decoder.template] as number;
      // A message without a number was read to its end: the numbered one may stand behind it.
      if (role !== Role.UNNUMBERED) return this.#numbered(role);
    }
    return ASIDE;
  }

  fits(_data: DataView, _offset: number, _length: number): boolean {
    return true;
  }

  skip(_data: DataView, _offset: number, length: number, fromOffset: number, n: number): number {
    if (n === 0) return fromOffset;
    return n === 1 && fromOffset === 0 ? length : -1;
  }

  /** Takes the number of the message that the decoder holds. @returns a FramingKind */
  #numbered(role: number): number {
    const decoder = this.#decoder;
    const field = this.#seqs[decoder.template] as FieldWord;
    // An optional number that is not there: the message was not read to its end.
    if (!isPresent(decoder.out, decoder.record, field)) return BLOCKS;
    const seq = decoder.out[decoder.record + field.offset] as number;
    if (role === Role.ASIDE || (role !== Role.NUMBERED && this.#isOther(seq >>> 0))) {
      this.#last[2] = seq >>> 0;
      return ASIDE;
    }
    this.seqLo = seq;
    this.seqHi = 0;
    this.seq[0] = seq >>> 0;
    if (seq === 0) return UNSEQUENCED;
    if (role === Role.RESTART) return this.#restart(seq >>> 0);
    this.#date(seq >>> 0);
    return DATA;
  }

  /** Whether a number that both streams could have is the other stream's. */
  #isOther(seq: number): boolean {
    const loop = this.#last[2] as number;
    if (loop === 0) return false;
    return Math.abs(seq - loop - 1) < Math.abs(seq - (this.#last[0] as number) - 1);
  }

  /** The numbers end with this message. */
  #restart(seq: number): number {
    const decoder = this.#decoder;
    const time = this.#times[decoder.template] as FieldWord;
    if (!isPresent(decoder.out, decoder.record, time)) return DATA;
    const lo = decoder.out[decoder.record + time.offset] as number;
    const hi = decoder.out[decoder.record + time.offset + 1] as number;
    const epochs = this.#epochs;
    if (isLater(lo, hi, epochs[0] as number, epochs[1] as number)) {
      this.#begin(lo, hi);
      this.#last[3] = seq;
    }
    this.sessionHi = epochs[3] as number;
    this.sessionMid = epochs[2] as number;
    return END_OF_SESSION;
  }

  /** Finds the session of a numbered message by its time. */
  #date(seq: number): void {
    const decoder = this.#decoder;
    const field = this.#times[decoder.template] as FieldWord;
    if (!isPresent(decoder.out, decoder.record, field)) return;
    const last = this.#last;
    const epochs = this.#epochs;
    const lo = decoder.out[decoder.record + field.offset] as number;
    const hi = decoder.out[decoder.record + field.offset + 1] as number;
    const day = Math.floor(((hi >>> 0) * TWO_32 + (lo >>> 0)) / TIME_OF_DAY);
    if (day > (last[1] as number) && seq <= (last[0] as number)) {
      const midnight = day * TIME_OF_DAY;
      this.#begin(midnight | 0, Math.floor(midnight / TWO_32));
      last[3] = seq;
    }
    const isSame = lo === epochs[0] && hi === epochs[1];
    // In the same millisecond as the restart, the nearer number tells.
    const isNew = isSame
      ? Math.abs(seq - (last[0] as number)) < Math.abs(seq - (last[3] as number))
      : isLater(lo, hi, epochs[0] as number, epochs[1] as number);
    const at = isNew ? 0 : 2;
    this.sessionHi = epochs[at + 1] as number;
    this.sessionMid = epochs[at] as number;
    if (!isNew) return;
    if (seq > (last[0] as number)) last[0] = seq;
    if (day > (last[1] as number)) last[1] = day;
  }

  /** Numbers count from a new moment. */
  #begin(lo: number, hi: number): void {
    const epochs = this.#epochs;
    epochs[2] = epochs[0] as number;
    epochs[3] = epochs[1] as number;
    epochs[0] = lo;
    epochs[1] = hi;
    this.#last[0] = 0;
  }
}

/** Unsigned 64-bit a > b. */
function isLater(aLo: number, aHi: number, bLo: number, bHi: number): boolean {
  return aHi === bHi ? aLo >>> 0 > bLo >>> 0 : aHi >>> 0 > bHi >>> 0;
}
