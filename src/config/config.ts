/**
 * The configuration after loading: checked, frozen, complete. Keys are those of the TOML file
 * (snake_case becomes camelCase). The schema with every default and bound is schema.ts; nothing
 * else knows a default.
 */
import type { IdleName } from "../core/idle.ts";

/** A multicast group and port. */
export interface GroupAddress {
  readonly group: string;
  readonly port: number;
}

/** Where a feed comes from: a group, or a server's host where it comes over SoupBinTCP. */
export interface FeedAddress extends GroupAddress {
  readonly transport?: "soupbintcp";
}

/** How a SoupBinTCP client logs in. */
export interface SoupConfig {
  readonly username: string;
  /** null: none. */
  readonly password: string | null;
  /** Session to ask for; empty: the current one. */
  readonly session: string;
  readonly heartbeatMs: number;
  readonly silenceMs: number;
}

/** A listening address; port 0 lets the kernel choose. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Stages that a thread can be given, in the order of a packet's way. */
export const STAGE_NAMES = [
  "rx.a",
  "rx.b",
  "merge",
  "decode",
  "book",
  "publish",
  "endpoint",
] as const;
/** A stage's name. */
export type StageName = (typeof STAGE_NAMES)[number];

/** Protocols of the pipeline, by the names that every verb uses. */
export const PROTOCOL_NAMES = ["itch-5.0", "eobi-14.1", "fast"] as const;
/** A protocol's name. */
export type ProtocolName = (typeof PROTOCOL_NAMES)[number];

/** Protocols that need `channel.templates`; the others take none. */
export const TEMPLATE_PROTOCOLS: readonly ProtocolName[] = ["fast"];

/** Protocols whose venues send snapshots on a channel of their own. */
export const SNAPSHOT_PROTOCOLS: readonly ProtocolName[] = ["eobi-14.1", "fast"];

/** The multicast channel. */
export interface ChannelConfig {
  /** Shown in /status and /ready. */
  readonly name: string;
  readonly protocol: ProtocolName;
  /** EOBI: the market segment to follow; null: the first one seen. */
  readonly marketSegment: number | null;
  /** Path of the FAST templates; null: none. */
  readonly templates: string | null;
  /** First sequence to apply: null for the lowest seen in the first 50 ms. */
  readonly start: number | null;
}

/** Receiving packets. */
export interface RxConfig {
  readonly path: "auto" | "recvmmsg" | "dgram";
  readonly a: FeedAddress | null;
  readonly b: FeedAddress | null;
  /** The venue's snapshot channel, received on feed A's interface; null: none. */
  readonly snapshot: GroupAddress | null;
  readonly iface: string;
  /** Interface of feed B; equal to iface unless set. */
  readonly ifaceB: string;
  readonly frameBytes: number;
  readonly frames: number;
  readonly batch: number;
  /** 0 takes what the kernel gives, up to 8 MiB. */
  readonly rcvbufBytes: number;
  readonly busyPollUs: number;
  readonly timestamps: "off" | "software" | "hardware";
}

/** Waiting for a snapshot, where rx.snapshot is given. */
export interface RecoveryConfig {
  /** Live packets kept meanwhile. */
  readonly packets: number;
}

/** Arbitration of feeds A and B. */
export interface MergeConfig {
  /** Held packets at most, both feeds together. */
  readonly windowPackets: number;
  /** A gap is given up when this many messages beyond it wait, ... */
  readonly gapMessages: number;
  /** ... or when it has been open for so long. */
  readonly gapTimeoutMs: number;
  readonly maxJump: number;
  readonly sessionSwitchMs: number;
  /** A feed with no packet for so long is `silent`. */
  readonly silentMs: number;
}

/** Sizes of the books, taken at start. */
export interface BookConfig {
  readonly orders: number;
  readonly levels: number;
  readonly instruments: number;
}

/** Serving raw-v1 over WebSocket. */
export interface PublishConfig {
  readonly listen: ListenAddress;
  readonly listenB: ListenAddress | null;
  readonly server: "ws" | "uws";
  /** Bearer token, or null. */
  readonly token: string | null;
  readonly open: boolean;
  readonly origins: readonly string[];
  /** Frames that the bus retains, a power of two. */
  readonly busFrames: number;
  readonly maxClients: number;
  /** Unsent bytes at which a client is too slow. */
  readonly clientBufferBytes: number;
  readonly maxSnapshots: number;
  /** A snapshot must be taken by its client within this time. */
  readonly snapshotTimeoutMs: number;
}

/** Metrics, health, status and the page. */
export interface AdminConfig {
  readonly listen: ListenAddress;
}

/** One thread and the stages that it runs. */
export interface ThreadConfig {
  readonly name: string;
  /** null: not pinned. */
  readonly cpu: number | null;
  readonly idle: IdleName;
  readonly loop: "spin" | "event";
  /** SCHED_FIFO priority, 0 off. */
  readonly fifo: number;
  readonly stages: readonly StageName[];
}

/** Which stage runs on which thread. */
export interface PipelineConfig {
  /** `inline`: everything on the main thread's event loop; `threads`: as listed. */
  readonly placement: "inline" | "threads";
  readonly threads: readonly ThreadConfig[];
  readonly mlock: boolean;
  /** Allows spinning threads on every cpu. */
  readonly force: boolean;
  /** Slots of a ring between two threads, a power of two. */
  readonly ringSlots: number;
  readonly stopTimeoutMs: number;
  /** Generated messages that the stages are driven with before the feed is ready; 0 none. */
  readonly warmUpMessages: number;
}

/** Reference data of instruments. */
export interface ReferenceConfig {
  /** CSV with a header, or null. */
  readonly file: string | null;
  /** `INSTRUMENT=TICK` each; wins over the file. */
  readonly ticks: readonly string[];
}

/** Logging, to stderr. */
export interface LogConfig {
  readonly level: "debug" | "info" | "warn" | "error";
}

/** Everything. */
export interface Config {
  readonly channel: ChannelConfig;
  readonly rx: RxConfig;
  readonly soup: SoupConfig;
  readonly merge: MergeConfig;
  readonly recovery: RecoveryConfig;
  readonly book: BookConfig;
  readonly publish: PublishConfig;
  readonly admin: AdminConfig;
  readonly pipeline: PipelineConfig;
  readonly reference: ReferenceConfig;
  readonly log: LogConfig;
}
