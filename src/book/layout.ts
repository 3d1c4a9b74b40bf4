/**
 * Layout of the book core's arrays, 32-bit words.
 *
 *   orders    8 words a cell    next prev | id lo hi | level | qty lo hi | displaced+side index
 *             10 with hash      … | term 0 1
 *   levels    8 words a level   head tail | qty lo hi | orders | px lo hi | side index
 *   sides     4 words a side    first entry, entries, capacity of the block, key hi
 *   fars      1 word a side     header of its far part plus 1, 0 for none
 *   ladder    an entry          keys: key lo; keyHighs: key hi (mixed sides only); rungs: level
 *     far part (far.ts)         header: FAR_… in rungs; directory; chunks of FAR_CHUNK entries
 *
 * Slots (orders) and levels are word offsets: an order's fields are at slot + ORDER_…, a level's at
 * level + LEVEL_…. Links are slots, -1 at the end; level 0 is none, and a cell with level 0 is
 * free.
 *
 * The side index is instrument * 2 + side. A ladder key is the price, inverted for asks, its low
 * word with the top bit flipped, so that signed words compare and the best is the greatest on both
 * sides; the best is a block's last entry. A side whose prices share their high word, as nearly all
 * do, keeps that word once (SIDE_KEY_HI) and is searched by low words alone; any other side is
 * `mixed`: its first entry is stored inverted and keyHighs counts.
 *
 * The hot files copy what they use into constants of their own: V8 folds those, but reads an
 * imported or exported one from memory at each use (measured: 17 % of the book's time).
 */

// Words of an order's cell.
// The id stands beside the links: who turns a neighbour's link brings its id's cache line.
export const ORDER_NEXT = 0;
export const ORDER_PREV = 1;
export const ORDER_ID_LO = 2;
export const ORDER_ID_HI = 3;
export const ORDER_LEVEL = 4;
export const ORDER_QTY_LO = 5;
export const ORDER_QTY_HI = 6;
export const ORDER_SIDE_INDEX = 7;
// With hash: the two lanes that the cell has in the kept hash, see hashing.ts.
export const ORDER_TERM = 8;
/** Words of an order's cell, and of one whose book keeps its hash. */
export const ORDER_WORDS = 8;
export const ORDER_HASHED_WORDS = 10;
// Words of a level; a free level's head is the next free one.
export const LEVEL_HEAD = 0;
export const LEVEL_TAIL = 1;
export const LEVEL_QTY_LO = 2;
export const LEVEL_QTY_HI = 3;
export const LEVEL_ORDERS = 4;
export const LEVEL_PX_LO = 5;
export const LEVEL_PX_HI = 6;
export const LEVEL_SIDE_INDEX = 7;
/** Words of a level, and the first level. */
export const LEVEL_WORDS = 8;
// Words of a side.
export const SIDE_BASE = 0;
export const SIDE_COUNT = 1;
export const SIDE_CAPACITY = 2;
export const SIDE_KEY_HI = 3;
// A far part's header: first entry, entries and capacity of its directory; levels.
export const FAR_BASE = 0;
export const FAR_COUNT = 1;
export const FAR_CAPACITY = 2;
export const FAR_LEVELS = 3;

/** An order's side word: the side index, and above it the displaced count of the cell. */
export const SIDE_MASK = 0xffffff;
export const DISPLACED_ONE = 0x1000000;
/** An order that would stand this many cells from its home makes the table a mixed one. */
export const PROBE_LIMIT = 128;
/** Cells whose terms wait to be settled, of those that changed and of those that were freed. */
export const UNSETTLED_MAX = 1024;
/** Ladder entries of a side's first block. */
export const FIRST_BLOCK = 4;
/** Ladder entries of a far part's chunk. */
export const FAR_CHUNK = 64;
/** Levels of a side's block at most; what comes then makes room by moving some to the far part. */
export const NEAR_MAX = 128;
/** Levels of a deep side's block at least. */
export const NEAR_LOW = 16;

/** Outcome: the order pool, level pool or ladder space is at its bound. */
export const ERR_FULL = -2;

/** Bounds of the capacities. */
export const ORDERS_MAX = 2 ** 24;
export const LEVELS_MAX = 2 ** 23;
export const INSTRUMENTS_MAX = 2 ** 20;
