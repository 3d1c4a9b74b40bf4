/**
 * Runs the rounds: in each, every baseline once and every case under every Node once, a case as
 * near to its baselines as it can be. Every second round goes backwards, so that what drifts
 * during a round does not always meet the same case.
 */
import { join } from "node:path";
import type { CaseJob } from "./case.ts";
import { type CaseSpec, REFERENCE } from "./catalog.ts";
import type { NodeBinary, Options } from "./options.ts";
import { runPeer } from "./peers.ts";
import type { CaseResult } from "./result.ts";
import { runCommand } from "./spawn.ts";
import { type BenchFile, type InputName, runReference, type Yardsticks } from "./yardstick.ts";

/** How long a case warms up at least. */
const WARM_MS = 2500;

/** One run of a baseline. */
export interface BaselineRun {
  readonly ns: number;
  readonly work: string;
  /** l3_ref's. */
  readonly bookHash?: string;
}

/** A program to run once a round. */
export type Step =
  | { readonly kind: "baseline"; readonly name: string; readonly input: BenchFile }
  | {
      readonly kind: "case";
      readonly spec: CaseSpec;
      readonly input: BenchFile | null;
      readonly node: NodeBinary;
    };

/** Everything that was measured; absent rounds (a failure) are undefined. */
export interface Measured {
  readonly steps: readonly Step[];
  readonly baselines: Map<string, (BaselineRun | undefined)[]>;
  readonly cases: Map<string, (CaseResult | undefined)[]>;
  readonly failures: string[];
}

/** Name of a step's series. */
export function seriesKey(name: string, input: InputName | null, node = ""): string {
  return `${name} ${input ?? "-"} ${node}`;
}

/** Plans one round. @param baselines those that are there */
export function planSteps(
  specs: readonly CaseSpec[],
  inputs: readonly BenchFile[],
  nodes: readonly NodeBinary[],
  baselines: readonly string[],
): Step[] {
  const steps: Step[] = [];
  const planned = new Set<string>();
  for (const input of [...inputs, null]) {
    for (const spec of specs) {
      if (input === null ? spec.inputs.length > 0 : !spec.inputs.includes(input.name)) continue;
      for (const name of spec.baselines) {
        const key = seriesKey(name, input?.name ?? null);
        if (input === null || planned.has(key) || !baselines.includes(name)) continue;
        planned.add(key);
        steps.push({ kind: "baseline", name, input });
      }
      for (const node of nodes) steps.push({ kind: "case", spec, input, node });
    }
  }
  return steps;
}

/**
 * Runs all rounds.
 *
 * @param log told what is running
 * @param onRound told after each round, so that a run that is cut short leaves what it has
 */
export function runRounds(
  steps: readonly Step[],
  options: Options,
  yardsticks: Yardsticks,
  log: (line: string) => void,
  onRound: (measured: Measured, rounds: number) => void,
): Measured {
  const measured: Measured = { steps, baselines: new Map(), cases: new Map(), failures: [] };
  for (let round = 0; round < options.rounds; round++) {
    const ordered = round % 2 === 0 ? steps : [...steps].reverse();
    for (const [i, step] of ordered.entries()) {
      const name = step.kind === "baseline" ? step.name : step.spec.name;
      const other = step.kind === "case" && step.node !== options.nodes[0];
      if (other && round >= options.otherRounds) continue;
      log(`round ${round + 1}/${options.rounds}, ${i + 1}/${steps.length}: ${name}`);
      try {
        if (step.kind === "baseline") {
          const run = runBaseline(step.name, step.input.path, options, yardsticks);
          put(measured.baselines, seriesKey(name, step.input.name), round, run);
        } else {
          const key = seriesKey(name, step.input?.name ?? null, step.node.version);
          put(measured.cases, key, round, runCase(step, options));
        }
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        measured.failures.push(`round ${round + 1}: ${name}: ${text}`);
        log(measured.failures.at(-1) as string);
      }
    }
    onRound(measured, round + 1);
  }
  return measured;
}

function put<T>(map: Map<string, (T | undefined)[]>, key: string, round: number, run: T): void {
  const series = map.get(key) ?? [];
  series[round] = run;
  map.set(key, series);
}

function runBaseline(
  name: string,
  file: string,
  options: Options,
  yardsticks: Yardsticks,
): BaselineRun {
  if (name === REFERENCE) {
    if (!yardsticks.built) throw new Error(yardsticks.reason);
    const result = runReference(yardsticks.folder, file, options.prefix);
    const work = `${result.live_orders} live`;
    return { ns: result.ns_per_message, work, bookHash: result.book_hash };
  }
  const result = runPeer(options.peers ?? "", name, file, options.prefix);
  return { ns: result.nsPerMessage, work: result.work };
}

function runCase(step: Step & { kind: "case" }, options: Options): CaseResult {
  const { spec, input, node } = step;
  const job: CaseJob = {
    name: spec.name,
    file: input?.path ?? "",
    warm: options.warm,
    warmMs: options.smoke ? 0 : WARM_MS,
    smoke: options.smoke,
  };
  const text = runCommand({
    prefix: spec.cores === 1 ? options.prefix : options.prefixPair,
    program: node.path,
    args: [...process.execArgv, join(import.meta.dirname, "case.js"), JSON.stringify(job)],
  });
  return JSON.parse(text.trim().split("\n").at(-1) ?? "") as CaseResult;
}
