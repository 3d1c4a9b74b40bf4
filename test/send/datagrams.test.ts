import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { FeedError } from "../../src/core/errors.ts";
import type { SenderOptions } from "../../src/core/native.ts";
import { readTemplates } from "../../src/decode/fast/read-templates.ts";
import { runSend, type SendCommand } from "../../src/send/command.ts";
import { type Datagram, type DatagramOptions, readDatagrams } from "../../src/send/datagrams.ts";
import { parseFaults } from "../../src/send/faults.ts";
import { createSend, type SendOptions } from "../../src/send/sender.ts";
import type { PacketSender } from "../../src/send/transport.ts";
import type { Truth } from "../../src/send/truth.ts";
import { captureOf } from "../decode/eobi-day.ts";
import { eobiMessage, eobiPacket } from "../decode/eobi-encoder.ts";
import { fortsXml, someForts } from "../decode/fast/some-forts.ts";
import { Random } from "../fuzz/random.ts";
import { seeded } from "../seed.ts";

const TEMPLATES = readTemplates(fortsXml());
const A = { group: "239.1.1.1", port: 5001 };
const B = { group: "239.1.1.2", port: 5002 };

/** A folder of its own, gone after the test. */
function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), "nyq-datagrams-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "templates.xml"), fortsXml());
  return folder;
}

async function read(options: Partial<DatagramOptions> & { path: string }): Promise<Datagram[]> {
  const all: Datagram[] = [];
  const chosen = { protocol: "fast", format: "auto", templates: null, take: null } as const;
  for await (const batch of readDatagrams({ ...chosen, ...options })) all.push(...batch);
  return all;
}

/** FORTS datagrams numbered from 1, without those that begin the numbers anew. */
function datagrams(count: number, seed = 3): Uint8Array[] {
  const all = someForts(new Random(seed), TEMPLATES, count);
  return all.filter((bytes) => bytes[3] !== 0x80 + 49);
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const hexOf = (all: readonly Datagram[]): string[] => all.map(({ bytes }) => hex(bytes));

function len4(parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(part.length);
      return [length, part];
    }),
  );
}

test("FAST messages back to back, behind lengths and captured make the same datagrams", async (t) => {
  const folder = folderOf(t);
  const templates = join(folder, "templates.xml");
  const wanted = datagrams(300);
  const files: [string, Uint8Array][] = [
    ["raw", Buffer.concat(wanted)],
    ["raw.gz", gzipSync(Buffer.concat(wanted))],
    ["len4", len4(wanted)],
    // A length before each message: the reset by itself.
    ["apart", len4(wanted.flatMap((bytes) => [bytes.subarray(0, 2), bytes.subarray(2)]))],
    ["all.pcap", captureOf(wanted.map((bytes) => ({ ...A, bytes: Buffer.from(bytes) })))],
  ];
  for (const [name, bytes] of files) {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    const found = await read({ path, templates });
    t.deepEqual(hexOf(found), wanted.map(hex), name);
    t.true(found.filter(({ count }) => count === 1).length > 150);
  }
});

test("--take chooses one destination of a capture; EOBI's numbers count every message", async (t) => {
  const folder = folderOf(t);
  const path = join(folder, "two.pcap");
  const message = (seq: number): Buffer => eobiMessage("ProductStateChange", {}, seq);
  const packet = (...seqs: number[]): Buffer => eobiPacket(seqs.map(message));
  const one = [packet(5, 6), packet(7)].map((bytes) => ({ ...A, bytes }));
  const other = [packet(5), packet(6, 7)].map((bytes) => ({ ...B, bytes }));
  writeFileSync(path, captureOf([...one, ...other]));
  const options = { path, protocol: "eobi-14.1" } as const;
  t.is((await read(options)).length, 4);
  const taken = await read({ ...options, take: B });
  t.deepEqual(
    taken.map(({ seq, count }) => [seq, count]),
    [
      [5, 1],
      [6, 2],
    ],
  );
  t.deepEqual(
    hexOf(taken),
    other.map(({ bytes }) => hex(bytes)),
  );
});

test("what cannot be read ends the datagrams, after those before it", async (t) => {
  const folder = folderOf(t);
  const templates = join(folder, "templates.xml");
  const [first, second] = datagrams(20) as [Uint8Array, Uint8Array];
  const bad = Uint8Array.from([0xc0, 0x85]);
  const files: [string, Uint8Array][] = [
    ["unknown", Buffer.concat([first, second, bad])],
    ["cut", Buffer.concat([first, second, second.subarray(0, -1)])],
    ["cut.len4", len4([first, second, second]).subarray(0, -1)],
  ];
  for (const [name, bytes] of files) {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    const found: Datagram[] = [];
    const error = await t.throwsAsync(
      async () => {
        const options = { path, templates, protocol: "fast", format: "auto", take: null } as const;
        for await (const batch of readDatagrams(options)) found.push(...batch);
      },
      { instanceOf: FeedError },
    );
    t.is(error?.code, "FEED_FORMAT", name);
    t.deepEqual(hexOf(found), [hex(first), hex(second)], name);
  }
});

/** Sends and keeps what each feed carried, as hex. */
async function sent(
  all: readonly Datagram[],
  more: Partial<SendOptions>,
): Promise<[Truth, string[][]]> {
  const feeds: string[][] = [[], []];
  const open = async ({ port }: SenderOptions): Promise<PacketSender> => ({
    send: (bytes, offsets, count) => {
      for (let i = 0; i < count; i++) {
        const at = offsets[2 * i] as number;
        feeds[port - A.port]?.push(hex(bytes.slice(at, at + (offsets[2 * i + 1] as number))));
      }
      return count;
    },
    close: () => undefined,
  });
  async function* batches(): AsyncGenerator<readonly Datagram[]> {
    for (let at = 0; at < all.length; at += 7) yield all.slice(at, at + 7);
  }
  const rate = { kind: "mps", value: 1e8 } as const;
  const options = { source: [], datagrams: batches(), a: A, b: B, iface: "127.0.0.1", rate, open };
  return [await createSend({ ...options, ...more }).run(), feeds];
}

/** Datagrams of a numbered stream, two messages each, as the test sees them. */
function numbered(count: number): Datagram[] {
  return Array.from({ length: count }, (_, i) => {
    const bytes = Buffer.alloc(40 + (i % 1500));
    bytes.writeUInt32BE(i + 1);
    return { bytes, seq: 100 + 2 * i, count: 2, stampNs: 1e9 + i * 1e6 };
  });
}

test("datagrams go out as they are, in their order, on both feeds and nothing else", async (t) => {
  const all = numbered(500);
  const [truth, feeds] = await sent(all, {});
  t.deepEqual(feeds, [hexOf(all), hexOf(all)]);
  t.is(truth.messages, 1000);
  t.is(truth.first, 100);
  t.is(truth.next, 1100);
  t.deepEqual(truth.lost, []);
  t.is(truth.feeds.a.heartbeats + truth.feeds.a.endOfSession, 0);
});

test("the truth names the messages of exactly the datagrams that no feed carried", async (t) => {
  const all = numbered(400);
  const property = fc.asyncProperty(fc.nat(), async (seed) => {
    const faults = parseFaults("drop=0.3,dup=0.1,reorder=0.2:5,lose=201-203,lose=300-300");
    const [truth, feeds] = await sent(all, { faults, seed });
    const carried = new Set(feeds.flat());
    const lost = all.filter(({ bytes }) => !carried.has(hex(bytes)));
    const numbers = lost.flatMap(({ seq }) => [seq, seq + 1]);
    const told = truth.lost.flatMap(([from, to]) =>
      Array.from({ length: to - from + 1 }, (_, i) => from + i),
    );
    if (JSON.stringify(told) !== JSON.stringify(numbers)) throw new Error("another truth");
    // Half of a datagram cannot be lost: those that hold any of the messages are.
    for (const seq of [200, 202, 300]) if (!numbers.includes(seq)) throw new Error(`${seq}`);
  });
  await fc.assert(property, seeded(t, 40));
  t.pass();
});

test("never-both holds for datagrams, also for those without a number", async (t) => {
  const all = numbered(400).map((one, i) => (i % 3 === 0 ? { ...one, count: 0 } : one));
  const property = fc.asyncProperty(fc.nat(), async (seed) => {
    const faults = parseFaults("drop=0.5:never-both,dup=0.1,reorder=0.2:5");
    const [truth, feeds] = await sent(all, { faults, seed });
    if (new Set(feeds.flat()).size !== all.length) throw new Error("a datagram was lost on both");
    if (truth.lost.length > 0) throw new Error("the truth says so");
  });
  await fc.assert(property, seeded(t, 40));
  t.pass();
});

test("a capture of both feeds has every message twice, and is lost only with both copies", async (t) => {
  const all = numbered(30);
  const twice = [...all, ...all];
  const [truth, feeds] = await sent(twice, { faults: parseFaults("drop=0.6"), seed: 9 });
  const carried = new Set(feeds.flat());
  const lost = all.filter(({ bytes }) => !carried.has(hex(bytes)));
  t.true(lost.length > 0 && lost.length < 12, `${lost.length} of 30`);
  t.is(truth.messages, 60);
  t.deepEqual(
    truth.lost.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i)),
    lost.flatMap(({ seq }) => [seq, seq + 1]),
  );
  const [none] = await sent([...all, ...all], { faults: parseFaults("lose=110-111") });
  t.deepEqual(none.lost, [[110, 111]]);
});

const FLAGS: SendCommand = {
  a: "239.1.1.1:5000",
  iface: "127.0.0.1",
  cut: "different",
  session: "S",
  seq: "1",
  seed: "1",
  end: true,
};

test("flags that mean nothing for a file are usage errors that name them", async (t) => {
  const folder = folderOf(t);
  const path = join(folder, "raw");
  const templates = join(folder, "templates.xml");
  writeFileSync(path, Buffer.concat(datagrams(20)));
  const fast = { protocol: "fast", templates } as const;
  const wrong: [Partial<SendCommand>, string[], RegExp][] = [
    [{ protocol: "fast" }, [], /needs --templates/],
    [{ templates }, [], /takes no --templates/],
    [{ ...fast, format: "itch" }, [], /does not come as --format itch/],
    [{ protocol: "eobi-14.1", format: "len4" }, [], /does not come as --format len4/],
    [fast, ["session"], /--session/],
    [fast, ["end"], /--no-end/],
    [{ ...fast, take: "nowhere" }, [], /--take nowhere/],
    [{ take: "239.1.1.1:5" }, [], /--take goes with captures/],
  ];
  for (const [flags, given, message] of wrong) {
    const run = runSend(path, { ...FLAGS, ...flags }, (flag) => given.includes(flag));
    const error = await t.throwsAsync(run, { instanceOf: FeedError, message });
    t.is(error?.code, "FEED_USAGE");
  }
});
