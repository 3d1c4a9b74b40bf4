/** One day captured as MoldUDP64 and as SoupBinTCP: replay finds the same books in both. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { MoldUdp64Writer } from "../../src/decode/moldudp64/encoder.ts";
import { HEADER_BYTES } from "../../src/decode/moldudp64/layout.ts";
import { emptyPacket, loginAccepted, putHeader } from "../../src/decode/soupbintcp/encoder.ts";
import { TYPE_END_OF_SESSION, TYPE_SEQUENCED_DATA } from "../../src/decode/soupbintcp/layout.ts";
import { randomWords } from "../decode/stand.ts";
import { ethernet, int, ipv4, pcap, tcpFrame } from "../rx/capture-bytes.ts";
import { nyq, temporaryFolder } from "./harness.ts";

const MESSAGES = 30_000;
const SERVER = 26_500;
const SYN = 0x02;

/** A BinaryFILE's messages. */
function messagesOf(file: string): Buffer[] {
  const bytes = readFileSync(file);
  const messages: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 + bytes.readUInt16BE(at);
    messages.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return messages;
}

function captureOf(frames: readonly Uint8Array[]): Uint8Array {
  const head = pcap([]);
  const records = frames.map((bytes, i) => {
    const length = int(bytes.length, 4, true);
    const stamp = [...int(1000 + Math.floor(i / 1000), 4, true), ...int((i % 1000) * 900, 4, true)];
    return Buffer.concat([Uint8Array.from([...stamp, ...length, ...length]), bytes]);
  });
  return Buffer.concat([head, ...records]);
}

function moldCapture(messages: readonly Buffer[]): Uint8Array {
  const writer = new MoldUdp64Writer("DAY");
  const frames: Uint8Array[] = [];
  for (let i = 0; i < messages.length; i += 20) {
    const some = messages.slice(i, i + 20);
    const header = new Uint8Array(HEADER_BYTES);
    writer.header(header, 0, i + 1, some.length);
    const blocks = some.flatMap((one) => [Uint8Array.from(int(one.length, 2)), one]);
    frames.push(ethernet(ipv4(Buffer.concat([header, ...blocks]))));
  }
  return captureOf(frames);
}

/** A connection's segments: cut anywhere, some sent twice, some overtaken. */
function connection(
  messages: readonly Buffer[],
  from: number,
  to: number,
  port: number,
  random: () => number,
): Uint8Array[] {
  const parts = [loginAccepted("DAY", BigInt(from))];
  for (const message of messages.slice(from - 1, to)) {
    const packet = new Uint8Array(3 + message.length);
    putHeader(packet, 0, TYPE_SEQUENCED_DATA, message.length);
    packet.set(message, 3);
    parts.push(packet);
  }
  if (to === messages.length) parts.push(emptyPacket(TYPE_END_OF_SESSION));
  const stream = Buffer.concat(parts);
  const isn = random();
  const sent = [tcpFrame(SERVER, port, isn, new Uint8Array(0), SYN)];
  for (let at = 0; at < stream.length; ) {
    const end = Math.min(stream.length, at + 1 + ((random() >>> 0) % 1460));
    const segment = tcpFrame(SERVER, port, (isn + 1 + at) | 0, stream.subarray(at, end));
    sent.push(segment);
    if ((random() & 15) === 0) sent.push(segment);
    at = end;
  }
  for (let i = 2; i + 5 < sent.length; i += 11) sent.splice(i + 4, 0, ...sent.splice(i, 1));
  return sent;
}

async function replay(t: ExecutionContext, file: string, ...args: string[]) {
  const ended = await nyq(t, ["replay", "--json", ...args, file]);
  t.is(ended.code, 0, ended.stderr);
  return JSON.parse(ended.stdout) as Record<string, unknown> & {
    readonly tcp: Record<string, number> | null;
  };
}

test("a day over SoupBinTCP, with a reconnection, ends with the books of its MoldUDP64", async (t) => {
  const folder = temporaryFolder(t);
  const day = join(folder, "day.itch");
  const made = await nyq(t, [
    ...["generate", "--seed", "9", "--messages", `${MESSAGES}`, "--instruments", "30", "-o", day],
  ]);
  t.is(made.code, 0, made.stderr);
  const messages = messagesOf(day);
  const half = Math.floor(messages.length / 2);
  const seed = Number(process.env["NYQ_SEED"] ?? "77");
  t.log(`seed ${seed}`);
  const random = randomWords(seed);
  const [mold, soup, a] = ["mold", "soup", "a"].map((name) => join(folder, `${name}.pcap`)) as [
    string,
    string,
    string,
  ];
  writeFileSync(mold, moldCapture(messages));
  const first = connection(messages, 1, half + 40, 4000, random);
  const second = connection(messages, half, messages.length, 4001, random);
  writeFileSync(soup, captureOf([...first, ...second]));
  const want = await replay(t, mold);
  const got = await replay(t, soup);
  const keys = ["book_hash", "messages", "types", "events", "gaps", "live_orders", "malformed"];
  for (const key of keys) t.deepEqual(got[key], want[key], key);
  t.is(want.tcp, null);
  t.true((got.tcp?.["duplicates"] ?? 0) > 0 && (got.tcp?.["early"] ?? 0) > 0);
  t.deepEqual([got.tcp?.["holes"], got.tcp?.["lost"]], [0, 0]);
  const text = await nyq(t, ["replay", soup]);
  t.regex(text.stdout, /TCP segments +\d+, duplicates \d+/);
  // Segments missing from the first connection: what the second brings again closes the hole, and
  // what no connection brought is a gap.
  const cut = [...first.slice(0, 60), ...first.slice(63), ...second];
  writeFileSync(a, captureOf(cut));
  const holed = await replay(t, a, "--a", `soup://10.0.0.1:${SERVER}`, "--b", "soup://10.9.9.9:1");
  t.is(holed.tcp?.["holes"], 1);
  const [gap] = holed["gaps"] as [number, number][];
  t.deepEqual(gap?.[1], half - 1);
  t.not(holed["book_hash"], want["book_hash"]);
});
