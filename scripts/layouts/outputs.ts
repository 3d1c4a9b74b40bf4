/** What `npm run generate:layouts` writes, by path in the project, so that a test can compare. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { loadTable } from "../../src/decode/layouts/table.ts";
import { eobiTable } from "./eobi-xml.ts";
import { pageWithTables } from "./page.ts";
import { tableText } from "./table-text.ts";
import { offsetsModule } from "./typescript.ts";

/** EOBI releases that `nyq decode` reads. */
export const EOBI_RELEASES = ["3.0", "6.0", "14.1"] as const;

/** Tables with a module of offsets, and where it lies. */
const MODULES = [
  ["eobi-14.1", "src/decode/eobi/offsets.ts"],
  ["itch-5.0", "src/decode/itch/offsets.ts"],
  ["moldudp64-1.0", "src/decode/moldudp64/offsets.ts"],
  ["soupbintcp-3.0", "src/decode/soupbintcp/offsets.ts"],
] as const;

/** Pages with tables between marks, and whose tables they are. */
const PAGES = [
  ["docs/protocols/eobi.md", "eobi-14.1"],
  ["docs/protocols/itch.md", "itch-5.0"],
  ["docs/protocols/moldudp64.md", "moldudp64-1.0"],
  ["docs/protocols/soupbintcp.md", "soupbintcp-3.0"],
] as const;

/** The tables that come from official files. @param folder with `eobi-<release>.xml` */
export function tablesFromXml(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const release of EOBI_RELEASES) {
    const xml = readFileSync(join(folder, `eobi-${release}.xml`), "utf8");
    files.set(`layouts/eobi-${release}.json`, tableText(eobiTable(xml)));
  }
  return files;
}

/** Everything that is made from the project's tables. */
export function generatedFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (const [name, path] of MODULES) files.set(path, offsetsModule(name, loadTable(name)));
  for (const [path, name] of PAGES) {
    const page = readFileSync(join(PACKAGE_ROOT, path), "utf8");
    files.set(path, pageWithTables(page, loadTable(name)));
  }
  return files;
}
