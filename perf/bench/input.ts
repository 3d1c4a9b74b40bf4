/**
 * The benches' input: an ITCH BinaryFILE in memory, cut into MoldUDP64 packets of at most
 * PACKET_BYTES in frames of one region a feed, a stretch of messages at a time. Filling a stretch
 * is never timed.
 */
import { readFileSync } from "node:fs";
import { FrameView, takeFrames } from "../../src/core/frames.ts";
import type { FrameOwner } from "../../src/core/sinks.ts";
import { MoldUdp64Writer } from "../../src/decode/moldudp64/encoder.ts";
import { HEADER_BYTES } from "../../src/decode/moldudp64/layout.ts";

/** UDP payload bytes of a packet at most. */
export const PACKET_BYTES = 1400;
const FRAME_BYTES = 2048;
/**
 * Messages cut into packets and then timed in one go: about a hundred packets of each feed, so that
 * they lie in the second-level cache as packets do that rx has just received.
 */
export const STRETCH = 4_096;

/** A file and the packets of one stretch of it. */
export class BenchInput {
  readonly bytes: Uint8Array;
  /** Messages in the file. */
  readonly messages: number;
  readonly frames: readonly FrameView[];
  /** Of the packets of the stretch; packet p lies in frame p of both feeds. */
  readonly lengths: Int32Array;
  readonly counts: Int32Array;
  packets = 0;
  /** Sequence of the next message to be cut. */
  #seq = 1;
  #at = 0;
  #left = 0;
  readonly #feeds: number;
  readonly #writer = new MoldUdp64Writer("BENCH");

  /** @param feeds how many copies of each packet, 1 or 2 */
  constructor(file: string, feeds: number) {
    this.bytes = readFileSync(file);
    this.#feeds = feeds;
    let messages = 0;
    for (let at = 0; at + 2 <= this.bytes.length; messages++) at = this.#blockEnd(at);
    this.messages = messages;
    const packets = Math.ceil(STRETCH / Math.floor((PACKET_BYTES - HEADER_BYTES) / 52)) + 1;
    this.lengths = new Int32Array(packets);
    this.counts = new Int32Array(packets);
    const views: FrameView[] = [];
    for (let f = 0; f < feeds; f++)
      views.push(new FrameView(takeFrames(FRAME_BYTES, packets, null)));
    this.frames = views;
    this.rewind();
  }

  /** Starts over. */
  rewind(): void {
    this.#at = 0;
    this.#seq = 1;
    this.#left = this.messages;
  }

  /** Cuts the next stretch into packets. @returns its messages, 0 at the end */
  next(): number {
    const stretch = Math.min(STRETCH, this.#left);
    let left = stretch;
    this.packets = 0;
    while (left > 0) {
      const packet = this.#cut(left);
      left -= packet;
    }
    this.#left -= stretch;
    return stretch;
  }

  #cut(messagesMax: number): number {
    const from = this.#at;
    let end = from;
    let count = 0;
    while (count < messagesMax) {
      const after = this.#blockEnd(end);
      if (after - from > PACKET_BYTES - HEADER_BYTES) break;
      end = after;
      count++;
    }
    const p = this.packets++;
    for (let f = 0; f < this.#feeds; f++) {
      const out = (this.frames[f] as FrameView).bytes;
      const at = this.#writer.header(out, p * FRAME_BYTES, this.#seq, count);
      out.set(this.bytes.subarray(from, end), at);
    }
    this.lengths[p] = HEADER_BYTES + end - from;
    this.counts[p] = count;
    this.#seq += count;
    this.#at = end;
    return count;
  }

  #blockEnd(at: number): number {
    return at + 2 + ((this.bytes[at] as number) << 8) + (this.bytes[at + 1] as number);
  }
}

/** Takes frames back and only counts them. */
export class CountingOwner implements FrameOwner {
  released = 0;

  release(_feed: number, _frame: number): void {
    this.released++;
  }
}
