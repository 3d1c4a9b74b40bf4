/** What a result was measured on. */
import { execFileSync } from "node:child_process";
import { arch, availableParallelism, cpus, release, totalmem } from "node:os";
import { PACKAGE_ROOT } from "../../src/core/root.ts";

/** Facts that go with every result. */
export interface MachineFacts {
  readonly cpu: string;
  readonly cpuCount: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly arch: string;
  readonly node: string;
  /** The commit of the tree, with "+" when files were changed; "unknown" outside git. */
  readonly commit: string;
}

/** Collects them. */
export function machineFacts(): MachineFacts {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cpuCount: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: release(),
    arch: arch(),
    node: process.version,
    commit: commit(),
  };
}

function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: PACKAGE_ROOT, stdio: ["ignore", "pipe", "ignore"] })
      .toString()
      .trim();
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no") !== "";
    return git("rev-parse", "--short=12", "HEAD") + (changed ? "+" : "");
  } catch {
    return "unknown";
  }
}
