/**
 * A generated market on A/B multicast that keeps step with the feed: it never has more under way
 * than the sockets hold, so that nothing is dropped however fast it goes. Thread: its own.
 */
import { workerData } from "node:worker_threads";
import { Counters } from "../../src/core/counters.ts";
import { loadNative, type NativeSender } from "../../src/core/native.ts";
import { MarketGenerator } from "../../src/generate/market-generator.ts";
import { C } from "../../src/metrics/counter-table.ts";
import { Line, type LinePlan, MARKET_SEED } from "./line.ts";
import { PacketCutter } from "./packets.ts";

const CHUNK_BYTES = 100_000;
const PACKET_BYTES_A = 1400;
const PACKET_BYTES_B = 1200;
/** Packets of a feed that may wait in its socket. */
const UNDER_WAY = 512;
/** Frames that the endpoint may be behind; the bus holds several times as many. */
const LAG = 32_768;
const BURST = 16;
const LOST = 97;
const LATE = 61;
const TWICE = 71;

const plan = workerData as LinePlan;
const words = new Int32Array(plan.words);
const counters = new Counters(plan.counters);

/** One feed's sender. */
class Sending {
  readonly cutter: PacketCutter;
  /** Packets that were sent, and that the feed has received before this market. */
  sent = 0;
  at = 0;
  readonly #sender: NativeSender;
  readonly #received: number;

  constructor(sender: NativeSender, payload: number, received: number) {
    this.cutter = new PacketCutter(4 * CHUNK_BYTES, payload);
    this.#sender = sender;
    this.#received = received;
  }

  /** Sends up to `count` packets of the chunk. */
  send(count: number): void {
    const { cutter } = this;
    const end = Math.min(this.at + count, cutter.count);
    while (this.sent + end - this.at - counters.get(this.#received) > UNDER_WAY) pause();
    while (behind() > LAG) pause();
    while (this.at < end) {
      const n = this.#sender.send(cutter.bytes, cutter.offsets, end, this.at);
      if (n < 0) throw new Error(`sendmmsg failed with errno ${-n}`);
      this.at += n;
      this.sent += n;
    }
  }
}

/** Frames that the endpoint has still to read. */
function behind(): number {
  const read = counters.get(C.ENDPOINT_FRAMES) + counters.get(C.ENDPOINT_OVERRUN_FRAMES);
  return counters.get(C.PUBLISH_FRAMES) - read;
}

function pause(): void {
  if (words[Line.STOP] === 1) process.exit();
  Atomics.wait(words, Line.NEVER, 0, 0.1);
}

/** Waits until packet `n` is due. */
function waitFor(n: number, startMs: number, startPacket: number): void {
  while (Atomics.load(words, Line.TARGET) <= n) pause();
  if (plan.packetsPerSecond === 0) return;
  const due = startMs + ((n - startPacket) * 1000) / plan.packetsPerSecond;
  while (performance.now() < due);
}

function main(): void {
  const native = loadNative();
  if (native === null) throw new Error("the market needs the addon");
  const { port, instruments } = plan;
  const open = (feed: number): NativeSender =>
    native.openSender({ group: `${plan.group}.${feed}`, port, iface: "127.0.0.1", ttl: 0 });
  const a = new Sending(open(1), PACKET_BYTES_A, C.RX_PACKETS_A);
  const paced = plan.packetsPerSecond > 0;
  const b = new Sending(open(2), paced ? PACKET_BYTES_A : PACKET_BYTES_B, C.RX_PACKETS_B);
  const market = new MarketGenerator({ seed: MARKET_SEED, instruments, profile: "open" });
  const blocks = new Uint8Array(CHUNK_BYTES);
  const burst = paced ? 1 : BURST;
  let seq = 1;
  let startMs = performance.now();
  let startPacket = 0;
  while (words[Line.STOP] === 0) {
    const end = market.fill(blocks, 0, blocks.length);
    const count = a.cutter.cut(blocks, end, seq);
    b.cutter.cut(blocks, end, seq);
    seq += count;
    if (plan.faults) {
      // Not the same on both: A suffers in the first half of a chunk, B in the second.
      a.cutter.disturb(0, a.cutter.count >> 1, LOST, LATE, TWICE);
      b.cutter.disturb(b.cutter.count >> 1, b.cutter.count, LOST, LATE, TWICE);
    }
    a.at = 0;
    b.at = 0;
    while (a.at < a.cutter.count) {
      if (Atomics.load(words, Line.TARGET) <= a.sent) {
        waitFor(a.sent, 0, 0);
        startMs = performance.now();
        startPacket = a.sent;
      }
      waitFor(a.sent, startMs, startPacket);
      a.send(burst);
      b.send(Math.ceil((a.at * b.cutter.count) / a.cutter.count) - b.at);
      Atomics.store(words, Line.SENT, a.sent);
    }
    b.send(b.cutter.count);
    Atomics.store(words, Line.MESSAGES, seq - 1);
  }
}

main();
