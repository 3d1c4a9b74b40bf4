/**
 * Which messages the datagrams of a capture hold, so that faults and the truth can speak of
 * messages while the plan counts datagrams, from 1. Datagrams may come twice, in any order, or hold
 * no numbered message at all. Thread: the sender's.
 */
import type { LoseFault } from "./faults.ts";

/** A range of messages, `to` exclusive. */
type Range = readonly [from: number, to: number];

/** Numbers of datagrams. */
export class Numbering {
  readonly #seq: number[] = [];
  readonly #count: number[] = [];

  /** The next datagram holds these; count 0: none that is numbered. */
  add(seq: number, count: number): void {
    this.#seq.push(seq);
    this.#count.push(count);
  }

  /** True when a datagram holds any message of a fault's range. */
  holds(datagram: number, { from, to }: LoseFault): boolean {
    const seq = this.#seq[datagram - 1] as number;
    const count = this.#count[datagram - 1] as number;
    return count > 0 && seq <= to && seq + count > from;
  }

  /** Different messages, the lowest, and the one after the highest; all 1 where there are none. */
  extent(): { messages: number; first: number; next: number } {
    const all = merged(this.#ranges(() => true));
    const [first] = all;
    const messages = all.reduce((sum, [from, to]) => sum + to - from, 0);
    if (first === undefined) return { messages, first: 1, next: 1 };
    return { messages, first: first[0], next: (all.at(-1) as Range)[1] };
  }

  /** Messages that only lost datagrams held, as inclusive ranges. @param lost datagrams */
  lost(lost: readonly (readonly [number, number])[]): [number, number][] {
    const isLost = new Uint8Array(this.#seq.length + 1);
    for (const [from, to] of lost) isLost.fill(1, from, to + 1);
    const gone = merged(this.#ranges((datagram) => isLost[datagram] === 1));
    const there = merged(this.#ranges((datagram) => isLost[datagram] === 0));
    return without(gone, there).map(([from, to]) => [from, to - 1]);
  }

  #ranges(isWanted: (datagram: number) => boolean): Range[] {
    return this.#seq.flatMap((seq, i): Range[] => {
      const count = this.#count[i] as number;
      return count > 0 && isWanted(i + 1) ? [[seq, seq + count]] : [];
    });
  }
}

/** Ranges ascending, overlapping and adjacent ones joined. */
function merged(ranges: readonly Range[]): Range[] {
  const out: [number, number][] = [];
  for (const [from, to] of [...ranges].sort((x, y) => x[0] - y[0])) {
    const last = out.at(-1);
    if (last === undefined || from > last[1]) out.push([from, to]);
    else last[1] = Math.max(last[1], to);
  }
  return out;
}

/** What of `ranges` is not in `others`; both merged. */
function without(ranges: readonly Range[], others: readonly Range[]): Range[] {
  const out: Range[] = [];
  let other = 0;
  for (const [from, to] of ranges) {
    let at = from;
    while (other < others.length && (others[other] as Range)[1] <= at) other++;
    for (let i = other; i < others.length && (others[i] as Range)[0] < to; i++) {
      const [begin, end] = others[i] as Range;
      if (begin > at) out.push([at, begin]);
      at = Math.max(at, end);
    }
    if (at < to) out.push([at, to]);
  }
  return out;
}
