/**
 * Books that a client keeps from raw-v1 frames, with the checks that the page allows: cursors and
 * each instrument's sequence go up without holes, a frame that comes twice (from the other
 * endpoint) is dropped, a snapshot has as many levels and orders as it says. What does not fit is
 * an error, because books with a hole in them are worth nothing.
 */
import { totalmem } from "node:os";
import { growOrdersFor } from "../book/bytes.ts";
import { BookCore } from "../book/core.ts";
import { FeedError } from "../core/errors.ts";
import { bigFromHalves, joinHalves, signedBigFromHalves } from "../core/layout.ts";
import {
  MODIFY_QUANTITY_ONLY,
  RAW_GLOBAL_OFFSET,
  RAW_HEADER_BYTES,
  RAW_INSTRUMENT_OFFSET,
  RAW_SEQUENCE_OFFSET,
  RawType,
} from "../publish/raw-v1.ts";
import { checkFrame, encodeFrame, type Frame, viewOf } from "./frame.ts";

/** A level as people's output shows it. */
export interface BookLevel {
  readonly price: bigint;
  readonly quantity: bigint;
  readonly orders: number;
}

/** Sizes of {@link ClientBooks}. */
export interface ClientBooksOptions {
  /** Instruments at most, 65,536 unless given. */
  readonly instruments?: number;
}

const INSTRUMENTS = 65_536;
const FIRST_ORDERS = 65_536;
const FIRST_LEVELS = 16_384;
/** A sequence or cursor that is not known yet. */
const UNKNOWN = 0;

/** Books that follow one connection, or two that carry the same frames. */
export class ClientBooks {
  /** Cursor of the newest frame applied; 0 before the first live one. */
  cursor = 0;
  /** Frames dropped because they had been applied before. */
  duplicates = 0;
  /** True between SNAPSHOT_START and SNAPSHOT_END. */
  inSnapshot = false;
  readonly #core: BookCore;
  readonly #capacity: number;
  readonly #sequences: Float64Array;
  readonly #small = new Map<number, number>();
  readonly #large = new Map<bigint, number>();
  readonly #ids: bigint[] = [];
  #headerIndex = -1;
  #headerLevels = 0;
  #headerOrders = 0;

  constructor(options: ClientBooksOptions = {}) {
    this.#capacity = options.instruments ?? INSTRUMENTS;
    this.#core = new BookCore({
      orders: FIRST_ORDERS,
      levels: FIRST_LEVELS,
      instruments: this.#capacity,
      hash: true,
      grow: true,
      growOrders: growOrdersFor(totalmem() / 2, true),
      scoped: true,
    });
    this.#sequences = new Float64Array(this.#capacity);
  }

  /** The book hash of all instruments, 16 hex digits. */
  get hash(): string {
    return this.#core.hashHex();
  }

  /** Live orders of all instruments. */
  get liveOrders(): number {
    return this.#core.liveOrders;
  }

  /** Instruments with live orders. */
  get liveInstruments(): number {
    return this.#core.liveInstruments;
  }

  /** Ids of the instruments that were ever heard of. */
  instruments(): readonly bigint[] {
    return this.#ids;
  }

  /** The best levels of one side, best first. */
  levels(instrument: bigint, side: "bid" | "ask", depth: number): BookLevel[] {
    const rows: BookLevel[] = [];
    const index = this.#known(instrument);
    if (index < 0) return rows;
    const core = this.#core;
    const sideNumber = side === "bid" ? 0 : 1;
    const count = Math.min(depth, core.sideLevels(index, sideNumber));
    for (let rank = 0; rank < count; rank++) {
      const level = core.levelAt(index, sideNumber, rank);
      rows.push({
        price: signedBigFromHalves(core.levelPxLo(level), core.levelPxHi(level)),
        quantity: bigFromHalves(core.levelQtyLo(level), core.levelQtyHi(level)),
        orders: core.levelOrders(level),
      });
    }
    return rows;
  }

  /** Applies a decoded frame; see applyBytes. */
  apply(frame: Frame): boolean {
    return this.applyBytes(encodeFrame(frame));
  }

  /**
   * Applies one frame as it came.
   *
   * @returns false when it was dropped as a duplicate
   * @throws FeedError FEED_FORMAT for bytes that are no frame, FEED_MISMATCH for a hole, a GAP or a
   * frame that does not fit the books
   */
  applyBytes(bytes: Uint8Array): boolean {
    const view = viewOf(bytes);
    const type = checkFrame(view);
    switch (type) {
      case RawType.HEARTBEAT:
        return true;
      case RawType.GAP:
        throw new FeedError("FEED_MISMATCH", "the server no longer has frames that were asked for");
      case RawType.SNAPSHOT_START:
        this.#startSnapshot();
        return true;
      case RawType.SNAPSHOT_END:
        this.#closeInstrument();
        this.inSnapshot = false;
        return true;
      case RawType.SNAPSHOT_HDR:
        this.#closeInstrument();
        this.#headerIndex = this.#indexOf(view);
        this.#headerLevels = view.getUint32(RAW_HEADER_BYTES, true);
        this.#headerOrders = view.getUint32(RAW_HEADER_BYTES + 4, true);
        return true;
      default:
        return this.#applyEvent(view, type);
    }
  }

  #applyEvent(view: DataView, type: number): boolean {
    const index = this.#indexOf(view);
    const cursor = joined(view, RAW_GLOBAL_OFFSET);
    const sequence = joined(view, RAW_SEQUENCE_OFFSET);
    if (cursor === 0 && sequence === 0 && this.inSnapshot) {
      this.#change(view, type, index);
      return true;
    }
    const last = this.#sequences[index] as number;
    if (cursor <= this.cursor || (last !== UNKNOWN && sequence <= last)) {
      this.duplicates++;
      return false;
    }
    if (this.cursor !== 0 && cursor !== this.cursor + 1) {
      throw mismatch(`cursor ${cursor} came after ${this.cursor}`);
    }
    if (last !== UNKNOWN && sequence !== last + 1) {
      throw mismatch(`instrument ${this.#ids[index]}: sequence ${sequence} came after ${last}`);
    }
    this.#sequences[index] = sequence;
    this.cursor = cursor;
    this.#change(view, type, index);
    return true;
  }

  #change(view: DataView, type: number, index: number): void {
    const core = this.#core;
    const at = RAW_HEADER_BYTES;
    const idLo = view.getInt32(at, true);
    const idHi = view.getInt32(at + 4, true);
    const a = view.getInt32(at + 8, true);
    const b = view.getInt32(at + 12, true);
    const slot = core.find(index, idLo, idHi);
    if (type === RawType.OBO_ADD) {
      const qtyLo = view.getInt32(at + 16, true);
      const qtyHi = view.getInt32(at + 20, true);
      const side = view.getUint8(at + 24);
      // An order without quantity is none: the server never sends one.
      if (slot >= 0 || side > 1 || (qtyLo | qtyHi) === 0) {
        throw this.#unfit("ADD", index, idLo, idHi);
      }
      const added = core.add(index, side, idLo, idHi, a, b, qtyLo, qtyHi);
      if (added < 0) throw full();
    } else if (slot < 0) {
      throw this.#unfit(`message type ${type}`, index, idLo, idHi);
    } else if (type === RawType.OBO_MODIFY) {
      const qtyLo = view.getInt32(at + 16, true);
      const qtyHi = view.getInt32(at + 20, true);
      if ((qtyLo | qtyHi) === 0) throw this.#unfit("MODIFY", index, idLo, idHi);
      if ((view.getUint8(at + 24) & MODIFY_QUANTITY_ONLY) !== 0) core.setQty(slot, qtyLo, qtyHi);
      else if (core.move(slot, a, b, qtyLo, qtyHi) < 0) throw full();
    } else if (type === RawType.OBO_CANCEL && (a | b) === 0) {
      core.remove(slot);
    } else {
      const left = bigFromHalves(core.orderQtyLo(slot), core.orderQtyHi(slot));
      if (bigFromHalves(a, b) > left) throw this.#unfit("quantity", index, idLo, idHi);
      core.reduce(slot, a, b);
    }
  }

  #startSnapshot(): void {
    this.#core.clear();
    this.#sequences.fill(UNKNOWN);
    this.cursor = 0;
    this.inSnapshot = true;
    this.#headerIndex = -1;
  }

  /** Checks that the snapshot's last instrument has what its header said. */
  #closeInstrument(): void {
    const index = this.#headerIndex;
    this.#headerIndex = -1;
    if (index < 0) return;
    const levels = this.#core.levelCount(index);
    const orders = this.#core.orderCount(index);
    if (levels === this.#headerLevels && orders === this.#headerOrders) return;
    throw mismatch(
      `snapshot of instrument ${this.#ids[index]}: ${levels} levels and ${orders} orders came, ` +
        `${this.#headerLevels} and ${this.#headerOrders} were announced`,
    );
  }

  #known(instrument: bigint): number {
    const small = instrument < 0x8000_0000n ? this.#small.get(Number(instrument)) : undefined;
    return small ?? this.#large.get(instrument) ?? -1;
  }

  /** The dense index of a frame's instrument, given out in the order of arrival. */
  #indexOf(view: DataView): number {
    const lo = view.getInt32(RAW_INSTRUMENT_OFFSET, true);
    const hi = view.getInt32(RAW_INSTRUMENT_OFFSET + 4, true);
    const isSmall = hi === 0 && lo >= 0;
    const id = isSmall ? undefined : bigFromHalves(lo, hi);
    const known = id === undefined ? this.#small.get(lo) : this.#large.get(id);
    if (known !== undefined) return known;
    const index = this.#ids.length;
    if (index >= this.#capacity) {
      throw new FeedError("FEED_CAPACITY", `instruments=${index + 1} > ${this.#capacity}`);
    }
    this.#core.setInstrumentId(index, lo, hi);
    this.#ids.push(bigFromHalves(lo, hi));
    if (id === undefined) this.#small.set(lo, index);
    else this.#large.set(id, index);
    return index;
  }

  #unfit(what: string, index: number, idLo: number, idHi: number): FeedError {
    const id = bigFromHalves(idLo, idHi);
    return mismatch(`${what} does not fit order ${id} of instrument ${this.#ids[index]}`);
  }
}

function joined(view: DataView, offset: number): number {
  const value = joinHalves(view.getInt32(offset, true), view.getInt32(offset + 4, true));
  // Beyond 2^53 the next one could not be told from it, and all that follows would be duplicates.
  if (value > Number.MAX_SAFE_INTEGER) {
    throw new FeedError("FEED_FORMAT", `raw-v1 number at byte ${offset} was ${value} >= 2^53`);
  }
  return value;
}

function full(): FeedError {
  return new FeedError("FEED_CAPACITY", "the client's books are full");
}

function mismatch(text: string): FeedError {
  return new FeedError("FEED_MISMATCH", text);
}
