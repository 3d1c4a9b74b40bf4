/**
 * The converter's book of one instrument: what a reader of the output has at this moment. Orders
 * stand in Maps; queues are arrays, oldest first. Slow and plain: the tool is offline.
 */

/** Synthetic orders have references from here up; LOBSTER's own ids stay below. */
export const SYNTHETIC_REF = 2 ** 40;

/** A resting order. */
export interface BookOrder {
  readonly ref: number;
  /** 0 bid, 1 ask. */
  readonly side: number;
  readonly px: number;
  /** At least 1. */
  qty: number;
}

/** The book. */
export class LobsterBook {
  readonly #orders = new Map<number, BookOrder>();
  /** Per side: price to queue. */
  readonly #levels = [new Map<number, BookOrder[]>(), new Map<number, BookOrder[]>()] as const;
  #synthetic = SYNTHETIC_REF;

  /** Orders resting. */
  get size(): number {
    return this.#orders.size;
  }

  /** A reference that was never used. */
  newRef(): number {
    return this.#synthetic++;
  }

  get(ref: number): BookOrder | undefined {
    return this.#orders.get(ref);
  }

  /** Adds at the tail of its level; the reference must be free. */
  add(ref: number, side: number, px: number, qty: number): void {
    const order: BookOrder = { ref, side, px, qty };
    this.#orders.set(ref, order);
    const levels = this.#side(side);
    const queue = levels.get(px);
    if (queue === undefined) levels.set(px, [order]);
    else queue.push(order);
  }

  /** Takes `qty`, at most what is left, off an order; it is gone when nothing is left. */
  reduce(order: BookOrder, qty: number): void {
    order.qty -= qty;
    if (order.qty > 0) return;
    this.#orders.delete(order.ref);
    const levels = this.#side(order.side);
    const queue = levels.get(order.px) as BookOrder[];
    queue.splice(queue.indexOf(order), 1);
    if (queue.length === 0) levels.delete(order.px);
  }

  /** The queue of a level, oldest first; empty when nothing stands there. A copy. */
  queue(side: number, px: number): BookOrder[] {
    return [...(this.#side(side).get(px) ?? [])];
  }

  /** Shares of a level. */
  levelQty(side: number, px: number): number {
    let sum = 0;
    for (const order of this.#side(side).get(px) ?? []) sum += order.qty;
    return sum;
  }

  /** Prices of a side that are not worse than `limit`; all of them when it is null. */
  pricesTo(side: number, limit: number | null): number[] {
    const found: number[] = [];
    for (const px of this.#side(side).keys()) {
      if (limit === null || (side === 0 ? px >= limit : px <= limit)) found.push(px);
    }
    return found.sort((a, b) => (side === 0 ? b - a : a - b));
  }

  #side(side: number): Map<number, BookOrder[]> {
    return side === 0 ? this.#levels[0] : this.#levels[1];
  }
}
