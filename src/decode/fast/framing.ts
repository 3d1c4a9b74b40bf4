/**
 * Framing of datagrams that hold one sequenced FAST message each, which is how Moscow Exchange and
 * its like send: MsgSeqNum is read by decoding each message as far as that field, from reset
 * previous values. Messages without the field (a dictionary reset) may stand before it.
 *
 * It fits templates that decode from nothing: each datagram begins with a reset, or MsgSeqNum has
 * no operator that remembers. Where messages lean on those of earlier datagrams, merge has to come
 * after decode. A datagram counts as one unit, so `skip` steps over the whole of it.
 *
 * Thread: merge's. Hot path: no allocation after the constructor.
 */

import { FeedError } from "../../core/errors.ts";
import * as framing from "../framing.ts";
import { bindField, type FieldWord } from "./binding.ts";
import { FastDecoder } from "./decoder.ts";
import type { Template } from "./model.ts";
import { truncated } from "./truncate.ts";

const DATA = framing.FramingKind.DATA;
const UNSEQUENCED = framing.FramingKind.UNSEQUENCED;
const SHORT = framing.FramingKind.SHORT;
const BLOCKS = framing.FramingKind.BLOCKS;
const OUT_WORDS = 4096;
const ARENA_BYTES = 65_536;
const NOTHING: FieldWord = { presenceWord: 0, mask: 0, offset: 0 };

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
  /** By template; the mask is 0 where a template has no such field. */
  readonly #fields: readonly FieldWord[];
  /** By template: 1 when it has fields of its own, and so more than a dictionary reset. */
  readonly #hasMore: Uint8Array;

  /**
   * @param field the sequence number's name, a uInt32 at the top of the templates that have it
   * @throws FEED_FORMAT when no template has the field
   */
  constructor(templates: readonly Template[], field = "MsgSeqNum") {
    const shortened = truncated(templates, field);
    this.#decoder = new FastDecoder(shortened.templates, {
      outWords: OUT_WORDS,
      arenaBytes: ARENA_BYTES,
    });
    this.#fields = this.#decoder.plans.map(({ record }, i) =>
      shortened.hasField[i] === true ? bindField(record, field, ["uInt32"]) : NOTHING,
    );
    this.#hasMore = Uint8Array.from(this.#decoder.plans, ({ record }) =>
      record.places.length > 0 ? 1 : 0,
    );
    if (!shortened.hasField.includes(true)) {
      throw new FeedError("FEED_FORMAT", `FAST templates: no template has ${field}`);
    }
  }

  read(bytes: Uint8Array, data: DataView, offset: number, length: number): number {
    return this.readHeader(bytes, data, offset, length);
  }

  /** A datagram has no header of its own: its messages are decoded up to the sequence number. */
  readHeader(bytes: Uint8Array, _data: DataView, offset: number, length: number): number {
    const decoder = this.#decoder;
    const end = offset + length;
    decoder.reset();
    let at = offset;
    if (length === 0) return SHORT;
    while (at < end) {
      at = decoder.decode(bytes, at, end);
      if (at < 0) return BLOCKS;
      const field = this.#fields[decoder.template] as FieldWord;
      if (field.mask === 0) {
        // Only a message that was read to its end may stand before the sequenced one.
        if (this.#hasMore[decoder.template] === 1) return BLOCKS;
        continue;
      }
      const seq = decoder.out[decoder.record + field.offset] as number;
      this.seqLo = seq;
      this.seqHi = 0;
      this.seq[0] = seq >>> 0;
      this.count = 1;
      this.firstOffset = 0;
      return seq === 0 ? UNSEQUENCED : DATA;
    }
    // Resets alone: nothing to number, and nothing that a later datagram needs.
    return BLOCKS;
  }

  fits(_data: DataView, _offset: number, _length: number): boolean {
    return true;
  }

  skip(_data: DataView, _offset: number, length: number, fromOffset: number, n: number): number {
    if (n === 0) return fromOffset;
    return n === 1 && fromOffset === 0 ? length : -1;
  }
}
