/**
 * SoupBinTCP in a capture: TCP segments become streams, streams packets, and the sequenced data of
 * the server's side frames that read as MoldUDP64 packets, numbered from the Login Accepted packet
 * on. Where the capture began later, messages have no sequence and pass as they come.
 *
 *   segment ─▶ TcpStreams ─▶ queue ─▶ SoupReader of the stream ─▶ MessageFrames ─▶ sink
 *
 * The queue holds what one segment set free; the capture is read on only when it is empty, so that
 * nothing is dropped for want of frames. Everything in it is hostile: bounded by TcpStreams and the
 * reader, and counted.
 *
 * Thread: rx's, cold. Source: Nasdaq SoupBinTCP specification 3.00, sections 2 and 3.
 */
import { FEED_A } from "../core/sinks.ts";
import { MoldUdp64Writer } from "../decode/moldudp64/encoder.ts";
import * as L from "../decode/soupbintcp/layout.ts";
import { readLoginAccepted } from "../decode/soupbintcp/login.ts";
import { SoupReader } from "../decode/soupbintcp/reader.ts";
import { C } from "../metrics/counter-table.ts";
import type { FileSourceParts } from "./file-capture.ts";
import { MessageFrames } from "./message-frames.ts";
import { SegmentKind, type StreamSink, TcpStreams } from "./tcp-streams.ts";
import type { UdpParser } from "./udp.ts";

/**
 * Bytes taken apart in one go, and the frames that they may fill at most: one for each Login
 * Accepted packet (33 bytes) with a message (3), and two at the slice's end.
 */
const SLICE_BYTES = 2048;
const FRAMES_MIN = 64;

/** One direction of one connection. */
interface SoupStream {
  readonly reader: SoupReader;
  /** Of the session that was logged in to; without a name while none was seen. */
  writer: MoldUdp64Writer;
  /** Sequence of the next message, 0 while it is not known. */
  next: number;
  /** True behind an end of session, where no data belong. */
  over: boolean;
  /** What the server said last beside data: handed on at the slice's end, however often. */
  said: "heartbeat" | "end" | null;
}

/** Bytes of a stream that were not taken apart yet. */
interface Waiting {
  readonly stream: SoupStream;
  readonly bytes: Uint8Array;
}

const SEQUENCE_MAX = Number.MAX_SAFE_INTEGER;

/** The TCP side of one feed of a capture. */
export class SoupCapture implements StreamSink {
  readonly #feed: number;
  readonly #parts: FileSourceParts;
  /** Holes of #tcp that were counted. */
  #holes = 0;
  readonly #tcp = new TcpStreams(this);
  readonly #frames: MessageFrames;
  readonly #streams = new Map<number, SoupStream>();
  readonly #queue: Waiting[] = [];
  /** Bytes of the first in the queue that were taken already. */
  #taken = 0;
  #delivered = 0;
  #tsLo = 0;
  #tsHi = 0;
  #tsKind = 0;

  constructor(feed: number, parts: FileSourceParts) {
    this.#feed = feed;
    this.#parts = parts;
    this.#frames = new MessageFrames(parts.view, parts.pool, this.#hand.bind(this));
  }

  /** Frames handed on since the last call. */
  takeDelivered(): number {
    const delivered = this.#delivered;
    this.#delivered = 0;
    return delivered;
  }

  /**
   * Takes a segment; drain() has to have said true before.
   *
   * @param payload borrowed until drain() says true
   */
  segment(tcp: UdpParser, payload: Uint8Array, tsLo: number, tsHi: number, tsKind: number): void {
    this.#tsLo = tsLo;
    this.#tsHi = tsHi;
    this.#tsKind = tsKind;
    const kind = this.#tcp.segment(tcp, payload);
    if (kind !== SegmentKind.EMPTY) this.#count(C.FILE_TCP_SEGMENTS);
    if (kind === SegmentKind.DUPLICATE) this.#count(C.FILE_TCP_DUPLICATES);
    else if (kind === SegmentKind.EARLY) this.#count(C.FILE_TCP_EARLY);
    else if (kind < 0) this.#count(C.FILE_TCP_LOST);
  }

  /** Takes apart what waits, as far as there are frames. @returns true when nothing waits */
  drain(): boolean {
    const { pool } = this.#parts;
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      if (pool.freeCount < FRAMES_MIN) pool.drainReturns();
      if (pool.freeCount < FRAMES_MIN) break;
      const slice = first.bytes.subarray(this.#taken, this.#taken + SLICE_BYTES);
      this.#taken += slice.length;
      this.#push(first.stream, slice);
      if (this.#taken < first.bytes.length) continue;
      this.#taken = 0;
      this.#queue.shift();
    }
    return this.#queue.length === 0;
  }

  /** The capture is over: what is behind a hole will not come any more. */
  end(): void {
    this.#tcp.end();
  }

  /** Gives back what is held. */
  close(): void {
    this.#frames.drop(FEED_A);
    this.#queue.length = 0;
  }

  onStreamBytes(number: number, bytes: Uint8Array): void {
    let stream = this.#streams.get(number);
    if (stream === undefined) {
      stream = this.#open();
      this.#streams.set(number, stream);
    }
    if (!stream.reader.broken) this.#queue.push({ stream, bytes });
  }

  onStreamProblem(): void {
    // A hole or a stream too many; the segments that it costs are counted one by one.
    const { holes } = this.#tcp;
    this.#parts.counters.add(C.FILE_TCP_HOLES, holes - this.#holes);
    this.#holes = holes;
  }

  onStreamEnd(number: number): void {
    this.#streams.delete(number);
  }

  #open(): SoupStream {
    const stream: SoupStream = {
      reader: new SoupReader({
        onSoupPacket: (type, bytes, from, to) => this.#packet(stream, type, bytes, from, to),
      }),
      writer: new MoldUdp64Writer(""),
      next: 0,
      over: false,
      said: null,
    };
    return stream;
  }

  #push(stream: SoupStream, bytes: Uint8Array): void {
    if (stream.reader.broken) return;
    stream.reader.push(bytes);
    if (stream.reader.broken) this.#count(C.FILE_TCP_FOREIGN);
    // One frame is of one stream.
    this.#frames.flush();
    if (stream.said !== null && stream.next > 0) {
      this.#frames.control(stream.writer, stream.next, stream.said);
    }
    stream.said = null;
  }

  #packet(stream: SoupStream, type: number, bytes: Uint8Array, from: number, to: number): void {
    switch (type) {
      case L.TYPE_SEQUENCED_DATA:
        this.#message(stream, bytes, from, to);
        return;
      case L.TYPE_LOGIN_ACCEPTED:
        this.#accepted(stream, bytes, from, to);
        return;
      case L.TYPE_SERVER_HEARTBEAT:
        stream.said ??= "heartbeat";
        return;
      case L.TYPE_END_OF_SESSION:
        stream.said = "end";
        stream.over = true;
        return;
      default:
        if (!L.isPacketType(type)) stream.reader.broken = true;
    }
  }

  #message(stream: SoupStream, bytes: Uint8Array, from: number, to: number): void {
    if (stream.over) return;
    if (stream.next === SEQUENCE_MAX) {
      stream.reader.broken = true;
      return;
    }
    const taken = this.#frames.add(stream.writer, stream.next, bytes, from, to);
    // The sequence goes on without it: merge tells of the gap.
    if (!taken) this.#count(C.FILE_TRUNCATED);
    if (stream.next > 0) stream.next++;
  }

  #accepted(stream: SoupStream, bytes: Uint8Array, from: number, to: number): void {
    const login = readLoginAccepted(bytes, from, to);
    if (typeof login === "string") {
      stream.reader.broken = true;
      return;
    }
    this.#frames.flush();
    stream.writer = new MoldUdp64Writer(login.session);
    stream.next = login.next;
    stream.over = false;
  }

  #hand(frame: number, length: number): void {
    const feed = this.#feed;
    this.#delivered++;
    this.#count(C.FILE_PACKETS);
    const { sink } = this.#parts;
    sink.onPacket(feed, frame, 0, length, this.#tsLo, this.#tsHi, this.#tsKind, 0, 0, 0, 0);
  }

  #count(slot: number): void {
    this.#parts.counters.increment(slot);
  }
}
