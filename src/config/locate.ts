/**
 * Finds the line of each key in a TOML text. The parser does not tell positions of values, so this
 * scans the text again, after it parsed: headers, keys, and what spans several lines.
 */

/** Lines (from 1) by dotted path; an element of an array of tables has its index in the path. */
export function locateKeys(text: string): Map<string, number> {
  const lines = text.split("\n");
  const found = new Map<string, number>();
  const counts = new Map<string, number>();
  let table = "";
  let closing = "";
  for (const [i, raw] of lines.entries()) {
    if (closing !== "") {
      if (closes(raw, closing)) closing = "";
      continue;
    }
    const line = raw.trim();
    const header = /^(\[{1,2})\s*([^\]]+?)\s*\]{1,2}\s*(#.*)?$/.exec(line);
    if (header !== null && !line.includes("=")) {
      table = enter(header[2] ?? "", header[1] === "[[", counts);
      mark(found, table, i + 1);
      continue;
    }
    const pair = /^((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[A-Za-z0-9_"'-]+)*)\s*=(.*)$/.exec(
      line,
    );
    if (pair === null) continue;
    const key = plainPath(pair[1] ?? "");
    mark(found, table === "" ? key : `${table}.${key}`, i + 1);
    closing = opens(pair[2] ?? "");
  }
  return found;
}

/** Line of a path, or of the nearest table around it; null when it is not in the file. */
export function lineOf(lines: ReadonlyMap<string, number>, path: string): number | null {
  for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const line = lines.get(at);
    if (line !== undefined) return line;
  }
  return null;
}

function mark(found: Map<string, number>, path: string, line: number): void {
  if (!found.has(path)) found.set(path, line);
}

/** The path of a table header; the nth `[[x]]` is `x.n`, and `[x.y]` after it is `x.n.y`. */
function enter(name: string, isArray: boolean, counts: Map<string, number>): string {
  const parts = plainPath(name).split(".");
  let path = "";
  for (const [i, part] of parts.entries()) {
    path = path === "" ? part : `${path}.${part}`;
    const last = i === parts.length - 1;
    if (last && isArray) counts.set(path, (counts.get(path) ?? -1) + 1);
    const index = counts.get(path);
    if (index !== undefined) path = `${path}.${index}`;
  }
  return path;
}

function plainPath(text: string): string {
  return text.replace(/["'\s]/g, "");
}

/** What a value leaves open at the end of its line: a multi-line string or an array. */
function opens(value: string): string {
  for (const quote of ['"""', "'''"]) {
    if (value.trimStart().startsWith(quote) && value.split(quote).length === 2) return quote;
  }
  const bare = stripped(value);
  return count(bare, "[") > count(bare, "]") ? "]" : "";
}

function closes(line: string, closing: string): boolean {
  if (closing !== "]") return line.includes(closing);
  const bare = stripped(line);
  return count(bare, "]") > count(bare, "[");
}

/** A line without strings and comment. */
function stripped(line: string): string {
  return line.replace(/"(?:[^"\\]|\\.)*"|'[^']*'/g, "").replace(/#.*/, "");
}

function count(text: string, what: string): number {
  return text.split(what).length - 1;
}
