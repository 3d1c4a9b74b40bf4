/** How a verb ends: a line on stderr and the exit code that its error stands for. */
import { AssertionError } from "../core/assert.ts";
import { FeedError } from "../core/errors.ts";

/** Exit codes that are no error's. */
export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/**
 * Runs a verb. The number it returns, or 0, becomes the exit code once nothing is left to do; an
 * error is said in one line, and the process ends with the error's code.
 */
export async function runVerb(verb: () => Promise<unknown>): Promise<void> {
  try {
    const code = await verb();
    if (typeof code === "number") process.exitCode = code;
  } catch (error) {
    process.stderr.write(`${verbErrorText(error)}\n`);
    process.exit(exitCodeOf(error));
  }
}

/** The exit code for whatever was thrown. */
export function exitCodeOf(error: unknown): number {
  return error instanceof FeedError ? error.exitCode : EXIT_FAILED;
}

/** What stderr says: one line for operating errors, the stack for a mistake of ours. */
export function verbErrorText(error: unknown): string {
  if (error instanceof FeedError) return `nyq: ${error.code}: ${error.message}`;
  if (error instanceof AssertionError || error instanceof TypeError) {
    return `nyq: this is a mistake of nyq: ${error.stack ?? error.message}`;
  }
  if (error instanceof Error && isSystemError(error)) return `nyq: ${error.message}`;
  return `nyq: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

/** Ends quietly when the reader of stdout goes away (`nyq tail | head`). */
export function quietOnClosedPipe(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT_OK);
    throw error;
  });
}

function isSystemError(error: Error): boolean {
  return typeof (error as NodeJS.ErrnoException).syscall === "string";
}
