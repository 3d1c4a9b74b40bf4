/**
 * Joining late and coming back after a gap by the snapshot channel: whenever the books say that
 * they are live, they are those of the market's own model at that message.
 */
import test, { type ExecutionContext } from "ava";
import { BookCore } from "../../src/book/core.ts";
import { Directory, takeDirectory } from "../../src/book/directory.ts";
import { NullBookSink } from "../../src/book/null-sink.ts";
import { BookStage } from "../../src/book/stage.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { FrameView, takeFrames } from "../../src/core/frames.ts";
import { ChannelControl, FEED_SNAPSHOT } from "../../src/core/sinks.ts";
import { EobiDecoder } from "../../src/decode/eobi/decoder.ts";
import { EobiFraming } from "../../src/decode/eobi/framing.ts";
import { EobiRecovery, RecoveryState } from "../../src/decode/eobi/recovery.ts";
import { C, COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import { seeded } from "../seed.ts";
import { eobiMessage, eobiPacket } from "./eobi-encoder.ts";
import { EobiMarketModel, type Pick, SEGMENT } from "./eobi-market.ts";
import { randomWords } from "./stand.ts";

const FRAME_BYTES = 2048;

/** Recovery, decoder and books, fed with datagrams as merge and the snapshot's socket would. */
class Rig {
  readonly view = new FrameView(takeFrames(FRAME_BYTES, 2, null));
  readonly counters = new Counters(takeCounters(COUNTER_COUNT));
  readonly core = new BookCore({
    orders: 4096,
    levels: 1024,
    instruments: 16,
    hash: true,
    grow: false,
    scoped: true,
  });
  readonly released: number[] = [];
  readonly recovery: EobiRecovery;
  readonly #framing = new EobiFraming();
  /** Packets given. */
  given = 0;

  constructor(packets = 1024, segment: number | null = null) {
    const { counters, core } = this;
    const directory = new Directory(takeDirectory(16));
    const sink = new BookStage({ core, sink: new NullBookSink(), counters, directory });
    const owner = { release: (feed: number) => void this.released.push(feed) };
    const frames = [this.view, this.view, this.view];
    const parts = { frames, owner, sink, counters, instruments: 16 };
    const decoder = new EobiDecoder(parts);
    const sizes = { packets, packetBytes: FRAME_BYTES, orders: 4096 };
    this.recovery = new EobiRecovery({ ...parts, ...sizes, decoder, segment });
  }

  get isLive(): boolean {
    return this.recovery.state === RecoveryState.LIVE;
  }

  count(key: keyof typeof C): number {
    this.recovery.tick();
    this.recovery.onBatchEnd();
    return this.counters.get(C[key]);
  }

  /** A datagram that merge passes on, from message `skip` on. */
  live(packet: Buffer, skip = 0): void {
    const { view } = this;
    const framing = this.#framing;
    const start = view.frameBytes;
    view.bytes.set(packet, start);
    framing.read(view.bytes, view.data, start, packet.length);
    const seq = (framing.seq[0] as number) + skip;
    const { length } = packet;
    const first = framing.skip(view.data, start, length, framing.firstOffset, skip);
    const count = framing.count - skip;
    this.given++;
    this.recovery.onPacket(0, 1, 0, length, 0, 0, 0, seq, 0, first, count);
    view.bytes.fill(0xee, start, start + length);
  }

  snapshot(packet: Buffer): void {
    const { view } = this;
    view.bytes.set(packet, 0);
    this.given++;
    this.recovery.onPacket(FEED_SNAPSHOT, 0, 0, packet.length, 0, 0, 0, 0, 0, 0, 0);
    view.bytes.fill(0xee, 0, packet.length);
  }
}

function market(seed: number): { model: EobiMarketModel; pick: Pick } {
  const words = randomWords(seed);
  const pick: Pick = (n) => (words() >>> 0) % n;
  return { model: new EobiMarketModel(pick), pick };
}

/** The hashes of the model's books after each message, by the next MsgSeqNum. */
type Hashes = Map<number, string>;

function check(t: ExecutionContext, rig: Rig, hashes: Hashes, said: string): void {
  const want = hashes.get(rig.recovery.nextSeq);
  if (rig.core.hashHex() !== want) t.is(rig.core.hashHex(), want as string, said);
}

test("a late joiner's books are exact from the first packet after a whole cycle", (t) => {
  const { model } = market(7);
  const rig = new Rig();
  const before = Array.from({ length: 300 }, () => model.step());
  t.is(before.length, 300);
  rig.live(model.step());
  t.is(rig.recovery.state, RecoveryState.WAITING);
  rig.live(model.step());
  const cycle = model.snapshot(0, 1, 5);
  const after = [model.step(), model.step()];
  for (const packet of cycle.slice(0, -1)) rig.snapshot(packet);
  t.false(rig.isLive);
  rig.live(after[0] as Buffer);
  t.is(rig.core.liveOrders, 0);
  rig.snapshot(cycle.at(-1) as Buffer);
  t.true(rig.isLive);
  rig.live(after[1] as Buffer);
  t.is(rig.core.hashHex(), model.hash());
  t.is(rig.count("SNAPSHOT_APPLIED"), 1);
  t.is(rig.count("RECOVERY_STATE"), RecoveryState.LIVE);
  t.is(rig.count("RECOVERY_GAPS"), 0);
  t.is(rig.count("BOOK_UNKNOWN_ORDERS"), 0);
  rig.snapshot(cycle[0] as Buffer);
  t.is(rig.count("SNAPSHOT_UNNEEDED"), 1);
});

test("from the first message on nobody waits, and merge's cut packets are taken as they are", (t) => {
  const { model } = market(8);
  const rig = new Rig();
  for (let i = 0; i < 50; i++) rig.live(model.step());
  t.true(rig.isLive);
  t.is(rig.core.hashHex(), model.hash());
  t.is(rig.count("RECOVERY_KEPT"), 0);
});

test("a cycle with a hole, of another product, cut short or of fewer orders fills no book", (t) => {
  const { model } = market(9);
  while (model.levels().length < 20) model.step();
  const rig = new Rig();
  rig.live(model.step());
  const cycle = model.snapshot(0, 1, 1);
  for (const [i, packet] of cycle.entries()) if (i !== 3) rig.snapshot(packet);
  t.is(rig.count("SNAPSHOT_BROKEN"), 1);
  const other = model.snapshot(0, 101, 4).map((packet) => {
    const copy = Buffer.from(packet);
    copy.writeInt32LE(SEGMENT + 1, 12);
    return copy;
  });
  for (const packet of other) rig.snapshot(packet);
  for (const packet of model.snapshot(0, 201, 4)) {
    rig.snapshot(packet.subarray(0, packet.length - 8));
  }
  t.true(rig.count("SNAPSHOT_MALFORMED") > 3);
  const fewer = model.snapshot(0, 301, 1);
  const at = fewer.findLastIndex((packet) => packet.readUInt16LE(34) === 13601);
  (fewer[at] as Buffer).writeUInt16LE(fewer.length - at + 5, 32 + 32);
  for (const packet of fewer) rig.snapshot(packet);
  t.is(rig.count("SNAPSHOT_BROKEN"), 2);
  t.false(rig.isLive);
  t.is(rig.core.liveOrders, 0);
  for (const packet of model.snapshot(0, 901, 4)) {
    rig.snapshot(packet);
    rig.snapshot(packet);
  }
  t.true(rig.isLive, "a datagram that comes twice breaks nothing");
  t.is(rig.core.hashHex(), model.hash());
});

test("two products whose packets have the same numbers are no copies of each other", (t) => {
  const { model } = market(11);
  while (model.levels().length < 5) model.step();
  const rig = new Rig();
  rig.live(model.step());
  const ours = model.snapshot(0, 7, 1000);
  t.is(ours.length, 1);
  const other = Buffer.from(ours[0] as Buffer);
  other.writeInt32LE(SEGMENT + 1, 12);
  rig.snapshot(other);
  t.false(rig.isLive);
  rig.snapshot(ours[0] as Buffer);
  t.true(rig.isLive);
  t.is(rig.core.hashHex(), model.hash());
});

test("a cycle older than what was kept is left; the next one does", (t) => {
  const { model } = market(10);
  for (let i = 0; i < 100; i++) model.step();
  const old = model.snapshot(0, 1, 10);
  for (let i = 0; i < 5; i++) model.step();
  const rig = new Rig();
  rig.live(model.step());
  for (const packet of old) rig.snapshot(packet);
  t.is(rig.count("SNAPSHOT_TOO_OLD"), 1);
  t.false(rig.isLive);
  for (const packet of model.snapshot(old.length, 100, 10)) rig.snapshot(packet);
  t.true(rig.isLive);
  t.is(rig.core.hashHex(), model.hash());
});

test("a snapshot ahead of the live packets makes them wait, not come twice", (t) => {
  const { model } = market(11);
  for (let i = 0; i < 100; i++) model.step();
  const rig = new Rig();
  rig.live(model.step());
  const late = Array.from({ length: 9 }, () => model.step());
  for (const packet of model.snapshot(0, 1, 10)) rig.snapshot(packet);
  t.true(rig.isLive);
  const hash = model.hash();
  for (const packet of late) rig.live(packet);
  t.is(rig.core.hashHex(), hash);
  rig.live(model.step());
  t.is(rig.core.hashHex(), model.hash());
  t.is(rig.count("RECOVERY_GAPS"), 0);
});

test("what was lost before a product went quiet shows by two cycles, and the second repairs it", (t) => {
  const { model } = market(15);
  const rig = new Rig();
  for (let i = 0; i < 60; i++) rig.live(model.step());
  const late = model.step();
  let appl = 1;
  const cycle = (): void => {
    const packets = model.snapshot(0, appl, 4);
    appl += packets.length;
    for (const packet of packets) rig.snapshot(packet);
  };
  cycle();
  t.true(rig.isLive);
  rig.live(late);
  cycle();
  t.is(rig.count("SNAPSHOT_APPLIED"), 0, "the live packet was only late");
  model.step();
  cycle();
  t.not(rig.core.hashHex(), model.hash());
  cycle();
  t.true(rig.isLive);
  t.is(rig.core.hashHex(), model.hash());
  t.is(rig.count("SNAPSHOT_APPLIED"), 1);
  t.is(rig.count("RECOVERY_GAPS"), 1);
  rig.live(model.step());
  t.is(rig.core.hashHex(), model.hash());
});

test("an auction's cycle has indications in place of orders", (t) => {
  const rig = new Rig(64, SEGMENT);
  const summary = { SecurityID: 77n, TotNoOrders: 12, SecurityTradingStatus: 204 };
  const messages = [
    eobiMessage("ProductSummary", { LastMsgSeqNumProcessed: 40 }, 0),
    eobiMessage("InstrumentSummary", summary, 1),
    eobiMessage("AuctionClearingPrice", { SecurityID: 77n, LastPx: 5, LastQty: 6 }, 2),
  ];
  rig.snapshot(eobiPacket(messages, { segment: SEGMENT }));
  t.true(rig.isLive);
  t.is(rig.core.liveOrders, 0);
});

test("more packets than are kept push the oldest out, and the books still come right", (t) => {
  const { model } = market(12);
  for (let i = 0; i < 50; i++) model.step();
  const rig = new Rig(64);
  rig.live(model.step());
  const early = model.snapshot(0, 1, 10);
  for (let i = 0; i < 100; i++) rig.live(model.step());
  t.is(rig.count("RECOVERY_KEEP_FULL"), 101 - 64);
  for (const packet of early) rig.snapshot(packet);
  t.is(rig.count("SNAPSHOT_TOO_OLD"), 1);
  const cycle = model.snapshot(0, 500, 10);
  for (let i = 0; i < 20; i++) rig.live(model.step());
  for (const packet of cycle) rig.snapshot(packet);
  t.true(rig.isLive);
  t.is(rig.core.hashHex(), model.hash());
});

test("a new session begins from its first message", (t) => {
  const { model } = market(13);
  const rig = new Rig();
  for (let i = 0; i < 30; i++) rig.live(model.step());
  rig.recovery.onControl(ChannelControl.NEW_SESSION);
  t.is(rig.core.liveOrders, 0);
  t.is(rig.recovery.state, RecoveryState.NEW);
  const { model: second } = market(14);
  for (let i = 0; i < 30; i++) rig.live(second.step());
  t.true(rig.isLive);
  t.is(rig.core.hashHex(), second.hash());
});

test("at random moments, with random loss on both channels, live books are the model's", (t) => {
  const seed = seeded(t, 60).seed;
  let joined = 0;
  let gaps = 0;
  for (let run = 0; run < 60; run++) {
    const { model, pick } = market(seed + run);
    const rig = new Rig(16 + pick(200));
    const hashes: Hashes = new Map([[1, model.hash()]]);
    const join = pick(200);
    let queue: Buffer[] = [];
    let appl = 1 + pick(1000);
    for (let i = 0; i < 400; i++) {
      const packet = model.step();
      hashes.set(model.seq, model.hash());
      if (pick(50) === 0) gaps += i > join ? 1 : 0;
      else if (i >= join) {
        rig.live(packet);
        if (rig.isLive) check(t, rig, hashes, `seed ${seed}, run ${run}, step ${i}`);
      }
      if (queue.length === 0) {
        queue = model.snapshot(0, appl, 1 + pick(20));
        appl += queue.length;
      }
      for (let n = pick(6); n > 0 && queue.length > 0; n--) {
        const next = queue.shift() as Buffer;
        const was = rig.isLive;
        if (i >= join && pick(100) > 0) rig.snapshot(next);
        if (!was && rig.isLive) joined++;
      }
    }
    t.is(rig.released.length, rig.given);
  }
  t.true(joined > 60, `${joined} joins`);
  t.true(gaps > 100, `${gaps} gaps`);
});
