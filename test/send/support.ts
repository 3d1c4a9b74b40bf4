/** Messages to send, and a transport that keeps what was sent instead of sending it. */
import type { SenderOptions } from "../../src/core/native.ts";
import type { PacketSender } from "../../src/send/transport.ts";

/** A packet as it would be on the wire, read by nothing of the project's. */
export interface Sent {
  readonly session: string;
  readonly seq: number;
  /** 0 heartbeat, 65535 end of session. */
  readonly count: number;
  readonly hex: string;
  /** Planned time; 0 when it went through a sender. */
  readonly dueNs: number;
}

/** `count` blocks of ITCH-like messages of differing lengths; timestamps `stepNs` apart. */
export function blocks(count: number, stepNs = 1000): Uint8Array {
  const parts: Buffer[] = [];
  for (let i = 0; i < count; i++) {
    const size = 19 + ((i * 7) % 26);
    const block = Buffer.alloc(2 + size, i & 0xff);
    block.writeUInt16BE(size, 0);
    block.write("D", 2);
    block.writeUIntBE(34_200e9 + i * stepNs, 7, 6);
    parts.push(block);
  }
  return Buffer.concat(parts);
}

/** Keeps packets by port; 1 is feed A's, 2 feed B's. */
export class Wire {
  readonly sent: Sent[][] = [[], []];

  readonly open = async (options: SenderOptions): Promise<PacketSender> => {
    const feed = options.port - 1;
    return {
      send: (bytes, offsets, count) => {
        for (let i = 0; i < count; i++) {
          const at = offsets[2 * i] as number;
          this.keep(feed, bytes.slice(at, at + (offsets[2 * i + 1] as number)), 0);
        }
        return count;
      },
      close: () => {},
    };
  };

  /** Keeps one packet. */
  keep(feed: number, bytes: Uint8Array, dueNs: number): void {
    (this.sent[feed] as Sent[]).push(readPacket(Buffer.from(bytes), dueNs));
  }

  /** Data packets of a feed. */
  data(feed: number): Sent[] {
    return (this.sent[feed] as Sent[]).filter(({ count }) => count > 0 && count < 0xffff);
  }

  /** Every message that a feed carried in a packet that none with a higher sequence overtook. */
  timely(feed: number): Set<number> {
    const seen = new Set<number>();
    let highest = 0;
    for (const { seq, count } of this.data(feed)) {
      if (seq < highest) continue;
      highest = seq;
      for (let i = 0; i < count; i++) seen.add(seq + i);
    }
    return seen;
  }

  /** Every message that a feed carried. */
  messages(feed: number): Set<number> {
    const seen = new Set<number>();
    for (const { seq, count } of this.data(feed)) {
      for (let i = 0; i < count; i++) seen.add(seq + i);
    }
    return seen;
  }
}

function readPacket(packet: Buffer, dueNs: number): Sent {
  return {
    session: packet.toString("latin1", 0, 10),
    seq: Number(packet.readBigUInt64BE(10)),
    count: packet.readUInt16BE(18),
    hex: packet.toString("hex"),
    dueNs,
  };
}
