/**
 * Question: how far is the slot ring from the same ring in C, and one way through it from the bare
 * cost of passing a cache line between the two cores? Units: ns a slot of 64 bytes, ns one way.
 *
 * Ours and the C twin (twin.c) run in turn on the same two cpus, each in a process of its own;
 * figures are medians of the rounds, a round's throughput is the median of many short passes, and
 * ratios are taken round by round. Checksums must be equal.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus as cpuList, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadNative, nativeMissing } from "../../src/core/native.ts";
import { type Figures, measureRings, type RingOptions, type RingReport } from "./measure.ts";
import { buildTwin, type Twin } from "./twin.ts";

const HELP = `usage: node dist/perf/ring/run.js [options]   (npm run bench:ring -- [options])

Measures the slot ring beside its C twin and its one-way latency beside a raw ping-pong.

  --rounds N    rounds, 9 at least for a figure to be quoted (default 9)
  --slots N     slots of 64 bytes a pass (default 65536)
  --passes N    passes a round, of which the median counts (default 150)
  --trips N     round trips a pass (default 100000)
  --cpus A,B    the two cpus (default: the first two that this process may use)
  --smoke       one round of a small size
  --json        prints the report as JSON
  -o FILE       writes it there too
  --help

  node dist/perf/ring/run.js --json
  node dist/perf/ring/run.js --rounds 21 --cpus 2,3

Exit codes: 0 measured, 2 usage, 3 checksums differ, 4 fewer than two cpus.
`;
/** What issue 4 asks for. */
const BATCH_64_RATIO_MIN = 0.7;
const HOP_RATIO_MAX = 1.5;

interface Arguments extends RingOptions {
  readonly json: boolean;
  readonly out: string | null;
}

class UsageError extends Error {}

function whole(name: string, text: string | undefined, standard: number): number {
  const value = text === undefined ? standard : Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1e9) {
    throw new UsageError(`--${name}=${text} is not between 1 and 1000000000`);
  }
  return value;
}

/** The two cpus; without the addon nothing can be pinned but the twin, so then nothing is. */
function chooseCpus(text: string | undefined): [number, number] | null {
  const allowed = loadNative()?.allowedCpus() ?? cpuList().map((_, i) => i);
  if (text !== undefined) {
    const [a = -1, b = -1, ...rest] = text.split(",").map(Number);
    if (rest.length > 0 || a === b || !allowed.includes(a) || !allowed.includes(b)) {
      throw new UsageError(`--cpus=${text} is not two of ${allowed.join(",")}`);
    }
    return [a, b];
  }
  const [a, b] = allowed;
  return a === undefined || b === undefined ? null : [a, b];
}

function readArguments(): Arguments | null | "one-cpu" {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string" },
      slots: { type: "string" },
      passes: { type: "string" },
      trips: { type: "string" },
      cpus: { type: "string" },
      smoke: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      out: { type: "string", short: "o" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const cpus = chooseCpus(values.cpus);
  if (cpus === null) return "one-cpu";
  const smoke = values.smoke;
  return {
    rounds: whole("rounds", values.rounds, smoke ? 1 : 9),
    slots: whole("slots", values.slots, smoke ? 20_000 : 65_536),
    passes: whole("passes", values.passes, smoke ? 3 : 150),
    trips: whole("trips", values.trips, smoke ? 500 : 100_000),
    cpus,
    json: values.json,
    out: values.out ?? null,
  };
}

function text(figure: Figures | null, digits: number): string {
  if (figure === null) return "-".padStart(24);
  const { median, lowest, highest } = figure;
  const spread = `(${lowest.toFixed(digits)} … ${highest.toFixed(digits)})`;
  return `${median.toFixed(digits).padStart(8)} ${spread.padEnd(15)}`;
}

function print(report: RingReport, twin: Twin): void {
  const lines = ["ns a slot      ours                     C twin                   C, scalar"];
  for (const row of report.rings) {
    const cells = [row.ns, row.twinNs, row.twinScalarNs].map((figure) => text(figure, 1));
    lines.push(`${row.case.padEnd(10)}${cells.join(" ")}`);
    if (row.ratio === null) continue;
    const ratio = [row.ratio, row.ratioScalar].map((figure) => text(figure, 2)).join(" ");
    lines.push(`  C / ours${" ".repeat(25)}${ratio}  checksum ${row.checksum}`);
  }
  lines.push("one way, ns    p50                      p99");
  for (const row of report.hops) {
    lines.push(`${row.case.padEnd(10)}${text(row.p50, 0)} ${text(row.p99, 0)}`);
  }
  lines.push(`hop / raw in ${report.hopRatioTo}: ${text(report.hopRatio, 2)}`);
  lines.push(twin.built ? twin.compiler : twin.reason);
  if (!report.checksumsEqual) lines.push("CHECKSUMS DIFFER");
  process.stdout.write(`${lines.join("\n")}\n`);
}

function main(): number {
  const options = readArguments();
  if (options === null) {
    process.stdout.write(HELP);
    return 0;
  }
  if (options === "one-cpu") {
    process.stderr.write("ring: two cpus are needed, this process may use one\n");
    return 4;
  }
  const folder = mkdtempSync(join(tmpdir(), "nyq-ring-"));
  try {
    const twin = buildTwin(folder);
    const report = measureRings(twin, options);
    const ratio = report.rings.find((row) => row.batch === 64)?.ratio?.median ?? null;
    const json = {
      node: process.version,
      cpu: cpuList()[0]?.model ?? "unknown",
      cpus: options.cpus,
      pinned: loadNative() === null ? nativeMissing() : true,
      twin: twin.built ? twin.compiler : twin.reason,
      rounds: options.rounds,
      slots: options.slots,
      trips: options.trips,
      ...report,
      targets: {
        batch64: { min: BATCH_64_RATIO_MIN, is: ratio },
        hop: { max: HOP_RATIO_MAX, is: report.hopRatio.median },
      },
    };
    if (options.json) process.stdout.write(`${JSON.stringify(json)}\n`);
    else print(report, twin);
    if (options.out !== null) writeFileSync(options.out, `${JSON.stringify(json, null, 2)}\n`);
    return report.checksumsEqual ? 0 : 3;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  process.exitCode = main();
} catch (error) {
  const isUsage =
    error instanceof UsageError ||
    (error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE"));
  if (!isUsage) throw error;
  process.stderr.write(`ring: ${(error as Error).message}\n`);
  process.exitCode = 2;
}
