/** What a book core takes, from its capacities. Cold path; test/pipeline/memory.test.ts holds it. */
import { ceilPowerOfTwo } from "../core/layout.ts";
import * as layout from "./layout.ts";

const CELL_BYTES = 32;
const CELL_HASH_BYTES = 8;
const LEVEL_BYTES = 32;
const LEVEL_HASH_BYTES = 8;
const ENTRY_BYTES = 16;
/** Two sides of 16 bytes and an id. */
const INSTRUMENT_BYTES = 40;

/** Capacities of a {@link BookCore}, as its options have them. */
export interface BookSizes {
  readonly orders: number;
  readonly levels: number;
  readonly instruments: number;
  readonly hash: boolean;
}

/** Bytes that a book core takes at start. */
export function bookBytes(sizes: BookSizes): number {
  const { levels, instruments, hash } = sizes;
  const perLevel = LEVEL_BYTES + (hash ? LEVEL_HASH_BYTES : 0) + 4 * ENTRY_BYTES;
  const perInstrument = INSTRUMENT_BYTES + 2 * layout.FIRST_BLOCK * ENTRY_BYTES;
  return tableBytes(sizes) + (levels + 1) * perLevel + instruments * perInstrument;
}

/** Bytes of its order table: once more while orders move to a table with other keys. */
export function tableBytes({ orders, hash }: BookSizes): number {
  const cells = ceilPowerOfTwo(Math.max(2 * orders, 16)) + layout.PROBE_LIMIT;
  return cells * (CELL_BYTES + (hash ? CELL_HASH_BYTES : 0));
}
