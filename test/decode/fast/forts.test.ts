import test, { type ExecutionContext } from "ava";
import { BookCore } from "../../../src/book/core.ts";
import { walkHashHex } from "../../../src/book/hash.ts";
import { bigFromHalves, signedBigFromHalves } from "../../../src/core/layout.ts";
import { FastDecoder } from "../../../src/decode/fast/decoder.ts";
import {
  FORTS_OPTIONS,
  FortsBooks,
  FortsCount,
  type FortsSink,
} from "../../../src/decode/fast/forts.ts";
import { FastFraming } from "../../../src/decode/fast/framing.ts";
import { levelIdHi } from "../../../src/decode/fast/levels.ts";
import type { Template } from "../../../src/decode/fast/model.ts";
import { FramingKind } from "../../../src/decode/framing.ts";
import { Random } from "../../fuzz/random.ts";
import { Collected } from "./collect.ts";
import { fortsSlice, type Slice } from "./forts-slice.ts";

const OPTIONS = {
  orders: 1000,
  levels: 1000,
  instruments: 64,
  hash: true,
  grow: true,
  scoped: true,
};

/** A level is one order whose id is its price. */
class CoreSink implements FortsSink {
  readonly core = new BookCore(OPTIONS);
  onLevelNew(i: number, side: number, lo: number, hi: number, ql: number, qh: number): void {
    this.core.add(i, side, lo, levelIdHi(side, hi), lo, hi, ql, qh);
  }
  onLevelChanged(i: number, side: number, lo: number, hi: number, ql: number, qh: number): void {
    this.core.setQty(this.core.find(i, lo, levelIdHi(side, hi)), ql, qh);
  }
  onInstrument(): void {}
  onTrade(): void {}
  onSymbol(): void {}
  onStatus(): void {}
  onSession(): void {}
  onLevelGone(i: number, side: number, lo: number, hi: number): void {
    this.core.remove(this.core.find(i, lo, levelIdHi(side, hi)));
  }
}

/** Feeds datagrams to the books, each stream through a decoder of its own. */
class Feed {
  readonly sink = new CoreSink();
  readonly increments: FastDecoder;
  readonly loop: FastDecoder;
  readonly books: FortsBooks;

  constructor(templates: readonly Template[]) {
    this.increments = new FastDecoder(templates);
    this.loop = new FastDecoder(templates);
    const options = { ...FORTS_OPTIONS, instruments: 64, keptEntries: 4096 };
    this.books = new FortsBooks(this.increments.plans, this.sink, options);
  }
  increment(datagram: Uint8Array): void {
    for (let at = 0; at < datagram.length; ) {
      at = this.increments.decode(datagram, at, datagram.length);
      this.books.increment(this.increments);
    }
  }
  snapshot(datagram: Uint8Array): void {
    for (let at = 0; at < datagram.length; ) {
      at = this.loop.decode(datagram, at, datagram.length);
      this.books.snapshot(this.loop);
    }
  }
}

interface Level {
  readonly MDEntryType: string;
  readonly MDEntryPx: { exponent: number; mantissa: bigint };
  readonly MDEntrySize: bigint;
}

/** A snapshot's levels by the plain path, as text. */
function wanted(entries: readonly Level[]): string[] {
  return entries
    .filter(({ MDEntryType }) => MDEntryType === "0" || MDEntryType === "1")
    .map(({ MDEntryType: side, MDEntryPx: px, MDEntrySize: size }) => {
      const price = px.mantissa * 10n ** BigInt(px.exponent + FORTS_OPTIONS.priceDecimals);
      return `${side} ${price} ${size}`;
    });
}

/** The book core's levels of an instrument, best first, as text; each has to be one order. */
function levelsOf(t: ExecutionContext, core: BookCore, instrument: number): string[] {
  const found: string[] = [];
  for (const side of [0, 1]) {
    let level = core.firstLevel(instrument, side);
    for (; level >= 0; level = core.nextLevel(level)) {
      t.is(core.levelOrders(level), 1);
      const order = core.firstOrder(level);
      const price = signedBigFromHalves(core.levelPxLo(level), core.levelPxHi(level));
      const id = signedBigFromHalves(core.orderIdLo(order), core.orderIdHi(order));
      t.is(BigInt.asUintN(64, id), BigInt.asUintN(64, price) ^ (BigInt(side) << 63n));
      const size = bigFromHalves(core.orderQtyLo(order), core.orderQtyHi(order));
      found.push(`${side} ${price} ${size}`);
    }
  }
  return found;
}

/** A snapshot: the increment it stands after, its datagram and what the plain path reads of it. */
interface Checkpoint {
  readonly lastSeq: number;
  readonly datagram: Uint8Array;
  readonly id: bigint;
  readonly levels: readonly string[];
}

/** The snapshots among the loop's messages. */
function checkpoints(xml: string, snapshots: readonly Uint8Array[]): Checkpoint[] {
  const collected = new Collected(xml);
  return snapshots.flatMap((datagram) => {
    const fields = collected.feed(datagram)[1]?.fields ?? {};
    const lastSeq = fields["LastMsgSeqNumProcessed"];
    if (typeof lastSeq !== "number") return [];
    const levels = wanted(fields["MDEntries"] as unknown as Level[]);
    return [{ lastSeq, datagram, id: fields["SecurityID"] as bigint, levels }];
  });
}

/** Compares a live book with a snapshot of the same moment. */
function compare(t: ExecutionContext, feed: Feed, { id, levels }: Checkpoint): void {
  const { index } = feed.books;
  const instrument = index.of(Number(BigInt.asIntN(32, id)), Number(BigInt.asIntN(32, id >> 32n)));
  t.deepEqual(levelsOf(t, feed.sink.core, instrument), levels, `${id}`);
}

/** Every instrument's levels. */
function booksOf(t: ExecutionContext, { books, sink }: Feed): string[] {
  const all = Array.from({ length: books.index.count }, (_, i) => {
    return `${books.index.lo[i]} ${levelsOf(t, sink.core, i).join(", ")}`;
  });
  return all.sort();
}

/** Increments of both feeds with losses, in order and each once, by the framing's sequence. */
function merged(slice: Slice, keepsA: (i: number) => boolean, keepsB: (i: number) => boolean) {
  const framing = new FastFraming(slice.templates);
  const bySeq = new Map<number, Uint8Array>();
  const take = (datagram: Uint8Array): void => {
    const data = new DataView(datagram.buffer, datagram.byteOffset, datagram.length);
    if (framing.read(datagram, data, 0, datagram.length) !== FramingKind.DATA) {
      throw new Error("no sequence");
    }
    bySeq.set(framing.seq[0] as number, datagram);
  };
  slice.a.filter((_, i) => keepsA(i)).forEach(take);
  slice.b.filter((_, i) => keepsB(i)).forEach(take);
  return [...bySeq].sort(([x], [y]) => x - y);
}

test("books from A and B equal every later snapshot of the same instrument", (t) => {
  const found = fortsSlice(t);
  if (found === null) return;
  // B begins 24 messages later; until then A is whole, then each loses what the other has.
  const increments = merged(
    found,
    (i) => i < 24 || i % 3 !== 0,
    (i) => i % 3 !== 1,
  );
  t.is(increments.length, 600);
  const feed = new Feed(found.templates);
  const points = checkpoints(found.xml, found.snapshots);
  let compared = 0;
  let next = 0;
  for (const [seq, datagram] of increments) {
    feed.increment(datagram);
    for (; next < points.length && (points[next] as Checkpoint).lastSeq <= seq; next++) {
      const point = points[next] as Checkpoint;
      const before = feed.books.counts[FortsCount.SNAPSHOTS] as number;
      feed.snapshot(point.datagram);
      const isFirst = (feed.books.counts[FortsCount.SNAPSHOTS] as number) > before;
      compare(t, feed, point);
      if (!isFirst) compared++;
    }
  }
  const { counts } = feed.books;
  t.is(next, points.length);
  // 577 snapshots of 11 instruments: the first of each sets the book, the later ones agree.
  t.is(compared, 577 - 11);
  t.is(counts[FortsCount.SNAPSHOTS], 11);
  t.is(counts[FortsCount.COMPARED], 577 - 11);
  for (const what of [FortsCount.DIFFERENT, FortsCount.GAPS, FortsCount.RPT_GAPS]) {
    t.is(counts[what], 0);
  }
  t.is(counts[FortsCount.MISFITS], 0);
  t.is(feed.books.staleCount(), 0);
  t.is(feed.sink.core.hashHex(), walkHashHex(feed.sink.core));
  t.log(
    `${compared} snapshots, ${counts[FortsCount.APPLIED]} entries, book ${walkHashHex(feed.sink.core)}`,
  );
});

test("a late joiner keeps what comes before its snapshots and ends with the same books", (t) => {
  const found = fortsSlice(t);
  if (found === null) return;
  const whole = new Feed(found.templates);
  for (const datagram of found.a) whole.increment(datagram);
  for (const datagram of found.snapshots) whole.snapshot(datagram);
  const late = new Feed(found.templates);
  const points = checkpoints(found.xml, found.snapshots);
  for (const datagram of found.a.slice(100)) late.increment(datagram);
  // Those from before it joined cannot be used; those of the loop after are.
  for (const { datagram } of points) late.snapshot(datagram);
  t.is(late.books.staleCount(), 0);
  t.is(late.sink.core.liveOrders, whole.sink.core.liveOrders);
  t.deepEqual(booksOf(t, late), booksOf(t, whole));
});

test("a lost message makes books suspect or waiting until snapshots have caught up", (t) => {
  const found = fortsSlice(t);
  if (found === null) return;
  const feed = new Feed(found.templates);
  const points = checkpoints(found.xml, found.snapshots);
  const lost = new Set([100, 101, 250, 400]);
  let next = 0;
  let mostStale = 0;
  found.a.forEach((datagram, i) => {
    if (lost.has(i)) return;
    feed.increment(datagram);
    const seq = 482_727 + i;
    if (lost.has(i - 1)) mostStale = Math.max(mostStale, feed.books.staleCount());
    for (; next < points.length && (points[next] as Checkpoint).lastSeq <= seq; next++) {
      feed.snapshot((points[next] as Checkpoint).datagram);
    }
  });
  t.true(mostStale >= 9);
  t.is(feed.books.counts[FortsCount.GAPS], 3);
  t.is(feed.books.staleCount(), 0);
  t.is(feed.books.counts[FortsCount.DIFFERENT], 0);
  const whole = new Feed(found.templates);
  for (const datagram of found.a) whole.increment(datagram);
  for (const { datagram } of points) whole.snapshot(datagram);
  t.deepEqual(booksOf(t, feed), booksOf(t, whole));
});

test("hostile orders of messages leave every book with orders of distinct levels", (t) => {
  const found = fortsSlice(t);
  if (found === null) return;
  const random = new Random(Number(process.env["NYQ_SEED"] ?? 7));
  for (let round = 0; round < 10; round++) {
    const feed = new Feed(found.templates);
    for (let i = 0; i < 400; i++) {
      const increment = found.a[random.below(found.a.length)] as Uint8Array;
      if (random.oneIn(3)) feed.increment(increment);
      const point = found.snapshots[random.below(found.snapshots.length)] as Uint8Array;
      feed.snapshot(point);
    }
    t.is(feed.sink.core.hashHex(), walkHashHex(feed.sink.core));
    for (let i = 0; i < feed.books.index.count; i++) levelsOf(t, feed.sink.core, i);
  }
});
