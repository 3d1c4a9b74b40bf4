/**
 * A bounded single-producer, single-consumer ring of fixed slots of 32-bit words: descriptor rings,
 * free rings (one word a slot), event and change rings.
 *
 *   control   word 0              head: slots published by the producer, modulo 2^32
 *             word 32             tail: slots given back by the consumer, modulo 2^32
 *             word 64             1 once the producer will publish no more
 *   words     slot i at i * slotWords
 *
 * Each side keeps a cached copy of the other's cursor and looks again only when the copy says full
 * or empty. One Atomics store a batch: the producer claims many slots, then publishes them at once.
 * (A plain store would do on x64 and makes a batch of one five times cheaper, one of 64 not at all;
 * the language does not promise its order, so it is not done.)
 *
 * A claim is one comparison and one sum: the writer knows up to where it may go without a look, and
 * counts slots only when it publishes. Fields that are set once are `private`, not `#private`:
 * those hold undefined first, so that V8 never takes them for constants, and it checks a number
 * each time. Users of `words` index with `(at & SLOT_AT_MAX) + i | 0`: a sum that V8 knows to be in
 * range costs neither an overflow check nor a sign extension.
 */
import { assert } from "./assert.ts";
import { CONTROL_STRIDE_BYTES, CONTROL_STRIDE_WORDS, isPowerOfTwo } from "./layout.ts";
import type { Native } from "./native.ts";
import type { Region, RegionRef } from "./region.ts";
import { mapRegion, takeRegion } from "./region.ts";

const HEAD = 0;
const TAIL = CONTROL_STRIDE_WORDS;
const CLOSED = 2 * CONTROL_STRIDE_WORDS;

/**
 * The highest first word of a slot that there may be, all ones. A constant of the own module is
 * folded by V8, an imported one is not: hot users keep a copy.
 */
export const SLOT_AT_MAX = 0x3ff_ffff;

/** A ring's shared parts, to be handed to both threads. */
export interface SlotRingRef {
  readonly control: SharedArrayBuffer;
  readonly region: RegionRef;
  readonly slotWords: number;
  readonly capacitySlots: number;
}

/**
 * Takes the memory of a ring.
 *
 * @param capacitySlots a power of two, 2 to 2^24
 * @param slotWords 32-bit words a slot
 */
export function takeSlotRing(
  capacitySlots: number,
  slotWords: number,
  native: Native | null,
): SlotRingRef {
  assert(isPowerOfTwo(capacitySlots), "RING_CAPACITY_POWER_OF_TWO");
  assert(capacitySlots * slotWords <= SLOT_AT_MAX + 1, "RING_WORDS");
  const control = new SharedArrayBuffer(3 * CONTROL_STRIDE_BYTES);
  const region: Region = takeRegion(capacitySlots * slotWords * 4, native);
  return { control, region: region.ref, slotWords, capacitySlots };
}

/** The producer's half. Thread: one. */
export class SlotRingWriter {
  readonly words: Int32Array;
  readonly capacitySlots: number;
  private readonly control: Int32Array;
  private readonly slotWords: number;
  private readonly endWords: number;
  /** First word of the next slot to claim. */
  private at = 0;
  /** Where claims end without a look: behind the last free slot, or the ring's end. */
  private limit = 0;
  /** First word of the first slot that is claimed and not published, in this turn of the ring. */
  private pendingAt = 0;
  /** Slots claimed and not published that lie in the turn before. */
  private pendingBefore = 0;
  private published = 0;

  constructor(ref: SlotRingRef) {
    this.words = new Int32Array(mapRegion(ref.region).buffer);
    this.capacitySlots = ref.capacitySlots;
    this.control = new Int32Array(ref.control);
    this.slotWords = ref.slotWords;
    this.endWords = ref.capacitySlots * ref.slotWords;
    this.published = Atomics.load(this.control, HEAD);
    this.at = (this.published & (ref.capacitySlots - 1)) * ref.slotWords;
    this.pendingAt = this.limit = this.at;
  }

  /** Claims the next slot. @returns its first word's index in `words`, or -1 when the ring is full */
  claim(): number {
    const at = this.at;
    if (at === this.limit) return this.look();
    this.at = (at + this.slotWords) | 0;
    return at;
  }

  /** Hands every claimed slot to the consumer with one store. @returns how many there were */
  publish(): number {
    const count = this.pending();
    if (count === 0) return 0;
    this.pendingBefore = 0;
    this.pendingAt = this.at;
    this.published = (this.published + count) | 0;
    Atomics.store(this.control, HEAD, this.published);
    return count;
  }

  /** Publishes what is claimed and tells the consumer that nothing follows. */
  close(): void {
    this.publish();
    Atomics.store(this.control, CLOSED, 1);
  }

  /** As new, both cursors too; only while neither side uses the ring. */
  reset(): void {
    this.at = this.limit = this.pendingAt = 0;
    this.pendingBefore = 0;
    this.published = 0;
    Atomics.store(this.control, HEAD, 0);
    Atomics.store(this.control, TAIL, 0);
  }

  /** Slots that the consumer has not given back; a snapshot, any thread's view may be older. */
  fill(): number {
    return (this.published + this.pending() - Atomics.load(this.control, TAIL)) | 0;
  }

  /** Slots claimed and not published. */
  private pending(): number {
    return (this.pendingBefore + (((this.at - this.pendingAt) / this.slotWords) | 0)) | 0;
  }

  /** The rare claim: begins the ring anew, or looks at the consumer's cursor. */
  private look(): number {
    if (this.at === this.endWords) {
      this.pendingBefore = this.pending();
      this.at = this.pendingAt = 0;
    }
    const room = (this.capacitySlots - this.fill()) | 0;
    const free = (this.at + room * this.slotWords) | 0;
    this.limit = free < this.endWords ? free : this.endWords;
    if (room === 0) return -1;
    const at = this.at;
    this.at = (at + this.slotWords) | 0;
    return at;
  }
}

/** The consumer's half. Thread: one. */
export class SlotRingReader {
  readonly words: Int32Array;
  readonly capacitySlots: number;
  private readonly control: Int32Array;
  private readonly slotWords: number;
  private readonly mask: number;
  private next = 0;
  private headSeen = 0;
  /** What touching the next slot gave; kept so that the load is not dropped. */
  touched = 0;

  constructor(ref: SlotRingRef) {
    this.words = new Int32Array(mapRegion(ref.region).buffer);
    this.capacitySlots = ref.capacitySlots;
    this.control = new Int32Array(ref.control);
    this.slotWords = ref.slotWords;
    this.mask = ref.capacitySlots - 1;
    this.next = Atomics.load(this.control, TAIL);
    this.headSeen = this.next;
  }

  /**
   * How many slots may be read now; looks at the producer's cursor only when it knows of none.
   * While there is none it asks for the next slot's line, so that the slot is here when the cursor
   * tells of it.
   */
  available(): number {
    let count = (this.headSeen - this.next) | 0;
    if (count === 0) {
      this.headSeen = Atomics.load(this.control, HEAD);
      count = (this.headSeen - this.next) | 0;
      if (count === 0) this.touched = this.words[this.slot(0)] as number;
    }
    return count;
  }

  /** The first word's index of the `i`th readable slot; 0 ≤ i < available(). */
  slot(i: number): number {
    return Math.imul((this.next + i) & this.mask, this.slotWords);
  }

  /** Gives the first `count` readable slots back with one store. */
  release(count: number): void {
    this.next = (this.next + count) | 0;
    Atomics.store(this.control, TAIL, this.next);
  }

  /** As new, both cursors too; only while neither side uses the ring. */
  reset(): void {
    this.next = 0;
    this.headSeen = 0;
    Atomics.store(this.control, HEAD, 0);
    Atomics.store(this.control, TAIL, 0);
  }

  /** True when the producer has closed the ring and everything in it was released. */
  isFinished(): boolean {
    if (Atomics.load(this.control, CLOSED) === 0) return false;
    return Atomics.load(this.control, HEAD) === this.next;
  }
}

/** Slots waiting to be read, for gauges; any thread. */
export function slotRingFill(ref: SlotRingRef): number {
  const control = new Int32Array(ref.control);
  return (Atomics.load(control, HEAD) - Atomics.load(control, TAIL)) | 0;
}
