/**
 * Both sides of each measurement, in TypeScript. The same work as twin.c: the producer fills 16
 * words a slot, the consumer folds 16 words into a checksum.
 *
 *   ring   main: claim, fill, publish each `batch`  ──▶  worker: fold, release what there was
 *   hop    main: one slot ──▶ worker: fold, one slot back ──▶ main: fold       half a round trip
 *          (as the pipeline's sources do, a slot is given back after what it caused was published)
 *   raw    the same over two words, 128 bytes apart
 *
 * A pass is one call; the worker is told of the next one through `sync`. Passes are short and many,
 * so that a cpu that is taken away for a moment spoils few of them and not their median.
 */
import { SlotRingReader, type SlotRingRef, SlotRingWriter } from "../../src/core/slot-ring.ts";

/** 32-bit words of a slot: 64 bytes. */
export const SLOT_WORDS = 16;
/** Slots of the ring that throughput is measured with. */
export const RING_CAPACITY = 4096;
/** Slots of the two rings that latency is measured with. */
export const HOP_CAPACITY = 64;

/** Places in `sync`, 128 bytes apart: passes begun, passes done, the worker's checksum. */
export const BEGUN = 0;
export const DONE = 32;
export const SUM = 64;
const PONG = 32;

/** What is measured. */
export type RingKind = "ring" | "hop" | "raw";

/** What the worker is given. */
export interface PeerJob {
  readonly kind: RingKind;
  /** Slots or round trips of a pass. */
  readonly count: number;
  readonly passes: number;
  readonly cpu: number | null;
  readonly to: SlotRingRef;
  readonly from: SlotRingRef;
  readonly sync: SharedArrayBuffer;
  readonly lines: SharedArrayBuffer;
}

/** SLOT_AT_MAX of src/core/slot-ring.ts, which says why. */
const AT_MAX = 0x3ff_ffff;

/**
 * Makes the function that fills a slot. A function of its own for each ring, as hot users of a ring
 * have it: V8 then takes the array, its address and its length as constants.
 */
export function makeFill(words: Int32Array): (slot: number, from: number) => void {
  return (slot, from) => {
    const at = slot & AT_MAX;
    words[at] = from;
    words[(at + 1) | 0] = (from + 1) | 0;
    words[(at + 2) | 0] = (from + 2) | 0;
    words[(at + 3) | 0] = (from + 3) | 0;
    words[(at + 4) | 0] = (from + 4) | 0;
    words[(at + 5) | 0] = (from + 5) | 0;
    words[(at + 6) | 0] = (from + 6) | 0;
    words[(at + 7) | 0] = (from + 7) | 0;
    words[(at + 8) | 0] = (from + 8) | 0;
    words[(at + 9) | 0] = (from + 9) | 0;
    words[(at + 10) | 0] = (from + 10) | 0;
    words[(at + 11) | 0] = (from + 11) | 0;
    words[(at + 12) | 0] = (from + 12) | 0;
    words[(at + 13) | 0] = (from + 13) | 0;
    words[(at + 14) | 0] = (from + 14) | 0;
    words[(at + 15) | 0] = (from + 15) | 0;
  };
}

/** Makes the function that folds a slot: it returns the sum with the slot's words added. */
export function makeFold(words: Int32Array): (slot: number, from: number) => number {
  return (slot, from) => {
    const at = slot & AT_MAX;
    let sum = (from + (words[at] as number)) | 0;
    sum = (sum + (words[(at + 1) | 0] as number)) | 0;
    sum = (sum + (words[(at + 2) | 0] as number)) | 0;
    sum = (sum + (words[(at + 3) | 0] as number)) | 0;
    sum = (sum + (words[(at + 4) | 0] as number)) | 0;
    sum = (sum + (words[(at + 5) | 0] as number)) | 0;
    sum = (sum + (words[(at + 6) | 0] as number)) | 0;
    sum = (sum + (words[(at + 7) | 0] as number)) | 0;
    sum = (sum + (words[(at + 8) | 0] as number)) | 0;
    sum = (sum + (words[(at + 9) | 0] as number)) | 0;
    sum = (sum + (words[(at + 10) | 0] as number)) | 0;
    sum = (sum + (words[(at + 11) | 0] as number)) | 0;
    sum = (sum + (words[(at + 12) | 0] as number)) | 0;
    sum = (sum + (words[(at + 13) | 0] as number)) | 0;
    sum = (sum + (words[(at + 14) | 0] as number)) | 0;
    return (sum + (words[(at + 15) | 0] as number)) | 0;
  };
}

/** Makes the producer: it hands `slots` slots over, `batch` a publish. */
export function makeProduce(
  writer: SlotRingWriter,
  fill: (slot: number, from: number) => void,
): (batch: number, slots: number) => void {
  return (batch, slots) => {
    for (let i = 0; i < slots; ) {
      const end = Math.min(slots, i + batch);
      while (i < end) {
        const at = writer.claim();
        if (at < 0) break;
        fill(at, i);
        i++;
      }
      writer.publish();
    }
  };
}

/** Makes the consumer: it takes `slots` slots and returns their checksum. */
export function makeConsume(
  reader: SlotRingReader,
  fold: (slot: number, from: number) => number,
): (slots: number) => number {
  return (slots) => {
    let sum = 0;
    for (let left = slots; left > 0; ) {
      const count = reader.available();
      if (count === 0) continue;
      for (let i = 0; i < count; i++) sum = fold(reader.slot(i), sum);
      reader.release(count);
      left -= count;
    }
    return sum;
  };
}

/**
 * Makes both sides of the hop: ping sends a slot and waits for the answer, `trips` times, where
 * stamps[i] is when trip i began, ms; pong answers `trips` slots.
 */
export function makeHop(
  writer: SlotRingWriter,
  reader: SlotRingReader,
  fill: (slot: number, from: number) => void,
  fold: (slot: number, from: number) => number,
): { ping(trips: number, stamps: Float64Array): number; pong(trips: number): number } {
  return {
    ping: (trips, stamps) => {
      let sum = 0;
      for (let i = 0; i < trips; i++) {
        stamps[i] = performance.now();
        fill(writer.claim(), i);
        writer.publish();
        if (i > 0) reader.release(1);
        while (reader.available() === 0);
        sum = fold(reader.slot(0), sum);
      }
      reader.release(1);
      stamps[trips] = performance.now();
      return sum;
    },
    pong: (trips) => {
      let sum = 0;
      for (let i = 0; i < trips; i++) {
        while (reader.available() === 0);
        sum = fold(reader.slot(0), sum);
        fill(writer.claim(), sum);
        writer.publish();
        reader.release(1);
      }
      return sum;
    },
  };
}

/** The same over two bare words, which go on from `from`. */
export function pingRaw(
  lines: Int32Array,
  from: number,
  trips: number,
  stamps: Float64Array,
): number {
  for (let i = 0; i < trips; i++) {
    stamps[i] = performance.now();
    const value = (from + i + 1) | 0;
    Atomics.store(lines, 0, value);
    while (Atomics.load(lines, PONG) !== value);
  }
  stamps[trips] = performance.now();
  return trips;
}

/** Answers on the second word. */
export function pongRaw(lines: Int32Array, from: number, trips: number): number {
  for (let i = 0; i < trips; i++) {
    const value = (from + i + 1) | 0;
    while (Atomics.load(lines, 0) !== value);
    Atomics.store(lines, PONG, value);
  }
  return trips;
}

/** All passes of the worker's side. */
export function runPeer(job: PeerJob): void {
  const sync = new Int32Array(job.sync);
  const lines = new Int32Array(job.lines);
  const reader = new SlotRingReader(job.to);
  const writer = new SlotRingWriter(job.from);
  const fold = makeFold(reader.words);
  const consume = makeConsume(reader, fold);
  const { pong } = makeHop(writer, reader, makeFill(writer.words), fold);
  for (let pass = 1; pass <= job.passes; pass++) {
    // Not asleep: being woken would be part of a short pass.
    while (Atomics.load(sync, BEGUN) < pass);
    let sum = 0;
    if (job.kind === "ring") sum = consume(job.count);
    else if (job.kind === "hop") sum = pong(job.count);
    else sum = pongRaw(lines, (pass - 1) * job.count, job.count);
    Atomics.store(sync, SUM, sum);
    Atomics.store(sync, DONE, pass);
  }
}
