/**
 * Our own yardsticks beside the repository (NYQ_SHARED/yardstick): the plain C book l3_ref and the
 * generator gen_itch, built with gcc into a folder of their own when both are there.
 */
import { execFileSync } from "node:child_process";
import { closeSync, existsSync, openSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { MarketGenerator } from "../../src/generate/market-generator.ts";
import { writeRandomIds } from "./random-ids.ts";
import { runCommand } from "./spawn.ts";

/** Where the yardsticks were built, or why they were not. */
export type Yardsticks =
  | { readonly built: true; readonly folder: string }
  | { readonly built: false; readonly reason: string };

/**
 * The bench's inputs: H20's flow, whose orders fit the caches, C10's, whose orders do not, and
 * H20's with random order ids.
 */
export const INPUT_NAMES = ["hot", "cold", "random"] as const;
/** One of them. */
export type InputName = (typeof INPUT_NAMES)[number];

/** What gen_itch is told after the count and the file: seed, instruments, build-up, locality. */
const FLOWS: Readonly<Record<InputName, readonly string[]>> = {
  hot: ["20191230", "8906", "300000", "2"],
  cold: ["20191230", "8906", "900000", "1", "-0.9"],
  random: ["20191230", "8906", "300000", "2"],
};
/** gen_itch builds its books up first; shorter files of its would be nothing but adds. */
const GENERATED_MIN = 1_000_000;

/** What l3_ref prints. */
export interface ReferenceResult {
  readonly messages: number;
  readonly ns_per_message: number;
  readonly live_orders: number;
  readonly book_hash: string;
}

/** An input file and how it came to be. */
export interface BenchFile {
  readonly name: InputName;
  readonly path: string;
  readonly origin: string;
}

/** Builds the yardsticks into `folder`. */
export function buildYardsticks(folder: string): Yardsticks {
  const shared = process.env["NYQ_SHARED"] ?? join(PACKAGE_ROOT, "..", "shared");
  const script = join(shared, "yardstick", "build.sh");
  if (!existsSync(script)) return { built: false, reason: "no yardstick/build.sh in NYQ_SHARED" };
  try {
    execFileSync("bash", [script, folder], { stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    const text = error instanceof Error ? error.message.split("\n").slice(0, 2).join(" ") : "";
    return { built: false, reason: `yardsticks do not build (gcc?): ${text}` };
  }
  return { built: true, folder };
}

/** Runs the C book over a file. */
export function runReference(
  folder: string,
  file: string,
  prefix: readonly string[],
): ReferenceResult {
  const text = runCommand({ prefix, program: join(folder, "l3_ref"), args: [file] });
  return JSON.parse(text) as ReferenceResult;
}

/** Makes an input in `folder`, or finds it there from before. */
export function makeInput(
  yardsticks: Yardsticks,
  folder: string,
  name: InputName,
  messages: number,
): BenchFile {
  const byGenItch = yardsticks.built && messages >= GENERATED_MIN;
  const path = join(folder, `${byGenItch ? name : `${name}-own`}-${messages}.itch`);
  const parameters = FLOWS[name];
  const ids = name === "random" ? ", order ids permuted" : "";
  const origin = byGenItch
    ? `gen_itch ${messages} ${parameters.join(" ")}${ids}`
    : `own generator, ${messages} messages, ${OWN_INSTRUMENTS} instruments, seed ${OWN_SEED[name]}${ids}`;
  if (existsSync(path)) return { name, path, origin };
  const making = `${path}.${process.pid}.tmp`;
  if (byGenItch) {
    const program = join(yardsticks.folder, "gen_itch");
    execFileSync(program, [String(messages), making, ...parameters], { stdio: "ignore" });
  } else generate(making, messages, OWN_SEED[name]);
  if (name === "random") writeRandomIds(making, making);
  renameSync(making, path);
  return { name, path, origin };
}

const OWN_INSTRUMENTS = 500;
const OWN_SEED: Readonly<Record<InputName, number>> = { hot: 1, cold: 2, random: 1 };

function generate(path: string, messages: number, seed: number): void {
  const market = new MarketGenerator({ seed, instruments: OWN_INSTRUMENTS, profile: "open" });
  const chunk = new Uint8Array(1 << 20);
  const out = openSync(path, "w");
  while (market.messages < messages) {
    const before = market.messages;
    const end = market.fill(chunk, 0, chunk.length, messages - before);
    if (market.messages === before) throw new Error("bench: the generator stands still");
    writeSync(out, chunk, 0, end);
  }
  closeSync(out);
}
