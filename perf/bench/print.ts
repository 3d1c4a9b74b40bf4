/** A report as text for a terminal. */
import type { Report } from "./report.ts";
import type { Spread } from "./result.ts";
import type { Target } from "./targets.ts";

const NAME_COLUMNS = 26;
const INPUT_COLUMNS = 5;

/** The whole report. @param targets judged on it */
export function reportText(report: Report, targets: readonly Target[]): string {
  const lines = [...headLines(report), ""];
  for (const input of [...report.inputs.map(({ name }) => name), null]) {
    for (const row of report.baselines.filter((one) => one.input === input)) {
      lines.push(line(row.name, row.input, row.ns, row.bookHash ?? row.work, "message"));
    }
    for (const row of report.rows.filter((one) => one.input === input)) {
      const node = report.nodes.length > 1 ? ` ${row.node}` : "";
      const sum = row.bookHash ?? row.checksum;
      lines.push(line(`  ${row.case}${node}`, row.input, row.ns, sum, row.unit.replace(/s$/, "")));
      for (const [name, ratio] of Object.entries(row.ratios)) {
        const spread = `${ratio.p25.toFixed(2)}-${ratio.p75.toFixed(2)}`;
        lines.push(`      ${ratio.median.toFixed(2)} of ${name} (${spread})`);
      }
      const extra = Object.entries(row.extra).map(([key, value]) => `${key} ${short(value)}`);
      if (extra.length > 0) lines.push(`      ${extra.join(", ")}`);
    }
  }
  lines.push("", "must hold");
  for (const target of targets) lines.push(targetLine(target));
  for (const text of report.failures) lines.push(`FAILED ${text}`);
  for (const text of report.disagreements) lines.push(`DISAGREES ${text}`);
  return `${lines.join("\n")}\n`;
}

function headLines(report: Report): string[] {
  const { machine, nodes } = report;
  const lines = [
    `${machine.cpu}, ${machine.cpus} cpus, ${machine.memoryGiB} GiB, Linux ${machine.kernel}`,
    `node ${nodes.join(", ")}${nodes.length > 1 ? " (the first is the figure)" : ""}, ` +
      `commit ${report.commit}, ${report.rounds} rounds, ${report.date}`,
    ...report.inputs.map(({ name, origin }) => `${name}: ${origin}`),
  ];
  if (report.withoutPeers !== null) lines.push(`no C++ peers: ${report.withoutPeers}`);
  if (report.withoutReference !== null) lines.push(`no l3_ref: ${report.withoutReference}`);
  return lines;
}

function line(name: string, input: string | null, ns: Spread, sum: string, unit: string): string {
  const figure = `${ns.median.toFixed(1)} ns`.padStart(11);
  const spread = `${ns.p25.toFixed(1)}-${ns.p75.toFixed(1)}`.padStart(15);
  const head = `${name.padEnd(NAME_COLUMNS)} ${(input ?? "").padEnd(INPUT_COLUMNS)}`;
  return `${head}${figure} ${spread}  a ${unit}  ${sum}`;
}

function targetLine(target: Target): string {
  const [sense, bound] = target.bound;
  const verdict = target.met === null ? "not judged" : target.met ? "met" : "NOT MET";
  const figure = target.figure === null ? "-" : `${short(target.figure)} ${target.unit}`;
  const head = `  ${target.what.padEnd(43)} ${figure.padStart(10)}`;
  return `${head} ${sense} ${String(bound).padEnd(5)} ${verdict.padEnd(10)} ${target.note}`.trimEnd();
}

/** Three significant places. */
export function short(value: number): string {
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
}
