/**
 * The benches' input in memory: an ITCH BinaryFILE as it stands, seen as spans of whole messages,
 * or cut into MoldUDP64 packets of two feeds. Everything is read and cut before a clock starts.
 *
 * Thread: the case's main thread; other threads may look at the same regions.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { FrameView, takeFrames } from "../../src/core/frames.ts";
import type { FrameOwner } from "../../src/core/sinks.ts";
import { MoldUdp64Writer } from "../../src/decode/moldudp64/encoder.ts";
import { HEADER_BYTES } from "../../src/decode/moldudp64/layout.ts";

/** UDP payload bytes of a packet at most, by feed: both within the MTU, cut differently. */
export const PACKET_BYTES = [1400, 1232] as const;
const READ_BYTES = 1 << 26;
const ALIGN = 64;

/** A file in one frame of a region, and where its packets would end. */
export class FileSpans {
  readonly view: FrameView;
  readonly bytes: number;
  readonly messages: number;
  /** Spans of whole messages, as feed A's packets hold them: first byte, bytes, messages. */
  readonly offsets: Int32Array;
  readonly lengths: Int32Array;
  readonly counts: Int32Array;
  readonly spans: number;

  /** @param file an ITCH BinaryFILE below 2 GiB */
  constructor(file: string) {
    const fd = openSync(file, "r");
    this.bytes = fstatSync(fd).size;
    this.view = new FrameView(takeFrames(Math.ceil(this.bytes / ALIGN) * ALIGN, 1, null));
    for (let at = 0; at < this.bytes; ) {
      const want = Math.min(READ_BYTES, this.bytes - at);
      const count = readSync(fd, this.view.bytes, at, want, at);
      if (count === 0) throw new Error(`${file}: ends at ${at} of ${this.bytes}`);
      at += count;
    }
    closeSync(fd);
    const roomBytes = PACKET_BYTES[0] - HEADER_BYTES;
    const spansMax = Math.ceil(this.bytes / (roomBytes - 100)) + 1;
    this.offsets = new Int32Array(spansMax);
    this.lengths = new Int32Array(spansMax);
    this.counts = new Int32Array(spansMax);
    let [spans, messages] = [0, 0];
    for (let at = 0; at + 2 <= this.bytes; spans++) {
      const from = at;
      const before = messages;
      for (let end = this.blockEnd(at); end - from <= roomBytes; end = this.blockEnd(at)) {
        if (end > this.bytes) throw new Error(`${file}: a message ends beyond the file`);
        at = end;
        messages++;
        if (at + 2 > this.bytes) break;
      }
      this.offsets[spans] = from;
      this.lengths[spans] = at - from;
      this.counts[spans] = messages - before;
    }
    this.spans = spans;
    this.messages = messages;
  }

  /** Where the block at `at` ends. */
  blockEnd(at: number): number {
    const { bytes } = this.view;
    return at + 2 + ((bytes[at] as number) << 8) + (bytes[at + 1] as number);
  }

  /** How many spans hold about the first `messages`. */
  spansOf(messages: number): number {
    let spans = 0;
    for (let left = messages; left > 0 && spans < this.spans; spans++) {
      left -= this.counts[spans] as number;
    }
    return spans;
  }
}

/** The packets of one feed, packet p in frame p. */
export class PacketFeed {
  readonly view: FrameView;
  readonly lengths: Int32Array;
  /** Sequence of each packet's first message. */
  readonly seqs: Int32Array;
  packets = 0;
  /** Where the next packet's messages begin in the file, and their sequence. */
  #at = 0;
  #seq = 1;
  readonly #source: FileSpans;
  readonly #roomBytes: number;
  readonly #writer = new MoldUdp64Writer("BENCH");

  /**
   * @param packetBytes of a packet at most, header included
   * @param framesMax packets held at a time
   */
  constructor(source: FileSpans, packetBytes: number, framesMax: number) {
    this.#source = source;
    this.#roomBytes = packetBytes - HEADER_BYTES;
    const frameBytes = Math.ceil(packetBytes / ALIGN) * ALIGN;
    this.view = new FrameView(takeFrames(frameBytes, framesMax, null));
    this.lengths = new Int32Array(framesMax);
    this.seqs = new Int32Array(framesMax);
  }

  /** Starts the file over. */
  rewind(): void {
    this.#at = 0;
    this.#seq = 1;
    this.packets = 0;
  }

  /** Cuts on until the frames are full or the file ends. @returns messages cut */
  cut(): number {
    const { bytes } = this.#source.view;
    const out = this.view.bytes;
    const first = this.#seq;
    this.packets = 0;
    while (this.packets < this.lengths.length && this.#at + 2 <= this.#source.bytes) {
      const from = this.#at;
      let [at, count] = [from, 0];
      while (at + 2 <= this.#source.bytes) {
        const end = this.#source.blockEnd(at);
        if (end - from > this.#roomBytes) break;
        at = end;
        count++;
      }
      const p = this.packets++;
      const to = this.#writer.header(out, p * this.view.frameBytes, this.#seq, count);
      out.set(bytes.subarray(from, at), to);
      this.lengths[p] = HEADER_BYTES + at - from;
      this.seqs[p] = this.#seq;
      this.#seq += count;
      this.#at = at;
    }
    return this.#seq - first;
  }
}

/** All packets of a file on one feed. */
export function cutFeed(source: FileSpans, packetBytes: number): PacketFeed {
  const smallestFill = packetBytes - HEADER_BYTES - 100;
  const feed = new PacketFeed(source, packetBytes, Math.ceil(source.bytes / smallestFill) + 1);
  const cut = feed.cut();
  if (cut !== source.messages) throw new Error(`${cut} of ${source.messages} messages cut`);
  return feed;
}

/** Takes frames back and only counts them. */
export class CountingOwner implements FrameOwner {
  released = 0;

  release(_feed: number, _frame: number): void {
    this.released++;
  }
}
