/**
 * Loads the configuration: flags over --set over environment over file over defaults, then schema,
 * then the checks across keys. Every problem is reported at once. Thread: main, once, at start.
 */
import { availableParallelism } from "node:os";
import type { z } from "zod";
import { FeedError } from "../core/errors.ts";
import { type CamelObject, camelise, freezeDeep } from "./camel.ts";
import { checkConfig } from "./check.ts";
import type { Config } from "./config.ts";
import { type Problem, problemsText, SECRET_PATHS } from "./problem.ts";
import { CONFIG_SCHEMA, type SnakeConfig } from "./schema.ts";
import { readSources, type SourceOptions, type Sources, type Tree } from "./sources.ts";

/** What to load and for whom. */
export interface LoadOptions extends SourceOptions {
  /** False for verbs that receive nothing (replay): `rx.a` may be missing. Default true. */
  readonly requireRx?: boolean;
  /** CPUs of the machine, for the checks of spinning threads; default: those it has. */
  readonly cpuCount?: number;
}

/**
 * Loads and checks the configuration.
 *
 * @returns the configuration, frozen
 * @throws FEED_CONFIG_UNREADABLE, FEED_CONFIG_INVALID with every problem
 */
export function loadConfig(options: LoadOptions): Config {
  const { config, problems } = inspectConfig(options);
  if (problems.length > 0) throw new FeedError("FEED_CONFIG_INVALID", problemsText(problems));
  return config;
}

/**
 * Loads the configuration and lists its problems; with any, wrong values are defaults in `config`.
 *
 * @throws FEED_CONFIG_UNREADABLE
 */
export function inspectConfig(options: LoadOptions): { config: Config; problems: Problem[] } {
  const sources = readSources(options);
  const problems = [...sources.problems];
  let result = CONFIG_SCHEMA.safeParse(sources.tree);
  if (!result.success) {
    problems.push(...schemaProblems(result.error.issues, sources));
    for (const problem of problems) removePath(sources.tree, problem.path);
    result = CONFIG_SCHEMA.safeParse(sources.tree);
  }
  // What is left after the wrong parts were taken out always parses, if need be as all defaults.
  const snake = result.success ? result.data : CONFIG_SCHEMA.parse({});
  const config = toConfig(snake);
  const findings = checkConfig(config, {
    requireRx: options.requireRx ?? true,
    cpuCount: options.cpuCount ?? availableParallelism(),
  });
  const wrong = problems.map((problem) => problem.path);
  for (const { paths, text } of findings) {
    if (paths.some((path) => wrong.some((bad) => overlaps(path, bad)))) continue;
    const path = paths[0] ?? "";
    problems.push({ path, text, origin: sources.originOf(path) });
  }
  return { config, problems };
}

function toConfig(snake: SnakeConfig): Config {
  const { pipeline, ...rest } = snake;
  const { thread, ...placed } = pipeline;
  const camel: CamelObject<typeof rest> = camelise(rest);
  return freezeDeep({
    ...camel,
    rx: { ...camel.rx, ifaceB: camel.rx.ifaceB ?? camel.rx.iface },
    soup: { ...camel.soup, password: camel.soup.password ?? null },
    publish: { ...camel.publish, token: camel.publish.token ?? null },
    pipeline: { ...camelise(placed), threads: thread },
  });
}

/** Turns findings of the schema into problems, one for each key: the first that says a bound. */
function schemaProblems(issues: readonly z.core.$ZodIssue[], sources: Sources): Problem[] {
  const byPath = new Map<string, Problem>();
  for (const issue of issues) {
    const isOurs = issue.code !== "too_big" || issue.maximum !== Number.MAX_SAFE_INTEGER;
    for (const problem of issueProblems(issue, sources)) {
      if (isOurs && byPath.get(problem.path)?.text.endsWith(String(Number.MAX_SAFE_INTEGER))) {
        byPath.delete(problem.path);
      }
      if (!byPath.has(problem.path)) byPath.set(problem.path, problem);
    }
  }
  return [...byPath.values()];
}

/** Turns one finding of the schema into problems with value and bound. */
function issueProblems(issue: z.core.$ZodIssue, sources: Sources): Problem[] {
  const path = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const full = path === "" ? key : `${path}.${key}`;
      return { path: full, text: "is not a known key", origin: sources.originOf(full) };
    });
  }
  const value = valueAt(sources.tree, issue.path);
  const said = value === undefined ? "is missing" : `= ${shown(path, value)} ${issueText(issue)}`;
  return [{ path, text: said, origin: sources.originOf(path) }];
}

function issueText(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `is not ${article(TYPE_WORDS[issue.expected] ?? issue.expected)}`;
    case "too_small":
      return `is ${sizeWord(issue.origin, "fewer than", "below")} ${issue.minimum}`;
    case "too_big":
      return `is ${sizeWord(issue.origin, "more than", "above")} ${issue.maximum}`;
    case "not_multiple_of":
      return `is not a multiple of ${issue.divisor}`;
    case "invalid_value":
      return `is none of ${issue.values.join(", ")}`;
    default:
      return issue.message;
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  int: "whole number",
  number: "whole number",
  object: "table",
  record: "table",
};

function article(word: string): string {
  return `${/^[aeiou]/.test(word) ? "an" : "a"} ${word}`;
}

function sizeWord(origin: string, ofMany: string, ofNumber: string): string {
  return origin === "array" ? ofMany : ofNumber;
}

/** A value as problems show it: short, printable, secrets hidden. */
function shown(path: string, value: unknown): string {
  if (SECRET_PATHS.has(path)) return "********";
  const text = typeof value === "number" ? String(value) : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function valueAt(tree: Tree, path: readonly PropertyKey[]): unknown {
  let at: unknown = tree;
  for (const part of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<PropertyKey, unknown>)[part]; // Checked to be an object or array above.
  }
  return at;
}

/** Takes a wrong value out; inside a thread, the whole thread, whose keys need each other. */
function removePath(tree: Tree, path: string): void {
  const parts = path.split(".");
  let at: unknown = tree;
  for (const [i, part] of parts.entries()) {
    if (typeof at !== "object" || at === null) return;
    const table = at as Tree; // Arrays do not come here: they are removed as a whole.
    if (i === parts.length - 1 || Array.isArray(table[part])) {
      delete table[part];
      return;
    }
    at = table[part];
  }
}

function overlaps(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
}
