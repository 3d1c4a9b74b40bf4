/**
 * Our own yardsticks beside the repository (NYQ_SHARED/yardstick): the plain C book l3_ref and the
 * generator gen_itch, built with gcc into a folder of their own when both are there.
 */
import { execFileSync } from "node:child_process";
import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { MarketGenerator } from "../../src/generate/market-generator.ts";

/** Where the yardsticks were built, or why they were not. */
export type Yardsticks =
  | { readonly built: true; readonly folder: string }
  | { readonly built: false; readonly reason: string };

/** What l3_ref prints. */
export interface ReferenceResult {
  readonly messages: number;
  readonly ns_per_message: number;
  readonly median: number;
  readonly book_hash: string;
}

/** Builds the yardsticks into `folder`. */
export function buildYardsticks(folder: string): Yardsticks {
  const shared = process.env["NYQ_SHARED"] ?? join(PACKAGE_ROOT, "..", "shared");
  const script = join(shared, "yardstick", "build.sh");
  if (!existsSync(script)) return { built: false, reason: "no yardstick/build.sh in NYQ_SHARED" };
  try {
    execFileSync("bash", [script, folder], { stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    const text = error instanceof Error ? error.message.split("\n").slice(0, 2).join(" ") : "";
    return { built: false, reason: `yardsticks do not build (gcc?): ${text}` };
  }
  return { built: true, folder };
}

/** Runs the C book over a file. */
export function runReference(folder: string, file: string): ReferenceResult {
  const text = execFileSync(join(folder, "l3_ref"), [file], { encoding: "utf8" });
  return JSON.parse(text) as ReferenceResult;
}

/** Makes the input: H20's flow by gen_itch where it was built, else by our own generator. */
export function makeInput(yardsticks: Yardsticks, file: string, messages: number): string {
  if (yardsticks.built && messages >= 1_000_000) {
    const seed = ["20191230", "8906", "300000", "2"];
    execFileSync(join(yardsticks.folder, "gen_itch"), [String(messages), file, ...seed], {
      stdio: "ignore",
    });
    return `gen_itch ${messages} ${seed.join(" ")}`;
  }
  const instruments = 500;
  const market = new MarketGenerator({ seed: 1, instruments, profile: "open" });
  const chunk = new Uint8Array(1 << 20);
  const out = openSync(file, "w");
  while (market.messages < messages) {
    const before = market.messages;
    const end = market.fill(chunk, 0, chunk.length, messages - before);
    if (market.messages === before) throw new Error("bench: the generator stands still");
    writeSync(out, chunk, 0, end);
  }
  closeSync(out);
  return `own generator, ${market.messages} messages, ${instruments} instruments, seed 1`;
}
