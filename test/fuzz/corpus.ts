/**
 * The good inputs that cases are made from: packets and captures built here, and every file of
 * test/fixtures/corpus/<target>/ (cases that once found a fault go there).
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { ItchWriter } from "../../src/decode/itch/encoder.ts";
import { MESSAGE_TYPES } from "../../src/decode/itch/layout.ts";
import { MoldUdp64Writer } from "../../src/decode/moldudp64/encoder.ts";
import { COUNT, HEADER_BYTES } from "../../src/decode/moldudp64/layout.ts";
import { loginAccepted } from "../../src/decode/soupbintcp/encoder.ts";
import * as B from "../rx/capture-bytes.ts";
import type { Random } from "./random.ts";

/** Message blocks: about `count` messages of all types, those of orders most often. */
export function someBlocks(random: Random, count: number): { bytes: Uint8Array; count: number } {
  const w = new ItchWriter(1024);
  for (let i = 0; i < count; i++) {
    const locate = random.below(8);
    const ref = random.below(32);
    switch (random.below(8)) {
      case 0:
      case 1:
        w.add(locate, 0, 0, i, ref, 0, random.below(2), 1 + random.below(500), 0, 0, 10_000);
        break;
      case 2:
        w.execute(locate, 0, 0, i, ref, 0, 1 + random.below(100), i, 0);
        break;
      case 3:
        w.replace(locate, 0, 0, i, ref, 0, random.below(32), 0, 100, 10_100);
        break;
      case 4:
        w.cancel(locate, 0, 0, i, ref, 0, random.below(100));
        break;
      case 5:
        w.delete(locate, 0, 0, i, ref, 0);
        break;
      case 6:
        w.executePrice(locate, 0, 0, i, ref, 0, 1, i, 0, random.below(2), 9_900);
        break;
      default:
        anyType(w, random);
    }
  }
  return { bytes: w.written().slice(), count: w.messageCount };
}

/** A message of any type with random fields. */
function anyType(w: ItchWriter, random: Random): void {
  const row = MESSAGE_TYPES[random.below(MESSAGE_TYPES.length)];
  const [letter, , bytes] = row as (typeof MESSAGE_TYPES)[number];
  // A broken trade makes room for the block; its bytes are then the chosen type's.
  const at = w.length;
  while (w.length < at + 2 + bytes) w.broken(0, 0, 0, 0, 0, 0);
  w.length = at + 2 + bytes;
  w.messageCount = countBlocks(w, at) + 1;
  w.bytes[at] = 0;
  w.bytes[at + 1] = bytes;
  for (let i = 1; i < bytes; i++) w.bytes[at + 2 + i] = random.word();
  w.bytes[at + 2] = letter.charCodeAt(0);
}

function countBlocks(w: ItchWriter, end: number): number {
  let count = 0;
  for (let at = 0; at < end; at += 2 + (w.bytes[at + 1] as number)) count++;
  return count;
}

/** A whole MoldUDP64 packet. */
export function somePacket(random: Random): Uint8Array {
  const writer = new MoldUdp64Writer("FUZZ");
  const blocks = someBlocks(random, random.below(20));
  const out = new Uint8Array(20 + blocks.bytes.length);
  out.set(blocks.bytes, writer.header(out, 0, 1 + random.below(1000), blocks.count));
  if (blocks.count === 0 && random.oneIn(2)) writer.endOfSession(out, 0, random.below(1000));
  return out;
}

/** A packet of the whole blocks that `bytes` hold, with the count that fits. */
export function repairPacket(bytes: Uint8Array): Uint8Array {
  let at = HEADER_BYTES;
  let count = 0;
  while (at + 2 <= bytes.length) {
    const next = at + 2 + ((bytes[at] as number) << 8) + (bytes[at + 1] as number);
    if (next > bytes.length) break;
    at = next;
    count++;
  }
  if (count === 0) return bytes;
  const out = bytes.slice(0, at);
  out[COUNT] = count >>> 8;
  out[COUNT + 1] = count;
  return out;
}

/** Captures of some packets in every flavour that the readers know. */
export function captures(random: Random): Uint8Array[] {
  const frame = (): Uint8Array => B.ethernet(B.ipv4(somePacket(random)), [0x8100]);
  const packets = [1, 2, 3].map((seconds) => ({ seconds, fraction: 5, bytes: frame() }));
  const v6 = B.ethernet(
    B.ipv6(somePacket(random), 5000, [[0, [0, 0, 0, 0, 0, 0, 0, 0]]]),
    [],
    0x86dd,
  );
  const stream = B.join(loginAccepted("FUZZ", 1n), soupPackets(random));
  const segments: B.Captured[] = [
    { seconds: 1, fraction: 0, bytes: B.tcpFrame(9000, 4000, 99, new Uint8Array(0), 0x02) },
  ];
  for (let at = 0; at < stream.length; at += 100) {
    const bytes = B.tcpFrame(9000, 4000, 100 + at, stream.subarray(at, at + 100));
    segments.splice(random.below(3) === 0 ? 1 : segments.length, 0, {
      ...{ seconds: 1, fraction: at, bytes },
    });
  }
  return [
    B.pcap(segments),
    B.pcap(packets),
    B.pcap(packets, 1, false, true),
    ...[true, false].map((little) =>
      B.join(
        B.section(little),
        B.description(little, 1, 9),
        B.description(little, 1, 0x8a, 60),
        B.enhanced(little, 1_000_000_007n, frame(), 0),
        B.enhanced(little, 1_000_007n, v6, 1),
        B.simple(little, frame()),
      ),
    ),
  ];
}

/** Sequenced data of some messages, and a heartbeat. */
function soupPackets(random: Random): Uint8Array {
  const { bytes } = someBlocks(random, 1 + random.below(10));
  const parts: (Uint8Array | number[])[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 + ((bytes[at] as number) << 8) + (bytes[at + 1] as number);
    parts.push(B.int(end - at - 1, 2), [0x53], bytes.subarray(at + 2, end));
    at = end;
  }
  return B.join(...parts, [0, 1, 0x48]);
}

/** Files kept for a target, in the order of their names. */
export function kept(name: string): Uint8Array[] {
  const folder = join(PACKAGE_ROOT, "test", "fixtures", "corpus", name);
  try {
    return readdirSync(folder)
      .sort()
      .map((file) => new Uint8Array(readFileSync(join(folder, file))));
  } catch {
    return [];
  }
}
