/**
 * `npm run soak -- --minutes N`: question: does a threaded feed stay as it is for as long as it
 * runs? Unit: bytes, garbage collections, drops in the steady state.
 *
 *   market process ══ A/B multicast on loopback ══▶ feed process ──WebSocket──▶ clients, here
 *                                                     └─ a sample a second ────▶ report, here
 *
 * Exit code 0: all well; 1: something grew, was dropped, or garbage was collected on a thread from
 * rx to publish in the steady state; 2: usage; 3: it could not run.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { errorText } from "../../src/core/errors.ts";
import { Child } from "./child.ts";
import { SoakClients } from "./clients.ts";
import { judge, latencyOf, messagesOf, secondsOf, threadReports } from "./judge.ts";
import { machineFacts } from "./machine.ts";
import type { FromFeed, FromMarket, Sample, ToFeed, ToMarket } from "./messages.ts";
import { reportText, type SoakReport } from "./report.ts";

const USAGE = `npm run soak -- [options]
  --minutes N       how long the market sends (default 2; fractions are fine)
  --mps R           messages a second (default 50000)
  --instruments K   instruments (default 500)
  --seed S          seed of the market (default 1)
  --warm-up S       seconds that are not judged (default half the time, at most 60)
  --set PATH=VALUE  set a key of perf/soak/feed.toml; may be repeated
  --plant           allocate one object a message on the book's thread; the soak must then fail
  --json FILE       write the report with all samples
`;

interface SoakOptions {
  readonly minutes: number;
  readonly mps: number;
  readonly instruments: number;
  readonly seed: number;
  readonly warmUpSeconds: number;
  readonly sets: readonly string[];
  readonly plant: boolean;
  readonly json: string | null;
}

const EXIT = { OK: 0, FAILED: 1, USAGE: 2, ERROR: 3 } as const;
const PROGRESS_EVERY = 10;
const WARM_UP_SECONDS_MAX = 60;
const LOOKS_MAX = 150;
const FAULTS = "dup=0";
const STEADY_SAMPLES_MIN = 3;

function parse(args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string", default: "2" },
      mps: { type: "string", default: "50000" },
      instruments: { type: "string", default: "500" },
      seed: { type: "string", default: "1" },
      "warm-up": { type: "string" },
      set: { type: "string", multiple: true, default: [] },
      plant: { type: "boolean", default: false },
      json: { type: "string" },
    },
  });
  const minutes = number("minutes", values.minutes, 0.2, 60 * 24 * 31);
  const half = Math.min(WARM_UP_SECONDS_MAX, Math.floor(minutes * 30));
  return {
    minutes,
    mps: number("mps", values.mps, 1, 1_000_000),
    instruments: number("instruments", values.instruments, 1, 8000),
    seed: number("seed", values.seed, 0, 2 ** 31),
    warmUpSeconds: number("warm-up", values["warm-up"] ?? String(half), 0, minutes * 60 - 6),
    sets: values.set,
    plant: values.plant,
    json: values.json ?? null,
  };
}

function number(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= min && value <= max) return value;
  throw new Error(`--${name} was ${text}, must be ${min} to ${max}`);
}

/** Runs market, feed and clients for the time that was asked for. */
async function soak(options: SoakOptions): Promise<SoakReport> {
  const feed = new Child<ToFeed, FromFeed>("./feed-process.js");
  const market = new Child<ToMarket, FromMarket>("./market-process.js");
  let clients: SoakClients | null = null;
  try {
    const group = `239.193.${1 + (process.pid % 250)}`;
    const port = 20_000 + (process.pid % 20_000);
    const { plant, sets, warmUpSeconds, minutes } = options;
    // Looking at a heap allocates some 600 bytes, so that a long soak looks less often.
    const lookSeconds = Math.max(1, (minutes * 60) / LOOKS_MAX);
    feed.send({ type: "start", group, port, plant, sets, warmUpSeconds, lookSeconds });
    const ready = await feed.next("ready");
    clients = new SoakClients(`ws://${ready.addresses.ws}`);
    const samples: Sample[] = [];
    feed.listen((message) => {
      if (message.type !== "sample") return;
      samples.push(message.sample);
      if (samples.length % PROGRESS_EVERY === 0) progress(samples);
    });
    market.send({
      type: "start",
      plan: {
        seed: options.seed,
        instruments: options.instruments,
        profile: "open",
        a: { group: `${group}.1`, port },
        b: { group: `${group}.2`, port },
        iface: "127.0.0.1",
        session: `SOAK${String(process.pid % 1_000_000).padStart(6, "0")}`,
        messagesPerSecond: options.mps,
        faults: FAULTS,
      },
    });
    const startMs = Date.now();
    await clients.start();
    const seen = clients;
    const seconds = options.minutes * 60;
    await Promise.race([pause(seconds * 1000), feed.died, market.died]);
    const endMs = Date.now();
    const facts = seen.facts();
    seen.close();
    const ended = market.next("ended");
    market.send({ type: "end" });
    const { truth } = await Promise.race([ended, feed.died]);
    const finished = feed.next("finished");
    feed.letGo();
    feed.send({ type: "finish", truth });
    const end = await finished;
    // The threads' own clocks began before the market; two looks later all have collected.
    const warmMs = startMs + (options.warmUpSeconds + 2 * lookSeconds) * 1000;
    const steady = samples.filter(({ atMs }) => atMs >= warmMs && atMs <= endMs);
    if (steady.length < STEADY_SAMPLES_MIN) throw new Error(`only ${steady.length} samples`);
    const evidence = {
      threads: ready.threads,
      steady,
      collections: end.collections,
      clients: facts,
      books: { feed: end.bookHash, market: truth.bookHash },
    };
    return makeReport(options, ready, evidence, samples);
  } finally {
    clients?.close();
    market.kill();
    feed.kill();
  }
}

function makeReport(
  options: SoakOptions,
  ready: FromFeed & { type: "ready" },
  evidence: Parameters<typeof judge>[0],
  samples: readonly Sample[],
): SoakReport {
  const { steady, threads, collections, clients } = evidence;
  const first = steady[0] as Sample;
  const last = steady.at(-1) as Sample;
  const checks = judge(evidence);
  const most = (ring: number): number => Math.max(...steady.map(({ rings }) => rings[ring] ?? 0));
  return {
    tool: "soak",
    at: new Date().toISOString(),
    ok: checks.every(({ ok }) => ok),
    machine: machineFacts(),
    options: { ...options, json: undefined },
    rxPath: ready.rxPath,
    steady: {
      warmUpSeconds: options.warmUpSeconds,
      seconds: secondsOf(steady),
      messages: messagesOf(steady),
      messagesPerSecond: messagesOf(steady) / secondsOf(steady),
      rssStartBytes: first.rssBytes,
      rssEndBytes: last.rssBytes,
      minorFaults: last.minorFaults - first.minorFaults,
      majorFaults: last.majorFaults - first.majorFaults,
      ringsMax: Object.fromEntries(ready.rings.map((name, i) => [name, most(i)])),
      latencyNs: latencyOf(steady),
    },
    threads: threadReports(evidence),
    collections: Object.fromEntries(threads.map(({ name }, i) => [name, collections[i] ?? []])),
    clients,
    checks,
    samples,
  };
}

function progress(samples: readonly Sample[]): void {
  const recent = samples.slice(-PROGRESS_EVERY);
  const rate = Math.round(messagesOf(recent) / secondsOf(recent));
  const rss = Math.round((recent.at(-1)?.rssBytes ?? 0) / 2 ** 20);
  const p99 = ((recent.at(-1)?.latency.p99 ?? 0) / 1000).toFixed(1);
  process.stderr.write(
    `${samples.length} s: ${rate} messages a second, ${rss} MiB, p99 ${p99} µs\n`,
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function main(): Promise<number> {
  let options: SoakOptions;
  try {
    options = parse(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${errorText(error)}\n${USAGE}`);
    return EXIT.USAGE;
  }
  try {
    const report = await soak(options);
    process.stdout.write(`${reportText(report)}\n`);
    if (options.json !== null) writeFileSync(options.json, `${JSON.stringify(report)}\n`);
    return report.ok ? EXIT.OK : EXIT.FAILED;
  } catch (error) {
    process.stderr.write(`soak: ${errorText(error)}\n`);
    return EXIT.ERROR;
  }
}

process.exitCode = await main();
