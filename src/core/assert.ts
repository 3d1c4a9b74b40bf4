/**
 * Assertions for programmer errors. A failed one ends the worker; the supervisor reports it and
 * exits non-zero. On hot paths calls stand behind `if (CHECKED)`, which V8 folds away.
 */

/** True when hot-path assertions run (environment NYQ_CHECKED=1); constant for the process. */
export const CHECKED = process.env["NYQ_CHECKED"] === "1";

/** A broken promise of the code, never of its input. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** Ends the caller with an {@link AssertionError} unless `condition` holds. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
