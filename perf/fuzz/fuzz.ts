/**
 * `npm run fuzz [-- CASES [TARGET…]]`: seeded mutation fuzzing of every parser and of a whole
 * pipeline, five million cases of each decoder unless told otherwise. NYQ_SEED gives a seed back; a
 * case that breaks a promise is written to the working directory, and the exit code is 1.
 */
import { writeFileSync } from "node:fs";
import { fuzzTargets } from "../../test/fuzz/all.ts";
import { FuzzFailure, fuzz } from "../../test/fuzz/fuzzer.ts";
import { Random } from "../../test/fuzz/random.ts";

const CASES = 5_000_000;
/** Parts of a hundred for what is no decoder by itself: whole pipelines, files, texts. */
const SHARE: Record<string, number> = {
  capture: 6,
  itch: 14,
  pipeline: 12,
  unbelievable: 12,
  client: 10,
  admission: 2.6,
  config: 0.4,
  "fast-templates": 0.2,
};

function main(): void {
  const cases = Number(process.argv[2] ?? CASES);
  const seed = Number(process.env["NYQ_SEED"] ?? Date.now() % 1_000_000_007);
  process.stdout.write(`fuzz: ${cases} cases, seed ${seed} (NYQ_SEED=${seed} repeats it)\n`);
  const wanted = process.argv.slice(3);
  const targets = fuzzTargets(new Random(seed));
  const unknown = wanted.find((name) => !targets.some((target) => target.name === name));
  if (unknown !== undefined || !(cases >= 1)) {
    const names = targets.map(({ name }) => name).join(" ");
    process.stderr.write(`usage: fuzz [CASES [TARGET…]], targets: ${names}\n`);
    process.exitCode = 2;
    return;
  }
  for (const target of targets) {
    if (wanted.length > 0 && !wanted.includes(target.name)) continue;
    const count = Math.ceil((cases * (SHARE[target.name] ?? 100)) / 100);
    const start = performance.now();
    try {
      fuzz(target, count, new Random(seed), progress(target.name, count));
    } catch (error) {
      if (!(error instanceof FuzzFailure)) throw error;
      const file = `fuzz-${target.name}-${seed}.bin`;
      writeFileSync(file, error.bytes);
      process.stderr.write(`${error.message}\nseed ${seed}, case written to ${file}\n`);
      process.exitCode = 1;
      return;
    }
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    process.stdout.write(`fuzz: ${target.name}: ${count} cases in ${seconds} s, nothing broke\n`);
  }
}

/** A line that is written over, where stderr is a terminal. */
function progress(name: string, count: number): (done: number) => void {
  if (!process.stderr.isTTY) return () => undefined;
  return (done) => process.stderr.write(`\r${name} ${done}/${count}${done >= count ? "\n" : ""}`);
}

main();
