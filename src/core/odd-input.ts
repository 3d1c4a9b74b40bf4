/**
 * Input that is none of the protocol's, in shared memory: message types that no decoder knows,
 * counted by id, and packets of another protocol or release. Bounded: the first 64 ids have a count
 * each, all others share one. what is told of it, and how often, is metrics/odd-input-log.ts's.
 *
 *   0 types used │ 1 messages of other ids │ 2 … 129 id, count, id, count, …       UnknownTypes
 *   130 … 132 count, length and first 4 bytes of the last one, feed A │ 133 … B    ForeignPackets
 *
 * Thread: UnknownTypes is written by decode's, ForeignPackets by merge's; anybody reads.
 */
import { FEED_COUNT } from "./sinks.ts";

/** Ids that are counted each by itself. */
export const UNKNOWN_IDS_MAX = 64;

const USED = 0;
const OTHERS = 1;
const IDS = 2;
const FOREIGN = IDS + 2 * UNKNOWN_IDS_MAX;
const FOREIGN_DOUBLES = 3;
const HEAD_BYTES = 4;

/** Takes the memory of both. */
export function takeOddInput(): SharedArrayBuffer {
  return new SharedArrayBuffer((FOREIGN + FEED_COUNT * FOREIGN_DOUBLES) * 8);
}

/** One message type that nobody knows. */
export interface UnknownType {
  /** Type letter, template id: the protocol's own number. */
  readonly id: number;
  readonly count: number;
}

/** Messages of unknown types by id. */
export class UnknownTypes {
  readonly #words: Float64Array;

  constructor(buffer: ArrayBufferLike) {
    this.#words = new Float64Array(buffer);
  }

  /** Counts one. @param id of the protocol, 0 to 2^32 - 1, signed or not */
  note(id: number): void {
    const words = this.#words;
    const used = words[USED] as number;
    const wanted = id >>> 0;
    for (let i = 0; i < used; i++) {
      const at = IDS + 2 * i;
      if (words[at] !== wanted) continue;
      words[at + 1] = (words[at + 1] as number) + 1;
      return;
    }
    if (used === UNKNOWN_IDS_MAX) {
      words[OTHERS] = (words[OTHERS] as number) + 1;
      return;
    }
    words[IDS + 2 * used] = wanted;
    words[IDS + 2 * used + 1] = 1;
    words[USED] = used + 1;
  }

  /** Nothing counted yet. */
  reset(): void {
    this.#words.fill(0, USED, FOREIGN);
  }

  /** Each id with its count, in the order they came. */
  list(): UnknownType[] {
    const words = this.#words;
    return Array.from({ length: words[USED] as number }, (_, i) => ({
      id: words[IDS + 2 * i] as number,
      count: words[IDS + 2 * i + 1] as number,
    }));
  }

  /** The same for people and programs: counts by decimal id, the rest as `other`. */
  byId(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { id, count } of this.list()) counts[id] = count;
    const others = this.others();
    return others === 0 ? counts : { ...counts, other: others };
  }

  /** Messages of ids that found no place of their own. */
  others(): number {
    return this.#words[OTHERS] as number;
  }
}

/** What is known of a feed's foreign packets. */
export interface ForeignFacts {
  readonly count: number;
  /** Of the last one, bytes. */
  readonly length: number;
  /** First bytes of the last one as hex, at most 4. */
  readonly head: string;
}

/** Packets of another protocol or release, by feed. */
export class ForeignPackets {
  readonly #words: Float64Array;

  constructor(buffer: ArrayBufferLike) {
    this.#words = new Float64Array(buffer);
  }

  /** Counts one. @param at where it begins in `data` @param length bytes, all of them in `data` */
  note(feed: number, data: DataView, at: number, length: number): void {
    const words = this.#words;
    const place = FOREIGN + feed * FOREIGN_DOUBLES;
    let head = 0;
    for (let i = 0; i < HEAD_BYTES; i++) {
      head = (head << 8) | (i < length ? data.getUint8(at + i) : 0);
    }
    words[place] = (words[place] as number) + 1;
    words[place + 1] = length;
    words[place + 2] = head >>> 0;
  }

  /** Nothing counted yet. */
  reset(): void {
    this.#words.fill(0, FOREIGN);
  }

  read(feed: number): ForeignFacts {
    const place = FOREIGN + feed * FOREIGN_DOUBLES;
    const length = this.#words[place + 1] as number;
    const head = (this.#words[place + 2] as number).toString(16).padStart(2 * HEAD_BYTES, "0");
    return {
      count: this.#words[place] as number,
      length,
      head: head.slice(0, 2 * Math.min(length, HEAD_BYTES)),
    };
  }
}
