/**
 * What is fuzzed: a target takes any bytes and must neither throw, nor hang, nor read outside of
 * them, nor lose a frame. It checks what it can by itself and throws when a promise is broken.
 */
import { assert } from "../../src/core/assert.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { FramePool, FrameView, takeFrames } from "../../src/core/frames.ts";
import type { EventSink, FrameOwner, PacketSink } from "../../src/core/sinks.ts";
import { FramingKind } from "../../src/decode/framing.ts";
import { ItchDecoder } from "../../src/decode/itch/decoder.ts";
import { MoldUdp64Framing } from "../../src/decode/moldudp64/framing.ts";
import { C, COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import { BinaryFileSource } from "../../src/rx/binary-file.ts";
import { CaptureSource, type FileSource, type FileSourceParts } from "../../src/rx/file-capture.ts";
import type { ByteInput } from "../../src/rx/file-input.ts";
import { ByteWindow } from "../../src/rx/file-window.ts";
import { PcapReader, ReadResult } from "../../src/rx/pcap.ts";
import { BLOCK_BYTES_MAX, isPcapng, PcapngReader } from "../../src/rx/pcapng.ts";
import { UdpKind, UdpParser } from "../../src/rx/udp.ts";
import type { FindPlaces } from "./places.ts";

/** Takes any bytes. */
export type Target = (bytes: Uint8Array) => void;

/** A target with the good inputs that its cases are made from. */
export interface FuzzTarget {
  readonly name: string;
  readonly run: Target;
  readonly corpus: readonly Uint8Array[];
  /** Makes the outermost counts and lengths fit again, so that half of the cases get further in. */
  readonly repair?: (bytes: Uint8Array) => Uint8Array;
  /** Where the structure stands, so that half of the cases change that alone. */
  readonly places?: FindPlaces;
}

const FRAME_BYTES = 65_536;
/** Cycles without end mean a hang; every case is far shorter than this many bytes. */
const CYCLES_MAX = 200_000;

/** An event sink that checks the ranges that the stages behind it rely on. */
export class CheckingSink implements EventSink {
  calls = 0;
  onPacketStart(): void {}
  onAdd(instrument: number, _idLo: number, _idHi: number, side: number): void {
    this.#instrument(instrument);
    assert(side === 0 || side === 1, "FUZZ_SIDE");
  }
  onExecute(instrument: number): void {
    this.#instrument(instrument);
  }
  onExecuteAt(instrument: number): void {
    this.#instrument(instrument);
  }
  onReduce(instrument: number): void {
    this.#instrument(instrument);
  }
  onDelete(instrument: number): void {
    this.#instrument(instrument);
  }
  onReplace(instrument: number): void {
    this.#instrument(instrument);
  }
  onTrade(instrument: number, side: number): void {
    this.#instrument(instrument);
    assert(side === 0 || side === 1 || side === 255, "FUZZ_SIDE");
  }
  onTradeBroken(instrument: number): void {
    this.#instrument(instrument);
  }
  onDirectory(instrument: number): void {
    this.#instrument(instrument);
  }
  onInstrument(instrument: number): void {
    this.#instrument(instrument);
  }
  onModifyQuantity(instrument: number): void {
    this.#instrument(instrument);
  }
  onExecuteBy(instrument: number): void {
    this.#instrument(instrument);
  }
  onClear(instrument: number): void {
    this.#instrument(instrument);
  }
  onState(instrument: number): void {
    if (instrument !== -1) this.#instrument(instrument);
  }
  onIndication(instrument: number): void {
    this.#instrument(instrument);
  }
  onControl(): void {}
  onBatchEnd(): void {}

  #instrument(instrument: number): void {
    this.calls++;
    assert(instrument >= 0 && instrument <= 0xffff, "FUZZ_INSTRUMENT");
  }
}

/** Bytes lie at the very end of the last frame, so that a read beyond them throws. */
class LastFrame implements FrameOwner {
  readonly view = new FrameView(takeFrames(FRAME_BYTES, 1, null));
  offset = 0;
  released = 0;

  place(bytes: Uint8Array): number {
    const length = Math.min(bytes.length, FRAME_BYTES);
    this.offset = FRAME_BYTES - length;
    this.view.bytes.set(bytes.subarray(0, length), this.offset);
    return length;
  }

  release(): void {
    this.released++;
  }
}

/** MoldUDP64 framing, then the decoder over what it accepted; the decoder over the rest as well. */
export function packetTarget(): Target {
  const frame = new LastFrame();
  const counters = new Counters(takeCounters(COUNTER_COUNT));
  const sink = new CheckingSink();
  const decoder = new ItchDecoder({ frames: [frame.view], owner: frame, sink, counters });
  const framing = new MoldUdp64Framing();
  const { view } = frame;
  return (bytes) => {
    const length = frame.place(bytes);
    const { offset } = frame;
    const kind = framing.read(view.bytes, view.data, offset, length);
    const before = frame.released;
    const decoded = counters.get(C.DECODE_MESSAGES);
    const skipped = counters.get(C.DECODE_MALFORMED) + counters.get(C.DECODE_EMPTY);
    const isData = kind === FramingKind.DATA || kind === FramingKind.UNSEQUENCED;
    // What was refused goes into the decoder too, with a count that lies.
    const count = isData ? framing.count : 0xffff;
    const first = isData ? framing.firstOffset : 0;
    decoder.onPacket(0, 0, offset, length, 0, 0, 0, 1, 0, first, count);
    assert(frame.released === before + 1, "FUZZ_FRAME_RELEASED_ONCE");
    const valid = counters.get(C.DECODE_MESSAGES) - decoded;
    const bad = counters.get(C.DECODE_MALFORMED) + counters.get(C.DECODE_EMPTY) - skipped;
    if (isData) {
      assert(valid + bad === framing.count, "FUZZ_ACCEPTED_PACKET_IS_WHOLE");
      assert((framing.seq[0] as number) + framing.count <= Number.MAX_SAFE_INTEGER, "FUZZ_SEQ");
      checkSkip(framing, view.data, offset, length);
    }
  };
}

function checkSkip(
  framing: MoldUdp64Framing,
  data: DataView,
  offset: number,
  length: number,
): void {
  const { count, firstOffset } = framing;
  const half = framing.skip(data, offset, length, firstOffset, count >> 1);
  const end = framing.skip(data, offset, length, half, count - (count >> 1));
  assert(end === length, "FUZZ_SKIP_REACHES_THE_END");
  assert(framing.skip(data, offset, length, firstOffset, count + 1) === -1, "FUZZ_SKIP_BEYOND");
}

/** Bytes of memory as a file that gives them in uneven pieces. */
class MemoryInput implements ByteInput {
  readonly error = null;
  readonly bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
  get ended(): boolean {
    return this.#at === this.bytes.length;
  }
  read(out: Uint8Array, at: number, max: number): number {
    const piece = 1 + ((this.#at * 7919) % 4001);
    const count = Math.min(max, piece, this.bytes.length - this.#at);
    out.set(this.bytes.subarray(this.#at, this.#at + count), at);
    this.#at += count;
    return count;
  }
  fill(): Promise<void> {
    return Promise.resolve();
  }
  progress(): number {
    return 0;
  }
  close(): void {}
}

/** Gives frames back after checking that the packet lies inside its frame. */
class CheckingPackets implements PacketSink {
  readonly #pool: FramePool;
  constructor(pool: FramePool) {
    this.#pool = pool;
  }
  onPacket(feed: number, frame: number, offset: number, length: number): void {
    assert(offset >= 0 && length >= 0 && offset + length <= FRAME_BYTES, "FUZZ_PACKET_IN_FRAME");
    this.#pool.release(feed, frame);
  }
  onControl(): void {}
  onBatchEnd(): void {}
}

/** A file source of `make` over the bytes, run to its end. */
function fileTarget(make: (input: MemoryInput, parts: FileSourceParts) => FileSource): Target {
  // As many as a slice of a TCP stream may fill, and one that the source holds.
  const frames = 65;
  const view = new FrameView(takeFrames(FRAME_BYTES, frames, null));
  const pool = new FramePool(frames, []);
  const counters = new Counters(takeCounters(COUNTER_COUNT));
  const parts = { view, pool, sink: new CheckingPackets(pool), counters };
  return (bytes) => {
    const source = make(new MemoryInput(bytes), parts);
    let cycles = 0;
    while (!source.isFinished()) {
      source.doWork();
      cycles++;
      assert(cycles < CYCLES_MAX, "FUZZ_HANG");
    }
    assert(pool.freeCount === frames, "FUZZ_FRAME_LOST");
  };
}

/** pcap and pcapng, told apart as the opener does: the reader by itself, then the whole source. */
export function captureTarget(): Target {
  const source = fileTarget((input, parts) => {
    const kind = isPcapng(input.bytes) ? "pcapng" : "pcap";
    return new CaptureSource("fuzz", kind, input, parts, { a: null, b: null, tcp: "soupbintcp" });
  });
  const udp = new UdpParser();
  return (bytes) => {
    const window = new ByteWindow(new MemoryInput(bytes), BLOCK_BYTES_MAX);
    const reader = isPcapng(bytes) ? new PcapngReader(window) : new PcapReader(window);
    for (let calls = 0; reader.next() === ReadResult.PACKET; calls++) {
      const { packetAt, packetBytes } = reader;
      const end = packetAt + packetBytes;
      assert(packetAt >= window.at && end <= window.end, "FUZZ_PACKET_IN_WINDOW");
      if (udp.parse(window.data, packetAt, packetBytes, reader.linkType) === UdpKind.UDP) {
        const { payloadAt, payloadLength } = udp;
        assert(payloadAt > packetAt && payloadAt + payloadLength <= end, "FUZZ_PAYLOAD_IN_PACKET");
      }
      assert(calls < CYCLES_MAX, "FUZZ_HANG");
    }
    source(bytes);
  };
}

/** BinaryFILE. */
export function binaryFileTarget(): Target {
  return fileTarget((input, parts) => new BinaryFileSource("fuzz", input, parts));
}
