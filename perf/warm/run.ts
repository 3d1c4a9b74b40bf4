/**
 * `npm run bench:warm`: question: are the first packets after ready as fast as later ones? Unit:
 * packet-to-frame latency, ns, with and without a warm-up, each in a process of its own.
 *
 * Exit code 0: with a warm-up the first window's p99 is within the bound; 3: it is not; 2: usage;
 * 1: it failed.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LINE_PLACEMENTS, type LinePlacement } from "../audit/line-rig.ts";
import type { WarmAnswer, WarmOrder } from "./child.ts";

const HELP = `usage: npm run bench:warm -- [options]
  --placement P     inline, threads or main (default: inline and threads)
  --rounds N        processes of each case, taken in turn (default 3)
  --pps N           packets of each feed a second (default 10,000)
  --from N, --to N  packets of the later window (default 100,000 and 200,000)
  --json FILE       writes everything
examples:
  npm run bench:warm
  npm run bench:warm -- --placement threads --pps 2000 --from 10000 --to 20000
`;

const FIRST_PACKETS = 1000;
const INSTRUMENTS = 500;
/** The first window's p99 may be that many times the later one's. */
const RATIO_MAX = 3;

/** One case: all its rounds. */
interface WarmCase {
  readonly placement: LinePlacement;
  readonly warmUp: boolean;
  readonly rounds: WarmAnswer[];
}

function measure(order: WarmOrder): WarmAnswer {
  const child = join(import.meta.dirname, "child.js");
  const run = spawnSync(process.execPath, [child, JSON.stringify(order)], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(`the measured process ended: ${run.stderr}`);
  return JSON.parse(run.stdout) as WarmAnswer;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}

function ratioOf({ rounds }: WarmCase): number {
  return median(rounds.map(({ first, later }) => first.p99 / later.p99));
}

function text(one: WarmCase): string {
  const us = (ns: number): string => (ns / 1000).toFixed(1).padStart(8);
  const of = (pick: (answer: WarmAnswer) => number): string => us(median(one.rounds.map(pick)));
  const ready = median(one.rounds.map(({ readyMs }) => readyMs)).toFixed(0);
  const name = `${one.placement}, warm-up ${one.warmUp ? "on" : "off"}`;
  return [
    `${name}: ready after ${ready} ms, ${one.rounds.length} rounds, medians, µs`,
    `  first ${FIRST_PACKETS}: p50${of(({ first }) => first.p50)}  p90${of(({ first }) => first.p90)}` +
      `  p99${of(({ first }) => first.p99)}`,
    `  later     : p50${of(({ later }) => later.p50)}  p90${of(({ later }) => later.p90)}` +
      `  p99${of(({ later }) => later.p99)}`,
    `  p99 of the first to that of the later: ${ratioOf(one).toFixed(2)}`,
  ].join("\n");
}

function main(): number {
  const { values } = parseArgs({
    options: {
      placement: { type: "string" },
      rounds: { type: "string", default: "3" },
      pps: { type: "string", default: "10000" },
      from: { type: "string", default: "100000" },
      to: { type: "string", default: "200000" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [rounds, packetsPerSecond, from, to] = [
    values.rounds,
    values.pps,
    values.from,
    values.to,
  ].map(Number) as [number, number, number, number];
  const { placement } = values;
  const whole = [rounds, packetsPerSecond, from, to].every((n) => Number.isInteger(n) && n > 0);
  const known = [...LINE_PLACEMENTS, undefined].includes(placement as LinePlacement | undefined);
  if (!whole || !known || from < FIRST_PACKETS || to <= from) {
    process.stderr.write(HELP);
    return 2;
  }
  const placements = placement === undefined ? ["inline", "threads"] : [placement];
  const cases = placements.flatMap((name) =>
    [true, false].map(
      (warmUp): WarmCase => ({ placement: name as LinePlacement, warmUp, rounds: [] }),
    ),
  );
  for (let round = 0; round < rounds; round++) {
    for (const one of cases) {
      const warmUpMessages = one.warmUp ? null : 0;
      const window = { first: FIRST_PACKETS, from, to };
      const order = { ...window, packetsPerSecond, warmUpMessages, instruments: INSTRUMENTS };
      one.rounds.push(measure({ ...order, placement: one.placement }));
    }
  }
  for (const one of cases) process.stdout.write(`${text(one)}\n`);
  const ok = cases.every((one) => !one.warmUp || ratioOf(one) <= RATIO_MAX);
  if (values.json !== undefined) {
    const machine = { cpu: cpus()[0]?.model ?? "", cpus: cpus().length };
    const report = { tool: "bench:warm", node: process.version, machine, packetsPerSecond };
    const all = { ...report, from, to, ratioMax: RATIO_MAX, ok, cases };
    writeFileSync(values.json, `${JSON.stringify(all, null, 1)}\n`);
  }
  process.stdout.write(ok ? "bench:warm: ok\n" : `bench:warm: above ${RATIO_MAX}\n`);
  return ok ? 0 : 3;
}

process.exitCode = main();
