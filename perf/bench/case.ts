/** The process of one case: `case.js NAME FILE PASSES SLOTS`; its last line is its CaseResult. */
import { tuneEngine } from "../../src/core/engine.ts";
import { runCase } from "./cases.ts";
import { runRing } from "./ring-case.ts";

// As `nyq` does.
tuneEngine();
const [name = "", file = "", passes = "2", slots = "1000000"] = process.argv.slice(2);
const ring = /^ring-(\d+)$/.exec(name);
const result =
  ring === null
    ? runCase(name, file, Number(passes))
    : await runRing(Number(ring[1]), Number(slots), Number(passes));
process.stdout.write(`${JSON.stringify(result)}\n`);
