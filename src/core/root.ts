/** Where the package lies, so that pages, presets and the addon are found from dist/ too. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder of package.json. */
export const PACKAGE_ROOT = findRoot(import.meta.dirname);

function findRoot(from: string): string {
  let folder = from;
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${from}`);
    folder = parent;
  }
  return folder;
}
