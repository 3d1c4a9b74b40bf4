/**
 * The words of the gap log: why a gap is one, and what became of it. Where it lies in shared memory
 * stands in status.ts.
 */

/** Why a gap was noticed (open, filled) or given up (unrecoverable). */
export const GapCause = {
  /** A packet with a higher sequence came. */
  SEQUENCE: 0,
  /** A heartbeat told of messages that had not come. */
  HEARTBEAT: 1,
  /** The end of session told of messages that had not come. */
  END_OF_SESSION: 2,
  /** Given up: merge.gap_messages messages beyond it waited. */
  DISTANCE: 3,
  /** Given up: nothing filled it for merge.gap_timeout_ms. */
  TIMEOUT: 4,
  /** Given up: the window, or half of a source's frames, was full. */
  WINDOW: 5,
  /** Given up: a jump beyond merge.max_jump was believed. */
  JUMP: 6,
  /** Given up: a new session took over. */
  SESSION: 7,
} as const;

/** GapCause as text, by number. */
export const GAP_CAUSES = [
  "sequence",
  "heartbeat",
  "end-of-session",
  "distance",
  "timeout",
  "window",
  "jump",
  "session",
] as const;
export type GapCauseName = (typeof GAP_CAUSES)[number];

/** What became of a gap. */
export const GapOutcome = { OPEN: 0, FILLED: 1, UNRECOVERABLE: 2 } as const;

/** GapOutcome as text, by number. */
export const GAP_OUTCOMES = ["open", "filled", "unrecoverable"] as const;
export type GapOutcomeName = (typeof GAP_OUTCOMES)[number];

/** One gap of the log as /status shows it. */
export interface GapRecord {
  /** First and last missing message, inclusive. */
  readonly from: number;
  readonly to: number;
  readonly cause: GapCauseName;
  /** ns since the process's clock origin. */
  readonly detected_ns: number;
  /** null while open. */
  readonly closed_ns: number | null;
  readonly outcome: GapOutcomeName;
}

/** Closed gaps that readers get. */
export const GAPS_KEPT = 10_000;
