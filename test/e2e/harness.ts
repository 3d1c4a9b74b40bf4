/**
 * Runs `nyq` as a user does, in processes of its own, on loopback with groups and ports of its own.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { ExecutionContext } from "ava";
import { loadNative } from "../../src/core/native.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";

const NYQ = join(PACKAGE_ROOT, "dist", "src", "cli", "nyq.js");
const START_TIMEOUT_MS = 60_000;
/** A short warm-up: tests run side by side on few cores, and most look at something else. */
const QUICK_START = { NYQ_PIPELINE__WARM_UP_MESSAGES: "20000" };

/** The folder of shared data, or null where it is absent. */
export function sharedFolder(...parts: string[]): string | null {
  const shared = resolve(PACKAGE_ROOT, process.env["NYQ_SHARED"] ?? "../shared");
  const path = join(shared, ...parts);
  return existsSync(path) ? path : null;
}

/** Says why a test did not run; .ci/run counts these lines. */
export function skip(t: ExecutionContext, reason: string): void {
  t.log(`skipped: ${reason}`);
  t.pass();
}

/** Two groups on one port that no other test uses at the same time. */
export function ownGroups(salt: number): { a: string; b: string } {
  const octet = 1 + (process.pid % 250);
  const port = 20_000 + ((process.pid * 7 + salt * 131) % 20_000);
  return {
    a: `239.77.${octet}.${2 * salt + 1}:${port}`,
    b: `239.77.${octet}.${2 * salt + 2}:${port}`,
  };
}

/** A folder that is removed when the test ends. */
export function temporaryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), "nyq-test-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A process that ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `nyq ARGS`; it is killed when the test ends. */
export class NyqProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = "";
  stderr = "";

  constructor(t: ExecutionContext, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [NYQ, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...QUICK_START, ...process.env, ...env },
    });
    this.child.stdout?.on("data", (chunk) => {
      this.stdout += chunk;
    });
    this.child.stderr?.on("data", (chunk) => {
      this.stderr += chunk;
    });
    this.ended = once(this.child, "close").then(([code, signal]) => ({
      code,
      signal,
      stdout: this.stdout,
      stderr: this.stderr,
    }));
    t.teardown(() => void this.child.kill("SIGKILL"));
  }
}

/** Runs `nyq ARGS` to its end. */
export function nyq(
  t: ExecutionContext,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  return new NyqProcess(t, args, env).ended;
}

/** A running `nyq feed`. */
export interface RunningFeed {
  readonly process: NyqProcess;
  readonly ws: string;
  readonly wsB: string;
  readonly admin: string;
  status(): Promise<FeedStatus>;
}

/** What tests look at of /status. */
export interface FeedStatus {
  readonly channels: readonly {
    readonly session: string | null;
    readonly next_seq: number;
    readonly in_sync: boolean;
    readonly gaps: readonly { from: number; to: number; outcome: string; cause: string }[];
    readonly stale: { readonly all: boolean };
    readonly feeds: Record<"a" | "b", { packets: number; lost: number; kernel_drops: number }>;
  }[];
  readonly clients: readonly { id: number; lag: number; endpoint: string }[];
  readonly global_sequence: number;
  readonly book_hash: string;
  readonly live_orders: number;
  readonly messages: number;
  readonly frames: number;
}

/**
 * What lets a feed on a machine that is busy with other tests lose nothing: a socket buffer that
 * outlasts seconds without cpu (root may have one), and patience with the feed that is behind.
 */
export function patientArgs(path: "recvmmsg" | "dgram" = "recvmmsg"): string[] {
  const sets = [
    "rx.frames=32768",
    "merge.window_packets=16000",
    "merge.gap_messages=100000000",
    "merge.gap_timeout_ms=5000",
  ];
  if (path === "recvmmsg" && process.getuid?.() === 0 && loadNative() !== null) {
    sets.push("rx.rcvbuf_bytes=268435456");
  }
  return sets.flatMap((set) => ["--set", set]);
}

/** Starts `nyq feed` on free ports and waits for its ready line. */
export async function startFeed(
  t: ExecutionContext,
  groups: { a: string; b: string },
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<RunningFeed> {
  const feed = new NyqProcess(
    t,
    [
      ...["feed", "--a", groups.a, "--b", groups.b, "--iface", "127.0.0.1"],
      ...["--listen", "127.0.0.1:0", "--listen-b", "127.0.0.1:0", "--admin", "127.0.0.1:0"],
      ...args,
    ],
    env,
  );
  const ready = await until(() => {
    if (feed.child.exitCode !== null) throw new Error(`feed ended: ${feed.stderr}`);
    return /ready ws=(\S+) ws_b=(\S+) admin=(\S+)/.exec(feed.stderr);
  }, START_TIMEOUT_MS);
  const [, ws = "", wsB = "", admin = ""] = ready;
  const status = async (): Promise<FeedStatus> => {
    const answer = await fetch(`http://${admin}/status`);
    return (await answer.json()) as FeedStatus;
  };
  return { process: feed, ws, wsB, admin, status };
}

/** Asks until the answer is something. @throws when `timeoutMs` has passed */
export async function until<T>(
  ask: () => T | Promise<T>,
  timeoutMs = 60_000,
): Promise<NonNullable<T>> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`nothing came of ${ask.toString()} in ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until the feed has applied everything before `nextSeq` and the endpoint has caught up. */
export async function settled(feed: RunningFeed, nextSeq: number): Promise<FeedStatus> {
  let last = -1;
  let status: FeedStatus | null = null;
  const quietAt = async (): Promise<FeedStatus | null> => {
    status = await feed.status();
    const quiet = status.global_sequence === last && status.frames === last;
    last = status.global_sequence;
    return quiet && status.channels[0]?.next_seq === nextSeq ? status : null;
  };
  try {
    return await until(quietAt, 120_000);
  } catch {
    throw new Error(`not settled at ${nextSeq}: ${JSON.stringify(status)}`);
  }
}
