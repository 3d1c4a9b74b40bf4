/** The bench's command line. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { CASES } from "./catalog.ts";
import { INPUT_NAMES, type InputName } from "./yardstick.ts";

/** Sizes of the inputs in messages: H20 and C10 with --full. */
const FULL: Readonly<Record<InputName, number>> = {
  hot: 20_000_000,
  cold: 10_000_000,
  random: 5_000_000,
};
const STANDARD: Readonly<Record<InputName, number>> = {
  hot: 4_000_000,
  cold: 4_000_000,
  random: 4_000_000,
};
const SMOKE: Readonly<Record<InputName, number>> = {
  hot: 20_000,
  cold: 20_000,
  random: 20_000,
};
const ROUNDS = 9;
const OTHER_ROUNDS = 3;
const WARM_MESSAGES = 4_000_000;

/** What is printed for --help. */
export const HELP = `npm run bench -- [options]

  --peers DIR        folder of the C++ peers' programs, under the yardstick's names
  --data DIR         keeps inputs and yardsticks for the next run (default: a temporary one)
  --full             H20 and C10: 20 and 10 million messages (default 4 million each)
  --messages N       every input of N messages instead
  --file FILE        an ITCH BinaryFILE as the only input, under the name hot
  --rounds N         default ${ROUNDS}
  --case NAME        only this case; may be repeated: ${CASES.map((spec) => spec.name).join(" ")}
  --input NAME       only this input; may be repeated: ${INPUT_NAMES.join(" ")}
  --node PATH        another Node as well; may be repeated; the newest is the figure
  --other-rounds N   rounds of the Nodes but the newest, default ${OTHER_ROUNDS}
  --prefix WORDS     before each program of one core, for instance "taskset -c 1"
  --prefix-pair W    the same before cases of several cores
  --smoke            20,000 messages, one round, no result file
  -o, --out FILE     JSON; default perf/results/bench.json

Exit codes: 0 measured, 1 a case failed, 2 usage, 3 a checksum or a book hash disagrees.
`;

/** A Node to run the cases under. */
export interface NodeBinary {
  readonly path: string;
  /** As process.version. */
  readonly version: string;
}

/** What the command line says. */
export interface Options {
  readonly help: boolean;
  readonly peers: string | null;
  readonly data: string | null;
  readonly size: Readonly<Record<InputName, number>>;
  readonly file: string | null;
  readonly rounds: number;
  /** Rounds of the Nodes that are not the figure. */
  readonly otherRounds: number;
  readonly warm: number;
  readonly cases: readonly string[];
  readonly inputs: readonly InputName[];
  /** Newest first. */
  readonly nodes: readonly NodeBinary[];
  readonly prefix: readonly string[];
  readonly prefixPair: readonly string[];
  readonly smoke: boolean;
  readonly out: string | null;
}

/** Reads the command line. @throws Error that says what is wrong with it */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", short: "h", default: false },
      peers: { type: "string" },
      data: { type: "string" },
      full: { type: "boolean", default: false },
      messages: { type: "string" },
      file: { type: "string" },
      rounds: { type: "string" },
      "other-rounds": { type: "string", default: `${OTHER_ROUNDS}` },
      case: { type: "string", multiple: true, default: CASES.map((spec) => spec.name) },
      input: { type: "string", multiple: true, default: [...INPUT_NAMES] },
      node: { type: "string", multiple: true, default: [] },
      prefix: { type: "string", default: "" },
      "prefix-pair": { type: "string", default: "" },
      smoke: { type: "boolean", default: false },
      out: { type: "string", short: "o" },
    },
  });
  const { smoke } = values;
  for (const name of values.case) {
    if (!CASES.some((spec) => spec.name === name)) {
      throw new Error(`--case=${name} is none of ${CASES.map((spec) => spec.name).join(", ")}`);
    }
  }
  const preset = smoke ? SMOKE : values.full ? FULL : STANDARD;
  const messages = values.messages === undefined ? null : count("messages", values.messages);
  const given = values.file !== undefined;
  const results = join(PACKAGE_ROOT, "perf", "results", "bench.json");
  return {
    help: values.help,
    peers: values.peers ?? null,
    data: values.data ?? null,
    size: messages === null ? preset : { hot: messages, cold: messages, random: messages },
    file: values.file ?? null,
    rounds: values.rounds === undefined ? (smoke ? 1 : ROUNDS) : count("rounds", values.rounds),
    otherRounds: count("other-rounds", values["other-rounds"]),
    warm: smoke ? 10_000 : WARM_MESSAGES,
    cases: values.case,
    inputs: given ? ["hot"] : inputsOf(values.input),
    nodes: nodesOf(values.node),
    prefix: words(values.prefix),
    prefixPair: words(values["prefix-pair"]),
    smoke,
    out: values.out ?? (smoke ? null : results),
  };
}

function count(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name}=${text} < 1`);
  return value;
}

function inputsOf(texts: readonly string[]): readonly InputName[] {
  for (const text of texts) {
    if (!INPUT_NAMES.some((name) => name === text)) {
      throw new Error(`--input=${text} is none of ${INPUT_NAMES.join(", ")}`);
    }
  }
  return INPUT_NAMES.filter((name) => texts.includes(name));
}

function words(text: string): readonly string[] {
  return text.split(" ").filter((word) => word !== "");
}

function nodesOf(paths: readonly string[]): readonly NodeBinary[] {
  const nodes: NodeBinary[] = [{ path: process.execPath, version: process.version }];
  for (const path of paths) {
    const version = execFileSync(path, ["-p", "process.version"], { encoding: "utf8" }).trim();
    if (!nodes.some((node) => node.version === version)) nodes.push({ path, version });
  }
  const key = ({ version }: NodeBinary): number => {
    const [major = 0, minor = 0, patch = 0] = version.slice(1).split(".").map(Number);
    return (major * 1000 + minor) * 1000 + patch;
  };
  return nodes.sort((a, b) => key(b) - key(a));
}
