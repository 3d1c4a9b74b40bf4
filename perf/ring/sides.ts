/**
 * Both sides of each measurement, in TypeScript. The same work as twin.c: the producer fills 16
 * words a slot, the consumer folds 16 words into a checksum.
 *
 *   ring   main: claim, fill, publish each `batch`  ──▶  worker: fold, release what there was
 *   hop    main: one slot ──▶ worker: fold, one slot back ──▶ main: fold       half a round trip
 *          (as the pipeline's sources do, a slot is given back after what it caused was published)
 *   raw    the same over two words, 128 bytes apart
 *
 * A pass is one call; the worker is told of the next one through `sync`.
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

/** Fills one slot. */
export function fill(words: Int32Array, slot: number, from: number): void {
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
}

/** Folds one slot. @returns the sum with its words added */
export function fold(words: Int32Array, slot: number, from: number): number {
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
}

/** Hands `slots` slots over, `batch` a publish. */
export function produce(writer: SlotRingWriter, batch: number, slots: number): void {
  const words = writer.words;
  let inBatch = 0;
  for (let i = 0; i < slots; i++) {
    let at = writer.claim();
    while (at < 0) {
      writer.publish();
      inBatch = 0;
      at = writer.claim();
    }
    fill(words, at, i);
    if (++inBatch === batch) {
      writer.publish();
      inBatch = 0;
    }
  }
  writer.publish();
}

/** Takes `slots` slots. @returns their checksum */
export function consume(reader: SlotRingReader, slots: number): number {
  const words = reader.words;
  let sum = 0;
  for (let left = slots; left > 0; ) {
    const count = reader.available();
    if (count === 0) continue;
    for (let i = 0; i < count; i++) sum = fold(words, reader.slot(i), sum);
    reader.release(count);
    left -= count;
  }
  return sum;
}

/** Sends a slot and waits for the answer, `trips` times; stamps[i] is when trip i began, ms. */
export function pingRing(
  writer: SlotRingWriter,
  reader: SlotRingReader,
  trips: number,
  stamps: Float64Array,
): number {
  let sum = 0;
  for (let i = 0; i < trips; i++) {
    stamps[i] = performance.now();
    fill(writer.words, writer.claim(), i);
    writer.publish();
    if (i > 0) reader.release(1);
    while (reader.available() === 0);
    sum = fold(reader.words, reader.slot(0), sum);
  }
  reader.release(1);
  stamps[trips] = performance.now();
  return sum;
}

/** Answers `trips` slots. */
export function pongRing(reader: SlotRingReader, writer: SlotRingWriter, trips: number): number {
  let sum = 0;
  for (let i = 0; i < trips; i++) {
    while (reader.available() === 0);
    sum = fold(reader.words, reader.slot(0), sum);
    fill(writer.words, writer.claim(), sum);
    writer.publish();
    reader.release(1);
  }
  return sum;
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
  for (let pass = 1; pass <= job.passes; pass++) {
    while (Atomics.load(sync, BEGUN) < pass) Atomics.wait(sync, BEGUN, pass - 1);
    let sum = 0;
    if (job.kind === "ring") sum = consume(reader, job.count);
    else if (job.kind === "hop") sum = pongRing(reader, writer, job.count);
    else sum = pongRaw(lines, (pass - 1) * job.count, job.count);
    Atomics.store(sync, SUM, sum);
    Atomics.store(sync, DONE, pass);
  }
}
