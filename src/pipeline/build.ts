/**
 * Builds one thread's share of a plan: its stages from the last to the first, so that each is
 * given its sink; rings where a step crosses threads; ways home for frames.
 */
import { BookCore } from "../book/core.ts";
import { Directory } from "../book/directory.ts";
import { NullBookSink } from "../book/null-sink.ts";
import { BookStage } from "../book/stage.ts";
import { TickSink, Ticks } from "../book/ticks.ts";
import type { StageName } from "../config/config.ts";
import { assert } from "../core/assert.ts";
import { BusWriter } from "../core/bus.ts";
import type { Clock } from "../core/clock.ts";
import { MonotonicClock } from "../core/clock.ts";
import { Counters } from "../core/counters.ts";
import { FramePool, FrameView } from "../core/frames.ts";
import { Histogram } from "../core/histogram.ts";
import { adviseHuge } from "../core/native.ts";
import { ForeignPackets, UnknownTypes } from "../core/odd-input.ts";
import { RecordRingReader, RecordRingWriter } from "../core/record-ring.ts";
import type { BookSink, EventSink, FrameOwner, PacketSink, Source, Stage } from "../core/sinks.ts";
import { FEED_COUNT, FEED_SNAPSHOT } from "../core/sinks.ts";
import { SlotRingReader, type SlotRingRef, SlotRingWriter } from "../core/slot-ring.ts";
import { MergeStage } from "../merge/merge.ts";
import { MergeStatusWriter } from "../merge/status.ts";
import { Endpoint, type EndpointPorts } from "../publish/endpoint.ts";
import { ImageReader, ImageWriter } from "../publish/image.ts";
import { PublishStage } from "../publish/publish-stage.ts";
import type { RecvmmsgSource } from "../rx/socket-native.ts";
import { CaptureClock, CaptureClockSink } from "./capture-clock.ts";
import { ChangeRingSink, ChangeRingSource } from "./change-ring.ts";
import { EndpointSource } from "./endpoint-source.ts";
import { EventRingSink, EventRingSource } from "./event-ring.ts";
import { FrameRouter, FreeRingOwner } from "./frame-return.ts";
import { ImageStage } from "./image-stage.ts";
import { PacketRingSink, PacketRingSource } from "./packet-ring.ts";
import type { Plan } from "./plan.ts";
import { type Decode, type Protocol, protocolOf } from "./protocols.ts";
import { type OpenedRx, openRx, type RxParts, type WarmedRx, warmRx } from "./rx-open.ts";
import { FILE_LEVELS, FILE_ORDERS, threadOf } from "./sizes.ts";
import { SnapshotBypass } from "./snapshot-bypass.ts";
import { StopWord } from "./stop.ts";

/** A feed's source that is still to be opened; its place among the sources, -1 for a new one. */
interface WaitingRx {
  readonly parts: RxParts;
  readonly warmed: RecvmmsgSource | null;
  readonly place: number;
}

/** Where each feed is received: the snapshot channel by the stage that it is for. */
const RX_STAGES: readonly StageName[] = ["rx.a", "rx.b", "decode"];

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
  /** The sources of this thread while they warm up. */
  readonly warmed: WarmedRx[] = [];
  core: BookCore | null = null;
  book: BookStage | null = null;
  decode: Decode | null = null;
  merge: MergeStage | null = null;
  endpoint: Endpoint | null = null;
  /** Where the endpoint listens, once it does. */
  ports: EndpointPorts | null = null;
  readonly #protocol: Protocol;
  readonly #captureClock: CaptureClock | null;
  readonly #closers: (() => void)[] = [];
  readonly #views: FrameView[];
  readonly #pools: FramePool[] = [];
  readonly #rxParts: WaitingRx[] = [];
  readonly #resets: (() => void)[] = [];
  readonly #kept: object[] = [];
  #warming: boolean;
  #owner: FrameOwner | null = null;

  constructor(plan: Plan, index: number) {
    this.plan = plan;
    this.index = index;
    this.#protocol = protocolOf(plan.config);
    this.#captureClock = plan.input.kind === "file" ? new CaptureClock() : null;
    this.clock = new MonotonicClock(plan.origin);
    this.stop = new StopWord(plan.stop);
    this.counters = new Counters(plan.counters);
    this.#views = plan.frames.map((ref) => new FrameView(ref));
    this.#warming = plan.warmUp !== null;
  }

  /** Builds every stage; nothing is listened to and nobody can connect yet. */
  build(log: (line: string) => void): void {
    this.#makePools();
    const publish = this.#buildPublish();
    const book = this.#buildBook(publish);
    const decode = this.#buildDecode(book);
    const merge = this.#buildMerge(decode);
    if (this.#has("endpoint")) this.#buildEndpoint(log);
    if (this.#has("rx.a")) this.#buildRx(0, this.#sinkOfRx("rx.a", merge, decode), log);
    if (this.#has("rx.b")) this.#buildRx(1, this.#sinkOfRx("rx.b", merge, decode), log);
    const isLive = this.plan.input.kind === "sockets";
    if (decode !== null && isLive && this.plan.config.rx.snapshot !== null) {
      this.#buildRx(FEED_SNAPSHOT, decode, log);
    }
  }

  /** Everything as build() left it, while all threads stand still and before open(). */
  reset(): void {
    for (const reset of this.#resets) reset();
  }

  /**
   * The warm-up is over: what it alone needed goes.
   *
   * @param kept objects that compiled code knows: V8 throws code away whose objects are collected
   */
  endWarmUp(kept: object): void {
    this.#kept.push(kept);
    for (const { idle, warm } of this.warmed) {
      idle?.close();
      warm.drop();
    }
    this.#kept.push(...this.warmed);
    this.warmed.length = 0;
    this.#resets.length = 0;
    this.#warming = false;
  }

  /** Listens: for clients first, so that they may wait for the data. */
  async open(): Promise<void> {
    if (this.endpoint !== null) this.ports = await this.endpoint.start();
    for (const waiting of this.#rxParts) await this.#openRx(waiting);
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
    this.#resets.push(() => writer.reset());
    return writer;
  }

  #reader(ref: SlotRingRef): SlotRingReader {
    const reader = new SlotRingReader(ref);
    this.#resets.push(() => reader.reset());
    return reader;
  }

  /** Pools live where their rx does; the other threads release through free rings. */
  #makePools(): void {
    const isFile = this.plan.input.kind === "file";
    const owners: (FrameOwner | null)[] = [];
    for (let feed = 0; feed < this.#views.length; feed++) {
      owners.push(isFile && feed > 0 ? (owners[0] ?? null) : this.#makeOwner(feed));
    }
    const [a = null, b = null, snapshot = null] = owners;
    const any = a ?? b ?? snapshot;
    if (any !== null) this.#owner = new FrameRouter(a ?? any, b ?? any, snapshot ?? any);
  }

  /** The feed's pool, or the way to it; null where this thread gives none of its frames back. */
  #makeOwner(feed: number): FrameOwner | null {
    const rings = this.plan.freeRings.filter((ring) => ring.feed === feed);
    if (this.#has(RX_STAGES[feed] as StageName)) {
      const { frameCount } = this.#views[feed] as FrameView;
      const readers = rings.map((ring) => new SlotRingReader(ring.ring));
      const pool = new FramePool(frameCount, readers);
      this.#pools[feed] = pool;
      this.#resets.push(() => pool.reset());
      return pool;
    }
    const mine = rings.find((ring) => ring.from === this.index);
    return mine === undefined ? null : this.#freeRingOwner(mine.ring);
  }

  #freeRingOwner(ref: SlotRingRef): FreeRingOwner {
    const writer = new SlotRingWriter(ref);
    const owner = new FreeRingOwner(writer);
    this.stages.push(owner);
    this.#closers.push(() => writer.close());
    this.#resets.push(() => owner.reset());
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
      ...(this.#protocol.hasIds && { ids: new Directory(this.plan.directory) }),
    });
    this.#closers.push(() => bus.close());
    this.stages.push(stage);
    this.#resets.push(() => stage.reset());
    if (!this.#has("book")) {
      const reader = this.#reader(this.#ring("book", "publish"));
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
      orders: input.kind === "file" ? Math.min(FILE_ORDERS, input.ordersMax) : config.book.orders,
      levels: file ? FILE_LEVELS : config.book.levels,
      instruments: config.book.instruments,
      hash: input.kind === "file" && input.hash === "incremental",
      grow: file,
      ...(input.kind === "file" && { growOrders: input.ordersMax }),
      scoped: this.#protocol.scoped,
      advise: adviseHuge,
    });
    const directory = new Directory(this.plan.directory);
    const stage = new BookStage({ core, sink, counters: this.counters, directory });
    this.core = core;
    this.book = stage;
    this.stages.push(stage);
    this.#resets.push(
      () => stage.reset(),
      () => directory.reset(),
    );
    if (this.plan.images !== null) {
      const writer = new ImageWriter(
        new RecordRingWriter(this.plan.images),
        this.plan.imageRequest,
      );
      this.stages.push(new ImageStage(writer, core, this.counters));
      this.#resets.push(() => writer.reset());
    }
    const entry = this.#withTicks(stage);
    if (!this.#has("decode")) {
      const reader = this.#reader(this.#ring("decode", "book"));
      this.sources.push(new EventRingSource(reader, entry));
    }
    return entry;
  }

  /** Prices are held against ticks only where there are any. */
  #withTicks(stage: BookStage): EventSink {
    const { reference, config } = this.plan;
    if (reference === null) return stage;
    const ticks = new Ticks(reference, config.book.instruments, !this.#protocol.hasIds);
    return new TickSink(ticks, stage, this.counters);
  }

  #buildDecode(book: EventSink | null): PacketSink | null {
    if (!this.#has("decode")) return null;
    const sink = book ?? new EventRingSink(this.#writer("decode", "book"), this.stop);
    const unknownTypes = new UnknownTypes(this.plan.oddInput);
    const decode = this.#protocol.decode({
      config: this.plan.config,
      frames: this.#views,
      owner: this.#frameOwner(),
      sink,
      counters: this.counters,
      unknownTypes,
      stale: new Uint8Array(this.plan.stale),
      state: this.plan.state,
    });
    const { stage } = decode;
    this.decode = decode;
    this.stages.push(stage);
    this.#resets.push(
      () => unknownTypes.reset(),
      () => decode.reset(),
    );
    for (const step of this.plan.steps) {
      if (step.to !== "decode") continue;
      this.sources.push(new PacketRingSource(this.#reader(step.ring), stage));
    }
    return stage;
  }

  #buildMerge(decode: PacketSink | null): PacketSink | null {
    if (!this.#has("merge")) return null;
    const { config, input } = this.plan;
    const sink = decode ?? new PacketRingSink(this.#writer("merge", "decode"), this.stop);
    const foreign = new ForeignPackets(this.plan.oddInput);
    const cold = this.plan.steps.some((step) => step.to === "merge");
    const stage = new MergeStage({
      config: config.merge,
      start: config.channel.start,
      framing: this.#protocol.framing(config, cold),
      frames: this.#views.slice(0, FEED_COUNT),
      owner: this.#frameOwner(),
      sink,
      clock: this.#captureClock ?? this.clock,
      counters: this.counters,
      status: new MergeStatusWriter(this.plan.mergeStatus),
      foreign,
      allowUnsequenced: input.kind === "file",
    });
    this.merge = stage;
    this.stages.push(stage);
    this.#resets.push(
      () => stage.reset(),
      () => foreign.reset(),
    );
    const bypass = config.rx.snapshot === null ? stage : new SnapshotBypass(stage, sink);
    const entry =
      this.#captureClock === null ? bypass : new CaptureClockSink(this.#captureClock, bypass);
    for (const step of this.plan.steps) {
      if (step.to !== "merge") continue;
      this.sources.push(new PacketRingSource(this.#reader(step.ring), entry));
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

  #buildRx(feed: number, sink: PacketSink, log: (line: string) => void): void {
    const parts: RxParts = {
      plan: this.plan,
      feed,
      view: this.#views[feed] as FrameView,
      pool: this.#pools[feed] as FramePool,
      sink,
      clock: this.clock,
      counters: this.counters,
      stop: this.stop,
      log,
    };
    const warmed = this.plan.warmUp === null ? null : warmRx(parts);
    const place = warmed === null ? -1 : this.sources.length;
    this.#rxParts.push({ parts, warmed: warmed?.source ?? null, place });
    if (warmed === null) return;
    this.warmed.push(warmed);
    this.sources.push(warmed.source);
    this.#resets.push(() => warmed.source.reset());
  }

  async #openRx({ parts, warmed, place }: WaitingRx): Promise<void> {
    const opened = await openRx(parts, warmed);
    if (opened.note !== null) this.notes.push(opened.note);
    this.rx.push(opened);
    // A warmed source that serves on stands in its own place again.
    if (place < 0) this.sources.push(opened.source);
    else this.sources[place] = opened.source;
  }

  #buildEndpoint(log: (line: string) => void): void {
    const { bus, config, images } = this.plan;
    assert(bus !== null && images !== null, "ENDPOINT_WITHOUT_BUS");
    const directory = new Directory(this.plan.directory);
    const endpoint = new Endpoint({
      bus,
      config: config.publish,
      counters: this.counters,
      clock: this.clock,
      // What a warm-up does to the endpoint's books is nobody's concern.
      log: (line) => {
        if (!this.#warming) log(line);
      },
      directory,
      ...(this.#protocol.hasIds && { ids: directory }),
      imageSource: new ImageReader(new RecordRingReader(images), this.plan.imageRequest),
      instruments: config.book.instruments,
      orders: config.book.orders,
    });
    this.endpoint = endpoint;
    this.#resets.push(() => endpoint.reset());
    this.sources.push(new EndpointSource(endpoint, this.#has("publish")));
  }
}
