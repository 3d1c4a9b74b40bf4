/** Packets of files one by one, and the bytes of captured TCP connections in order. */
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import test, { type ExecutionContext } from "ava";
import { lookAt } from "../../src/rx/file.ts";
import { CaptureRow, HexRow, type PacketRow, RowResult } from "../../src/rx/packets.ts";
import { ethernet, ipv4, pcap, tcpFrame } from "./capture-bytes.ts";

/** A TCP segment from port `from` to port 9000. */
function tcp(from: number, seq: number, payload: Uint8Array, flags?: number): Uint8Array {
  return tcpFrame(from, 9000, seq, payload, flags);
}

async function withFile(
  t: ExecutionContext,
  bytes: Uint8Array | string,
  use: (path: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(joinPath(tmpdir(), "nyq-packets-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = joinPath(folder, "file");
  writeFileSync(path, bytes);
  await use(path);
}

/** Every packet of a row as its number and hex. */
async function packetsOf(row: PacketRow, fill: () => Promise<void>): Promise<string[]> {
  const packets: string[] = [];
  for (;;) {
    const result = row.next();
    if (result === RowResult.END) return packets;
    if (result === RowResult.WAIT) await fill();
    if (result !== RowResult.PACKET) continue;
    packets.push(`${row.number} ${Buffer.from(row.packet).toString("hex")}`);
  }
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function captureOf(frames: readonly Uint8Array[]): Uint8Array {
  return pcap(frames.map((bytes) => ({ seconds: 1, fraction: 0, bytes })));
}

interface Streams {
  readonly bytes: string[];
  readonly problems: string[];
}

async function streamsOf(t: ExecutionContext, frames: readonly Uint8Array[]): Promise<Streams> {
  const bytes: string[] = [];
  const problems: string[] = [];
  const ended: number[] = [];
  await withFile(t, captureOf(frames), async (path) => {
    const { input, head } = await lookAt(path);
    const row = new CaptureRow(input, head, () => t.fail(), {
      onStreamBytes: (stream, more) => {
        bytes[stream] = (bytes[stream] ?? "") + Buffer.from(more).toString();
      },
      onStreamProblem: (kind, detail) => problems.push(`${kind}: ${detail}`),
      onStreamEnd: (stream) => ended.push(stream),
    });
    t.deepEqual(await packetsOf(row, () => input.fill()), []);
    input.close();
  });
  t.deepEqual(ended.sort(), [...bytes.keys()], "every stream ends once");
  return { bytes, problems };
}

test("TCP bytes come in order, once, whatever order and cuts the segments have", async (t) => {
  const whole = "0123456789abcdefghij";
  const cut = (from: number, to: number): Uint8Array =>
    tcp(4000, (0xffff_fffb + from) | 0, text(whole.slice(from, to)));
  const syn = tcp(4000, 0xffff_fffa | 0, new Uint8Array(0), 0x02);
  const frames = [syn, syn, cut(0, 4), cut(8, 12), cut(2, 6), cut(8, 10), cut(12, 20), cut(6, 9)];
  const { bytes, problems } = await streamsOf(t, [...frames, cut(0, 20)]);
  t.deepEqual(bytes, [whole]);
  t.deepEqual(problems, []);
});

test("directions and connections are streams of their own, also one that begins anew", async (t) => {
  const frames = [
    tcp(4000, 100, text("one")),
    tcp(4001, 100, text("two")),
    tcp(4000, 103, text("!")),
    tcp(4000, 7, new Uint8Array(0), 0x02),
    tcp(4000, 8, text("again")),
  ];
  const { bytes } = await streamsOf(t, frames);
  t.deepEqual(bytes, ["one!", "two", "again"]);
});

test("a hole in a stream is told at its end, and what is behind it is left out", async (t) => {
  const frames = [tcp(4000, 100, text("one")), tcp(4000, 110, text("three"))];
  const { bytes, problems } = await streamsOf(t, frames);
  t.deepEqual(bytes, ["one"]);
  t.deepEqual(problems, ["TCP bytes missing: 10.0.0.1:4000 > 10.0.0.2:9000, 5 behind"]);
});

test("a datagram captured in part is handed on as far as it is there, and told", async (t) => {
  const whole = ethernet(ipv4(text("payload")));
  await withFile(
    t,
    captureOf([whole, whole.subarray(0, -3), whole.subarray(0, 30)]),
    async (path) => {
      const { input, head } = await lookAt(path);
      const skipped: string[] = [];
      const row = new CaptureRow(input, head, (kind, number) => skipped.push(`${kind} ${number}`));
      const packets = await packetsOf(row, () => input.fill());
      t.deepEqual(packets, ["1 7061796c6f6164", "2 7061796c"]);
      t.deepEqual(skipped, ["packet captured in part 2", "packet captured in part 3"]);
      input.close();
    },
  );
});

test("lines of hex: blanks and case do not matter, bad and overlong lines are told", async (t) => {
  const long = "ab".repeat(200_000);
  const lines = ["00 Ff\r", "", "0", "0g", ` ${"ab".repeat(65_536)}`, long, "0102", "  ", "03"];
  await withFile(t, lines.join("\n"), async (path) => {
    const { input } = await lookAt(path);
    const skipped: number[] = [];
    const row = new HexRow(input, (_kind, number) => skipped.push(number));
    const packets = await packetsOf(row, () => input.fill());
    const wanted = ["1 00ff", `5 ${"ab".repeat(65_536)}`, "7 0102", "9 03"];
    t.deepEqual(packets, wanted);
    t.deepEqual(skipped, [3, 4, 6]);
    input.close();
  });
});
