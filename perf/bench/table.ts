/** The README's table of figures, made from a report. */

import { short } from "./print.ts";
import type { Report, Row } from "./report.ts";

/** What stands around the table in the README. */
export const TABLE_BEGIN = "<!-- bench:begin -->";
export const TABLE_END = "<!-- bench:end -->";

const PEER_NAMES: Readonly<Record<string, string>> = {
  l3_ref: "`l3_ref` (our plain C book)",
  itch_order_book: "itch-order-book (C++, price-aggregated)",
  itch_handler: "CppTrader, parse only",
  market_manager: "CppTrader, full depth",
  market_manager_optimized: "CppTrader, price-aggregated",
  market_manager_aggressive: "CppTrader, price-aggregated, larger tables",
};

/** The table as Markdown, without the markers. */
export function tableText(report: Report): string {
  const node = report.nodes[0];
  const rows = report.rows.filter((row) => row.node === node);
  const names = [...new Set(rows.map((row) => row.case))];
  const lines = [
    "| | hot | cold | of its baselines, hot / cold |",
    "|---|---|---|---|",
    ...names.map((name) => caseLine(name, rows)),
    ...[...new Set(report.baselines.map((row) => row.name))].map((name) => {
      const cell = (input: string): string => {
        const row = report.baselines.find((one) => one.name === name && one.input === input);
        return row === undefined ? "" : `${short(row.ns.median)} ns`;
      };
      return `| ${PEER_NAMES[name] ?? name} | ${cell("hot")} | ${cell("cold")} | |`;
    }),
  ];
  return [...lines, "", footText(report)].join("\n");
}

function caseLine(name: string, rows: readonly Row[]): string {
  const hot = rows.find((row) => row.case === name && row.input !== "cold");
  const cold = rows.find((row) => row.case === name && row.input === "cold");
  const any = hot ?? cold;
  const cell = (row: Row | undefined): string =>
    row === undefined ? "" : `${short(row.ns.median)} ns`;
  const ratios = Object.keys(any?.ratios ?? {}).map((baseline) => {
    const of = (row: Row | undefined): string => row?.ratios[baseline]?.median.toFixed(2) ?? "-";
    const both = hot !== undefined && cold !== undefined;
    return `${both ? `${of(hot)} / ${of(cold)}` : of(any)} ${baseline}`;
  });
  const unit = any?.unit === "messages" ? "" : `, a ${any?.unit.replace(/s$/, "")}`;
  const question = `\`${name}\`: ${any?.question ?? ""}${unit}`;
  return `| ${question} | ${cell(hot)} | ${cell(cold)} | ${ratios.join(", ")} |`;
}

function footText(report: Report): string {
  const { machine } = report;
  const inputs = report.inputs.map(({ name, origin }) => `${name}: \`${origin}\``).join("; ");
  return [
    `Medians of ${report.rounds} interleaved rounds, ns a message where no other unit is named;`,
    `${machine.cpu}, ${machine.cpus} cpus, Node ${report.nodes[0]}, commit ${report.commit},`,
    `${report.date.slice(0, 10)}. ${inputs}.`,
  ].join("\n");
}

/** Puts the table between a text's markers. @throws when they are not there */
export function withTable(text: string, report: Report): string {
  const begin = text.indexOf(TABLE_BEGIN);
  const end = text.indexOf(TABLE_END);
  if (begin < 0 || end < begin) throw new Error(`README.md lacks ${TABLE_BEGIN} … ${TABLE_END}`);
  const head = text.slice(0, begin + TABLE_BEGIN.length);
  return `${head}\n${tableText(report)}\n${text.slice(end)}`;
}
