/**
 * What must hold, judged on a report: medians of one interleaved run, on the newest Node. A target
 * whose baseline is absent is printed without a verdict. No verdict is an exit code: a machine
 * under load would fail a sound program.
 */
import type { Report, Row } from "./report.ts";
import { median } from "./result.ts";
import type { InputName } from "./yardstick.ts";

/** One target and how it stands. */
export interface Target {
  readonly what: string;
  /** The measured figure, or null where it could not be measured. */
  readonly figure: number | null;
  /** `at most` or `at least`, and the bound. */
  readonly bound: readonly ["<=" | ">=", number];
  readonly unit: string;
  readonly met: boolean | null;
  /** Why there is no figure; else what stands beside it. */
  readonly note: string;
}

type Measure = (report: Report) => { figure: number | null; note: string };

/** What, its bound, its unit, how it is found. */
type TargetSpec = readonly [string, "<=" | ">=", number, string, Measure];

/** 300 MB on H20, which ends with 391,455 live orders. */
const PEAK_BYTES_PER_ORDER = Math.floor(300e6 / 391_455);

const TARGETS: readonly TargetSpec[] = [
  ["replay, hot, of itch-order-book", "<=", 1.25, "x", ratio("replay", "hot", "itch_order_book")],
  [
    "the prize: replay, hot, of itch-order-book",
    "<=",
    1,
    "x",
    ratio("replay", "hot", "itch_order_book"),
  ],
  [
    "replay, hot, of CppTrader full depth",
    "<=",
    0.3,
    "x",
    ratio("replay", "hot", "market_manager"),
  ],
  [
    "replay, cold, of CppTrader full depth",
    "<=",
    0.35,
    "x",
    ratio("replay", "cold", "market_manager"),
  ],
  ["book from memory, hot, of l3_ref", "<=", 1.2, "x", ratio("book", "hot", "l3_ref")],
  ["book from memory, cold, of l3_ref", "<=", 1.2, "x", ratio("book", "cold", "l3_ref")],
  ["pipeline, hot, of itch-order-book", "<=", 2, "x", ratio("pipeline", "hot", "itch_order_book")],
  ["incremental hash, hot, on top", "<=", 25, "ns", difference("book+hash", "book", "hot")],
  ["incremental hash, cold, on top", "<=", 25, "ns", difference("book+hash", "book", "cold")],
  ["decode, hot, of CppTrader's handler", "<=", 0.8, "x", ratio("decode", "hot", "itch_handler")],
  ["decode, cold, of CppTrader's handler", "<=", 0.8, "x", ratio("decode", "cold", "itch_handler")],
  ["merge, per packet of each feed", "<=", 25, "ns", figure("merge", "hot")],
  ["ring, batch 64, speed of the C twin", ">=", 0.7, "x", extra("ring", null, "batch64_speed")],
  ["ring, one-way p50 of the raw ping-pong", "<=", 1.5, "x", extra("ring", null, "hop_p50_ratio")],
  [
    "replay, random ids, peak per live order",
    "<=",
    PEAK_BYTES_PER_ORDER,
    "bytes",
    extra("replay-random", "random", "peak_bytes_per_live_order"),
  ],
  ["replay, hot, peak resident", "<=", 300, "MB", extra("replay", "hot", "peak_mb")],
];

/** Messages of the hot input from which on targets are judged. */
const JUDGED_MIN = 1_000_000;

/** Judges all targets. */
export function judge(report: Report): Target[] {
  // On a small input starting up is all there is to see.
  const large = report.rows.some((row) => row.input === "hot" && row.count >= JUDGED_MIN);
  return TARGETS.map(([what, sense, bound, unit, measure]) => {
    const { figure: found, note } = measure(report);
    const met = found === null || !large ? null : sense === "<=" ? found <= bound : found >= bound;
    return { what, figure: found, bound: [sense, bound], unit, met, note };
  });
}

function rowOf(report: Report, name: string, input: InputName | null): Row | undefined {
  const node = report.nodes[0];
  return report.rows.find((row) => row.case === name && row.input === input && row.node === node);
}

function ratio(name: string, input: InputName, baseline: string): Measure {
  return (report) => {
    const row = rowOf(report, name, input);
    if (row === undefined) return { figure: null, note: "not run" };
    const spread = row.ratios[baseline];
    if (spread === undefined) return { figure: null, note: `${baseline} is not there` };
    return { figure: spread.median, note: `${row.ns.median.toFixed(1)} ns per message` };
  };
}

function difference(name: string, without: string, input: InputName): Measure {
  return (report) => {
    const [a, b] = [rowOf(report, name, input), rowOf(report, without, input)];
    if (a === undefined || b === undefined) return { figure: null, note: "not run" };
    if (a.rounds.length !== b.rounds.length) return { figure: null, note: "a round failed" };
    const each = a.rounds.map((ns, i) => ns - (b.rounds[i] as number));
    return { figure: median(each), note: `${b.ns.median.toFixed(1)} ns without` };
  };
}

function figure(name: string, input: InputName): Measure {
  return (report) => {
    const row = rowOf(report, name, input);
    return row === undefined
      ? { figure: null, note: "not run" }
      : { figure: row.ns.median, note: row.question };
  };
}

function extra(name: string, input: InputName | null, key: string): Measure {
  return (report) => {
    const row = rowOf(report, name, input);
    const found = row?.extra[key];
    return found === undefined ? { figure: null, note: "not run" } : { figure: found, note: "" };
  };
}
