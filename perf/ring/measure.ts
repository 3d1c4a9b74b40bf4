/** The rounds: every case once a round beside its baseline, each in a process of its own. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { ChildResult } from "./child.ts";
import { RING_CAPACITY } from "./sides.ts";
import { runTwin, type Twin, type TwinBuild } from "./twin.ts";

const CHILD_TIMEOUT_MS = 120_000;

/** What is run, and where. */
export interface RingOptions {
  readonly rounds: number;
  /** Slots of a pass, and passes, of whose times the median counts. */
  readonly slots: number;
  readonly passes: number;
  readonly trips: number;
  /** The two cpus, -1 where nothing is pinned. */
  readonly cpus: readonly [number, number];
}

/** The figures of one measured thing, a value a round. */
export interface Figures {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
  readonly rounds: readonly number[];
}

/** Throughput at one batch size: ns a slot; ratios are the twin's ns over ours, round by round. */
export interface RingRow {
  readonly case: string;
  readonly batch: number;
  readonly ns: Figures;
  readonly twinNs: Figures | null;
  readonly twinScalarNs: Figures | null;
  readonly ratio: Figures | null;
  readonly ratioScalar: Figures | null;
  readonly checksum: string;
}

/** One way between the two cores, ns: p50 and p99 of each round. */
export interface HopRow {
  readonly case: string;
  readonly p50: Figures;
  readonly p99: Figures;
}

/** Everything that was measured. */
export interface RingReport {
  readonly rings: readonly RingRow[];
  readonly hops: readonly HopRow[];
  /** p50 of our hop over p50 of the raw ping-pong in C, or in JavaScript where there is no C. */
  readonly hopRatio: Figures;
  readonly hopRatioTo: "c" | "js";
  readonly checksumsEqual: boolean;
}

type Result = ChildResult;
const BATCHES = [1, 64] as const;

function figures(values: readonly number[]): Figures {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[sorted.length >> 1] as number;
  return {
    median: middle,
    lowest: sorted[0] as number,
    highest: sorted.at(-1) as number,
    rounds: values,
  };
}

function ratios(over: readonly number[], under: readonly number[]): Figures {
  return figures(over.map((value, i) => value / (under[i] as number)));
}

function runChild(args: readonly string[]): Result {
  const script = join(import.meta.dirname, "child.js");
  const text = execFileSync(process.execPath, [...process.execArgv, script, ...args], {
    encoding: "utf8",
    timeout: CHILD_TIMEOUT_MS,
  });
  return JSON.parse(text.trim().split("\n").at(-1) ?? "") as Result;
}

/** Collects the results of each named thing. */
class Runs {
  readonly #results = new Map<string, Result[]>();

  add(name: string, result: Result): void {
    const list = this.#results.get(name) ?? [];
    list.push(result);
    this.#results.set(name, list);
  }

  of(name: string, field: keyof Result): number[] {
    return (this.#results.get(name) ?? []).map((result) => result[field]);
  }

  sums(...names: readonly string[]): Set<number> {
    return new Set(names.flatMap((name) => this.of(name, "sum")));
  }
}

function runRound(runs: Runs, twin: Twin, options: RingOptions): void {
  const cpus = options.cpus.map(String);
  const inC = (name: string, build: TwinBuild, args: readonly string[]): void => {
    if (twin.built) runs.add(name, runTwin(twin.folder, build, [...args, ...cpus]));
  };
  for (const batch of BATCHES) {
    const size = [batch, options.slots, options.passes].map(String);
    runs.add(`ring-${batch}`, runChild(["ring", ...size, ...cpus]));
    inC(`twin-${batch}`, "twin", ["ring", ...size, String(RING_CAPACITY)]);
    inC(`scalar-${batch}`, "scalar", ["ring", ...size, String(RING_CAPACITY)]);
  }
  for (const kind of ["hop", "raw"]) {
    runs.add(kind, runChild([kind, String(options.trips), ...cpus]));
    inC(`${kind}-c`, "twin", [kind, String(options.trips)]);
  }
}

function ringRow(runs: Runs, batch: number, hasTwin: boolean): RingRow {
  const ours = runs.of(`ring-${batch}`, "ns");
  const twin = runs.of(`twin-${batch}`, "ns");
  const scalar = runs.of(`scalar-${batch}`, "ns");
  const [sum = 0] = runs.of(`ring-${batch}`, "sum");
  return {
    case: `ring-${batch}`,
    batch,
    ns: figures(ours),
    twinNs: hasTwin ? figures(twin) : null,
    twinScalarNs: hasTwin ? figures(scalar) : null,
    ratio: hasTwin ? ratios(twin, ours) : null,
    ratioScalar: hasTwin ? ratios(scalar, ours) : null,
    checksum: (sum >>> 0).toString(16).padStart(8, "0"),
  };
}

/** Runs all rounds. */
export function measureRings(twin: Twin, options: RingOptions): RingReport {
  const runs = new Runs();
  for (let round = 0; round < options.rounds; round++) {
    runRound(runs, twin, options);
    if (process.stderr.isTTY) process.stderr.write(`round ${round + 1}/${options.rounds}\n`);
  }
  const hops = ["hop", "hop-c", "raw", "raw-c"].filter((name) => runs.of(name, "p50").length > 0);
  const hop = runs.of("hop", "p50");
  const equal = [
    runs.sums(...BATCHES.flatMap((batch) => [`ring-${batch}`, `twin-${batch}`, `scalar-${batch}`])),
    runs.sums("hop", "hop-c"),
    runs.sums("raw", "raw-c"),
  ].every((sums) => sums.size === 1);
  return {
    rings: BATCHES.map((batch) => ringRow(runs, batch, twin.built)),
    hops: hops.map((name) => ({
      case: name,
      p50: figures(runs.of(name, "p50")),
      p99: figures(runs.of(name, "p99")),
    })),
    hopRatio: ratios(hop, runs.of(twin.built ? "raw-c" : "raw", "p50")),
    hopRatioTo: twin.built ? "c" : "js",
    checksumsEqual: equal,
  };
}
