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
import type { EventSink, FrameOwner, PacketSink, Stage } from "../../core/sinks.ts";
import { C } from "../../metrics/counter-table.ts";
import * as L from "./layout.ts";

/** What the decoder stands on. */
export interface ItchDecoderOptions {
  /** Frame regions by feed. */
  readonly frames: readonly FrameView[];
  readonly owner: FrameOwner;
  readonly sink: EventSink;
  readonly counters: Counters;
  /** 256 counts by type byte, for instance over shared memory; its own when left out. */
  readonly typeCounts?: Float64Array;
}

/** The decode stage. */
export class ItchDecoder implements PacketSink, Stage {
  /** Valid messages by type byte. */
  readonly typeCounts: Float64Array;
  readonly #frames: readonly FrameView[];
  readonly #owner: FrameOwner;
  readonly #sink: EventSink;
  readonly #counters: Float64Array;
  readonly #lengths: Uint8Array;

  constructor(options: ItchDecoderOptions) {
    this.typeCounts = options.typeCounts ?? new Float64Array(256);
    this.#frames = options.frames;
    this.#owner = options.owner;
    this.#sink = options.sink;
    this.#counters = options.counters.values;
    this.#lengths = L.messageLengths();
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
    this.#walk(view.data, start + firstOffset, start + length, count);
    this.#owner.release(feed, frame);
  }

  onControl(control: number): void {
    this.#sink.onControl(control);
  }

  onBatchEnd(): void {
    this.#sink.onBatchEnd();
  }

  tick(): void {
    // Nothing here waits for time.
  }

  /** Decodes `count` blocks from `at`; `end` is the packet's. */
  #walk(data: DataView, at: number, end: number, count: number): void {
    const lengths = this.#lengths;
    const typeCounts = this.typeCounts;
    let p = at;
    let valid = 0;
    let malformed = 0;
    let empty = 0;
    for (let i = 0; i < count; i++) {
      if (p + L.BLOCK_HEADER_BYTES > end) {
        malformed++;
        break;
      }
      const bytes = data.getUint16(p);
      const m = p + L.BLOCK_HEADER_BYTES;
      p = m + bytes;
      if (p > end) {
        malformed++;
        break;
      }
      if (bytes === 0) {
        empty++;
        continue;
      }
      const type = data.getUint8(m);
      if (bytes !== (lengths[type] as number) || !this.#message(data, m, type)) {
        malformed++;
        if ((lengths[type] as number) === 0) this.#count(C.DECODE_UNKNOWN_TYPE, 1);
        continue;
      }
      typeCounts[type] = (typeCounts[type] as number) + 1;
      valid++;
    }
    this.#count(C.DECODE_PACKETS, 1);
    this.#count(C.DECODE_MESSAGES, valid);
    if (malformed > 0) this.#count(C.DECODE_MALFORMED, malformed);
    if (empty > 0) this.#count(C.DECODE_EMPTY, empty);
  }

  /** Calls the sink for the message at `m`, whose length is right. @returns false: malformed */
  #message(data: DataView, m: number, type: number): boolean {
    const sink = this.#sink;
    switch (type) {
      case L.TYPE_ADD:
      case L.TYPE_ADD_MPID: {
        const side = data.getUint8(m + L.ADD_SIDE);
        if (side !== L.BUY && side !== L.SELL) return false;
        sink.onAdd(
          data.getUint16(m + L.LOCATE),
          data.getInt32(m + L.ORDER_REF + 4),
          data.getInt32(m + L.ORDER_REF),
          side === L.BUY ? 0 : 1,
          data.getInt32(m + L.ADD_PRICE),
          0,
          data.getInt32(m + L.ADD_SHARES),
          0,
        );
        return true;
      }
      case L.TYPE_DELETE:
        sink.onDelete(
          data.getUint16(m + L.LOCATE),
          data.getInt32(m + L.ORDER_REF + 4),
          data.getInt32(m + L.ORDER_REF),
        );
        return true;
      case L.TYPE_REPLACE:
        sink.onReplace(
          data.getUint16(m + L.LOCATE),
          data.getInt32(m + L.ORDER_REF + 4),
          data.getInt32(m + L.ORDER_REF),
          data.getInt32(m + L.REPLACE_NEW_REF + 4),
          data.getInt32(m + L.REPLACE_NEW_REF),
          data.getInt32(m + L.REPLACE_PRICE),
          0,
          data.getInt32(m + L.REPLACE_SHARES),
          0,
        );
        return true;
      case L.TYPE_EXECUTE:
        sink.onExecute(
          data.getUint16(m + L.LOCATE),
          data.getInt32(m + L.ORDER_REF + 4),
          data.getInt32(m + L.ORDER_REF),
          data.getInt32(m + L.EXECUTE_SHARES),
          0,
          data.getInt32(m + L.EXECUTE_MATCH + 4),
          data.getInt32(m + L.EXECUTE_MATCH),
        );
        return true;
      case L.TYPE_CANCEL:
        sink.onReduce(
          data.getUint16(m + L.LOCATE),
          data.getInt32(m + L.ORDER_REF + 4),
          data.getInt32(m + L.ORDER_REF),
          data.getInt32(m + L.CANCEL_SHARES),
          0,
        );
        return true;
      default:
        return this.#rare(data, m, type);
    }
  }

  /** The types that are a few in a thousand; those that touch no book need no call. */
  #rare(data: DataView, m: number, type: number): boolean {
    switch (type) {
      case L.TYPE_EXECUTE_PRICE:
        this.#executePrice(data, m);
        return true;
      case L.TYPE_TRADE:
        return this.#trade(data, m);
      case L.TYPE_CROSS:
        this.#cross(data, m);
        return true;
      case L.TYPE_BROKEN:
        this.#sink.onTradeBroken(
          data.getUint16(m + L.LOCATE),
          data.getInt32(m + L.BROKEN_MATCH + 4),
          data.getInt32(m + L.BROKEN_MATCH),
        );
        return true;
      case L.TYPE_DIRECTORY:
        this.#sink.onDirectory(
          data.getUint16(m + L.LOCATE),
          data.getInt32(m + L.STOCK),
          data.getInt32(m + L.STOCK + 4),
        );
        return true;
      default:
        return true;
    }
  }

  #executePrice(data: DataView, m: number): void {
    this.#sink.onExecuteAt(
      data.getUint16(m + L.LOCATE),
      data.getInt32(m + L.ORDER_REF + 4),
      data.getInt32(m + L.ORDER_REF),
      data.getInt32(m + L.EXECUTE_SHARES),
      0,
      data.getInt32(m + L.EXECUTE_PRICE),
      0,
      data.getInt32(m + L.EXECUTE_MATCH + 4),
      data.getInt32(m + L.EXECUTE_MATCH),
      data.getUint8(m + L.EXECUTE_PRINTABLE) === L.NOT_PRINTABLE ? 0 : 1,
    );
  }

  #trade(data: DataView, m: number): boolean {
    const side = data.getUint8(m + L.ADD_SIDE);
    if (side !== L.BUY && side !== L.SELL) return false;
    this.#sink.onTrade(
      data.getUint16(m + L.LOCATE),
      side === L.BUY ? 0 : 1,
      data.getInt32(m + L.ADD_PRICE),
      0,
      data.getInt32(m + L.ADD_SHARES),
      0,
      data.getInt32(m + L.TRADE_MATCH + 4),
      data.getInt32(m + L.TRADE_MATCH),
    );
    return true;
  }

  /** A cross has no side on the wire: 255, as raw-v1 says unknown. */
  #cross(data: DataView, m: number): void {
    this.#sink.onTrade(
      data.getUint16(m + L.LOCATE),
      SIDE_UNKNOWN,
      data.getInt32(m + L.CROSS_PRICE),
      0,
      data.getInt32(m + L.CROSS_SHARES + 4),
      data.getInt32(m + L.CROSS_SHARES),
      data.getInt32(m + L.CROSS_MATCH + 4),
      data.getInt32(m + L.CROSS_MATCH),
    );
  }

  #count(slot: number, n: number): void {
    this.#counters[slot] = (this.#counters[slot] as number) + n;
  }
}

const SIDE_UNKNOWN = 255;
