/** What clinic runs: the whole feed inline on the main thread, which is all that clinic sees. */
import { runRig } from "./rig.ts";

const seconds = Number(process.argv[2] ?? "10");
const mps = Number(process.argv[3] ?? "20000");
await runRig({ seconds, mps, instruments: 100, placement: "inline", probe: null });
