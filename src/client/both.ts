/**
 * Two endpoints as one: both carry the same live frames, the first copy of each wins, and as long
 * as one of them stands nothing is lost.
 */
import type { FeedError } from "../core/errors.ts";
import { joinHalves } from "../core/layout.ts";
import { RAW_GLOBAL_OFFSET } from "../publish/raw-v1.ts";
import { decodeFrame, viewOf } from "./frame.ts";
import { RawClient, type RawClientOptions, type RawListener } from "./raw-client.ts";

/** The two connections. */
export interface BothClients {
  readonly a: RawClient;
  /** null until the first live frame has told where B must begin. */
  readonly b: () => RawClient | null;
  close(): void;
}

/**
 * Connects to both endpoints; onError is told when both have given up. A decides where to begin; B
 * follows from A's first live frame on, so
 * that no frame from before A's snapshot can come in through B.
 *
 * Cursors number frames over all instruments, so the first of each cursor is the first of each
 * (instrument, sequence).
 */
export async function connectBoth(
  optionsA: RawClientOptions,
  optionsB: RawClientOptions,
  listener: RawListener,
): Promise<BothClients> {
  let newest = 0;
  let b: RawClient | null = null;
  let closed = false;
  let aGone = false;
  let bGone = false;
  const endsA = ends(listener, (error) => {
    aGone = true;
    if (b === null || bGone) listener.onError?.(error);
  });
  const endsB = ends(listener, (error) => {
    bGone = true;
    if (aGone) listener.onError?.(error);
  });
  const take = (bytes: Uint8Array, fromA: boolean): void => {
    const view = viewOf(bytes);
    const cursor = joinHalves(
      view.getInt32(RAW_GLOBAL_OFFSET, true),
      view.getInt32(RAW_GLOBAL_OFFSET + 4, true),
    );
    if (cursor > 0 && cursor <= newest) return;
    // Heartbeats, snapshots and gaps are A's to tell while it goes on; a gap that B has filled is
    // none.
    if (cursor === 0 && !fromA && !aGone) return;
    if (cursor === 0 && newest > 0) {
      const frame = decodeFrame(bytes);
      if (frame.type === "GAP" && frame.last <= newest) return;
    }
    if (cursor > 0) newest = cursor;
    listener.onBytes?.(bytes);
    listener.onFrame?.(decodeFrame(bytes));
    if (cursor > 0 && b === null && !closed) {
      b = new RawClient(
        { ...optionsB, start: cursor },
        { onBytes: (more) => take(more, false), ...endsB },
      );
      // Why it could not is told through onError, once A is gone too.
      b.connect().catch(() => undefined);
    }
  };
  const a = new RawClient(optionsA, { onBytes: (bytes) => take(bytes, true), ...endsA });
  await a.connect();
  return {
    a,
    b: () => b,
    close() {
      closed = true;
      a.close();
      b?.close();
    },
  };
}

/** What both connections tell alike, and who takes it that one of them gives up. */
function ends(listener: RawListener, onError: (error: FeedError) => void): RawListener {
  return {
    onOpen: (resumed) => listener.onOpen?.(resumed),
    onClose: (code, reason) => listener.onClose?.(code, reason),
    onError,
  };
}
