/** Where the shared FAST samples are, and how a test is skipped without them. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { PACKAGE_ROOT } from "../../../src/core/root.ts";

const SHARED = process.env["NYQ_SHARED"] ?? join(PACKAGE_ROOT, "..", "shared");

/** A file of the shared FAST samples, or null after saying that the test is skipped. */
export function sample(t: ExecutionContext, name: string): Uint8Array | null {
  const path = join(SHARED, "data", "fast", name);
  if (existsSync(path)) return new Uint8Array(readFileSync(path));
  t.log(`skipped: no ${name} below ${SHARED}`);
  t.pass();
  return null;
}

/** The same as text. */
export function sampleText(t: ExecutionContext, name: string): string | null {
  const bytes = sample(t, name);
  return bytes === null ? null : Buffer.from(bytes).toString("utf8");
}

/** A template file around some templates. */
export function templatesXml(inside: string, attributes = ""): string {
  const ns = "http://www.fixprotocol.org/ns/fast/td/1.1";
  return `<?xml version="1.0"?>\n<templates xmlns="${ns}" ${attributes}>\n${inside}\n</templates>`;
}
