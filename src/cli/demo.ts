/** `nyq demo`: a market, a feed and a page on loopback, with the books compared at the end. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { DemoOutcome } from "../pipeline/demo.ts";

interface DemoFlags {
  readonly seconds?: number;
  readonly seed: number;
  readonly instruments: number;
  readonly profile: "open" | "quiet" | "burst";
  readonly mps: number;
  readonly fault: string;
  readonly port: number;
  readonly config?: string;
  readonly set: string[];
}

const EXAMPLES = `
Examples:
  nyq demo                          until Ctrl-C
  nyq demo --seconds 15             ends by itself, non-zero unless the books are equal
  nyq demo --mps 100000 --fault drop=0.05:never-both,reorder=0.05:16,dup=0.02
  nyq demo --fault lose=90000-90100 both feeds lose them: see the gap log of the page; the books
                                    then differ, and it ends with 3
  nyq demo --set pipeline.placement=inline

At the end the feed's books are compared with the market's own by their book hash.`;

/** Adds the verb. */
export function registerDemo(program: Command): void {
  program
    .command("demo")
    .description("a market, a feed and a page on loopback")
    .option("--seconds <n>", "end after so many seconds", whole(1, 86_400))
    .option("--seed <n>", "seed of the market and its faults", whole(0, 2 ** 31), 1)
    .option("--instruments <k>", "instruments", whole(1, 8000), 100)
    .addOption(
      new Option("--profile <p>", "kind of day")
        .choices(["open", "quiet", "burst"])
        .default("open"),
    )
    .option("--mps <n>", "messages a second", whole(1, 1_000_000), 20_000)
    .option(
      "--fault <spec>",
      "faults on the way, as `nyq send` takes them",
      "drop=0.01:never-both,reorder=0.01:8,dup=0.005",
    )
    .option("--port <n>", "port of the page; 0: any", whole(0, 65_535), 0)
    .option("-c, --config <file>", "configuration of the feed (default: config/laptop.toml)")
    .option("--set <path=value>", "set a configuration key", (v, all: string[]) => [...all, v], [])
    .addHelpText("after", EXAMPLES)
    .action(async (flags: DemoFlags) => {
      const { runVerb } = await import("./errors.ts");
      await runVerb(() => demo(flags));
    });
}

async function demo(flags: DemoFlags): Promise<number> {
  const { join } = await import("node:path");
  const { PACKAGE_ROOT } = await import("../core/root.ts");
  const { Demo, demandEqualBooks } = await import("../pipeline/demo.ts");
  const { onSignals } = await import("./signals.ts");
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const signalled = onSignals();
  const running = await Demo.start({
    seed: flags.seed,
    instruments: flags.instruments,
    profile: flags.profile,
    messagesPerSecond: flags.mps,
    faults: flags.fault,
    port: flags.port,
    configFile: flags.config ?? join(PACKAGE_ROOT, "config", "laptop.toml"),
    sets: flags.set,
    log: say,
  });
  const { ws, wsB, admin } = running.feed.addresses;
  say(`page     http://${admin}/`);
  say(`status   http://${admin}/status   metrics http://${admin}/metrics`);
  say(`books    ws://${ws}/ws and ws://${wsB}/ws   (nyq book 1 --admin ${admin} --url ws://${ws})`);
  say(flags.seconds === undefined ? "Ctrl-C ends it" : `ends in ${flags.seconds} s`);
  try {
    await Promise.race([
      signalled,
      running.feed.pipeline.finished,
      running.market.ended,
      ...(flags.seconds === undefined ? [] : [pause(flags.seconds * 1000)]),
    ]);
    const outcome = await running.finish();
    process.stdout.write(`${outcomeText(outcome)}\n`);
    demandEqualBooks(outcome);
    say("the feed's books and the market's are equal");
    return 0;
  } finally {
    await running.kill();
  }
}

function outcomeText(outcome: DemoOutcome): string {
  const { market, feeds } = outcome;
  const feed = (name: "a" | "b"): string =>
    `${feeds[name].packets} packets, ${feeds[name].lost} messages lost, ` +
    `${feeds[name].kernelDrops} dropped by the kernel`;
  return [
    `market   ${books(market.messages, market.liveOrders, market.bookHash)}`,
    `feed     ${books(outcome.messages, outcome.liveOrders, outcome.bookHash)}`,
    `frames   ${outcome.frames}, gaps ${outcome.gaps}`,
    `feed a   ${feed("a")}`,
    `feed b   ${feed("b")}`,
  ].join("\n");
}

function books(messages: number, liveOrders: number, hash: string | null): string {
  return `${messages} messages, ${liveOrders} live orders, hash ${hash ?? "unknown"}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const n = Number(text);
    if (!Number.isInteger(n) || n < min || n > max) {
      throw new InvalidArgumentError(`was ${text}, must be a whole number, ${min} to ${max}.`);
    }
    return n;
  };
}
