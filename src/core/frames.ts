/**
 * Packet frames: equal-sized frames in one region for each feed, filled by rx, read by merge and
 * decode, given back by whoever is done with them.
 */
import { assert } from "./assert.ts";
import type { Native } from "./native.ts";
import type { RegionRef } from "./region.ts";
import { mapRegion, takeRegion } from "./region.ts";
import type { FrameOwner } from "./sinks.ts";
import type { SlotRingReader } from "./slot-ring.ts";

/** A frame region's shared parts. */
export interface FrameRegionRef {
  readonly region: RegionRef;
  readonly frameBytes: number;
  readonly frameCount: number;
}

/** Takes a frame region. @param frameBytes a multiple of 64 @param frameCount 2 to 2^20 */
export function takeFrames(
  frameBytes: number,
  frameCount: number,
  native: Native | null,
): FrameRegionRef {
  assert(frameBytes % 64 === 0, "FRAME_BYTES_ALIGNED");
  return { region: takeRegion(frameBytes * frameCount, native).ref, frameBytes, frameCount };
}

/** A frame region as one thread sees it: byte b of frame f lies at f * frameBytes + b. */
export class FrameView {
  readonly bytes: Uint8Array;
  readonly data: DataView;
  readonly frameBytes: number;
  readonly frameCount: number;
  readonly ref: FrameRegionRef;

  constructor(ref: FrameRegionRef) {
    const buffer = mapRegion(ref.region).buffer;
    this.bytes = new Uint8Array(buffer);
    this.data = new DataView(buffer);
    this.frameBytes = ref.frameBytes;
    this.frameCount = ref.frameCount;
    this.ref = ref;
  }
}

/** The frames of one rx source that nobody holds. Thread: rx's. */
export class FramePool implements FrameOwner {
  readonly #free: Int32Array;
  readonly #returns: readonly SlotRingReader[];
  #count: number;

  /** @param returns free rings from the threads that give frames back */
  constructor(frameCount: number, returns: readonly SlotRingReader[]) {
    this.#free = new Int32Array(frameCount);
    this.#returns = returns;
    this.#count = frameCount;
    this.reset();
  }

  /** All frames are free, whoever held them; only while nobody uses any. */
  reset(): void {
    const frameCount = this.#free.length;
    this.#count = frameCount;
    for (let i = 0; i < frameCount; i++) this.#free[i] = frameCount - 1 - i;
    for (let r = 0; r < this.#returns.length; r++) (this.#returns[r] as SlotRingReader).reset();
  }

  /** Frames free now, without looking at the free rings. */
  get freeCount(): number {
    return this.#count;
  }

  /** Takes a frame. @returns its index, or -1 when all are held */
  take(): number {
    if (this.#count === 0) return -1;
    this.#count--;
    return this.#free[this.#count] as number;
  }

  /** Gives a frame back from rx's own thread. */
  release(_feed: number, frame: number): void {
    assert(this.#count < this.#free.length, "FRAME_RELEASED_TWICE");
    this.#free[this.#count] = frame;
    this.#count++;
  }

  /** Collects what other threads gave back. */
  drainReturns(): void {
    const returns = this.#returns;
    for (let r = 0; r < returns.length; r++) {
      const ring = returns[r] as SlotRingReader;
      const count = ring.available();
      for (let i = 0; i < count; i++) this.release(0, ring.words[ring.slot(i)] as number);
      if (count > 0) ring.release(count);
    }
  }
}
