/**
 * The scaling bench: `npm run bench:scaling -- [--parameter NAME]… [--rounds N] [--messages N]
 * [--smoke] [--render] [-o FILE]`. Each point runs in a process of its own; rounds go over all
 * values of a parameter in turn. Parameters not measured keep what FILE says of them. `--render`
 * measures nothing and makes docs/scaling.md and its plots from FILE.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { machineFacts } from "../soak/machine.ts";
import { type Parameter, parameters } from "./parameters.ts";
import type { PointResult } from "./point.ts";
import {
  lawOf,
  markdown,
  type ParameterRow,
  pointRow,
  type ScalingReport,
  verdict,
} from "./report.ts";
import { plot } from "./svg.ts";

/** A point that takes longer than this hangs. */
const POINT_TIMEOUT_MS = 300_000;
const BEGIN = "<!-- made by npm run bench:scaling -- --render -->";
const END = "<!-- end of what was made -->";

interface Options {
  readonly parameters: readonly Parameter[];
  readonly rounds: number;
  readonly messages: number;
  readonly small: boolean;
  readonly render: boolean;
  readonly out: string | null;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      parameter: { type: "string", multiple: true },
      rounds: { type: "string" },
      messages: { type: "string" },
      smoke: { type: "boolean", default: false },
      render: { type: "boolean", default: false },
      out: { type: "string", short: "o" },
    },
  });
  const small = values.smoke;
  const all = parameters(small);
  const names = values.parameter ?? all.map((parameter) => parameter.name);
  for (const name of names) {
    if (all.some((parameter) => parameter.name === name)) continue;
    throw new Error(`--parameter=${name} is none of ${all.map((one) => one.name).join(", ")}`);
  }
  const number = (name: "rounds" | "messages", standard: number): number => {
    const value = Number(values[name] ?? standard);
    if (!Number.isInteger(value) || value < 1) throw new Error(`--${name}=${values[name]} < 1`);
    return value;
  };
  return {
    parameters: all.filter((parameter) => names.includes(parameter.name)),
    rounds: number("rounds", small ? 1 : 5),
    messages: number("messages", small ? 20_000 : 1_000_000),
    small,
    render: values.render,
    out: values.out ?? (small ? null : join(PACKAGE_ROOT, "perf", "results", "scaling.json")),
  };
}

function runProcess(name: string, index: number, options: Options): PointResult {
  const script = join(import.meta.dirname, "point.js");
  const size = options.small ? "small" : "full";
  const args = [...process.execArgv, script, name, `${index}`, `${options.messages}`, size];
  const text = execFileSync(process.execPath, args, {
    encoding: "utf8",
    timeout: POINT_TIMEOUT_MS,
  });
  return JSON.parse(text.trim().split("\n").at(-1) ?? "") as PointResult;
}

function measure(parameter: Parameter, options: Options): ParameterRow {
  const results = parameter.points.map((): PointResult[] => []);
  for (let round = 0; round < options.rounds; round++) {
    for (const [i, list] of results.entries()) list.push(runProcess(parameter.name, i, options));
  }
  const points = results.map((rounds, i) => pointRow(parameter, i, rounds));
  const { name, question, unit, phase } = parameter;
  return {
    ...{ name, question, unit, phase, points },
    ...lawOf(points),
    rounds: options.rounds,
    messages: options.messages,
    date: new Date().toISOString(),
    machine: machineFacts(),
  };
}

function print(row: ParameterRow): void {
  const law = `growth ${row.growth.toFixed(2)}, bound ${row.bound.toFixed(2)}`;
  process.stdout.write(`${row.name}: ${row.question}: ${law}, ${verdict(row)}\n`);
  for (const point of row.points) {
    const { steady, fill } = point;
    const cells = [
      point.label.padStart(18),
      `${point.ns.toFixed(1)} ns`.padStart(12),
      `p99.9 ${steady.blockP999Us.toFixed(1)} max ${steady.blockMaxUs.toFixed(1)} us`.padStart(32),
      `fill ${fill.ns.toFixed(1)} ns max ${fill.blockMaxUs.toFixed(1)} us`.padStart(34),
      `${point.bytesPerOrder.toFixed(0)} B`.padStart(9),
      `  ${point.checksum}`,
    ];
    process.stdout.write(`${cells.join("")}\n`);
  }
}

function readReport(file: string | null): ScalingReport {
  if (file === null || !existsSync(file)) return { parameters: [] };
  return JSON.parse(readFileSync(file, "utf8")) as ScalingReport;
}

/** Puts a new row in the place that the parameter has among all. */
function withRow(report: ScalingReport, row: ParameterRow): ScalingReport {
  const order = parameters(false).map((parameter) => parameter.name);
  const rows = report.parameters.filter((other) => other.name !== row.name).concat(row);
  rows.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  return { parameters: rows.filter((one) => order.includes(one.name)) };
}

/** Makes the page and its plots. */
function render(report: ScalingReport): void {
  const images = join(PACKAGE_ROOT, "docs", "images");
  mkdirSync(images, { recursive: true });
  for (const row of report.parameters) {
    writeFileSync(join(images, `scaling-${row.name}.svg`), plot(row));
  }
  const page = join(PACKAGE_ROOT, "docs", "scaling.md");
  const text = readFileSync(page, "utf8");
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${page} has no place for the tables`);
  const before = text.slice(0, begin + BEGIN.length);
  writeFileSync(page, `${before}\n\n${markdown(report)}\n${text.slice(end)}`);
}

function main(): void {
  const options = readOptions();
  let report = readReport(options.out);
  if (options.render) {
    render(report);
    return;
  }
  for (const parameter of options.parameters) {
    const row = measure(parameter, options);
    print(row);
    report = withRow(report, row);
    if (options.out === null) continue;
    mkdirSync(dirname(options.out), { recursive: true });
    writeFileSync(options.out, `${JSON.stringify(report, null, 2)}\n`);
  }
}

main();
