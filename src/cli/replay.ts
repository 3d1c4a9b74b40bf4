/** `nyq replay FILE…`: files through the stages, facts of the books at their end. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { PROTOCOL_NAMES, TEMPLATE_PROTOCOLS } from "../config/config.ts";
import type { ReplayFacts, ReplayOptions, ReplayOutcome, TcpFacts } from "../pipeline/replay.ts";

interface ReplayFlags {
  readonly protocol?: string;
  readonly format: (typeof FORMATS)[number];
  readonly fileB?: string;
  readonly fileSnapshots?: string;
  readonly templates?: string;
  readonly a?: string;
  readonly b?: string;
  readonly snapshot?: string;
  readonly json?: boolean;
  readonly hash: "off" | "end" | "incremental";
  readonly dumpBook?: string;
  readonly dumpState?: string;
  readonly jobs: number;
  readonly maxOrders?: number;
  readonly config?: string;
  readonly set: string[];
}

const FORMATS = ["auto", "pcap", "itch", "fast-raw", "len4"] as const;

const EXAMPLES = `
Examples:
  nyq replay day.itch                       facts of the books at the end
  nyq replay --json day.itch.gz | jq .book_hash
  nyq replay capture.pcapng --a 233.54.12.111:26477 --b 233.86.230.111:26477
  nyq replay session.pcap                   SoupBinTCP: TCP streams are put together
  nyq replay --protocol eobi-14.1 eurex.pcap
  nyq replay --protocol fast --templates templates.xml --format fast-raw increments.dat \\
      --file-b increments_b.dat --file-snapshots snapshots.dat
  nyq replay --dump-book - day.itch > book.csv
  nyq replay --dump-state - day.itch | jq -c 'select(.symbol=="AAPL").messages[]'
  nyq replay --jobs 2 mon.itch tue.itch     two at a time, lines in order`;

/** Adds the verb. */
export function registerReplay(program: Command): void {
  program
    .command("replay")
    .description("replay captures, ITCH or FAST files through merge, decode and book")
    .argument(
      "<file...>",
      "ITCH BinaryFILE, FAST messages, pcap or pcapng, gzip of each; - is stdin",
    )
    .addOption(new Option("--protocol <p>", "protocol").choices([...PROTOCOL_NAMES]))
    .addOption(new Option("--format <f>", "file format").choices([...FORMATS]).default("auto"))
    .option("--templates <xml>", "FAST templates, for protocols of that family")
    .option("--a <group:port>", "feed A of a capture, a group or soup://HOST:PORT (default: all)")
    .option("--b <group:port>", "feed B of a capture")
    .option("--snapshot <group:port>", "the venue's snapshot channel in a capture (EOBI, FAST)")
    .option("--file-b <file>", "feed B, where feed A's file has messages without datagrams")
    .option("--file-snapshots <file>", "the same channel's snapshots, in such a file")
    .option("--json", "print one JSON object for each file")
    .addOption(
      new Option("--hash <when>", "book hash")
        .choices(["off", "end", "incremental"])
        .default("end"),
    )
    .option("--dump-book <out>", "write every order as CSV; one file only")
    .option("--dump-state <out>", "write instruments' state as JSON lines; one file only")
    .option("--jobs <n>", "files at a time", positive, 1)
    .option("--max-orders <n>", "live orders at most (default: what the memory allows)", orders)
    .option("-c, --config <file>", "configuration, for placement on threads")
    .option("--set <path=value>", "set a configuration key", collect, [])
    .addHelpText("after", EXAMPLES)
    .action(async (files: string[], flags: ReplayFlags) => {
      const { runVerb } = await import("./errors.ts");
      await runVerb(() => replay(files, flags));
    });
}

async function replay(files: string[], flags: ReplayFlags): Promise<number> {
  const { FeedError } = await import("../core/errors.ts");
  const { loadConfig } = await import("../config/load.ts");
  for (const flag of ["dumpBook", "dumpState", "fileB", "fileSnapshots"] as const) {
    if (flags[flag] === undefined || files.length === 1) continue;
    const name = flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new FeedError("FEED_USAGE", `--${name} takes one file, was given ${files.length}`);
  }
  if (flags.dumpBook === "-" && flags.dumpState === "-") {
    throw new FeedError("FEED_USAGE", "--dump-book and --dump-state cannot both be -");
  }
  const protocol = flags.protocol ?? "itch-5.0";
  const needsTemplates = TEMPLATE_PROTOCOLS.some((name) => name === protocol);
  const isConfigured =
    flags.config !== undefined || flags.set.some((set) => set.startsWith("channel.templates="));
  if (!isConfigured && needsTemplates !== (flags.templates !== undefined)) {
    const text = needsTemplates ? "needs --templates" : "takes no --templates";
    throw new FeedError("FEED_USAGE", `--protocol ${protocol} ${text}`);
  }
  if ((flags.a === undefined) !== (flags.b === undefined)) {
    throw new FeedError("FEED_USAGE", "--a and --b go together");
  }
  const overrides: [string, string][] = [];
  if (flags.protocol !== undefined) overrides.push(["channel.protocol", flags.protocol]);
  if (flags.templates !== undefined) overrides.push(["channel.templates", flags.templates]);
  if (flags.a !== undefined) overrides.push(["rx.a", flags.a]);
  if (flags.b !== undefined) overrides.push(["rx.b", flags.b]);
  if (flags.snapshot !== undefined) overrides.push(["rx.snapshot", flags.snapshot]);
  const config = loadConfig({
    ...(flags.config === undefined ? {} : { file: flags.config }),
    env: {},
    sets: flags.set,
    flags: overrides,
    requireRx: false,
  });
  const options = files.map((path) => ({
    path,
    format: flags.format,
    hash: flags.hash,
    dumpBook: flags.dumpBook ?? null,
    fileB: flags.fileB ?? null,
    fileSnapshots: flags.fileSnapshots ?? null,
    dumpState: flags.dumpState ?? null,
    config,
    maxOrders: flags.maxOrders ?? null,
    jobs: Math.min(flags.jobs, files.length),
  }));
  let exitCode = 0;
  for await (const outcome of outcomes(options, flags.jobs)) {
    if (outcome instanceof Error) {
      process.stderr.write(`nyq replay: ${outcome.message}\n`);
      exitCode ||= outcome instanceof FeedError ? outcome.exitCode : 1;
      continue;
    }
    const text = flags.json ? JSON.stringify(outcome.facts) : factsText(outcome.facts);
    // With the dump on stdout the facts are talk.
    (flags.dumpBook === "-" || flags.dumpState === "-" ? process.stderr : process.stdout).write(
      `${text}\n`,
    );
    const unusable = unusableText(outcome.facts);
    if (unusable !== null) process.stderr.write(`nyq replay: ${unusable}\n`);
    if (outcome.error !== null) {
      process.stderr.write(`nyq replay: ${outcome.error.message}\n`);
      exitCode ||= outcome.error.exitCode;
    }
  }
  return exitCode;
}

/** Replays the files, `jobs` at a time; the outcomes come in the files' order. */
async function* outcomes(
  options: readonly ReplayOptions[],
  jobs: number,
): AsyncGenerator<ReplayOutcome | Error> {
  const { replayFile } = await import("../pipeline/replay.ts");
  if (jobs === 1 || options.length === 1) {
    for (const one of options) {
      yield await withProgress(one, (watched) => replayFile(watched)).catch(asError);
    }
    return;
  }
  const { replayInPool } = await import("../pipeline/replay-pool.ts");
  for (const outcome of replayInPool(options, jobs)) yield await outcome.catch(asError);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

async function withProgress(
  options: ReplayOptions,
  run: (options: ReplayOptions) => Promise<ReplayOutcome>,
): Promise<ReplayOutcome> {
  if (!process.stderr.isTTY) return run(options);
  const { default: progress } = await import("cli-progress");
  const bar = new progress.SingleBar({
    format: "{bar} {percentage}% {file}",
    stream: process.stderr,
  });
  bar.start(100, 0, { file: options.path });
  try {
    return await run({ ...options, onProgress: (share) => bar.update(Math.floor(share * 100)) });
  } finally {
    bar.stop();
  }
}

/** Says why a capture with packets gave no message; the facts alone look like an empty file. */
function unusableText(facts: ReplayFacts): string | null {
  if (facts.messages > 0 || facts.packets === 0) return null;
  const foreign = facts.foreign === 0 ? "" : `, ${facts.foreign} of another protocol or release`;
  const malformed = `${facts.malformed} of them malformed${foreign}`;
  return `${facts.file}: ${facts.packets} packets, ${malformed}, no message`;
}

function factsText(facts: ReplayFacts): string {
  const types = Object.entries(facts.types)
    .map(([type, count]) => `${type} ${count}`)
    .join("  ");
  const unknown = Object.entries(facts.unknown_types).map(([id, count]) => `${id} ${count}`);
  const gaps = facts.gaps.map(([from, to]) => `${from}-${to}`).join(" ");
  return [
    facts.file,
    `  messages      ${facts.messages} in ${facts.packets} packets, malformed ${facts.malformed}`,
    `  types         ${types}`,
    ...(unknown.length > 0 ? [`  unknown types ${unknown.join("  ")}`] : []),
    ...(facts.off_tick > 0 ? [`  off tick      ${facts.off_tick} prices`] : []),
    ...(facts.tcp === null ? [] : [tcpText(facts.tcp)]),
    ...(facts.other_streams > 0
      ? [`  other streams ${facts.other_streams} packets of market segments not followed`]
      : []),
    ...(facts.foreign > 0 ? [`  foreign       ${facts.foreign} packets of another protocol`] : []),
    `  book changes  ${facts.events}, unknown orders ${facts.unknown_orders}, ` +
      `duplicates ${facts.duplicate_orders}, over-executions ${facts.over_executions}`,
    `  gaps          ${gaps === "" ? "none" : gaps}`,
    `  books         ${facts.live_orders} live orders of ${facts.instruments} instruments` +
      (facts.refused > 0 ? `, ${facts.refused} changes REFUSED` : ""),
    ...snapshotText(facts),
    ...(facts.waits_for_snapshot ? ["  books         WAIT for a snapshot: they are not true"] : []),
    `  book hash     ${facts.book_hash ?? "off"}`,
    `  speed         ${facts.ns_per_message.toFixed(1)} ns per message`,
    `  memory        ${(facts.peak_rss_bytes / 1e6).toFixed(0)} MB at most`,
  ].join("\n");
}

function tcpText(tcp: TcpFacts): string {
  return (
    `  TCP segments  ${tcp.segments}, duplicates ${tcp.duplicates}, early ${tcp.early}, ` +
    `lost ${tcp.lost}, streams with a hole ${tcp.holes}, foreign ${tcp.foreign_streams}`
  );
}

function snapshotText({ snapshots, stale_instruments }: ReplayFacts): string[] {
  const { set, compared, different } = snapshots;
  if (set + compared + stale_instruments === 0) return [];
  return [
    `  snapshots     ${set} set a book, ${compared} compared, ${different} of them different; ` +
      `${stale_instruments} instruments stale`,
  ];
}

function positive(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1 || n > 256) {
    throw new InvalidArgumentError(`was ${text}, must be 1 to 256.`);
  }
  return n;
}

function orders(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1 || n > 2 ** 24) {
    throw new InvalidArgumentError(`was ${text}, must be 1 to ${2 ** 24}.`);
  }
  return n;
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}
