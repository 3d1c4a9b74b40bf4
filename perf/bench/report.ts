/** What a run found: rows, baselines, whether the work agrees; the JSON in perf/results. */

import { commit, type Machine, machine } from "./machine.ts";
import type { NodeBinary, Options } from "./options.ts";
import { type CaseResult, median, type Spread, spreadOf } from "./result.ts";
import { type Measured, type Step, seriesKey } from "./rounds.ts";
import { type BenchFile, INPUT_NAMES, type InputName } from "./yardstick.ts";

/** A baseline on one input. */
export interface BaselineRow {
  readonly name: string;
  readonly input: InputName;
  readonly ns: Spread;
  readonly rounds: readonly number[];
  readonly work: string;
  readonly bookHash: string | null;
}

/** A case on one input under one Node. */
export interface Row {
  readonly case: string;
  readonly question: string;
  readonly input: InputName | null;
  readonly node: string;
  readonly unit: string;
  readonly count: number;
  readonly ns: Spread;
  /** ns per unit, round by round. */
  readonly rounds: readonly number[];
  /** By baseline: the ratio of each round to the baseline's run of the same round. */
  readonly ratios: Readonly<Record<string, Spread>>;
  readonly checksum: string;
  readonly bookHash: string | null;
  /** Medians of the further figures. */
  readonly extra: Readonly<Record<string, number>>;
}

/** A run of the bench. */
export interface Report {
  readonly date: string;
  readonly commit: string;
  readonly machine: Machine;
  /** Node versions; the first is the figure. */
  readonly nodes: readonly string[];
  readonly flags: string;
  readonly rounds: number;
  readonly inputs: readonly { readonly name: InputName; readonly origin: string }[];
  /** Why there is no l3_ref, or null. */
  readonly withoutReference: string | null;
  /** Why there are no peers, or null. */
  readonly withoutPeers: string | null;
  readonly baselines: readonly BaselineRow[];
  readonly rows: readonly Row[];
  /** Everything that disagrees; empty when all work is equal. */
  readonly disagreements: readonly string[];
  readonly failures: readonly string[];
}

/** What was there to be measured. */
export interface Setting {
  readonly options: Options;
  readonly inputs: readonly BenchFile[];
  readonly withoutReference: string | null;
  readonly withoutPeers: string | null;
}

/** The cases whose checksum is that of the bus. */
const LINE_CASE = /^(pipeline|threads-)/;

/** Makes the report of a run. */
export function makeReport(setting: Setting, measured: Measured): Report {
  const rows = measured.steps.flatMap((step) => rowOf(step, measured));
  const baselines = measured.steps.flatMap((step) => baselineOf(step, measured));
  return {
    date: new Date().toISOString(),
    commit: commit(),
    machine: machine(),
    nodes: setting.options.nodes.map((node: NodeBinary) => node.version),
    flags: process.execArgv.join(" "),
    rounds: setting.options.rounds,
    inputs: setting.inputs.map(({ name, origin }) => ({ name, origin })),
    withoutReference: setting.withoutReference,
    withoutPeers: setting.withoutPeers,
    baselines,
    rows,
    disagreements: [
      ...unsteady(measured),
      ...hashesApart(baselines, rows),
      ...sumsApart(rows),
      ...framesApart(rows),
    ],
    failures: measured.failures,
  };
}

function present<T>(series: readonly (T | undefined)[] | undefined): T[] {
  return (series ?? []).filter((run) => run !== undefined);
}

function baselineOf(step: Step, measured: Measured): BaselineRow[] {
  if (step.kind !== "baseline") return [];
  const runs = present(measured.baselines.get(seriesKey(step.name, step.input.name)));
  const last = runs.at(-1);
  if (last === undefined) return [];
  const rounds = runs.map((run) => run.ns);
  const { name } = step;
  const bookHash = last.bookHash ?? null;
  return [
    { name, input: step.input.name, ns: spreadOf(rounds), rounds, work: last.work, bookHash },
  ];
}

function rowOf(step: Step, measured: Measured): Row[] {
  if (step.kind !== "case") return [];
  const input = step.input?.name ?? null;
  const { spec, node } = step;
  const series = measured.cases.get(seriesKey(spec.name, input, node.version)) ?? [];
  const runs = present(series);
  const last = runs.at(-1);
  if (last === undefined) return [];
  const ratios: Record<string, Spread> = {};
  for (const name of spec.baselines) {
    const base = measured.baselines.get(seriesKey(name, input)) ?? [];
    const each = series.flatMap((run, round) => {
      const beside = base[round];
      return run === undefined || beside === undefined ? [] : [run.ns / beside.ns];
    });
    if (each.length > 0) ratios[name] = spreadOf(each);
  }
  const rounds = runs.map((run) => run.ns);
  return [
    {
      case: spec.name,
      question: spec.question,
      input,
      node: node.version,
      unit: last.unit,
      count: last.count,
      ns: spreadOf(rounds),
      rounds,
      ratios,
      checksum: last.checksum,
      bookHash: last.bookHash ?? null,
      extra: mediansOf(runs),
    },
  ];
}

function mediansOf(runs: readonly CaseResult[]): Record<string, number> {
  const names = new Set(runs.flatMap((run) => Object.keys(run.extra ?? {})));
  return Object.fromEntries(
    [...names].map((name) => [name, median(runs.flatMap((run) => run.extra?.[name] ?? []))]),
  );
}

/** Rounds of one case must have done the same work. */
function unsteady(measured: Measured): string[] {
  const found: string[] = [];
  for (const [key, series] of measured.cases) {
    found.push(...present(series).flatMap((run) => run.disagrees ?? []));
    const works = new Set(present(series).map((run) => `${run.checksum} ${run.bookHash ?? ""}`));
    if (works.size > 1) found.push(`${key.trim()}: rounds differ: ${[...works].join(" | ")}`);
  }
  return found;
}

/** All books of an input must hash alike, the C book's too. */
function hashesApart(baselines: readonly BaselineRow[], rows: readonly Row[]): string[] {
  const found: string[] = [];
  for (const input of INPUT_NAMES) {
    const all = [...baselines, ...rows].filter((row) => row.input === input);
    const hashes = new Set(all.flatMap((row) => row.bookHash ?? []));
    if (hashes.size > 1) found.push(`${input}: book hashes differ: ${[...hashes].join(" ")}`);
  }
  return found;
}

/** Wherever the line runs, with hash or without, the same frames must stand on the bus. */
function framesApart(rows: readonly Row[]): string[] {
  const found: string[] = [];
  for (const input of INPUT_NAMES) {
    const lines = rows.filter((row) => row.input === input && LINE_CASE.test(row.case));
    const sums = new Set(lines.map((row) => row.checksum));
    if (sums.size > 1) found.push(`${input}: published frames differ: ${[...sums].join(" | ")}`);
  }
  return found;
}

/** A case must do the same work under every Node. */
function sumsApart(rows: readonly Row[]): string[] {
  const found: string[] = [];
  const sums = new Map<string, string>();
  for (const row of rows) {
    const key = `${row.case} ${row.input ?? ""}`;
    const other = sums.get(key) ?? row.checksum;
    sums.set(key, other);
    if (other !== row.checksum) found.push(`${key} on ${row.node}: ${row.checksum} != ${other}`);
  }
  return found;
}
