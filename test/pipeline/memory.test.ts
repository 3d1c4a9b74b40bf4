import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { bookBytes, bookBytesMost, growOrdersFor } from "../../src/book/bytes.ts";
import { BookCore } from "../../src/book/core.ts";
import { INSTRUMENTS_MAX } from "../../src/book/layout.ts";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { FeedError } from "../../src/core/errors.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import {
  cgroupRoom,
  checkMemory,
  type MemoryPart,
  machineMemory,
  memoryAtStart,
  memoryParts,
} from "../../src/pipeline/memory.ts";
import { type Input, makePlan } from "../../src/pipeline/plan.ts";

const NYQ = join(PACKAGE_ROOT, "dist", "src", "cli", "nyq.js");
const FEEDS = ["rx.a=239.1.1.1:5000", "rx.b=239.1.1.2:5000"];
const HUGE = ["--set", "rx.frames=1048576", "--set", "rx.frame_bytes=65536"];
const THREADS = `
[pipeline]
placement = "threads"
force = true
[[pipeline.thread]]
name = "rx"
stages = ["rx.a", "rx.b"]
[[pipeline.thread]]
name = "merge"
stages = ["merge"]
[[pipeline.thread]]
name = "decode"
stages = ["decode"]
[[pipeline.thread]]
name = "book"
stages = ["book"]
[[pipeline.thread]]
name = "out"
loop = "event"
stages = ["publish", "endpoint"]
`;

function load(sets: string[], file?: string): Config {
  return loadConfig({ ...(file && { file }), env: {}, sets, flags: [], requireRx: false });
}

/** Bytes of every SharedArrayBuffer below a value, each once. */
function sharedBytes(value: unknown, seen = new Set<unknown>()): number {
  if (typeof value !== "object" || value === null || seen.has(value)) return 0;
  seen.add(value);
  if (value instanceof SharedArrayBuffer) return value.byteLength;
  return Object.values(value).reduce((sum: number, one) => sum + sharedBytes(one, seen), 0);
}

function part(parts: readonly MemoryPart[], what: string): number {
  return parts.find((one) => one.what === what)?.bytes ?? 0;
}

async function nyq(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [NYQ, ...args]);
    return { code: 0, stdout, stderr };
  } catch (error) {
    // execFile rejects with what the process wrote and its exit code.
    return error as { code: number; stdout: string; stderr: string };
  }
}

test("the sum of shared memory is what a plan takes, inline, on threads and for files", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "nyq-memory-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const threads = join(folder, "threads.toml");
  writeFileSync(threads, THREADS);
  const hash = "off" as const;
  const file = {
    kind: "file",
    path: "x",
    hash,
    dumpBook: null,
    ordersMax: 1024,
  } as const;
  const sizes = ["rx.frames=4096", "publish.bus_frames=32768", "book.instruments=1000"];
  const cases: [Config, Input][] = [
    [load([]), { kind: "sockets" }],
    [load([...FEEDS, ...sizes]), { kind: "sockets" }],
    [load([...FEEDS, ...sizes, "pipeline.ring_slots=65536"], threads), { kind: "sockets" }],
    [load(FEEDS, threads), { ...file, format: "itch" }],
    [load([]), { ...file, format: "pcap" }],
    [load([]), { ...file, format: "pcap", keepsState: true }],
  ];
  for (const [config, input] of cases) {
    const parts = memoryParts(config, input);
    const names = [
      "packet frames",
      "rings between threads",
      "directory",
      "instrument state",
      "bus",
      "images",
    ];
    const said = names.reduce((sum, what) => sum + part(parts, what), 0);
    const taken = sharedBytes(makePlan(config, input, null));
    // What has no key (counters, status, stop word) and tables private to a stage make the rest.
    const { instruments } = config.book;
    const rest = 64 * instruments + 1_000_000;
    t.true(Math.abs(taken - said) < rest, `${input.kind}: taken ${taken}, said ${said}`);
    t.true(memoryAtStart(parts) > said);
  }
});

test("a book takes at start what its sizes say", async (t) => {
  for (const hash of [false, true]) {
    const sizes = { orders: 2_000_000, levels: 500_000, instruments: 20_000, hash };
    const script = `
      import { BookCore } from ${JSON.stringify(join(PACKAGE_ROOT, "dist/src/book/core.js"))};
      const before = process.memoryUsage().rss;
      const sizes = ${JSON.stringify({ ...sizes, grow: false, scoped: false })};
      const core = new BookCore(sizes);
      console.log(process.memoryUsage().rss - before, core.liveOrders);`;
    const args = ["--input-type=module", "-e", script];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const taken = Number(stdout.split(" ")[0]);
    const said = bookBytes(sizes);
    t.true(taken > 0.8 * said && taken < 1.2 * said, `hash ${hash}: taken ${taken}, said ${said}`);
  }
});

test("a book's address space is what its sizes say, and growth stays within what it is given", (t) => {
  for (const hash of [false, true]) {
    const sizes = { orders: 5000, levels: 3000, instruments: 700, hash };
    const core = new BookCore({ ...sizes, grow: false, scoped: false });
    const arrays = Object.values(core).filter((value) => value instanceof Int32Array);
    const bytes = arrays.reduce((sum: number, array: Int32Array) => sum + array.byteLength, 0);
    t.is(bytes - core.freeBlocks.byteLength, bookBytesMost(sizes));
    for (const bytes of [2e8, 1e9, 3e9, 1e12]) {
      const orders = growOrdersFor(bytes, hash);
      const grown = { orders, levels: orders >> 1, instruments: INSTRUMENTS_MAX, hash };
      t.true(bookBytesMost(grown) <= bytes, `${orders} in ${bytes}`);
      const twice = { ...grown, orders: 2 * orders, levels: orders };
      t.true(orders === 2 ** 24 || bookBytesMost(twice) > bytes);
    }
  }
  t.is(growOrdersFor(0, false), 1024);
});

test("a replay that may not grow refuses, counts, says so, and ends with 1", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "nyq-bound-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "day.itch");
  const made = await nyq(
    "generate",
    "--seed",
    "5",
    "--messages",
    "20000",
    "--instruments",
    "50",
    "-o",
    file,
  );
  t.is(made.code, 0, made.stderr);
  const whole = await nyq("replay", "--json", file);
  t.is(whole.code, 0);
  const facts = JSON.parse(whole.stdout) as Record<string, number>;
  t.is(facts["refused"], 0);
  t.true((facts["peak_rss_bytes"] as number) > 2e7);
  const bound = Math.floor((facts["live_orders"] as number) / 2);
  const cut = await nyq("replay", "--json", "--max-orders", String(bound), file);
  t.is(cut.code, 1);
  t.regex(cut.stderr, new RegExp(`full at \\d+ live orders, which may grow to ${bound}\n`));
  const less = JSON.parse(cut.stdout) as Record<string, number>;
  t.true((less["refused"] as number) > 0);
  t.true((less["live_orders"] as number) <= bound);
  t.is(less["messages"], facts["messages"]);
});

test("what is more than the machine has is refused with name, value and bound", (t) => {
  const config = load(FEEDS);
  const parts = memoryParts(config, { kind: "sockets" });
  const sum = memoryAtStart(parts);
  t.notThrows(() => checkMemory(parts, { bytes: sum, source: "in a test" }));
  const error = t.throws(() => checkMemory(parts, { bytes: sum - 1, source: "in a test" }), {
    instanceOf: FeedError,
  });
  t.is(error?.code, "FEED_MEMORY");
  t.is(error?.exitCode, 4);
  t.regex(error?.message ?? "", /book\.orders=2097152.* takes \d\d\d MiB/);
  t.regex(error?.message ?? "", /> \d+ MiB \(in a test\)/);
});

test("a cgroup's room is the least that it and those above it leave", (t) => {
  const root = mkdtempSync(join(tmpdir(), "nyq-cgroup-"));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const group = join(root, "a", "b");
  mkdirSync(group, { recursive: true });
  const room = (): number => cgroupRoom(root, "0::/a/b\n");
  t.is(room(), Number.POSITIVE_INFINITY);
  writeFileSync(join(group, "memory.max"), "max\n");
  t.is(room(), Number.POSITIVE_INFINITY);
  writeFileSync(join(group, "memory.max"), "1000\n");
  t.is(room(), 1000);
  writeFileSync(join(group, "memory.current"), "300\n");
  t.is(room(), 700);
  writeFileSync(join(root, "a", "memory.max"), "900\n");
  writeFileSync(join(root, "a", "memory.current"), "850\n");
  t.is(room(), 50);
  writeFileSync(join(root, "a", "memory.current"), "901\n");
  t.is(room(), 0);
  t.is(cgroupRoom(root, "5:memory:/a\n"), Number.POSITIVE_INFINITY);
  t.is(cgroupRoom(root, ""), Number.POSITIVE_INFINITY);
  const machine = machineMemory();
  t.true(machine.bytes > 2 ** 24 && machine.bytes <= totalmem());
});

test("a feed that asks for more memory than there is ends with 4 before it takes any", async (t) => {
  if (totalmem() > 64 * 2 ** 30) {
    t.log("skipped: this machine has the 64 GiB that are asked for");
    t.pass();
    return;
  }
  const feed = await nyq("feed", "--set", FEEDS[0] as string, ...HUGE);
  t.is(feed.code, 4);
  t.regex(feed.stderr, /FEED_MEMORY: memory at start = \d+ MiB > \d+ MiB .*rx\.frames=1048576/);
  const check = await nyq("config", "check", "--set", FEEDS[0] as string, ...HUGE);
  t.is(check.code, 4);
  t.regex(check.stdout, /65536 MiB {2}packet frames \(rx\.frames=1048576/);
});

test("config check says what each part takes", async (t) => {
  const check = await nyq("config", "check", "--set", FEEDS[0] as string);
  t.is(check.code, 0);
  t.regex(check.stdout, /24 MiB {2}bus \(publish\.bus_frames=262144\)/);
  t.regex(check.stdout, /MiB {2}at start, of \d+ MiB/);
  const json = await nyq("config", "check", "--json", "--set", FEEDS[0] as string);
  const facts = JSON.parse(json.stdout) as Record<string, unknown>;
  const memory = facts["memory"] as { what: string; bytes: number; later_bytes: number }[];
  const sum = memory.reduce((total, { bytes }) => total + bytes, 0);
  t.is(facts["memory_at_start_bytes"], sum);
  t.true((facts["memory_bound_bytes"] as number) > sum);
  t.true(memory.some(({ later_bytes }) => later_bytes === 256 * 8_388_608));
});
