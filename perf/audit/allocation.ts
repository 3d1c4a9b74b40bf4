/**
 * Question: does any thread from rx to publish allocate once it runs? Unit: heap bytes a message.
 *
 * A generated market goes as A and B packets through rx (recvmmsg on loopback, where the addon is
 * there), merge, decode, book and publish in one thread. The heap is looked at before and after
 * each window of packets, with nothing of the audit's own running in between, and an empty window
 * is subtracted. With --plant one object a message is allocated on purpose: the audit must see it.
 *
 *   node --expose-gc --max-semi-space-size=64 dist/perf/audit/allocation.js [--messages N]
 * [--plant]
 *
 * Exit code 0: nothing allocated (or the planted object seen), 3: otherwise.
 */
import { parseArgs } from "node:util";
import { BookCore } from "../../src/book/core.ts";
import { Directory, takeDirectory } from "../../src/book/directory.ts";
import { BookStage } from "../../src/book/stage.ts";
import { BusWriter, takeBus } from "../../src/core/bus.ts";
import { MonotonicClock, takeOrigin } from "../../src/core/clock.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { FramePool, FrameView, takeFrames } from "../../src/core/frames.ts";
import { HISTOGRAM_BYTES, Histogram } from "../../src/core/histogram.ts";
import { loadNative, type Native, type NativeSender } from "../../src/core/native.ts";
import type { PacketSink } from "../../src/core/sinks.ts";
import { ItchDecoder } from "../../src/decode/itch/decoder.ts";
import { MoldUdp64Framing } from "../../src/decode/moldudp64/framing.ts";
import { MarketGenerator } from "../../src/generate/market-generator.ts";
import { MergeStage } from "../../src/merge/merge.ts";
import { MergeStatusWriter, takeMergeStatus } from "../../src/merge/status.ts";
import { C, COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import { PublishStage } from "../../src/publish/publish-stage.ts";
import {
  openSocket,
  RecvmmsgSource,
  type SocketSourceOptions,
} from "../../src/rx/socket-native.ts";
import { PacketCutter } from "./packets.ts";
import { PlantedSink } from "./planted.ts";

const FRAME_BYTES = 2048;
const FRAMES = 4096;
const BATCH = 64;
/** Packets of each feed in a window; both feeds' fit the sockets' buffers. */
const WINDOW_PACKETS = 512;
const WARM_MESSAGES = 1_500_000;
/**
 * More than this a message is an allocation each message; the smallest object is 12 bytes. What is
 * left below it is made once a batch (the reading of the clock, the call into the addon).
 */
const BYTES_A_MESSAGE_MAX = 0.5;

/** What the audit found. */
interface Findings {
  readonly path: "recvmmsg" | "memory";
  readonly messages: number;
  readonly planted: boolean;
  readonly bytes: number;
  readonly bytesPerMessage: number;
  readonly bookHash: string;
  readonly ok: boolean;
}

/** The stages of one thread, from a frame to the bus. */
class AuditPipeline {
  readonly counters = new Counters(takeCounters(COUNTER_COUNT));
  readonly clock = new MonotonicClock(takeOrigin());
  readonly views: FrameView[];
  readonly pools: FramePool[];
  readonly core: BookCore;
  readonly merge: MergeStage;

  constructor(instruments: number, planted: boolean) {
    const native = loadNative();
    this.views = [0, 1].map(() => new FrameView(takeFrames(FRAME_BYTES, FRAMES, native)));
    this.pools = this.views.map((view) => new FramePool(view.frameCount, []));
    const { counters, clock } = this;
    const publish = new PublishStage({
      bus: new BusWriter(takeBus(1 << 16, null)),
      clock,
      counters,
      latency: new Histogram(new SharedArrayBuffer(HISTOGRAM_BYTES)),
      instruments: instruments + 1,
    });
    this.core = new BookCore({
      orders: 1 << 21,
      levels: 1 << 19,
      instruments: instruments + 1,
      hash: false,
      grow: false,
      scoped: false,
    });
    const directory = new Directory(takeDirectory(instruments + 1));
    const sink = planted ? new PlantedSink(publish) : publish;
    const book = new BookStage({ core: this.core, sink, counters, directory });
    const owner = {
      release: (feed: number, frame: number): void => this.pools[feed]?.release(feed, frame),
    };
    const decoder = new ItchDecoder({ frames: this.views, owner, sink: book, counters });
    this.merge = new MergeStage({
      config: {
        windowPackets: 1024,
        gapMessages: 100_000,
        gapTimeoutMs: 60_000,
        maxJump: 1_000_000,
        sessionSwitchMs: 1000,
        silentMs: 60_000,
      },
      start: 1,
      framing: new MoldUdp64Framing(),
      frames: this.views,
      owner,
      sink: decoder,
      clock,
      counters,
      status: new MergeStatusWriter(takeMergeStatus()),
    });
  }
}

/** Brings a window of packets to merge; take() is what is measured. */
interface Way {
  readonly path: Findings["path"];
  /** Gets both feeds' packets ready. */
  put(a: PacketCutter, b: PacketCutter): void;
  /** Takes everything that was put. */
  take(): void;
}

function recvmmsg(native: Native, options: SocketSourceOptions): RecvmmsgSource {
  return new RecvmmsgSource(options, openSocket(native, options));
}

/** Through the kernel: sendmmsg outside the measurement, recvmmsg inside. */
function kernelWay(pipeline: AuditPipeline): Way | null {
  const native = loadNative();
  if (native === null) return null;
  const port = 20_000 + (process.pid % 20_000);
  const stopWord = new Int32Array(new SharedArrayBuffer(8));
  const sources: RecvmmsgSource[] = [];
  const senders: NativeSender[] = [];
  for (let feed = 0; feed < 2; feed++) {
    const address = { group: `239.78.${1 + (process.pid % 250)}.${feed + 1}`, port };
    const config = {
      path: "recvmmsg",
      batch: BATCH,
      rcvbufBytes: 8 << 20,
      timestamps: "off",
      busyPollUs: 0,
    } as const;
    const view = pipeline.views[feed] as FrameView;
    const pool = pipeline.pools[feed] as FramePool;
    const { clock, counters } = pipeline;
    const sink: PacketSink = pipeline.merge;
    const iface = "127.0.0.1";
    sources.push(
      recvmmsg(native, {
        feed,
        config,
        address,
        iface,
        view,
        pool,
        sink,
        clock,
        counters,
        stopWord,
      }),
    );
    senders.push(native.openSender({ ...address, iface, ttl: 0 }));
  }
  const [a, b] = sources as [RecvmmsgSource, RecvmmsgSource];
  return {
    path: "recvmmsg",
    put: (packetsA, packetsB) => {
      packetsA.send(senders[0] as NativeSender);
      packetsB.send(senders[1] as NativeSender);
    },
    take: () => {
      // The addon's calls are made here only, so they are the sources' own.
      for (let idle = 0; idle < 3; ) {
        pipeline.clock.update();
        const work = a.doWork() + b.doWork();
        pipeline.merge.tick();
        idle = work === 0 ? idle + 1 : 0;
      }
    },
  };
}

/** From memory: packets are copied into frames as rx would have done. */
function memoryWay(pipeline: AuditPipeline): Way {
  let a: PacketCutter | null = null;
  let b: PacketCutter | null = null;
  const one = (feed: number, cutter: PacketCutter, i: number): void => {
    const pool = pipeline.pools[feed] as FramePool;
    const view = pipeline.views[feed] as FrameView;
    const frame = pool.take();
    const at = cutter.offsets[2 * i] as number;
    const length = cutter.offsets[2 * i + 1] as number;
    const to = frame * FRAME_BYTES;
    for (let k = 0; k < length; k++) view.bytes[to + k] = cutter.bytes[at + k] as number;
    pipeline.merge.onPacket(feed, frame, 0, length, 0, 0, 0);
  };
  return {
    path: "memory",
    put: (packetsA, packetsB) => {
      a = packetsA;
      b = packetsB;
    },
    take: () => {
      if (a === null || b === null) return;
      pipeline.clock.update();
      for (let i = 0; i < Math.max(a.count, b.count); i++) {
        if (i < a.count) one(0, a, i);
        if (i < b.count) one(1, b, i);
        if (i % BATCH === BATCH - 1) pipeline.merge.onBatchEnd();
      }
      pipeline.merge.onBatchEnd();
    },
  };
}

function audit(messagesWanted: number, instruments: number, planted: boolean): Findings {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("run with --expose-gc");
  const pipeline = new AuditPipeline(instruments, planted);
  const way = kernelWay(pipeline) ?? memoryWay(pipeline);
  const market = new MarketGenerator({ seed: 7, instruments, profile: "open" });
  const blocks = new Uint8Array(WINDOW_PACKETS * 1400);
  const a = new PacketCutter(blocks.length * 2, 1400);
  const b = new PacketCutter(blocks.length * 2, 1000);
  let bytes = 0;
  let measured = 0;
  let windows = 0;
  let seq = 1;
  while (measured < messagesWanted) {
    const end = market.fill(blocks, 0, blocks.length - 70_000);
    const count = a.cut(blocks, end, seq);
    b.cut(blocks, end, seq);
    seq += count;
    way.put(a, b);
    if (windows++ % 16 === 0) gc({ type: "minor", execution: "sync" });
    const before = process.memoryUsage().heapUsed;
    way.take();
    const after = process.memoryUsage().heapUsed;
    const empty = process.memoryUsage().heapUsed - after;
    if (seq <= WARM_MESSAGES) continue;
    measured += count;
    bytes += Math.max(0, after - before - empty);
  }
  const delivered = pipeline.counters.get(C.MERGE_DELIVERED_MESSAGES);
  if (delivered !== seq - 1) throw new Error(`${delivered} of ${seq - 1} messages arrived`);
  const bytesPerMessage = bytes / measured;
  const clean = bytesPerMessage < BYTES_A_MESSAGE_MAX;
  return {
    path: way.path,
    messages: measured,
    planted,
    bytes,
    bytesPerMessage,
    bookHash: market.bookHash(),
    ok: planted ? bytesPerMessage >= 8 : clean,
  };
}

const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "10000000" },
    instruments: { type: "string", default: "500" },
    plant: { type: "boolean", default: false },
  },
});
const findings = audit(Number(values.messages), Number(values.instruments), values.plant);
process.stdout.write(`${JSON.stringify(findings)}\n`);
process.exitCode = findings.ok ? 0 : 3;
