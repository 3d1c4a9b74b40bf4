/** Cuts a buffer of length-prefixed messages into MoldUDP64 packets for the audit. */
import type { NativeSender } from "../../src/core/native.ts";

const HEADER_BYTES = 20;
const SESSION = Buffer.from("AUDIT     ");

/** The packets of one feed, back to back. */
export class PacketCutter {
  readonly bytes: Uint8Array;
  /** offset, length of each packet. */
  readonly offsets: Int32Array;
  count = 0;
  readonly #data: DataView;
  readonly #payloadMax: number;

  /** @param payloadMax bytes of a packet at most, header included */
  constructor(bytes: number, payloadMax: number) {
    this.bytes = new Uint8Array(bytes);
    this.offsets = new Int32Array(bytes / 100);
    this.#data = new DataView(this.bytes.buffer);
    this.#payloadMax = payloadMax;
  }

  /** @returns the messages cut */
  cut(blocks: Uint8Array, end: number, firstSeq: number): number {
    this.count = 0;
    let seq = firstSeq;
    let to = 0;
    for (let from = 0; from < end; ) {
      const start = to;
      this.bytes.set(SESSION, to);
      to += HEADER_BYTES;
      let messages = 0;
      while (from < end) {
        const length = 2 + (((blocks[from] as number) << 8) | (blocks[from + 1] as number));
        if (to + length - start > this.#payloadMax) break;
        this.bytes.set(blocks.subarray(from, from + length), to);
        from += length;
        to += length;
        messages++;
      }
      this.#data.setUint32(start + 10, Math.floor(seq / 2 ** 32));
      this.#data.setUint32(start + 14, seq % 2 ** 32);
      this.#data.setUint16(start + 18, messages);
      this.offsets[2 * this.count] = start;
      this.offsets[2 * this.count + 1] = to - start;
      this.count++;
      seq += messages;
    }
    return seq - firstSeq;
  }

  /** Sends all of them. */
  send(sender: NativeSender): void {
    let sent = 0;
    while (sent < this.count) {
      const n = sender.send(this.bytes, this.offsets, this.count, sent);
      if (n < 0) throw new Error(`sendmmsg failed with errno ${-n}`);
      sent += n;
    }
  }
}
