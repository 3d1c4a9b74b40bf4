/**
 * Everything between the sockets and a client, in one thread: frames, merge, decode, book, publish,
 * the bus, and a client's books that follow it. What each part promises is checked from outside:
 * frames are counted, header reads are counted (a loop that does not end reads headers), the books
 * are walked, and the client's must be the server's.
 */
import { BookCore } from "../../src/book/core.ts";
import { Directory, takeDirectory } from "../../src/book/directory.ts";
import { checkIntegrity } from "../../src/book/integrity.ts";
import { BookStage } from "../../src/book/stage.ts";
import { ClientBooks } from "../../src/client/client-book.ts";
import type { MergeConfig } from "../../src/config/config.ts";
import { assert } from "../../src/core/assert.ts";
import {
  BUS_FRAME_OFFSET,
  BUS_LENGTH_OFFSET,
  BUS_SLOT_BYTES,
  BusReader,
  BusWriter,
  takeBus,
} from "../../src/core/bus.ts";
import { ManualClock } from "../../src/core/clock.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { FramePool, FrameView, takeFrames } from "../../src/core/frames.ts";
import type { FrameOwner } from "../../src/core/sinks.ts";
import { FEED_COUNT } from "../../src/core/sinks.ts";
import { ItchDecoder } from "../../src/decode/itch/decoder.ts";
import { MoldUdp64Framing } from "../../src/decode/moldudp64/framing.ts";
import { MergeStage } from "../../src/merge/merge.ts";
import { NEXT } from "../../src/merge/sequencer.ts";
import { MergeStatusWriter, takeMergeStatus } from "../../src/merge/status.ts";
import { C, COUNTER_COUNT, type CounterKey } from "../../src/metrics/counter-table.ts";
import { PublishStage } from "../../src/publish/publish-stage.ts";

const FRAME_BYTES = 1472;
/** Where packets lie in their frames. */
const OFFSET = 8;
const READ_SLOTS = 256;
/** Header reads that one packet or one tick may cost beyond those of the held packets. */
const READS_MAX = 64;
const TICK_NS = 2e6;

/** Sizes of a {@link PipelineRig}. */
export interface RigSizes {
  readonly merge: MergeConfig;
  /** As in channel.start. */
  readonly start: number | null;
  readonly frames: number;
  readonly orders: number;
  readonly levels: number;
  readonly instruments: number;
  readonly busFrames: number;
}

/** A framing that counts how often headers are read. */
class WatchedFraming extends MoldUdp64Framing {
  reads = 0;
  readsMax = Number.POSITIVE_INFINITY;

  override readHeader(bytes: Uint8Array, data: DataView, offset: number, length: number): number {
    this.reads++;
    assert(this.reads <= this.readsMax, "FUZZ_HANG");
    return super.readHeader(bytes, data, offset, length);
  }
}

/** A feed's frames; knows which are out. */
class CountedFrames {
  readonly view: FrameView;
  out = 0;
  readonly #pool: FramePool;
  readonly #isOut: Uint8Array;

  constructor(frames: number) {
    this.view = new FrameView(takeFrames(FRAME_BYTES, frames, null));
    this.#pool = new FramePool(frames, []);
    this.#isOut = new Uint8Array(frames);
  }

  take(): number {
    const frame = this.#pool.take();
    assert(frame >= 0, "FUZZ_POOL_RAN_DRY");
    this.#isOut[frame] = 1;
    this.out++;
    return frame;
  }

  release(feed: number, frame: number): void {
    assert(this.#isOut[frame] === 1, "FUZZ_FRAME_RELEASED_TWICE");
    this.#isOut[frame] = 0;
    this.out--;
    this.#pool.release(feed, frame);
  }
}

/** A whole pipeline in one thread. */
export class PipelineRig {
  readonly clock = new ManualClock();
  readonly counters = new Counters(takeCounters(COUNTER_COUNT));
  readonly merge: MergeStage;
  readonly book: BookStage;
  readonly sizes: RigSizes;
  readonly #client: ClientBooks;
  readonly #bus: BusReader;
  readonly #slots = new Uint8Array(READ_SLOTS * BUS_SLOT_BYTES);
  readonly #framing = new WatchedFraming();
  readonly #frames: readonly CountedFrames[];

  constructor(sizes: RigSizes) {
    this.sizes = sizes;
    const { clock, counters } = this;
    const frames = [new CountedFrames(sizes.frames), new CountedFrames(sizes.frames)];
    this.#frames = frames;
    const owner: FrameOwner = {
      release: (feed, frame) => (frames[feed] as CountedFrames).release(feed, frame),
    };
    const bus = takeBus(sizes.busFrames, null);
    this.#bus = new BusReader(bus);
    this.#client = new ClientBooks({ instruments: sizes.instruments });
    const { instruments } = sizes;
    const publish = new PublishStage({
      bus: new BusWriter(bus),
      clock,
      counters,
      latency: null,
      instruments,
    });
    this.book = makeBook(sizes, counters, publish);
    const views = frames.map((feed) => feed.view);
    this.merge = new MergeStage({
      config: sizes.merge,
      start: sizes.start,
      framing: this.#framing,
      frames: views,
      owner,
      sink: new ItchDecoder({ frames: views, owner, sink: this.book, counters }),
      clock,
      counters,
      status: new MergeStatusWriter(takeMergeStatus()),
    });
  }

  /** Sequence of the next message that merge waits for. */
  get next(): number {
    return this.merge.sequencer.state[NEXT] as number;
  }

  count(key: CounterKey): number {
    return this.counters.get(C[key]);
  }

  /** One datagram arrives; what is longer than a frame is cut off, as a socket does. */
  give(feed: number, bytes: Uint8Array): void {
    const frames = this.#frames[feed] as CountedFrames;
    const frame = frames.take();
    const length = Math.min(bytes.length, FRAME_BYTES - OFFSET);
    frames.view.bytes.set(bytes.subarray(0, length), frame * FRAME_BYTES + OFFSET);
    this.#watch();
    this.merge.onPacket(feed, frame, OFFSET, length, 0, 0, 0);
  }

  /** Time passes as a thread sees it that runs all the while. */
  wait(ms: number): void {
    for (let left = ms * 1e6; left > 0; left -= TICK_NS) {
      this.clock.advance(Math.min(TICK_NS, left));
      this.#watch();
      this.merge.tick();
    }
  }

  /** Ends the batch; the client reads, and frames are counted. */
  endBatch(): void {
    this.merge.onBatchEnd();
    this.#read();
    for (let feed = 0; feed < FEED_COUNT; feed++) {
      const { out } = this.#frames[feed] as CountedFrames;
      assert(out === this.merge.heldFrames(feed), "FUZZ_FRAME_LOST");
    }
  }

  /** Walks the books, and compares them with the client's. */
  checkBooks(): void {
    const findings = checkIntegrity(this.book.core);
    assert(findings.length === 0, `FUZZ_INTEGRITY ${findings[0]}`);
    assert(this.#client.hash === this.book.core.hashHex(), "FUZZ_CLIENT_DIFFERS");
    assert(this.#client.duplicates === 0, "FUZZ_CLIENT_DUPLICATES");
  }

  /** Ends merge: every frame must be home. */
  close(): void {
    this.endBatch();
    this.checkBooks();
    this.merge.close();
    for (const frames of this.#frames) assert(frames.out === 0, "FUZZ_FRAME_LOST_AT_THE_END");
  }

  /** Every held packet may be read again once, and a suspect one twice. */
  #watch(): void {
    const held = this.merge.heldFrames(0) + this.merge.heldFrames(1);
    this.#framing.readsMax = this.#framing.reads + READS_MAX + 4 * held;
  }

  #read(): void {
    for (;;) {
      const count = this.#bus.read(this.#slots, READ_SLOTS);
      assert(count >= 0, "FUZZ_BUS_OVERRUN");
      for (let i = 0; i < count; i++) {
        const at = i * BUS_SLOT_BYTES;
        const length = this.#slots[at + BUS_LENGTH_OFFSET] as number;
        const from = at + BUS_FRAME_OFFSET;
        this.#client.applyBytes(this.#slots.subarray(from, from + length));
      }
      if (count < READ_SLOTS) return;
    }
  }
}

/** A book stage of those sizes that keeps its hash. */
export function makeBook(
  sizes: RigSizes,
  counters: Counters,
  sink: ConstructorParameters<typeof BookStage>[0]["sink"],
): BookStage {
  const { orders, levels, instruments } = sizes;
  const core = new BookCore({
    orders,
    levels,
    instruments,
    hash: true,
    grow: false,
    scoped: false,
  });
  const directory = new Directory(takeDirectory(instruments));
  return new BookStage({ core, sink, counters, directory });
}
