/** One side of the EOBI bench: a market's messages as packets in a frame region, and its decoder. */
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { FrameView, takeFrames } from "../../src/core/frames.ts";
import type { EventSink, PacketSink } from "../../src/core/sinks.ts";
import { EobiDecoder } from "../../src/decode/eobi/decoder.ts";
import { ItchDecoder } from "../../src/decode/itch/decoder.ts";
import { BLOCK_BYTES_MAX, MarketGenerator } from "../../src/generate/market-generator.ts";
import { COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import { messagesOf } from "../../test/convert/lobster-walk.ts";
import { EOBI_HEADERS, EobiRenderer, eobiPacket } from "../../test/decode/eobi-encoder.ts";

/** Which decoder. */
export type Side = "itch" | "eobi";

const PACKET_BYTES_MAX = 1400;
const FRAME_BYTES = 1536;
const SEED = 20;

/** Folds every argument of every call into a sum. */
class SumSink implements EventSink {
  sum = 0;

  onPacketStart(): void {}
  onControl(): void {}
  onBatchEnd(): void {}

  onAdd(i: number, a: number, b: number, s: number, c: number, d: number, e: number, f: number) {
    this.sum = (this.sum + i + a + b + s + c + d + e + f) | 0;
  }
  onExecute(i: number, a: number, b: number, c: number, d: number, e: number, f: number): void {
    this.sum = (this.sum + i + a + b + c + d + e + f) | 0;
  }
  onExecuteAt(i: number, a: number, b: number, c: number, d: number, e: number, f: number): void {
    this.sum = (this.sum + i + a + b + c + d + e + f) | 0;
  }
  onReduce(i: number, a: number, b: number, c: number, d: number): void {
    this.sum = (this.sum + i + a + b + c + d) | 0;
  }
  onDelete(i: number, a: number, b: number): void {
    this.sum = (this.sum + i + a + b) | 0;
  }
  onReplace(
    i: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    g: number,
    h: number,
  ): void {
    this.sum = (this.sum + i + a + b + c + d + e + f + g + h) | 0;
  }
  onTrade(i: number, s: number, a: number, b: number, c: number, d: number): void {
    this.sum = (this.sum + i + s + a + b + c + d) | 0;
  }
  onTradeBroken(i: number, a: number, b: number): void {
    this.sum = (this.sum + i + a + b) | 0;
  }
  onDirectory(i: number, a: number, b: number): void {
    this.sum = (this.sum + i + a + b) | 0;
  }
  onInstrument(i: number, a: number, b: number): void {
    this.sum = (this.sum + i + a + b) | 0;
  }
  onModifyQuantity(i: number, a: number, b: number, c: number, d: number): void {
    this.sum = (this.sum + i + a + b + c + d) | 0;
  }
  onExecuteBy(
    i: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    g: number,
    h: number,
    k: number,
  ): void {
    this.sum = (this.sum + i + a + b + c + d + e + f + g + h + k) | 0;
  }
  onClear(i: number): void {
    this.sum = (this.sum + i) | 0;
  }
  onState(i: number, a: number, b: number, c: number, d: number, e: number): void {
    this.sum = (this.sum + i + a + b + c + d + e) | 0;
  }
  onIndication(i: number, a: number, b: number, c: number): void {
    this.sum = (this.sum + i + a + b + c) | 0;
  }
}

interface Packet {
  readonly bytes: Uint8Array;
  readonly count: number;
}

/** Decodes a market `passes` times. @returns the best pass */
export function measure(side: Side, messages: number, instruments: number, passes: number) {
  const file = market(messages, instruments);
  const packets = side === "itch" ? itchPackets(file) : eobiPackets(file);
  const view = new FrameView(takeFrames(FRAME_BYTES, packets.length, null));
  const lengths = packets.map(({ bytes }) => bytes.length);
  const counts = packets.map(({ count }) => count);
  for (const [i, { bytes }] of packets.entries()) view.bytes.set(bytes, i * FRAME_BYTES);
  const sink = new SumSink();
  const decoder = decoderOf(side, view, sink, instruments);
  const first = side === "itch" ? 0 : EOBI_HEADERS.packet;
  let bestNs = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < passes; pass++) {
    sink.sum = 0;
    const begin = performance.now();
    for (let i = 0; i < lengths.length; i++) {
      decoder.onPacket(0, i, 0, lengths[i] ?? 0, 0, 0, 0, 1, 0, first, counts[i] ?? 0);
    }
    bestNs = Math.min(bestNs, (performance.now() - begin) * 1e6);
  }
  const bytes = lengths.reduce((sum, length) => sum + length, 0);
  const total = counts.reduce((sum, count) => sum + count, 0);
  return { bytes, messages: total, nsPerByte: bestNs / bytes, checksum: sink.sum };
}

function decoderOf(side: Side, view: FrameView, sink: SumSink, instruments: number): PacketSink {
  const counters = new Counters(takeCounters(COUNTER_COUNT));
  const parts = { frames: [view], owner: { release: () => {} }, sink, counters };
  if (side === "itch") return new ItchDecoder(parts);
  return new EobiDecoder({ ...parts, instruments });
}

function market(messages: number, instruments: number): Buffer {
  const generator = new MarketGenerator({ seed: SEED, instruments, profile: "open" });
  const out = Buffer.alloc((messages + 1) * BLOCK_BYTES_MAX);
  return out.subarray(0, generator.fill(out, 0, out.length, messages));
}

function itchPackets(file: Buffer): Packet[] {
  const packets: Packet[] = [];
  for (let at = 0; at < file.length; ) {
    let end = at;
    let count = 0;
    while (end < file.length) {
      const next = end + 2 + file.readUInt16BE(end);
      if (next - at > PACKET_BYTES_MAX) break;
      end = next;
      count++;
    }
    packets.push({ bytes: file.subarray(at, end), count });
    at = end;
  }
  return packets;
}

function eobiPackets(file: Buffer): Packet[] {
  const renderer = new EobiRenderer((locate) => 2n ** 40n + BigInt(locate));
  const packets: Packet[] = [];
  let pending: Buffer[] = [];
  let bytes = 0;
  const flush = (): void => {
    if (pending.length > 0) packets.push({ bytes: eobiPacket(pending), count: pending.length });
    pending = [];
    bytes = EOBI_HEADERS.packet;
  };
  flush();
  for (const message of messagesOf(file)) {
    for (const one of renderer.render(message)) {
      if (bytes + one.length > PACKET_BYTES_MAX) flush();
      pending.push(one);
      bytes += one.length;
    }
  }
  flush();
  return packets;
}
