/**
 * `npm run generate:layouts`: the official layout files, where they are at hand, become the
 * project's own tables (`layouts/*.json`); the tables become the modules of constant offsets and
 * the tables in docs/protocols/.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { generatedFiles, tablesFromXml } from "./outputs.ts";

const shared = process.env["NYQ_SHARED"] ?? join(PACKAGE_ROOT, "..", "shared");
const folder = join(shared, "data", "eobi");
const made = existsSync(folder) ? tablesFromXml(folder) : new Map<string, string>();
for (const files of [() => made, generatedFiles]) {
  // The second kind is made from what the first has written.
  for (const [path, text] of files()) writeFileSync(join(PACKAGE_ROOT, path), text);
}
const from = made.size > 0 ? folder : "the project's own tables only";
process.stderr.write(`layouts: ${generatedFiles().size} files from ${from}\n`);
