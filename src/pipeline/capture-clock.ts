/**
 * Time as a capture tells it: when a file is replayed, merge's timers run on the receive stamps of
 * its packets, so that the result does not depend on how fast the machine reads.
 */
import type { Clock } from "../core/clock.ts";
import type { PacketSink } from "../core/sinks.ts";

const FLUSH_NS = 3600e9;
/** A capture's line may rest for a night, not for longer. */
const STEP_NS_MAX = 24 * 3600e9;

/** A clock that stands still until a packet moves it; never backwards. */
export class CaptureClock implements Clock {
  readonly elapsedNs = new Float64Array(1);
  readonly monoWords = new Int32Array(2);
  #startMs = -1;
  #startNs = 0;

  update(): void {
    // The packets tell the time.
  }

  /** Moves to a packet's receive stamp, ns since 1970 as halves. */
  advanceTo(tsLo: number, tsHi: number): void {
    if ((tsLo | tsHi) === 0) return;
    // A stamp is above 2^53 ns: split at the millisecond, so that differences stay exact.
    const high = (tsHi >>> 0) * 4294.967296;
    const low = (tsLo >>> 0) / 1e6;
    const ms = Math.floor(high) + Math.floor(low);
    const ns = (high - Math.floor(high) + (low - Math.floor(low))) * 1e6;
    if (this.#startMs < 0) {
      this.#startMs = ms;
      this.#startNs = ns;
    }
    const elapsed = Math.round((ms - this.#startMs) * 1e6 + (ns - this.#startNs));
    // A stamp far ahead is a broken one: time would never come back from it.
    const ahead = elapsed - (this.elapsedNs[0] as number);
    if (ahead > 0 && ahead < STEP_NS_MAX) this.elapsedNs[0] = elapsed;
  }

  /** Lets every timer come due: the file has ended. */
  expire(): void {
    this.elapsedNs[0] = (this.elapsedNs[0] as number) + FLUSH_NS;
  }
}

/** Sets the clock from each packet before merge sees it. */
export class CaptureClockSink implements PacketSink {
  readonly #clock: CaptureClock;
  readonly #sink: PacketSink;

  constructor(clock: CaptureClock, sink: PacketSink) {
    this.#clock = clock;
    this.#sink = sink;
  }

  onPacket(
    feed: number,
    frame: number,
    offset: number,
    length: number,
    tsLo: number,
    tsHi: number,
    tsKind: number,
    seqLo: number,
    seqHi: number,
    firstOffset: number,
    count: number,
  ): void {
    this.#clock.advanceTo(tsLo, tsHi);
    this.#sink.onPacket(
      feed,
      frame,
      offset,
      length,
      tsLo,
      tsHi,
      tsKind,
      seqLo,
      seqHi,
      firstOffset,
      count,
    );
  }

  onControl(control: number): void {
    this.#sink.onControl(control);
  }

  onBatchEnd(): void {
    this.#sink.onBatchEnd();
  }
}
