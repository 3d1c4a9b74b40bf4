/**
 * The sources of a configuration laid over each other: file, then environment, then --set, then
 * flags. What comes out is one tree of raw values, and for each path where its value came from.
 */
import { readFileSync } from "node:fs";
import { parse } from "toml";
import { z } from "zod";
import { errorText, FeedError } from "../core/errors.ts";
import { lineOf, locateKeys } from "./locate.ts";
import type { Origin, Problem } from "./problem.ts";
import { SECRET_PATHS } from "./problem.ts";
import { CONFIG_SCHEMA } from "./schema.ts";

/** A tree of raw values as TOML gives it. */
export type Tree = { [key: string]: unknown };

/** A value given by a verb's own flag, e.g. `["rx.a", "239.192.7.1:26400"]`. */
export type FlagValue = readonly [path: string, value: string | number | boolean];

/** Where a configuration comes from. */
export interface SourceOptions {
  /** Path of the TOML file; none: defaults. */
  readonly file?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** The arguments of --set, `path=value` each. */
  readonly sets: readonly string[];
  readonly flags: readonly FlagValue[];
}

/** The sources laid over each other. */
export interface Sources {
  readonly tree: Tree;
  /** Origin of the value at a path, or of the nearest table around it. */
  readonly originOf: (path: string) => Origin;
  readonly problems: readonly Problem[];
}

/**
 * Reads all sources.
 *
 * @throws FEED_CONFIG_UNREADABLE when the file cannot be read or is not TOML
 */
export function readSources(options: SourceOptions): Sources {
  const file = readFile(options.file);
  const origins = new Map<string, Origin>();
  const problems: Problem[] = [];
  const put = (path: string, value: unknown, origin: Origin): void => {
    const reason = setPath(file.tree, path, value);
    if (reason === null) origins.set(path, origin);
    else problems.push({ path, text: reason, origin });
  };
  for (const [path, text, name] of envValues(options.env)) {
    put(path, coerce(path, text), { kind: "env", name });
  }
  for (const text of options.sets) readSet(text, put, problems);
  for (const [path, value] of options.flags) put(path, value, { kind: "flag", path });
  return { tree: file.tree, problems, originOf: (path) => originAt(path, origins, file) };
}

/** NYQ_RX__FRAME_BYTES is `rx.frame_bytes`; names without two underscores are no configuration. */
function envValues(env: NodeJS.ProcessEnv): [path: string, text: string, name: string][] {
  const found: [string, string, string][] = [];
  for (const name of Object.keys(env).sort()) {
    const text = env[name];
    if (!name.startsWith("NYQ_") || !name.slice(4).includes("__") || text === undefined) continue;
    found.push([name.slice(4).toLowerCase().replaceAll("__", "."), text, name]);
  }
  return found;
}

function readSet(
  text: string,
  put: (path: string, value: unknown, origin: Origin) => void,
  problems: Problem[],
): void {
  const at = text.indexOf("=");
  const path = text.slice(0, Math.max(0, at)).trim();
  if (path === "") {
    problems.push({ path: "", text: "is not path=value", origin: { kind: "set", text } });
  } else if (SECRET_PATHS.has(path)) {
    const said = "may not stand on a command line; use the file or NYQ_PUBLISH__TOKEN";
    problems.push({ path, text: said, origin: { kind: "set", text: path } });
  } else {
    put(path, coerce(path, text.slice(at + 1)), { kind: "set", text });
  }
}

interface FileSource {
  readonly name: string | null;
  readonly tree: Tree;
  readonly lines: ReadonlyMap<string, number>;
}

function readFile(name: string | undefined): FileSource {
  if (name === undefined) return { name: null, tree: {}, lines: new Map() };
  let text: string;
  try {
    text = readFileSync(name, "utf8");
  } catch (error) {
    throw new FeedError("FEED_CONFIG_UNREADABLE", `${name}: ${errorText(error)}`, { cause: error });
  }
  try {
    const tree = parse(text) as Tree; // TOML's root is always a table.
    return { name, tree, lines: locateKeys(text) };
  } catch (error) {
    const said = `${name}:${errorLine(error)}: is not TOML: ${errorText(error)}`;
    throw new FeedError("FEED_CONFIG_UNREADABLE", said, { cause: error });
  }
}

/** The line of a TOML error: lexical ones have a location, the others a line of their own. */
function errorLine(error: unknown): number {
  const parts = error as { line?: number; location?: { start?: { line?: number } } };
  return parts.line ?? parts.location?.start?.line ?? 1;
}

function originAt(path: string, origins: Map<string, Origin>, file: FileSource): Origin {
  for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const origin = origins.get(at);
    if (origin !== undefined) return origin;
    const line = file.lines.get(at);
    if (line !== undefined) break;
  }
  const line = lineOf(file.lines, path);
  if (line === null || file.name === null) {
    const below = [...origins.keys()].find((key) => key.startsWith(`${path}.`));
    return (below === undefined ? undefined : origins.get(below)) ?? { kind: "default" };
  }
  return { kind: "file", file: file.name, line };
}

/** Puts a value into the tree. @returns what stands in the way, or null */
function setPath(tree: Tree, path: string, value: unknown): string | null {
  const parts = path.split(".");
  let at: unknown = tree;
  for (const [i, part] of parts.entries()) {
    if (typeof at !== "object" || at === null) return `lies below a value that is no table`;
    if (part === "" || part === "__proto__") return "is no key";
    const table = at as Tree; // Arrays too: their keys are indexes.
    if (Array.isArray(at) && !(/^[0-9]+$/.test(part) && Number(part) < at.length)) {
      return `is index ${part} of ${at.length}`;
    }
    if (i === parts.length - 1) table[part] = value;
    else if (!Object.hasOwn(table, part)) table[part] = {};
    at = table[part];
  }
  return null;
}

/**
 * Reads a text as what the schema wants at that path; a text that does not read so stays a text,
 * and the schema says what is wrong with it.
 */
function coerce(path: string, text: string): unknown {
  const kinds = leafKinds(path);
  if (kinds.includes("boolean") && (text === "true" || text === "false")) return text === "true";
  if (kinds.includes("integer") && /^[+-]?[0-9][0-9_]*$/.test(text)) {
    return Number(text.replaceAll("_", ""));
  }
  if (kinds.includes("array")) return coerceArray(text);
  return text;
}

function coerceArray(text: string): unknown {
  if (!text.trimStart().startsWith("[")) return text === "" ? [] : text.split(",");
  try {
    return parse(`value = ${text}`).value as unknown;
  } catch {
    return text; // The schema reports it as no array.
  }
}

interface JsonSchema {
  readonly type?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

let jsonSchema: JsonSchema | null = null;

/** The JSON types that the schema takes at a path; none for an unknown one. */
function leafKinds(path: string): readonly string[] {
  jsonSchema ??= z.toJSONSchema(CONFIG_SCHEMA, { io: "input" }) as JsonSchema;
  let at: JsonSchema | undefined = jsonSchema;
  for (const part of path.split(".")) {
    at = at?.items !== undefined ? at.items : at?.properties?.[part];
  }
  if (at === undefined) return [];
  const options = at.anyOf ?? [at];
  return options.map((option) => option.type ?? "string");
}
