/** What a machine can check of the style guide. Each rule lists every place that breaks it. */
import { existsSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import test from "ava";
import ts from "typescript";
import { PACKAGE_ROOT } from "../src/core/root.ts";
import { HOT_FILES, hotFindings } from "./tidy/hot.ts";
import { filesBelow, lineCount, placeOf, type Source, treeOf, visitAll } from "./tidy/source.ts";

const TYPESCRIPT = ["src", "test", "perf", "scripts"].flatMap((folder) =>
  filesBelow(folder, [".ts"]),
);
const SRC = TYPESCRIPT.filter((source) => source.path.startsWith("src/"));
const TREES = new Map(TYPESCRIPT.map((source) => [source.path, treeOf(source)]));
const SCRIPTS = ["web", "scripts"]
  .filter((folder) => existsSync(join(PACKAGE_ROOT, folder)))
  .flatMap((folder) => filesBelow(folder, [".js", ".mjs", ".css", ".html"]));
const RUST = filesBelow("native/src", [".rs"]);

/** One row of the counter table is one line. */
const WIDE_FILES = new Set(["src/metrics/counter-table.ts"]);

const LINES_MAX = 500;
const FUNCTION_LINES_MAX = 70;
const COLUMNS_MAX = 100;

function tree(source: Source): ts.SourceFile {
  return TREES.get(source.path) as ts.SourceFile; // Every file of TYPESCRIPT has one.
}

test("no file is longer than 500 lines", (t) => {
  const long = [...TYPESCRIPT, ...SCRIPTS, ...RUST]
    .filter(({ lines, path }) => lines.length - 1 > LINES_MAX && !path.endsWith(".css"))
    .map(({ path, lines }) => `${path}: ${lines.length - 1}`);
  t.deepEqual(long, []);
});

test("no line is wider than 100 columns", (t) => {
  const wide: string[] = [];
  for (const { path, lines } of [...TYPESCRIPT, ...RUST]) {
    if (WIDE_FILES.has(path)) continue;
    for (const [i, line] of lines.entries()) {
      // A string or a pattern is not worth breaking; everything else is.
      const bare = line.replace(/"[^"]*"|`[^`]*`|'[^']*'|\/\^?[^/]+\/[a-z]*/g, "");
      if ([...line].length > COLUMNS_MAX && [...bare].length > COLUMNS_MAX - 40) {
        wide.push(`${path}:${i + 1}: ${[...line].length}`);
      }
    }
  }
  t.deepEqual(wide, []);
});

test("no function is longer than 70 lines, but for the lists that tests are", (t) => {
  const long: string[] = [];
  for (const source of TYPESCRIPT) {
    if (source.path.endsWith(".test.ts")) continue;
    visitAll(tree(source), (node) => {
      const isFunction = ts.isFunctionLike(node) && "body" in node && node.body !== undefined;
      const lines = isFunction ? lineCount(tree(source), node) : 0;
      if (lines > FUNCTION_LINES_MAX) long.push(`${placeOf(tree(source), node)}: ${lines}`);
      return true;
    });
  }
  t.deepEqual(long, []);
});

test("every file but a test, whose names say it, begins with what it is for", (t) => {
  const bare = [...TYPESCRIPT, ...SCRIPTS.filter(({ path }) => /\.m?js$/.test(path)), ...RUST]
    .filter(({ path }) => !path.endsWith(".test.ts"))
    .filter(({ text }) => !/^(#!.*\n)?(\/\*\*|\/\/)/.test(text))
    .map(({ path }) => path);
  t.deepEqual(bare, []);
});

test("every export of src has a comment", (t) => {
  t.deepEqual(SRC.flatMap(bareExports), []);
});

test("the comments' rule sees an export without one, and not one of a commented group", (t) => {
  const planted = (text: string): string[] => {
    return bareExports({ path: "planted.ts", text, lines: text.split("\n") });
  };
  t.is(planted("/** The file. */\n\nexport const A = 1;\n").length, 1);
  t.is(planted("/** The file. */\nimport a from 'a';\nexport function f() {}\n").length, 1);
  t.is(planted("/** A. */\nexport const A = 1;\n\nexport const B = 1;\n").length, 1);
  t.is(planted("/** A. */\nexport const A = 1;\nexport class C {}\n").length, 1);
  t.deepEqual(planted("/** A. */\nexport const A = 1;\nexport const B = 1;\n"), []);
});

test("there are no default exports, index files, enums, parameter properties or any", (t) => {
  const found: string[] = [];
  for (const source of TYPESCRIPT) {
    if (basename(source.path) === "index.ts") found.push(`${source.path}: index file`);
    visitAll(tree(source), (node) => {
      const what = forbiddenAnywhere(node);
      if (what !== null) found.push(`${placeOf(tree(source), node)}: ${what}`);
      return true;
    });
  }
  t.deepEqual(found, []);
});

test("file names are kebab-case", (t) => {
  const wrong = [...TYPESCRIPT, ...SCRIPTS]
    .map(({ path }) => path)
    .filter((path) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)+$/.test(basename(path)));
  t.deepEqual(wrong, []);
});

/** Which folders of src each folder may import from, beside itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  config: ["core"],
  metrics: ["core", "config"],
  rx: ["core", "config", "decode"],
  merge: ["core", "config", "decode"],
  decode: ["core"],
  book: ["core"],
  publish: ["core", "config", "book"],
  client: ["core", "book", "publish"],
  send: ["core", "config", "decode", "rx", "generate"],
  generate: ["core", "decode", "book"],
  convert: ["core", "decode", "book"],
  pipeline: [
    ...["core", "config", "metrics", "rx", "merge", "decode", "book", "publish"],
    ...["send", "generate", "client"],
  ],
  cli: [
    ...["core", "config", "metrics", "rx", "merge", "decode", "book", "publish", "pipeline"],
    ...["client", "send", "generate", "convert"],
  ],
};

test("imports point down: cli to pipeline to stage to core, and never from stage to stage", (t) => {
  const wrong: string[] = [];
  for (const source of SRC) {
    const folder = folderOf(source.path);
    for (const { node, specifier } of importsOf(tree(source))) {
      if (!specifier.startsWith(".")) continue;
      const target = posix.join(dirname(source.path), specifier);
      const to = folderOf(target);
      if (to === folder || target === "src/metrics/counter-table.ts") continue;
      // A venue's layout is data: reading a file has to know it to tell what it is.
      if (/^src\/decode\/[a-z0-9-]+\/layout\.ts$/.test(target)) continue;
      if (MAY_IMPORT[folder]?.includes(to) === true) continue;
      wrong.push(`${placeOf(tree(source), node)}: ${folder} imports ${target}`);
    }
  }
  t.deepEqual(wrong, []);
});

test("imports name files with .ts and built-ins with node:", (t) => {
  const builtins = /^(fs|path|os|net|http|url|util|zlib|crypto|stream|events|worker_threads)(\/|$)/;
  const wrong: string[] = [];
  for (const source of TYPESCRIPT) {
    for (const { node, specifier } of importsOf(tree(source))) {
      const isOurs = specifier.startsWith(".");
      if (isOurs ? specifier.endsWith(".ts") : !builtins.test(specifier)) continue;
      wrong.push(`${placeOf(tree(source), node)}: ${specifier}`);
    }
  }
  t.deepEqual(wrong, []);
});

test("nothing that a worker loads imports what only the main thread may pay for", (t) => {
  const heavy = new Set(["zod", "prom-client", "commander", "pino"]);
  const wrong = reachable("src/pipeline/worker.ts").flatMap((path) =>
    importsOf(TREES.get(path) as ts.SourceFile)
      .filter(({ specifier }) => heavy.has(specifier))
      .map(({ specifier }) => `${path} imports ${specifier}`),
  );
  t.deepEqual(wrong, []);
});

test("hot paths allocate nothing that the syntax shows", (t) => {
  const findings: string[] = [];
  for (const path of Object.keys(HOT_FILES)) {
    const file = TREES.get(path);
    if (file === undefined) findings.push(`${path}: listed as hot, but is not there`);
    else findings.push(...hotFindings(file));
  }
  t.deepEqual(findings, []);
});

test("the hot path's rule sees each kind of planted allocation", (t) => {
  const planted = [
    "const a = { b: 1 };",
    "const a = [1];",
    "f(() => 1);",
    "f(...x);",
    "for (const y of x) f(y);",
    ["const a = `$", "{x}`;"].join(""),
    "const a = 1n;",
    "const a = new Map();",
    "const { a } = x;",
    "try { f(); } catch { g(); }",
    "x.map(f);",
    "const a = BigInt(x);",
  ];
  for (const statement of planted) {
    const text = `class C { constructor() { this.a = []; } m(x) { ${statement} } }\nfunction f() {}`;
    const file = treeOf({ path: "src/core/histogram.ts", text, lines: [] });
    t.true(hotFindings(file).length > 0, statement);
  }
  const clean = "class C { constructor() { this.a = []; } m(x) { return this.a[x] | 0; } }";
  t.deepEqual(hotFindings(treeOf({ path: "src/core/histogram.ts", text: clean, lines: [] })), []);
});

test("no file names a machine's folder, and no TODO stands without an issue", (t) => {
  const folders = ["work", "root", "home", "tmp"].map((name) => `/${name}/`);
  const found: string[] = [];
  const texts = [
    ...TYPESCRIPT,
    ...SCRIPTS,
    ...RUST,
    ...filesBelow("docs", [".md"]),
    ...filesBelow("config", [".toml"]),
  ];
  for (const { path, lines } of texts) {
    for (const [i, line] of lines.entries()) {
      if (path.startsWith("test/tidy")) continue;
      const folder = folders.find((name) => new RegExp(`(^|[\\s"'\`=(])${name}`).test(line));
      if (folder !== undefined) found.push(`${path}:${i + 1}: ${folder}`);
      if (/\b(TODO|FIXME|XXX)\b(?!\(#\d+\))/.test(line)) found.push(`${path}:${i + 1}: TODO`);
    }
  }
  t.deepEqual(found, []);
});

test("the page is without inline script, inline style and markup from strings", (t) => {
  const found = SCRIPTS.filter(({ path }) => path.startsWith("web/")).flatMap(({ path, lines }) =>
    lines.flatMap((line, i) => {
      const bad = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(| style=|onclick="/;
      const outside = /(src|href)="(https?:)?\/\//;
      return bad.test(line) || outside.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [];
    }),
  );
  t.deepEqual(found, []);
});

function isExported(node: ts.Statement): boolean {
  if (!ts.canHaveModifiers(node)) return false;
  return (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
}

function bareExports(source: Source): string[] {
  const bare: string[] = [];
  const file = treeOf(source);
  let isCommented = false;
  for (const statement of file.statements) {
    // A comment serves the constants that follow without an empty line, too.
    const isNext: boolean = isCommented && !/^\s*\n\s*\n/.test(statement.getFullText());
    isCommented = hasComment(source, statement) || (isNext && ts.isVariableStatement(statement));
    if (isCommented || !isExported(statement) || ts.isExportDeclaration(statement)) continue;
    if (!ts.isTypeAliasDeclaration(statement)) bare.push(placeOf(file, statement));
  }
  return bare;
}

function hasComment(source: Source, statement: ts.Statement): boolean {
  const comments = ts.getLeadingCommentRanges(source.text, statement.getFullStart()) ?? [];
  const last = comments.at(-1);
  if (last === undefined) return false;
  // The file's own comment, with an empty line after it, belongs to no statement.
  return !/\n\s*\n/.test(source.text.slice(last.end, statement.getStart()));
}

function forbiddenAnywhere(node: ts.Node): string | null {
  if (ts.isExportAssignment(node)) return "default export";
  if (node.kind === ts.SyntaxKind.DefaultKeyword && ts.canHaveModifiers(node.parent)) {
    return "default export";
  }
  if (ts.isEnumDeclaration(node)) return "enum";
  if (node.kind === ts.SyntaxKind.AnyKeyword) return "any";
  if (ts.isParameter(node) && ts.isParameterPropertyDeclaration(node, node.parent)) {
    return "parameter property";
  }
  return null;
}

function folderOf(path: string): string {
  return path.split("/")[1] ?? "";
}

function importsOf(file: ts.SourceFile): { node: ts.Node; specifier: string }[] {
  const found: { node: ts.Node; specifier: string }[] = [];
  visitAll(file, (node) => {
    const named = ts.isImportDeclaration(node) || ts.isExportDeclaration(node);
    const specifier = named ? node.moduleSpecifier : dynamicSpecifier(node);
    if (specifier !== undefined && ts.isStringLiteral(specifier)) {
      found.push({ node, specifier: specifier.text });
    }
    return true;
  });
  return found;
}

function dynamicSpecifier(node: ts.Node): ts.Expression | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  return node.expression.kind === ts.SyntaxKind.ImportKeyword ? node.arguments[0] : undefined;
}

/** Files of src that `from` loads at its start; types and lazy imports load nothing. */
function reachable(from: string): string[] {
  const seen = new Set<string>();
  const waiting = [from];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const file = TREES.get(path);
    if (file === undefined || seen.has(path)) continue;
    seen.add(path);
    for (const statement of file.statements) {
      if (!ts.isImportDeclaration(statement)) continue;
      if (statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) continue;
      const specifier = (statement.moduleSpecifier as ts.StringLiteral).text;
      if (specifier.startsWith(".")) waiting.push(posix.join(dirname(path), specifier));
    }
  }
  return [...seen];
}
