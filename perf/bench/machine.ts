/** What a figure needs beside it: machine, commit. */
import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import { PACKAGE_ROOT } from "../../src/core/root.ts";

/** The machine, as the JSON of a run says it. */
export interface Machine {
  readonly cpu: string;
  readonly cpus: number;
  readonly memoryGiB: number;
  readonly kernel: string;
}

/** This machine. */
export function machine(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model ?? "unknown",
    cpus: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
  };
}

/** The commit, with `+changes` when what is measured differs from it. */
export function commit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync("git", args, { cwd: PACKAGE_ROOT, encoding: "utf8" }).trim();
    const measured = ["src", "perf", "native", ":!perf/results"];
    const dirty = git("status", "--porcelain", "--", ...measured) === "" ? "" : "+changes";
    return git("rev-parse", "--short=12", "HEAD") + dirty;
  } catch {
    return "unknown";
  }
}
