/**
 * `npm run clinic -- doctor|flame|bubbleprof`: runs clinic over the inline feed and the demo's
 * market. Clinic is not in the lock file: it brings 600 packages and looks at one thread only.
 *
 * Exit code 0: the report is there; 2: usage; 4: clinic is not installed; else clinic's own.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PACKAGE_ROOT } from "../../src/core/root.ts";

const TOOLS = ["doctor", "flame", "bubbleprof"];
const EXIT = { USAGE: 2, NOT_INSTALLED: 4, KILLED: 3 } as const;
const USAGE = `npm run clinic -- doctor|flame|bubbleprof [options]
  --seconds N    how long (default 10)
  --mps R        messages a second (default 20000)
  --clinic FILE  the program (default: clinic on the PATH)
  --out FOLDER   where the report goes (default .clinic)
`;
const INSTALL = `clinic was not found. It is installed apart, outside this package:
  npm install --prefix ~/clinic clinic@13
  npm run clinic -- doctor --clinic ~/clinic/node_modules/.bin/clinic
or for all projects: npm install --global clinic@13
`;

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: "string", default: "10" },
      mps: { type: "string", default: "20000" },
      clinic: { type: "string", default: "clinic" },
      out: { type: "string", default: join(PACKAGE_ROOT, ".clinic") },
    },
  });
  const [tool = "", ...rest] = positionals;
  const numbers = [values.seconds, values.mps].map(Number);
  if (!TOOLS.includes(tool) || rest.length > 0 || !numbers.every((n) => n >= 1 && n <= 1e6)) {
    process.stderr.write(USAGE);
    return EXIT.USAGE;
  }
  const target = join(import.meta.dirname, "clinic-target.js");
  const run = spawnSync(
    values.clinic,
    [
      ...[tool, "--open=false", "--dest", values.out],
      ...["--", process.execPath, target, values.seconds, values.mps],
    ],
    {
      stdio: "inherit",
      env: { ...process.env, NO_INSIGHT: "1", NO_UPDATE_NOTIFIER: "1" },
    },
  );
  if (run.error !== undefined) {
    const { code } = run.error as NodeJS.ErrnoException; // spawn's errors have one.
    process.stderr.write(code === "ENOENT" ? INSTALL : `${run.error.message}\n`);
    return EXIT.NOT_INSTALLED;
  }
  return run.status ?? EXIT.KILLED;
}

process.exitCode = main();
