/**
 * Reads MoldUDP64 packets for merge and replay. A packet is taken whole or refused whole: nothing
 * after read() has to distrust the count or the block lengths.
 *
 * Thread: the owner's (merge). Hot path: no allocation.
 * Source: Nasdaq MoldUDP64 Protocol Specification 1.00, section 3.
 */
import { TWO_32 } from "../../core/layout.ts";
import { type Framing, FramingKind } from "../framing.ts";
import {
  BLOCK_HEADER_BYTES,
  COUNT,
  COUNT_END_OF_SESSION,
  COUNT_HEARTBEAT,
  HEADER_BYTES,
  SEQUENCE,
  SESSION,
} from "./layout.ts";

/** A constant of this module is folded by V8, an imported one is loaded for each block. */
const LENGTH_BYTES = BLOCK_HEADER_BYTES;
/** High halves below this keep a sequence under 2^53. */
const SEQUENCE_HIGH_BOUND = 2 ** 21;
const SEQUENCE_MAX = Number.MAX_SAFE_INTEGER;

const LINE_BYTES = 64;
/** Where a length's low byte lies in it. */
const LOW_BYTE = 1;

/** MoldUDP64's Framing. */
export class MoldUdp64Framing implements Framing {
  seqLo = 0;
  seqHi = 0;
  readonly seq = new Float64Array(1);
  count = 0;
  firstOffset: number = HEADER_BYTES;
  sessionHi = 0;
  sessionMid = 0;
  sessionLo = 0;
  /** What touching the packet's lines gave; kept so that the loads are not dropped. */
  touched = 0;
  /** Private, not #private: V8 asks of those each time whether they are undefined. */
  private readonly cold: boolean;

  /**
   * @param cold true when packets come from another core: their cache lines are then asked for all
   * at once, where the walk over the blocks would wait for each in turn
   */
  constructor(cold = false) {
    this.cold = cold;
  }

  read(bytes: Uint8Array, data: DataView, offset: number, length: number): number {
    const kind = this.readHeader(bytes, data, offset, length);
    return kind < 0 || this.fits(data, offset, length) ? kind : FramingKind.BLOCKS;
  }

  readHeader(_bytes: Uint8Array, data: DataView, offset: number, length: number): number {
    if (length < HEADER_BYTES) return FramingKind.SHORT;
    const hi = data.getInt32(offset + SEQUENCE);
    const lo = data.getInt32(offset + SEQUENCE + 4);
    const count = data.getUint16(offset + COUNT);
    const blocks = count === COUNT_END_OF_SESSION ? 0 : count;
    if (hi >>> 0 >= SEQUENCE_HIGH_BOUND) return FramingKind.SEQUENCE;
    const seq = (hi >>> 0) * TWO_32 + (lo >>> 0);
    if (seq + blocks > SEQUENCE_MAX) return FramingKind.SEQUENCE;
    this.seqLo = lo;
    this.seqHi = hi;
    this.seq[0] = seq;
    this.count = blocks;
    this.sessionHi = data.getInt32(offset + SESSION);
    this.sessionMid = data.getInt32(offset + SESSION + 4);
    this.sessionLo = data.getUint16(offset + SESSION + 8);
    if ((lo | hi) === 0) return blocks === 0 ? FramingKind.SEQUENCE : FramingKind.UNSEQUENCED;
    if (count === COUNT_HEARTBEAT) return FramingKind.HEARTBEAT;
    return count === COUNT_END_OF_SESSION ? FramingKind.END_OF_SESSION : FramingKind.DATA;
  }

  fits(data: DataView, offset: number, length: number): boolean {
    if (this.cold === true) this.#touch(data, offset, length);
    // Each block waits for the one before. A length's low byte alone is a step shorter than the
    // word turned round, and messages of 256 bytes are unheard of: those are walked anew. `low` is
    // where that byte lies; unsigned, because V8 extends a signed index on the way to each load.
    const end = (offset + length + LOW_BYTE) >>> 0;
    const last = (end - LENGTH_BYTES) >>> 0;
    let low = (offset + HEADER_BYTES + LOW_BYTE) >>> 0;
    let left = this.count;
    let high = 0;
    while (left > 0 && low <= last) {
      high |= data.getUint8(low - LOW_BYTE);
      low = (low + LENGTH_BYTES + data.getUint8(low)) >>> 0;
      left--;
    }
    if (high === 0) return left === 0 && low === end;
    return this.skip(data, offset, length, HEADER_BYTES, this.count) === length;
  }

  #touch(data: DataView, offset: number, length: number): void {
    let touched = 0;
    for (let at = 0; at < length; at += LINE_BYTES) touched ^= data.getUint8(offset + at);
    this.touched = touched;
  }

  skip(data: DataView, offset: number, length: number, fromOffset: number, n: number): number {
    // Each block waits for the one before: the way from length to length is kept short.
    let at = (offset + fromOffset) | 0;
    const last = (offset + length - LENGTH_BYTES) | 0;
    for (let i = 0; i < n; i++) {
      if (at > last) return -1;
      at = (at + LENGTH_BYTES + data.getUint16(at)) | 0;
    }
    at = (at - offset) | 0;
    return at <= length ? at : -1;
  }
}
