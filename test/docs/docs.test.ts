/** The generated pages are fresh, and every key, counter and code stands in them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { ERROR_CODES } from "../../src/core/errors.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { COUNTER_TABLE } from "../../src/metrics/counter-table.ts";
import { allPages } from "./pages.ts";

function doc(name: string): string {
  return readFileSync(join(PACKAGE_ROOT, "docs", name), "utf8");
}

for (const [name, text] of allPages()) {
  test(`docs/${name} is what the tables say (npm run generate:docs)`, (t) => {
    t.is(doc(name), text);
  });
}

test("every error code and every counter stands in its page", (t) => {
  for (const code of Object.keys(ERROR_CODES)) t.true(doc("errors.md").includes(`\`${code}\``));
  for (const row of COUNTER_TABLE) t.true(doc("metrics.md").includes(`\`${row.name}\``), row.name);
});

test("every configuration key of the schema is documented with a sentence", (t) => {
  const rows = doc("configuration.md")
    .split("\n")
    .filter((line) => /^\| `[a-z_]+` \|/.test(line));
  t.true(rows.length > 40);
  for (const row of rows) t.regex(row, /\| [A-Z`0].*\. ?.*\|$/, row);
});
