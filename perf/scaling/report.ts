/** What the scaling bench found: its JSON, the law over it, and the page's table. */
import type { MachineFacts } from "../soak/machine.ts";
import { growthBound, type Parameter } from "./parameters.ts";
import type { PhaseResult, PointResult } from "./point.ts";

/** Medians of one point's rounds. */
export interface PointRow {
  readonly label: string;
  readonly value: number;
  readonly ns: number;
  readonly nsLowest: number;
  readonly nsHighest: number;
  readonly steady: PhaseResult;
  readonly fill: PhaseResult;
  readonly liveOrders: number;
  readonly liveLevels: number;
  readonly bytesPerOrder: number;
  readonly checksum: string;
}

/** One parameter's table. */
export interface ParameterRow {
  readonly name: string;
  readonly question: string;
  readonly unit: string;
  readonly phase: "steady" | "fill";
  readonly points: readonly PointRow[];
  /** Dearest value over the first, and what the law allows. */
  readonly growth: number;
  readonly bound: number;
  readonly met: boolean;
  readonly rounds: number;
  readonly messages: number;
  readonly date: string;
  readonly machine: MachineFacts;
}

/** The file. */
export interface ScalingReport {
  readonly parameters: readonly ParameterRow[];
}

/** The middle value; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** Medians; but the worst block is the least of the rounds' worst: what is the work's comes back. */
function medianPhase(phases: readonly PhaseResult[]): PhaseResult {
  const of = (key: keyof PhaseResult): number => median(phases.map((phase) => phase[key]));
  return {
    messages: of("messages"),
    ns: of("ns"),
    blockP50Us: of("blockP50Us"),
    blockP999Us: of("blockP999Us"),
    blockMaxUs: Math.min(...phases.map((phase) => phase.blockMaxUs)),
  };
}

/** A point's row. @throws when its rounds did not do the same work */
export function pointRow(
  parameter: Parameter,
  index: number,
  rounds: readonly PointResult[],
): PointRow {
  const point = parameter.points[index];
  const last = rounds.at(-1);
  if (point === undefined || last === undefined) throw new Error("a point without rounds");
  const sums = new Set(rounds.map((round) => round.checksum));
  if (sums.size > 1) throw new Error(`${parameter.name} ${point.label}: ${[...sums].join(" ")}`);
  const figures = rounds.map((round) => round[parameter.phase].ns);
  return {
    label: point.label,
    value: point.value,
    ns: median(figures),
    nsLowest: Math.min(...figures),
    nsHighest: Math.max(...figures),
    steady: medianPhase(rounds.map((round) => round.steady)),
    fill: medianPhase(rounds.map((round) => round.fill)),
    liveOrders: last.liveOrders,
    liveLevels: last.liveLevels,
    bytesPerOrder: median(rounds.map((round) => round.bytesPerOrder)),
    checksum: last.checksum,
  };
}

/** Growth from the first value to the dearest, which is no less than to the last. */
export function lawOf(points: readonly { readonly value: number; readonly ns: number }[]): {
  growth: number;
  bound: number;
  met: boolean;
} {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined) throw new Error("a parameter without points");
  const growth = Math.max(...points.map((point) => point.ns)) / first.ns;
  const bound = growthBound(first.value, last.value);
  return { growth, bound, met: growth <= bound };
}

/** The tables as markdown. */
export function markdown(report: ScalingReport): string {
  const parts: string[] = [summary(report)];
  for (const row of report.parameters) {
    parts.push(
      `### ${row.question}\n`,
      `![${row.question}](images/scaling-${row.name}.svg)\n`,
      table(row),
    );
  }
  return parts.join("\n");
}

function summary(report: ScalingReport): string {
  const lines = [
    "| parameter | first | last | ns first | ns last | ns dearest | growth | bound | |",
    "|---|--:|--:|--:|--:|--:|--:|--:|---|",
  ];
  for (const row of report.parameters) {
    const [first, last] = [row.points[0], row.points.at(-1)];
    if (first === undefined || last === undefined) continue;
    const dearest = Math.max(...row.points.map((point) => point.ns));
    const ns = [first.ns, last.ns, dearest].map((value) => value.toFixed(0)).join(" | ");
    const law = `${row.growth.toFixed(2)} | ${row.bound.toFixed(2)} | ${verdict(row)}`;
    lines.push(`| ${row.name} | ${first.label} | ${last.label} | ${ns} | ${law} |`);
  }
  return `${lines.join("\n")}\n`;
}

/** How a row stands to the law, in words. */
export function verdict(row: ParameterRow): string {
  return row.met ? "met" : "**not met**";
}

function table(row: ParameterRow): string {
  const us = (value: number): string => (value < 100 ? value.toFixed(1) : value.toFixed(0));
  const head = [row.unit, "ns", "lowest to highest", "p99.9 of 64, µs", "worst 64, µs"];
  const lines = [
    `| ${[...head, "ns filling", "worst 64 filling, µs", "bytes an order"].join(" | ")} |`,
    `|${"--:|".repeat(head.length + 3)}`,
  ];
  for (const point of row.points) {
    const cells = [
      point.label,
      point.ns.toFixed(1),
      `${point.nsLowest.toFixed(1)} to ${point.nsHighest.toFixed(1)}`,
      us(point.steady.blockP999Us),
      us(point.steady.blockMaxUs),
      point.fill.ns.toFixed(1),
      us(point.fill.blockMaxUs),
      point.bytesPerOrder.toFixed(0),
    ];
    lines.push(`| ${cells.join(" | ")} |`);
  }
  const { machine } = row;
  const where = `${machine.cpu}, Node ${machine.node.slice(1)}, commit ${machine.commit}`;
  const how = `${row.rounds} rounds of ${row.messages.toLocaleString("en-US")} messages`;
  return `${lines.join("\n")}\n\n${how}; ${where}.\n`;
}
