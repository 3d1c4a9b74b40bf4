/** The ring's bench (perf/ring) as a case: one round of it, its twin and the raw ping-pong. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../../src/core/root.ts";
import type { RingReport } from "../../ring/measure.ts";
import type { CaseResult } from "../result.ts";

const TIMEOUT_MS = 300_000;
/** The exit code for checksums that differ; its report is whole. */
const MISMATCH = 3;

/** Question: ns a 64-byte slot at batch 64; batch 1, the C twin and one way through beside it. */
export function ringCase(smoke: boolean): CaseResult {
  const script = join(PACKAGE_ROOT, "dist", "perf", "ring", "run.js");
  const size = smoke ? ["--smoke"] : ["--rounds", "1"];
  const args = [...process.execArgv, script, "--json", ...size];
  const done = spawnSync(process.execPath, args, { encoding: "utf8", timeout: TIMEOUT_MS });
  if (done.error !== undefined) throw done.error;
  if (done.status !== 0 && done.status !== MISMATCH)
    throw new Error(`ring: exit ${done.status}: ${done.stderr}`);
  const report = JSON.parse(done.stdout) as RingReport & { readonly slots: number };
  const one = report.rings.find((row) => row.batch === 1);
  const many = report.rings.find((row) => row.batch === 64);
  const hop = report.hops[0];
  if (one === undefined || many === undefined || hop === undefined) {
    throw new Error("ring: its report lacks batch 1, batch 64 or the hop");
  }
  return {
    unit: "slots",
    count: report.slots,
    ns: many.ns.median,
    checksum: `${one.checksum} ${many.checksum}`,
    ...(report.checksumsEqual ? {} : { disagrees: "the ring's checksums differ from its twin's" }),
    extra: {
      batch1_ns: one.ns.median,
      ...(many.twinNs === null ? {} : { twin64_ns: many.twinNs.median }),
      ...(many.ratio === null ? {} : { batch64_speed: many.ratio.median }),
      ...(one.ratio === null ? {} : { batch1_speed: one.ratio.median }),
      hop_p50_ns: hop.p50.median,
      hop_p99_ns: hop.p99.median,
      [`hop_p50_ratio${report.hopRatioTo === "c" ? "" : "_js"}`]: report.hopRatio.median,
    },
  };
}
