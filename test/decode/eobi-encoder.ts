/**
 * Writes EOBI 14.1 for tests: any message from fields by name, by the layout table; and an ITCH
 * stream rendered as EOBI, with executions and their summaries, and packets that hold transactions.
 */
import { isGroup, type LayoutTable, loadTable } from "../../src/decode/layouts/table.ts";
import type { SpecOrder } from "../book/spec-hash.ts";
import type { WalkMessage } from "../convert/lobster-walk.ts";

type Value = bigint | number | string | null | Fields | readonly Fields[];

/** Fields of a message or group entry by name; what is left out is no value. */
export interface Fields {
  readonly [name: string]: Value;
}

const TABLE: LayoutTable = loadTable("eobi-14.1");
const HEADER_BYTES = 8;

/** One message. @param seq MsgSeqNum, null for none */
export function eobiMessage(name: string, fields: Fields, seq: number | null = null): Buffer {
  const row = TABLE.messages.find((message) => message.name === name);
  if (row === undefined) throw new Error(`no message ${name}`);
  const out = Buffer.alloc(row.bytes);
  out.writeUInt16LE(row.bytes, 0);
  out.writeUInt16LE(Number(row.id), 2);
  out.writeUInt32LE(seq ?? 0xffff_ffff, 4);
  for (const field of row.fields) {
    if (!isGroup(field)) {
      put(out, field.offset, field.type, fields[field.name] as Value);
      continue;
    }
    const value = fields[field.group] ?? {};
    const entries = (Array.isArray(value) ? value : [value]) as Fields[];
    for (const [i, entry] of entries.entries()) {
      const at = field.offset + i * field.entryBytes;
      for (const one of field.fields) put(out, at + one.offset, one.type, entry[one.name] as Value);
    }
  }
  return out;
}

function put(out: Buffer, at: number, typeName: string, value: Value | undefined): void {
  const type = TABLE.types[typeName];
  if (type === undefined || type.kind === "pad") return;
  if (typeof value === "string") {
    out.write(value, at, type.bytes, "latin1");
    return;
  }
  if (type.kind === "text") return;
  const none = BigInt(type.noValue ?? "0x0");
  let bits = value === null || value === undefined ? none : BigInt(value as bigint | number);
  bits = BigInt.asUintN(type.bytes * 8, bits);
  for (let i = 0; i < type.bytes; i++) out[at + i] = Number((bits >> BigInt(8 * i)) & 0xffn);
}

/** A datagram. @param complete whether it ends a transaction */
export function eobiPacket(
  messages: readonly Buffer[],
  {
    segment = 1373,
    complete = true,
    applSeq = 1,
    isReset = false,
    timeNs = 1_772_000_000_000_000_000n,
  } = {},
): Buffer {
  const header = eobiMessage("PacketHeader", {
    ApplSeqNum: applSeq,
    MarketSegmentID: segment,
    PartitionID: 3,
    CompletionIndicator: complete ? 1 : 0,
    ApplSeqResetIndicator: isReset ? 1 : 0,
    DSCP: null,
    TransactTime: timeNs,
  });
  return Buffer.concat([header, ...messages]);
}

interface Order {
  readonly security: bigint;
  readonly side: number;
  priority: bigint;
  px: bigint;
  qty: bigint;
}

const SCALE = 10_000n;
const EPOCH_NS = 1_340_236_800_000_000_000n;

/** Renders an ITCH stream: every message becomes the transaction that says the same in EOBI. */
export class EobiRenderer {
  /** Next MsgSeqNum. */
  seq = 1;
  readonly #orders = new Map<string, Order>();
  readonly #securityOf: (locate: number) => bigint;
  #priority = 0n;
  #match = 0;

  constructor(securityOf: (locate: number) => bigint) {
    this.#securityOf = securityOf;
  }

  /** Live orders in queue order, a list for each level. */
  levels(): SpecOrder[][] {
    const levels = new Map<string, SpecOrder[]>();
    const orders = [...this.#orders.values()].sort((a, b) => (a.priority < b.priority ? -1 : 1));
    for (const { security, side, priority, px, qty } of orders) {
      const key = `${security} ${side} ${px}`;
      const level = levels.get(key) ?? [];
      levels.set(key, level);
      const id = side === 1 ? priority : priority | (1n << 63n);
      level.push({ instrument: security, id, side: side - 1, px, qty });
    }
    return [...levels.values()];
  }

  /** @returns the transaction's messages, none for types that EOBI would not send here */
  render({ type, locate, timeNs, body }: WalkMessage): Buffer[] {
    const ref = body.length >= 19 ? `${locate}:${body.readBigUInt64BE(11)}` : "";
    switch (type) {
      case "A":
      case "F":
        return this.#add(ref, locate, timeNs, body);
      case "E":
        return this.#execute(ref, BigInt(body.readUInt32BE(19)), null);
      case "C":
        return this.#execute(ref, BigInt(body.readUInt32BE(19)), BigInt(body.readUInt32BE(32)));
      case "X":
        return this.#reduce(ref, BigInt(body.readUInt32BE(19)));
      case "D":
        return this.#delete(ref);
      case "U":
        return this.#replace(ref, locate, timeNs, body);
      case "P":
        return [this.#message("TradeReport", this.#trade(locate, body))];
      default:
        return [];
    }
  }

  #message(name: string, fields: Fields): Buffer {
    return eobiMessage(name, fields, this.seq++);
  }

  #nextPriority(timeNs: number): bigint {
    const time = EPOCH_NS + BigInt(timeNs);
    this.#priority = time > this.#priority ? time : this.#priority + 1n;
    return this.#priority;
  }

  #add(ref: string, locate: number, timeNs: number, body: Buffer): Buffer[] {
    const order = {
      security: this.#securityOf(locate),
      side: body[19] === 0x42 ? 1 : 2,
      priority: this.#nextPriority(timeNs),
      px: BigInt(body.readUInt32BE(32)) * SCALE,
      qty: BigInt(body.readUInt32BE(20)) * SCALE,
    };
    this.#orders.set(ref, order);
    const fields = { SecurityID: order.security, OrderDetails: details(order) };
    return [this.#message("OrderAdd", { RequestTime: null, ...fields })];
  }

  #execute(ref: string, shares: bigint, price: bigint | null): Buffer[] {
    const order = this.#find(ref);
    const qty = shares * SCALE;
    const px = price === null ? order.px : price * SCALE;
    const match = ++this.#match;
    const name = qty === order.qty ? "FullOrderExecution" : "PartialOrderExecution";
    order.qty -= qty;
    if (order.qty === 0n) this.#orders.delete(ref);
    const aggressor = order.side === 1 ? 2 : 1;
    return [
      this.#message("ExecutionSummary", {
        SecurityID: order.security,
        ExecID: order.priority,
        LastQty: qty,
        AggressorSide: aggressor,
        LastPx: px,
        RestingCxlQty: 0n,
      }),
      this.#message(name, {
        Side: order.side,
        HHIIndicator: null,
        TrdMatchID: match,
        Price: order.px,
        TrdRegTSTimePriority: order.priority,
        SecurityID: order.security,
        LastQty: qty,
        LastPx: px,
      }),
    ];
  }

  #reduce(ref: string, shares: bigint): Buffer[] {
    const order = this.#find(ref);
    const before = order.qty;
    order.qty -= shares * SCALE;
    if (order.qty === 0n) {
      order.qty = before;
      return this.#delete(ref);
    }
    const fields = { PrevDisplayQty: before, SecurityID: order.security };
    return [
      this.#message("OrderModifySamePrio", {
        TransactTime: order.priority,
        ...fields,
        OrderDetails: details(order),
      }),
    ];
  }

  #delete(ref: string): Buffer[] {
    const order = this.#find(ref);
    this.#orders.delete(ref);
    const fields = { TransactTime: order.priority, SecurityID: order.security };
    return [this.#message("OrderDelete", { ...fields, OrderDetails: details(order) })];
  }

  #replace(ref: string, locate: number, timeNs: number, body: Buffer): Buffer[] {
    const order = this.#find(ref);
    const before = { ...order };
    this.#orders.delete(ref);
    order.priority = this.#nextPriority(timeNs);
    order.px = BigInt(body.readUInt32BE(31)) * SCALE;
    order.qty = BigInt(body.readUInt32BE(27)) * SCALE;
    this.#orders.set(`${locate}:${body.readBigUInt64BE(19)}`, order);
    return [
      this.#message("OrderModify", {
        RequestTime: order.priority,
        TrdRegTSPrevTimePriority: before.priority,
        PrevPrice: before.px,
        PrevDisplayQty: before.qty,
        SecurityID: order.security,
        OrderDetails: details(order),
      }),
    ];
  }

  #trade(locate: number, body: Buffer): Fields {
    return {
      SecurityID: this.#securityOf(locate),
      TransactTime: 0n,
      LastQty: BigInt(body.readUInt32BE(20)) * SCALE,
      LastPx: BigInt(body.readUInt32BE(32)) * SCALE,
      TrdMatchID: ++this.#match,
    };
  }

  #find(ref: string): Order {
    const order = this.#orders.get(ref);
    if (order === undefined) throw new Error(`unknown order ${ref}`);
    return order;
  }
}

function details(order: Order): Fields {
  const { priority, qty, side, px } = order;
  return { TrdRegTSTimePriority: priority, DisplayQty: qty, Side: side, Price: px };
}

/** Bytes before the first message of a datagram; of a message's header. */
export const EOBI_HEADERS = { packet: 32, message: HEADER_BYTES } as const;
