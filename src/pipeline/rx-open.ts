/** Opens the source of one feed: a socket of the configured path, or a file. */

import type { FeedAddress, RxConfig } from "../config/config.ts";
import type { Clock } from "../core/clock.ts";
import { Counters, takeCounters } from "../core/counters.ts";
import { FeedError } from "../core/errors.ts";
import { FramePool, type FrameView } from "../core/frames.ts";
import { loadNative, type NativeReceiver } from "../core/native.ts";
import { FEED_B, FEED_SNAPSHOT, type PacketSink, StampKind } from "../core/sinks.ts";
import { COUNTER_COUNT } from "../metrics/counter-table.ts";
import { openFileSource } from "../rx/file.ts";
import { openSocketSource } from "../rx/socket.ts";
import { openSocket, RecvmmsgSource, type SocketSourceOptions } from "../rx/socket-native.ts";
import { SoupSource } from "../rx/soup.ts";
import type { RxSource } from "../rx/source.ts";
import type { Plan } from "./plan.ts";
import { protocolOf } from "./protocols.ts";
import type { StopWord } from "./stop.ts";
import { WarmFeed } from "./warm-up-feed.ts";

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
  readonly log: (line: string) => void;
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

/** A feed's source while it warms up. */
export interface WarmedRx {
  readonly source: RecvmmsgSource;
  readonly warm: WarmFeed;
  /** One of the same class that never has a frame. */
  readonly starved: RecvmmsgSource;
  /** A socket on a port that nobody sends to, null without the addon. */
  readonly idle: NativeReceiver | null;
}

/**
 * Makes the source that a warm-up runs, and serves on where recvmmsg receives: the object is the
 * same, only what it polls changes. With node:dgram it stands in for the source to come.
 */
export function warmRx(parts: RxParts): WarmedRx {
  const { plan, feed, view } = parts;
  const { book, channel, rx } = plan.config;
  const warm = new WarmFeed({
    feed,
    view,
    instruments: book.instruments,
    orders: book.orders,
    start: channel.start ?? 1,
    stampKind: rx.timestamps === "off" ? StampKind.NONE : StampKind.SOFTWARE,
  });
  const options = socketOptions(parts);
  const counters = new Counters(takeCounters(COUNTER_COUNT));
  const poor = { ...options, pool: new FramePool(0, []), counters };
  return {
    source: new RecvmmsgSource(options, warm),
    warm,
    starved: new RecvmmsgSource(poor, warm),
    idle: idleSocket(options),
  };
}

function idleSocket(options: SocketSourceOptions): NativeReceiver | null {
  const native = loadNative();
  if (native === null || options.view.ref.region.kind !== "native") return null;
  const config = { ...options.config, rcvbufBytes: 0 };
  try {
    return openSocket(native, { ...options, config, address: { ...options.address, port: 0 } });
  } catch {
    return null; // What is wrong with the address will be told when the feed's own is opened.
  }
}

function addressOf({ a, b, snapshot }: RxConfig, feed: number): FeedAddress | null {
  if (feed === FEED_SNAPSHOT) return snapshot;
  return feed === FEED_B ? b : a;
}

function socketOptions(parts: RxParts): SocketSourceOptions {
  const { plan, feed, stop } = parts;
  const { rx } = plan.config;
  const address = addressOf(rx, feed);
  if (address === null) throw new FeedError("FEED_CONFIG_INVALID", `no address of feed ${feed}`);
  const iface = feed === FEED_B ? rx.ifaceB : rx.iface;
  return { ...parts, config: rx, address, iface, stopWord: stop.words };
}

/**
 * Opens it.
 *
 * @param warmed the source of a warm-up, null without one
 * @throws FEED_SOCKET, FEED_FILE, FEED_FORMAT
 */
export async function openRx(parts: RxParts, warmed: RecvmmsgSource | null): Promise<OpenedRx> {
  const { plan, feed } = parts;
  const { rx } = plan.config;
  parts.clock.update();
  const openNs = parts.clock.elapsedNs[0] as number;
  if (plan.input.kind === "file") {
    const protocol = protocolOf(plan.config);
    const { tcp } = protocol;
    const makeCutter = protocol.makeCutter?.(plan.config) ?? null;
    const groups = { a: rx.a, b: rx.b, snapshot: rx.snapshot, tcp };
    const source = await openFileSource({ ...parts, ...plan.input, ...groups, makeCutter });
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
  const address = addressOf(rx, feed);
  if (address?.transport === "soupbintcp") {
    const source = openSoup(parts, address);
    return { feed, source, fill: null, openNs, progress: null, failure: () => null, note: null };
  }
  const { source, note } = await openSocketSource(socketOptions(parts), loadNative(), warmed);
  return { feed, source, fill: null, openNs, progress: null, failure: () => null, note };
}

function openSoup(parts: RxParts, address: FeedAddress): SoupSource {
  const { soup, channel } = parts.plan.config;
  return new SoupSource({
    ...parts,
    ...soup,
    password: soup.password ?? "",
    host: address.group,
    port: address.port,
    sequence: channel.start ?? 1,
    stopWord: parts.stop.words,
  });
}
