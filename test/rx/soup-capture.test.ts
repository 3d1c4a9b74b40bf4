/** SoupBinTCP in captures: what the server sent, whatever the segments went through on their way. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { FramingKind } from "../../src/decode/framing.ts";
import { MoldUdp64Framing } from "../../src/decode/moldudp64/framing.ts";
import { loginAccepted } from "../../src/decode/soupbintcp/encoder.ts";
import { C, type CounterKey } from "../../src/metrics/counter-table.ts";
import { ethernet, int, ipv4, join, pcap, tcpFrame } from "./capture-bytes.ts";
import { type FileRun, runFile } from "./file-stand.ts";

const SERVER = 9000;
const CLIENT = 4000;
const SYN = 0x02;
const FIN = 0x11;
const NOTHING = new Uint8Array(0);

function soup(type: string, body: Uint8Array = NOTHING): Uint8Array {
  return join(int(1 + body.length, 2), [type.charCodeAt(0)], body);
}

/** Message n: its number, at various lengths. */
function message(n: number): Uint8Array {
  return join(int(n, 4), new Array<number>(n % 37).fill(n & 0xff));
}

/** A login and the messages `from` to `to`, heartbeats in between. */
function served(from: number, to: number, session = "DAY"): Uint8Array {
  const parts = [loginAccepted(session, BigInt(from))];
  for (let n = from; n <= to; n++) {
    parts.push(soup("S", message(n)));
    if (n % 10 === 0) parts.push(soup("H"), soup("H"));
  }
  return join(...parts);
}

/** Segments of at most `bytes` of the server's side, behind its SYN. */
function segments(stream: Uint8Array, bytes: number, isn = 0xffff_ff00, port = SERVER) {
  const out = [tcpFrame(port, CLIENT, isn | 0, NOTHING, SYN)];
  for (let at = 0; at < stream.length; at += bytes) {
    out.push(tcpFrame(port, CLIENT, (isn + 1 + at) | 0, stream.subarray(at, at + bytes)));
  }
  return out;
}

async function run(
  t: ExecutionContext,
  frames: readonly Uint8Array[],
  options: Parameters<typeof runFile>[1] = {},
  frameBytes = 16_384,
): Promise<FileRun> {
  const folder = mkdtempSync(joinPath(tmpdir(), "nyq-soup-capture-"));
  const path = joinPath(folder, "file.pcap");
  writeFileSync(path, pcap(frames.map((bytes, i) => ({ seconds: 1 + i, fraction: 7, bytes }))));
  try {
    const ran = await runFile(path, { tcp: "soupbintcp", ...options }, frameBytes, 65);
    t.is(ran.freeCount, 65, "every frame came back");
    return ran;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Read {
  /** "seq:number" of every message. */
  readonly messages: string[];
  /** "heartbeat 11", "end 31", and the sessions as they began. */
  readonly said: string[];
}

/** Reads the frames as merge does. */
function read({ seen }: FileRun): Read {
  const framing = new MoldUdp64Framing();
  const messages: string[] = [];
  const said: string[] = [];
  for (const { bytes } of seen) {
    const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const kind = framing.read(bytes, data, 0, bytes.length);
    const seq = framing.seq[0] as number;
    if (kind === FramingKind.HEARTBEAT) said.push(`heartbeat ${seq}`);
    if (kind === FramingKind.END_OF_SESSION) said.push(`end ${seq}`);
    let at = framing.firstOffset;
    for (let i = 0; i < framing.count; i++) {
      const number = seq === 0 ? 0 : seq + i;
      messages.push(`${number}:${data.getUint32(at + 2)}`);
      at += 2 + data.getUint16(at);
    }
  }
  return { messages, said };
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `${from + i}:${from + i}`);
}

function counts({ counters }: FileRun, ...keys: CounterKey[]): number[] {
  return keys.map((key) => counters.get(C[key]));
}

test("messages are numbered from the login on, heartbeats and the end say what comes next", async (t) => {
  const stream = join(served(21, 40), soup("+", message(1)), soup("Z"), soup("S", message(9)));
  const ran = await run(t, segments(stream, 100));
  const { messages, said } = read(ran);
  t.deepEqual(messages.slice(0, 20), numbers(21, 40));
  t.deepEqual([...new Set(said)], ["heartbeat 31", "end 41"]);
  t.deepEqual(counts(ran, "FILE_TCP_HOLES", "FILE_TCP_FOREIGN", "FILE_TCP_LOST"), [0, 0, 0]);
  t.is(ran.source.error, null);
  // The segments' own times; the SYN was the first second.
  t.is(ran.seen[0]?.ts, 2_000_007_000n);
});

test("loss, retransmission and disorder of segments change nothing, and are counted", async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 1460 }),
      fc.array(fc.tuple(fc.nat(200), fc.nat(3)), { maxLength: 40 }),
      async (count, bytes, moves) => {
        const sent = segments(served(1, count), bytes);
        const seen = [...sent];
        for (const [at, kind] of moves) {
          const i = 1 + (at % (seen.length - 1));
          const frame = seen[i] as Uint8Array;
          if (kind === 0) seen.push(...seen.splice(i, 1));
          else seen.splice(1 + ((at * 7) % (seen.length - 1)), 0, frame);
        }
        const ran = await run(t, seen);
        t.deepEqual(read(ran).messages, numbers(1, count));
        t.deepEqual(counts(ran, "FILE_TCP_HOLES", "FILE_TCP_LOST"), [0, 0]);
        t.is(counts(ran, "FILE_TCP_SEGMENTS")[0], seen.length - 1);
      },
    ),
    { numRuns: 60, ...(process.env["NYQ_SEED"] && { seed: Number(process.env["NYQ_SEED"]) }) },
  );
});

test("what is counted: duplicates, early segments, and those behind a hole", async (t) => {
  const [syn, one, two, three, four] = segments(served(1, 30), 150) as Uint8Array[];
  const ok = [syn, one, one, three, two, one, four] as Uint8Array[];
  const ran = await run(t, ok);
  const keys = ["FILE_TCP_SEGMENTS", "FILE_TCP_DUPLICATES", "FILE_TCP_EARLY"] as const;
  t.deepEqual(counts(ran, ...keys), [6, 2, 1]);
  const hole = await run(t, [syn, one, three, four] as Uint8Array[]);
  t.deepEqual(counts(hole, ...keys, "FILE_TCP_HOLES"), [3, 0, 2, 1]);
  t.true(read(hole).messages.length < read(ran).messages.length);
});

test("a hole is given up when 1 MiB waits behind it; a new connection's login goes on", async (t) => {
  const big = segments(served(1, 50_000), 1400);
  big.splice(3, 1);
  const next = segments(served(60_000, 60_010), 1400, 77);
  const ran = await run(t, [...big, ...next]);
  const [holes = 0, lost = 0, early = 0] = counts(
    ran,
    ...(["FILE_TCP_HOLES", "FILE_TCP_LOST", "FILE_TCP_EARLY"] as const),
  );
  t.is(holes, 1);
  t.is(early, Math.floor(2 ** 20 / 1400));
  t.is(early + lost + 2, big.length - 1);
  t.deepEqual(read(ran).messages.slice(-11), numbers(60_000, 60_010));
});

test("a capture that began in mid-session gives its messages without sequence", async (t) => {
  const whole = join(soup("S", message(5)), soup("H"), soup("S", message(6)));
  const ran = await run(t, [tcpFrame(SERVER, CLIENT, 1, whole)]);
  t.deepEqual(read(ran), { messages: ["0:5", "0:6"], said: [] });
});

test("other TCP and bad logins are counted as foreign and give nothing", async (t) => {
  const badNumber = join(int(31, 2), new TextEncoder().encode(`ASESSION   ${"x".padStart(20)}`));
  const badName = join(int(31, 2), [0x41], new Array<number>(10).fill(7), [...int(0x31, 20)]);
  const short = soup("A", new Uint8Array(3));
  const bodies = ["GET / HTTP/1.1\r\n", badNumber, badName, short, join(int(0, 2), [9, 9])].map(
    (body) => (typeof body === "string" ? join([0, 3], new TextEncoder().encode(body)) : body),
  );
  const frames = bodies.map((body, i) =>
    tcpFrame(SERVER, 5000 + i, 1, join(body, soup("S", message(1)))),
  );
  const ran = await run(t, frames);
  t.deepEqual(counts(ran, "FILE_TCP_FOREIGN"), [bodies.length]);
  t.deepEqual(read(ran).messages, []);
});

test("with servers chosen the one is feed A, the other B, and the clients' side is skipped", async (t) => {
  const server = (port: number) => ({ group: "10.0.0.1", port, transport: "soupbintcp" }) as const;
  const a = segments(served(1, 5), 200, 5, 9000);
  const b = segments(served(1, 5), 90, 5, 9001);
  const client = tcpFrame(CLIENT, SERVER, 1, soup("R"));
  const udp = ethernet(ipv4(message(1), "10.0.0.1", 9000));
  const options = { a: server(9000), b: server(9001) };
  const ran = await run(t, [...a, client, ...b, udp], options);
  for (const feed of [0, 1]) {
    const seen = ran.seen.filter((one) => one.feed === feed);
    t.deepEqual(read({ ...ran, seen }).messages, numbers(1, 5));
  }
  t.deepEqual(counts(ran, "FILE_SKIPPED"), [2]);
  const groups = { a: { group: "10.0.0.1", port: 9000 }, b: { group: "10.0.0.1", port: 9001 } };
  t.is((await run(t, [...a, ...b], groups)).seen.length, 0);
});

test("a message longer than a frame leaves a gap in the numbers, counted", async (t) => {
  const stream = join(
    loginAccepted("DAY", 1n),
    soup("S", message(1)),
    soup("S", new Uint8Array(300)),
    soup("S", message(3)),
  );
  const ran = await run(t, segments(stream, 1000), {}, 256);
  t.deepEqual(read(ran).messages, ["1:1", "3:3"]);
  t.deepEqual(counts(ran, "FILE_TRUNCATED"), [1]);
});

test("more frames than there are free are waited for, one slice after the other", async (t) => {
  const logins: Uint8Array[] = [];
  for (let n = 1; n <= 3000; n++) {
    logins.push(loginAccepted("DAY", BigInt(n)), soup("S", message(n)));
  }
  const stream = join(...logins);
  const frames = segments(stream, 1400);
  // All at once: the second segment comes last.
  frames.push(...frames.splice(1, 1));
  const ran = await run(t, frames);
  t.deepEqual(read(ran).messages, numbers(1, 3000));
});

test("a thousand and more connections one after the other: closed ones make room", async (t) => {
  const frames: Uint8Array[] = [];
  for (let i = 0; i < 1100; i++) {
    frames.push(tcpFrame(SERVER, 10_000 + i, 1, join(served(i + 1, i + 1))));
    frames.push(tcpFrame(SERVER, 10_000 + i, 2000, NOTHING, i < 80 ? FIN : 0x10));
  }
  const ran = await run(t, frames);
  t.deepEqual(counts(ran, "FILE_TCP_LOST"), [0]);
  t.deepEqual(read(ran).messages, numbers(1, 1100));
  const open = await run(
    t,
    frames.filter((_, i) => i % 2 === 0),
  );
  t.deepEqual(counts(open, "FILE_TCP_LOST"), [76]);
});
