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
    this.offsets = new Int32Array(Math.ceil(bytes / 50));
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

  /** Loses, swaps and repeats packets from `from` to `to`: one in so many each. */
  disturb(from: number, to: number, lost: number, late: number, twice: number): void {
    const kept: number[] = [];
    for (let i = 0; i < this.count; i++) {
      const inside = i >= from && i < to;
      if (inside && i % lost === 0) continue;
      kept.push(i);
      if (inside && i % twice === 0) kept.push(i);
      const n = kept.length;
      if (inside && i % late === 0 && n > 1) {
        kept.push(kept[n - 2] as number);
        kept.splice(n - 2, 1);
      }
    }
    const offsets = this.offsets.slice();
    this.count = kept.length;
    for (let i = 0; i < kept.length; i++) {
      this.offsets[2 * i] = offsets[2 * (kept[i] as number)] as number;
      this.offsets[2 * i + 1] = offsets[2 * (kept[i] as number) + 1] as number;
    }
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
