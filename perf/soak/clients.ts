/**
 * The soak's WebSocket clients: one that stays, one that breaks off now and then and resumes, one
 * that takes a snapshot now and then. Each checks that no cursor is left out. Thread: the runner's.
 */

import { viewOf } from "../../src/client/frame.ts";
import { RawClient } from "../../src/client/raw-client.ts";
import { joinHalves } from "../../src/core/layout.ts";
import { RAW_GLOBAL_OFFSET, RAW_TYPE_OFFSET, RawType } from "../../src/publish/raw-v1.ts";

/** What one kind of client saw. */
export interface ClientFacts {
  readonly name: string;
  readonly frames: number;
  /** Frames whose cursor was not the one after the frame before. */
  readonly cursorGaps: number;
  /** Resumes, or snapshots taken whole. */
  readonly turns: number;
  /** Connections that the server ended. */
  readonly closes: readonly string[];
}

const RESUME_EVERY_MS = 7000;
const SNAPSHOT_EVERY_MS = 5000;
/** How long the client of a snapshot goes on listening to the live frames after it. */
const SNAPSHOT_STAY_MS = 1000;
const ABNORMAL_CLOSE = 1006;

/** Counts frames and checks their cursors. */
class Watcher {
  frames = 0;
  gaps = 0;
  turns = 0;
  readonly closes: string[] = [];
  #last = 0;
  #inSnapshot = false;

  /** Forgets the cursor: what comes next is another connection from elsewhere. */
  begin(): void {
    this.#last = 0;
    this.#inSnapshot = false;
  }

  /** @returns the frame's type */
  take(bytes: Uint8Array): number {
    const view = viewOf(bytes);
    const type = view.getUint16(RAW_TYPE_OFFSET, true);
    const cursor = joinHalves(
      view.getInt32(RAW_GLOBAL_OFFSET, true),
      view.getInt32(RAW_GLOBAL_OFFSET + 4, true),
    );
    this.frames++;
    if (type === RawType.GAP) this.gaps++;
    const isChange =
      type === RawType.OBO_ADD ||
      type === RawType.OBO_MODIFY ||
      type === RawType.OBO_CANCEL ||
      type === RawType.OBO_EXECUTE;
    if (type === RawType.SNAPSHOT_START) this.#inSnapshot = true;
    if (type === RawType.SNAPSHOT_END) {
      // What follows goes on from the cursor that the snapshot holds.
      this.#inSnapshot = false;
      this.#last = cursor;
    } else if (isChange && !this.#inSnapshot) {
      if (this.#last > 0 && cursor !== this.#last + 1) this.gaps++;
      this.#last = cursor;
    }
    return type;
  }

  facts(name: string): ClientFacts {
    const { frames, gaps, turns, closes } = this;
    return { name, frames, cursorGaps: gaps, turns, closes: [...closes] };
  }
}

/** The three of them. */
export class SoakClients {
  readonly #url: string;
  readonly #live = new Watcher();
  readonly #resuming = new Watcher();
  readonly #snapshots = new Watcher();
  readonly #clients: RawClient[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  #snapshot: RawClient | null = null;
  #breaking = false;
  #closed = false;

  constructor(url: string) {
    this.#url = url;
  }

  /** Connects all of them. */
  async start(): Promise<void> {
    const live = this.#connect(this.#live);
    const resuming = this.#connect(this.#resuming);
    this.#clients.push(live, resuming);
    await Promise.all([live.connect(), resuming.connect()]);
    this.#timers.push(
      setInterval(() => {
        this.#breaking = true;
        resuming.drop();
      }, RESUME_EVERY_MS),
      setInterval(() => this.#takeSnapshot(), SNAPSHOT_EVERY_MS),
    );
    this.#takeSnapshot();
  }

  /** What they saw until now. */
  facts(): ClientFacts[] {
    return [
      this.#live.facts("live"),
      this.#resuming.facts("resuming"),
      this.#snapshots.facts("snapshots"),
    ];
  }

  /** Disconnects all of them. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const client of this.#clients) client.close();
    this.#snapshot?.close();
  }

  #connect(watcher: Watcher): RawClient {
    return new RawClient(
      { url: this.#url },
      {
        onBytes: (bytes) => void watcher.take(bytes),
        onOpen: (resumed) => {
          if (resumed) watcher.turns++;
          this.#breaking = false;
        },
        onClose: (code, reason) => this.#noteClose(watcher, code, reason),
        onError: (error) => watcher.closes.push(error.message),
      },
    );
  }

  /** A broken line is the soak's own doing when it was asked for; every other end is not. */
  #noteClose(watcher: Watcher, code: number, reason: string): void {
    const own = watcher === this.#resuming && this.#breaking && code === ABNORMAL_CLOSE;
    if (!own && !this.#closed) watcher.closes.push(`${code} ${reason}`.trim());
  }

  /** One connection that ends once the snapshot is there. */
  #takeSnapshot(): void {
    if (this.#snapshot !== null || this.#closed) return;
    const watcher = this.#snapshots;
    watcher.begin();
    let done = false;
    const client = new RawClient(
      { url: this.#url, start: "snapshot", reconnect: false },
      {
        onBytes: (bytes) => {
          if (watcher.take(bytes) !== RawType.SNAPSHOT_END) return;
          done = true;
          watcher.turns++;
          setTimeout(() => {
            client.close();
            this.#snapshot = null;
          }, SNAPSHOT_STAY_MS);
        },
        onClose: (code, reason) => {
          if (!done && !this.#closed) watcher.closes.push(`${code} ${reason}`.trim());
          this.#snapshot = null;
        },
      },
    );
    this.#snapshot = client;
    client.connect().catch((error: unknown) => {
      if (!this.#closed) watcher.closes.push(String(error));
      this.#snapshot = null;
    });
  }
}
