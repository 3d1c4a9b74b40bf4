/** `nyq decode` as a shell sees it, against vectors, real packets and layouts nobody here made. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { loadTable } from "../../src/decode/layouts/table.ts";
import { MoldUdp64Writer } from "../../src/decode/moldudp64/encoder.ts";
import { ethernet, ipv4, pcap, tcpFrame } from "../rx/capture-bytes.ts";

const NYQ = join(PACKAGE_ROOT, "dist", "src", "cli", "nyq.js");
const SHARED = process.env["NYQ_SHARED"] ?? join(PACKAGE_ROOT, "..", "shared");

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function decode(args: readonly string[], input?: Uint8Array | string): Run {
  const run = spawnSync(process.execPath, [NYQ, "decode", ...args], {
    ...(input === undefined ? {} : { input }),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  return { code: run.status, out: run.stdout, err: run.stderr };
}

interface Line {
  readonly packet: number;
  readonly seq: unknown;
  readonly message: string;
  readonly template_id: unknown;
  readonly fields: Record<string, unknown>;
}

/** Lines of JSON with every integer as text, so that those above 2^53 are compared whole. */
function linesOf(text: string): Line[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => exact(line) as Line);
}

function exact(json: string): unknown {
  const quoted = json.replace(/"(?:[^"\\]|\\.)*"|-?\d+/g, (token) => {
    return token.startsWith('"') ? token : `"#${token}"`;
  });
  return JSON.parse(quoted);
}

function shared(t: ExecutionContext, path: string): string | null {
  const file = join(SHARED, "data", path);
  if (existsSync(file)) return file;
  t.log("skipped: no shared data");
  t.pass();
  return null;
}

interface Vector {
  readonly packet: string;
  readonly header: Record<string, unknown>;
  readonly messages: {
    readonly message: string;
    readonly TemplateID: string;
    readonly MsgSeqNum: string | null;
    readonly fields: Record<string, unknown>;
  }[];
}

test("EOBI 14.1: the 166 vectors come out field for field, behind their packet headers", (t) => {
  const pcap = shared(t, "eobi/eobi14_1_vectors_dev.pcap");
  if (pcap === null) return;
  const vectors = exact(readFileSync(pcap.replace(".pcap", ".json"), "utf8")) as Vector[];
  const wanted = vectors.flatMap(({ packet, header, messages }) => {
    const { BodyLen: _length, TemplateID, ...fields } = header;
    const first = { packet, seq: null, message: "PacketHeader", template_id: TemplateID, fields };
    const rest = messages.map((one) => {
      const { message, TemplateID: id, MsgSeqNum: seq, fields: own } = one;
      return { packet, seq, message, template_id: id, fields: own };
    });
    return [first, ...rest];
  });
  const { code, out, err } = decode([pcap, "--protocol", "eobi-14.1", "--json"]);
  t.deepEqual([code, err], [0, ""]);
  const lines = linesOf(out);
  t.is(lines.length, 98 + 166);
  t.deepEqual(lines as unknown, wanted);
  const order = lines.map(({ fields }) => Object.keys(fields).join());
  t.deepEqual(
    order,
    wanted.map(({ fields }) => Object.keys(fields).join()),
  );
});

test("EOBI: real packets decode under their own release and no other", (t) => {
  const folder = shared(t, "eobi/real");
  if (folder === null) return;
  const files = readdirSync(folder).filter((name) => name.endsWith(".pcap"));
  t.is(files.length, 4);
  for (const name of files) {
    for (const release of ["3.0", "6.0", "14.1"]) {
      const { code, out, err } = decode([
        join(folder, name),
        "--protocol",
        `eobi-${release}`,
        "--json",
      ]);
      t.is(code, 0, name);
      const messages = linesOf(out).map(({ message }) => message);
      const [, own, message = ""] = /^t7-([\d.]+)-(\w+)\.pcap$/.exec(name) ?? [];
      if (own === release) {
        t.deepEqual(messages, ["PacketHeader", message], name);
        t.is(err, "");
      } else {
        t.deepEqual(
          messages.filter((one) => one !== "PacketHeader"),
          [],
          `${name} as ${release}`,
        );
        t.regex(err, /another release's packet: 1 /, `${name} as ${release}`);
      }
    }
  }
  const snapshot = join(folder, "t7-3.0-SnapshotOrder.pcap");
  const text = decode([snapshot, "--protocol", "eobi-3.0"]).out;
  t.regex(text, /Price +-18000000 +-0\.18000000\n/);
  t.regex(text, /TransactTime +1464004848758458521 +2016-05-23T12:00:48\.758458521Z\n/);
});

/** A hex line of an EOBI 14.1 packet header and message bytes. */
function eobiPacket(...messages: readonly Buffer[]): string {
  const header = Buffer.alloc(32);
  header.writeUInt16LE(32, 0);
  header.writeUInt16LE(13002, 2);
  return Buffer.concat([header, ...messages]).toString("hex");
}

function eobiMessage(template: number, bytes: number, seq = 7): Buffer {
  const message = Buffer.alloc(bytes);
  message.writeUInt16LE(bytes, 0);
  message.writeUInt16LE(template, 2);
  message.writeUInt32LE(seq, 4);
  return message;
}

test("EOBI: what is damaged is counted, what stands before it and beside it is printed", (t) => {
  const heartbeat = eobiMessage(13001, 16);
  const noRoom = eobiMessage(13200, 488);
  noRoom[55] = 19; // NoMDEntries of 18 at most; its place is checked below.
  const cases: [string, string[], RegExp][] = [
    [eobiPacket(heartbeat, heartbeat), ["Heartbeat", "Heartbeat"], /^$/],
    [
      eobiPacket(heartbeat, eobiMessage(13999, 24), heartbeat),
      ["Heartbeat", "Heartbeat"],
      /13999: 1/,
    ],
    [eobiPacket(heartbeat, eobiMessage(13100, 24)), [], /OrderAdd of 24 bytes, not 56/],
    [eobiPacket(heartbeat, eobiMessage(13100, 56).subarray(0, 55)), ["Heartbeat"], /cut packet: 1/],
    [eobiPacket(heartbeat, Buffer.alloc(8), heartbeat), ["Heartbeat"], /bad length: 1/],
    [eobiPacket(heartbeat, Buffer.alloc(5)), ["Heartbeat"], /cut packet: 1/],
    [eobiPacket(heartbeat, noRoom, heartbeat), ["Heartbeat"], /count without room: 1/],
    [eobiPacket().slice(0, 62), [], /short packet: 1/],
    [eobiPacket().replace("ca32", "c832"), [], /another release's packet: 1/],
  ];
  const table = loadTable("eobi-14.1").messages.find(({ id }) => id === 13200);
  const counter = table?.fields.find((row) => "name" in row && row.name === "NoMDEntries");
  t.is(counter?.offset, 55);
  for (const [hex, wanted, problem] of cases) {
    const { code, out, err } = decode(["-", "--protocol", "eobi-14.1", "--json"], `${hex}\n`);
    t.is(code, 0);
    t.regex(err, problem);
    const messages = linesOf(out).map(({ message }) => message);
    t.deepEqual(
      messages.filter((name) => name !== "PacketHeader"),
      wanted,
      hex,
    );
  }
  const all = cases.map(([hex]) => hex).join("\n");
  const lines = linesOf(decode(["-", "--protocol", "eobi-14.1", "--json"], all).out);
  t.is(lines.filter(({ message }) => message === "Heartbeat").length, 8);
});

interface Cell {
  readonly type: string;
  readonly message: string;
  readonly bytes: number;
  readonly field: string;
  readonly offset: number;
  readonly size: number;
  readonly kind: string;
}

function itchCells(file: string): Cell[] {
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => {
      const [type = "", message = "", bytes, field = "", offset, size, kind = ""] = line
        .trim()
        .split(",");
      const numbers = { bytes: Number(bytes), offset: Number(offset), size: Number(size) };
      return { type, message, field, kind, ...numbers };
    });
}

test("ITCH: every field of all 23 types, with the smallest, the largest and odd values", (t) => {
  const file = shared(t, "itch/itch-5.0-layout.csv");
  if (file === null) return;
  const cells = itchCells(file);
  const types = [...new Set(cells.map(({ type }) => type))];
  t.is(types.length, 23);
  const blocks: Buffer[] = [];
  const wanted: unknown[] = [];
  for (const fill of [0x00, 0xff, 0x01]) {
    for (const type of types) {
      const own = cells.filter((cell) => cell.type === type);
      const message = Buffer.alloc(own[0]?.bytes ?? 0);
      const fields: Record<string, string> = {};
      for (const [i, { field, offset, size, kind }] of own.entries()) {
        const isText = kind === "alpha";
        for (let b = 0; b < size; b++) {
          const step = fill === 1 ? (i * 37 + b * 11 + 1) & 0xff : fill;
          message[offset + b] = isText
            ? ([0x41 + b, 0x20][Number(b > 0 && fill === 0)] ?? 0)
            : step;
        }
        const bytes = message.subarray(offset, offset + size);
        if (field === "Message Type") message[offset] = type.charCodeAt(0);
        else if (field !== "Reserved") {
          const text = bytes.toString("latin1").trimEnd();
          fields[field] = isText ? text : `#${BigInt(`0x${bytes.toString("hex")}`)}`;
        }
      }
      const length = Buffer.alloc(2);
      length.writeUInt16BE(message.length);
      blocks.push(Buffer.concat([length, message]));
      wanted.push({ seq: null, message: own[0]?.message, template_id: type, fields });
    }
  }
  const { code, out, err } = decode(["-", "--json"], Buffer.concat(blocks));
  t.deepEqual([code, err], [0, ""]);
  const got = linesOf(out).map(({ packet: _packet, ...rest }) => rest);
  t.deepEqual(got as unknown, wanted);
});

test("ITCH: the real PSX packets decode, five messages of each type", (t) => {
  const folder = shared(t, "itch/psx-20230822");
  if (folder === null) return;
  const counts = new Map<string, number>();
  for (const name of readdirSync(folder)) {
    const { code, out, err } = decode([join(folder, name), "--json"]);
    t.deepEqual([code, err], [0, ""], name);
    for (const { message, packet } of linesOf(out)) {
      t.is(typeof packet, "string");
      counts.set(message, (counts.get(message) ?? 0) + 1);
    }
  }
  t.is(counts.size, 11);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  t.is(total, 51);
});

test("ITCH: a file cut inside a message prints what is whole, says so and exits 1", (t) => {
  const file = shared(t, "itch/first4096bytes.itch");
  if (file === null) return;
  const { code, out, err } = decode([file, "--json"]);
  t.is(code, 1);
  t.is(linesOf(out).length, 101);
  t.regex(err, /FEED_FORMAT: cut inside block 102, 15 bytes are there/);
});

test("ITCH in MoldUDP64: sequences count on, damage and what is unknown are counted", (t) => {
  const system = Buffer.alloc(12);
  system.write("S");
  system.write("O", 11);
  const block = (message: Buffer): Buffer => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    return Buffer.concat([length, message]);
  };
  const packet = (count: number, ...messages: readonly Buffer[]): Buffer => {
    const header = Buffer.alloc(20, " ");
    header.writeBigUInt64BE(2n ** 53n, 10);
    header.writeUInt16BE(count, 18);
    return Buffer.concat([header, ...messages.map(block)]);
  };
  const lines = [
    packet(4, system, Buffer.from("zz"), Buffer.from("S"), system).toString("hex"),
    "not hex",
    "",
    packet(0xffff).toString("hex").toUpperCase(),
    packet(3, system, system).toString("hex"),
    packet(1, system, system).toString("hex"),
    "00",
  ];
  const { code, out, err } = decode(["-", "--json", "--format", "hex"], lines.join("\r\n"));
  t.is(code, 0);
  const seqs = linesOf(out).map(({ packet: number, seq }) => `${number} ${seq}`);
  const base = 2n ** 53n;
  const expected = [`#1 #${base}`, `#1 #${base + 3n}`];
  expected.push(`#5 #${base}`, `#5 #${base + 1n}`, `#6 #${base}`);
  t.deepEqual(seqs, expected);
  for (const kind of [
    "bad line",
    "unknown type 0x7a",
    "bad length",
    "cut packet",
    "short packet",
  ]) {
    t.regex(err, new RegExp(`${kind}: 1 `));
  }
  t.regex(err, /bytes after the last message: 1 /);
});

test("ITCH in SoupBinTCP: messages of a capture count on from the login, in any segmentation", (t) => {
  const system = Buffer.alloc(12);
  system.write("S");
  const soup = (type: string, body: Buffer | string): Buffer => {
    const rest = Buffer.concat([Buffer.from(type), Buffer.from(body)]);
    return Buffer.concat([Buffer.from([rest.length >> 8, rest.length & 0xff]), rest]);
  };
  const sent = Buffer.concat([
    ...[soup("A", "   SESSION1".slice(1) + "4294967295".padStart(20)), soup("S", system)],
    ...[soup("H", ""), soup("S", "?"), soup("+", "hello"), soup("S", system), soup("Z", "")],
  ]);
  const frames: Uint8Array[] = [];
  for (let at = 0; at < sent.length; at += 7) {
    frames.push(tcpFrame(9000, 4000, at, sent.subarray(at, at + 7)));
    if (at % 3 === 0) frames.push(tcpFrame(4000, 9000, at, soup("R", "").subarray(0, 0)));
  }
  frames.push(
    tcpFrame(4000, 9000, 1, soup("U", system)),
    tcpFrame(4001, 9000, 1, soup("S", system)),
  );
  frames.push(tcpFrame(4002, 9000, 1, Buffer.from("GET / HTTP/1.1")));
  frames.push(tcpFrame(4003, 9000, 1, Buffer.from([0, 2, 0x58, 0x58])));
  const capture = pcap(frames.map((bytes) => ({ seconds: 1, fraction: 0, bytes })));
  const { code, out, err } = decode(["-", "--json"], capture);
  t.is(code, 0);
  t.deepEqual(
    linesOf(out).map(({ seq, message }) => [seq, message]),
    [
      ["#4294967295", "System Event"],
      ["#4294967297", "System Event"],
      [null, "System Event"],
    ],
  );
  t.regex(err, /unknown type 0x3f: 1 /);
  t.regex(err, /not SoupBinTCP: 1 /);
});

test("ITCH in MoldUDP64: tshark sees the same sequences and lengths", (t) => {
  if (spawnSync("tshark", ["--version"]).status !== 0) {
    t.log("skipped: tshark is not installed");
    t.pass();
    return;
  }
  const cancel = new Uint8Array(23);
  cancel[0] = 0x58;
  const removed = new Uint8Array(19);
  removed[0] = 0x44;
  let seq = 2 ** 32 - 20;
  const frames = Array.from({ length: 40 }, (_, i) => {
    const out = new Uint8Array(1400);
    let at = new MoldUdp64Writer("NYQ").header(out, 0, seq, i % 7);
    for (let k = 0; k < i % 7; k++) {
      const message = (i + k) % 2 === 0 ? cancel : removed;
      out[at + 1] = message.length;
      out.set(message, at + 2);
      at += 2 + message.length;
    }
    seq += i % 7;
    return ethernet(ipv4(out.subarray(0, at), "239.1.2.3", 26_477));
  });
  const capture = pcap(frames.map((bytes) => ({ seconds: 1, fraction: 0, bytes })));
  const fields = ["-T", "fields", "-e", "moldudp64.msgseq", "-e", "moldudp64.msglen"];
  const folder = mkdtempSync(join(tmpdir(), "nyq-decode-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "mold.pcap");
  writeFileSync(file, capture);
  const args = ["-r", file, "-d", "udp.port==26477,moldudp64", ...fields];
  const run = spawnSync("tshark", args, { encoding: "utf8" });
  const theirs = run.stdout.split("\n").flatMap((line, i) => {
    const [seqs = "", lengths = ""] = line.split("\t");
    const all = lengths.split(",");
    return seqs === "" ? [] : seqs.split(",").map((one, k) => `${i + 1} ${one} ${all[k]}`);
  });
  t.is(theirs.length, 115);
  const ours = linesOf(decode([file, "--json"]).out).map((line) => {
    const bytes = line.template_id === "X" ? 23 : 19;
    return `${line.packet} ${line.seq} ${bytes}`.replaceAll("#", "");
  });
  t.deepEqual(ours, theirs);
});

test("--limit ends after so many messages, an empty input is fine, a missing one is not", (t) => {
  const vectors = shared(t, "eobi/eobi14_1_vectors_dev.pcap");
  if (vectors === null) return;
  const { code, out } = decode([vectors, "--protocol", "eobi-14.1", "--json", "--limit", "5"]);
  t.deepEqual([code, linesOf(out).length], [0, 5]);
  for (const args of [["-"], ["-", "--protocol", "eobi-14.1"], ["-", "--format", "pcap"]]) {
    t.deepEqual(decode(args, ""), { code: 0, out: "", err: "" });
  }
  t.is(decode(["no-such-file"]).code, 1);
  t.is(decode([vectors, "--protocol", "eobi-14.1", "--format", "itch"]).code, 2);
  t.is(decode([vectors, "--protocol", "fast"]).code, 2);
  t.is(decode([vectors, "--templates", "x.xml"]).code, 2);
  t.is(decode(["-", "--protocol", "eobi-14.1"], "\x01\x02").code, 1);
});
