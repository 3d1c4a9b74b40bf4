/**
 * `npm run audit`: the allocation audit clean, then with a planted object; exit 3 unless both
 * hold.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const AUDIT = join(import.meta.dirname, "allocation.js");

function run(...args: string[]): boolean {
  const flags = ["--expose-gc", "--max-semi-space-size=64"];
  return spawnSync(process.execPath, [...flags, AUDIT, ...args], { stdio: "inherit" }).status === 0;
}

const asked = process.argv.slice(2);
const clean = run(...asked);
const planted = run("--plant", "--messages", "1000000");
process.exitCode = clean && planted ? 0 : 3;
