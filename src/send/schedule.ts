/** When each message is to leave, in planned time: ns from the first message. Sans-I/O. */
import { BLOCK_HEADER_BYTES, TIMESTAMP } from "../decode/itch/layout.ts";

/** How fast messages leave. */
export type Rate =
  | { readonly kind: "mps"; readonly value: number }
  | { readonly kind: "pps"; readonly value: number }
  | { readonly kind: "speed"; readonly value: number };

/** Rate when nothing is said: an ordinary receiver with a default socket buffer keeps up. */
export const DEFAULT_RATE: Rate = { kind: "mps", value: 100_000 };

/** Gives messages their due times; they never fall. */
export class Schedule {
  /** Due time of the last message. */
  dueNs = 0;
  /** False when time goes on by packets, which must not be closed by time then. */
  readonly isByTime: boolean;
  readonly #rate: Rate;
  #messages = 0;
  #packets = 0;
  #originNs = -1;

  constructor(rate: Rate) {
    this.#rate = rate;
    this.isByTime = rate.kind !== "pps";
  }

  /**
   * The due time of the next datagram, ns.
   *
   * @param stampNs its own time, ns since any moment; 0 where it has none
   * @param messages in it
   */
  dueAt(stampNs: number, messages: number): number {
    const { kind, value } = this.#rate;
    if (kind === "mps") this.dueNs = (this.#messages * 1e9) / value;
    else if (kind === "pps") this.dueNs = (this.#packets * 1e9) / value;
    else if (stampNs > 0) this.#follow(stampNs, value);
    this.#messages += messages;
    return this.dueNs;
  }

  /** The due time of the next message, ns. */
  dueOf(bytes: Uint8Array, at: number, blockBytes: number): number {
    const { kind, value } = this.#rate;
    if (kind === "mps") this.dueNs = (this.#messages * 1e9) / value;
    else if (kind === "pps") this.dueNs = (this.#packets * 1e9) / value;
    else this.#followTimestamp(bytes, at + BLOCK_HEADER_BYTES + TIMESTAMP, at + blockBytes, value);
    this.#messages++;
    return this.dueNs;
  }

  /** A packet of feed A is complete; `--pps` counts these. */
  packetClosed(): void {
    this.#packets++;
  }

  /** ITCH: six bytes, ns since midnight. A message too short to have it is due at once. */
  #followTimestamp(bytes: Uint8Array, at: number, end: number, speed: number): void {
    if (at + 6 > end) return;
    let ns = 0;
    for (let i = 0; i < 6; i++) ns = ns * 256 + (bytes[at + i] as number);
    this.#follow(ns, speed);
  }

  #follow(ns: number, speed: number): void {
    if (this.#originNs < 0) this.#originNs = ns;
    const due = (ns - this.#originNs) / speed;
    if (due > this.dueNs) this.dueNs = due;
  }
}
