/** `nyq convert lobster`: real LOBSTER order flow as an ITCH 5.0 BinaryFILE. */
import { realpathSync } from "node:fs";
import type { Command } from "commander";
import { FeedError } from "../core/errors.ts";

interface LobsterFlags {
  readonly book?: string;
  readonly output: string;
  readonly symbol?: string;
  readonly truth?: string;
  readonly json?: boolean;
}

/** Adds the verb. */
export function registerConvert(program: Command): void {
  program
    .command("convert")
    .description("turn other formats into an ITCH 5.0 BinaryFILE")
    .command("lobster")
    .description("convert LOBSTER messages; csv, csv.gz, or a zip that holds both files")
    .argument("<MESSAGES>", "message file; a zip's orderbook member is used unless --book is given")
    .option("--book <ORDERBOOK>", "book rows: the best levels are made equal to them")
    .requiredOption("-o, --output <FILE>", "where to; .gz compresses, - is stdout")
    .option("--symbol <TEXT>", "symbol; by default what the file's name begins with")
    .option("--truth <CSV>", "write after which message and bus cursor each row holds")
    .option("--json", "print the facts as one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  nyq convert lobster LOBSTER_SampleFile_AAPL_2012-06-21_1.zip -o aapl.itch
  nyq convert lobster MSFT_message_50.csv --book MSFT_orderbook_50.csv.gz -o msft.itch.gz
  nyq convert lobster MSFT_message_50.csv -o - | nyq replay --format itch -`,
    )
    .action(async (messages: string, flags: LobsterFlags) => {
      const { runVerb } = await import("./errors.ts");
      await runVerb(() => convert(messages, flags));
    });
}

async function convert(messagesFile: string, flags: LobsterFlags): Promise<void> {
  refuseOverwrite([messagesFile, flags.book], [flags.output, flags.truth]);
  const { convertLobster } = await import("../convert/convert-lobster.ts");
  const { OutputFile } = await import("../generate/output-file.ts");
  const output = new OutputFile(flags.output);
  const truth = flags.truth === undefined ? null : new OutputFile(flags.truth);
  let lines = "row,message,cursor\n";
  const facts = await convertLobster({
    messagesFile,
    bookFile: flags.book ?? null,
    symbol: flags.symbol ?? null,
    output: {
      write: async (bytes) => {
        await output.write(bytes);
        if (truth !== null) await truth.write(Buffer.from(lines));
        lines = "";
      },
    },
    onRow: ({ row, messages, cursor }) => {
      if (truth !== null) lines += `${row},${messages},${cursor}\n`;
    },
  });
  await output.close();
  await truth?.close();
  if (flags.json === true) {
    const line = JSON.stringify(snakeKeys(facts));
    (flags.output === "-" ? process.stderr : process.stdout).write(`${line}\n`);
    return;
  }
  process.stderr.write(
    `${facts.symbol}: ${facts.events} events, ${facts.rows} book rows -> ${facts.messages} ` +
      `messages, ${facts.bytes} bytes; ${facts.syntheticOrders} synthetic orders, ` +
      `${facts.repairs} repairs, ${facts.unknownApplied} events about unknown orders applied, ` +
      `${facts.unknownIgnored} ignored\n`,
  );
}

/** Opening an output empties it, so it must not be an input, nor both outputs the same file. */
function refuseOverwrite(inputs: (string | undefined)[], outputs: (string | undefined)[]): void {
  const taken = new Set(inputs.flatMap((file) => (file === undefined ? [] : [realPath(file)])));
  for (const file of outputs) {
    if (file === undefined || file === "-") continue;
    const path = realPath(file);
    if (taken.has(path)) throw new FeedError("FEED_USAGE", `${file} is read or written already`);
    taken.add(path);
  }
}

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    // It does not exist yet, so it is no input.
    return file;
  }
}

function snakeKeys(facts: object): Record<string, unknown> {
  const entries = Object.entries(facts) as [string, unknown][];
  const snake = (key: string): string => key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
  return Object.fromEntries(entries.map(([key, value]) => [snake(key), value]));
}
