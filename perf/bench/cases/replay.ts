/**
 * `nyq replay` as a whole process: its own figure (reading included), what the process took from
 * start to end, and the most memory it had resident.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../../src/core/root.ts";
import type { ReplayFacts } from "../../../src/pipeline/replay.ts";
import type { CaseResult } from "../result.ts";

const TIMEOUT_MS = 600_000;

/** What peak-hook.ts writes. */
export interface PeakFacts {
  /** Most bytes resident (VmHWM). */
  readonly peakBytes: number;
  /** Processor time of all threads, µs. */
  readonly cpuUs: number;
}

/** Question: a file through `nyq replay`, hash off. */
export function replayCase(file: string): CaseResult {
  const hook = join(import.meta.dirname, "peak-hook.js");
  const nyq = join(PACKAGE_ROOT, "dist", "src", "cli", "nyq.js");
  const verb = [nyq, "replay", "--json", "--hash", "off", file];
  const started = performance.now();
  const done = spawnSync(process.execPath, [...process.execArgv, "--import", hook, ...verb], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    encoding: "utf8",
    timeout: TIMEOUT_MS,
  });
  const wallMs = performance.now() - started;
  if (done.error !== undefined) throw done.error;
  if (done.status !== 0) throw new Error(`nyq replay: exit ${done.status}: ${done.stderr}`);
  const facts = JSON.parse(done.stdout) as ReplayFacts;
  const peak = JSON.parse(done.output[3] ?? "") as PeakFacts;
  const work = `${facts.events} changes, ${facts.live_orders} live, ${facts.unknown_orders} unknown`;
  return {
    unit: "messages",
    count: facts.messages,
    ns: facts.ns_per_message,
    checksum: work,
    extra: {
      process_ns: (wallMs * 1e6) / facts.messages,
      cpu_ns: (peak.cpuUs * 1e3) / facts.messages,
      peak_mb: peak.peakBytes / 1e6,
      peak_bytes_per_live_order: peak.peakBytes / facts.live_orders,
    },
  };
}
