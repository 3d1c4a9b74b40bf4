/**
 * A slow, obvious book for tests, written from the rules and not from the code: Maps, arrays and
 * BigInts, its own parser of raw ITCH 5.0 messages, its own book hash. Nothing here imports src/.
 *
 * Sources: Nasdaq TotalView-ITCH 5.0; design pages raw-v1 ("Meaning") and book-hash.
 */

/** What a model says happened, as text lines such as `add 1 7 bid 100 50`. */
export type ModelEvent = string;

interface ModelOrder {
  readonly instrument: bigint;
  readonly id: bigint;
  readonly side: 0 | 1;
  readonly price: bigint;
  quantity: bigint;
}

/** What bad input a model met. */
export interface ModelCounts {
  unknown: number;
  duplicates: number;
  overExecutions: number;
  overCancels: number;
  zero: number;
}

/** A level's queue, for comparing. */
export interface ModelLevel {
  readonly price: bigint;
  readonly orders: readonly { readonly id: bigint; readonly quantity: bigint }[];
}

const PI = (
  "243F6A88 85A308D3 13198A2E 03707344 A4093822 299F31D0 082EFA98 EC4E6C89 452821E6 38D01377 BE5466CF " +
  "34E90C6C C0AC29B7 C97C50DD 3F84D5B5 B5470917 9216D5D9 8979FB1B D1310BA6 98DFB5AC 2FFD72DB D01ADFB7"
)
  .split(" ")
  .map((word) => BigInt(`0x${word}`));

const M32 = 0xffffffffn;

function fin(word: bigint): bigint {
  let h = word & M32;
  h ^= h >> 16n;
  h = (h * 0x85ebca6bn) & M32;
  h ^= h >> 13n;
  h = (h * 0xc2b2ae35n) & M32;
  return h ^ (h >> 16n);
}

/** Order books with price-time priority. */
export class SlowModel {
  /** Live orders by id; insertion order is arrival order, which makes it the queue order too. */
  readonly orders = new Map<bigint, ModelOrder>();
  readonly counts: ModelCounts = {
    unknown: 0,
    duplicates: 0,
    overExecutions: 0,
    overCancels: 0,
    zero: 0,
  };
  events: ModelEvent[] = [];

  /** Applies one raw ITCH message (without the length before it). */
  message(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const type = String.fromCharCode(bytes[0] ?? 0);
    const locate = BigInt(view.getUint16(1));
    if (type === "A" || type === "F") {
      const side = bytes[19] === 0x53 ? 1 : 0;
      const quantity = BigInt(view.getUint32(20));
      this.add(locate, view.getBigUint64(11), side, BigInt(view.getUint32(32)), quantity);
    } else if (type === "D") this.delete(view.getBigUint64(11));
    else if (type === "X") this.cancel(view.getBigUint64(11), BigInt(view.getUint32(19)));
    else if (type === "E") {
      const match = view.getBigUint64(23);
      this.execute(view.getBigUint64(11), BigInt(view.getUint32(19)), null, match);
    } else if (type === "C") {
      const price = BigInt(view.getUint32(32));
      const match = view.getBigUint64(23);
      this.execute(view.getBigUint64(11), BigInt(view.getUint32(19)), price, match);
    } else if (type === "U") {
      const quantity = BigInt(view.getUint32(27));
      const price = BigInt(view.getUint32(31));
      this.replace(view.getBigUint64(11), view.getBigUint64(19), price, quantity);
    }
  }

  add(instrument: bigint, id: bigint, side: 0 | 1, price: bigint, quantity: bigint): void {
    if (quantity === 0n) {
      this.counts.zero++;
      return;
    }
    this.#displace(id);
    this.orders.set(id, { instrument, id, side, price, quantity });
    const name = side === 0 ? "bid" : "ask";
    this.events.push(`add ${instrument} ${id} ${name} ${price} ${quantity}`);
  }

  delete(id: bigint): void {
    const order = this.#known(id);
    if (order !== undefined) this.#gone(order);
  }

  cancel(id: bigint, quantity: bigint): void {
    const order = this.#known(id);
    if (order === undefined) return;
    if (quantity === 0n) this.counts.zero++;
    else if (quantity >= order.quantity) {
      if (quantity > order.quantity) this.counts.overCancels++;
      this.#gone(order);
    } else {
      order.quantity -= quantity;
      this.events.push(`cancel ${order.instrument} ${id} ${quantity}`);
    }
  }

  execute(id: bigint, quantity: bigint, price: bigint | null, match: bigint): void {
    const order = this.#known(id);
    if (order === undefined) return;
    if (quantity === 0n) {
      this.counts.zero++;
      return;
    }
    if (quantity > order.quantity) this.counts.overExecutions++;
    const traded = quantity < order.quantity ? quantity : order.quantity;
    const at = price ?? order.price;
    const aggressor = order.side === 0 ? "sell" : "buy";
    this.events.push(`execute ${order.instrument} ${id} ${traded} ${at} ${aggressor} ${match}`);
    order.quantity -= traded;
    if (order.quantity === 0n) this.orders.delete(id);
  }

  replace(id: bigint, newId: bigint, price: bigint, quantity: bigint): void {
    const order = this.#known(id);
    if (order === undefined) return;
    this.#gone(order);
    if (quantity === 0n) this.counts.zero++;
    else this.add(order.instrument, newId, order.side, price, quantity);
  }

  /** A new session: every live order is cancelled, in the order of a snapshot. */
  newSession(): void {
    for (const instrument of this.instruments()) {
      for (const side of [0, 1] as const) {
        for (const level of this.levels(instrument, side)) {
          for (const order of level.orders) this.events.push(`cancel ${instrument} ${order.id} 0`);
        }
      }
    }
    this.orders.clear();
  }

  /** Instruments with live orders, lowest first. */
  instruments(): bigint[] {
    const found = new Set([...this.orders.values()].map((order) => order.instrument));
    return [...found].sort((a, b) => (a < b ? -1 : 1));
  }

  /** A side's levels, best price first. */
  levels(instrument: bigint, side: 0 | 1): ModelLevel[] {
    const byPrice = new Map<bigint, { id: bigint; quantity: bigint }[]>();
    for (const order of this.orders.values()) {
      if (order.instrument !== instrument || order.side !== side) continue;
      const queue = byPrice.get(order.price) ?? [];
      queue.push({ id: order.id, quantity: order.quantity });
      byPrice.set(order.price, queue);
    }
    const prices = [...byPrice.keys()].sort((a, b) => (a < b ? -1 : 1));
    if (side === 0) prices.reverse();
    return prices.map((price) => ({ price, orders: byPrice.get(price) ?? [] }));
  }

  /** Book hash version 1 over all instruments, as 16 hex digits. */
  hashHex(): string {
    const lanes = [0n, 0n];
    const lastOfLevel = new Map<string, [bigint, bigint]>();
    for (const order of this.orders.values()) {
      const level = `${order.instrument} ${order.side} ${order.price}`;
      const before = lastOfLevel.get(level) ?? [0n, 0n];
      const own: [bigint, bigint] = [0n, 0n];
      for (const lane of [0, 1] as const) {
        const m = (k: number): bigint => (PI[2 * k + lane] ?? 0n) | 1n;
        const low = (value: bigint): bigint => BigInt.asUintN(64, value) & M32;
        const high = (value: bigint): bigint => BigInt.asUintN(64, value) >> 32n;
        own[lane] = fin(
          (PI[lane] ?? 0n) +
            low(order.instrument) * m(1) +
            high(order.instrument) * m(2) +
            BigInt(order.side) * m(3) +
            low(order.price) * m(4) +
            high(order.price) * m(5) +
            low(order.id) * m(6) +
            high(order.id) * m(7),
        );
        const term = fin(
          own[lane] +
            low(order.quantity) * m(8) +
            high(order.quantity) * m(9) +
            before[lane] * m(10),
        );
        lanes[lane] = ((lanes[lane] ?? 0n) + term) & M32;
      }
      lastOfLevel.set(level, own);
    }
    const text = (lane: number): string => (lanes[lane] ?? 0n).toString(16).padStart(8, "0");
    return text(1) + text(0);
  }

  #known(id: bigint): ModelOrder | undefined {
    const order = this.orders.get(id);
    if (order === undefined) this.counts.unknown++;
    return order;
  }

  #gone(order: ModelOrder): void {
    this.orders.delete(order.id);
    this.events.push(`cancel ${order.instrument} ${order.id} 0`);
  }

  #displace(id: bigint): void {
    const live = this.orders.get(id);
    if (live === undefined) return;
    this.counts.duplicates++;
    this.#gone(live);
  }
}
