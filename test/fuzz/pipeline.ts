/**
 * Two targets over a whole pipeline, with good packets in between.
 *
 *   pipeline       any hostile packet, of whatever session and sequence: books may change, since a
 *                  forger who hits the session and the next sequence is the venue; but nothing
 *                  breaks, and at the end a fresh session gets through
 *   unbelievable   only packets that nobody may believe: malformed, of other sessions, far ahead,
 *                  behind what was applied; at most two in a row on one feed. The books must stay
 *                  what the good packets alone make of them
 */
import { join } from "node:path";
import { NullBookSink } from "../../src/book/null-sink.ts";
import type { BookStage } from "../../src/book/stage.ts";
import type { MergeConfig } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { assert } from "../../src/core/assert.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { FrameView, takeFrames } from "../../src/core/frames.ts";
import { highHalf, TWO_32 } from "../../src/core/layout.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { ItchDecoder } from "../../src/decode/itch/decoder.ts";
import { ItchWriter } from "../../src/decode/itch/encoder.ts";
import { MESSAGES_MAX, sessionBytes } from "../../src/decode/moldudp64/encoder.ts";
import { COUNT, HEADER_BYTES, SEQUENCE } from "../../src/decode/moldudp64/layout.ts";
import { COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import { someBlocks } from "./corpus.ts";
import { makeBook, PipelineRig, type RigSizes } from "./pipeline-rig.ts";
import { Random } from "./random.ts";
import type { Target } from "./targets.ts";

/** Cases that a pipeline lives through before the next one takes its place. */
const LIFE = 10_000;
const WALK_EVERY = 1000;
const SESSION = sessionBytes("GOOD");
const SENTINELS = 16;
const SENTINEL_INSTRUMENT = 40;
/** Order ids of the good messages are below 32. */
const SENTINEL_ID = 1000;
/** Far sequences that have nothing to do with each other lie so far apart. */
const ZONE = 4_000_000;
const FAR = 2 ** 40;
const SEQUENCE_MAX = Number.MAX_SAFE_INTEGER;

/** Message blocks and how many they are. */
interface Blocks {
  readonly bytes: Uint8Array;
  readonly count: number;
}

/** A packet of any header. `count` may lie. */
function packet(session: Uint8Array, seq: number, count: number, blocks: Uint8Array): Uint8Array {
  const out = new Uint8Array(HEADER_BYTES + blocks.length);
  out.set(session);
  putSequence(out, seq);
  out[COUNT] = count >>> 8;
  out[COUNT + 1] = count;
  out.set(blocks, HEADER_BYTES);
  return out;
}

function putSequence(out: Uint8Array, seq: number): void {
  const view = new DataView(out.buffer, out.byteOffset);
  view.setInt32(SEQUENCE, highHalf(seq));
  view.setUint32(SEQUENCE + 4, seq % TWO_32);
}

/** The merge section that ships, and one whose bounds are all hit soon. */
function sizesOf(tight: boolean, start: number | null): RigSizes {
  const file = join(PACKAGE_ROOT, "config", "laptop.toml");
  const { merge } = loadConfig({ file, env: {}, sets: [], flags: [] });
  const narrow: MergeConfig = { ...merge, windowPackets: 16, gapMessages: 100 };
  const books = { instruments: 64, orders: tight ? 48 : 4096, levels: tight ? 40 : 4096 };
  return tight
    ? { merge: narrow, start, frames: 40, busFrames: 8192, ...books }
    : { merge, start, frames: 1024, busFrames: 131_072, ...books };
}

/** Small enough for a frame, so that no message of the good stream is cut off. */
function goodBlocks(random: Random): Blocks[] {
  return Array.from({ length: 64 }, () => someBlocks(random, 1 + random.below(12)));
}

/** Any hostile packet. */
class PipelineCases {
  readonly #random: Random;
  readonly #good: readonly Blocks[];
  readonly #sessions: Uint8Array[];
  #rig: PipelineRig | null = null;
  #lives = 0;
  #cases = 0;
  #session: Uint8Array = SESSION;
  #seq = 1;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#good = goodBlocks(this.#random);
    this.#sessions = ["GOOD", "OTHER", "GOOD2", ""].map(sessionBytes);
  }

  run(bytes: Uint8Array): void {
    const random = this.#random;
    const rig = this.#living();
    for (let i = random.below(3); i > 0; i--) this.#goodPacket(rig);
    if (random.oneIn(40)) this.#hole(rig);
    const hostile = this.#disguise(rig, bytes);
    const feeds = random.oneIn(6) ? 2 : 1;
    const feed = random.below(2);
    // Some come in a row, and on both feeds, so that jumps and sessions are believed too.
    for (let i = random.oneIn(8) ? 1 + random.below(5) : 1; i > 0; i--) {
      for (let f = 0; f < feeds; f++) rig.give(feed ^ f, hostile);
      this.#goOn(hostile);
    }
    rig.wait(random.oneIn(50) ? random.below(1500) : random.below(3));
    rig.endBatch();
    this.#cases++;
    if (this.#cases % WALK_EVERY === 0) rig.checkBooks();
    if (this.#cases % LIFE === 0) this.#bury(rig);
  }

  #living(): PipelineRig {
    if (this.#rig === null) {
      this.#rig = new PipelineRig(sizesOf(this.#lives % 2 === 0, this.#lives % 3 === 0 ? 1 : null));
      this.#lives++;
      this.#session = SESSION;
      this.#seq = 1;
    }
    return this.#rig;
  }

  /** The next packet of a venue that knows where its readers are, often enough. */
  #goodPacket(rig: PipelineRig): void {
    const random = this.#random;
    if (random.oneIn(4)) this.#follow(rig);
    const blocks = this.#good[random.below(this.#good.length)] as Blocks;
    const bytes = packet(this.#session, this.#seq, blocks.count, blocks.bytes);
    this.#seq += blocks.count;
    const lost = random.below(6);
    if (lost !== 0) rig.give(0, bytes);
    if (lost !== 1) rig.give(1, bytes);
  }

  /** Messages are lost on both feeds, and many packets from behind them come in any order. */
  #hole(rig: PipelineRig): void {
    const random = this.#random;
    this.#follow(rig);
    this.#seq += 1 + random.below(20);
    const feeds = 1 + random.below(2);
    const late: Uint8Array[] = [];
    for (let i = random.below(70); i >= 0; i--) {
      const blocks = this.#good[random.below(this.#good.length)] as Blocks;
      late.push(packet(this.#session, this.#seq, blocks.count, blocks.bytes));
      this.#seq += blocks.count;
    }
    while (late.length > 0) {
      const [bytes] = late.splice(random.oneIn(3) ? random.below(late.length) : 0, 1);
      for (let feed = 0; feed < feeds; feed++) rig.give(feed, bytes as Uint8Array);
    }
  }

  #follow(rig: PipelineRig): void {
    const { session } = rig.merge;
    if (!session.known || rig.next < 1 || rig.next > SEQUENCE_MAX - 1000) return;
    const name = new Uint8Array(10);
    const view = new DataView(name.buffer);
    view.setInt32(0, session.hi);
    view.setInt32(4, session.mid);
    view.setUint16(8, session.lo);
    this.#session = name;
    this.#seq = rig.next;
  }

  /** Gives half of the packets a session and a sequence that hurt. */
  #disguise(rig: PipelineRig, bytes: Uint8Array): Uint8Array {
    const random = this.#random;
    if (bytes.length < HEADER_BYTES || random.oneIn(2)) return bytes;
    const out = bytes.slice();
    const known = random.oneIn(3) ? this.#session : this.#sessions[random.below(4)];
    out.set(known as Uint8Array);
    const { maxJump } = rig.sizes.merge;
    const { next } = rig;
    const away = [0, 0, 0, 1, 2, 30, 500, -1, -5, -400, maxJump, maxJump + 1, maxJump - 1, 2 ** 45];
    const seq = next + (away[random.below(away.length)] as number);
    putSequence(out, random.oneIn(20) ? SEQUENCE_MAX - random.below(30) : Math.max(0, seq));
    if (random.oneIn(15)) out[COUNT] = out[COUNT + 1] = random.oneIn(2) ? 0 : 0xff;
    return out;
  }

  /** Moves a packet's sequence behind its last message. */
  #goOn(out: Uint8Array): void {
    if (out.length < HEADER_BYTES) return;
    const view = new DataView(out.buffer, out.byteOffset);
    const count = view.getUint16(COUNT) % (MESSAGES_MAX + 1);
    view.setUint32(SEQUENCE + 4, view.getUint32(SEQUENCE + 4) + count);
  }

  /** Whatever came before, a new session of an honest venue gets through; then all frames go home. */
  #bury(rig: PipelineRig): void {
    const session = sessionBytes(`FRESH${this.#lives}`);
    // A believed stream of before may take over first, one a feed, and each must fall silent.
    rig.wait(3 * rig.sizes.merge.sessionSwitchMs + 2100);
    const blocks = this.#good[0] as Blocks;
    for (let i = 0; i < 8; i++) {
      const bytes = packet(session, 1 + i * blocks.count, blocks.count, blocks.bytes);
      for (let feed = 0; feed < 2; feed++) rig.give(feed, bytes);
      rig.wait(20);
    }
    rig.wait(200);
    assert(rig.next === 1 + 8 * blocks.count, "FUZZ_FRESH_SESSION_DOES_NOT_GET_THROUGH");
    rig.close();
    this.#rig = null;
  }
}

/** Only what nobody may believe. */
class UnbelievableCases {
  readonly #random: Random;
  readonly #good: readonly Blocks[];
  readonly #attacks: Blocks;
  #rig: PipelineRig | null = null;
  #truth: Truth | null = null;
  #lives = 0;
  #cases = 0;
  #seq = 1;
  /** Counts foreign sessions and far places: each is used for one packet, or two in a row. */
  #zone = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#good = goodBlocks(this.#random);
    this.#attacks = attacks();
  }

  run(bytes: Uint8Array): void {
    const random = this.#random;
    const rig = this.#living();
    for (let i = random.below(3); i > 0; i--) {
      this.#goodPacket(rig, this.#good[random.below(64)] as Blocks);
    }
    this.#hostile(rig, bytes);
    rig.wait(random.oneIn(100) ? random.below(2500) : random.below(2));
    rig.endBatch();
    this.#check(rig);
    this.#cases++;
    if (this.#cases % WALK_EVERY === 0) rig.checkBooks();
    if (this.#cases % LIFE !== 0) return;
    rig.close();
    this.#rig = null;
  }

  #living(): PipelineRig {
    if (this.#rig !== null) return this.#rig;
    const sizes = sizesOf(this.#lives % 2 === 0, this.#lives % 3 === 0 ? 1 : null);
    const rig = new PipelineRig(sizes);
    this.#rig = rig;
    this.#truth = new Truth(sizes);
    this.#lives++;
    this.#seq = 1;
    this.#goodPacket(rig, sentinels());
    // With start rule `first` the venue's beginning is known from here on.
    rig.wait(100);
    rig.endBatch();
    this.#check(rig);
    return rig;
  }

  #goodPacket(rig: PipelineRig, blocks: Blocks): void {
    const bytes = packet(SESSION, this.#seq, blocks.count, blocks.bytes);
    this.#seq += blocks.count;
    this.#truth?.take(bytes, blocks.count);
    const lost = this.#random.below(6);
    if (lost !== 0) rig.give(0, bytes);
    if (lost !== 1) rig.give(1, bytes);
  }

  #hostile(rig: PipelineRig, bytes: Uint8Array): void {
    const random = this.#random;
    const feed = random.below(2);
    const isAttack = random.oneIn(2);
    if (!isAttack && !isWellFormed(bytes)) {
      rig.give(feed, bytes);
      return;
    }
    const from = isAttack ? this.#attack() : bytes.slice();
    const view = new DataView(from.buffer);
    const count = view.getUint16(COUNT) % (MESSAGES_MAX + 1);
    this.#zone++;
    switch (random.below(4)) {
      case 0:
        from.set(SESSION);
        from[this.#zone % 10] = (from[this.#zone % 10] as number) ^ 0x80;
        view.setUint32(2, this.#zone);
        if (!random.oneIn(4)) putSequence(from, 1 + random.below(2 * this.#seq));
        break;
      case 1:
        from.set(SESSION);
        putSequence(from, FAR + this.#zone * ZONE);
        break;
      case 2:
        from.set(SESSION);
        putSequence(from, SEQUENCE_MAX - MESSAGES_MAX - this.#zone * ZONE);
        break;
      default:
        this.#behind(rig, feed, from, count);
        return;
    }
    rig.give(feed, from);
    if (!random.oneIn(3) || (view.getInt32(SEQUENCE) | view.getInt32(SEQUENCE + 4)) === 0) return;
    view.setUint32(SEQUENCE + 4, view.getUint32(SEQUENCE + 4) + count);
    rig.give(feed, from);
  }

  /** A packet of the session whose messages were all applied before; what it says now is a lie. */
  #behind(rig: PipelineRig, feed: number, from: Uint8Array, count: number): void {
    const latest = this.#seq - count - (count === 0 ? 1 : 0);
    if (latest < 1) return;
    from.set(SESSION);
    putSequence(from, 1 + this.#random.below(latest));
    rig.give(feed, from);
  }

  #attack(): Uint8Array {
    const { bytes, count } = this.#attacks;
    return packet(SESSION, 1, count, bytes);
  }

  #check(rig: PipelineRig): void {
    const truth = this.#truth as Truth;
    assert(rig.next === this.#seq, "FUZZ_GOOD_MESSAGES_DID_NOT_COME");
    assert(rig.count("MERGE_SESSIONS") === 1, "FUZZ_SESSION_BELIEVED");
    assert(rig.count("MERGE_JUMPS") === 0, "FUZZ_JUMP_BELIEVED");
    const { core } = rig.book;
    const is = truth.book.core;
    assert(core.hashHex() === is.hashHex(), "FUZZ_BOOK_CHANGED");
    const id = SENTINEL_ID + (this.#cases % SENTINELS);
    const slot = core.find(SENTINEL_INSTRUMENT, id, 0);
    assert(slot >= 0 && core.orderQtyLo(slot) === 100, "FUZZ_BOOK_WIPED");
  }
}

/** The books that the good packets alone make: decoder and book, no merge. */
class Truth {
  readonly book: BookStage;
  readonly #view = new FrameView(takeFrames(2048, 2, null));
  readonly #decoder: ItchDecoder;

  constructor(sizes: RigSizes) {
    const counters = new Counters(takeCounters(COUNTER_COUNT));
    this.book = makeBook(sizes, counters, new NullBookSink());
    const owner = { release: (): void => undefined };
    this.#decoder = new ItchDecoder({ frames: [this.#view], owner, sink: this.book, counters });
  }

  take(bytes: Uint8Array, count: number): void {
    this.#view.bytes.set(bytes);
    this.#decoder.onPacket(0, 0, 0, bytes.length, 0, 0, 0, 1, 0, HEADER_BYTES, count);
  }
}

/** Orders of an instrument that no good message touches. */
function sentinels(): Blocks {
  const w = new ItchWriter(2048);
  for (let i = 0; i < SENTINELS; i++) {
    const px = 10_000 + (i & 1 ? 10 * i : -10 * i);
    w.add(SENTINEL_INSTRUMENT, 0, 0, i, SENTINEL_ID + i, 0, i & 1, 100, 0, 0, px);
  }
  return { bytes: w.written().slice(), count: w.messageCount };
}

/** What would take the sentinels away, if it were believed. */
function attacks(): Blocks {
  const w = new ItchWriter(2048);
  for (let i = 0; i < SENTINELS; i++) {
    const id = SENTINEL_ID + i;
    if (i % 4 === 0) w.delete(SENTINEL_INSTRUMENT, 0, 0, i, id, 0);
    else if (i % 4 === 1) w.execute(SENTINEL_INSTRUMENT, 0, 0, i, id, 0, 100, i, 0);
    else if (i % 4 === 2) w.replace(SENTINEL_INSTRUMENT, 0, 0, i, id, 0, id, 0, 7, 9000);
    else w.cancel(SENTINEL_INSTRUMENT, 0, 0, i, id, 0, 60);
  }
  return { bytes: w.written().slice(), count: w.messageCount };
}

/** By a slow walk of its own: the blocks fill the packet, and the sequence is one of MoldUDP64's. */
function isWellFormed(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER_BYTES) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const told = view.getUint16(COUNT);
  const count = told === MESSAGES_MAX + 1 ? 0 : told;
  let at = HEADER_BYTES;
  for (let i = 0; i < count && at + 2 <= bytes.length; i++) at += 2 + view.getUint16(at);
  const seq = view.getBigUint64(SEQUENCE);
  return at === bytes.length && seq > 0n && seq + BigInt(count) <= BigInt(SEQUENCE_MAX);
}

/** See the file's head. */
export function pipelineTarget(seed: number): Target {
  const cases = new PipelineCases(seed);
  return (bytes) => cases.run(bytes);
}

/** See the file's head. */
export function unbelievableTarget(seed: number): Target {
  const cases = new UnbelievableCases(seed);
  return (bytes) => cases.run(bytes);
}
