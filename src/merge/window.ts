/**
 * Packets that wait, sorted by the sequence of their first message. Only descriptors are kept; the
 * header is read again when the packet leaves. Bounded, in typed arrays.
 *
 *   order   slot numbers, sorted by seq, from `head` to `tail`; equal sequences in arrival order
 *   slots   the descriptors; free slots lie on a stack
 *
 * Thread: merge's.
 */
import { assert, CHECKED } from "../core/assert.ts";

/** A packet's descriptor as PacketSink.onPacket gives it; one object is used again and again. */
export class PacketRef {
  feed = 0;
  frame = 0;
  offset = 0;
  length = 0;
  tsLo = 0;
  tsHi = 0;
  tsKind = 0;

  /** Takes a descriptor's fields. */
  set(
    feed: number,
    frame: number,
    offset: number,
    length: number,
    tsLo: number,
    tsHi: number,
    tsKind: number,
  ): void {
    this.feed = feed;
    this.frame = frame;
    this.offset = offset;
    this.length = length;
    this.tsLo = tsLo;
    this.tsHi = tsHi;
    this.tsKind = tsKind;
  }
}

/** A bounded list of packet descriptors, sorted by sequence. */
export class PacketWindow {
  readonly capacity: number;
  /** [0]: the sequence that insert() sorts by; not an argument, which would be boxed (missing.ts). */
  readonly insertSeq = new Float64Array(1);
  /** What takeFirst() took last. */
  readonly taken = new PacketRef();
  readonly #seq: Float64Array;
  readonly #feed: Uint8Array;
  readonly #frame: Int32Array;
  readonly #offset: Int32Array;
  readonly #length: Int32Array;
  readonly #tsLo: Int32Array;
  readonly #tsHi: Int32Array;
  readonly #tsKind: Uint8Array;
  readonly #order: Int32Array;
  readonly #free: Int32Array;
  #head = 0;
  #tail = 0;
  #freeCount: number;

  /** @param capacity packets at most */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.#seq = new Float64Array(capacity);
    this.#feed = new Uint8Array(capacity);
    this.#frame = new Int32Array(capacity);
    this.#offset = new Int32Array(capacity);
    this.#length = new Int32Array(capacity);
    this.#tsLo = new Int32Array(capacity);
    this.#tsHi = new Int32Array(capacity);
    this.#tsKind = new Uint8Array(capacity);
    this.#order = new Int32Array(2 * capacity);
    this.#free = new Int32Array(capacity);
    this.#freeCount = capacity;
    this.clear();
  }

  /** Forgets every packet; whoever owns the frames knows. */
  clear(): void {
    const capacity = this.capacity;
    this.#head = 0;
    this.#tail = 0;
    this.#freeCount = capacity;
    for (let i = 0; i < capacity; i++) this.#free[i] = capacity - 1 - i;
  }

  /** Packets held. */
  get count(): number {
    return this.#tail - this.#head;
  }

  /** The lowest sequence held; only when count > 0. */
  get firstSeq(): number {
    return this.#seq[this.#order[this.#head] as number] as number;
  }

  /** Puts a packet in its place; the caller has made sure that count < capacity. */
  insert(packet: PacketRef): void {
    if (CHECKED) assert(this.#freeCount > 0, "WINDOW_FULL");
    const slot = this.#free[--this.#freeCount] as number;
    this.#seq[slot] = this.insertSeq[0] as number;
    this.#feed[slot] = packet.feed;
    this.#frame[slot] = packet.frame;
    this.#offset[slot] = packet.offset;
    this.#length[slot] = packet.length;
    this.#tsLo[slot] = packet.tsLo;
    this.#tsHi[slot] = packet.tsHi;
    this.#tsKind[slot] = packet.tsKind;
    const order = this.#order;
    if (this.#tail === order.length) {
      order.copyWithin(0, this.#head, this.#tail);
      this.#tail -= this.#head;
      this.#head = 0;
    }
    const at = this.#place();
    if (at < this.#tail) order.copyWithin(at + 1, at, this.#tail);
    order[at] = slot;
    this.#tail++;
  }

  /** Takes the first packet out. @returns `taken`, valid until the next call */
  takeFirst(): PacketRef {
    if (CHECKED) assert(this.count > 0, "WINDOW_EMPTY");
    const slot = this.#order[this.#head] as number;
    this.#head++;
    if (this.#head === this.#tail) {
      this.#head = 0;
      this.#tail = 0;
    }
    this.#free[this.#freeCount++] = slot;
    const taken = this.taken;
    taken.feed = this.#feed[slot] as number;
    taken.frame = this.#frame[slot] as number;
    taken.offset = this.#offset[slot] as number;
    taken.length = this.#length[slot] as number;
    taken.tsLo = this.#tsLo[slot] as number;
    taken.tsHi = this.#tsHi[slot] as number;
    taken.tsKind = this.#tsKind[slot] as number;
    return taken;
  }

  /** Where the packet to insert belongs: after all that are not above it. */
  #place(): number {
    const seq = this.insertSeq[0] as number;
    const order = this.#order;
    let low = this.#head;
    let high = this.#tail;
    if (low === high || (this.#seq[order[high - 1] as number] as number) <= seq) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#seq[order[middle] as number] as number) > seq) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
