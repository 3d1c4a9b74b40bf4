/** A decoder over one frame region with a recording sink: what decode tests stand on. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { FrameView, takeFrames } from "../../src/core/frames.ts";
import { takeOddInput, UnknownTypes } from "../../src/core/odd-input.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { ItchDecoder } from "../../src/decode/itch/decoder.ts";
import { COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import { RecordingSink } from "./recording-sink.ts";

/** The folder of shared data. */
export const SHARED = process.env["NYQ_SHARED"] ?? join(PACKAGE_ROOT, "..", "shared");

/** A decoder with everything around it visible. */
export class Stand {
  readonly view: FrameView;
  readonly counters = new Counters(takeCounters(COUNTER_COUNT));
  readonly sink = new RecordingSink();
  readonly released: number[] = [];
  readonly unknownTypes = new UnknownTypes(takeOddInput());
  readonly decoder: ItchDecoder;

  constructor(frameBytes = 65_536, frameCount = 2) {
    this.view = new FrameView(takeFrames(frameBytes, frameCount, null));
    const owner = { release: (_feed: number, frame: number) => void this.released.push(frame) };
    const frames = [this.view, this.view];
    const { sink, counters, unknownTypes } = this;
    this.decoder = new ItchDecoder({ frames, owner, sink, counters, unknownTypes });
  }

  /** Decodes `count` blocks that fill `bytes`, placed at `offset` of frame 1. */
  decode(bytes: Uint8Array, count: number, offset = 0, firstOffset = 0): void {
    this.view.bytes.set(bytes, this.view.frameBytes + offset);
    this.decoder.onPacket(0, 1, offset, bytes.length, 0, 0, 0, 1, 0, firstOffset, count);
  }
}

/** A field of data/itch/itch-5.0-layout.csv. */
export interface LayoutField {
  readonly type: string;
  readonly messageBytes: number;
  readonly field: string;
  readonly offset: number;
  readonly bytes: number;
}

/** The layout table, or null where the shared folder is absent. */
export function readLayout(): LayoutField[] | null {
  let text: string;
  try {
    text = readFileSync(join(SHARED, "data", "itch", "itch-5.0-layout.csv"), "utf8");
  } catch {
    return null;
  }
  return text
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => {
      const columns = line.split(",");
      return {
        type: columns[0] as string,
        messageBytes: Number(columns[2]),
        field: columns[3] as string,
        offset: Number(columns[4]),
        bytes: Number(columns[5]),
      };
    });
}

/** Deterministic 32-bit random numbers (xorshift), from NYQ_SEED or a given seed. */
export function randomWords(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
}
