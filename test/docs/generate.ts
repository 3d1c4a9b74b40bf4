/** Writes the generated pages of docs/: `npm run generate:docs`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { allPages } from "./pages.ts";

for (const [name, text] of allPages()) writeFileSync(join(PACKAGE_ROOT, "docs", name), text);
