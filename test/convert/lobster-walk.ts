/**
 * A slow, obvious model that walks an ITCH BinaryFILE: its own parser, plain Maps and arrays,
 * nothing of src/. It refuses unknown references, duplicates and over-executions, counts the
 * raw-v1 frames that each message makes, and gives the top levels and the book hash.
 */
import { readFileSync } from "node:fs";
import { specHash } from "../book/spec-hash.ts";

/** An order of the model. */
export interface WalkOrder {
  readonly locate: number;
  readonly ref: bigint;
  readonly bid: boolean;
  readonly px: number;
  qty: number;
}

/** Orders at one price, oldest first. */
export interface WalkLevel {
  readonly px: number;
  readonly queue: WalkOrder[];
}

/** Levels of a side, best first: [price, quantity]. */
export type WalkLevels = [number, number][];

/** One message as it lies in the file. */
export interface WalkMessage {
  readonly type: string;
  readonly locate: number;
  /** ns since midnight. */
  readonly timeNs: number;
  /** The message without its length. */
  readonly body: Buffer;
}

/** Lengths of all 23 types. Source: Nasdaq TotalView-ITCH 5.0. */
export const MESSAGE_LENGTHS: Readonly<Record<string, number>> = {
  S: 12,
  R: 39,
  H: 25,
  Y: 20,
  L: 26,
  V: 35,
  W: 12,
  K: 28,
  J: 35,
  h: 21,
  A: 36,
  F: 40,
  E: 31,
  C: 36,
  X: 23,
  D: 19,
  U: 35,
  P: 44,
  Q: 40,
  B: 19,
  I: 50,
  N: 20,
  O: 48,
};

/** Every message of a file; throws when the framing is broken. */
export function* messagesOf(file: Buffer): Generator<WalkMessage> {
  let at = 0;
  while (at < file.length) {
    const length = file.readUInt16BE(at);
    const body = file.subarray(at + 2, at + 2 + length);
    const type = String.fromCharCode(body[0] ?? 0);
    if (body.length !== length || MESSAGE_LENGTHS[type] !== length) {
      throw new Error(`type ${type} with length ${length} at byte ${at}`);
    }
    const timeNs = body.readUIntBE(5, 6);
    yield { type, locate: body.readUInt16BE(1), timeNs, body };
    at += 2 + length;
  }
}

/** The books. */
export class WalkModel {
  /** Key `locate:ref`. */
  readonly orders = new Map<string, WalkOrder>();
  /** Key `locate:side`: levels, best first; none is empty. */
  readonly sides = new Map<string, WalkLevel[]>();
  /** Raw-v1 frames so far. */
  cursor = 0;

  /** Applies a message; throws when it does not fit. */
  apply({ type, locate, body }: WalkMessage): void {
    if (type === "A" || type === "F") {
      const side = String.fromCharCode(body[19] ?? 0);
      if (side !== "B" && side !== "S") throw new Error(`side ${side}`);
      const ref = body.readBigUInt64BE(11);
      this.#add(locate, ref, side === "B", body.readUInt32BE(32), body.readUInt32BE(20));
      this.cursor += 1;
    } else if (type === "E" || type === "C" || type === "X") {
      this.#reduce(this.#find(locate, body.readBigUInt64BE(11)), body.readUInt32BE(19));
      this.cursor += 1;
    } else if (type === "D") {
      const order = this.#find(locate, body.readBigUInt64BE(11));
      this.#reduce(order, order.qty);
      this.cursor += 1;
    } else if (type === "U") {
      const order = this.#find(locate, body.readBigUInt64BE(11));
      this.#reduce(order, order.qty);
      const ref = body.readBigUInt64BE(19);
      this.#add(locate, ref, order.bid, body.readUInt32BE(31), body.readUInt32BE(27));
      this.cursor += 2;
    }
  }

  /** The best levels of a side. */
  levels(locate: number, bid: boolean, depth = Number.POSITIVE_INFINITY): WalkLevels {
    const levels = this.#side(locate, bid).slice(0, depth);
    return levels.map(({ px, queue }) => [px, queue.reduce((sum, { qty }) => sum + qty, 0)]);
  }

  /** All occupied levels of all books. */
  *allLevels(): Generator<WalkLevel> {
    for (const side of this.sides.values()) yield* side;
  }

  #add(locate: number, ref: bigint, bid: boolean, px: number, qty: number): void {
    const key = `${locate}:${ref}`;
    if (this.orders.has(key)) throw new Error(`duplicate order ${key}`);
    if (qty === 0) throw new Error(`order ${key} without shares`);
    const order = { locate, ref, bid, px, qty };
    this.orders.set(key, order);
    const side = this.#side(locate, bid);
    let at = side.length;
    while (at > 0 && !isBetter(side[at - 1] as WalkLevel, px, bid)) at--;
    if (side[at]?.px === px) side[at]?.queue.push(order);
    else side.splice(at, 0, { px, queue: [order] });
  }

  #find(locate: number, ref: bigint): WalkOrder {
    const order = this.orders.get(`${locate}:${ref}`);
    if (order === undefined) throw new Error(`unknown order ${locate}:${ref}`);
    return order;
  }

  #reduce(order: WalkOrder, qty: number): void {
    if (qty === 0 || qty > order.qty) {
      throw new Error(`${qty} of ${order.qty} shares of ${order.locate}:${order.ref}`);
    }
    order.qty -= qty;
    if (order.qty > 0) return;
    this.orders.delete(`${order.locate}:${order.ref}`);
    const side = this.#side(order.locate, order.bid);
    const at = side.findIndex(({ px }) => px === order.px);
    const queue = (side[at] as WalkLevel).queue;
    queue.splice(queue.indexOf(order), 1);
    if (queue.length === 0) side.splice(at, 1);
  }

  #side(locate: number, bid: boolean): WalkLevel[] {
    const key = `${locate}:${bid ? 0 : 1}`;
    const side = this.sides.get(key) ?? [];
    this.sides.set(key, side);
    return side;
  }
}

/** A book row as the reader of a file must see it at `cursor`. */
export interface RowCursor {
  /** From 1. */
  readonly row: number;
  /** Raw-v1 bus cursor after which the row holds. */
  readonly cursor: number;
  /** Messages of the file by then. */
  readonly messages: number;
  /** Best levels, as many as the row shows. */
  readonly bids: WalkLevels;
  readonly asks: WalkLevels;
}

/** The levels of an ORDERBOOK line, occupied ones only. */
export function rowLevels(line: string): { bids: WalkLevels; asks: WalkLevels; depth: number } {
  const numbers = line.trim().split(",").map(Number);
  const asks: WalkLevels = [];
  const bids: WalkLevels = [];
  for (let i = 0; i < numbers.length; i += 4) {
    const [askPx, askQty, bidPx, bidQty] = numbers.slice(i, i + 4) as [
      number,
      number,
      number,
      number,
    ];
    if (askQty > 0) asks.push([askPx, askQty]);
    if (bidQty > 0) bids.push([bidPx, bidQty]);
  }
  return { bids, asks, depth: numbers.length / 4 };
}

/**
 * Walks a converted file beside the LOBSTER texts it was made from, knowing nothing of what the
 * converter did: row k must hold at some place among the messages up to event k's time and not
 * before row k - 1's place, and the last row of each time at the end of that time's messages.
 *
 * @param file the converted BinaryFILE
 * @param eventLines lines of the message file
 * @param bookLines lines of the orderbook file, as many
 * @throws Error when a row never holds, or a message does not fit the books
 */
export function rowCursors(
  file: Buffer | string,
  eventLines: readonly string[],
  bookLines: readonly string[],
): RowCursor[] {
  if (eventLines.length !== bookLines.length) throw new Error("as many rows as events");
  const messages = [...messagesOf(typeof file === "string" ? readFileSync(file) : file)];
  const times = eventLines.map(eventTimeNs);
  const model = new WalkModel();
  const found: RowCursor[] = [];
  let at = 0;
  for (let k = 0; k < times.length; k++) {
    const timeNs = times[k] as number;
    const last = times[k + 1] !== timeNs;
    const want = rowLevels(bookLines[k] as string);
    while (messages[at] !== undefined && (messages[at] as WalkMessage).timeNs <= timeNs) {
      if (!last && holds(model, want)) break;
      model.apply(messages[at++] as WalkMessage);
    }
    if (!holds(model, want)) throw new Error(`row ${k + 1} does not hold after message ${at}`);
    const { bids, asks } = want;
    found.push({ row: k + 1, cursor: model.cursor, messages: at, bids, asks });
  }
  if (at !== messages.length) throw new Error(`message ${at + 1} is later than every event`);
  return found;
}

/** Lines of a text, without the empty one at its end. */
export function linesOf(text: string): string[] {
  return text.trimEnd().split(/\r?\n/);
}

function eventTimeNs(line: string): number {
  const [seconds = "", fraction = ""] = (line.split(",")[0] ?? "").split(".");
  return Number(seconds) * 1e9 + Number(fraction.slice(0, 9).padEnd(9, "0"));
}

function holds(model: WalkModel, row: ReturnType<typeof rowLevels>): boolean {
  return [true, false].every((bid) => {
    const want = bid ? row.bids : row.asks;
    const have = model.levels(1, bid, row.depth);
    return (
      have.length === want.length &&
      have.every(([px, qty], i) => px === want[i]?.[0] && qty === want[i]?.[1])
    );
  });
}

/** True when the level stands before a price on its side. */
function isBetter(level: WalkLevel, px: number, bid: boolean): boolean {
  return bid ? level.px > px : level.px < px;
}

/** Book hash, version 1, by the page alone. @returns 16 hex digits */
export function walkHash(model: WalkModel): string {
  const levels = [...model.allLevels()].map(({ queue }) =>
    queue.map(({ locate, ref, bid, px, qty }) => ({
      instrument: BigInt(locate),
      id: ref,
      side: bid ? 0 : 1,
      px: BigInt(px),
      qty: BigInt(qty),
    })),
  );
  return specHash(levels);
}
