/**
 * Fuzzes whole decode stages behind their framing, with a real book stage at their end: EOBI with
 * its snapshot channel, FAST with FORTS' books. A case is a packet of one of the channel's feeds;
 * state is kept from case to case, so that what one leaves behind meets the next.
 */
import { BookCore } from "../../src/book/core.ts";
import { Directory, takeDirectory } from "../../src/book/directory.ts";
import { checkIntegrity } from "../../src/book/integrity.ts";
import { NullBookSink } from "../../src/book/null-sink.ts";
import { BookStage } from "../../src/book/stage.ts";
import { assert } from "../../src/core/assert.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { FrameView, takeFrames } from "../../src/core/frames.ts";
import { takeOddInput, UnknownTypes } from "../../src/core/odd-input.ts";
import {
  ChannelControl,
  FEED_A,
  FEED_SNAPSHOT,
  type PacketSink,
  type Stage,
} from "../../src/core/sinks.ts";
import { EobiDecoder } from "../../src/decode/eobi/decoder.ts";
import { EobiFraming } from "../../src/decode/eobi/framing.ts";
import { EobiRecovery } from "../../src/decode/eobi/recovery.ts";
import { fastFraming } from "../../src/decode/fast/channel.ts";
import type { Template } from "../../src/decode/fast/model.ts";
import { FastStage } from "../../src/decode/fast/stage.ts";
import { type Framing, FramingKind } from "../../src/decode/framing.ts";
import { C, COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import { EobiMarketModel, SEGMENT } from "../decode/eobi-market.ts";
import type { Random } from "./random.ts";
import type { Target } from "./targets.ts";

const FRAME_BYTES = 65_536;
const INSTRUMENTS = 16;
/** Cases between two checks of the books. */
const CHECK_EVERY = 500;

interface Stand {
  readonly view: FrameView;
  readonly core: BookCore;
  readonly counters: Counters;
  readonly book: BookStage;
  readonly parts: {
    readonly frames: readonly FrameView[];
    readonly owner: { release(): void };
    readonly sink: BookStage;
    readonly counters: Counters;
    readonly instruments: number;
    readonly unknownTypes: UnknownTypes;
  };
  /** Frames given back. */
  readonly released: { count: number };
}

function stand(): Stand {
  const view = new FrameView(takeFrames(FRAME_BYTES, 1, null));
  const counters = new Counters(takeCounters(COUNTER_COUNT));
  const core = new BookCore({
    ...{ orders: 4096, levels: 4096, instruments: INSTRUMENTS, hash: true, grow: false },
    scoped: true,
  });
  const directory = new Directory(takeDirectory(INSTRUMENTS));
  const book = new BookStage({ core, sink: new NullBookSink(), counters, directory });
  const released = { count: 0 };
  const owner = { release: () => void released.count++ };
  const unknownTypes = new UnknownTypes(takeOddInput());
  const frames = [view, view, view];
  const parts = { frames, owner, sink: book, counters, instruments: INSTRUMENTS, unknownTypes };
  return { view, core, counters, book, parts, released };
}

/** A packet as it should come: one that merge passes on, or one of the snapshot feed. */
export interface Scripted {
  readonly feed: number;
  readonly bytes: Uint8Array;
}

/** Good packets between two cases, so that the stage stands in the middle of a day. */
const GOOD_EACH = 2;

/** Plays a good day over and over, and each case in its midst. */
class StageRun {
  readonly #stand: Stand;
  readonly #stage: PacketSink & Stage;
  readonly #framing: Framing;
  readonly #reset: () => void;
  readonly #script: readonly Scripted[];
  readonly #random: Random;
  #at = 0;
  #next = 1;
  #turn = 0;

  constructor(
    rig: Stand,
    stage: PacketSink & Stage,
    framing: Framing,
    reset: () => void,
    script: readonly Scripted[],
    random: Random,
  ) {
    this.#stand = rig;
    this.#stage = stage;
    this.#framing = framing;
    this.#reset = reset;
    this.#script = script;
    this.#random = random;
  }

  case(bytes: Uint8Array): void {
    const random = this.#random;
    const { core, counters } = this.#stand;
    for (let i = 0; i < GOOD_EACH; i++) this.#good();
    this.#give(random.oneIn(3) ? FEED_SNAPSHOT : FEED_A, bytes, random.oneIn(50));
    if (random.oneIn(2_000)) this.#stage.onControl(ChannelControl.NEW_SESSION);
    this.#stage.onBatchEnd();
    this.#stage.tick();
    assert(counters.get(C.DECODE_MESSAGES) >= 0, "FUZZ_COUNTED");
    if (++this.#turn % CHECK_EVERY === 0) assert(checkIntegrity(core).length === 0, "FUZZ_BOOKS");
  }

  #good(): void {
    if (this.#at === this.#script.length) {
      this.#at = 0;
      this.#next = 1;
      this.#reset();
    }
    const { feed, bytes } = this.#script[this.#at++] as Scripted;
    this.#give(feed, bytes, false);
  }

  /** Merge passes on only what the framing took; snapshots come to decode as they are. */
  #give(feed: number, bytes: Uint8Array, isGap: boolean): void {
    const { view, released } = this.#stand;
    const framing = this.#framing;
    const length = Math.min(bytes.length, FRAME_BYTES);
    const offset = FRAME_BYTES - length;
    view.bytes.set(bytes.subarray(0, length), offset);
    const kind = framing.read(view.bytes, view.data, offset, length);
    const isData = kind === FramingKind.DATA || kind === FramingKind.UNSEQUENCED;
    const before = released.count;
    if (feed === FEED_SNAPSHOT || !isData) {
      this.#stage.onPacket(FEED_SNAPSHOT, 0, offset, length, 0, 0, 0, 0, 0, 0, 0);
    } else {
      if (isGap) this.#next += 1 + this.#random.below(1000);
      const { count, firstOffset } = framing;
      const seq = kind === FramingKind.UNSEQUENCED ? 0 : this.#next;
      this.#stage.onPacket(FEED_A, 0, offset, length, 0, 0, 0, seq, 0, firstOffset, count);
      this.#next += count;
    }
    assert(released.count === before + 1, "FUZZ_FRAME_RELEASED_ONCE");
  }
}

/** A day of EOBI: live packets with a snapshot cycle now and then. */
export function eobiScript(random: Random): Scripted[] {
  const model = new EobiMarketModel((n) => random.below(n));
  const script: Scripted[] = [];
  for (let cycle = 0; cycle < 8; cycle++) {
    for (let i = 0; i < 25; i++) script.push({ feed: FEED_A, bytes: model.step() });
    const packets = model.snapshot(0, 1 + 1000 * cycle, 4);
    for (const bytes of packets) script.push({ feed: FEED_SNAPSHOT, bytes });
  }
  return script;
}

/** EOBI's decode stage with recovery from snapshots. */
export function eobiStageTarget(script: readonly Scripted[], random: Random): Target {
  const rig = stand();
  const decoder = new EobiDecoder(rig.parts);
  const sizes = { packets: 64, packetBytes: FRAME_BYTES, orders: 4096 };
  const recovery = new EobiRecovery({ ...rig.parts, ...sizes, decoder, segment: null });
  const reset = (): void => {
    decoder.reset();
    recovery.reset();
    rig.book.reset();
  };
  const run = new StageRun(rig, recovery, new EobiFraming(SEGMENT), reset, script, random);
  return (bytes) => run.case(bytes);
}

/** FAST's decode stage with FORTS' books. */
export function fastDayTarget(
  templates: readonly Template[],
  script: readonly Scripted[],
  random: Random,
): Target {
  const rig = stand();
  const stage = new FastStage({ ...rig.parts, templates, isByArrival: false });
  const reset = (): void => {
    stage.reset();
    rig.book.reset();
  };
  const run = new StageRun(rig, stage, fastFraming(templates), reset, script, random);
  return (bytes) => run.case(bytes);
}
