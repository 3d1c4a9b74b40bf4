/** Hostile configuration files and --set arguments: FeedError or a frozen configuration. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { assert } from "../../src/core/assert.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { onlyFeedError } from "./client.ts";
import { Random } from "./random.ts";
import type { Target } from "./targets.ts";

/** The presets that ship, whole and each line by itself. */
export function presets(): Uint8Array[] {
  const folder = join(PACKAGE_ROOT, "config");
  const files = readdirSync(folder)
    .sort()
    .filter((name) => name.endsWith(".toml"));
  const texts = files.map((name) => readFileSync(join(folder, name), "utf8"));
  const bare = texts.map((text) => text.replace(/ *#.*$/gm, "").replace(/\n{2,}/g, "\n"));
  return [...texts, ...bare].map((text) => new Uint8Array(Buffer.from(text)));
}

/** A file of those bytes, and a --set and a variable out of its lines. */
export function configTarget(seed: number): Target {
  const random = new Random(seed);
  return (bytes) => {
    const lines = Buffer.from(bytes).toString("utf8").split("\n");
    const line = (): string => lines[random.below(lines.length)] ?? "";
    const sets = random.oneIn(3) ? [line().replace(/ *= */, "=")] : [];
    const env = random.oneIn(3) ? { NYQ_RX__FRAMES: line() } : {};
    const folder = mkdtempSync(join(tmpdir(), "nyq-fuzz-"));
    const file = join(folder, "case.toml");
    let config: Config | null = null;
    try {
      writeFileSync(file, bytes);
      const requireRx = random.oneIn(2);
      onlyFeedError(() => {
        config = loadConfig({ file, env, sets, flags: [], requireRx, cpuCount: 4 });
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
    if (config !== null) checkLoaded(config);
  };
}

/** What the stages' constructors rely on. */
function checkLoaded(config: Config): void {
  assert(Object.isFrozen(config) && Object.isFrozen(config.rx), "FUZZ_CONFIG_FROZEN");
  const { rx, merge, book } = config;
  assert(merge.windowPackets < rx.frames, "FUZZ_CONFIG_WINDOW");
  for (const value of [...Object.values(merge), ...Object.values(book), rx.frames]) {
    assert(Number.isSafeInteger(value) && value >= 0, "FUZZ_CONFIG_WHOLE_NUMBERS");
  }
}
