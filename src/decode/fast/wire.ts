/**
 * What compiled decoding functions call beside integers: presence maps, strings, previous values
 * and the joining of strings with their deltas. Values come back in `t`.
 *
 * Every method that reads takes the bytes, where to read and where they end, and returns the
 * position after what it read or the negative of a FastError; it reads nothing at or beyond `e`.
 *
 * Thread: the decoder's. Hot path: no allocation, but for the growth of a remembered string.
 * Source: FAST Specification 1.1, sections 6.3 and 10.
 */
import * as errors from "./errors.ts";
import { FastIntegers } from "./integers.ts";

const CUT = -errors.FastError.CUT;
const LIMIT = -errors.FastError.LIMIT;
const D7 = -errors.FastError.D7;
const R2 = errors.FastError.R2;
const R7 = errors.FastError.R7;
const R9 = errors.FastError.R9;

/** Bytes 0 to 127 of the arena hold themselves, so a string of one character is never copied. */
export const ARENA_IDENTITY = 128;
/** Longest string or byte vector that is remembered, bytes. */
export const REMEMBERED_BYTES_MAX = 65_536;
/** Bits of the presence map in a word; four bytes of seven. */
export const PMAP_WORD_BITS = 28;
const PMAP_WORD_BYTES = 4;
const FIRST_CAPACITY = 32;

/** Indices of the words of {@link FastWire.state}. */
export const State = {
  /** Previous values are assigned in this epoch, empty in the next, undefined in all before. */
  EPOCH: 0,
  /** Next free byte of the arena. */
  ARENA: 1,
  /** Next free word of the output. */
  OUT: 2,
  /** How many dynamic references deep. */
  DEPTH: 3,
  /** The last template identifier, as a signed word. */
  TEMPLATE_ID: 4,
  /** 1 once there was one. */
  HAS_TEMPLATE_ID: 5,
  /** Bytes of the message segment's presence map. */
  PMAP_BYTES: 6,
} as const;

const ARENA = State.ARENA;

/** Sizes of a decoder, all of it taken at its making. */
export interface WireSizes {
  /** Words of presence map that any segment needs. */
  readonly pmapWords: number;
  /** Previous values. */
  readonly entries: number;
  /** Characters of constants and initial values; they follow the identity bytes. */
  readonly constants: Uint8Array;
  /** Room for the strings of one message, bytes. */
  readonly arenaBytes: number;
}

/** Previous values at one moment. */
export interface FastMemory {
  readonly words: readonly Int32Array[];
  readonly kept: ReadonlyMap<number, Uint8Array>;
}

/** Readers and the memory they share with the compiled functions. */
export class FastWire extends FastIntegers {
  readonly state = new Int32Array(8);
  readonly pm: Int32Array;
  /** Strings: identity, constants, then those of the current message. */
  readonly arena: Uint8Array;
  /** First byte of the current message's strings; what lies below never changes. */
  readonly arenaBase: number;
  /** Previous values: state (an epoch), low half or offset, high half or length, exponent, type. */
  readonly dState: Int32Array;
  readonly d0: Int32Array;
  readonly d1: Int32Array;
  readonly dExponent: Int32Array;
  readonly dType: Int32Array;
  /** The characters of remembered strings that are no constant. */
  readonly kept: Uint8Array[];

  constructor(sizes: WireSizes) {
    super();
    this.pm = new Int32Array(sizes.pmapWords);
    this.arenaBase = ARENA_IDENTITY + sizes.constants.length;
    this.arena = new Uint8Array(this.arenaBase + sizes.arenaBytes);
    for (let i = 0; i < ARENA_IDENTITY; i++) this.arena[i] = i;
    this.arena.set(sizes.constants, ARENA_IDENTITY);
    this.dState = new Int32Array(sizes.entries);
    this.d0 = new Int32Array(sizes.entries);
    this.d1 = new Int32Array(sizes.entries);
    this.dExponent = new Int32Array(sizes.entries);
    this.dType = new Int32Array(sizes.entries);
    this.kept = Array.from({ length: sizes.entries }, () => new Uint8Array(FIRST_CAPACITY));
    this.state[State.EPOCH] = 2;
    this.state[ARENA] = this.arenaBase;
  }

  /** Reads a presence map of more than a byte from its beginning; words come in `pm`. */
  pmap(B: Uint8Array, from: number, e: number): number {
    const pm = this.pm;
    const words = pm.length;
    let p = from;
    let word = 0;
    let index = 0;
    let bytes = 0;
    for (;;) {
      if (p >= e) return CUT;
      const b = B[p++] as number;
      word |= (b & 127) << (21 - 7 * (bytes & 3));
      bytes++;
      if (b > 127) {
        if (bytes > 1 && b === 128) this.counts[R7] = (this.counts[R7] as number) + 1;
        break;
      }
      if ((bytes & (PMAP_WORD_BYTES - 1)) === 0) {
        if (index < words) pm[index++] = word;
        word = 0;
      }
    }
    if (index < words) pm[index++] = word;
    while (index < words) pm[index++] = 0;
    this.state[6] = bytes;
    return p;
  }

  /** An ASCII string: offset, length and, with `nullable` 1, the null flag in `t`. */
  ascii(B: Uint8Array, from: number, e: number, nullable: number): number {
    let end = from;
    while (end < e && (B[end] as number) < 128) end++;
    if (end >= e) return CUT;
    end++;
    const t = this.t;
    t[2] = 0;
    let at = from;
    let isNull = nullable;
    // A zero preamble is taken off once, and once more where the string may be null.
    if (((B[at] as number) & 127) === 0) {
      at++;
      if (nullable === 1 && at < end && ((B[at] as number) & 127) === 0) {
        at++;
        isNull = 0;
      }
      if (at < end) {
        if (((B[at] as number) & 127) !== 0) this.counts[R9] = (this.counts[R9] as number) + 1;
      } else {
        t[2] = isNull;
      }
    }
    return this.copyIn(B, at, end, 127);
  }

  /** A Unicode string or byte vector of a length that was read; as `ascii`, never null. */
  bytes(B: Uint8Array, from: number, e: number, length: number): number {
    this.t[2] = 0;
    // The length is a uInt32: as a signed word it may be negative.
    if (length >>> 0 > e - from) return CUT;
    return this.copyIn(B, from, from + length, 255);
  }

  /** Copies bytes into the arena; the last one keeps the bits of `mask`. @returns `end` or LIMIT */
  private copyIn(B: Uint8Array, from: number, end: number, mask: number): number {
    const t = this.t;
    const length = end - from;
    if (length === 1 && ((B[from] as number) & mask) < 128) {
      t[0] = (B[from] as number) & mask;
      t[1] = 1;
      return end;
    }
    const at = this.room(length);
    if (at < 0) return at;
    const arena = this.arena;
    for (let i = 0; i < length; i++) arena[at + i] = B[from + i] as number;
    if (length > 0) arena[at + length - 1] = (arena[at + length - 1] as number) & mask;
    t[0] = at;
    t[1] = length;
    return end;
  }

  /** Takes bytes of the arena. @returns their offset, or LIMIT */
  private room(length: number): number {
    const at = this.state[ARENA] as number;
    if (at + length > this.arena.length) return LIMIT;
    this.state[ARENA] = at + length;
    return at;
  }

  /** Remembers a string; a constant is remembered by its place. @returns 0 or LIMIT */
  keep(entry: number, offset: number, length: number): number {
    this.d1[entry] = length;
    if (offset < this.arenaBase) {
      this.d0[entry] = offset;
      return 0;
    }
    if (length > REMEMBERED_BYTES_MAX) return LIMIT;
    this.d0[entry] = -1;
    let kept = this.kept[entry] as Uint8Array;
    if (kept.length < length) kept = this.growKept(entry, length);
    const arena = this.arena;
    for (let i = 0; i < length; i++) kept[i] = arena[offset + i] as number;
    return 0;
  }

  private growKept(entry: number, length: number): Uint8Array {
    const larger = new Uint8Array(Math.min(REMEMBERED_BYTES_MAX, length * 2));
    this.kept[entry] = larger;
    return larger;
  }

  /** Brings a remembered string into the arena: offset and length in `t`. @returns 0 or LIMIT */
  fetch(entry: number): number {
    const offset = this.d0[entry] as number;
    const length = this.d1[entry] as number;
    this.t[0] = offset;
    this.t[1] = length;
    if (offset >= 0) return 0;
    const at = this.room(length);
    if (at < 0) return at;
    const kept = this.kept[entry] as Uint8Array;
    const arena = this.arena;
    for (let i = 0; i < length; i++) arena[at + i] = kept[i] as number;
    this.t[0] = at;
    return 0;
  }

  /**
   * A base value without `cut` bytes of its end (or, when negative, -cut - 1 of its front) and with
   * more bytes at that end; offset and length in `t`.
   *
   * @returns 0, or D7 or LIMIT
   */
  join(base: number, baseLength: number, cut: number, more: number, moreLength: number): number {
    const isFront = cut < 0;
    const gone = isFront ? -(cut + 1) : cut;
    if (gone > baseLength) return D7;
    const rest = baseLength - gone;
    const length = rest + moreLength;
    const at = this.room(length);
    if (at < 0) return at;
    const arena = this.arena;
    const restFrom = isFront ? base + gone : base;
    const restAt = isFront ? at + moreLength : at;
    const moreAt = isFront ? at : at + rest;
    for (let i = 0; i < rest; i++) arena[restAt + i] = arena[restFrom + i] as number;
    for (let i = 0; i < moreLength; i++) arena[moreAt + i] = arena[more + i] as number;
    this.t[0] = at;
    this.t[1] = length;
    return 0;
  }

  /** Counts a string of the arena that is not UTF-8. */
  checkUtf8(offset: number, length: number): void {
    const arena = this.arena;
    const end = offset + length;
    let at = offset;
    while (at < end) {
      const b = arena[at] as number;
      const size = b < 0x80 ? 1 : b < 0xc2 ? 0 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : b < 0xf5 ? 4 : 0;
      if (size === 0 || at + size > end || !this.isTail(at, size, b)) {
        this.counts[R2] = (this.counts[R2] as number) + 1;
        return;
      }
      at += size;
    }
  }

  /** Whether the bytes after a leading one are a whole, shortest and allowed sequence. */
  private isTail(at: number, size: number, lead: number): boolean {
    const arena = this.arena;
    for (let i = 1; i < size; i++) {
      const b = arena[at + i] as number;
      if (b < 0x80 || b > 0xbf) return false;
    }
    if (size < 3) return true;
    const second = arena[at + 1] as number;
    if (lead === 0xe0) return second >= 0xa0;
    if (lead === 0xed) return second < 0xa0;
    if (lead === 0xf0) return second >= 0x90;
    return lead !== 0xf4 || second < 0x90;
  }

  /** A copy of all previous values. */
  memory(): FastMemory {
    const kept = new Map<number, Uint8Array>();
    for (let i = 0; i < this.d0.length; i++) {
      if (this.d0[i] !== -1 || this.dState[i] !== this.state[0]) continue;
      kept.set(i, (this.kept[i] as Uint8Array).slice(0, this.d1[i]));
    }
    const { dState, d0, d1, dExponent, dType } = this;
    return { words: [this.state, dState, d0, d1, dExponent, dType].map((a) => a.slice()), kept };
  }

  /** Puts previous values back. */
  remember({ words, kept }: FastMemory): void {
    const { state, dState, d0, d1, dExponent, dType } = this;
    [state, dState, d0, d1, dExponent, dType].forEach((array, i) => {
      array.set(words[i] as Int32Array);
    });
    for (const [entry, bytes] of kept) {
      if ((this.kept[entry] as Uint8Array).length < bytes.length)
        this.growKept(entry, bytes.length);
      (this.kept[entry] as Uint8Array).set(bytes);
    }
  }

  /** Makes all previous values undefined. */
  reset(): void {
    const next = (this.state[0] as number) + 2;
    if (next < 0x7fff_fff0) {
      this.state[0] = next;
      return;
    }
    this.dState.fill(0);
    this.state[0] = 2;
  }
}
