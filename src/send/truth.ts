/** What was really sent: counts, and the messages that neither feed carried. */

/** One feed's packets. */
export interface FeedTruth {
  /** Data packets cut from the stream, before faults. */
  packets: number;
  /** Of these, not sent: drops, cuts and losses. */
  dropped: number;
  /** Sent once more. */
  duplicated: number;
  /** Overtaken by at least one later packet. */
  reordered: number;
  /** Held back by `delay`. */
  delayed: number;
  /** Data packets put on the wire: packets - dropped + duplicated. */
  sent: number;
  heartbeats: number;
  endOfSession: number;
}

/** What `--truth` writes. */
export interface Truth {
  messages: number;
  /** Sequence of the first message, and the next after the last. */
  first: number;
  next: number;
  /** Ranges lost on every feed, inclusive, ascending, not adjacent. */
  lost: [number, number][];
  feeds: { a: FeedTruth; b?: FeedTruth };
}

/** No packet yet. */
export function emptyFeedTruth(): FeedTruth {
  return {
    packets: 0,
    dropped: 0,
    duplicated: 0,
    reordered: 0,
    delayed: 0,
    sent: 0,
    heartbeats: 0,
    endOfSession: 0,
  };
}

/** Collects ranges; `to` exclusive while collecting. */
export class RangeSet {
  readonly #from: number[] = [];
  readonly #to: number[] = [];

  /** Adds a range; ranges of one set never overlap, and come almost in order. */
  add(from: number, to: number): void {
    let at = this.#from.length;
    while (at > 0 && (this.#from[at - 1] as number) > from) at--;
    if (at > 0 && this.#to[at - 1] === from) {
      this.#to[at - 1] = to;
      if (this.#from[at] === to) {
        this.#to[at - 1] = this.#to[at] as number;
        this.#from.splice(at, 1);
        this.#to.splice(at, 1);
      }
    } else if (this.#from[at] === to) this.#from[at] = from;
    else {
      this.#from.splice(at, 0, from);
      this.#to.splice(at, 0, to);
    }
  }

  /** Everything, inclusive at both ends. */
  toInclusive(): [number, number][] {
    return this.#from.map((from, i) => [from, (this.#to[i] as number) - 1]);
  }
}
