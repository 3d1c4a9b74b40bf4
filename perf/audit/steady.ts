/**
 * `npm run audit:steady`: question: does any thread from rx to publish allocate, collect garbage or
 * fall back from compiled code, from the moment the feed is ready? Counted by V8 itself.
 *
 * Exit code 0: none of it (or what was planted was seen), 3: otherwise, 2: usage, 1: it failed.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Deoptimisation, steadyDeoptimisations } from "./deopt-log.ts";
import { LINE_PLACEMENTS, type LinePlacement } from "./line-rig.ts";
import type { SteadyAnswer, SteadyOrder } from "./steady-child.ts";
import type { Planted } from "./steady-probe.ts";

const HELP = `usage: npm run audit:steady -- [options]
  --placement P      inline: rx to publish on one thread; threads: a thread a stage; main: all on
                     the main thread's event loop (default: inline, then threads)
  --messages N       messages of the steady state (default 20,000,000)
  --settle N         messages after ready before heap and collections count (default 2,000,000)
  --instruments N    instruments of the market (default 500)
  --warm-up N        messages of the warm-up (default: the feed's own)
  --faults           loses, swaps and repeats packets
  --plant WHAT       allocation or deoptimisation: must be seen
  --json             one object a placement
examples:
  npm run audit:steady
  npm run audit:steady -- --placement inline --messages 1000000 --plant deoptimisation
`;

/** Most that a heap may grow in the steady state, bytes. */
const GROWTH_MAX = 65_536;
const HOT = /^(rx\.|merge|decode|book|publish)/;

/** What was found of one thread. */
interface ThreadFindings {
  readonly name: string;
  /** One of rx to publish runs on it. */
  readonly hot: boolean;
  readonly heapGrowthBytes: number;
  readonly collections: number;
  readonly deoptimisations: readonly Deoptimisation[];
}

/** What was found of one placement. */
interface Findings {
  readonly placement: string;
  readonly planted: Planted;
  readonly node: string;
  readonly messages: number;
  readonly seconds: number;
  readonly missing: number;
  readonly threads: readonly ThreadFindings[];
  readonly ok: boolean;
}

function audit(asked: Omit<SteadyOrder, "answer">): Findings {
  const folder = mkdtempSync(join(tmpdir(), "nyq-audit-"));
  try {
    const order: SteadyOrder = { ...asked, answer: join(folder, "answer.json") };
    const child = join(import.meta.dirname, "steady-child.js");
    // V8 logs into the working directory, one file an isolate.
    const args = ["--log-deopt", "--logfile=v8.log", child, JSON.stringify(order)];
    const run = spawnSync(process.execPath, args, {
      cwd: folder,
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (run.status !== 0) throw new Error(`the audited process ended with ${run.status}`);
    const answer = JSON.parse(readFileSync(order.answer, "utf8")) as SteadyAnswer;
    const threads = answer.threads.map(({ name, stages, ...counted }) => {
      const deoptimisations = steadyDeoptimisations(folder, name);
      if (deoptimisations === null) throw new Error(`no marks of ${name} in V8's log`);
      return { name, hot: stages.some((stage) => HOT.test(stage)), ...counted, deoptimisations };
    });
    const { messages, seconds, missing } = answer;
    const { placement, planted } = asked;
    const clean = threads.filter((one) => one.hot).every(isClean) && missing === 0;
    const node = process.version;
    const ok = planted === "nothing" ? clean : wasSeen(planted, threads);
    return { placement, planted, node, messages, seconds, missing, threads, ok };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isClean({ heapGrowthBytes, collections, deoptimisations }: ThreadFindings): boolean {
  return heapGrowthBytes < GROWTH_MAX && collections === 0 && deoptimisations.length === 0;
}

function wasSeen(planted: Planted, threads: readonly ThreadFindings[]): boolean {
  return threads.some(({ collections, heapGrowthBytes, deoptimisations }) =>
    planted === "allocation"
      ? collections > 0 || heapGrowthBytes >= GROWTH_MAX
      : deoptimisations.some(({ place }) => place.includes("nyq-mark-planted")),
  );
}

function text({ placement, planted, messages, seconds, missing, threads, ok }: Findings): string {
  const rate = (messages / seconds / 1e6).toFixed(2);
  const lines = [
    `${placement}, planted: ${planted}: ${messages} messages, ${rate} M a second, ${missing} missing`,
  ];
  for (const { name, hot, heapGrowthBytes, collections, deoptimisations } of threads) {
    const growth = `${(heapGrowthBytes / 1024).toFixed(1)} KiB`.padStart(12);
    lines.push(
      `  ${name.padEnd(10)} ${hot ? "hot" : "   "} heap ${growth}, collections ${collections}, ` +
        `deoptimisations ${deoptimisations.length}`,
    );
    if (!hot) continue;
    for (const { kind, reason, place } of deoptimisations.slice(0, 20)) {
      lines.push(`      ${kind}: ${reason} at ${place}`);
    }
  }
  return [...lines, ok ? "  ok" : "  FAILED"].join("\n");
}

function main(): number {
  const { values } = parseArgs({
    options: {
      placement: { type: "string" },
      messages: { type: "string", default: "20000000" },
      settle: { type: "string", default: "2000000" },
      instruments: { type: "string", default: "500" },
      "warm-up": { type: "string" },
      plant: { type: "string", default: "nothing" },
      faults: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const messages = Number(values.messages);
  const instruments = Number(values.instruments);
  const settle = Number(values.settle);
  const warmUp = values["warm-up"] === undefined ? null : Number(values["warm-up"]);
  const { placement, plant } = values;
  const known =
    ["nothing", "allocation", "deoptimisation"].includes(plant) &&
    [...LINE_PLACEMENTS, undefined].includes(placement as LinePlacement | undefined) &&
    [messages, settle, instruments, warmUp ?? 0].every((n) => Number.isInteger(n) && n >= 0);
  if (!known) {
    process.stderr.write(HELP);
    return 2;
  }
  const planted = plant as Planted;
  const placements = placement === undefined ? ["inline", "threads"] : [placement];
  let failed = false;
  for (const one of placements as LinePlacement[]) {
    const { faults } = values;
    const findings = audit({
      ...{ placement: one, messages, settle, instruments, warmUpMessages: warmUp, faults, planted },
    });
    process.stdout.write(`${values.json ? JSON.stringify(findings) : text(findings)}\n`);
    failed ||= !findings.ok;
  }
  return failed ? 3 : 0;
}

process.exitCode = main();
