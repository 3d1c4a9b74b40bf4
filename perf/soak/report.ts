/** The soak's report, and the same as text. */
import type { ClientFacts } from "./clients.ts";
import type { Collection } from "./gauges.ts";
import type { Check, latencyOf, ThreadReport } from "./judge.ts";
import type { MachineFacts } from "./machine.ts";
import type { Sample } from "./messages.ts";

/** What --json writes. */
export interface SoakReport {
  readonly tool: "soak";
  readonly at: string;
  readonly ok: boolean;
  readonly machine: MachineFacts;
  readonly options: Readonly<Record<string, unknown>>;
  /** How packets were received: recvmmsg or dgram. */
  readonly rxPath: string;
  readonly steady: {
    readonly warmUpSeconds: number;
    readonly seconds: number;
    readonly messages: number;
    readonly messagesPerSecond: number;
    readonly rssStartBytes: number;
    readonly rssEndBytes: number;
    readonly minorFaults: number;
    readonly majorFaults: number;
    /** Most slots that waited in each ring at a sample. */
    readonly ringsMax: Readonly<Record<string, number>>;
    readonly latencyNs: ReturnType<typeof latencyOf>;
  };
  readonly threads: readonly ThreadReport[];
  /** By thread; times in ms since 1970. */
  readonly collections: Readonly<Record<string, readonly Collection[]>>;
  readonly clients: readonly ClientFacts[];
  readonly checks: readonly Check[];
  /** All of them, from the start. */
  readonly samples: readonly Sample[];
}

/** The report for people: threads, then what was judged. */
export function reportText(report: SoakReport): string {
  const { steady, clients } = report;
  const { latencyNs } = steady;
  const us = (ns: number): string => (ns / 1000).toFixed(1);
  const rings = Object.entries(steady.ringsMax).map(([name, slots]) => `${name} ${slots}`);
  return [
    `steady state ${steady.seconds.toFixed(1)} s after ${steady.warmUpSeconds} s of warm-up, ` +
      `${steady.messages} messages (${Math.round(steady.messagesPerSecond)} a second), ` +
      `received by ${report.rxPath}`,
    "",
    threadTable(report.threads),
    "",
    `resident     ${mib(steady.rssStartBytes)} to ${mib(steady.rssEndBytes)} MiB; page faults ` +
      `${steady.minorFaults} minor, ${steady.majorFaults} major`,
    `latency µs   p50 ${us(latencyNs.p50)}  p90 ${us(latencyNs.p90)}  p99 ${us(latencyNs.p99)}  ` +
      `p99.9 ${us(latencyNs.p999)}, worst second's p99.9 ${us(latencyNs.p999Max)}`,
    `rings, most  ${rings.join(", ")}`,
    ...clients.map(
      ({ name, frames, turns, cursorGaps }) =>
        `client ${name.padEnd(10)} ${frames} frames, ${turns} turns, ${cursorGaps} cursor gaps`,
    ),
    "",
    ...checkLines(report.checks),
    report.ok ? "soak: all well" : "soak: FAILED",
  ].join("\n");
}

function threadTable(threads: readonly ThreadReport[]): string {
  const rows = threads.map((thread) => [
    thread.name,
    thread.hot ? "hot" : "",
    String(thread.collectionsBefore),
    String(thread.collectionsSteady),
    String(Math.round(thread.heapEndBytes / 1024)),
    (thread.heapGrowthBytes / 1024).toFixed(1),
    String(thread.minorFaults),
    String(thread.majorFaults),
    (thread.cpu * 100).toFixed(0),
  ]);
  const head = [
    "thread",
    "",
    "gc before",
    "gc",
    "heap KiB",
    "growth KiB",
    "minor",
    "major",
    "cpu %",
  ];
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => (row[i] ?? "").length)),
  );
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join("  "),
    )
    .join("\n");
}

/** Every check that failed, and how many did not. */
function checkLines(checks: readonly Check[]): string[] {
  const failed = checks.filter(({ ok }) => !ok);
  return [
    `checks       ${checks.length - failed.length} of ${checks.length} hold`,
    ...failed.map(({ name, value, bound, unit }) =>
      `FAILED       ${name}: ${value} > ${bound} ${unit}`.trim(),
    ),
  ];
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
