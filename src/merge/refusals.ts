/**
 * Packets that merge has no place for: counted by feed, given back, and noted for the log when they
 * are of another protocol or release.
 *
 * Thread: merge's. Off the straight path; no allocation.
 */
import type { Counters } from "../core/counters.ts";
import type { FrameView } from "../core/frames.ts";
import type { ForeignPackets } from "../core/odd-input.ts";
import type { FrameOwner } from "../core/sinks.ts";
import { FramingKind } from "../decode/framing.ts";
import { C } from "../metrics/counter-table.ts";
import type { MergeOptions } from "./options.ts";
import type { PacketRef } from "./window.ts";

/** Where merge's packets end that are none. */
export class Refusals {
  readonly #frames: readonly FrameView[];
  readonly #owner: FrameOwner;
  readonly #counters: Counters;
  readonly #foreign: ForeignPackets | null;

  constructor({ frames, owner, counters, foreign }: MergeOptions) {
    this.#frames = frames;
    this.#owner = owner;
    this.#counters = counters;
    this.#foreign = foreign ?? null;
  }

  /** Counts a packet and gives its frame back. @param kind what the framing said of it */
  refuse(kind: number, packet: PacketRef): void {
    const { feed, frame } = packet;
    if (kind === FramingKind.OTHER_STREAM) {
      this.#counters.increment(C.MERGE_OTHER_STREAM_A + feed);
      this.#owner.release(feed, frame);
      return;
    }
    this.#counters.increment(C.MERGE_MALFORMED_A + feed);
    if (kind === FramingKind.FOREIGN) {
      const view = this.#frames[feed] as FrameView;
      const at = frame * view.frameBytes + packet.offset;
      this.#counters.increment(C.MERGE_FOREIGN_A + feed);
      this.#foreign?.note(feed, view.data, at, packet.length);
    }
    this.#owner.release(feed, frame);
  }
}
