/**
 * Layout of the book core's arrays, 32-bit words.
 *
 *   orders    8 words a slot    next prev | level+displaced | qty lo hi | id lo hi | side index
 *   levels    8 words a level   head tail | qty lo hi | orders | px lo hi | side index
 *   sides     4 words a side    first entry, entries, capacity of the block; far part
 *   ladder    4 words an entry  key hi, key lo, level; best price last in a side's block
 *     directory of a far part   key hi, key lo, first entry and levels of a chunk
 *     header of a far part      first entry, entries, capacity of the directory; levels
 *
 * The side index is instrument * 2 + side. A ladder key is the price, inverted for asks, its low
 * word with the top bit flipped, so that signed words compare and the best is the greatest on both
 * sides. Level 0 is none: a cell with level 0 is free. Links are slots, -1 at the end.
 *
 * The hot files copy what they use into constants of their own: V8 folds those, but reads an
 * imported or exported one from memory at each use (measured: 17 % of the book's time).
 */

// Words of an order's cell.
export const ORDER_NEXT = 0;
export const ORDER_PREV = 1;
export const ORDER_LEVEL = 2;
export const ORDER_QTY_LO = 3;
export const ORDER_QTY_HI = 4;
export const ORDER_ID_LO = 5;
export const ORDER_ID_HI = 6;
export const ORDER_SIDE_INDEX = 7;
// Words of a level; a free level's head is the next free one.
export const LEVEL_HEAD = 0;
export const LEVEL_TAIL = 1;
export const LEVEL_QTY_LO = 2;
export const LEVEL_QTY_HI = 3;
export const LEVEL_ORDERS = 4;
export const LEVEL_PX_LO = 5;
export const LEVEL_PX_HI = 6;
export const LEVEL_SIDE_INDEX = 7;
// Words of a side.
export const SIDE_BASE = 0;
export const SIDE_COUNT = 1;
export const SIDE_CAPACITY = 2;
/** First entry of the header of the side's far part (far.ts) plus 1; 0 for none. */
export const SIDE_FAR = 3;
// Words of a ladder entry.
export const ENTRY_KEY_HI = 0;
export const ENTRY_KEY_LO = 1;
export const ENTRY_LEVEL = 2;
// Words of a directory's entry behind its key, and of a far part's header.
export const DIRECTORY_CHUNK = 2;
export const DIRECTORY_LEVELS = 3;
export const FAR_BASE = 0;
export const FAR_COUNT = 1;
export const FAR_CAPACITY = 2;
export const FAR_LEVELS = 3;

/** An order's level word: the level's number, and above it the displaced count of the cell. */
export const LEVEL_MASK = 0xffffff;
export const DISPLACED_ONE = 0x1000000;
/** No order stands this many cells or more from its home. */
export const PROBE_LIMIT = 128;
/** Ladder entries of a side's first block. */
export const FIRST_BLOCK = 4;

/** Outcome: the order pool, level pool or ladder space is at its bound. */
export const ERR_FULL = -2;

/** Bounds of the capacities: an order's level word and cell numbers fit, with room to spare. */
export const ORDERS_MAX = 2 ** 24;
export const LEVELS_MAX = 2 ** 23;
export const INSTRUMENTS_MAX = 2 ** 20;
