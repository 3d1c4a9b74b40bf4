/**
 * Builds one thread's share of a plan: its stages from the last to the first, so that each is
 * given its sink; rings where a step crosses threads; ways home for frames.
 */
import { BookCore } from "../book/core.ts";
import { Directory } from "../book/directory.ts";
import { NullBookSink } from "../book/null-sink.ts";
import { BookStage } from "../book/stage.ts";
import type { StageName } from "../config/config.ts";
import { assert } from "../core/assert.ts";
import { BusWriter } from "../core/bus.ts";
import type { Clock } from "../core/clock.ts";
import { MonotonicClock } from "../core/clock.ts";
import { Counters } from "../core/counters.ts";
import { FramePool, FrameView } from "../core/frames.ts";
import { Histogram } from "../core/histogram.ts";
import { RecordRingReader, RecordRingWriter } from "../core/record-ring.ts";
import type { BookSink, EventSink, FrameOwner, PacketSink, Source, Stage } from "../core/sinks.ts";
import { SlotRingReader, type SlotRingRef, SlotRingWriter } from "../core/slot-ring.ts";
import { ItchDecoder } from "../decode/itch/decoder.ts";
import { MoldUdp64Framing } from "../decode/moldudp64/framing.ts";
import { MergeStage } from "../merge/merge.ts";
import { MergeStatusWriter } from "../merge/status.ts";
import { Endpoint, type EndpointPorts } from "../publish/endpoint.ts";
import { ImageReader, ImageWriter } from "../publish/image.ts";
import { PublishStage } from "../publish/publish-stage.ts";
import { CaptureClock, CaptureClockSink } from "./capture-clock.ts";
import { ChangeRingSink, ChangeRingSource } from "./change-ring.ts";
import { EndpointSource } from "./endpoint-source.ts";
import { EventRingSink, EventRingSource } from "./event-ring.ts";
import { FrameRouter, FreeRingOwner } from "./frame-return.ts";
import { ImageStage } from "./image-stage.ts";
import { PacketRingSink, PacketRingSource } from "./packet-ring.ts";
import { type Plan, threadOf } from "./plan.ts";
import { type OpenedRx, openRx } from "./rx-open.ts";
import { StopWord } from "./stop.ts";

/** Where the tables of a replay start; they grow. */
const FILE_ORDERS = 1 << 19;
const FILE_LEVELS = 1 << 17;

/** One thread's share of a pipeline, built and not yet running. */
export class ThreadBuild {
  readonly plan: Plan;
  readonly index: number;
  readonly clock: Clock;
  readonly stop: StopWord;
  readonly counters: Counters;
  readonly sources: Source[] = [];
  readonly stages: Stage[] = [];
  readonly notes: string[] = [];
  readonly rx: OpenedRx[] = [];
  core: BookCore | null = null;
  book: BookStage | null = null;
  decoder: ItchDecoder | null = null;
  merge: MergeStage | null = null;
  endpoint: Endpoint | null = null;
  /** Where the endpoint listens, once it does. */
  ports: EndpointPorts | null = null;
  readonly #captureClock: CaptureClock | null;
  readonly #closers: (() => void)[] = [];
  readonly #views: FrameView[];
  readonly #pools: FramePool[] = [];
  #owner: FrameOwner | null = null;

  constructor(plan: Plan, index: number) {
    this.plan = plan;
    this.index = index;
    this.#captureClock = plan.input.kind === "file" ? new CaptureClock() : null;
    this.clock = new MonotonicClock(plan.origin);
    this.stop = new StopWord(plan.stop);
    this.counters = new Counters(plan.counters);
    this.#views = plan.frames.map((ref) => new FrameView(ref));
  }

  /** Builds everything that needs no waiting; open() does the rest. */
  async open(log: (line: string) => void): Promise<void> {
    this.#makePools();
    const publish = this.#buildPublish();
    const book = this.#buildBook(publish);
    const decode = this.#buildDecode(book);
    const merge = this.#buildMerge(decode);
    if (this.#has("endpoint")) await this.#buildEndpoint(log);
    if (this.#has("rx.a")) await this.#buildRx(0, this.#sinkOfRx("rx.a", merge, decode));
    if (this.#has("rx.b")) await this.#buildRx(1, this.#sinkOfRx("rx.b", merge, decode));
  }

  /** Ends what the thread's last cycle left open: timers of a file, rings, the bus. */
  finish(): void {
    if (this.#captureClock !== null && this.merge !== null) {
      for (let i = 0; i < 3; i++) {
        this.#captureClock.expire();
        this.merge.tick();
      }
      this.merge.onBatchEnd();
    }
    this.merge?.close();
    for (const close of this.#closers) close();
    for (const rx of this.rx) rx.source.close();
  }

  #has(stage: StageName): boolean {
    return threadOf(this.plan.threads, stage) === this.index;
  }

  #ring(from: StageName, to: StageName): SlotRingRef {
    const step = this.plan.steps.find((ring) => ring.from === from && ring.to === to);
    assert(step !== undefined, `STEP_WITHOUT_RING ${from} ${to}`);
    return step.ring;
  }

  #writer(from: StageName, to: StageName): SlotRingWriter {
    const writer = new SlotRingWriter(this.#ring(from, to));
    this.#closers.push(() => writer.close());
    return writer;
  }

  /** Pools live where their rx does; the other threads release through free rings. */
  #makePools(): void {
    const owners: FrameOwner[] = [];
    for (let feed = 0; feed < this.#views.length; feed++) {
      const view = this.#views[feed] as FrameView;
      const ringFeed = this.plan.input.kind === "file" ? 0 : feed;
      const rings = this.plan.freeRings.filter((ring) => ring.feed === ringFeed);
      if (this.#has(ringFeed === 0 ? "rx.a" : "rx.b")) {
        const pool =
          this.#pools[ringFeed] ??
          new FramePool(
            view.frameCount,
            rings.map((ring) => new SlotRingReader(ring.ring)),
          );
        this.#pools[ringFeed] = pool;
        owners.push(pool);
        continue;
      }
      const mine = rings.find((ring) => ring.from === this.index);
      if (mine === undefined) continue;
      const reused = ringFeed !== feed ? owners[0] : undefined;
      const owner = reused ?? this.#freeRingOwner(mine.ring);
      owners.push(owner);
    }
    const [a, b] = owners;
    if (a !== undefined) this.#owner = new FrameRouter(a, b ?? a);
  }

  #freeRingOwner(ref: SlotRingRef): FreeRingOwner {
    const writer = new SlotRingWriter(ref);
    const owner = new FreeRingOwner(writer);
    this.stages.push(owner);
    this.#closers.push(() => writer.close());
    return owner;
  }

  #frameOwner(): FrameOwner {
    assert(this.#owner !== null, "NO_WAY_HOME_FOR_FRAMES");
    return this.#owner;
  }

  #buildPublish(): BookSink | null {
    if (!this.#has("publish")) return null;
    assert(this.plan.bus !== null, "PUBLISH_WITHOUT_BUS");
    const bus = new BusWriter(this.plan.bus);
    const stage = new PublishStage({
      bus,
      clock: this.clock,
      counters: this.counters,
      latency: new Histogram(this.plan.latency),
      instruments: this.plan.config.book.instruments,
    });
    this.#closers.push(() => bus.close());
    this.stages.push(stage);
    if (!this.#has("book")) {
      const reader = new SlotRingReader(this.#ring("book", "publish"));
      this.sources.push(new ChangeRingSource(reader, stage));
    }
    return stage;
  }

  #buildBook(publish: BookSink | null): EventSink | null {
    if (!this.#has("book")) return null;
    const { config, input } = this.plan;
    const file = input.kind === "file";
    const sink =
      publish ??
      (file ? new NullBookSink() : new ChangeRingSink(this.#writer("book", "publish"), this.stop));
    const core = new BookCore({
      orders: file ? FILE_ORDERS : config.book.orders,
      levels: file ? FILE_LEVELS : config.book.levels,
      instruments: config.book.instruments,
      hash: input.kind === "file" && input.hash === "incremental",
      grow: file,
      scoped: false,
    });
    const directory = new Directory(this.plan.directory);
    const stage = new BookStage({ core, sink, counters: this.counters, directory });
    this.core = core;
    this.book = stage;
    this.stages.push(stage);
    if (this.plan.images !== null) {
      const writer = new ImageWriter(
        new RecordRingWriter(this.plan.images),
        this.plan.imageRequest,
      );
      this.stages.push(new ImageStage(writer, core, this.counters));
    }
    if (!this.#has("decode")) {
      const reader = new SlotRingReader(this.#ring("decode", "book"));
      this.sources.push(new EventRingSource(reader, stage));
    }
    return stage;
  }

  #buildDecode(book: EventSink | null): PacketSink | null {
    if (!this.#has("decode")) return null;
    const sink = book ?? new EventRingSink(this.#writer("decode", "book"), this.stop);
    const decoder = new ItchDecoder({
      frames: this.#views,
      owner: this.#frameOwner(),
      sink,
      counters: this.counters,
    });
    this.decoder = decoder;
    this.stages.push(decoder);
    for (const step of this.plan.steps) {
      if (step.to !== "decode") continue;
      this.sources.push(new PacketRingSource(new SlotRingReader(step.ring), decoder));
    }
    return decoder;
  }

  #buildMerge(decode: PacketSink | null): PacketSink | null {
    if (!this.#has("merge")) return null;
    const { config, input } = this.plan;
    const sink = decode ?? new PacketRingSink(this.#writer("merge", "decode"), this.stop);
    const stage = new MergeStage({
      config: config.merge,
      start: config.channel.start,
      framing: new MoldUdp64Framing(),
      frames: this.#views,
      owner: this.#frameOwner(),
      sink,
      clock: this.#captureClock ?? this.clock,
      counters: this.counters,
      status: new MergeStatusWriter(this.plan.mergeStatus),
      allowUnsequenced: input.kind === "file",
    });
    this.merge = stage;
    this.stages.push(stage);
    const entry =
      this.#captureClock === null ? stage : new CaptureClockSink(this.#captureClock, stage);
    for (const step of this.plan.steps) {
      if (step.to !== "merge") continue;
      this.sources.push(new PacketRingSource(new SlotRingReader(step.ring), entry));
    }
    return entry;
  }

  /** What rx hands its packets to: the next stage here, or the ring of the step that leaves. */
  #sinkOfRx(rx: "rx.a" | "rx.b", merge: PacketSink | null, decode: PacketSink | null): PacketSink {
    const step = this.plan.steps.find((ring) => ring.from === rx);
    if (step !== undefined) return new PacketRingSink(this.#writer(rx, step.to), this.stop);
    const sink = merge ?? decode;
    assert(sink !== null, "RX_WITHOUT_SINK");
    return sink;
  }

  async #buildRx(feed: number, sink: PacketSink): Promise<void> {
    const opened = await openRx({
      plan: this.plan,
      feed,
      view: this.#views[feed] as FrameView,
      pool: this.#pools[feed] as FramePool,
      sink,
      clock: this.clock,
      counters: this.counters,
      stop: this.stop,
    });
    if (opened.note !== null) this.notes.push(opened.note);
    this.rx.push(opened);
    this.sources.push(opened.source);
  }

  async #buildEndpoint(log: (line: string) => void): Promise<void> {
    const { bus, config, images } = this.plan;
    assert(bus !== null && images !== null, "ENDPOINT_WITHOUT_BUS");
    this.endpoint = new Endpoint({
      bus,
      config: config.publish,
      counters: this.counters,
      clock: this.clock,
      log,
      directory: new Directory(this.plan.directory),
      imageSource: new ImageReader(new RecordRingReader(images), this.plan.imageRequest),
      instruments: config.book.instruments,
      orders: config.book.orders,
    });
    this.ports = await this.endpoint.start();
    this.sources.push(new EndpointSource(this.endpoint, this.#has("publish")));
  }
}
