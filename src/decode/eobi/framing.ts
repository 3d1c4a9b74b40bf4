/**
 * Reads EOBI 14.1 datagrams for merge. A datagram is taken whole or refused whole: its header and
 * the length of every known template have to be the layout's, its messages have to follow each
 * other to its very end, and their sequences (MsgSeqNum, over all templates of a market segment)
 * to count on. The session is the market segment, the partition and how often the venue's service
 * was restarted: then MsgSeqNum begins at 1 again, the first packets say ApplSeqResetIndicator, and
 * whatever the old service still sends has an older TransactTime.
 *
 * A datagram is of one market segment, and several share a group: of them one is followed, the one
 * asked for or the first seen, because MsgSeqNum counts for each by itself.
 *
 * Thread: the owner's (merge). Hot path: no allocation.
 * Source: T7 EOBI manual, chapters 4 and 5; layouts/eobi-14.1.json.
 */
import { type Framing, FramingKind } from "../framing.ts";
import * as L from "./layout.ts";

/** Constants of this module are folded by V8, imported ones are loaded each time. */
const {
  BODY_LEN,
  HEARTBEAT_LAST_MSG_SEQ_NUM_PROCESSED,
  HEARTBEAT_TEMPLATE,
  MESSAGE_HEADER_BYTES,
  MSG_SEQ_NUM,
  NO_SEQUENCE,
  PACKET_HEADER_APPL_SEQ_RESET_INDICATOR,
  PACKET_HEADER_BYTES,
  PACKET_HEADER_MARKET_SEGMENT_ID,
  PACKET_HEADER_PARTITION_ID,
  PACKET_HEADER_TRANSACT_TIME,
  TEMPLATE_COUNT,
  TEMPLATE_FIRST,
  TEMPLATE_ID,
} = L;
const HEADER_KEY = L.keyOf(L.PACKET_HEADER_TEMPLATE, L.PACKET_HEADER_BYTES);
const DATA = FramingKind.DATA;
/** A session's third word has 16 bits. */
const WORD = 0xffff;

/** A segment that is none: outside i32. */
const NO_SEGMENT = 2 ** 40;
const RESET = 1;
/** The first packets after a restart, of both feeds, come within this time, ns. */
const RESTART_NS = 10e9;
const HIGH_WORD = 2 ** 32;
/** Places in #times: when the present service began, and its newest packet, ns since 1970. */
const BEGAN = 0;
const NEWEST = 1;
/** The end of the newest message of the present service. */
const END = 2;

/** EOBI's Framing. */
export class EobiFraming implements Framing {
  /** The market segment followed. */
  #segment: number;
  seqLo = 0;
  seqHi = 0;
  readonly seq = new Float64Array(1);
  count = 0;
  firstOffset: number = PACKET_HEADER_BYTES;
  sessionHi = 0;
  sessionMid = 0;
  sessionLo = 0;
  readonly #lengths = L.bodyLengths();
  /** Restarts seen. */
  #restarts = 0;
  readonly #times = new Float64Array(3);
  /** What #walk found: sequence of the first message, how many, messages of other lengths. */
  #first = 0;
  #messages = 0;
  #foreign = 0;
  #ordered = true;

  /** @param segment market segment to follow, i32; null: the first one seen */
  constructor(segment: number | null = null) {
    this.#segment = segment ?? NO_SEGMENT;
  }

  read(bytes: Uint8Array, data: DataView, offset: number, length: number): number {
    return this.readHeader(bytes, data, offset, length);
  }

  /** The packet header has neither sequence nor count: the messages are walked over at once. */
  readHeader(_bytes: Uint8Array, data: DataView, offset: number, length: number): number {
    if (length < PACKET_HEADER_BYTES) return FramingKind.SHORT;
    if (data.getInt32(offset, true) !== HEADER_KEY) return FramingKind.FOREIGN;
    if (this.#walk(data, offset, length) !== length) return FramingKind.BLOCKS;
    if (this.#foreign > 0) return FramingKind.FOREIGN;
    const segment = data.getInt32(offset + PACKET_HEADER_MARKET_SEGMENT_ID, true);
    if (segment !== this.#segment) {
      if (this.#segment !== NO_SEGMENT) return FramingKind.OTHER_STREAM;
      this.#segment = segment;
    }
    if (!this.#ordered) return FramingKind.SEQUENCE;
    this.sessionHi = segment;
    this.sessionMid = data.getUint8(offset + PACKET_HEADER_PARTITION_ID);
    this.sessionLo = this.#service(data, offset);
    const first = this.#first;
    this.seq[0] = first;
    this.seqLo = first | 0;
    this.seqHi = 0;
    this.count = this.#messages;
    if (this.#messages === 0) return first === 0 ? FramingKind.SEQUENCE : FramingKind.HEARTBEAT;
    return first === 0 ? FramingKind.UNSEQUENCED : DATA;
  }

  fits(_data: DataView, _offset: number, _length: number): boolean {
    return true;
  }

  skip(data: DataView, offset: number, length: number, fromOffset: number, n: number): number {
    let at = fromOffset;
    for (let i = 0; i < n; i++) {
      if (at + MESSAGE_HEADER_BYTES > length) return -1;
      const bytes = data.getUint16(offset + at + BODY_LEN, true);
      if (bytes < MESSAGE_HEADER_BYTES) return -1;
      at += bytes;
    }
    return at <= length ? at : -1;
  }

  /** Which service sent the packet whose messages were walked over. @returns restarts before it */
  #service(data: DataView, offset: number): number {
    const times = this.#times;
    const at = offset + PACKET_HEADER_TRANSACT_TIME;
    const time = data.getUint32(at + 4, true) * HIGH_WORD + data.getUint32(at, true);
    const end = this.#first + this.#messages;
    if (times[BEGAN] === 0) times[BEGAN] = time;
    if (
      data.getUint8(offset + PACKET_HEADER_APPL_SEQ_RESET_INDICATOR) === RESET &&
      end < (times[END] as number) &&
      time > (times[NEWEST] as number) &&
      time - (times[BEGAN] as number) > RESTART_NS
    ) {
      this.#restarts++;
      times[BEGAN] = time;
      times[END] = end;
    }
    if (time < (times[BEGAN] as number) && this.#restarts > 0) return (this.#restarts - 1) & WORD;
    if (time > (times[NEWEST] as number)) times[NEWEST] = time;
    if (end > (times[END] as number)) times[END] = end;
    return this.#restarts & WORD;
  }

  /** Steps over the messages. @returns where they end, or -1 when they do not fit */
  #walk(data: DataView, offset: number, length: number): number {
    const lengths = this.#lengths;
    let at = PACKET_HEADER_BYTES;
    let first = 0;
    let count = 0;
    this.#foreign = 0;
    this.#ordered = true;
    while (at < length) {
      if (at + MESSAGE_HEADER_BYTES > length) return -1;
      const p = offset + at;
      const bytes = data.getUint16(p + BODY_LEN, true);
      if (bytes < MESSAGE_HEADER_BYTES || at + bytes > length) return -1;
      const slot = data.getUint16(p + TEMPLATE_ID, true) - TEMPLATE_FIRST;
      if (slot >= 0 && slot < TEMPLATE_COUNT) {
        const known = lengths[slot] as number;
        if (known !== 0 && known !== bytes) this.#foreign++;
      }
      const seq = data.getUint32(p + MSG_SEQ_NUM, true);
      if (slot === HEARTBEAT_TEMPLATE - TEMPLATE_FIRST && at + bytes === length && count === 0) {
        first = data.getUint32(p + HEARTBEAT_LAST_MSG_SEQ_NUM_PROCESSED, true) + 1;
      } else {
        if (count === 0) first = seq;
        if (seq !== first + count || seq === NO_SEQUENCE) this.#ordered = false;
        count++;
      }
      at += bytes;
    }
    this.#first = first;
    this.#messages = count;
    return at;
  }
}
