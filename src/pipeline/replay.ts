/**
 * Replays a file through the stages and tells what the books are at its end. Inline (the default)
 * everything runs in the calling thread; a configuration with placement `threads` runs the same
 * stages on its threads.
 */
import { growOrdersFor } from "../book/bytes.ts";
import type { Config } from "../config/config.ts";
import { Counters } from "../core/counters.ts";
import { type ErrorCode, FeedError } from "../core/errors.ts";
import { UnknownTypes } from "../core/odd-input.ts";
import { RecoveryState } from "../decode/eobi/recovery.ts";
import { MergeStatusReader } from "../merge/status.ts";
import { C } from "../metrics/counter-table.ts";
import { detectFormat, type FileFormat } from "../rx/file.ts";
import { dumpState } from "./dump-state.ts";
import { machineMemory, memoryAtStart, memoryParts } from "./memory.ts";
import { type Input, makePlan, type Plan } from "./plan.ts";
import { protocolOf } from "./protocols.ts";
import type { ThreadResult } from "./result.ts";
import { Pipeline } from "./supervisor.ts";

/** What to replay and how. */
export interface ReplayOptions {
  readonly path: string;
  readonly format: "auto" | FileFormat;
  readonly hash: "off" | "end" | "incremental";
  /** CSV of every order at the end, or null. */
  readonly dumpBook: string | null;
  /** Files of feed B and of the snapshots, woven in; for messages without datagrams only. */
  readonly fileB?: string | null;
  readonly fileSnapshots?: string | null;
  /** JSON lines of the instruments' state at the end, or null. */
  readonly dumpState?: string | null;
  readonly config: Config;
  /** Live orders at most; null for as many as the machine has memory for. */
  readonly maxOrders: number | null;
  /** Replays that share the machine's memory. */
  readonly jobs: number;
  /** Called about ten times a second with 0 … 1. */
  readonly onProgress?: (share: number) => void;
}

/** The facts of a replay; keys as `nyq replay --json` prints them. */
export interface ReplayFacts {
  readonly file: string;
  readonly packets: number;
  readonly messages: number;
  readonly types: Record<string, number>;
  readonly events: number;
  readonly gaps: [number, number][];
  readonly unknown_orders: number;
  readonly duplicate_orders: number;
  readonly over_executions: number;
  readonly malformed: number;
  /** What TCP connections of a capture went through; null without any. */
  readonly tcp: TcpFacts | null;
  /** New and moved orders off their instrument's tick; 0 without reference data. */
  readonly off_tick: number;
  /** Malformed packets of another protocol or release. */
  readonly foreign: number;
  /** Packets of market segments that the channel does not follow. */
  readonly other_streams: number;
  /** Malformed messages of types that nobody knows, by id; beyond 64 ids under `other`. */
  readonly unknown_types: Record<string, number>;
  /** Snapshots: times that books were set by one; FAST: compared with one, and that differed. */
  readonly snapshots: {
    readonly set: number;
    readonly compared: number;
    readonly different: number;
  };
  /** Instruments of a FAST channel whose books are not known to be exact at the end. */
  readonly stale_instruments: number;
  /** True when the books waited for a snapshot at the end, so that they are not true. */
  readonly waits_for_snapshot: boolean;
  /** Changes refused because the books may not grow any more: then they are not true. */
  readonly refused: number;
  readonly instruments: number;
  readonly live_orders: number;
  readonly book_hash: string | null;
  readonly ns_per_message: number;
  /** Greatest resident size of the process so far. */
  readonly peak_rss_bytes: number;
}

/** Counts of TCP segments with a payload, and of streams. */
export interface TcpFacts {
  readonly segments: number;
  readonly duplicates: number;
  readonly early: number;
  readonly lost: number;
  readonly holes: number;
  readonly foreign_streams: number;
}

/** A replay's facts, and why it did not reach the file's end. */
export interface ReplayOutcome {
  readonly facts: ReplayFacts;
  readonly error: FeedError | null;
}

const PROGRESS_MS = 100;

/**
 * Replays one file.
 *
 * @throws FEED_FILE, FEED_FORMAT when nothing can be read
 */
export async function replayFile(options: ReplayOptions): Promise<ReplayOutcome> {
  const { path, hash, dumpBook, fileB = null, fileSnapshots = null, config } = options;
  const dumpsTo = options.dumpState ?? null;
  if (dumpsTo !== null && protocolOf(config).state === null) {
    const text = `--dump-state: protocol ${config.channel.protocol} keeps no instrument state`;
    throw new FeedError("FEED_USAGE", text);
  }
  const format = await formatOf(options);
  const files = { path, format, fileB, fileSnapshots } as const;
  const keepsState = dumpsTo !== null;
  const input = { kind: "file", ...files, hash, dumpBook, keepsState, ordersMax: 0 } as const;
  const ordersMax = options.maxOrders ?? ordersThatFit(config, input, options.jobs);
  const plan = makePlan(config, { ...input, ordersMax }, null);
  const pipeline = await Pipeline.start(plan, () => undefined);
  const { onProgress } = options;
  const timer =
    onProgress && setInterval(() => onProgress(pipeline.progress()), PROGRESS_MS).unref();
  try {
    const results = await pipeline.finished;
    if (dumpsTo !== null) await dumpState(plan, dumpsTo);
    const failed = results.find((result) => result.error !== null)?.error;
    const error = failed ? new FeedError(failed.code as ErrorCode, failed.text) : null;
    return { facts: collect(path, plan, results), error };
  } finally {
    clearInterval(timer);
  }
}

/** Which format a file of the channel's protocol has. @throws FEED_USAGE when it has no such */
async function formatOf(options: ReplayOptions): Promise<FileFormat> {
  const { path, format, config, fileB, fileSnapshots } = options;
  const formats = formatsOf(config);
  const asked = format === "auto" && formats.length === 1 ? "pcap" : format;
  const family = formats.includes("itch") ? "itch" : "fast";
  const found = asked === "auto" ? await detectFormat(path, family) : asked;
  const isWoven = (fileB ?? null) !== null || (fileSnapshots ?? null) !== null;
  if (!formats.includes(found)) {
    const text = `--protocol ${config.channel.protocol} does not come as --format ${found}`;
    throw new FeedError("FEED_USAGE", text);
  }
  if (isWoven && found !== "fast-raw" && found !== "len4") {
    const text = "--file-b and --file-snapshots go with --format fast-raw and len4 only";
    throw new FeedError("FEED_USAGE", text);
  }
  return found;
}

function formatsOf(config: Config): readonly FileFormat[] {
  const { hasBinaryFile, makeCutter } = protocolOf(config);
  if (makeCutter !== undefined) return ["pcap", "fast-raw", "len4"];
  return hasBinaryFile ? ["pcap", "itch"] : ["pcap"];
}

/** What else there is of the machine's memory is for the books. */
function ordersThatFit(config: Config, input: Input, jobs: number): number {
  const rest = machineMemory().bytes - memoryAtStart(memoryParts(config, input));
  const hash = input.kind === "file" && input.hash === "incremental";
  return growOrdersFor(rest / jobs, hash);
}

function collect(file: string, plan: Plan, results: readonly ThreadResult[]): ReplayFacts {
  const counters = new Counters(plan.counters);
  const types = results.find((result) => result.types !== null)?.types ?? {};
  const book = results.find((result) => result.book !== null)?.book;
  const openNs = results.find((result) => result.openNs !== null)?.openNs ?? 0;
  const messages = Object.values(types).reduce((total, count) => total + count, 0);
  const { gaps, feeds } = new MergeStatusReader(plan.mergeStatus).read();
  const { a, b } = feeds;
  return {
    file,
    packets: a.packets + b.packets,
    messages,
    types,
    events: counters.get(C.BOOK_CHANGES),
    gaps: gaps.filter((gap) => gap.outcome === "unrecoverable").map((gap) => [gap.from, gap.to]),
    unknown_orders: counters.get(C.BOOK_UNKNOWN_ORDERS),
    duplicate_orders: counters.get(C.BOOK_DUPLICATE_ORDERS),
    over_executions: counters.get(C.BOOK_OVER_EXECUTIONS),
    malformed: counters.get(C.DECODE_MALFORMED) + a.malformed + b.malformed,
    off_tick: counters.get(C.BOOK_OFF_TICK),
    tcp: tcpFacts(counters),
    foreign: counters.get(C.MERGE_FOREIGN_A) + counters.get(C.MERGE_FOREIGN_B),
    other_streams: counters.get(C.MERGE_OTHER_STREAM_A) + counters.get(C.MERGE_OTHER_STREAM_B),
    unknown_types: new UnknownTypes(plan.oddInput).byId(),
    snapshots: {
      set: counters.get(C.FAST_SNAPSHOTS_SET) + counters.get(C.SNAPSHOT_APPLIED),
      compared: counters.get(C.FAST_SNAPSHOTS_COMPARED),
      different: counters.get(C.FAST_SNAPSHOTS_DIFFERENT),
    },
    stale_instruments: counters.get(C.FAST_STALE_INSTRUMENTS),
    waits_for_snapshot: counters.get(C.RECOVERY_STATE) === RecoveryState.WAITING,
    refused: counters.get(C.BOOK_REFUSED),
    instruments: book?.instruments ?? 0,
    live_orders: book?.liveOrders ?? 0,
    book_hash: book?.hash ?? null,
    ns_per_message: messages === 0 || !book ? 0 : (book.endNs - openNs) / messages,
    peak_rss_bytes: process.resourceUsage().maxRSS * 1024,
  };
}

function tcpFacts(counters: Counters): TcpFacts | null {
  const segments = counters.get(C.FILE_TCP_SEGMENTS);
  if (segments === 0) return null;
  return {
    segments,
    duplicates: counters.get(C.FILE_TCP_DUPLICATES),
    early: counters.get(C.FILE_TCP_EARLY),
    lost: counters.get(C.FILE_TCP_LOST),
    holes: counters.get(C.FILE_TCP_HOLES),
    foreign_streams: counters.get(C.FILE_TCP_FOREIGN),
  };
}
