/** The C twin: compiled by the gcc of the machine, at run time, into a folder of its own. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../src/core/root.ts";

const SOURCE = join(PACKAGE_ROOT, "perf", "ring", "twin.c");
const COMPILE_TIMEOUT_MS = 60_000;
const RUN_TIMEOUT_MS = 60_000;

/**
 * How it is compiled. gcc writes four words with one instruction and folds four with one; V8 has
 * no such instruction, so the second build says what C does with one word an instruction.
 */
export const TWIN_BUILDS = {
  twin: ["-O2"],
  scalar: ["-O2", "-funroll-loops", "-fno-tree-vectorize", "-fno-tree-slp-vectorize"],
} as const;
export type TwinBuild = keyof typeof TWIN_BUILDS;

/** The twin's programs, or why there are none. */
export type Twin =
  | { readonly built: true; readonly folder: string; readonly compiler: string }
  | { readonly built: false; readonly reason: string };

/** What a run of the twin prints: ns a slot, or one-way latencies in ns. */
export interface TwinResult {
  readonly ns: number;
  readonly p50: number;
  readonly p99: number;
  readonly sum: number;
}

/** Compiles both builds into `folder`. */
export function buildTwin(folder: string): Twin {
  try {
    const version = execFileSync("gcc", ["--version"], { encoding: "utf8" });
    for (const [name, flags] of Object.entries(TWIN_BUILDS)) {
      const args = [...flags, "-pthread", "-std=gnu11", SOURCE, "-o", join(folder, name)];
      execFileSync("gcc", args, { stdio: "pipe", timeout: COMPILE_TIMEOUT_MS });
    }
    return { built: true, folder, compiler: version.split("\n")[0] ?? "gcc" };
  } catch (error) {
    const line = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return { built: false, reason: `no C twin: ${line}` };
  }
}

/** Runs one of the builds. @param args see the head of twin.c */
export function runTwin(folder: string, build: TwinBuild, args: readonly string[]): TwinResult {
  const text = execFileSync(join(folder, build), args, {
    encoding: "utf8",
    timeout: RUN_TIMEOUT_MS,
  });
  return JSON.parse(text) as TwinResult;
}
