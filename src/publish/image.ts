/**
 * Book images handed from the book stage's thread to an endpoint that was overrun, while events go
 * on: the writer half is stepped between two batches, the reader half belongs to the endpoint.
 *
 *   request   word 0   passes asked for (endpoint)      1  records consumed (endpoint)
 *             word 2   1 when a pass was given up because an instrument does not fit (book)
 *
 *   record    word 0   pass           1  instrument, or -1: the pass is complete
 *                  2   cursor lo      3  cursor hi: the image holds after exactly this cursor
 *                  4   orders in this record            5  bit 0 first record of the instrument,
 *                                                          bit 1 last
 *             then per order, 7 words: id lo hi, side, px lo hi, qty lo hi
 *
 * Orders come as in a snapshot: bids then asks, best price first, in queue order. An instrument is
 * always written in one step, so its records hold at one cursor. The records of a step are
 * committed before the next change is published; a reader that looks at the bus's head first and
 * then empties the ring has therefore seen every image older than the frames up to that head.
 */
import type { BookCore } from "../book/core.ts";
import { highHalf, joinHalves } from "../core/layout.ts";
import type { RecordRingReader, RecordRingWriter } from "../core/record-ring.ts";

const PASS = 0;
const CONSUMED = 1;
const FAILED = 2;
const HEADER_WORDS = 6;
const ORDER_WORDS = 7;
const FIRST = 1;
const LAST = 2;
/** Instruments looked at in a step at most, so that a step on empty books is bounded too. */
const STEP_INSTRUMENTS = 1024;

/** Bytes of the shared request words. */
export const IMAGE_REQUEST_BYTES = 128;

/** Writes images. Thread: the book stage's. */
export class ImageWriter {
  readonly #ring: RecordRingWriter;
  readonly #request: Int32Array;
  readonly #stepOrders: number;
  readonly #recordOrders: number;
  #pass = 0;
  #next = -1;
  #written = 0;

  /** @param stepOrders orders in a step after which it ends, whole instruments */
  constructor(ring: RecordRingWriter, request: SharedArrayBuffer, stepOrders = 4096) {
    this.#ring = ring;
    this.#request = new Int32Array(request);
    this.#stepOrders = stepOrders;
    const words = Math.floor(ring.maxPayloadBytes / 16);
    this.#recordOrders = Math.floor((words - HEADER_WORDS) / ORDER_WORDS);
  }

  /** As new; only while the endpoint asks for nothing. */
  reset(): void {
    this.#ring.reset();
    this.#request.fill(0);
    this.#pass = 0;
    this.#next = -1;
    this.#written = 0;
  }

  /** True while a pass was asked for and is not complete. */
  isWanted(): boolean {
    return this.#next >= 0 || Atomics.load(this.#request, PASS) !== this.#pass;
  }

  /**
   * Writes a bounded piece of the pass.
   *
   * @param core the book stage's books
   * @param changeCursor the cursor of the newest change that is in them
   */
  step(core: BookCore, changeCursor: number): void {
    const pass = Atomics.load(this.#request, PASS);
    if (pass !== this.#pass) {
      this.#pass = pass;
      this.#next = 0;
    }
    if (this.#next < 0) return;
    let orders = 0;
    const end = Math.min(this.#next + STEP_INSTRUMENTS, core.instrumentCapacity);
    while (this.#next < end && orders < this.#stepOrders) {
      const count = core.orderCount(this.#next);
      if (!this.#writeInstrument(core, this.#next, count, changeCursor)) break;
      orders += count;
      this.#next++;
    }
    if (this.#next === core.instrumentCapacity && this.#claim(-1, 0, changeCursor, 0) >= 0) {
      this.#next = -1;
    }
    this.#ring.commit();
  }

  /** @returns false when there is no room now */
  #writeInstrument(core: BookCore, instrument: number, count: number, cursor: number): boolean {
    const perRecord = this.#recordOrders;
    if (count > perRecord && Atomics.load(this.#request, CONSUMED) !== this.#written) {
      // Several records must go in together: wait until the ring is empty.
      return false;
    }
    let left = count;
    let record = Math.min(left, perRecord);
    let flags = FIRST | (record === left ? LAST : 0);
    let at = this.#claim(instrument, record, cursor, flags);
    if (at < 0) return false;
    for (let side = 0; side < 2; side++) {
      for (
        let level = core.firstLevel(instrument, side);
        level >= 0;
        level = core.nextLevel(level)
      ) {
        for (let slot = core.firstOrder(level); slot >= 0; slot = core.nextOrder(slot)) {
          if (record === 0) {
            record = Math.min(left, perRecord);
            flags = record === left ? LAST : 0;
            at = this.#claim(instrument, record, cursor, flags);
            if (at < 0) return this.#giveUp();
          }
          this.#writeOrder(core, slot, level, side, at);
          at += ORDER_WORDS;
          record--;
          left--;
        }
      }
    }
    return true;
  }

  #writeOrder(core: BookCore, slot: number, level: number, side: number, at: number): void {
    const words = this.#ring.words;
    words[at] = core.orderIdLo(slot);
    words[at + 1] = core.orderIdHi(slot);
    words[at + 2] = side;
    words[at + 3] = core.levelPxLo(level);
    words[at + 4] = core.levelPxHi(level);
    words[at + 5] = core.orderQtyLo(slot);
    words[at + 6] = core.orderQtyHi(slot);
  }

  /** Claims a record. @returns the word where its orders go, or -1 when there is no room */
  #claim(instrument: number, orders: number, cursor: number, flags: number): number {
    const at = this.#ring.claim((HEADER_WORDS + orders * ORDER_WORDS) * 4) >> 2;
    if (at < 0) return -1;
    const words = this.#ring.words;
    words[at] = this.#pass;
    words[at + 1] = instrument;
    words[at + 2] = cursor | 0;
    words[at + 3] = highHalf(cursor);
    words[at + 4] = orders;
    words[at + 5] = flags;
    this.#written = (this.#written + 1) | 0;
    return at + HEADER_WORDS;
  }

  /** An instrument that an empty ring cannot hold: says so instead of trying for ever. */
  #giveUp(): boolean {
    this.#next = -1;
    Atomics.store(this.#request, FAILED, 1);
    return false;
  }
}

/** Takes what an {@link ImageReader} finds. */
export interface ImageListener {
  /** An instrument's image begins: its book holds after `cursor`, orders follow. */
  onImage(instrument: number, cursor: number): void;
  onImageOrder(
    instrument: number,
    side: number,
    idLo: number,
    idHi: number,
    pxLo: number,
    pxHi: number,
    qtyLo: number,
    qtyHi: number,
  ): void;
  /** Every instrument of the pass has come. */
  onImagesComplete(): void;
}

/** Reads images. Thread: the endpoint's. */
export class ImageReader {
  readonly #ring: RecordRingReader;
  readonly #request: Int32Array;
  #consumed = 0;

  constructor(ring: RecordRingReader, request: SharedArrayBuffer) {
    this.#ring = ring;
    this.#request = new Int32Array(request);
  }

  /** As new; only while the book stage writes nothing. */
  reset(): void {
    this.#ring.reset();
    this.#request.fill(0);
    this.#consumed = 0;
  }

  /** Asks for a new pass over all books; what is left of an older one is thrown away. */
  request(): void {
    Atomics.store(this.#request, FAILED, 0);
    Atomics.add(this.#request, PASS, 1);
  }

  /** True when the book stage gave the pass up: an instrument does not fit into the ring. */
  failed(): boolean {
    return Atomics.load(this.#request, FAILED) === 1;
  }

  /**
   * Hands at most `maxRecords` records on.
   *
   * @returns true when the ring was found empty
   */
  read(listener: ImageListener, maxRecords: number): boolean {
    const pass = Atomics.load(this.#request, PASS);
    for (let i = 0; i < maxRecords; i++) {
      const at = this.#ring.next() >> 2;
      if (at < 0) return true;
      if (this.#ring.words[at] === pass) this.#handOn(listener, at);
      this.#ring.release();
      this.#consumed = (this.#consumed + 1) | 0;
      Atomics.store(this.#request, CONSUMED, this.#consumed);
    }
    return false;
  }

  #handOn(listener: ImageListener, start: number): void {
    const words = this.#ring.words;
    const instrument = words[start + 1] as number;
    if (instrument < 0) {
      listener.onImagesComplete();
      return;
    }
    const cursor = joinHalves(words[start + 2] as number, words[start + 3] as number);
    if (((words[start + 5] as number) & FIRST) !== 0) listener.onImage(instrument, cursor);
    const count = words[start + 4] as number;
    let at = start + HEADER_WORDS;
    for (let i = 0; i < count; i++) {
      listener.onImageOrder(
        instrument,
        words[at + 2] as number,
        words[at] as number,
        words[at + 1] as number,
        words[at + 3] as number,
        words[at + 4] as number,
        words[at + 5] as number,
        words[at + 6] as number,
      );
      at += ORDER_WORDS;
    }
  }
}
