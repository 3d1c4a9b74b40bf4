/**
 * Packets of a capture as a receive source: each UDP payload of a chosen group is copied into a
 * frame and handed to the sink, with the capture's own receive time.
 *
 * Thread: rx's. Everything in the file is hostile: what cannot be taken is counted and skipped; a
 * capture that cannot be read on ends the source with `error` after the packets before it.
 */
import type { FeedAddress } from "../config/config.ts";
import type { Counters } from "../core/counters.ts";
import { FeedError } from "../core/errors.ts";
import type { FramePool, FrameView } from "../core/frames.ts";
import { FEED_A, FEED_B, FEED_SNAPSHOT, type PacketSink, StampKind } from "../core/sinks.ts";
import { C } from "../metrics/counter-table.ts";
import type { ByteInput } from "./file-input.ts";
import { ByteWindow } from "./file-window.ts";
import { type CaptureReader, PcapReader, ReadResult } from "./pcap.ts";
import { BLOCK_BYTES_MAX, PcapngReader } from "./pcapng.ts";
import { SoupCapture } from "./soup-capture.ts";
import type { RxSource } from "./source.ts";
import { UdpKind, UdpParser } from "./udp.ts";

/** Room beside the largest block, so that reads are long, bytes. */
const READ_AHEAD_BYTES = 131_072;
/** Captured packets looked at in one doWork. */
const BATCH_PACKETS = 64;

/** What a capture's packets are chosen and read by. */
export interface CaptureOptions {
  /** Address of each feed: a UDP group, or a SoupBinTCP server; both null: all is feed A's. */
  readonly a: FeedAddress | null;
  readonly b: FeedAddress | null;
  /** Group of the venue's snapshots; missing or null: none. */
  readonly snapshot?: FeedAddress | null;
  /** What TCP connections carry, or null: TCP is skipped. */
  readonly tcp: "soupbintcp" | null;
}

/** What every file source stands on. */
export interface FileSourceParts {
  /** Frame region; feeds A and B of a file share it. */
  readonly view: FrameView;
  readonly pool: FramePool;
  readonly sink: PacketSink;
  readonly counters: Counters;
}

/** A file as a receive source. */
export interface FileSource extends RxSource {
  readonly format: "pcap" | "itch" | "fast-raw" | "len4";
  /** True when packets carry the transport's header, so that merge has to read it. */
  readonly needsMerge: boolean;
  /** True when everything was handed to the sink; `error` says whether that was the true end. */
  readonly done: boolean;
  /** Why the file could not be read to its end, or null; what came before was handed on. */
  readonly error: FeedError | null;
  /** How much of the file has been read, 0 to 1. */
  progress(): number;
  /** To be awaited when doWork returned 0 and `done` is false. */
  fill(): Promise<void>;
}

/** The source of a pcap or pcapng file. */
export class CaptureSource implements FileSource {
  readonly path = "file";
  readonly port = 0;
  readonly rcvbufBytes = 0;
  readonly format = "pcap";
  readonly needsMerge = true;
  done = false;
  error: FeedError | null = null;
  readonly #name: string;
  readonly #input: ByteInput;
  readonly #window: ByteWindow;
  readonly #reader: CaptureReader;
  readonly #udp: UdpParser;
  readonly #parts: FileSourceParts;
  readonly #selection: Selection;
  /** By feed; null where TCP is skipped. */
  readonly #soup: readonly SoupCapture[] | null;
  /** True when a TCP segment's bytes may wait for frames. */
  #draining = false;
  /** Frames handed on in this doWork. */
  #delivered = 0;
  /** A frame taken and not yet handed on, or -1. */
  #frame = -1;

  /**
   * @param name the file's, for messages
   * @param kind which of the two capture formats
   */
  constructor(
    name: string,
    kind: "pcap" | "pcapng",
    input: ByteInput,
    parts: FileSourceParts,
    { a, b, snapshot, tcp }: CaptureOptions,
  ) {
    this.#name = name;
    this.#input = input;
    this.#window = new ByteWindow(input, BLOCK_BYTES_MAX + READ_AHEAD_BYTES);
    this.#reader = kind === "pcap" ? new PcapReader(this.#window) : new PcapngReader(this.#window);
    this.#parts = parts;
    this.#selection = new Selection(a, b, snapshot ?? null);
    this.#udp = new UdpParser(tcp !== null);
    this.#soup = tcp === null ? null : [FEED_A, FEED_B].map((feed) => new SoupCapture(feed, parts));
  }

  doWork(): number {
    const { sink } = this.#parts;
    let looked = 0;
    this.#delivered = 0;
    while (looked < BATCH_PACKETS && !this.done && this.#drain() && this.#hasFrame()) {
      const result = this.#reader.next();
      if (result === ReadResult.WAIT) break;
      if (result === ReadResult.END) {
        this.#end();
        break;
      }
      looked++;
      if (this.#deliver()) this.#delivered++;
    }
    if (this.#delivered > 0) sink.onBatchEnd();
    return Math.max(looked, this.#delivered);
  }

  tick(): void {
    // A file has no timers.
  }

  isFinished(): boolean {
    return this.done;
  }

  fill(): Promise<void> {
    return this.#input.fill();
  }

  progress(): number {
    return this.#input.progress();
  }

  close(): void {
    this.#releaseFrame();
    for (const soup of this.#soup ?? []) soup.close();
    this.#input.close();
  }

  /** Hands on what the last TCP segment brought. @returns false when frames are missing for it */
  #drain(): boolean {
    if (!this.#draining) return true;
    for (const soup of this.#soup ?? []) {
      const isEmpty = soup.drain();
      this.#delivered += soup.takeDelivered();
      if (!isEmpty) return false;
    }
    this.#draining = false;
    return true;
  }

  #hasFrame(): boolean {
    if (this.#frame >= 0) return true;
    const { pool } = this.#parts;
    if (pool.freeCount === 0) pool.drainReturns();
    this.#frame = pool.take();
    return this.#frame >= 0;
  }

  /** Hands the reader's packet on. @returns false when it was counted and skipped */
  #deliver(): boolean {
    const reader = this.#reader;
    const udp = this.#udp;
    const window = this.#window;
    const kind = udp.parse(window.data, reader.packetAt, reader.packetBytes, reader.linkType);
    if (kind === UdpKind.TCP) return this.#segment();
    if (kind !== UdpKind.UDP) return this.#skip(slotOf(kind));
    const feed = this.#selection.feedOf(udp.destination, udp.destinationPort, false);
    if (feed < 0) return this.#skip(C.FILE_SKIPPED);
    const { view, sink, counters } = this.#parts;
    if (udp.payloadLength > view.frameBytes) return this.#skip(C.FILE_TRUNCATED);
    const frame = this.#frame;
    this.#frame = -1;
    const from = udp.payloadAt;
    const payload = window.bytes.subarray(from, from + udp.payloadLength);
    view.bytes.set(payload, frame * view.frameBytes);
    counters.increment(C.FILE_PACKETS);
    const kindOfStamp = reader.stamped ? StampKind.SOFTWARE : StampKind.NONE;
    const { tsLo, tsHi } = reader;
    sink.onPacket(feed, frame, 0, udp.payloadLength, tsLo, tsHi, kindOfStamp, 0, 0, 0, 0);
    return true;
  }

  /** Takes a TCP segment of the server's side; its frames count when they are handed on. */
  #segment(): false {
    const udp = this.#udp;
    const feed = this.#selection.feedOf(udp.source, udp.sourcePort, true);
    const soup = this.#soup?.[feed];
    if (soup === undefined) return this.#skip(C.FILE_SKIPPED);
    const from = udp.payloadAt;
    const payload = this.#window.bytes.subarray(from, from + udp.payloadLength);
    const { stamped, tsLo, tsHi } = this.#reader;
    soup.segment(udp, payload, tsLo, tsHi, stamped ? StampKind.SOFTWARE : StampKind.NONE);
    this.#draining = true;
    return false;
  }

  #skip(slot: number): false {
    this.#parts.counters.increment(slot);
    return false;
  }

  #end(): void {
    const { problem } = this.#reader;
    if (this.#input.error !== null) this.error = this.#input.error;
    else if (problem !== "") this.error = new FeedError("FEED_FORMAT", `${this.#name}: ${problem}`);
    this.#releaseFrame();
    for (const soup of this.#soup ?? []) soup.end();
    this.done = true;
  }

  #releaseFrame(): void {
    if (this.#frame >= 0) this.#parts.pool.release(FEED_A, this.#frame);
    this.#frame = -1;
  }
}

/** Which feed a packet belongs to. */
export class Selection {
  readonly #all: boolean;
  readonly #words: readonly number[];
  readonly #ports: readonly number[];
  readonly #isTcp: readonly boolean[];

  constructor(a: FeedAddress | null, b: FeedAddress | null, snapshot: FeedAddress | null = null) {
    const feeds = [a, b, snapshot];
    this.#all = a === null && b === null;
    this.#words = feeds.map((address) => (address === null ? 0 : addressWord(address.group)));
    this.#ports = feeds.map((address) => address?.port ?? -1);
    this.#isTcp = feeds.map((address) => address?.transport === "soupbintcp");
  }

  /**
   * @param word address and port: where a datagram goes to, where a TCP segment comes from
   * @returns FEED_A, FEED_B, FEED_SNAPSHOT, or -1 for none
   */
  feedOf(word: number, port: number, isTcp: boolean): number {
    for (let feed = FEED_A; feed <= FEED_SNAPSHOT; feed++) {
      const isMine = port === this.#ports[feed] && word === this.#words[feed];
      if (isMine && isTcp === this.#isTcp[feed]) return feed;
    }
    return this.#all ? FEED_A : -1;
  }
}

function slotOf(kind: number): number {
  if (kind === UdpKind.FRAGMENT) return C.FILE_FRAGMENTS;
  if (kind === UdpKind.TRUNCATED) return C.FILE_TRUNCATED;
  return kind === UdpKind.MALFORMED ? C.FILE_MALFORMED : C.FILE_SKIPPED;
}

/** A dotted IPv4 address as a signed big-endian word. */
function addressWord(group: string): number {
  let word = 0;
  for (const part of group.split(".")) word = (word << 8) | Number(part);
  return word;
}
