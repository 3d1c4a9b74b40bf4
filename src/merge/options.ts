/** What a merge stage is made of. */
import type { MergeConfig } from "../config/config.ts";
import type { Clock } from "../core/clock.ts";
import type { Counters } from "../core/counters.ts";
import type { FrameView } from "../core/frames.ts";
import type { ForeignPackets } from "../core/odd-input.ts";
import type { FrameOwner, PacketSink } from "../core/sinks.ts";
import type { Framing } from "../decode/framing.ts";
import type { MergeStatusWriter } from "./status.ts";

/** Everything a MergeStage is made of. */
export interface MergeOptions {
  readonly config: MergeConfig;
  /** First sequence to apply; null for the lowest seen in the first 50 ms. */
  readonly start: number | null;
  readonly framing: Framing;
  /** Frame views by feed; both may be the same. */
  readonly frames: readonly FrameView[];
  readonly owner: FrameOwner;
  readonly sink: PacketSink;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly status: MergeStatusWriter;
  /** Notes packets of another protocol or release for the log; they are counted without it, too. */
  readonly foreign?: ForeignPackets;
  /**
   * True for captures: packets with sequence 0 pass as they come, and the clock, which the packets
   * move, is followed however far it steps (patience.ts). Default false.
   */
  readonly allowUnsequenced?: boolean;
}
