/** The command as a shell sees it: exit codes, what goes to stdout and what to stderr. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { exitCodeOf, verbErrorText } from "../../src/cli/errors.ts";
import { AssertionError } from "../../src/core/assert.ts";
import { ERROR_CODES, type ErrorCode, FeedError } from "../../src/core/errors.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";

const NYQ = join(PACKAGE_ROOT, "dist", "src", "cli", "nyq.js");

function nyq(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const run = spawnSync(process.execPath, [NYQ, ...args], {
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  return { code: run.status, out: run.stdout, err: run.stderr };
}

test("help and version that were asked for go to stdout and exit 0", (t) => {
  for (const args of [["--help"], ["help"], ["help", "config"], ["config", "--help"]]) {
    const { code, out, err } = nyq(args);
    t.deepEqual([code, err], [0, ""], args.join(" "));
    t.regex(out, /Usage: nyq/);
  }
  t.regex(nyq(["--version"]).out, /^\d+\.\d+\.\d+\n$/);
  t.regex(nyq(["--help"]).out, /Examples:\n {2}nyq demo/);
});

test("a usage error is told on stderr and exits 2", (t) => {
  for (const args of [[], ["bogus"], ["--bogus"], ["config"], ["config", "show", "--bogus"]]) {
    const { code, out, err } = nyq(args);
    t.deepEqual([code, out], [2, ""], args.join(" "));
    t.not(err, "");
  }
});

test("every verb of the help answers --help with exit 0", (t) => {
  const { out } = nyq(["--help"]);
  const commands = out.slice(out.indexOf("Commands:"), out.indexOf("Examples:"));
  const verbs = [...commands.matchAll(/^ {2}([a-z]+) /gm)].map(([, verb]) => verb ?? "");
  t.true(verbs.includes("config"));
  for (const verb of verbs.filter((name) => name !== "help")) {
    const { code, err } = nyq([verb, "--help"]);
    t.deepEqual([code, err], [0, ""], verb);
  }
});

test("config check exits 78 with every problem, 0 when there is none", (t) => {
  const bad = nyq(["config", "check", "--set", "rx.frames=1", "--set", "rx.bogus=1"]);
  t.deepEqual([bad.code, bad.out], [78, ""]);
  t.regex(bad.err, /^nyq: FEED_CONFIG_INVALID: the configuration has 3 problems\n/);
  t.regex(bad.err, /--set rx\.frames=1: rx\.frames = 1 is below 64/);
  const good = nyq(["config", "check", "-c", join(PACKAGE_ROOT, "config", "laptop.toml")]);
  t.deepEqual([good.code, good.err], [0, ""]);
  t.is(nyq(["config", "check", "-c", "no-such.toml"]).code, 78);
});

test("config show prints data only, with the token masked, and takes it back", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "nyq-show-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const shown = nyq(["config", "show"], { NYQ_PUBLISH__TOKEN: "very-secret-token" });
  t.is(shown.err, "");
  t.false(shown.out.includes("secret"));
  t.regex(shown.out, /token = "\*{3}"/);
  const file = join(folder, "shown.toml");
  writeFileSync(file, shown.out);
  t.regex(nyq(["config", "show", "-c", file]).err, /token = \*{8} is not 8 to 256/);
  const plain = nyq(["config", "show"]).out;
  writeFileSync(file, plain);
  t.is(nyq(["config", "show", "-c", file]).out, plain);
  const json = JSON.parse(nyq(["config", "show", "--json"]).out) as { merge: { max_jump: number } };
  t.is(json.merge.max_jump, 1_000_000);
});

test("a reader that goes away ends the command quietly", async (t) => {
  const child = spawn("sh", ["-c", `"$0" "$1" config show | true`, process.execPath, NYQ]);
  let err = "";
  child.stderr.on("data", (chunk) => {
    err += String(chunk);
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  t.deepEqual([code, err], [0, ""]);
});

test("each error code ends a verb with its exit code, everything else with 1", (t) => {
  for (const [code, [exit]] of Object.entries(ERROR_CODES)) {
    t.is(exitCodeOf(new FeedError(code as ErrorCode, "x")), exit); // Keys of the table are codes.
  }
  t.is(exitCodeOf(new Error("x")), 1);
  t.is(exitCodeOf("x"), 1);
});

test("an operating error is one line with its code, a mistake of ours has a stack", (t) => {
  t.is(verbErrorText(new FeedError("FEED_FILE", "a.itch: gone")), "nyq: FEED_FILE: a.itch: gone");
  t.regex(verbErrorText(new AssertionError("RING")), /mistake of nyq: AssertionError: RING\n +at /);
  const system = Object.assign(new Error("EACCES: no"), { syscall: "open", code: "EACCES" });
  t.is(verbErrorText(system), "nyq: EACCES: no");
});
