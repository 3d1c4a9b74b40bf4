/** File sources: captures and BinaryFILEs, made here and real, whole and cut. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { Worker } from "node:worker_threads";
import { gzipSync } from "node:zlib";
import test, { type ExecutionContext } from "ava";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { StampKind } from "../../src/core/sinks.ts";
import { FramingKind } from "../../src/decode/framing.ts";
import { ItchWriter } from "../../src/decode/itch/encoder.ts";
import { messageLengths } from "../../src/decode/itch/layout.ts";
import { MoldUdp64Framing } from "../../src/decode/moldudp64/framing.ts";
import { C } from "../../src/metrics/counter-table.ts";
import { detectFormat } from "../../src/rx/file.ts";
import { SHARED, Stand } from "../decode/stand.ts";
import * as B from "./capture-bytes.ts";
import { type FileRun, runFile } from "./file-stand.ts";

const folder = mkdtempSync(joinPath(tmpdir(), "nyq-file-"));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

function save(bytes: Uint8Array): string {
  const path = joinPath(folder, `f${files++}`);
  writeFileSync(path, bytes);
  return path;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const payload = (name: string): Uint8Array => new TextEncoder().encode(name);
const payloads = (run: FileRun): string[] => run.seen.map(({ bytes }) => text(bytes));

/** The data file, or null after saying why the test is skipped. */
function shared(t: ExecutionContext, ...parts: string[]): string | null {
  const path = joinPath(SHARED, "data", ...parts);
  if (existsSync(path)) return path;
  t.log(`skipped: data/${parts.join("/")} is absent (NYQ_SHARED)`);
  t.pass();
  return null;
}

for (const little of [true, false]) {
  for (const nanos of [true, false]) {
    test(`pcap, ${little ? "little" : "big"}-endian, ${nanos ? "ns" : "µs"}: stamps and payloads`, async (t) => {
      const fraction = nanos ? 999_999_999 : 999_999;
      const times = [0, 1_700_000_000, 4_294_967_295];
      const packets = times.map((seconds, i) => {
        return { seconds, fraction, bytes: B.ethernet(B.ipv4(payload(`p${i}`))) };
      });
      const run = await runFile(save(B.pcap(packets, 1, little, nanos)));
      t.deepEqual(payloads(run), ["p0", "p1", "p2"]);
      const ns = BigInt(fraction) * (nanos ? 1n : 1000n);
      t.deepEqual(
        run.seen.map((seen) => seen.ts),
        times.map((seconds) => BigInt.asUintN(64, BigInt(seconds) * 1_000_000_000n + ns)),
      );
      t.true(run.seen.every((seen) => seen.tsKind === StampKind.SOFTWARE && seen.feed === 0));
      t.is(run.source.error, null);
      t.is(run.source.needsMerge, true);
      t.is(run.freeCount, 4);
    });
  }
}

test("every link type gives the payload", async (t) => {
  const ip = B.ipv4(payload("x"));
  const sll = B.join(new Array<number>(14).fill(0), [8, 0], ip);
  const sll2 = B.join([8, 0], new Array<number>(18).fill(0), ip);
  const cases: [number, Uint8Array][] = [
    [1, B.ethernet(ip)],
    [1, B.ethernet(ip, [0x8100])],
    [1, B.ethernet(ip, [0x88a8, 0x8100])],
    [1, B.ethernet(B.ipv6(payload("x")), [], 0x86dd)],
    [1, B.ethernet(B.ipv4(payload("x"), "239.1.2.3", 5000, [1, 1, 1, 0]))],
    [101, ip],
    [12, ip],
    [228, ip],
    [229, B.ipv6(payload("x"), 5000, [[0, new Array<number>(8).fill(0)]])],
    [0, B.join([2, 0, 0, 0], ip)],
    [0, B.join([0, 0, 0, 2], ip)],
    [108, B.join([0, 0, 0, 2], ip)],
    [113, sll],
    [276, sll2],
  ];
  for (const [linkType, bytes] of cases) {
    // Padding as Ethernet has it is not part of the payload.
    const padded = B.join(bytes, [0xee, 0xee]);
    const run = await runFile(save(B.pcap([{ seconds: 1, fraction: 0, bytes: padded }], linkType)));
    t.deepEqual(payloads(run), ["x"], `link type ${linkType}`);
  }
});

test("what is no whole UDP is counted by its kind and skipped", async (t) => {
  const good = B.ethernet(B.ipv4(payload("good")));
  const tcp = good.slice();
  tcp[14 + 9] = 6;
  const badIhl = good.slice();
  badIhl[14] = 0x42;
  const badUdp = good.slice();
  badUdp[14 + 20 + 5] = 200;
  const more = B.ethernet(B.ipv4(payload("f"), "239.1.2.3", 5000, [], 0x2000));
  const last = B.ethernet(B.ipv4(payload("f"), "239.1.2.3", 5000, [], 0x0010));
  const v6 = B.ipv6(payload("f"), 5000, [[44, [0, 0, 0, 9, 0, 0, 0, 0]]]);
  const v6fragment = B.ethernet(v6, [], 0x86dd);
  const list = [tcp, more, last, v6fragment, good.slice(0, 40), good.slice(0, 13), badIhl, badUdp];
  const packets = [...list, new Uint8Array(0), good].map((bytes) => {
    return { seconds: 1, fraction: 0, bytes };
  });
  const run = await runFile(save(B.pcap(packets)));
  t.deepEqual(payloads(run), ["good"]);
  t.is(run.counters.get(C.FILE_SKIPPED), 1);
  t.is(run.counters.get(C.FILE_FRAGMENTS), 3);
  t.is(run.counters.get(C.FILE_TRUNCATED), 3);
  t.is(run.counters.get(C.FILE_MALFORMED), 2);
  t.is(run.counters.get(C.FILE_PACKETS), 1);
});

test("--a and --b choose the feeds, the rest is skipped", async (t) => {
  const of = (name: string, group: string, port: number) => ({
    seconds: 1,
    fraction: 0,
    bytes: B.ethernet(B.ipv4(payload(name), group, port)),
  });
  const path = save(
    B.pcap([
      of("a", "239.1.1.1", 10),
      of("b", "239.1.1.2", 10),
      of("other port", "239.1.1.1", 11),
      of("other group", "239.1.1.3", 10),
    ]),
  );
  const a = { group: "239.1.1.1", port: 10 };
  const b = { group: "239.1.1.2", port: 10 };
  const both = await runFile(path, { a, b });
  t.deepEqual(
    both.seen.map(({ feed, bytes }) => [feed, text(bytes)]),
    [
      [0, "a"],
      [1, "b"],
    ],
  );
  t.is(both.counters.get(C.FILE_SKIPPED), 2);
  t.deepEqual(payloads(await runFile(path, { a })), ["a"]);
  t.is((await runFile(path)).seen.length, 4);
});

test("a payload longer than a frame is counted, not cut", async (t) => {
  const bytes = B.ethernet(B.ipv4(new Uint8Array(4097)));
  const fits = B.ethernet(B.ipv4(new Uint8Array(4096)));
  const packets = [bytes, fits].map((packet) => ({ seconds: 1, fraction: 0, bytes: packet }));
  const run = await runFile(save(B.pcap(packets)), {}, 4096);
  t.deepEqual(
    run.seen.map((seen) => seen.bytes.length),
    [4096],
  );
  t.is(run.counters.get(C.FILE_TRUNCATED), 1);
});

for (const little of [true, false]) {
  test(`pcapng, ${little ? "little" : "big"}-endian: resolutions, offsets, sections, blocks`, async (t) => {
    const packet = (name: string) => B.ethernet(B.ipv4(payload(name)));
    const second = 1_700_000_000n;
    const bytes = B.join(
      B.section(little),
      B.description(little),
      B.description(little, 1, 9),
      B.description(little, 101, 3),
      B.description(little, 1, 0x80 | 10),
      B.description(little, 1, 6, 3600),
      B.description(little, 1, 12),
      B.block(0x0bad, new Uint8Array(2_000_000), little),
      B.enhanced(little, second * 1_000_000n + 5n, packet("µs"), 0),
      B.enhanced(little, second * 1_000_000_000n + 7n, packet("ns"), 1),
      B.enhanced(little, second * 1000n + 9n, B.ipv4(payload("ms")), 2),
      B.enhanced(little, second * 1024n + 512n, packet("2^-10"), 3),
      B.enhanced(little, second * 1_000_000n, packet("later"), 4),
      B.enhanced(little, 7_000_000_000_123n, packet("ps"), 5),
      B.simple(little, packet("simple")),
      B.section(!little),
      B.description(!little),
      B.enhanced(!little, 1n, packet("turned")),
    );
    const run = await runFile(save(bytes));
    t.is(run.source.error, null);
    const ns = second * 1_000_000_000n;
    t.deepEqual(
      run.seen.map((seen) => [text(seen.bytes), seen.ts, seen.tsKind]),
      [
        ["µs", ns + 5000n, StampKind.SOFTWARE],
        ["ns", ns + 7n, StampKind.SOFTWARE],
        ["ms", ns + 9_000_000n, StampKind.SOFTWARE],
        ["2^-10", ns + 500_000_000n, StampKind.SOFTWARE],
        ["later", ns + 3600_000_000_000n, StampKind.SOFTWARE],
        ["ps", 7_000_000_000n, StampKind.SOFTWARE],
        ["simple", 0n, StampKind.NONE],
        ["turned", 1000n, StampKind.SOFTWARE],
      ],
    );
  });
}

test("a capture that cannot be read on gives what came before, and says why", async (t) => {
  const good = B.enhanced(true, 1n, B.ethernet(B.ipv4(payload("good"))));
  const head = B.join(B.section(true), B.description(true), good);
  const odd = B.join(B.int(6, 4, true), B.int(13, 4, true), new Uint8Array(40));
  const huge = B.join(B.int(6, 4, true), B.int(0x7ffffffc, 4, true), new Uint8Array(40));
  const differ = good.slice();
  differ[differ.length - 4] = 1;
  const captured = good.slice();
  captured.set(B.int(0x7fffffff, 4, true), 20);
  const noInterface = B.enhanced(true, 1n, new Uint8Array(4), 1);
  for (const bad of [
    odd,
    huge,
    differ,
    captured,
    noInterface,
    good.slice(0, 9),
    good.slice(0, 50),
  ]) {
    const run = await runFile(save(B.join(head, bad)));
    t.deepEqual(payloads(run), ["good"]);
    t.is(run.source.error?.code, "FEED_FORMAT");
    t.is(run.freeCount, 4);
  }
  const record = { seconds: 1, fraction: 0, bytes: B.ethernet(B.ipv4(payload("good"))) };
  const long = B.join(B.pcap([record]), B.int(0, 8), B.int(0xffffffff, 4), B.int(0, 4));
  const run = await runFile(save(long));
  t.deepEqual(payloads(run), ["good"]);
  t.regex(run.source.error?.message ?? "", /packet 2: length=4294967295 > 262144/);
});

test("a pcap cut at any byte gives its whole packets, gzip or not", async (t) => {
  const packets = ["one", "two"].map((name) => {
    return { seconds: 1, fraction: 0, bytes: B.ethernet(B.ipv4(payload(name))) };
  });
  const whole = B.pcap(packets);
  const record = 16 + 14 + 28 + 3;
  for (let cut = 4; cut <= whole.length; cut++) {
    const count = cut < 24 ? 0 : Math.floor((cut - 24) / record);
    const clean = cut >= 24 && (cut - 24) % record === 0;
    for (const bytes of [whole.slice(0, cut), gzipSync(whole.slice(0, cut))]) {
      const run = await runFile(save(bytes), { format: "pcap" });
      t.is(run.seen.length, count, `cut at ${cut}`);
      t.is(run.source.error === null, clean, `cut at ${cut}`);
    }
  }
});

/** 20,000 deletes as a BinaryFILE. */
function deletes(): ItchWriter {
  const writer = new ItchWriter();
  for (let i = 0; i < 20_000; i++) writer.delete(i & 0xff, 0, 0, i, i, 0);
  return writer;
}

test("a BinaryFILE comes in frames of whole messages with running sequences", async (t) => {
  const whole = deletes().written().slice();
  for (const bytes of [whole, gzipSync(whole), gzipSync(whole.slice(0, 100_001))]) {
    const run = await runFile(save(bytes), {}, 4096);
    let next = 1;
    for (const seen of run.seen) {
      t.is(seen.seq, next);
      t.is(seen.bytes.length, seen.count * 21);
      next += seen.count;
    }
    const joined = B.join(...run.seen.map((seen) => seen.bytes));
    t.deepEqual(Buffer.from(joined), Buffer.from(whole.slice(0, joined.length)));
    t.is(joined.length >= 99_981, true);
    t.is(run.source.needsMerge, false);
    t.is(run.freeCount, 4);
  }
});

test("a BinaryFILE cut inside a message applies the whole ones and reports the cut", async (t) => {
  const whole = deletes()
    .written()
    .slice(0, 21 * 3);
  for (let cut = 0; cut <= whole.length; cut++) {
    const run = await runFile(save(whole.slice(0, cut)), { format: "itch" });
    const count = run.seen.reduce((sum, seen) => sum + seen.count, 0);
    t.is(count, Math.floor(cut / 21));
    t.is(run.source.error?.code, cut % 21 === 0 ? undefined : "FEED_FORMAT");
  }
});

test("a cut gzip gives every message before the cut, and says that it was cut", async (t) => {
  const packed = gzipSync(deletes().written());
  const run = await runFile(save(packed.slice(0, packed.length - 9)));
  const count = run.seen.reduce((sum, seen) => sum + seen.count, 0);
  t.true(count > 19_900, `${count} messages`);
  t.is(run.source.error?.code, "FEED_FORMAT");
  const tail = await runFile(save(packed.slice(0, packed.length - 1)));
  t.is(
    tail.seen.reduce((sum, seen) => sum + seen.count, 0),
    20_000,
  );
  t.is(tail.source.error?.code, "FEED_FORMAT");
});

test("gzip members one after the other are one file", async (t) => {
  const whole = deletes().written();
  const path = save(B.join(gzipSync(whole.slice(0, 1000)), gzipSync(whole.slice(1000))));
  const run = await runFile(path);
  t.is(
    run.seen.reduce((sum, seen) => sum + seen.count, 0),
    20_000,
  );
  t.is(run.source.error, null);
});

test("a block longer than a frame is handed on cut, and the file goes on behind it", async (t) => {
  const good = deletes().written().slice(0, 21);
  const long = B.join([0xff, 0xff], new Uint8Array(0xffff).fill(1));
  for (const frameBytes of [4096, 65_536, 131_072]) {
    const path = save(B.join(good, long, good));
    const run = await runFile(path, { format: "itch" }, frameBytes);
    const count = run.seen.reduce((sum, seen) => sum + seen.count, 0);
    t.is(count, 3);
    t.is(run.source.error, null);
    t.deepEqual(Buffer.from(run.seen.at(-1)?.bytes.slice(-21) ?? []), Buffer.from(good));
  }
});

test("an empty file is no error in either format", async (t) => {
  for (const format of ["auto", "itch", "pcap"] as const) {
    for (const bytes of [new Uint8Array(0), gzipSync(new Uint8Array(0))]) {
      const run = await runFile(save(bytes), { format });
      t.is(run.seen.length, 0);
      t.is(run.source.error, null);
    }
  }
});

test("the format is told by the first bytes, gzip or not", async (t) => {
  const itch = deletes().written().slice(0, 210);
  const ng = B.join(B.section(false));
  for (const [bytes, format] of [
    [itch, "itch"],
    [ng, "pcap"],
    [B.pcap([]), "pcap"],
    [B.pcap([], 1, false, true), "pcap"],
    [new Uint8Array(0), "itch"],
    [Uint8Array.of(0, 0), "itch"],
  ] as const) {
    t.is(await detectFormat(save(bytes)), format);
    t.is(await detectFormat(save(gzipSync(bytes))), format);
  }
  await t.throwsAsync(detectFormat(save(payload("hello world"))), { code: "FEED_FORMAT" });
  await t.throwsAsync(runFile(save(itch), { format: "pcap" }), { code: "FEED_FORMAT" });
  await t.throwsAsync(detectFormat(joinPath(folder, "absent")), { code: "FEED_FILE" });
  await t.throwsAsync(detectFormat(folder), { code: "FEED_FILE" });
});

test("a pipe is looked at and then read from its start, gzip or not", async (t) => {
  const whole = deletes().written().slice();
  for (const bytes of [whole, gzipSync(whole)]) {
    const path = joinPath(folder, `pipe${files++}`);
    execFileSync("mkfifo", [path]);
    const writer = spawn("sh", ["-c", 'cat "$1" > "$2"', "sh", save(bytes), path]);
    t.is(await detectFormat(path), "itch");
    const run = await runFile(path);
    t.is(run.seen.at(-1)?.seq, 20_001 - (run.seen.at(-1)?.count ?? 0));
    t.is(run.source.error, null);
    writer.kill();
  }
});

test("standard input is refused in a worker, where its first bytes are gone", async (t) => {
  const file = joinPath(PACKAGE_ROOT, "dist", "src", "rx", "file.js");
  const code = `import(${JSON.stringify(file)}).then((m) => m.detectFormat("-")).then(
    () => process.exit(0),
    (error) => require("node:worker_threads").parentPort.postMessage(error.code),
  )`;
  const worker = new Worker(code, { eval: true });
  const [message] = await once(worker, "message");
  t.is(message, "FEED_FILE");
  await worker.terminate();
});

test("real: the PSX captures give the messages of the type in their name", async (t) => {
  const path = shared(t, "itch", "psx-20230822");
  if (path === null) return;
  const types: Record<string, string> = {
    AddOrderNoMpidAttributionMessage: "A",
    AddOrderWithMpidAttributionMessage: "F",
    OrderCancelMessage: "X",
    OrderDeleteMessage: "D",
    OrderExecutedMessage: "E",
    OrderExecutedWithPriceMessage: "C",
    OrderReplaceMessage: "U",
    RegShoShortSalePriceTestRestrictedIndicatorMessage: "Y",
    StockTradingActionMessage: "H",
    SystemEventMessage: "S",
    "TradeMessageNon-cross": "P",
  };
  const captures = readdirSync(path).filter((name) => name.endsWith(".pcap"));
  t.is(captures.length, 11);
  for (const name of captures) {
    const type = types[name.replace(".pcap", "")] ?? "";
    const run = await runFile(joinPath(path, name));
    // One session start is all that its capture holds; the others have five packets.
    const count = type === "S" ? 1 : 5;
    t.is(run.seen.length, count, name);
    const stand = new Stand();
    const framing = new MoldUdp64Framing();
    for (const { bytes } of run.seen) {
      const kind = framing.read(bytes, new DataView(bytes.buffer), 0, bytes.length);
      t.is(kind, FramingKind.UNSEQUENCED, name);
      stand.decode(bytes, framing.count, 0, framing.firstOffset);
    }
    const total = stand.decoder.typeCounts.reduce((sum, count) => sum + count, 0);
    t.is(stand.decoder.typeCounts[type.charCodeAt(0)], count, `${name} ${type}`);
    t.is(total, count);
    t.is(stand.counters.get(C.DECODE_MALFORMED), 0);
  }
});

test("real: the start of a day gives its messages and reports the cut", async (t) => {
  const path = shared(t, "itch", "first4096bytes.itch");
  if (path === null) return;
  const bytes = readFileSync(path);
  const walked: Record<string, number> = {};
  let at = 0;
  while (at + 2 + bytes.readUInt16BE(at) <= bytes.length) {
    const type = String.fromCharCode(bytes[at + 2] ?? 0);
    t.is(messageLengths()[bytes[at + 2] ?? 0], bytes.readUInt16BE(at));
    walked[type] = (walked[type] ?? 0) + 1;
    at += 2 + bytes.readUInt16BE(at);
  }
  const run = await runFile(path);
  const stand = new Stand();
  for (const seen of run.seen) stand.decode(seen.bytes, seen.count);
  const counted: Record<string, number> = {};
  stand.decoder.typeCounts.forEach((count, type) => {
    if (count > 0) counted[String.fromCharCode(type)] = count;
  });
  t.deepEqual(counted, walked);
  t.deepEqual(walked, { S: 1, H: 1, Y: 1, R: 98 });
  t.is(run.source.error?.code, "FEED_FORMAT");
});

test("real: the IEX capture gives its 13,022 packets of one group", async (t) => {
  const path = shared(t, "iex", "TOPS16.pcapng.gz");
  if (path === null) return;
  const run = await runFile(path, { a: { group: "224.67.0.199", port: 16_642 } });
  t.is(run.seen.length, 13_022);
  t.is(run.source.error, null);
  const stamps = run.seen.map((seen) => seen.ts);
  t.true(stamps.every((ts) => ts > 1_400_000_000_000_000_000n && ts < 1_800_000_000_000_000_000n));
});
