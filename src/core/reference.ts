/** Reference data of instruments as threads get it: plain data, made from a file at start. */

/** A tick, from a price on. Both are the venue's raw integers, exact below 2^53. */
export interface TickRange {
  /** Lowest price that it holds for; null: every lower one. */
  readonly from: number | null;
  /** At least 1. */
  readonly tick: number;
}

/** What is known of an instrument beside what the venue's stream says. */
export interface ReferenceRow {
  /** 64-bit instrument id in decimal, or a symbol. */
  readonly key: string;
  /** Ascending by `from`; none: its prices are not checked. */
  readonly ticks: readonly TickRange[];
  /** Every column of the file's first row of the instrument, by header. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Reference data by instrument. */
export type Reference = readonly ReferenceRow[];
