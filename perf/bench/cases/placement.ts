/**
 * The pipeline cut into threads: merge, decode, book and publish in any placement, with the rings
 * that production puts between them. Builds one thread's share of it.
 *
 *   main: packets from memory ─▶ merge … ─ring─▶ worker ─ring─▶ worker: … publish ─▶ bus
 */
import { walkHashHex } from "../../../src/book/hash.ts";
import type { BookStage } from "../../../src/book/stage.ts";
import { assert } from "../../../src/core/assert.ts";
import type { BusWriter } from "../../../src/core/bus.ts";
import type { Clock } from "../../../src/core/clock.ts";
import { type FrameRegionRef, FrameView } from "../../../src/core/frames.ts";
import { HISTOGRAM_BYTES, Histogram } from "../../../src/core/histogram.ts";
import type { BookSink, EventSink, PacketSink, Source } from "../../../src/core/sinks.ts";
import {
  SlotRingReader,
  type SlotRingRef,
  SlotRingWriter,
  takeSlotRing,
} from "../../../src/core/slot-ring.ts";
import type { ItchDecoder } from "../../../src/decode/itch/decoder.ts";
import type { MergeStage } from "../../../src/merge/merge.ts";
import {
  CHANGE_SLOT_WORDS,
  ChangeRingSink,
  ChangeRingSource,
} from "../../../src/pipeline/change-ring.ts";
import {
  EVENT_SLOT_WORDS,
  EventRingSink,
  EventRingSource,
} from "../../../src/pipeline/event-ring.ts";
import {
  PACKET_SLOT_WORDS,
  PacketRingSink,
  PacketRingSource,
} from "../../../src/pipeline/packet-ring.ts";
import { StopWord } from "../../../src/pipeline/stop.ts";
import type { PublishStage } from "../../../src/publish/publish-stage.ts";
import { CountingOwner } from "../input.ts";
import { hex32 } from "../result.ts";
import {
  BUS_SLOTS,
  foldFrames,
  makeBook,
  makeCounters,
  makeDecoder,
  makeMerge,
  makePublish,
} from "../stages.ts";

/** The stages that a placement puts on threads. */
export type PlacedStage = "merge" | "decode" | "book" | "publish";

/** The stages of each thread, first to last. */
export type Placement = readonly (readonly PlacedStage[])[];

const PACKET_RING_SLOTS = 4096;
const RECORD_RING_SLOTS = 65_536;

/** What one thread is given. */
export interface ShareJob {
  readonly stages: readonly PlacedStage[];
  readonly frames: readonly FrameRegionRef[];
  /** From the thread before; null for the first. */
  readonly input: SlotRingRef | null;
  /** To the thread after; null for the last. */
  readonly output: SlotRingRef | null;
  readonly stop: SharedArrayBuffer;
}

/** What a thread's share says at its end. */
export interface ShareFacts {
  readonly released: number;
  readonly checksum: string | null;
  readonly bookHash: string | null;
}

/** Takes the ring that follows a thread ending with `last`. */
export function takeStepRing(last: PlacedStage): SlotRingRef {
  if (last === "merge") return takeSlotRing(PACKET_RING_SLOTS, PACKET_SLOT_WORDS, null);
  const words = last === "decode" ? EVENT_SLOT_WORDS : CHANGE_SLOT_WORDS;
  return takeSlotRing(RECORD_RING_SLOTS, words, null);
}

/** One thread's stages, last to first, between its rings. */
export class Share {
  /** Where the thread's work comes from; null in the first thread. */
  source: Source | null = null;
  merge: MergeStage | null = null;
  readonly clock: Clock;
  readonly #job: ShareJob;
  readonly #owner = new CountingOwner();
  readonly #writer: SlotRingWriter | null;
  readonly #stop: StopWord;
  readonly #counters = makeCounters();
  #bus: BusWriter | null = null;
  #publisher: PublishStage | null = null;
  #decoder: ItchDecoder | null = null;
  #book: BookStage | null = null;

  constructor(job: ShareJob, clock: Clock) {
    this.#job = job;
    this.clock = clock;
    this.#writer = job.output === null ? null : new SlotRingWriter(job.output);
    this.#stop = new StopWord(job.stop);
    const publish = this.#publish();
    const book = this.#makeBook(publish);
    const views = job.frames.map((ref) => new FrameView(ref));
    const decode = this.#decode(views, book);
    if (this.#has("merge")) {
      const sink = decode ?? new PacketRingSink(this.#out(), this.#stop);
      this.merge = makeMerge(views, this.#owner, sink, clock, this.#counters);
    }
  }

  /** What this thread did since it was built or reset. */
  facts(): ShareFacts {
    const bus = this.#bus;
    const published = bus?.cursor[0] ?? 0;
    return {
      released: this.#owner.released,
      checksum: bus === null ? null : `${published} frames ${hex32(foldFrames(bus, BUS_SLOTS, 0))}`,
      bookHash: this.#book === null ? null : walkHashHex(this.#book.core),
    };
  }

  /** Everything but the rings, which have run empty, as it was built. */
  reset(): void {
    this.#counters.reset();
    this.merge?.reset();
    this.#decoder?.reset();
    this.#book?.reset();
    this.#publisher?.reset();
    this.#owner.released = 0;
  }

  #has(stage: PlacedStage): boolean {
    return this.#job.stages.includes(stage);
  }

  #out(): SlotRingWriter {
    assert(this.#writer !== null, "SHARE_WITHOUT_OUTPUT");
    return this.#writer;
  }

  #in(): SlotRingReader {
    assert(this.#job.input !== null, "SHARE_WITHOUT_INPUT");
    return new SlotRingReader(this.#job.input);
  }

  #publish(): BookSink | null {
    if (!this.#has("publish")) return null;
    const latency = new Histogram(new SharedArrayBuffer(HISTOGRAM_BYTES));
    const { bus, publish } = makePublish(this.clock, latency, this.#counters);
    this.#bus = bus;
    this.#publisher = publish;
    if (!this.#has("book")) this.source = new ChangeRingSource(this.#in(), publish);
    return publish;
  }

  #makeBook(publish: BookSink | null): EventSink | null {
    if (!this.#has("book")) return null;
    const sink = publish ?? new ChangeRingSink(this.#out(), this.#stop);
    const book = makeBook(sink, false, this.#counters);
    this.#book = book;
    if (!this.#has("decode")) this.source = new EventRingSource(this.#in(), book);
    return book;
  }

  #decode(views: readonly FrameView[], book: EventSink | null): PacketSink | null {
    if (!this.#has("decode")) return null;
    const sink = book ?? new EventRingSink(this.#out(), this.#stop);
    const decoder = makeDecoder(views, this.#owner, sink, this.#counters);
    this.#decoder = decoder;
    if (!this.#has("merge")) this.source = new PacketRingSource(this.#in(), decoder);
    return decoder;
  }
}
