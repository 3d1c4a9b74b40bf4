/**
 * `npm run fuzz [-- CASES]`: seeded mutation fuzzing of every parser and of a whole pipeline, five
 * million cases unless told otherwise. NYQ_SEED gives a seed back; a case that breaks a promise is
 * written to the working directory, and the exit code is 1.
 */
import { writeFileSync } from "node:fs";
import { fuzzTargets } from "../../test/fuzz/all.ts";
import { FuzzFailure, fuzz } from "../../test/fuzz/fuzzer.ts";
import { Random } from "../../test/fuzz/random.ts";

const CASES = 5_000_000;
/** Parts of a hundred for each target; pipelines and configurations are the longest cases. */
const SHARE: Record<string, number> = {
  packet: 43,
  capture: 6,
  itch: 14,
  pipeline: 12,
  unbelievable: 12,
  client: 10,
  admission: 2.6,
  config: 0.4,
  // Decoders by themselves: five million cases each.
  fast: 100,
  forts: 100,
  "fast-templates": 0.2,
};

function main(): void {
  const cases = Number(process.argv[2] ?? CASES);
  const seed = Number(process.env["NYQ_SEED"] ?? Date.now() % 1_000_000_007);
  process.stdout.write(`fuzz: ${cases} cases, seed ${seed} (NYQ_SEED=${seed} repeats it)\n`);
  for (const target of fuzzTargets(new Random(seed))) {
    const count = Math.ceil((cases * (SHARE[target.name] ?? 10)) / 100);
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
