/** `nyq config check|show`: what a configuration says, and everything that is wrong with it. */
import type { Command } from "commander";
import { inspectConfig, loadConfig } from "../config/load.ts";
import { problemsText } from "../config/problem.ts";
import { loadReference } from "../config/reference.ts";
import { configJson, configToml } from "../config/show.ts";
import { FeedError } from "../core/errors.ts";
import {
  checkMemory,
  machineMemory,
  memoryAtStart,
  memoryLines,
  memoryParts,
} from "../pipeline/memory.ts";
import { protocolOf } from "../pipeline/protocols.ts";
import { runVerb } from "./errors.ts";

/** The options that every verb with a configuration takes. */
export interface ConfigOptions {
  readonly config?: string;
  readonly set: string[];
}

/** Adds `-c FILE` and `--set path=value`. */
export function addConfigOptions(command: Command): Command {
  return command
    .option("-c, --config <file>", "TOML file")
    .option("--set <path=value>", "set one key; may be repeated", collect, []);
}

/** Collects the values of an option that may be repeated. */
export function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

/** Registers the verb. */
export function registerConfig(program: Command): void {
  const config = program.command("config").description("check or show a configuration");
  addConfigOptions(config.command("check"))
    .description(
      "say everything that is wrong (exit 78), and the memory it takes (exit 4: too much)",
    )
    .option("--json", "print JSON")
    .action((options: ConfigOptions & { json?: true }) => runVerb(() => check(options)));
  addConfigOptions(config.command("show"))
    .description("print the configuration in force, with defaults, as TOML")
    .option("--json", "print JSON")
    .action((options: ConfigOptions & { json?: true }) => runVerb(() => show(options)));
}

async function check(options: ConfigOptions & { json?: true }): Promise<void> {
  const { config, problems } = inspectConfig(sourcesOf(options));
  if (problems.length > 0) throw new FeedError("FEED_CONFIG_INVALID", problemsText(problems));
  loadReference(config.reference, protocolOf(config).priceDecimals);
  const parts = memoryParts(config, { kind: "sockets" });
  const machine = machineMemory();
  if (options.json === true) {
    const memory = parts.map(({ laterBytes, ...rest }) => ({ ...rest, later_bytes: laterBytes }));
    const start = memoryAtStart(parts);
    const facts = { memory, memory_at_start_bytes: start, memory_bound_bytes: machine.bytes };
    process.stdout.write(`${JSON.stringify(facts)}\n`);
  } else {
    process.stdout.write(`memory of a feed:\n${memoryLines(parts, machine).join("\n")}\n`);
  }
  checkMemory(parts, machine);
  if (options.json !== true) process.stdout.write("the configuration is good\n");
}

async function show(options: ConfigOptions & { json?: true }): Promise<void> {
  const config = loadConfig({ ...sourcesOf(options), requireRx: false });
  process.stdout.write(options.json === true ? configJson(config) : configToml(config));
}

function sourcesOf(options: ConfigOptions) {
  return { file: options.config, env: process.env, sets: options.set, flags: [] };
}
