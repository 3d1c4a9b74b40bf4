/**
 * The bytes of captured TCP connections in order, each direction a stream of its own: retransmitted
 * bytes once, early segments held until the ones before them come. Bounded in streams, in bytes and
 * in segments held; closed streams make room for new ones.
 *
 * Thread: rx's of a file, or main's; cold. Source: RFC 9293, section 3.
 */
import type { UdpParser } from "./udp.ts";

/** Where a stream's bytes go. */
export interface StreamSink {
  /** @param stream numbers from 0 @param bytes borrowed, in order and without a hole */
  onStreamBytes(stream: number, bytes: Uint8Array): void;
  /** A stream has a hole, or there are too many: what follows of it is left out. */
  onStreamProblem(kind: string, detail: string): void;
  /** Nothing will come of this stream any more. */
  onStreamEnd(stream: number): void;
}

/** What became of a segment. */
export const SegmentKind = {
  /** It brought bytes that were due. */
  IN_ORDER: 1,
  /** No payload. */
  EMPTY: 0,
  /** It brought nothing that had not come. */
  DUPLICATE: 2,
  /** It is held until what comes before it is there. */
  EARLY: 3,
  /** It is behind a hole that was given up, and left out. */
  LOST: -1,
  /** There are too many streams to take another. */
  REFUSED: -2,
} as const;

const FLAG_FIN = 0x01;
const FLAG_SYN = 0x02;
const FLAG_RST = 0x04;
const STREAMS_MAX = 1024;
/** Most bytes and segments held of one stream; they bound the search through them, too. */
const EARLY_BYTES_MAX = 1 << 20;
const EARLY_SEGMENTS_MAX = 2048;

interface Stream {
  readonly number: number;
  readonly name: string;
  /** Sequence of its first byte, signed. */
  readonly first: number;
  /** Sequence of the next byte, signed. */
  next: number;
  readonly early: Map<number, Uint8Array>;
  earlyBytes: number;
  /** A hole was given up. */
  broken: boolean;
  /** One side has closed or reset it. */
  closed: boolean;
}

/** Puts segments together. */
export class TcpStreams {
  /** Streams that were given up, or ended, with bytes missing. */
  holes = 0;
  readonly #sink: StreamSink;
  readonly #streams = new Map<string, Stream>();
  #count = 0;

  constructor(sink: StreamSink) {
    this.#sink = sink;
  }

  /** Takes the segment that the parser describes. @param payload borrowed @returns a SegmentKind */
  segment(tcp: UdpParser, payload: Uint8Array): number {
    const isSyn = (tcp.tcpFlags & FLAG_SYN) !== 0;
    const from = isSyn ? (tcp.tcpSeq + 1) | 0 : tcp.tcpSeq;
    const stream = this.#streamOf(nameOf(tcp), from, isSyn);
    if (stream === null) return SegmentKind.REFUSED;
    if ((tcp.tcpFlags & (FLAG_FIN | FLAG_RST)) !== 0) stream.closed = true;
    if (payload.length === 0) return SegmentKind.EMPTY;
    if (stream.broken) return SegmentKind.LOST;
    const before = stream.next;
    if (!this.#take(stream, from, payload)) return this.#hold(stream, from, payload);
    if (stream.next === before) return SegmentKind.DUPLICATE;
    this.#takeEarly(stream);
    return SegmentKind.IN_ORDER;
  }

  /** Says which streams ended with a hole before bytes that were there. */
  end(): void {
    for (const stream of this.#streams.values()) this.#endOf(stream);
    this.#streams.clear();
  }

  /** The stream of a segment, a new one at a SYN. @returns null when there are too many */
  #streamOf(name: string, next: number, isSyn: boolean): Stream | null {
    const known = this.#streams.get(name);
    // A SYN that comes again is of the stream that it began.
    if (known !== undefined && !(isSyn && known.first !== next)) return known;
    if (known !== undefined) {
      this.#streams.delete(name);
      this.#endOf(known);
    } else if (this.#streams.size === STREAMS_MAX && !this.#dropClosed()) {
      this.#sink.onStreamProblem("too many TCP streams", name);
      return null;
    }
    const number = this.#count++;
    const begun = { early: new Map(), earlyBytes: 0, broken: false, closed: false };
    const stream: Stream = { number, name, first: next, next, ...begun };
    this.#streams.set(name, stream);
    return stream;
  }

  /** Forgets the oldest closed stream. @returns false when there is none */
  #dropClosed(): boolean {
    for (const [name, stream] of this.#streams) {
      if (!stream.closed) continue;
      this.#streams.delete(name);
      this.#endOf(stream);
      return true;
    }
    return false;
  }

  /** Hands on what is new of a segment. @returns false when it is early */
  #take(stream: Stream, seq: number, payload: Uint8Array): boolean {
    const ahead = (seq - stream.next) | 0;
    if (ahead > 0) return false;
    if (-ahead < payload.length) {
      stream.next = (seq + payload.length) | 0;
      this.#sink.onStreamBytes(stream.number, payload.subarray(-ahead));
    }
    return true;
  }

  /** @returns a SegmentKind */
  #hold(stream: Stream, seq: number, payload: Uint8Array): number {
    const before = stream.early.get(seq)?.length ?? 0;
    if (before >= payload.length) return SegmentKind.DUPLICATE;
    const isFull = stream.early.size === EARLY_SEGMENTS_MAX && before === 0;
    if (isFull || stream.earlyBytes + payload.length - before > EARLY_BYTES_MAX) {
      this.#giveUp(stream);
      return SegmentKind.LOST;
    }
    stream.early.set(seq, payload.slice());
    stream.earlyBytes += payload.length - before;
    return SegmentKind.EARLY;
  }

  #takeEarly(stream: Stream): void {
    for (let moved = true; moved && stream.early.size > 0; ) {
      moved = false;
      for (const [seq, payload] of stream.early) {
        if (!this.#take(stream, seq, payload)) continue;
        stream.early.delete(seq);
        stream.earlyBytes -= payload.length;
        moved = true;
      }
    }
  }

  #endOf(stream: Stream): void {
    if (stream.early.size > 0) this.#giveUp(stream);
    this.#sink.onStreamEnd(stream.number);
  }

  #giveUp(stream: Stream): void {
    this.holes++;
    this.#sink.onStreamProblem("TCP bytes missing", `${stream.name}, ${stream.earlyBytes} behind`);
    stream.early.clear();
    stream.earlyBytes = 0;
    stream.broken = true;
  }
}

function nameOf(tcp: UdpParser): string {
  return (
    `${address(tcp.source)}:${tcp.sourcePort} > ` +
    `${address(tcp.destination)}:${tcp.destinationPort}`
  );
}

function address(word: number): string {
  return [24, 16, 8, 0].map((shift) => (word >>> shift) & 0xff).join(".");
}
