/** MoldUDP64: framing against the writer, against golden bytes and against tshark. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import test from "ava";
import fc from "fast-check";
import { joinHalves } from "../../src/core/layout.ts";
import { FramingKind } from "../../src/decode/framing.ts";
import { ItchWriter } from "../../src/decode/itch/encoder.ts";
import { MoldUdp64Writer, sessionBytes } from "../../src/decode/moldudp64/encoder.ts";
import { MoldUdp64Framing } from "../../src/decode/moldudp64/framing.ts";
import { ethernet, ipv4, pcap } from "../rx/capture-bytes.ts";

const SEED = Number(process.env["NYQ_SEED"] ?? 64);

/** A data packet with blocks of the given lengths. */
function packet(session: string, seq: number, lengths: readonly number[]): Uint8Array {
  const size = lengths.reduce((sum, length) => sum + 2 + length, 20);
  const out = new Uint8Array(size);
  let at = new MoldUdp64Writer(session).header(out, 0, seq, lengths.length);
  for (const length of lengths) {
    out[at] = length >>> 8;
    out[at + 1] = length;
    at += 2 + length;
  }
  return out;
}

function read(framing: MoldUdp64Framing, bytes: Uint8Array): number {
  // Surrounded by other bytes, as in a frame region.
  const region = new Uint8Array(bytes.length + 64).fill(0xff);
  region.set(bytes, 32);
  return framing.read(region, new DataView(region.buffer), 32, bytes.length);
}

test("golden bytes: a data packet, a heartbeat, an end of session", (t) => {
  const writer = new MoldUdp64Writer("NYQ1");
  const out = new Uint8Array(64);
  t.is(writer.header(out, 0, 0x1_0000_0002, 3), 20);
  t.is(
    Buffer.from(out.subarray(0, 20)).toString("hex"),
    "4e59513120202020202000000001000000020003",
  );
  t.is(writer.heartbeat(out, 10, 7), 30);
  t.is(
    Buffer.from(out.subarray(10, 30)).toString("hex"),
    "4e595131202020202020000000000000000700" + "00",
  );
  t.is(writer.endOfSession(out, 0, 7), 20);
  t.is(Buffer.from(out.subarray(10, 20)).toString("hex"), "0000000000000007ffff");
});

test("a session name that does not fit the wire is refused", (t) => {
  t.is(Buffer.from(sessionBytes("")).toString(), " ".repeat(10));
  t.throws(() => sessionBytes("12345678901"), { code: "FEED_USAGE" });
  t.throws(() => sessionBytes("tab\t"), { code: "FEED_USAGE" });
});

test("property: blocks fit when a walk over their whole lengths ends at the packet's end", (t) => {
  // Lengths of 256 and more lead a walk over the low bytes alone astray.
  const length = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 200, max: 700 }));
  const change = fc.record({ at: fc.nat(1400), value: fc.nat(255) });
  let fitting = 0;
  let refused = 0;
  const property = fc.property(
    fc.array(length, { minLength: 1, maxLength: 12 }),
    fc.array(change, { maxLength: 20 }),
    fc.boolean(),
    (lengths, changes, cold) => {
      const bytes = packet("S", 1, lengths);
      for (const { at, value } of changes) bytes[20 + (at % (bytes.length - 20))] = value;
      const framing = new MoldUdp64Framing(cold);
      const data = new DataView(bytes.buffer);
      framing.readHeader(bytes, data, 0, bytes.length);
      let at = 20;
      for (let i = 0; i < lengths.length && at >= 0; i++) {
        at = at + 2 <= bytes.length ? at + 2 + data.getUint16(at) : -1;
      }
      const fits = framing.fits(data, 0, bytes.length);
      t.is(fits, at === bytes.length);
      if (fits) fitting++;
      else refused++;
    },
  );
  fc.assert(property, { seed: SEED, numRuns: 2000 });
  t.true(fitting > 100 && refused > 100, `${fitting} fitting, ${refused} refused`);
});

test("property: what is written is read, and skip lands on every block", (t) => {
  t.log(`seed ${SEED}`);
  const framing = new MoldUdp64Framing();
  const lengths = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 40 });
  const seqs = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER - 100 });
  fc.assert(
    fc.property(seqs, lengths, (seq, blocks) => {
      const bytes = packet("SESSION", seq, blocks);
      t.is(read(framing, bytes), FramingKind.DATA);
      t.is(framing.seq[0], seq);
      t.is(joinHalves(framing.seqLo, framing.seqHi), seq);
      t.is(framing.count, blocks.length);
      t.is(framing.firstOffset, 20);
      const data = new DataView(bytes.buffer);
      let at = 20;
      for (let n = 0; n <= blocks.length; n++) {
        t.is(framing.skip(data, 0, bytes.length, 20, n), at);
        at += 2 + (blocks[n] ?? 0);
      }
      t.is(framing.skip(data, 0, bytes.length, 20, blocks.length + 1), -1);
    }),
    { seed: SEED, numRuns: 300 },
  );
});

test("the session is three big-endian words", (t) => {
  const framing = new MoldUdp64Framing();
  read(framing, packet("ABCDEFGHIJ", 1, [1]));
  t.is(framing.sessionHi, 0x41424344);
  t.is(framing.sessionMid, 0x45464748);
  t.is(framing.sessionLo, 0x494a);
});

test("heartbeat and end of session carry the next sequence and no message", (t) => {
  const framing = new MoldUdp64Framing();
  const out = new Uint8Array(20);
  new MoldUdp64Writer("S").heartbeat(out, 0, 41);
  t.is(read(framing, out), FramingKind.HEARTBEAT);
  t.deepEqual([framing.seq[0], framing.count], [41, 0]);
  new MoldUdp64Writer("S").endOfSession(out, 0, 42);
  t.is(read(framing, out), FramingKind.END_OF_SESSION);
  t.deepEqual([framing.seq[0], framing.count], [42, 0]);
});

test("sequence 0 is unsequenced data, and malformed where there is none", (t) => {
  const framing = new MoldUdp64Framing();
  t.is(read(framing, packet("S", 0, [19, 36])), FramingKind.UNSEQUENCED);
  t.is(framing.count, 2);
  const out = new Uint8Array(20);
  new MoldUdp64Writer("S").heartbeat(out, 0, 0);
  t.is(read(framing, out), FramingKind.SEQUENCE);
});

test("a packet is refused at every cut, and with any byte too many", (t) => {
  const framing = new MoldUdp64Framing();
  const whole = packet("S", 5, [19, 0, 36]);
  t.is(read(framing, whole), FramingKind.DATA);
  for (let cut = 0; cut < whole.length; cut++) {
    t.is(read(framing, whole.slice(0, cut)), cut < 20 ? FramingKind.SHORT : FramingKind.BLOCKS);
  }
  t.is(read(framing, Uint8Array.from([...whole, 0])), FramingKind.BLOCKS);
  t.is(read(framing, Uint8Array.from([...whole, 0, 0])), FramingKind.BLOCKS);
  for (const count of [0, 2, 4, 0xfffe, 0xffff]) {
    const wrong = whole.slice();
    wrong[18] = count >>> 8;
    wrong[19] = count;
    t.is(read(framing, wrong), FramingKind.BLOCKS, `count ${count}`);
  }
});

test("the highest sequence that is believed leaves room for the packet's messages", (t) => {
  const framing = new MoldUdp64Framing();
  const max = Number.MAX_SAFE_INTEGER;
  t.is(read(framing, packet("S", max - 2, [1, 1])), FramingKind.DATA);
  t.is(read(framing, packet("S", max - 1, [1, 1])), FramingKind.SEQUENCE);
  const wild = packet("S", 1, [1]);
  wild.fill(0xff, 10, 18);
  t.is(read(framing, wild), FramingKind.SEQUENCE);
  wild.set([0, 0x20, 0, 0, 0, 0, 0, 0], 10);
  t.is(read(framing, wild), FramingKind.SEQUENCE);
});

test("tshark reads the packets that we write", (t) => {
  try {
    execFileSync("tshark", ["--version"], { stdio: "ignore" });
  } catch {
    t.log("skipped: tshark is not installed");
    t.pass();
    return;
  }
  const messages = new ItchWriter();
  messages.add(1, 0, 0, 1, 77, 0, 0, 100, 0x41414141, 0x20202020, 10_000);
  messages.delete(1, 0, 0, 2, 77, 0);
  const writer = new MoldUdp64Writer("TSHARK01");
  const data = new Uint8Array(20 + messages.length);
  data.set(messages.written(), writer.header(data, 0, 4_294_967_297, 2));
  const beat = new Uint8Array(20);
  writer.heartbeat(beat, 0, 4_294_967_299);
  const end = new Uint8Array(20);
  writer.endOfSession(end, 0, 4_294_967_299);
  const port = 26_000 + (process.pid % 1000);
  const folder = mkdtempSync(joinPath(tmpdir(), "nyq-mold-"));
  try {
    const file = joinPath(folder, "mold.pcap");
    const packets = [data, beat, end].map((bytes, i) => ({
      seconds: 1,
      fraction: i,
      bytes: ethernet(ipv4(bytes, "239.1.2.3", port)),
    }));
    writeFileSync(file, pcap(packets));
    const fields = ["session", "sequence", "count", "msglen"].flatMap((f) => [
      "-e",
      `moldudp64.${f}`,
    ]);
    const decodeAs = `udp.port==${port},moldudp64`;
    const args = ["-r", file, "-d", decodeAs, "-T", "fields", "-E", "separator=|", ...fields];
    const lines = execFileSync("tshark", args, { encoding: "utf8", stdio: "pipe" }).trim();
    t.deepEqual(
      lines.split("\n").map((line) => line.split("|").map((cell) => cell.trim())),
      [
        ["TSHARK01", "4294967297", "2", "36,19"],
        ["TSHARK01", "4294967299", "0", ""],
        ["TSHARK01", "4294967299", "65535", ""],
      ],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
