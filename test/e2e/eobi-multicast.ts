/** Sends datagrams as A and B multicast from a test, with faults that one of both always outlives. */
import { openSender } from "../../src/send/transport.ts";
import type { Datagram } from "../decode/eobi-day.ts";

/** How a day is sent. */
export interface SendPlan {
  /** GROUP:PORT. */
  readonly group: string;
  readonly datagrams: readonly Datagram[];
  /** Datagrams that are not sent, by index. */
  readonly lost: ReadonlySet<number>;
  /** Every so many datagrams one is sent twice, and one changes places with the next; 0 never. */
  readonly disturb: number;
}

/** Messages by which no feed gets ahead of another. */
const STEP = 400;

/** Sends all plans in step, `mps` messages a second each, about. */
export async function sendAll(plans: readonly SendPlan[], mps: number): Promise<void> {
  const lines = await Promise.all(plans.map(openLine));
  const startMs = performance.now();
  try {
    for (let upTo = STEP; lines.some((line) => line.left()); upTo += STEP) {
      for (const line of lines) await line.send(upTo);
      const aheadMs = startMs + (upTo / mps) * 1000 - performance.now();
      if (aheadMs > 1) await new Promise((resolve) => setTimeout(resolve, aheadMs));
    }
  } finally {
    for (const line of lines) line.close();
  }
}

/** One group on its way. */
interface Line {
  left(): boolean;
  /** Sends what begins before a message. */
  send(upTo: number): Promise<void>;
  close(): void;
}

async function openLine({ group, datagrams, lost, disturb }: SendPlan): Promise<Line> {
  const [address = "", port = ""] = group.split(":");
  const options = { group: address, port: Number(port), iface: "127.0.0.1", ttl: 0 };
  const sender = await openSender(options);
  const order = ordered(datagrams.length, lost, disturb).map((i) => datagrams[i] as Datagram);
  let at = 0;
  return {
    left: () => at < order.length,
    close: () => sender.close(),
    send: async (upTo) => {
      const packets: Buffer[] = [];
      for (; at < order.length && (order[at] as Datagram).first < upTo; at++) {
        packets.push((order[at] as Datagram).bytes);
      }
      const offsets = new Int32Array(2 * packets.length);
      let end = 0;
      for (const [i, bytes] of packets.entries()) {
        offsets[2 * i] = end;
        offsets[2 * i + 1] = bytes.length;
        end += bytes.length;
      }
      await sender.send(Buffer.concat(packets), offsets, packets.length);
    },
  };
}

/** Indexes as they are sent. */
function ordered(count: number, lost: ReadonlySet<number>, disturb: number): number[] {
  const order: number[] = [];
  for (let i = 0; i < count; i++) {
    if (lost.has(i)) continue;
    order.push(i);
    if (disturb === 0) continue;
    if (i % disturb === 1) order.push(i);
    const last = order.length - 1;
    if (i % disturb === 5 && last > 0) {
      const before = order[last - 1] as number;
      order[last - 1] = order[last] as number;
      order[last] = before;
    }
  }
  return order;
}

/** Every `nth` datagram of A, and of B every `nth` that brings nothing which A lost. */
export function lostOnOne(
  a: readonly Datagram[],
  b: readonly Datagram[],
  nth: number,
): [Set<number>, Set<number>] {
  const lostA = new Set<number>();
  const gone = new Set<number>();
  for (let i = nth; i < a.length; i += nth) {
    lostA.add(i);
    const { first, next } = a[i] as Datagram;
    for (let seq = first; seq < next; seq++) gone.add(seq);
  }
  const lostB = new Set<number>();
  for (let i = nth >> 1; i < b.length; i += nth) {
    const { first, next } = b[i] as Datagram;
    let needed = false;
    for (let seq = first; seq < next; seq++) needed ||= gone.has(seq);
    if (!needed) lostB.add(i);
  }
  return [lostA, lostB];
}
