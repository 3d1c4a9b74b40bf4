/** What a thread leaves behind at its end: the books' final state and what only it counted. */
import { walkHashHex } from "../book/hash.ts";
import { FeedError } from "../core/errors.ts";
import type { ThreadBuild } from "./build.ts";
import { dumpBook } from "./dump.ts";

/** A thread's result; fields of stages that it did not run are null. */
export interface ThreadResult {
  /** Messages by type letter or template name, from decode. */
  readonly types: Record<string, number> | null;
  readonly book: {
    readonly hash: string | null;
    readonly liveOrders: number;
    readonly instruments: number;
    /** When the last change was applied, ns since the origin. */
    readonly endNs: number;
  } | null;
  /** When the file was opened, ns since the origin. */
  readonly openNs: number | null;
  /** Why the file could not be read to its end. */
  readonly error: { readonly code: string; readonly text: string } | null;
}

/** Collects it; the thread has stopped. */
export async function bookResult(build: ThreadBuild): Promise<ThreadResult> {
  build.clock.update();
  const endNs = build.clock.elapsedNs[0] as number;
  const { input } = build.plan;
  const core = build.core;
  let hash: string | null = null;
  if (core !== null && input.kind === "file") {
    if (input.hash !== "off") hash = input.hash === "end" ? walkHashHex(core) : core.hashHex();
    if (input.dumpBook !== null) await dumpBook(core, input.dumpBook);
  }
  const failed = build.rx[0]?.failure() ?? refusal(build);
  return {
    types: build.decode?.types() ?? null,
    book:
      core === null
        ? null
        : { hash, liveOrders: core.liveOrders, instruments: core.liveInstruments, endNs },
    openNs: build.rx[0]?.openNs ?? null,
    error: failed === null ? null : { code: failed.code, text: failed.message },
  };
}

/** A table that could not grow any more: what it refused is missing from the books. */
function refusal(build: ThreadBuild): FeedError | null {
  if (build.book?.refused !== true) return null;
  const orders = build.core?.liveOrders ?? 0;
  const most = build.core?.orderCapacityMax ?? 0;
  const text = `a table of the books is full at ${orders} live orders, which may grow to ${most}`;
  return new FeedError("FEED_CAPACITY", text);
}
