/** `npm run bench:table`: the README's table of figures from perf/results/bench.json. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import type { Report } from "./report.ts";
import { withTable } from "./table.ts";

const readme = join(PACKAGE_ROOT, "README.md");
const results = join(PACKAGE_ROOT, "perf", "results", "bench.json");
const report = JSON.parse(readFileSync(results, "utf8")) as Report;
writeFileSync(readme, withTable(readFileSync(readme, "utf8"), report));
