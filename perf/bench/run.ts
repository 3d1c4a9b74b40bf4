/**
 * The bench runner: `npm run bench -- [--messages N] [--rounds N] [--file F] [--case NAME]…
 * [--smoke] [-o FILE]`. Each case runs in a process of its own; rounds interleave all cases with
 * the C book l3_ref on the same file; the figure is the median of the rounds. Ends 3 when a book
 * hash differs from the C book's, 0 otherwise; what is fast enough is for the reader to say.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { CASES } from "./cases.ts";
import type { CaseResult } from "./result.ts";
import { median } from "./result.ts";
import { buildYardsticks, makeInput, runReference } from "./yardstick.ts";

/** A case that takes longer than this hangs. */
const CASE_TIMEOUT_MS = 300_000;
const RINGS = ["ring-1", "ring-64"] as const;
/** Cases whose figure is measured against the C book's. */
const AGAINST_REFERENCE: readonly string[] = ["book", "decode+book", "decode+book+hash", "inline"];

interface Options {
  readonly messages: number;
  readonly rounds: number;
  readonly passes: number;
  readonly slots: number;
  readonly file: string | null;
  readonly cases: readonly string[];
  readonly out: string | null;
}

/** A row of the table. */
interface Row {
  readonly case: string;
  readonly question: string;
  readonly unit: string;
  readonly count: number;
  readonly ns: number;
  readonly nsLowest: number;
  readonly nsHighest: number;
  readonly nsMedianOfStretches: number;
  readonly nsCold: number;
  readonly ratio: number | null;
  readonly checksum: string;
  readonly bookHash: string | null;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      messages: { type: "string" },
      rounds: { type: "string" },
      file: { type: "string" },
      case: { type: "string", multiple: true },
      smoke: { type: "boolean", default: false },
      out: { type: "string", short: "o" },
    },
  });
  const smoke = values.smoke;
  const number = (name: "messages" | "rounds", standard: number): number => {
    const value = Number(values[name] ?? standard);
    if (!Number.isInteger(value) || value < 1) throw new Error(`--${name}=${values[name]} < 1`);
    return value;
  };
  const all = [...Object.keys(CASES), ...RINGS];
  const cases = values.case ?? all;
  for (const name of cases) {
    if (!all.includes(name)) throw new Error(`--case=${name} is none of ${all.join(", ")}`);
  }
  return {
    messages: number("messages", smoke ? 20_000 : 2_000_000),
    rounds: number("rounds", smoke ? 1 : 5),
    passes: 2,
    slots: smoke ? 20_000 : 4_000_000,
    file: values.file ?? null,
    cases,
    out: values.out ?? (smoke ? null : join(PACKAGE_ROOT, "perf", "results", "bench.json")),
  };
}

function runProcess(name: string, file: string, options: Options): CaseResult {
  const script = join(import.meta.dirname, "case.js");
  const args = [...process.execArgv, script, name, file, `${options.passes}`, `${options.slots}`];
  const text = execFileSync(process.execPath, args, {
    encoding: "utf8",
    maxBuffer: 2 ** 24,
    timeout: CASE_TIMEOUT_MS,
  });
  return JSON.parse(text.trim().split("\n").at(-1) ?? "") as CaseResult;
}

function commit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync("git", args, { cwd: PACKAGE_ROOT, encoding: "utf8" }).trim();
    const dirty = git("status", "--porcelain", "--", "src", "perf/bench") === "" ? "" : "+changes";
    return git("rev-parse", "--short=12", "HEAD") + dirty;
  } catch {
    return "unknown";
  }
}

function machine(): Record<string, string | number> {
  const processors = cpus();
  return {
    cpu: processors[0]?.model ?? "unknown",
    cpus: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    v8: process.versions.v8,
    flags: process.execArgv.join(" "),
  };
}

function makeRow(name: string, results: readonly CaseResult[], reference: number | null): Row {
  const figures = results.map((result) => result.nsPerUnit);
  const last = results.at(-1) as CaseResult;
  const ns = median(figures);
  const ring = `descriptor ring between two threads, ${name.slice(5)} slots a publish`;
  return {
    case: name,
    question: CASES[name]?.question ?? ring,
    unit: last.unit,
    count: last.count,
    ns,
    nsLowest: Math.min(...figures),
    nsHighest: Math.max(...figures),
    nsMedianOfStretches: median(results.map((result) => result.nsMedian)),
    nsCold: median(results.map((result) => result.nsCold)),
    ratio: reference !== null && AGAINST_REFERENCE.includes(name) ? ns / reference : null,
    checksum: last.checksum,
    bookHash: last.bookHash ?? null,
  };
}

function print(rows: readonly Row[], reference: readonly number[], reason: string): void {
  const cell = (text: string, width: number): string => text.padStart(width);
  const line = (...cells: string[]): void => {
    process.stdout.write(`${(cells[0] ?? "").padEnd(18)}${cells.slice(1).join(" ")}\n`);
  };
  line("case", "   ns/unit", "    lowest", "   highest", "      cold", "  / l3_ref", " checksum");
  if (reference.length > 0) {
    const [low, high] = [Math.min(...reference), Math.max(...reference)];
    const figures = [median(reference), low, high].map((ns) => cell(ns.toFixed(1), 10));
    line("l3_ref", ...figures, cell("", 10), cell("1.00", 10));
  } else line(`l3_ref: not measured, ${reason}`);
  for (const row of rows) {
    const figures = [row.ns, row.nsLowest, row.nsHighest, row.nsCold];
    line(
      row.case,
      ...figures.map((ns) => cell(ns.toFixed(1), 10)),
      cell(row.ratio === null ? "" : row.ratio.toFixed(2), 10),
      ` ${row.bookHash ?? row.checksum}`,
    );
  }
}

function main(): number {
  const options = readOptions();
  const folder = mkdtempSync(join(tmpdir(), "nyq-bench-"));
  try {
    const yardsticks = buildYardsticks(folder);
    const file = options.file ?? join(folder, "input.itch");
    const input =
      options.file === null
        ? makeInput(yardsticks, file, options.messages)
        : "file given by --file";
    const results = new Map<string, CaseResult[]>(options.cases.map((name) => [name, []]));
    const reference: number[] = [];
    let referenceHash: string | null = null;
    for (let round = 0; round < options.rounds; round++) {
      for (const name of options.cases) {
        if (yardsticks.built && (AGAINST_REFERENCE.includes(name) || name === options.cases[0])) {
          const result = runReference(yardsticks.folder, file);
          reference.push(result.ns_per_message);
          referenceHash = result.book_hash;
        }
        results.get(name)?.push(runProcess(name, file, options));
      }
      if (process.stderr.isTTY) process.stderr.write(`round ${round + 1}/${options.rounds}\n`);
    }
    const base = reference.length > 0 ? median(reference) : null;
    const rows = options.cases.map((name) => makeRow(name, results.get(name) ?? [], base));
    print(rows, reference, yardsticks.built ? "" : yardsticks.reason);
    const hashes = new Set(rows.flatMap((row) => row.bookHash ?? []));
    if (referenceHash !== null) hashes.add(referenceHash);
    const equal = hashes.size <= 1;
    if (options.out !== null) {
      const l3Ref = base === null ? null : { ns: base, rounds: reference, bookHash: referenceHash };
      const report = {
        date: new Date().toISOString(),
        commit: commit(),
        machine: machine(),
        input,
        rounds: options.rounds,
        l3Ref: l3Ref ?? (yardsticks.built ? "not run" : yardsticks.reason),
        bookHashesEqual: equal,
        rows,
      };
      mkdirSync(dirname(options.out), { recursive: true });
      writeFileSync(options.out, `${JSON.stringify(report, null, 2)}\n`);
    }
    if (!equal) process.stderr.write(`book hashes differ: ${[...hashes].join(" ")}\n`);
    return equal ? 0 : 3;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = main();
