/**
 * A feed's socket as a warm-up has it: packets of a WarmStream in the channel's framing, cut by
 * this feed's own length, with what a line does to them: lost, late, twice, of a strange session,
 * broken. Deterministic. Thread: rx's, before the feed is ready; allocates freely.
 */
import type { FrameView } from "../core/frames.ts";
import type { NativeReceiver } from "../core/native.ts";
import { MoldUdp64Writer } from "../decode/moldudp64/encoder.ts";
import { HEADER_BYTES } from "../decode/moldudp64/layout.ts";
import { WarmStream } from "./warm-up-stream.ts";

/** Words that poll writes for each packet, and the flag of a truncated one (NativeReceiver). */
const OUT_WORDS = 6;
const FLAG_TRUNCATED = 1;
/** What an interrupted system call answers. */
const EINTR = 4;
/** Bytes of a packet at most, by feed: cut differently, so that copies overlap. */
const PACKET_BYTES = [1400, 1000] as const;
/** One packet in so many, by feed: primes, so that all meetings happen. */
const LOST = [97, 89] as const;
const LATE = [61, 67] as const;
const TWICE = [71, 73] as const;
const STRANGE = 503;
const BROKEN = 401;
const HEARTBEAT = 53;
const EMPTY_POLL = 7;
const FAILED_POLL = 4001;
/** One chunk in so many sees any of it but the last. */
const TROUBLE_EVERY = 3;
/** A chunk in which both feeds lose the same messages. */
const BOTH_LOSE_EVERY = 31;
const BOTH_LOSE_CHUNK = 5;

/** What a warm-up's feed is made of. */
export interface WarmFeedOptions {
  readonly feed: number;
  readonly view: FrameView;
  readonly instruments: number;
  readonly orders: number;
  /** Sequence of each session's first message. */
  readonly start: number;
  /** StampKind of the packets. */
  readonly stampKind: number;
}

/** Packets of one feed, polled like a socket. */
export class WarmFeed implements NativeReceiver {
  readonly rcvbufBytes = 0;
  readonly port = 0;
  /** FEED_A or FEED_B. */
  readonly feed: number;
  /** Messages in the chunks so far, those of the other feed's copies not counted. */
  messages = 0;
  /** Those of the present session. */
  sessionMessages = 0;
  readonly #options: WarmFeedOptions;
  readonly #cut: PacketCut;
  #stream: WarmStream | null = null;
  #mold = new MoldUdp64Writer("");
  readonly #strange: MoldUdp64Writer;
  #isStrange = false;
  #seq = 1;
  #chunks = 0;
  #sent = 0;
  #polls = 0;

  constructor(options: WarmFeedOptions) {
    this.#options = options;
    this.feed = options.feed;
    this.#strange = new MoldUdp64Writer(`STRANGE ${options.feed}`);
    this.#cut = new PacketCut(PACKET_BYTES[options.feed as 0 | 1]);
  }

  /** True when everything so far was polled. */
  get isEmpty(): boolean {
    return this.#sent === this.#cut.count;
  }

  /** Begins a session: a new market, numbered from the start again. */
  begin(session: number): void {
    const { instruments, orders, start } = this.#options;
    this.#stream = new WarmStream(session, instruments, orders);
    this.#mold = new MoldUdp64Writer(`WARM-UP ${session}`);
    // A suspect stream is remembered for seconds, and merge is not calm meanwhile.
    this.#isStrange = session % 2 === 1;
    this.#seq = start;
    this.sessionMessages = 0;
    this.#chunks = 0;
  }

  /** Gets the next chunk's packets ready; only while isEmpty. */
  next(): void {
    const stream = this.#stream;
    if (stream === null) return;
    stream.next();
    this.#sent = 0;
    const cut = this.#cut;
    cut.clear();
    const first = this.#seq;
    this.#seq = cut.cut(stream.bytes, stream.length, this.#mold, first);
    const count = this.#seq - first;
    if (this.#chunks % BOTH_LOSE_EVERY === BOTH_LOSE_CHUNK) cut.lose(first + (count >> 1));
    this.#disturb();
    this.messages += count;
    this.sessionMessages += count;
    this.#chunks++;
  }

  /** Tells the end of the session. */
  end(): void {
    const cut = this.#cut;
    cut.clear();
    this.#sent = 0;
    for (let i = 0; i < 3; i++) {
      cut.control((out, at) => this.#mold.heartbeat(out, at, this.#seq));
      cut.control((out, at) => this.#mold.endOfSession(out, at, this.#seq));
    }
  }

  poll(frames: Int32Array, count: number, out: Int32Array, drops: Int32Array): number {
    drops[0] = 0;
    drops[1] = 0;
    const poll = this.#polls++;
    if (poll % FAILED_POLL === FAILED_POLL - 1) return -EINTR;
    if (poll % EMPTY_POLL === EMPTY_POLL - 1) return 0;
    const { view, stampKind } = this.#options;
    const cut = this.#cut;
    // From single packets to whole batches.
    const wanted = Math.min(count, 1 + ((poll * 13) % count), cut.count - this.#sent);
    for (let i = 0; i < wanted; i++) {
      const frame = frames[i] as number;
      const packet = cut.packet(this.#sent++);
      view.bytes.set(packet, frame * view.frameBytes);
      const at = i * OUT_WORDS;
      out[at] = frame;
      out[at + 1] = packet.length;
      out[at + 2] = 0;
      out[at + 3] = 0;
      out[at + 4] = stampKind;
      out[at + 5] = this.#sent % BROKEN === BROKEN - 1 ? FLAG_TRUNCATED : 0;
    }
    return wanted;
  }

  /** Lets go of the market; nothing can be polled any more. */
  drop(): void {
    this.#stream = null;
    this.#cut.drop();
    this.#sent = 0;
  }

  close(): void {
    // Nothing is open.
  }

  #disturb(): void {
    const { feed } = this.#options;
    const cut = this.#cut;
    // Most of the time a line is calm, and merge has a straight path for that.
    if (this.#chunks % TROUBLE_EVERY !== 0) return;
    const each = (n: number, act: Act): void => {
      // Never the first packet of all: it tells merge the session.
      const offset = 1 + ((this.#chunks * 7919) % Math.min(n, 40));
      for (let i = offset; i < cut.count; i += n) act(i);
    };
    each(LATE[feed as 0 | 1], (i) => cut.swap(i, i + 2));
    each(TWICE[feed as 0 | 1], (i) => cut.repeat(i));
    each(LOST[feed as 0 | 1], (i) => cut.remove(i));
    each(HEARTBEAT, (i) =>
      cut.insert(i, (out, at) => this.#mold.heartbeat(out, at, cut.firstSeq(i))),
    );
    // Neither in a row nor of one name on both feeds: merge would believe it.
    const strange: Act = (i) =>
      cut.insert(i, (out, at) => this.#strange.heartbeat(out, at, 9 * this.#chunks + i));
    if (this.#isStrange) each(STRANGE, strange);
    each(BROKEN, (i) => cut.insert(i, (_out, at) => at + HEADER_BYTES - 1));
  }
}

/** Does something to a packet of the chunk. */
type Act = (i: number) => void;
/** Writes one packet. @returns its end */
type Write = (out: Uint8Array, at: number) => number;

/** The packets of a chunk, in the order in which they come. */
class PacketCut {
  #bytes = new Uint8Array(1 << 20);
  readonly #payloadMax: number;
  /** Offset, end, sequence and message count of each packet. */
  #packets: (readonly [number, number, number, number])[] = [];
  #top = 0;

  constructor(payloadMax: number) {
    this.#payloadMax = payloadMax;
  }

  get count(): number {
    return this.#packets.length;
  }

  clear(): void {
    this.#packets = [];
    this.#top = 0;
  }

  drop(): void {
    this.clear();
    this.#bytes = new Uint8Array(0);
  }

  packet(i: number): Uint8Array {
    const [from, to] = this.#packets[i] as readonly [number, number, number, number];
    return this.#bytes.subarray(from, to);
  }

  firstSeq(i: number): number {
    return this.#packets[i]?.[2] ?? 1;
  }

  /** Cuts blocks into packets. @returns the sequence after the last message */
  cut(blocks: Uint8Array, length: number, mold: MoldUdp64Writer, first: number): number {
    let seq = first;
    for (let from = 0; from < length; ) {
      const start = from;
      let count = 0;
      while (from < length) {
        const block = 2 + (((blocks[from] as number) << 8) | (blocks[from + 1] as number));
        if (HEADER_BYTES + from + block - start > this.#payloadMax) break;
        from += block;
        count++;
      }
      const at = this.#top;
      this.#top = mold.header(this.#bytes, at, seq, count);
      this.#bytes.set(blocks.subarray(start, from), this.#top);
      this.#top += from - start;
      this.#packets.push([at, this.#top, seq, count]);
      seq += count;
    }
    return seq;
  }

  /** A packet without messages, at the end. */
  control(write: Write): void {
    this.insert(this.#packets.length, write);
  }

  insert(i: number, write: Write): void {
    const at = this.#top;
    this.#top = write(this.#bytes, at);
    this.#packets.splice(i, 0, [at, this.#top, 0, 0]);
  }

  swap(i: number, j: number): void {
    const a = this.#packets[i];
    const b = this.#packets[j];
    if (a === undefined || b === undefined) return;
    this.#packets[i] = b;
    this.#packets[j] = a;
  }

  repeat(i: number): void {
    const packet = this.#packets[i];
    if (packet !== undefined) this.#packets.splice(i, 0, packet);
  }

  remove(i: number): void {
    this.#packets.splice(i, 1);
  }

  /** Takes every packet away that holds this message. */
  lose(seq: number): void {
    this.#packets = this.#packets.filter(
      ([, , first, count]) => seq < first || seq >= first + count,
    );
  }
}
