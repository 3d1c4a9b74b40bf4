/**
 * Decode stage for ITCH 5.0: the message blocks of a packet become calls on the event sink, then
 * the frame is given back. The instrument is the stock locate. Types that touch no book are checked
 * for their length and counted.
 *
 * Thread: decode's. Hot path: no allocation, no throw. Invariants: no byte outside the packet is
 * read; a message that is malformed is counted and stepped over, the rest of the packet goes on.
 * Source: Nasdaq TotalView-ITCH 5.0 specification, revision of 19 February 2026.
 */
import type { Counters } from "../../core/counters.ts";
import type { FrameView } from "../../core/frames.ts";
import { takeOddInput, UnknownTypes } from "../../core/odd-input.ts";
import {
  ChannelControl,
  type EventSink,
  type FrameOwner,
  type PacketSink,
  type Stage,
} from "../../core/sinks.ts";
import type { StateRef } from "../../core/state-board.ts";
import { C } from "../../metrics/counter-table.ts";
import * as L from "./layout.ts";
import { ItchState } from "./state.ts";

/*
 * V8 folds constants of this module into machine code, but loads an imported one each time it is
 * used (13.5 against 10.7 ns a message, measured): the ones of the common types become ours.
 */
const {
  ADD_BYTES,
  ADD_PRICE,
  ADD_SHARES,
  ADD_SIDE,
  BLOCK_HEADER_BYTES,
  BUY,
  DELETE_BYTES,
  EXECUTE_MATCH,
  EXECUTE_SHARES,
  LOCATE,
  ORDER_REF,
  REPLACE_BYTES,
  REPLACE_NEW_REF,
  REPLACE_PRICE,
  REPLACE_SHARES,
  SELL,
  TYPE_ADD,
  TYPE_DELETE,
  TYPE_EXECUTE,
  TYPE_REPLACE,
} = L;

/** Block length and type in one word: the 24 bits that a block begins with. */
const ADD_KEY = (ADD_BYTES << 8) | TYPE_ADD;
const DELETE_KEY = (DELETE_BYTES << 8) | TYPE_DELETE;
const REPLACE_KEY = (REPLACE_BYTES << 8) | TYPE_REPLACE;
/** Bytes that are read for the key. */
const KEY_BYTES = 4;
/** 'B' and 'S' differ in these bits. */
const SIDE_XOR = BUY ^ SELL;
/** A cross has no side on the wire: 255 as raw-v1 says unknown. */
const SIDE_UNKNOWN = 255;

/** What the decoder stands on. */
export interface ItchDecoderOptions {
  /** Frame regions by feed. */
  readonly frames: readonly FrameView[];
  readonly owner: FrameOwner;
  readonly sink: EventSink;
  readonly counters: Counters;
  /** 256 counts by type byte, for instance over shared memory; its own when left out. */
  readonly typeCounts?: Float64Array;
  /** Where messages of unknown types are counted by letter; its own when left out. */
  readonly unknownTypes?: UnknownTypes;
  /** Where instrument state is kept; nowhere when left out. */
  readonly state?: StateRef | null;
}

/** Decodes blocks; returns how many whole ones it took. */
type Walk = (data: DataView, at: number, end: number, count: number) => number;

/** The decode stage. */
export class ItchDecoder implements PacketSink, Stage {
  /** Valid messages by type byte. */
  readonly typeCounts: Float64Array;
  readonly #frames: readonly FrameView[];
  readonly #owner: FrameOwner;
  readonly #sink: EventSink;
  readonly #counters: Float64Array;
  readonly #lengths: Uint8Array;
  readonly #walk: Walk;
  readonly #unknown: UnknownTypes;
  readonly #state: ItchState;
  /** Whole blocks of the current packet that were no valid message. */
  #skipped: number;

  constructor(options: ItchDecoderOptions) {
    this.typeCounts = options.typeCounts ?? new Float64Array(256);
    this.#frames = options.frames;
    this.#owner = options.owner;
    this.#sink = options.sink;
    this.#counters = options.counters.values;
    this.#lengths = L.messageLengths();
    this.#unknown = options.unknownTypes ?? new UnknownTypes(takeOddInput());
    this.#state = new ItchState(options.sink, options.counters, options.state ?? null);
    this.#skipped = 0;
    this.#walk = makeWalk(this, options.sink, this.typeCounts);
  }

  onPacket(
    feed: number,
    frame: number,
    offset: number,
    length: number,
    tsLo: number,
    tsHi: number,
    tsKind: number,
    _seqLo: number,
    _seqHi: number,
    firstOffset: number,
    count: number,
  ): void {
    const view = this.#frames[feed] as FrameView;
    const start = frame * view.frameBytes + offset;
    this.#sink.onPacketStart(tsLo, tsHi, tsKind);
    this.#count(C.DECODE_PACKETS);
    this.#skipped = 0;
    const taken = this.#walk(view.data, start + firstOffset, start + length, count);
    const counters = this.#counters;
    counters[C.DECODE_MESSAGES] = (counters[C.DECODE_MESSAGES] as number) + taken - this.#skipped;
    this.#owner.release(feed, frame);
  }

  /** Nothing decoded yet. */
  reset(): void {
    this.typeCounts.fill(0);
    this.#skipped = 0;
    this.#state.reset();
  }

  onControl(control: number): void {
    if (control === ChannelControl.NEW_SESSION) this.#state.clear();
    this.#sink.onControl(control);
  }

  onBatchEnd(): void {
    this.#sink.onBatchEnd();
  }

  tick(): void {
    // Nothing here waits for time.
  }

  /** Takes the last `count` blocks, for the walk. @returns how many of them the packet ended before */
  rest(data: DataView, at: number, end: number, count: number): number {
    let p = at;
    for (let left = count; left > 0; left--) {
      p = this.careful(data, p, end);
      if (p < 0) return left;
    }
    return 0;
  }

  /**
   * Takes one block of any kind and any length, for the walk.
   *
   * @returns where the next begins, or -1 when the packet ends inside this one
   */
  careful(data: DataView, p: number, end: number): number {
    const m = p + BLOCK_HEADER_BYTES;
    if (m > end) return this.#cut();
    const bytes = data.getUint16(p);
    if (m + bytes > end) return this.#cut();
    if (bytes === 0) {
      this.skip(C.DECODE_EMPTY);
      return m;
    }
    const type = data.getUint8(m);
    if (bytes === (this.#lengths[type] as number)) {
      this.#message(data, m, type);
    } else {
      this.skip(C.DECODE_MALFORMED);
      if ((this.#lengths[type] as number) === 0) {
        this.#count(C.DECODE_UNKNOWN_TYPE);
        this.#unknown.note(type);
      }
    }
    return m + bytes;
  }

  /** Calls the sink for the message at `m`, whose length is right. */
  #message(data: DataView, m: number, type: number): void {
    switch (type) {
      case TYPE_ADD:
      case L.TYPE_ADD_MPID:
        this.#add(data, m, type);
        return;
      case L.TYPE_TRADE:
        this.#trade(data, m);
        return;
      case TYPE_DELETE:
        this.#delete(data, m);
        break;
      case TYPE_REPLACE:
        this.#replace(data, m);
        break;
      case TYPE_EXECUTE:
        this.#execute(data, m);
        break;
      case L.TYPE_CANCEL:
        this.#cancel(data, m);
        break;
      case L.TYPE_EXECUTE_PRICE:
        this.#executePrice(data, m);
        break;
      case L.TYPE_CROSS:
        this.#cross(data, m);
        break;
      case L.TYPE_BROKEN:
        this.#broken(data, m);
        break;
      case L.TYPE_DIRECTORY:
        this.#directory(data, m);
        this.#state.take(data, m, type);
        break;
      default:
        // The other types touch no book.
        this.#state.take(data, m, type);
        break;
    }
    this.#countType(type);
  }

  #add(data: DataView, m: number, type: number): void {
    const side = data.getUint8(m + ADD_SIDE) ^ BUY;
    if (Math.imul(side, side ^ SIDE_XOR) !== 0) {
      this.skip(C.DECODE_MALFORMED);
      return;
    }
    this.#sink.onAdd(
      data.getUint16(m + LOCATE),
      data.getInt32(m + ORDER_REF + 4),
      data.getInt32(m + ORDER_REF),
      side & 1,
      data.getInt32(m + ADD_PRICE),
      0,
      data.getInt32(m + ADD_SHARES),
      0,
    );
    this.#countType(type);
  }

  #delete(data: DataView, m: number): void {
    this.#sink.onDelete(
      data.getUint16(m + LOCATE),
      data.getInt32(m + ORDER_REF + 4),
      data.getInt32(m + ORDER_REF),
    );
  }

  #replace(data: DataView, m: number): void {
    this.#sink.onReplace(
      data.getUint16(m + LOCATE),
      data.getInt32(m + ORDER_REF + 4),
      data.getInt32(m + ORDER_REF),
      data.getInt32(m + REPLACE_NEW_REF + 4),
      data.getInt32(m + REPLACE_NEW_REF),
      data.getInt32(m + REPLACE_PRICE),
      0,
      data.getInt32(m + REPLACE_SHARES),
      0,
    );
  }

  #execute(data: DataView, m: number): void {
    this.#sink.onExecute(
      data.getUint16(m + LOCATE),
      data.getInt32(m + ORDER_REF + 4),
      data.getInt32(m + ORDER_REF),
      data.getInt32(m + EXECUTE_SHARES),
      0,
      data.getInt32(m + EXECUTE_MATCH + 4),
      data.getInt32(m + EXECUTE_MATCH),
    );
  }

  #cancel(data: DataView, m: number): void {
    this.#sink.onReduce(
      data.getUint16(m + LOCATE),
      data.getInt32(m + ORDER_REF + 4),
      data.getInt32(m + ORDER_REF),
      data.getInt32(m + L.CANCEL_SHARES),
      0,
    );
  }

  #executePrice(data: DataView, m: number): void {
    this.#sink.onExecuteAt(
      data.getUint16(m + LOCATE),
      data.getInt32(m + ORDER_REF + 4),
      data.getInt32(m + ORDER_REF),
      data.getInt32(m + EXECUTE_SHARES),
      0,
      data.getInt32(m + L.EXECUTE_PRICE),
      0,
      data.getInt32(m + EXECUTE_MATCH + 4),
      data.getInt32(m + EXECUTE_MATCH),
      data.getUint8(m + L.EXECUTE_PRINTABLE) === L.NOT_PRINTABLE ? 0 : 1,
    );
  }

  #trade(data: DataView, m: number): void {
    const side = data.getUint8(m + ADD_SIDE);
    if (side !== BUY && side !== SELL) {
      this.skip(C.DECODE_MALFORMED);
      return;
    }
    this.#sink.onTrade(
      data.getUint16(m + LOCATE),
      side === BUY ? 0 : 1,
      data.getInt32(m + ADD_PRICE),
      0,
      data.getInt32(m + ADD_SHARES),
      0,
      data.getInt32(m + L.TRADE_MATCH + 4),
      data.getInt32(m + L.TRADE_MATCH),
    );
    this.#countType(L.TYPE_TRADE);
  }

  #cross(data: DataView, m: number): void {
    this.#sink.onTrade(
      data.getUint16(m + LOCATE),
      SIDE_UNKNOWN,
      data.getInt32(m + L.CROSS_PRICE),
      0,
      data.getInt32(m + L.CROSS_SHARES + 4),
      data.getInt32(m + L.CROSS_SHARES),
      data.getInt32(m + L.CROSS_MATCH + 4),
      data.getInt32(m + L.CROSS_MATCH),
    );
  }

  #broken(data: DataView, m: number): void {
    this.#sink.onTradeBroken(
      data.getUint16(m + LOCATE),
      data.getInt32(m + L.BROKEN_MATCH + 4),
      data.getInt32(m + L.BROKEN_MATCH),
    );
  }

  #directory(data: DataView, m: number): void {
    this.#sink.onDirectory(
      data.getUint16(m + LOCATE),
      data.getInt32(m + L.STOCK),
      data.getInt32(m + L.STOCK + 4),
    );
  }

  #cut(): number {
    this.#count(C.DECODE_MALFORMED);
    return -1;
  }

  /** Counts a whole block that was no valid message, for the walk. */
  skip(slot: number): void {
    this.#skipped++;
    this.#count(slot);
  }

  #countType(type: number): void {
    this.typeCounts[type] = (this.typeCounts[type] as number) + 1;
  }

  #count(slot: number): void {
    this.#counters[slot] = (this.#counters[slot] as number) + 1;
  }
}

/**
 * Makes the function that decodes `count` blocks from `at`; `end` is the packet's. Block length and
 * type are read and checked as one word; the rarer types, and blocks that reach beyond the
 * packet, go through careful(). The two sides of an add are equally likely, so a branch on them
 * would be guessed wrong half the time: `side` is 0 for 'B', 0x11 for 'S', and the product is 0 for
 * these two only.
 *
 * It is a function of its own for each decoder, and not a method, because V8 then takes the
 * decoder, its sink and all that they hold for good as constants (measured: 12 % of decode and
 * book).
 *
 * @returns a function that returns the whole blocks taken, of whatever kind
 */
function makeWalk(decoder: ItchDecoder, sink: EventSink, typeCounts: Float64Array): Walk {
  return (data, at, end, count) => {
    const keyEnd = end - KEY_BYTES;
    let p = at;
    let left = count;
    while (left > 0 && p <= keyEnd) {
      const m = p + BLOCK_HEADER_BYTES;
      const key = data.getInt32(p) >>> 8;
      if (key === ADD_KEY && m + ADD_BYTES <= end) {
        const side = data.getUint8(m + ADD_SIDE) ^ BUY;
        p = m + ADD_BYTES;
        left--;
        if (Math.imul(side, side ^ SIDE_XOR) !== 0) {
          decoder.skip(C.DECODE_MALFORMED);
          continue;
        }
        typeCounts[TYPE_ADD] = (typeCounts[TYPE_ADD] as number) + 1;
        sink.onAdd(
          data.getUint16(m + LOCATE),
          data.getInt32(m + ORDER_REF + 4),
          data.getInt32(m + ORDER_REF),
          side & 1,
          data.getInt32(m + ADD_PRICE),
          0,
          data.getInt32(m + ADD_SHARES),
          0,
        );
      } else if (key === DELETE_KEY && m + DELETE_BYTES <= end) {
        p = m + DELETE_BYTES;
        left--;
        typeCounts[TYPE_DELETE] = (typeCounts[TYPE_DELETE] as number) + 1;
        sink.onDelete(
          data.getUint16(m + LOCATE),
          data.getInt32(m + ORDER_REF + 4),
          data.getInt32(m + ORDER_REF),
        );
      } else if (key === REPLACE_KEY && m + REPLACE_BYTES <= end) {
        p = m + REPLACE_BYTES;
        left--;
        typeCounts[TYPE_REPLACE] = (typeCounts[TYPE_REPLACE] as number) + 1;
        sink.onReplace(
          data.getUint16(m + LOCATE),
          data.getInt32(m + ORDER_REF + 4),
          data.getInt32(m + ORDER_REF),
          data.getInt32(m + REPLACE_NEW_REF + 4),
          data.getInt32(m + REPLACE_NEW_REF),
          data.getInt32(m + REPLACE_PRICE),
          0,
          data.getInt32(m + REPLACE_SHARES),
          0,
        );
      } else {
        p = decoder.careful(data, p, end);
        if (p < 0) return count - left;
        left--;
      }
    }
    return count - decoder.rest(data, p, end, left);
  };
}
