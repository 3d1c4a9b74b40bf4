/** Opens the source of one feed: a socket of the configured path, or a file. */
import type { Clock } from "../core/clock.ts";
import type { Counters } from "../core/counters.ts";
import { FeedError } from "../core/errors.ts";
import type { FramePool, FrameView } from "../core/frames.ts";
import type { PacketSink } from "../core/sinks.ts";
import { openFileSource } from "../rx/file.ts";
import { openSocketSource } from "../rx/socket.ts";
import type { RxSource } from "../rx/source.ts";
import type { Plan } from "./plan.ts";
import type { StopWord } from "./stop.ts";

/** What a feed's source needs. */
export interface RxParts {
  readonly plan: Plan;
  readonly feed: number;
  readonly view: FrameView;
  readonly pool: FramePool;
  readonly sink: PacketSink;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly stop: StopWord;
}

/** An open source. */
export interface OpenedRx {
  readonly feed: number;
  readonly source: RxSource;
  /** Reads a file on when its source is idle; null for sockets. */
  readonly fill: (() => Promise<void>) | null;
  /** When it was opened, ns since the origin. */
  readonly openNs: number;
  /** How much of a file was read, 0 to 1; null for sockets. */
  readonly progress: (() => number) | null;
  /** Why a file could not be read to its end; null while all is well, and for sockets. */
  readonly failure: () => FeedError | null;
  /** One line for the log when `auto` fell back, else null. */
  readonly note: string | null;
}

/** Opens it. @throws FEED_SOCKET, FEED_FILE, FEED_FORMAT */
export async function openRx(parts: RxParts): Promise<OpenedRx> {
  const { plan, feed, stop } = parts;
  const { rx } = plan.config;
  parts.clock.update();
  const openNs = parts.clock.elapsedNs[0] as number;
  if (plan.input.kind === "file") {
    const source = await openFileSource({ ...parts, ...plan.input, a: rx.a, b: rx.b });
    return {
      feed,
      source,
      fill: () => source.fill(),
      openNs,
      progress: () => source.progress(),
      failure: () => source.error,
      note: null,
    };
  }
  const address = feed === 0 ? rx.a : rx.b;
  if (address === null) throw new FeedError("FEED_CONFIG_INVALID", `rx.${"ab"[feed]} is not set`);
  const { source, note } = await openSocketSource({
    ...parts,
    config: rx,
    address,
    iface: feed === 0 ? rx.iface : rx.ifaceB,
    stopWord: stop.words,
  });
  return { feed, source, fill: null, openNs, progress: null, failure: () => null, note };
}
