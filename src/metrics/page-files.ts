/** The page's files, read once at start: a fixed list, so that no path of a request is opened. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errorText, FeedError } from "../core/errors.ts";
import { PACKAGE_ROOT } from "../core/root.ts";

/** A file as it is served. */
export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
}

/** Path of the request, file in web/, content type. */
const FILES: readonly (readonly [string, string, string])[] = [
  ["/", "index.html", "text/html; charset=utf-8"],
  ["/style.css", "style.css", "text/css; charset=utf-8"],
  ["/app.js", "app.js", "text/javascript; charset=utf-8"],
  ["/draw.js", "draw.js", "text/javascript; charset=utf-8"],
  ["/picker.js", "picker.js", "text/javascript; charset=utf-8"],
  ["/favicon.svg", "favicon.svg", "image/svg+xml"],
];

/** Reads all files by request path. @throws FEED_FILE */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  for (const [path, name, type] of FILES) {
    try {
      const body = readFileSync(join(PACKAGE_ROOT, "web", name));
      const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
      files.set(path, { type, body, etag });
    } catch (error) {
      throw new FeedError("FEED_FILE", `web/${name}: ${errorText(error)}`, { cause: error });
    }
  }
  return files;
}
