/**
 * The warm-up of a replay in one thread: a generated market and its rare rounds go through the very
 * decoder and books that the file will, in frames of the file's size; then everything is put back.
 * Thread: the replay's, before the file is opened; allocates freely.
 */
import type { FramePool, FrameView } from "../core/frames.ts";
import type { PacketSink } from "../core/sinks.ts";
import { WarmStream } from "./warm-up-stream.ts";

/** Packets between two ends of a batch. */
const BATCH = 4;
/** No warm-up takes longer, ms: what is left of it is given up. */
const MS_MAX = 4000;

/** What a replay warms up. */
export interface ReplayWarmUp {
  /** The decode stage. */
  readonly decoder: PacketSink;
  readonly pool: FramePool;
  readonly view: FrameView;
  readonly instruments: number;
  readonly orders: number;
  /** Messages at least. */
  readonly messages: number;
}

/** Runs it. @returns what has to live as long as the code that V8 made of it */
export function warmUpReplay(parts: ReplayWarmUp): object {
  const stream = new WarmStream(1, parts.instruments, parts.orders);
  const until = performance.now() + MS_MAX;
  let messages = 0;
  for (let packets = 0; messages < parts.messages && performance.now() < until; ) {
    stream.next();
    for (let at = 0; at < stream.length; packets++) {
      const cut = cutFrame(stream, at, parts.view.frameBytes);
      const frame = parts.pool.take();
      parts.view.bytes.set(stream.bytes.subarray(at, cut.end), frame * parts.view.frameBytes);
      parts.decoder.onPacket(0, frame, 0, cut.end - at, 0, 0, 0, 0, 0, 0, cut.count);
      if (packets % BATCH === 0) parts.decoder.onBatchEnd();
      messages += cut.count;
      at = cut.end;
    }
  }
  parts.decoder.onBatchEnd();
  return stream;
}

/** The blocks that fit a frame, from `at` on. */
function cutFrame(stream: WarmStream, at: number, bytes: number): { end: number; count: number } {
  let end = at;
  let count = 0;
  while (end < stream.length) {
    const block = 2 + (((stream.bytes[end] as number) << 8) | (stream.bytes[end + 1] as number));
    if (end + block - at > bytes) break;
    end += block;
    count++;
  }
  return { end: Math.min(end, stream.length), count };
}
