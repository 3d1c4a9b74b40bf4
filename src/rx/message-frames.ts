/**
 * Fills frames with messages that came one by one, so that each frame reads as a MoldUDP64 packet
 * (session, sequence, count, blocks): merge then arbitrates TCP and multicast by one framing.
 *
 * Thread: rx's. The caller sees to it that the pool has a frame whenever one is begun.
 */
import type { FramePool, FrameView } from "../core/frames.ts";
import { MESSAGES_MAX, type MoldUdp64Writer } from "../decode/moldudp64/encoder.ts";
import { BLOCK_HEADER_BYTES, HEADER_BYTES } from "../decode/moldudp64/layout.ts";

/** Takes a frame that is filled. @param length of the packet, bytes */
export type OnFrame = (frame: number, length: number) => void;

/** One frame at a time. */
export class MessageFrames {
  readonly #view: FrameView;
  readonly #pool: FramePool;
  readonly #onFrame: OnFrame;
  #writer: MoldUdp64Writer | null = null;
  /** The frame being filled, or -1; its messages, their end, the first one's sequence. */
  #frame = -1;
  #count = 0;
  #fillAt = HEADER_BYTES;
  #first = 0;

  constructor(view: FrameView, pool: FramePool, onFrame: OnFrame) {
    this.#view = view;
    this.#pool = pool;
    this.#onFrame = onFrame;
  }

  /**
   * Adds the message bytes[from..to).
   *
   * @param writer of the message's session
   * @param seq the message's; one more than the last one's, or that was handed on by flush()
   * @returns false when it is longer than a frame: it is left out, what was there is handed on
   */
  add(writer: MoldUdp64Writer, seq: number, bytes: Uint8Array, from: number, to: number): boolean {
    const { frameBytes } = this.#view;
    const blockBytes = BLOCK_HEADER_BYTES + to - from;
    if (HEADER_BYTES + blockBytes > frameBytes) {
      this.flush();
      return false;
    }
    if (this.#fillAt + blockBytes > frameBytes || this.#count === MESSAGES_MAX) this.flush();
    if (this.#frame < 0) this.#begin(writer, seq);
    const at = this.#frame * frameBytes + this.#fillAt;
    const out = this.#view.bytes;
    out[at] = (to - from) >>> 8;
    out[at + 1] = to - from;
    out.set(bytes.subarray(from, to), at + BLOCK_HEADER_BYTES);
    this.#fillAt += blockBytes;
    this.#count++;
    return true;
  }

  /** Hands on a packet without messages. @param next sequence of the message to come */
  control(writer: MoldUdp64Writer, next: number, kind: "heartbeat" | "end"): void {
    this.flush();
    this.#begin(writer, next);
    this.#hand(kind === "end" ? MESSAGES_MAX + 1 : 0);
  }

  /** Hands on the frame being filled, where there is one. */
  flush(): void {
    if (this.#frame >= 0) this.#hand(this.#count);
  }

  /** Gives the frame being filled back, with what is in it. */
  drop(feed: number): void {
    if (this.#frame >= 0) this.#pool.release(feed, this.#frame);
    this.#frame = -1;
  }

  #begin(writer: MoldUdp64Writer, seq: number): void {
    this.#writer = writer;
    this.#frame = this.#pool.take();
    this.#fillAt = HEADER_BYTES;
    this.#count = 0;
    this.#first = seq;
  }

  #hand(count: number): void {
    const frame = this.#frame;
    this.#writer?.header(this.#view.bytes, frame * this.#view.frameBytes, this.#first, count);
    this.#frame = -1;
    this.#onFrame(frame, this.#fillAt);
  }
}
