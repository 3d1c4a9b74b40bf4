/**
 * Planned packets on their way to the sockets: a short list in due order, handed to the kernel in
 * batches. Thread: the sender's.
 */
import { MTU_BYTES } from "./cutter.ts";
import type { Pacer } from "./pacer.ts";
import type { PacketSender } from "./transport.ts";

const SLOTS = 512;
/** Packets handed to one socket at once. */
const BATCH = 64;
/** The list is emptied when it holds so many. */
const FULL = 256;

/** Packets that wait for their time. */
export class Outbox {
  readonly #senders: readonly PacketSender[];
  readonly #pacer: Pacer;
  readonly #lastSentMs: Float64Array;
  readonly #bytes: Uint8Array;
  readonly #packetBytes: number;
  readonly #feed = new Uint8Array(SLOTS);
  readonly #length = new Int32Array(SLOTS);
  readonly #dueNs = new Float64Array(SLOTS);
  readonly #offsets = new Int32Array(2 * BATCH);
  /** Packets put beyond SLOTS: one block can release many held ones. */
  #more: { feed: number; bytes: Uint8Array; dueNs: number }[] = [];
  #count = 0;

  /**
   * @param lastSentMs by feed, performance.now() of the last packet; kept up to date
   * @param packetBytes longest packet
   */
  constructor(
    senders: readonly PacketSender[],
    pacer: Pacer,
    lastSentMs: Float64Array,
    packetBytes = MTU_BYTES,
  ) {
    this.#packetBytes = packetBytes;
    this.#bytes = new Uint8Array(SLOTS * packetBytes);
    this.#senders = senders;
    this.#pacer = pacer;
    this.#lastSentMs = lastSentMs;
  }

  /** True when flush() is due. */
  get isFull(): boolean {
    return this.#count >= FULL;
  }

  /** Puts a packet at the end; a copy is kept. */
  put(feed: number, bytes: Uint8Array, length: number, dueNs: number): void {
    const at = this.#count;
    if (at === SLOTS) {
      this.#more.push({ feed, bytes: bytes.slice(0, length), dueNs });
      return;
    }
    this.#bytes.set(bytes.subarray(0, length), at * this.#packetBytes);
    this.#feed[at] = feed;
    this.#length[at] = length;
    this.#dueNs[at] = dueNs;
    this.#count = at + 1;
  }

  /** Sends everything, each packet at its time; at once when the signal is raised. */
  async flush(signal: AbortSignal | undefined): Promise<void> {
    do {
      let at = 0;
      while (at < this.#count) {
        await this.#pacer.until(this.#dueNs[at] as number, signal);
        const from = at;
        while (at < this.#count && at - from < BATCH && this.#isDue(at, from, signal)) at++;
        for (let feed = 0; feed < this.#senders.length; feed++) await this.#send(feed, from, at);
      }
      this.#count = 0;
      const more = this.#more.splice(0, SLOTS);
      for (const packet of more) {
        this.put(packet.feed, packet.bytes, packet.bytes.length, packet.dueNs);
      }
    } while (this.#count > 0);
  }

  #isDue(at: number, first: number, signal: AbortSignal | undefined): boolean {
    return at === first || signal?.aborted === true || this.#pacer.isDue(this.#dueNs[at] as number);
  }

  /** Sends the feed's packets among slots `from` to `to`, in order. */
  async #send(feed: number, from: number, to: number): Promise<void> {
    const offsets = this.#offsets;
    let count = 0;
    for (let at = from; at < to; at++) {
      if (this.#feed[at] !== feed) continue;
      offsets[2 * count] = at * this.#packetBytes;
      offsets[2 * count + 1] = this.#length[at] as number;
      count++;
    }
    if (count === 0) return;
    const sent = (this.#senders[feed] as PacketSender).send(this.#bytes, offsets, count);
    if (typeof sent !== "number") await sent;
    this.#lastSentMs[feed] = performance.now();
  }
}
