/**
 * The bench runner, `npm run bench -- --help`: every case in a process of its own, interleaved with
 * its baselines, medians of the rounds. Ends 3 when a checksum or a book hash disagrees; what is
 * fast enough is printed and for the reader to say.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { CASES, REFERENCE } from "./catalog.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { findPeers } from "./peers.ts";
import { reportText } from "./print.ts";
import { makeReport, type Report } from "./report.ts";
import { type Measured, planSteps, runRounds } from "./rounds.ts";
import { judge } from "./targets.ts";
import { type BenchFile, buildYardsticks, makeInput } from "./yardstick.ts";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_MISMATCH = 3;

function bench(options: Options, folder: string): Report {
  const log = (line: string): void => {
    if (process.stderr.isTTY || line.includes("Error")) process.stderr.write(`${line}\n`);
  };
  const yardsticks = buildYardsticks(folder);
  const peers = findPeers(options.peers);
  // A prefix may widen what the runner itself was pinned to.
  const cores = options.prefixPair.length > 0 ? cpus().length : availableParallelism();
  const wanted = CASES.filter((spec) => options.cases.includes(spec.name));
  const specs = wanted.filter((spec) => spec.cores <= cores);
  const read = options.inputs.filter((name) => specs.some((spec) => spec.inputs.includes(name)));
  const inputs: BenchFile[] =
    options.file !== null
      ? [{ name: "hot", path: resolve(options.file), origin: "file given by --file" }]
      : read.map((name) => makeInput(yardsticks, folder, name, options.size[name]));
  const baselines = yardsticks.built ? [REFERENCE, ...peers] : peers;
  const steps = planSteps(specs, inputs, options.nodes, baselines);
  const withoutPeers =
    options.peers === null
      ? "no --peers given"
      : peers.length === 0
        ? "none of their programs is in the folder of --peers"
        : null;
  const withoutReference = yardsticks.built ? null : yardsticks.reason;
  const setting = { options, inputs, withoutReference, withoutPeers };
  const onRound = (some: Measured, rounds: number): void => {
    write(makeReport({ ...setting, options: { ...options, rounds } }, some), options);
  };
  return makeReport(setting, runRounds(steps, options, yardsticks, log, onRound));
}

/** Writes the JSON, where one is wanted. */
function write(report: Report, options: Options): void {
  if (options.out === null) return;
  mkdirSync(dirname(options.out), { recursive: true });
  writeFileSync(options.out, `${JSON.stringify({ ...report, targets: judge(report) }, null, 2)}\n`);
}

function run(options: Options): number {
  const folder = options.data ?? mkdtempSync(join(tmpdir(), "nyq-bench-"));
  mkdirSync(folder, { recursive: true });
  try {
    const report = bench(options, folder);
    process.stdout.write(reportText(report, judge(report)));
    if (report.disagreements.length > 0) return EXIT_MISMATCH;
    return report.failures.length > 0 ? EXIT_FAILED : 0;
  } finally {
    if (options.data === null) rmSync(folder, { recursive: true, force: true });
  }
}

function main(): number {
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT_USAGE;
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  return run(options);
}

process.exitCode = main();
