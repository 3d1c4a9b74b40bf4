/**
 * Regions: blocks of bytes that several threads see. Taken and touched at start, never given back
 * while the pipeline runs. Either a SharedArrayBuffer or, with the native addon, page-locked memory
 * that each thread maps as an external ArrayBuffer of its own. Control words (cursors, stop, wake)
 * always lie in a SharedArrayBuffer, because Atomics.wait needs one.
 */

import { assert } from "./assert.ts";
import type { Native } from "./native.ts";
import { loadNative } from "./native.ts";

/** How a region is handed to another thread (structured clone safe). */
export type RegionRef =
  | { readonly kind: "shared"; readonly buffer: SharedArrayBuffer; readonly bytes: number }
  | { readonly kind: "native"; readonly id: number; readonly bytes: number };

/** A region as one thread sees it. */
export interface Region {
  readonly ref: RegionRef;
  readonly buffer: ArrayBufferLike;
}

/**
 * Takes and touches a region.
 *
 * @param bytes size, 1 to 2^36
 * @param native the addon for page-locked memory, or null for a SharedArrayBuffer
 */
export function takeRegion(bytes: number, native: Native | null): Region {
  assert(bytes > 0, "REGION_SIZE");
  if (native === null) {
    const buffer = new SharedArrayBuffer(bytes);
    const view = new Uint8Array(buffer);
    for (let i = 0; i < bytes; i += 4096) view[i] = 0;
    return { ref: { kind: "shared", buffer, bytes }, buffer };
  }
  const id = native.regionCreate(bytes);
  return { ref: { kind: "native", id, bytes }, buffer: native.regionMap(id) };
}

/** Maps a region that another thread took. */
export function mapRegion(ref: RegionRef): Region {
  if (ref.kind === "shared") return { ref, buffer: ref.buffer };
  const native = loadNative();
  assert(native !== null, "REGION_NATIVE_WITHOUT_ADDON");
  return { ref, buffer: native.regionMap(ref.id) };
}
