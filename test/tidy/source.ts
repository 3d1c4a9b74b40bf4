/** Source files as tests/tidy looks at them: their text, their lines and their syntax tree. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { PACKAGE_ROOT } from "../../src/core/root.ts";

/** One file. */
export interface Source {
  /** Path from the repository's root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

const SKIPPED = new Set(["node_modules", "dist", "target", ".git", ".clinic"]);

/** All files below `folder` whose names end in one of `endings`. */
export function filesBelow(folder: string, endings: readonly string[]): Source[] {
  const found: Source[] = [];
  const walk = (at: string): void => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      if (entry.isDirectory()) {
        if (!SKIPPED.has(entry.name)) walk(join(at, entry.name));
      } else if (endings.some((ending) => entry.name.endsWith(ending))) {
        const full = join(at, entry.name);
        const text = readFileSync(full, "utf8");
        found.push({ path: relative(PACKAGE_ROOT, full), text, lines: text.split("\n") });
      }
    }
  };
  walk(join(PACKAGE_ROOT, folder));
  return found.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** The syntax tree of a file. */
export function treeOf(source: Source): ts.SourceFile {
  return ts.createSourceFile(source.path, source.text, ts.ScriptTarget.ES2023, true);
}

/** `path:line` of a node. */
export function placeOf(tree: ts.SourceFile, node: ts.Node): string {
  const { line } = tree.getLineAndCharacterOfPosition(node.getStart(tree));
  return `${tree.fileName}:${line + 1}`;
}

/** Lines from a node's first to its last. */
export function lineCount(tree: ts.SourceFile, node: ts.Node): number {
  const first = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line;
  return tree.getLineAndCharacterOfPosition(node.getEnd()).line - first + 1;
}

/** Calls `visit` for a node and everything in it, until `visit` says false for a branch. */
export function visitAll(node: ts.Node, visit: (node: ts.Node) => boolean): void {
  if (!visit(node)) return;
  node.forEachChild((child) => visitAll(child, visit));
}

/** The name of a function, method or accessor; empty for those without. */
export function functionName(node: ts.Node): string {
  if (!ts.isFunctionDeclaration(node) && !ts.isMethodDeclaration(node)) {
    if (!ts.isAccessor(node)) return "";
  }
  const { name } = node;
  return name === undefined ? "" : name.getText();
}
