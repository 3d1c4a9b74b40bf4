/**
 * Reads V8's log of deoptimisations (--log-deopt, one file an isolate) between the two marks that a
 * thread's probe has put there.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { markName, Phase } from "./steady-probe.ts";

/** Not a fall but a rise: V8 leaves its middle tier's code for better in the middle of a loop. */
const TIER_UP = "prepare for on stack replacement";

/** One deoptimisation. */
export interface Deoptimisation {
  /** deopt-eager, deopt-lazy. */
  readonly kind: string;
  /** File, line and column, and where that was inlined. */
  readonly place: string;
  readonly reason: string;
}

/**
 * The deoptimisations of a thread since it was ready.
 *
 * @param folder the working directory of the process, which V8 logged into
 * @returns null when the marks are not there
 */
export function steadyDeoptimisations(folder: string, thread: string): Deoptimisation[] | null {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".log"))) {
    const lines = readFileSync(join(folder, file), "latin1")
      .split("\n")
      .filter((line) => line.startsWith("code-deopt,"));
    const at = (phase: number): number =>
      lines.findIndex((line) => line.includes(`<${markName(thread, phase)}:`));
    const from = at(Phase.READY);
    const to = at(Phase.AFTER);
    if (from < 0 || to < from) continue;
    const found = lines.slice(from + 1, to).map(deoptimisation);
    return found.filter(({ reason }) => !reason.startsWith(TIER_UP));
  }
  return null;
}

/** code-deopt,µs,size,code,inlining id,script offset,kind,place,reason */
function deoptimisation(line: string): Deoptimisation {
  const [, , , , , , kind = "", place = "", reason = ""] = line.split(",");
  return { kind, place: place.replaceAll(/file:\/\/\S*\/dist\//g, ""), reason };
}
