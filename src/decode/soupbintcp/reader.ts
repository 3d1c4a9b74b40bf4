/**
 * Cuts a SoupBinTCP stream into packets. Sans-I/O: bytes are pushed in as they come, whole packets
 * are handed out; what a push leaves over is kept, one packet at most.
 *
 * Source: Nasdaq SoupBinTCP specification 3.00, section 2.1.
 */
import { HEADER_BYTES, LENGTH_BYTES, PACKET_BYTES_MAX } from "./layout.ts";

/** What a packet is handed to. */
export interface SoupPacketSink {
  /**
   * @param type letter's byte
   * @param bytes borrowed; the body is bytes[from..to)
   */
  onSoupPacket(type: number, bytes: Uint8Array, from: number, to: number): void;
}

/** The reader of one direction of one connection. */
export class SoupReader {
  /** True once a packet had no type: the stream cannot be read on. */
  broken = false;
  readonly #sink: SoupPacketSink;
  /** A packet that has begun. */
  readonly #kept = new Uint8Array(PACKET_BYTES_MAX);
  #keptBytes = 0;

  constructor(sink: SoupPacketSink) {
    this.#sink = sink;
  }

  /** Bytes of a packet that has begun and not ended. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** Forgets what is kept: a new connection begins. */
  reset(): void {
    this.#keptBytes = 0;
    this.broken = false;
  }

  /** Takes the stream's next bytes and hands out the packets that are whole. */
  push(bytes: Uint8Array): void {
    let at = this.#keptBytes === 0 ? 0 : this.#finishKept(bytes);
    while (!this.broken && at + LENGTH_BYTES <= bytes.length) {
      const end = at + LENGTH_BYTES + lengthAt(bytes, at);
      if (end > bytes.length) break;
      this.#hand(bytes, at, end);
      at = end;
    }
    if (this.broken || at >= bytes.length) return;
    this.#kept.set(bytes.subarray(at), this.#keptBytes);
    this.#keptBytes += bytes.length - at;
  }

  /** Completes the kept packet from the front of `bytes`. @returns how many were taken */
  #finishKept(bytes: Uint8Array): number {
    const kept = this.#kept;
    let taken = 0;
    if (this.#keptBytes < LENGTH_BYTES) {
      const first = bytes[0];
      if (first === undefined) return 0;
      kept[this.#keptBytes++] = first;
      taken = 1;
    }
    const missing = LENGTH_BYTES + lengthAt(kept, 0) - this.#keptBytes;
    const more = Math.min(missing, bytes.length - taken);
    kept.set(bytes.subarray(taken, taken + more), this.#keptBytes);
    this.#keptBytes += more;
    if (more === missing) {
      const end = this.#keptBytes;
      this.#keptBytes = 0;
      this.#hand(kept, 0, end);
    }
    return taken + more;
  }

  #hand(bytes: Uint8Array, at: number, end: number): void {
    if (end < at + HEADER_BYTES) {
      this.broken = true;
      return;
    }
    const type = bytes[at + LENGTH_BYTES] as number;
    this.#sink.onSoupPacket(type, bytes, at + HEADER_BYTES, end);
  }
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}
