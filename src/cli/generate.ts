/** `nyq generate`: a seeded market as an ITCH 5.0 BinaryFILE. */
import { type Command, InvalidArgumentError } from "commander";
import type { ProfileName } from "../generate/profile.ts";

const PROFILES = ["open", "quiet", "burst"] as const;

interface GenerateFlags {
  readonly seed: number;
  readonly messages: number;
  readonly instruments: number;
  readonly profile: ProfileName;
  readonly output: string;
  readonly json?: boolean;
}

/** Adds the verb. */
export function registerGenerate(program: Command): void {
  program
    .command("generate")
    .description("write a realistic, seeded ITCH 5.0 BinaryFILE; same seed, same bytes")
    .requiredOption("--seed <N>", "seed, 0 to 2^53 - 1", integerOf("--seed", 0))
    .requiredOption("--messages <M>", "how many messages, exactly", integerOf("--messages", 0))
    .requiredOption(
      "--instruments <K>",
      "instruments, 1 to 65535",
      integerOf("--instruments", 1, 65_535),
    )
    .option("--profile <NAME>", "open, quiet or burst: how time passes", profileOf, "open")
    .requiredOption("-o, --output <FILE>", "where to; .gz compresses, - is stdout")
    .option("--json", "print the facts as one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  nyq generate --seed 7 --messages 10000000 --instruments 8000 -o day.itch
  nyq generate --seed 7 --messages 200000 --instruments 20 --profile burst -o day.itch.gz
  nyq generate --seed 1 --messages 100000 --instruments 5 -o - | nyq replay --format itch -`,
    )
    .action(async (flags: GenerateFlags) => {
      const { runVerb } = await import("./errors.ts");
      await runVerb(() => generate(flags));
    });
}

async function generate(flags: GenerateFlags): Promise<void> {
  const { generateFile } = await import("../generate/generate-file.ts");
  const { OutputFile } = await import("../generate/output-file.ts");
  const progress = await openProgress(flags.messages);
  const output = new OutputFile(flags.output);
  const startedNs = process.hrtime.bigint();
  const { seed, instruments, profile } = flags;
  const market = { seed, instruments, profile };
  const facts = await generateFile(market, flags.messages, output, progress.update);
  await output.close();
  const seconds = Number(process.hrtime.bigint() - startedNs) / 1e9;
  progress.stop();
  const rate = Math.round(facts.messages / seconds);
  if (flags.json === true) {
    const line = JSON.stringify({
      messages: facts.messages,
      bytes: facts.bytes,
      live_orders: facts.liveOrders,
      book_hash: facts.bookHash,
      last_time_ns: facts.timeNs,
      seconds,
      messages_per_second: rate,
    });
    // Data has stdout to itself.
    (flags.output === "-" ? process.stderr : process.stdout).write(`${line}\n`);
    return;
  }
  process.stderr.write(
    `${facts.messages} messages, ${facts.bytes} bytes, ${facts.liveOrders} live orders, ` +
      `book hash ${facts.bookHash}; ${(rate / 1e6).toFixed(2)} million messages a second\n`,
  );
}

interface Progress {
  readonly update: (messages: number) => void;
  readonly stop: () => void;
}

/** A bar on stderr when that is a terminal. */
async function openProgress(total: number): Promise<Progress> {
  if (!process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const { default: progress } = await import("cli-progress");
  const bar = new progress.SingleBar({
    format: "generate {bar} {percentage}% | {value}/{total} messages | {duration_formatted}",
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(total, 0);
  return { update: (messages) => bar.update(messages), stop: () => bar.stop() };
}

/** A commander parser of whole numbers. */
function integerOf(name: string, min: number, max = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`${name}=${text} is not an integer of ${min} to ${max}.`);
  };
}

function profileOf(text: string): ProfileName {
  const found = PROFILES.find((name) => name === text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`--profile=${text} is not one of ${PROFILES.join(", ")}.`);
}
