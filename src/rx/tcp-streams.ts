/**
 * The bytes of captured TCP connections in order, each direction a stream of its own: retransmitted
 * bytes once, early segments held until the ones before them come. Bounded in streams and in bytes.
 *
 * Thread: main's, cold. Source: RFC 9293, section 3.
 */
import type { UdpParser } from "./udp.ts";

/** Where a stream's bytes go. */
export interface StreamSink {
  /** @param stream numbers from 0 @param bytes borrowed, in order and without a hole */
  onStreamBytes(stream: number, bytes: Uint8Array): void;
  /** A stream has a hole, or there are too many: what follows of it is left out. */
  onStreamProblem(kind: string, detail: string): void;
}

const FLAG_SYN = 0x02;
const STREAMS_MAX = 1024;
/** Most bytes of early segments held for one stream. */
const EARLY_BYTES_MAX = 1 << 20;

interface Stream {
  readonly number: number;
  readonly name: string;
  /** Sequence of the next byte, signed. */
  next: number;
  readonly early: Map<number, Uint8Array>;
  earlyBytes: number;
  broken: boolean;
}

/** Puts segments together. */
export class TcpStreams {
  readonly #sink: StreamSink;
  readonly #streams = new Map<string, Stream>();
  #count = 0;

  constructor(sink: StreamSink) {
    this.#sink = sink;
  }

  /** Takes the segment that the parser describes. @param payload borrowed */
  segment(tcp: UdpParser, payload: Uint8Array): void {
    const name =
      `${address(tcp.source)}:${tcp.sourcePort} > ` +
      `${address(tcp.destination)}:${tcp.destinationPort}`;
    const isSyn = (tcp.tcpFlags & FLAG_SYN) !== 0;
    let stream = this.#streams.get(name);
    if (stream === undefined || isSyn) {
      const next = isSyn ? (tcp.tcpSeq + 1) | 0 : tcp.tcpSeq;
      if (isSyn && stream?.next === next) return;
      if (stream !== undefined) this.#endOf(stream);
      else if (this.#streams.size === STREAMS_MAX) {
        this.#sink.onStreamProblem("too many TCP streams", name);
        return;
      }
      const number = this.#count++;
      stream = { number, name, next, early: new Map(), earlyBytes: 0, broken: false };
      this.#streams.set(name, stream);
    }
    if (payload.length === 0 || stream.broken) return;
    const from = isSyn ? (tcp.tcpSeq + 1) | 0 : tcp.tcpSeq;
    if (!this.#take(stream, from, payload)) this.#hold(stream, from, payload);
    else this.#takeEarly(stream);
  }

  /** Says which streams ended with a hole before bytes that were there. */
  end(): void {
    for (const stream of this.#streams.values()) this.#endOf(stream);
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

  #hold(stream: Stream, seq: number, payload: Uint8Array): void {
    if (stream.earlyBytes + payload.length > EARLY_BYTES_MAX) {
      this.#endOf(stream);
      stream.broken = true;
      return;
    }
    const before = stream.early.get(seq)?.length ?? 0;
    if (before >= payload.length) return;
    stream.early.set(seq, payload.slice());
    stream.earlyBytes += payload.length - before;
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
    if (stream.early.size === 0) return;
    this.#sink.onStreamProblem("TCP bytes missing", `${stream.name}, ${stream.earlyBytes} behind`);
    stream.early.clear();
    stream.earlyBytes = 0;
  }
}

function address(word: number): string {
  return [24, 16, 8, 0].map((shift) => (word >>> shift) & 0xff).join(".");
}
