/**
 * The broadcast bus: published frames, one producer, any number of consumers, none waited for.
 *
 *   control   word 0              head: cursor of the newest committed frame, modulo 2^32
 *             word 32             reserve: newest cursor whose slot may be being overwritten
 *             word 64             1 once the producer will commit no more
 *   slots     cursor c (from 1) lies at ((c - 1) & mask) * 96 bytes:
 *
 *   0    2    3    4                              4 + 48 + payload (at most 85)          96
 *   ├────┼────┼────┼──────────────────────────────┼──────────────────────────────────────┤
 *   │ -  │0x82│len │ raw-v1 header, payload       │ -                                    │
 *
 * Bytes 2 and 3 are the header of an unmasked binary WebSocket message, so a frame is written to
 * sockets just as it lies here (RFC 6455, section 5.2). The raw-v1 frame starts at a multiple of
 * four, so its header is written as whole words.
 *
 * The producer advances `reserve` a stretch ahead, before it overwrites; a reader copies, looks at
 * `reserve` again and throws the copy away if it was overtaken. Cursors are doubles on both sides
 * and only their low words are shared: a reader that polls at least once every 2^31 frames extends
 * them correctly.
 */
import { assert } from "./assert.ts";
import { CONTROL_STRIDE_BYTES, CONTROL_STRIDE_WORDS, isPowerOfTwo } from "./layout.ts";
import type { Native } from "./native.ts";
import type { RegionRef } from "./region.ts";
import { mapRegion, takeRegion } from "./region.ts";

/** Bytes from one slot to the next. */
export const BUS_SLOT_BYTES = 96;
/** The same in words. */
export const BUS_SLOT_WORDS = BUS_SLOT_BYTES / 4;
/** A constant of this module is folded by V8, an exported one is not where it is imported. */
const SLOT_WORDS = BUS_SLOT_WORDS;
/** Where the WebSocket header (2 bytes) starts in a slot. */
export const BUS_WS_OFFSET = 2;
/** Where the raw-v1 frame starts in a slot. */
export const BUS_FRAME_OFFSET = 4;
/** The byte that holds the frame's length, 48 to 81. */
export const BUS_LENGTH_OFFSET = 3;

const HEAD = 0;
const RESERVE = CONTROL_STRIDE_WORDS;
const CLOSED = 2 * CONTROL_STRIDE_WORDS;
const RESERVE_STRETCH = 256;

/** A bus's shared parts. */
export interface BusRef {
  readonly control: SharedArrayBuffer;
  readonly region: RegionRef;
  readonly capacitySlots: number;
}

/** Takes the memory of a bus. @param capacitySlots frames retained, a power of two ≥ 1024 */
export function takeBus(capacitySlots: number, native: Native | null): BusRef {
  assert(isPowerOfTwo(capacitySlots) && capacitySlots >= 1024, "BUS_CAPACITY");
  const control = new SharedArrayBuffer(3 * CONTROL_STRIDE_BYTES);
  const region = takeRegion(capacitySlots * BUS_SLOT_BYTES, native);
  return { control, region: region.ref, capacitySlots };
}

/** The producer's half. */
export class BusWriter {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly #control: Int32Array;
  readonly #mask: number = 0;
  /** [0]: cursor of the newest committed frame. A typed array, so that no double is boxed. */
  readonly cursor = new Float64Array(1);
  /** Cursor of the newest claimed frame, as signed halves. */
  #claimed = 0;
  #claimedHi = 0;
  #reserved = 0;
  #committed = 0;

  constructor(ref: BusRef) {
    const buffer = mapRegion(ref.region).buffer;
    this.words = new Int32Array(buffer);
    this.bytes = new Uint8Array(buffer);
    this.#control = new Int32Array(ref.control);
    this.#mask = ref.capacitySlots - 1;
  }

  /** Claims the next frame's slot. @returns its first word's index */
  claim(): number {
    const before = this.#claimed;
    const claimed = (before + 1) | 0;
    this.#claimed = claimed;
    if (((this.#reserved - claimed) | 0) < 0) this.#reserve(claimed);
    if (claimed === 0) this.#claimedHi = (this.#claimedHi + 1) | 0;
    return Math.imul(before & this.#mask, SLOT_WORDS);
  }

  /** Cursor of the frame that claim() has just given a slot, low half. */
  claimedLo(): number {
    return this.#claimed;
  }

  /** Its high half. */
  claimedHi(): number {
    return this.#claimedHi;
  }

  /** Shows every claimed frame to the readers with one store. @returns how many there were */
  commit(): number {
    const count = (this.#claimed - this.#committed) | 0;
    if (count === 0) return 0;
    this.#committed = this.#claimed;
    this.cursor[0] = (this.cursor[0] as number) + count;
    Atomics.store(this.#control, HEAD, this.#claimed);
    return count;
  }

  /** As new, the slots wiped; only while nobody reads. */
  reset(): void {
    this.cursor[0] = 0;
    this.#claimed = 0;
    this.#claimedHi = 0;
    this.#reserved = 0;
    this.#committed = 0;
    this.words.fill(0);
    Atomics.store(this.#control, RESERVE, 0);
    Atomics.store(this.#control, HEAD, 0);
  }

  /** Commits what is claimed and tells the readers that nothing follows. */
  close(): void {
    this.commit();
    Atomics.store(this.#control, CLOSED, 1);
  }

  /** Tells the readers which slots are overwritten next. */
  #reserve(claimed: number): void {
    this.#reserved = (claimed + RESERVE_STRETCH) | 0;
    Atomics.store(this.#control, RESERVE, this.#reserved);
  }
}

/** What BusReader.read returns when the reader was overrun. */
export const OVERRUN = -1;

/** A consumer's half; each consumer has its own. */
export class BusReader {
  readonly #bytes: Uint8Array;
  readonly #control: Int32Array;
  readonly #capacity: number;
  /** Cursor of the next frame to read, from 1. */
  next: number;
  /** After OVERRUN: the frames missed, inclusive. */
  overrunFrom = 0;
  overrunTo = 0;

  /** @param next the first cursor to read; retained or not is told by read() */
  constructor(ref: BusRef, next = 1) {
    this.#bytes = new Uint8Array(mapRegion(ref.region).buffer);
    this.#control = new Int32Array(ref.control);
    this.#capacity = ref.capacitySlots;
    this.next = next;
  }

  /** Cursor of the newest committed frame, 0 when there is none. */
  head(): number {
    const seen = this.next - 1;
    return seen + ((Atomics.load(this.#control, HEAD) - (seen | 0)) | 0);
  }

  /** True when the producer has closed the bus and this reader has read all of it. */
  isFinished(): boolean {
    return Atomics.load(this.#control, CLOSED) !== 0 && this.head() < this.next;
  }

  /** The oldest cursor that is surely still retained (may be head + 1 when none is). */
  oldest(): number {
    const seen = this.next - 1;
    const reserved = seen + ((Atomics.load(this.#control, RESERVE) - (seen | 0)) | 0);
    return Math.max(1, reserved - this.#capacity + 1);
  }

  /**
   * Copies whole slots, BUS_SLOT_BYTES each, from `next` on.
   *
   * @param out where to, at least maxFrames * BUS_SLOT_BYTES
   * @returns frames copied, 0 when there is nothing new, or OVERRUN once: then `overrunFrom` and
   * `overrunTo` tell what was missed and `next` stands after it
   */
  read(out: Uint8Array, maxFrames: number): number {
    const count = Math.min(this.head() - this.next + 1, maxFrames);
    if (count <= 0) return 0;
    const first = (this.next - 1) % this.#capacity;
    const straight = Math.min(count, this.#capacity - first);
    this.#copy(out, 0, first, straight);
    if (straight < count) this.#copy(out, straight, 0, count - straight);
    const oldest = this.oldest();
    if (oldest > this.next) {
      this.overrunFrom = this.next;
      this.overrunTo = oldest - 1;
      this.next = oldest;
      return OVERRUN;
    }
    this.next += count;
    return count;
  }

  #copy(out: Uint8Array, outSlot: number, slot: number, count: number): void {
    const from = slot * BUS_SLOT_BYTES;
    const bytes = count * BUS_SLOT_BYTES;
    out.set(this.#bytes.subarray(from, from + bytes), outSlot * BUS_SLOT_BYTES);
  }
}
