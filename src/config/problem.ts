/** Problems of a configuration: where each value came from and how a problem is said. */

/** Where a value came from. */
export type Origin =
  | { readonly kind: "file"; readonly file: string; readonly line: number | null }
  | { readonly kind: "env"; readonly name: string }
  | { readonly kind: "set"; readonly text: string }
  | { readonly kind: "flag"; readonly path: string }
  | { readonly kind: "default" };

/** One thing that is wrong. */
export interface Problem {
  /** Dotted path as in the file, e.g. `rx.frame_bytes`; empty for the whole file. */
  readonly path: string;
  /** What is wrong, with value and bound. */
  readonly text: string;
  readonly origin: Origin;
}

/** Paths whose values are never shown. */
export const SECRET_PATHS: ReadonlySet<string> = new Set(["publish.token", "soup.password"]);

/** Says where a value came from, e.g. `config/laptop.toml:12`. */
export function originText(origin: Origin): string {
  switch (origin.kind) {
    case "file":
      return origin.line === null ? origin.file : `${origin.file}:${origin.line}`;
    case "env":
      return `environment ${origin.name}`;
    case "set":
      return `--set ${origin.text}`;
    case "flag":
      return `flag for ${origin.path}`;
    case "default":
      return "default";
  }
}

/** One line for a problem. */
export function problemText(problem: Problem): string {
  const said = problem.path === "" ? problem.text : `${problem.path} ${problem.text}`;
  return problem.origin.kind === "default" ? said : `${originText(problem.origin)}: ${said}`;
}

/** All problems, one a line under a heading. */
export function problemsText(problems: readonly Problem[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const heading = `the configuration has ${count}`;
  return [heading, ...problems.map((problem) => `  ${problemText(problem)}`)].join("\n");
}
