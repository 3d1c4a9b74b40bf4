/**
 * FAST's way through the pipeline as a fuzz target: framing, decode stage and the book stage behind
 * it, over datagrams of Moscow Exchange's templates; and the cutter of files without datagrams.
 * Whatever comes, a level is one order: no order is unknown, none comes twice.
 */
import { BookCore } from "../../src/book/core.ts";
import { Directory, takeDirectory } from "../../src/book/directory.ts";
import { walkHashHex } from "../../src/book/hash.ts";
import { NullBookSink } from "../../src/book/null-sink.ts";
import { BookStage } from "../../src/book/stage.ts";
import { assert } from "../../src/core/assert.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { FrameView, takeFrames } from "../../src/core/frames.ts";
import { takeOddInput, UnknownTypes } from "../../src/core/odd-input.ts";
import { ChannelControl } from "../../src/core/sinks.ts";
import { FastCutter } from "../../src/decode/fast/cutter.ts";
import { FORTS_RULES } from "../../src/decode/fast/forts-fields.ts";
import { FastFraming } from "../../src/decode/fast/framing.ts";
import type { Template } from "../../src/decode/fast/model.ts";
import { FastStage } from "../../src/decode/fast/stage.ts";
import { FramingKind } from "../../src/decode/framing.ts";
import { C, COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import type { Target } from "./targets.ts";

const FRAME_BYTES = 65_536;
const INSTRUMENTS = 16;
const SIZES = { orders: 4096, levels: 4096, instruments: INSTRUMENTS, grow: false } as const;
/** Cases after which everything is new, a session begins, and the hash is walked. */
const NEW_EVERY = 2000;
const SESSION_EVERY = 301;
const WALK_EVERY = 64;

class Rig {
  readonly view = new FrameView(takeFrames(FRAME_BYTES, 1, null));
  readonly counters = new Counters(takeCounters(COUNTER_COUNT));
  readonly core = new BookCore({ ...SIZES, hash: true, scoped: true });
  readonly framing: FastFraming;
  readonly stage: FastStage;
  frames = 0;

  constructor(templates: readonly Template[]) {
    this.framing = new FastFraming(templates, FORTS_RULES);
    const { counters, core } = this;
    const sink = new BookStage({
      core,
      sink: new NullBookSink(),
      counters,
      directory: new Directory(takeDirectory(INSTRUMENTS)),
    });
    this.stage = new FastStage({
      templates,
      isByArrival: false,
      frames: [this.view, this.view],
      owner: { release: () => void this.frames-- },
      sink,
      counters,
      instruments: INSTRUMENTS,
      unknownTypes: new UnknownTypes(takeOddInput()),
    });
  }

  /** A datagram as the last bytes of a frame that is noise before them. */
  give(bytes: Uint8Array): void {
    const length = Math.min(bytes.length, FRAME_BYTES);
    const { view, framing } = this;
    const at = FRAME_BYTES - length;
    view.bytes.set(bytes.subarray(0, length), at);
    const kind = framing.read(view.bytes, view.data, at, length);
    if (kind !== FramingKind.DATA && kind !== FramingKind.ASIDE) return;
    const seq = kind === FramingKind.DATA ? framing.seqLo : 0;
    this.frames++;
    this.stage.onPacket(0, 0, at, length, 0, 0, 0, seq, 0, framing.firstOffset, 1);
    this.stage.onBatchEnd();
    assert(this.frames === 0, "FUZZ_FAST_FRAME");
  }

  check(walks: boolean): void {
    const { counters, core, stage } = this;
    assert(counters.get(C.BOOK_UNKNOWN_ORDERS) === 0, "FUZZ_FAST_UNKNOWN_ORDER");
    assert(counters.get(C.BOOK_DUPLICATE_ORDERS) === 0, "FUZZ_FAST_DUPLICATE_ORDER");
    assert(counters.get(C.BOOK_ZERO_QUANTITY) === 0, "FUZZ_FAST_ZERO");
    const stale = stage.books?.staleCount() ?? -1;
    assert(stale >= 0 && stale <= INSTRUMENTS, "FUZZ_FAST_STALE");
    if (walks) assert(core.hashHex() === walkHashHex(core), "FUZZ_FAST_HASH");
  }
}

/** Datagrams through framing, decode and book stage. */
export function fastStageTarget(templates: readonly Template[]): Target {
  let rig = new Rig(templates);
  const cutter = new FastCutter(templates);
  let turn = 0;
  return (bytes) => {
    turn++;
    if (turn % NEW_EVERY === 0) rig = new Rig(templates);
    rig.give(bytes);
    if (turn % SESSION_EVERY === 0) rig.stage.onControl(ChannelControl.NEW_SESSION);
    rig.check(turn % WALK_EVERY === 0);
    for (let at = 0; at < bytes.length; ) {
      const next = cutter.next(bytes, at, bytes.length);
      assert(next === -1 || (next > at && next <= bytes.length), "FUZZ_FAST_CUT");
      if (next < 0) return;
      at = next;
    }
  };
}
