/**
 * Builds the addon into native/nyquestro.node with @napi-rs/cli, when its sources have changed.
 * Without cargo, or on another system than Linux, it says so in one line and succeeds: nyq then
 * runs on the portable receive path.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const ROOT = dirname(import.meta.dirname);
const NATIVE = join(ROOT, "native");
const ADDON = join(NATIVE, "nyquestro.node");
/** Cargo's folder; the stamp in it holds the hash of the sources the addon was built from. */
const TARGET = join(NATIVE, "target");
const STAMP = join(TARGET, "nyquestro.stamp");

process.exitCode = main();

function main() {
  if (process.platform !== "linux") return portable(`${process.platform} is not linux`);
  const want = sourcesHash();
  if (existsSync(ADDON) && existsSync(STAMP) && readFileSync(STAMP, "utf8") === want) return 0;
  const lack = cargoLack();
  if (lack !== null) {
    if (!existsSync(ADDON)) return portable(lack);
    console.log(`native addon kept as it was built elsewhere: ${lack}`);
    return 0;
  }
  return build(want);
}

/** Why cargo cannot build the addon, or null. */
function cargoLack() {
  const run = spawnSync("cargo", ["--version"], { encoding: "utf8" });
  if (run.status !== 0) return "cargo not found";
  const manifest = readFileSync(join(NATIVE, "Cargo.toml"), "utf8");
  const wanted = Number(/^rust-version = "1\.(\d+)"/m.exec(manifest)?.[1]);
  const found = /^cargo 1\.(\d+)/.exec(run.stdout);
  if (found !== null && Number(found[1]) < wanted) return `cargo 1.${found[1]} < 1.${wanted}`;
  return null;
}

function portable(why) {
  console.log(`native addon not built: ${why}; using the portable receive path`);
  return 0;
}

/** Builds beside, then renames: a running process keeps the file it has loaded. */
function build(want) {
  mkdirSync(TARGET, { recursive: true });
  const out = mkdtempSync(join(TARGET, "out-"));
  try {
    const cli = join(dirname(createRequire(import.meta.url).resolve("@napi-rs/cli")), "cli.js");
    const args = [cli, "build", "--release", "--platform", "--no-js", "--output-dir", out];
    const paths = ["--cwd", NATIVE, "--package-json-path", join(NATIVE, "package.json")];
    const result = spawnSync(process.execPath, [...args, ...paths, "--", "--locked"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    const built = readdirSync(out).find((name) => name.endsWith(".node"));
    if (result.status !== 0 || built === undefined) {
      console.error(`${result.stdout}${result.stderr}\nnative addon not built: cargo failed`);
      return 1;
    }
    renameSync(join(out, built), ADDON);
    writeFileSync(STAMP, want);
    console.log("native addon built: native/nyquestro.node");
    return 0;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function sourcesHash() {
  const hash = createHash("sha256");
  const sources = readdirSync(join(NATIVE, "src")).sort();
  const files = ["Cargo.toml", "Cargo.lock", "build.rs", "package.json"];
  for (const file of [...files, ...sources.map((name) => join("src", name))]) {
    hash.update(`${file}\n`).update(readFileSync(join(NATIVE, file)));
  }
  return hash.update(process.arch).digest("hex");
}
