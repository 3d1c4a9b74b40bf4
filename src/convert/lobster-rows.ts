/**
 * The two kinds of LOBSTER lines: events and book rows, checked field by field.
 *
 * Source: LOBSTER sample files readme, 1 September 2013; type 6 as in later editions.
 */
import type { LineReader } from "./line-reader.ts";
import { SYNTHETIC_REF } from "./lobster-book.ts";

/** Event types. */
export const EventType = {
  ADD: 1,
  REDUCE: 2,
  DELETE: 3,
  EXECUTE: 4,
  HIDDEN: 5,
  CROSS: 6,
  HALT: 7,
} as const;

/** One event. */
export interface LobsterEvent {
  /** Since midnight, ns, an integer below 2^47. */
  timeNs: number;
  /** An EventType. */
  type: number;
  /** 0 to 2^40 - 1. */
  id: number;
  /** Shares, 0 to 2^32 - 1. */
  size: number;
  /** 1/10000 dollar, 0 to 2^32 - 1; for a halt 0 (halt), 1 (quoting) or 2 (trading). */
  px: number;
  /** Side of the resting order: 0 bid, 1 ask. */
  side: number;
}

/** One side of a book row, best first; a level that is not occupied is absent. */
export interface RowSide {
  readonly px: number[];
  readonly qty: number[];
}

/** One book row. */
export interface BookRow {
  readonly bids: RowSide;
  readonly asks: RowSide;
  /** Levels that the file shows a side, occupied or not. */
  readonly depth: number;
}

const WORD_MAX = 2 ** 32 - 1;
const DAY_SECONDS = 86_400;
const EMPTY_PX = 9_999_999_999;
/** Sub-nanosecond digits, as some tools print them, are cut off. */
const TIME = /^(\d{1,5})(?:\.(\d{1,18}))?$/;
const INTEGER = /^-?\d{1,16}$/;
const HALT_PX = [-1, 0, 1];

/** Parses an event's line. @throws FEED_FORMAT with file and line */
export function parseEvent(line: string, from: LineReader): LobsterEvent {
  const cells = line.split(",");
  if (cells.length < 6) throw from.error(`${cells.length} columns < 6`);
  const timeNs = parseTime(cells[0] as string, from);
  const type = integer(cells[1] as string, "type", 1, 7, from);
  if (type === EventType.HALT) {
    const px = integer(cells[4] as string, "price", -1, 1, from);
    return { timeNs, type, id: 0, size: 0, px: HALT_PX.indexOf(px), side: 0 };
  }
  const cross = type === EventType.CROSS;
  const id = integer(cells[2] as string, "order id", cross ? -1 : 0, SYNTHETIC_REF - 1, from);
  const size = integer(cells[3] as string, "size", cross ? 0 : 1, WORD_MAX, from);
  const px = integer(cells[4] as string, "price", cross ? -1 : 1, WORD_MAX, from);
  const direction = integer(cells[5] as string, "direction", -1, 1, from);
  if (direction === 0 && !cross) throw from.error("direction=0 is neither 1 nor -1");
  return {
    timeNs,
    type,
    id: Math.max(0, id),
    size,
    px: Math.max(0, px),
    side: direction < 0 ? 1 : 0,
  };
}

/** Parses a book row's line. @throws FEED_FORMAT with file and line */
export function parseRow(line: string, from: LineReader): BookRow {
  const cells = line.split(",");
  if (cells.length < 4 || cells.length % 4 !== 0) {
    throw from.error(`${cells.length} columns are no multiple of 4`);
  }
  const asks = rowSide(cells, 0, 1, from);
  const bids = rowSide(cells, 2, -1, from);
  return { bids, asks, depth: cells.length / 4 };
}

/** @param worse 1 when prices rise from the best on, -1 when they fall */
function rowSide(cells: string[], column: number, worse: number, from: LineReader): RowSide {
  const side: RowSide = { px: [], qty: [] };
  let ended = false;
  for (let i = column; i < cells.length; i += 4) {
    const px = integer(cells[i] as string, "price", -EMPTY_PX, EMPTY_PX, from);
    const qty = integer(cells[i + 1] as string, "size", 0, WORD_MAX, from);
    if (Math.abs(px) === EMPTY_PX || qty === 0) {
      ended = true;
      continue;
    }
    if (ended) throw from.error(`price=${px} follows an empty level`);
    if (px < 1 || px > WORD_MAX) throw from.error(`price=${px} is not in 1 to ${WORD_MAX}`);
    const before = side.px.at(-1);
    if (before !== undefined && (px - before) * worse <= 0) {
      throw from.error(`price=${px} is out of order after ${before}`);
    }
    side.px.push(px);
    side.qty.push(qty);
  }
  return side;
}

function parseTime(text: string, from: LineReader): number {
  const parts = TIME.exec(text.trim());
  const seconds = Number(parts?.[1] ?? Number.NaN);
  if (!(seconds < DAY_SECONDS)) throw from.error(`time=${show(text)} is not 0 to 86399.999999999`);
  return seconds * 1e9 + Number((parts?.[2] ?? "").slice(0, 9).padEnd(9, "0"));
}

function integer(text: string, name: string, min: number, max: number, from: LineReader): number {
  const trimmed = text.trim();
  const value = INTEGER.test(trimmed) ? Number(trimmed) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw from.error(`${name}=${show(text)} is not an integer of ${min} to ${max}`);
  }
  return value;
}

/** Text of a file as printable ASCII, shortened. */
function show(text: string): string {
  return JSON.stringify(text.slice(0, 40).replace(/[^\x20-\x7e]/g, "?"));
}
