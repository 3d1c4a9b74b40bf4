/**
 * What EOBI's 64-bit instruments, prices and quantities cost a decoder: ns per byte of EOBI order
 * messages against ITCH's, of the same market, from memory, with a checksum over every value that
 * the sink is given.
 *
 *   npm run bench:eobi -- [--messages N] [--instruments N] [--rounds N] [--prefix "taskset -c 1"]
 *
 * Each side runs in processes of its own, turn by turn; the best pass of each counts.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { tuneEngine } from "../../src/core/engine.ts";
import { measure, type Side } from "./side.ts";

/** EOBI may take this many times ITCH's ns per byte. */
const RATIO_MAX = 1.3;

/** Best figures of a side. */
export interface SideFigure {
  readonly bytes: number;
  readonly messages: number;
  readonly nsPerByte: number;
  readonly checksum: number;
}

/** Sizes of a run. */
export interface EobiBenchOptions {
  readonly messages: number;
  readonly instruments: number;
  readonly passes: number;
}

/** Measures one side in this process. */
export function benchSide(side: Side, options: EobiBenchOptions): SideFigure {
  return measure(side, options.messages, options.instruments, options.passes);
}

function main(): void {
  const { values } = parseArgs({
    options: {
      messages: { type: "string", default: "300000" },
      instruments: { type: "string", default: "8000" },
      rounds: { type: "string", default: "5" },
      passes: { type: "string", default: "12" },
      prefix: { type: "string", default: "" },
      side: { type: "string" },
    },
  });
  const { side } = values;
  if (side === "itch" || side === "eobi") {
    tuneEngine();
    const sizes = {
      messages: Number(values.messages),
      instruments: Number(values.instruments),
      passes: Number(values.passes),
    };
    process.stdout.write(`${JSON.stringify(benchSide(side, sizes))}\n`);
    return;
  }
  const sizes = ["messages", "instruments", "passes"] as const;
  const args = sizes.flatMap((name) => [`--${name}`, values[name]]);
  const best = new Map<Side, SideFigure>();
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const one of ["itch", "eobi"] as const) {
      const figure = run(one, args, values.prefix);
      if (figure.nsPerByte < (best.get(one)?.nsPerByte ?? Infinity)) best.set(one, figure);
    }
  }
  report(best);
}

function run(side: Side, args: readonly string[], prefix: string): SideFigure {
  const command = [process.execPath, fileURLToPath(import.meta.url), "--side", side, ...args];
  const [program = "", ...rest] = [...prefix.split(" ").filter((word) => word !== ""), ...command];
  const ended = spawnSync(program, rest, { encoding: "utf8" });
  if (ended.status !== 0) throw new Error(`${side}: ${ended.stderr}`);
  return JSON.parse(ended.stdout) as SideFigure;
}

function report(best: ReadonlyMap<Side, SideFigure>): void {
  for (const [side, { messages, bytes, nsPerByte, checksum }] of best) {
    const each = bytes / messages;
    process.stdout.write(
      `${side}  ${messages} messages of ${each.toFixed(1)} bytes  ${nsPerByte.toFixed(3)} ns a byte` +
        `  ${(nsPerByte * each).toFixed(1)} ns a message  checksum ${checksum}\n`,
    );
  }
  const itch = best.get("itch")?.nsPerByte ?? Number.NaN;
  const eobi = best.get("eobi")?.nsPerByte ?? Number.NaN;
  process.stdout.write(`ratio ${(eobi / itch).toFixed(2)}, wanted at most ${RATIO_MAX}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
