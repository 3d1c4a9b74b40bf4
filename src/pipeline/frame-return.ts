/**
 * Ways home for frames: straight into the pool when rx shares the thread, else through a free ring
 * that is published once a duty cycle.
 */
import { assert } from "../core/assert.ts";
import type { FrameOwner, Stage } from "../core/sinks.ts";
import type { SlotRingWriter } from "../core/slot-ring.ts";

const PUBLISH_EVERY = 32;

/** Gives frames back to rx in another thread. The ring holds as many as there are frames. */
export class FreeRingOwner implements FrameOwner, Stage {
  readonly #ring: SlotRingWriter;
  #pending = 0;

  constructor(ring: SlotRingWriter) {
    this.#ring = ring;
  }

  release(_feed: number, frame: number): void {
    const at = this.#ring.claim();
    assert(at >= 0, "FREE_RING_FULL");
    this.#ring.words[at] = frame;
    this.#pending++;
    if (this.#pending >= PUBLISH_EVERY) this.tick();
  }

  /** As new; only while neither side uses the ring. */
  reset(): void {
    this.#pending = 0;
    this.#ring.reset();
  }

  tick(): void {
    if (this.#pending === 0) return;
    this.#pending = 0;
    this.#ring.publish();
  }
}

/** Sends each feed's frames home by that feed's way. */
export class FrameRouter implements FrameOwner {
  readonly #a: FrameOwner;
  readonly #b: FrameOwner;
  readonly #snapshot: FrameOwner;

  constructor(a: FrameOwner, b: FrameOwner, snapshot: FrameOwner = b) {
    this.#a = a;
    this.#b = b;
    this.#snapshot = snapshot;
  }

  release(feed: number, frame: number): void {
    if (feed === 0) this.#a.release(0, frame);
    else if (feed === 1) this.#b.release(1, frame);
    else this.#snapshot.release(feed, frame);
  }
}
