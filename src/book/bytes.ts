/** What a book core takes, from its capacities. Cold path; test/pipeline/memory.test.ts holds it. */
import * as layout from "./layout.ts";
import { TABLES, tableCells } from "./state.ts";

const WORD_BYTES = 4;
/** Sides and id; with hash what its orders share. */
const INSTRUMENT_WORDS = 10;
const INSTRUMENT_HASHED_WORDS = 14;
/** Of a ladder's entry: key and level, touched at start; the key's high word besides. */
const ENTRY_WORDS = 2;
const ENTRY_WORDS_MOST = 3;

/** Capacities of a core, as its options have them. */
export interface BookSizes {
  readonly orders: number;
  readonly levels: number;
  readonly instruments: number;
  readonly hash: boolean;
}

function tableBytes({ orders, hash }: BookSizes): number {
  const cells = tableCells(orders) + layout.PROBE_LIMIT;
  return cells * (hash ? layout.ORDER_HASHED_WORDS : layout.ORDER_WORDS) * WORD_BYTES;
}

function levelBytes({ levels }: BookSizes): number {
  return (levels + 1) * layout.LEVEL_WORDS * WORD_BYTES;
}

function instrumentWords({ instruments, hash }: BookSizes): number {
  if (!hash) return instruments * INSTRUMENT_WORDS;
  return instruments * INSTRUMENT_HASHED_WORDS + 2 * layout.UNSETTLED_MAX;
}

/** Bytes that a core takes at start. */
export function bookBytes(sizes: BookSizes): number {
  const { levels, instruments } = sizes;
  const entries = instruments * 2 * layout.FIRST_BLOCK + levels * 4;
  const words = instrumentWords(sizes) + entries * ENTRY_WORDS;
  return tableBytes(sizes) + levelBytes(sizes) + words * WORD_BYTES;
}

/** Bytes of address space, all of which a core that may not grow can come to touch. */
export function bookBytesMost(sizes: BookSizes): number {
  const { levels, instruments } = sizes;
  const entries = instruments * 2 * layout.FIRST_BLOCK + levels * 8;
  const words = instrumentWords(sizes) + instruments * 2 + entries * ENTRY_WORDS_MOST;
  return TABLES * tableBytes(sizes) + levelBytes(sizes) + words * WORD_BYTES;
}

/** The orders, a power of two, that a core may grow to within `bytes`; at least 1,024. */
export function growOrdersFor(bytes: number, hash: boolean): number {
  const instruments = layout.INSTRUMENTS_MAX;
  for (let orders = layout.ORDERS_MAX; orders > 1024; orders >>= 1) {
    if (bookBytesMost({ orders, levels: orders >> 1, instruments, hash }) <= bytes) return orders;
  }
  return 1024;
}
