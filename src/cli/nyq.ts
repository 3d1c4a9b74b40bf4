#!/usr/bin/env node
/**
 * The command. Each verb lies in a file of its own, loaded only when it is asked for, so that
 * `nyq --help` starts fast and a verb pays for its own libraries only.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { tuneEngine } from "../core/engine.ts";
import { PACKAGE_ROOT } from "../core/root.ts";
import { EXIT_OK, EXIT_USAGE, quietOnClosedPipe } from "./errors.ts";

/** Registers a verb with its options and action. */
type Register = (program: Command) => void;

interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Register>;
}

const VERBS: readonly Verb[] = [
  {
    name: "feed",
    summary: "receive A/B multicast, keep the books, serve them over WebSocket",
    load: async () => (await import("./feed.ts")).registerFeed,
  },
  {
    name: "replay",
    summary: "replay captures or ITCH files",
    load: async () => (await import("./replay.ts")).registerReplay,
  },
  {
    name: "decode",
    summary: "print every message of a file with every field",
    load: async () => (await import("./decode.ts")).registerDecode,
  },
  {
    name: "demo",
    summary: "a market, a feed and a page on loopback",
    load: async () => (await import("./demo.ts")).registerDemo,
  },
  {
    name: "send",
    summary: "send an ITCH file as A/B multicast, with faults",
    load: async () => (await import("./send.ts")).registerSend,
  },
  {
    name: "serve-soup",
    summary: "serve an ITCH file over SoupBinTCP",
    load: async () => (await import("./serve-soup.ts")).registerServeSoup,
  },
  {
    name: "generate",
    summary: "make a seeded, realistic ITCH day",
    load: async () => (await import("./generate.ts")).registerGenerate,
  },
  {
    name: "convert",
    summary: "real order flow of other formats as ITCH",
    load: async () => (await import("./convert.ts")).registerConvert,
  },
  {
    name: "book",
    summary: "live ladder of one instrument",
    load: async () => (await import("./book.ts")).registerBook,
  },
  {
    name: "tail",
    summary: "frames of a running feed as text or JSON lines",
    load: async () => (await import("./tail.ts")).registerTail,
  },
  {
    name: "config",
    summary: "check or show a configuration",
    load: async () => (await import("./config.ts")).registerConfig,
  },
];

const EXAMPLES = `
Examples:
  nyq demo                                     a market, a feed and a page, all on loopback
  nyq feed --a 239.192.7.1:26400 --b 239.192.7.2:26400 --iface 10.0.0.5
  nyq feed -c config/low-latency.toml --set pipeline.thread.0.cpu=2
  nyq replay day.pcapng --json                 books of a capture, as fast as they go
  nyq decode capture.pcap --protocol eobi-14.1 every message with every field
  nyq generate --seed 1 --messages 1000000 --instruments 500 -o day.itch
  nyq send day.itch --a 239.192.7.1:26400 --b 239.192.7.2:26400 --iface 127.0.0.1
  nyq book AAPL                                a live ladder in the terminal
  nyq config check -c config/laptop.toml

Exit codes: 0 ok, 1 failed while running, 2 usage, 3 verification mismatch,
4 the environment lacks what was asked, 78 bad configuration.
`;

/** Runs the command line. */
async function main(argv: readonly string[]): Promise<void> {
  tuneEngine();
  quietOnClosedPipe();
  const program = new Command("nyq")
    .description("Market data in as A/B multicast, books out over WebSocket.")
    .version(packageVersion(), "-V, --version")
    .showHelpAfterError("(nyq VERB --help tells more)")
    .addHelpText("after", EXAMPLES)
    .exitOverride();
  const asked = argv[0] === "help" ? argv[1] : argv[0];
  for (const verb of VERBS) {
    if (verb.name === asked) (await verb.load())(program);
    else program.command(verb.name).description(verb.summary);
  }
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has already said what was wrong; help and version that were asked for are fine.
    const wanted = ["commander.helpDisplayed", "commander.version"].includes(error.code);
    process.exitCode = wanted || argv[0] === "help" ? EXIT_OK : EXIT_USAGE;
  }
}

function packageVersion(): string {
  const text = readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version; // npm refuses a package without one.
}

await main(process.argv.slice(2));
