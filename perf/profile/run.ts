/**
 * `npm run profile`: question: where does each thread spend its time? One CPU profile a thread,
 * named after its stages, for the Performance panel of Chrome's DevTools; the functions with the
 * most time of their own on stdout.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import type { Profiler } from "node:inspector";
import { basename, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { errorText } from "../../src/core/errors.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import type { ProfileProbeOptions } from "./probe.ts";
import { runRig } from "./rig.ts";
import { topOf, topText } from "./top.ts";

const USAGE = `npm run profile -- [options]
  --seconds N               how long (default 10), warm-up not counted
  --placement P             threads: one a stage (default); inline: all on the main thread
  --mps R                   messages a second (default 50000)
  --instruments K           instruments (default 500)
  --interval US             between two samples, µs (default 200)
  --out FOLDER              where the profiles go (default perf/profile/out)
`;

const WARM_UP_SECONDS = 3;
const TOP = 15;
const EXIT = { OK: 0, USAGE: 2, ERROR: 3 } as const;

interface ProfileOptions {
  readonly seconds: number;
  readonly placement: "inline" | "threads";
  readonly mps: number;
  readonly instruments: number;
  readonly intervalUs: number;
  readonly folder: string;
}

function parse(args: readonly string[]): ProfileOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string", default: "10" },
      placement: { type: "string", default: "threads" },
      mps: { type: "string", default: "50000" },
      instruments: { type: "string", default: "500" },
      interval: { type: "string", default: "200" },
      out: { type: "string", default: join(PACKAGE_ROOT, "perf", "profile", "out") },
    },
  });
  const { placement } = values;
  if (placement !== "inline" && placement !== "threads") {
    throw new Error(`--placement was ${placement}, must be inline or threads`);
  }
  return {
    seconds: number("seconds", values.seconds, 1, 3600),
    placement,
    mps: number("mps", values.mps, 1, 1_000_000),
    instruments: number("instruments", values.instruments, 1, 8000),
    intervalUs: number("interval", values.interval, 50, 100_000),
    folder: resolve(values.out),
  };
}

function number(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= min && value <= max) return value;
  throw new Error(`--${name} was ${text}, must be ${min} to ${max}`);
}

async function profile(options: ProfileOptions): Promise<void> {
  const { folder, seconds, placement, mps, instruments, intervalUs } = options;
  mkdirSync(folder, { recursive: true });
  for (const file of profilesIn(folder)) rmSync(file);
  const probe: ProfileProbeOptions = { folder, intervalUs, warmUpNs: WARM_UP_SECONDS * 1e9 };
  const messages = await runRig({
    seconds: seconds + WARM_UP_SECONDS,
    mps,
    instruments,
    placement,
    probe: { module: new URL("./probe.js", import.meta.url).href, options: probe },
  });
  process.stdout.write(`${messages} messages, ${placement}, ${process.version}\n`);
  const files = profilesIn(folder);
  if (files.length === 0) throw new Error("no thread wrote a profile");
  for (const file of files) {
    // Written by the probe.
    const data = JSON.parse(readFileSync(file, "utf8")) as Profiler.Profile;
    const title = basename(file, ".cpuprofile");
    process.stdout.write(`\n${topText(title, topOf(data, TOP))}\n`);
  }
  process.stdout.write(`\nprofiles in ${relative(process.cwd(), folder) || "."}; DevTools, `);
  process.stdout.write("panel Performance, Load profile opens one\n");
}

function profilesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".cpuprofile"))
    .sort()
    .map((name) => join(folder, name));
}

async function main(): Promise<number> {
  let options: ProfileOptions;
  try {
    options = parse(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${errorText(error)}\n${USAGE}`);
    return EXIT.USAGE;
  }
  try {
    await profile(options);
    return EXIT.OK;
  } catch (error) {
    process.stderr.write(`profile: ${errorText(error)}\n`);
    return EXIT.ERROR;
  }
}

process.exitCode = await main();
