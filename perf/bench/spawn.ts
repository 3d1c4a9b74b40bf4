/** Runs one measured program, pinned as the caller wishes, and gives back what it printed. */
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";

/** A program that runs longer than this hangs. */
const TIMEOUT_MS = 600_000;

/** What to run. */
export interface Command {
  /** Words before the program, for instance `taskset -c 1`. */
  readonly prefix: readonly string[];
  readonly program: string;
  readonly args: readonly string[];
  /** A file for its standard input. */
  readonly stdin?: string;
}

/**
 * Runs it to its end.
 *
 * @returns its standard output
 * @throws when it cannot be started, fails or takes more than ten minutes
 */
export function runCommand(command: Command): string {
  const [program = "", ...args] = [...command.prefix, command.program, ...command.args];
  const stdin = command.stdin === undefined ? null : openSync(command.stdin, "r");
  try {
    const done = spawnSync(program, args, {
      stdio: [stdin ?? "ignore", "pipe", "pipe"],
      encoding: "utf8",
      maxBuffer: 2 ** 26,
      timeout: TIMEOUT_MS,
    });
    if (done.error !== undefined) throw done.error;
    if (done.status !== 0) {
      const end = done.signal ?? `exit code ${done.status}`;
      const text = done.stderr.trim().split("\n").slice(-5).join("\n");
      throw new Error(`${command.program} ${command.args.join(" ")}: ${end}\n${text}`);
    }
    return done.stdout;
  } finally {
    if (stdin !== null) closeSync(stdin);
  }
}
