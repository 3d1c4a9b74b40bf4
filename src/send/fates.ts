/**
 * Which packets are taken from which feed, so that `never-both` holds although A and B are cut
 * differently: ranges that a feed does not carry, or carries late, are remembered while the other
 * feed may still cut a packet that overlaps them.
 */
import type { RangeSet } from "./truth.ts";

/** Why a range is remembered; each is worse than the one before. */
export const Fate = { LATE: 1, DROPPED: 2, FORCED: 3 } as const;

/** One feed's ranges that matter to the other. */
export class FateTrack {
  #from: number[] = [];
  #to: number[] = [];
  #fate: number[] = [];

  /** Remembers a packet's range, `to` exclusive; ranges come in order. */
  add(from: number, to: number, fate: number): void {
    this.#from.push(from);
    this.#to.push(to);
    this.#fate.push(fate);
  }

  /** True when [from, to) overlaps a range whose fate is in `min` to `max`. */
  overlaps(from: number, to: number, min: number, max: number): boolean {
    for (let i = this.#from.length - 1; i >= 0 && (this.#to[i] as number) > from; i--) {
      const fate = this.#fate[i] as number;
      if ((this.#from[i] as number) < to && fate >= min && fate <= max) return true;
    }
    return false;
  }

  /** Puts what [from, to) shares with dropped ranges into `out`. */
  shared(from: number, to: number, out: RangeSet): void {
    for (let i = this.#from.length - 1; i >= 0 && (this.#to[i] as number) > from; i--) {
      const low = Math.max(from, this.#from[i] as number);
      const high = Math.min(to, this.#to[i] as number);
      if (low < high && (this.#fate[i] as number) >= Fate.DROPPED) out.add(low, high);
    }
  }

  /** Forgets ranges that end at or before `seq`. */
  forget(seq: number): void {
    let n = 0;
    while (n < this.#to.length && (this.#to[n] as number) <= seq) n++;
    if (n < 64) return;
    this.#from = this.#from.slice(n);
    this.#to = this.#to.slice(n);
    this.#fate = this.#fate.slice(n);
  }
}
