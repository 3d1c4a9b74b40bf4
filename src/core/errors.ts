/**
 * Errors of the cold path: one class, one table of stable codes.
 * Hot paths never throw; they count (see counters.ts) and go on.
 */

/** Every code with the exit code that a verb ends with and a sentence for docs/errors.md. */
export const ERROR_CODES = {
  FEED_USAGE: [
    2,
    "The command line asks for something that does not exist or does not fit together.",
  ],
  FEED_CONFIG_INVALID: [
    78,
    "The configuration has unknown keys, wrong types or values out of range.",
  ],
  FEED_REFERENCE: [78, "The reference data cannot be read, or a row of it is wrong."],
  FEED_CONFIG_UNREADABLE: [78, "The configuration file cannot be read or is not TOML."],
  FEED_ENVIRONMENT: [4, "The machine lacks what the configuration or the command asks for."],
  FEED_MEMORY: [4, "The machine has less memory than the configuration takes at start."],
  FEED_NATIVE_MISSING: [4, "The native addon is needed and is not built."],
  FEED_AFFINITY: [4, "A thread cannot be pinned to the cpu that the configuration names."],
  FEED_MLOCK: [4, "Memory cannot be locked although the configuration asks for it."],
  FEED_SOCKET: [4, "A socket cannot be opened, bound, joined or set up as asked."],
  FEED_LISTEN: [1, "A listening address cannot be bound."],
  FEED_FILE: [1, "A file cannot be read or written."],
  FEED_FORMAT: [1, "A file is not in the format that was said or found."],
  FEED_CAPACITY: [1, "A table is full and may not, or cannot, grow."],
  FEED_WORKER_DIED: [1, "A pipeline thread ended without being asked to."],
  FEED_DEADLINE: [1, "A stop did not finish within its deadline."],
  FEED_MISMATCH: [3, "Two things that must be equal were found to differ."],
  FEED_CLIENT: [1, "A server answered a client of ours with something other than what was asked."],
} as const satisfies Record<string, readonly [number, string]>;

/** A stable error code. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** An operating error: bad input, a missing file, a machine that cannot do what was asked. */
export class FeedError extends Error {
  readonly code: ErrorCode;

  /**
   * @param code a key of {@link ERROR_CODES}
   * @param message name, value and bound, e.g. `rx.mtu_bytes=9001 > 9000`
   */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "FeedError";
    this.code = code;
  }

  /** The exit code a verb ends with when this error reaches it: 1, 2, 3, 4 or 78. */
  get exitCode(): number {
    return ERROR_CODES[this.code][0];
  }
}

/** Says what went wrong in one line, whatever was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
