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
 */
import { assert } from "./assert.ts";
import { CONTROL_STRIDE_BYTES, CONTROL_STRIDE_WORDS, isPowerOfTwo } from "./layout.ts";
import type { Native } from "./native.ts";
import type { Region, RegionRef } from "./region.ts";
import { mapRegion, takeRegion } from "./region.ts";

const HEAD = 0;
const TAIL = CONTROL_STRIDE_WORDS;
const CLOSED = 2 * CONTROL_STRIDE_WORDS;

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
  const control = new SharedArrayBuffer(3 * CONTROL_STRIDE_BYTES);
  const region: Region = takeRegion(capacitySlots * slotWords * 4, native);
  return { control, region: region.ref, slotWords, capacitySlots };
}

/** The producer's half. Thread: one. */
export class SlotRingWriter {
  readonly words: Int32Array;
  readonly capacitySlots: number;
  readonly #slotWords: number;
  readonly #control: Int32Array;
  readonly #mask: number;
  #claimed: number;
  #published: number;
  #tailSeen: number;

  constructor(ref: SlotRingRef) {
    this.words = new Int32Array(mapRegion(ref.region).buffer);
    this.capacitySlots = ref.capacitySlots;
    this.#slotWords = ref.slotWords;
    this.#control = new Int32Array(ref.control);
    this.#mask = ref.capacitySlots - 1;
    this.#claimed = Atomics.load(this.#control, HEAD);
    this.#published = this.#claimed;
    this.#tailSeen = Atomics.load(this.#control, TAIL);
  }

  /** Claims the next slot. @returns its first word's index in `words`, or -1 when the ring is full */
  claim(): number {
    if (((this.#claimed - this.#tailSeen) | 0) >= this.capacitySlots) {
      this.#tailSeen = Atomics.load(this.#control, TAIL);
      if (((this.#claimed - this.#tailSeen) | 0) >= this.capacitySlots) return -1;
    }
    const at = (this.#claimed & this.#mask) * this.#slotWords;
    this.#claimed = (this.#claimed + 1) | 0;
    return at;
  }

  /** Hands every claimed slot to the consumer with one store. @returns how many there were */
  publish(): number {
    const count = (this.#claimed - this.#published) | 0;
    if (count === 0) return 0;
    this.#published = this.#claimed;
    Atomics.store(this.#control, HEAD, this.#claimed);
    return count;
  }

  /** Publishes what is claimed and tells the consumer that nothing follows. */
  close(): void {
    this.publish();
    Atomics.store(this.#control, CLOSED, 1);
  }

  /** Slots that the consumer has not given back; a snapshot, any thread's view may be older. */
  fill(): number {
    return (this.#claimed - Atomics.load(this.#control, TAIL)) | 0;
  }
}

/** The consumer's half. Thread: one. */
export class SlotRingReader {
  readonly words: Int32Array;
  readonly capacitySlots: number;
  readonly #slotWords: number;
  readonly #control: Int32Array;
  readonly #mask: number;
  #next: number;
  #headSeen: number;

  constructor(ref: SlotRingRef) {
    this.words = new Int32Array(mapRegion(ref.region).buffer);
    this.capacitySlots = ref.capacitySlots;
    this.#slotWords = ref.slotWords;
    this.#control = new Int32Array(ref.control);
    this.#mask = ref.capacitySlots - 1;
    this.#next = Atomics.load(this.#control, TAIL);
    this.#headSeen = this.#next;
  }

  /** How many slots may be read now; looks at the producer's cursor only when it knows of none. */
  available(): number {
    let count = (this.#headSeen - this.#next) | 0;
    if (count === 0) {
      this.#headSeen = Atomics.load(this.#control, HEAD);
      count = (this.#headSeen - this.#next) | 0;
    }
    return count;
  }

  /** The first word's index of the `i`th readable slot; 0 ≤ i < available(). */
  slot(i: number): number {
    return ((this.#next + i) & this.#mask) * this.#slotWords;
  }

  /** Gives the first `count` readable slots back with one store. */
  release(count: number): void {
    this.#next = (this.#next + count) | 0;
    Atomics.store(this.#control, TAIL, this.#next);
  }

  /** True when the producer has closed the ring and everything in it was released. */
  isFinished(): boolean {
    if (Atomics.load(this.#control, CLOSED) === 0) return false;
    return Atomics.load(this.#control, HEAD) === this.#next;
  }
}

/** Slots waiting to be read, for gauges; any thread. */
export function slotRingFill(ref: SlotRingRef): number {
  const control = new Int32Array(ref.control);
  return (Atomics.load(control, HEAD) - Atomics.load(control, TAIL)) | 0;
}
