/**
 * A random EOBI market of one product, with the books that it makes: a slow model of plain lists.
 * Every step is a transaction on the incremental channel; at any time it renders the product's
 * snapshot cycle as the manual draws it.
 */
import { type SpecOrder, specHash } from "../book/spec-hash.ts";
import { eobiMessage, eobiPacket, type Fields } from "./eobi-encoder.ts";

/** A number below `n`. */
export type Pick = (n: number) => number;

interface ModelOrder {
  readonly security: bigint;
  /** 1 buy, 2 sell. */
  readonly side: number;
  priority: bigint;
  px: bigint;
  qty: bigint;
}

/** The market segment of the product. */
export const SEGMENT = 688;
const SECURITIES = [2n ** 40n + 1n, 2n ** 40n + 2n, 77n, 2n ** 62n + 9n] as const;

/** The market. */
export class EobiMarketModel {
  /** MsgSeqNum of the next message. */
  seq = 1;
  readonly #pick: Pick;
  #orders: ModelOrder[] = [];
  #clock = 1_772_000_000_000_000_000n;
  #packets = 0;

  constructor(pick: Pick) {
    this.#pick = pick;
  }

  /** The book hash as it stands. */
  hash(): string {
    return specHash(this.levels());
  }

  /** Live orders in queue order, a list for each level. */
  levels(): SpecOrder[][] {
    const levels = new Map<string, SpecOrder[]>();
    for (const { security, side, priority, px, qty } of this.#byPriority()) {
      const key = `${security} ${side} ${px}`;
      const level = levels.get(key) ?? [];
      levels.set(key, level);
      const id = side === 1 ? priority : priority | (1n << 63n);
      level.push({ instrument: security, id, side: side - 1, px, qty });
    }
    return [...levels.values()];
  }

  /** Something happens. @returns its datagram */
  step(): Buffer {
    const roll = this.#pick(100);
    const order = this.#orders[this.#pick(Math.max(1, this.#orders.length))];
    let messages: Buffer[];
    if (order === undefined || roll < 45) messages = this.#add();
    else if (roll < 60) messages = this.#modify(order);
    else if (roll < 68) messages = this.#less(order);
    else if (roll < 80) messages = this.#delete(order);
    else if (roll < 94) messages = this.#execute(order);
    else if (roll < 96) messages = this.#massDelete(order.security);
    else messages = this.#noise(order.security);
    return eobiPacket(messages, { segment: SEGMENT, applSeq: ++this.#packets });
  }

  /**
   * The product's snapshot as it stands, in datagrams.
   *
   * @param from MsgSeqNum of the cycle's first message @param appl ApplSeqNum of its first datagram
   * @param perPacket messages of a datagram
   */
  snapshot(from: number, appl: number, perPacket: number): Buffer[] {
    let seq = from;
    const messages = [
      eobiMessage("ProductSummary", { LastMsgSeqNumProcessed: this.seq - 1 }, seq++),
    ];
    for (const security of SECURITIES) {
      const orders = this.#byPriority().filter((order) => order.security === security);
      messages.push(
        eobiMessage(
          "InstrumentSummary",
          { SecurityID: security, TotNoOrders: orders.length, SecurityTradingStatus: 203 },
          seq++,
        ),
      );
      for (const order of zigzag(orders)) {
        messages.push(eobiMessage("SnapshotOrder", { OrderDetails: details(order) }, seq++));
      }
    }
    const packets: Buffer[] = [];
    for (let i = 0; i < messages.length; i += perPacket) {
      packets.push(
        eobiPacket(messages.slice(i, i + perPacket), {
          segment: SEGMENT,
          applSeq: appl + packets.length,
          complete: i + perPacket >= messages.length,
        }),
      );
    }
    return packets;
  }

  #byPriority(): ModelOrder[] {
    return [...this.#orders].sort((a, b) => (a.priority < b.priority ? -1 : 1));
  }

  #message(name: string, fields: Fields): Buffer {
    return eobiMessage(name, fields, this.seq++);
  }

  #next(): bigint {
    this.#clock += 1n + BigInt(this.#pick(1_000_000));
    return this.#clock;
  }

  #add(): Buffer[] {
    const order: ModelOrder = {
      security: SECURITIES[this.#pick(SECURITIES.length)] as bigint,
      side: 1 + this.#pick(2),
      priority: this.#next(),
      px: 100_000_000n * BigInt(this.#pick(12) - 5),
      qty: 10_000n * BigInt(1 + this.#pick(50)),
    };
    this.#orders.push(order);
    return [
      this.#message("OrderAdd", { SecurityID: order.security, OrderDetails: details(order) }),
    ];
  }

  #modify(order: ModelOrder): Buffer[] {
    const before = order.priority;
    order.priority = this.#next();
    order.px = 100_000_000n * BigInt(this.#pick(12) - 5);
    order.qty = 10_000n * BigInt(1 + this.#pick(50));
    return [
      this.#message("OrderModify", {
        TrdRegTSPrevTimePriority: before,
        SecurityID: order.security,
        OrderDetails: details(order),
      }),
    ];
  }

  #less(order: ModelOrder): Buffer[] {
    order.qty = order.qty > 10_000n ? order.qty - 10_000n : order.qty;
    const fields = { SecurityID: order.security, OrderDetails: details(order) };
    return [this.#message("OrderModifySamePrio", fields)];
  }

  #delete(order: ModelOrder): Buffer[] {
    this.#orders = this.#orders.filter((one) => one !== order);
    const fields = { SecurityID: order.security, OrderDetails: details(order) };
    return [this.#message("OrderDelete", fields)];
  }

  #execute(order: ModelOrder): Buffer[] {
    const isFull = order.qty === 10_000n || this.#pick(2) === 0;
    const qty = isFull ? order.qty : 10_000n;
    order.qty -= qty;
    if (isFull) this.#orders = this.#orders.filter((one) => one !== order);
    const common = { SecurityID: order.security, LastQty: qty, LastPx: order.px };
    return [
      this.#message("ExecutionSummary", { ...common, AggressorSide: 3 - order.side }),
      this.#message(isFull ? "FullOrderExecution" : "PartialOrderExecution", {
        ...common,
        Side: order.side,
        TrdMatchID: this.seq,
        TrdRegTSTimePriority: order.priority,
      }),
    ];
  }

  #massDelete(security: bigint): Buffer[] {
    this.#orders = this.#orders.filter((one) => one.security !== security);
    return [this.#message("OrderMassDelete", { SecurityID: security })];
  }

  #noise(security: bigint): Buffer[] {
    return [
      this.#message("TradeReport", { SecurityID: security, LastQty: 1, LastPx: 2, TrdMatchID: 3 }),
      this.#message("ProductStateChange", { TradSesStatus: 2, FastMarketIndicator: 0 }),
    ];
  }
}

function details({ priority, qty, side, px }: ModelOrder): Fields {
  return { TrdRegTSTimePriority: priority, DisplayQty: qty, Side: side, Price: px };
}

/** Level by level from the best, buy and sell in turn, each level by priority. */
function zigzag(orders: readonly ModelOrder[]): ModelOrder[] {
  const levelsOf = (side: number): ModelOrder[][] => {
    const own = orders.filter((order) => order.side === side);
    const prices = [...new Set(own.map(({ px }) => px))].sort((a, b) => (a < b ? -1 : 1));
    if (side === 1) prices.reverse();
    return prices.map((px) => own.filter((order) => order.px === px));
  };
  const [bids, asks] = [levelsOf(1), levelsOf(2)];
  return Array.from({ length: Math.max(bids.length, asks.length) }, (_, i) => [
    ...(bids[i] ?? []),
    ...(asks[i] ?? []),
  ]).flat();
}
