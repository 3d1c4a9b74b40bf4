/**
 * Seeds of property tests: printed, and given back with NYQ_SEED=N (fast-check prints the seed of
 * a failure too).
 */
import type { ExecutionContext } from "ava";

/** Parameters for fc.assert; the seed is in the test's log. */
export function seeded(t: ExecutionContext, numRuns: number): { seed: number; numRuns: number } {
  const given = process.env["NYQ_SEED"];
  const seed = given === undefined ? Date.now() & 0x7fff_ffff : Number(given);
  t.log(`seed ${seed} (NYQ_SEED gives it back)`);
  return { seed, numRuns };
}
