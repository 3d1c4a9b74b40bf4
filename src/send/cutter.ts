/**
 * Cuts a stream of length-prefixed messages into MoldUDP64 packets of one feed. A BinaryFILE block
 * and a MoldUDP64 message block are the same bytes, so blocks are copied as they stand.
 *
 * Sans-I/O. Thread: the sender's.
 */
import { MESSAGES_MAX, type MoldUdp64Writer } from "../decode/moldudp64/encoder.ts";
import { HEADER_BYTES } from "../decode/moldudp64/layout.ts";
import type { Random } from "../generate/random.ts";

/** Largest packet, bytes: what fits an Ethernet frame with room for tunnels. */
export const MTU_BYTES = 1400;
/** Longest datagram of a capture that is sent as it is, bytes. */
export const DATAGRAM_BYTES_MAX = 16_384;
/** Smallest limit that an independent cut draws, bytes. */
const LIMIT_BYTES_MIN = 200;

/** One feed's packet in the making. */
export class Cutter {
  /** The packet; a header is written by finish(). */
  readonly bytes: Uint8Array;
  /** Sequence of the first message, and how many there are. */
  seq = 0;
  count = 0;
  length = HEADER_BYTES;
  /** When the first and last message are to leave, ns from the start. */
  firstDueNs = 0;
  lastDueNs = 0;
  readonly #writer: MoldUdp64Writer | null;
  readonly #random: Random | null;
  #limit = MTU_BYTES;

  /**
   * @param writer of packet headers; null where packets come whole, by put()
   * @param random draws each packet's own limit; null fills every packet
   * @param packetBytes longest packet
   */
  constructor(writer: MoldUdp64Writer | null, random: Random | null, packetBytes = MTU_BYTES) {
    this.#writer = writer;
    this.#random = random;
    this.bytes = new Uint8Array(packetBytes);
    this.#draw();
  }

  /** True when a block of so many bytes goes into this packet; an empty packet takes any. */
  fits(blockBytes: number): boolean {
    if (this.count === 0) return true;
    return this.length + blockBytes <= this.#limit && this.count < MESSAGES_MAX;
  }

  /** Appends a block, its length prefix included. */
  add(from: Uint8Array, at: number, blockBytes: number, seq: number, dueNs: number): void {
    if (this.count === 0) {
      this.seq = seq;
      this.firstDueNs = dueNs;
    }
    this.bytes.set(from.subarray(at, at + blockBytes), this.length);
    this.length += blockBytes;
    this.count++;
    this.lastDueNs = dueNs;
  }

  /** Makes these bytes the packet as they are. */
  put(from: Uint8Array, seq: number, dueNs: number): void {
    this.bytes.set(from);
    this.length = from.length;
    this.seq = seq;
    this.count = 1;
    this.firstDueNs = dueNs;
    this.lastDueNs = dueNs;
  }

  /** Finishes the packet: `bytes` up to `length` are it until reset(). */
  finish(): void {
    this.#writer?.header(this.bytes, 0, this.seq, this.count);
  }

  /** Begins the next packet. */
  reset(): void {
    this.count = 0;
    this.length = HEADER_BYTES;
    this.#draw();
  }

  #draw(): void {
    if (this.#random === null) return;
    this.#limit = LIMIT_BYTES_MIN + this.#random.below(MTU_BYTES - LIMIT_BYTES_MIN + 1);
  }
}
