import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import test from "ava";
import type { Native, NativeReceiver, NativeSender } from "../../src/core/native.ts";
import { StampKind } from "../../src/core/sinks.ts";
import { freshGroup, goodOptions, nativeOrSkip } from "./native-or-skip.ts";

const IS_ROOT = process.getuid?.() === 0;
const FRAMES = Int32Array.from({ length: 256 }, (_, i) => i);

/** The arrays of one receiver, and polls that wait for packets on their way. */
class Poller {
  readonly out = new Int32Array(6 * 256);
  readonly drops = new Int32Array(2);
  readonly #receiver: NativeReceiver;

  constructor(receiver: NativeReceiver) {
    this.#receiver = receiver;
  }

  poll(count = 64): number {
    return this.#receiver.poll(FRAMES, count, this.out, this.drops);
  }

  /** Polls until nothing more comes. @returns packets */
  drain(): number {
    let total = 0;
    for (let empty = 0; empty < 100; ) {
      const n = this.poll();
      if (n < 0) throw new Error(`errno ${-n}`);
      total += n;
      empty = n === 0 ? empty + 1 : 0;
    }
    return total;
  }
}

function openSender(native: Native, to: { group: string; port: number }): NativeSender {
  return native.openSender({ group: to.group, port: to.port, iface: "127.0.0.1", ttl: 0 });
}

function sendOne(sender: NativeSender, bytes: Uint8Array): void {
  if (sender.send(bytes, Int32Array.of(0, bytes.length), 1) !== 1) throw new Error("not sent");
}

test("packets land in the frames they were given, each with its length", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const options = goodOptions(native);
  const receiver = native.openReceiver(options);
  const bytes = new Uint8Array(native.regionMap(options.regionId));
  const sender = openSender(native, options);
  const data = Uint8Array.from({ length: 300 }, (_, i) => i);
  t.is(sender.send(data, Int32Array.of(0, 100, 100, 200, 7, 0), 3), 3);
  const out = new Int32Array(18);
  t.is(receiver.poll(Int32Array.of(255, 0, 17), 3, out, new Int32Array(2)), 3);
  t.deepEqual([...out.filter((_, i) => i % 6 < 2)], [255, 100, 0, 200, 17, 0]);
  t.deepEqual(bytes.slice(255 * 2048, 255 * 2048 + 100), data.slice(0, 100));
  t.deepEqual(bytes.slice(0, 200), data.slice(100, 300));
  receiver.close();
  sender.close();
});

test("two groups on one port do not hear each other", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const a = goodOptions(native);
  const b = { ...goodOptions(native), group: freshGroup().group, port: a.port };
  t.not(a.group, b.group);
  const [inA, inB] = [native.openReceiver(a), native.openReceiver(b)];
  const [outA, outB] = [openSender(native, a), openSender(native, b)];
  for (let i = 0; i < 100; i++) sendOne(outA, new Uint8Array(10));
  for (let i = 0; i < 40; i++) sendOne(outB, new Uint8Array(20));
  t.is(new Poller(inA).drain(), 100);
  t.is(new Poller(inB).drain(), 40);
  for (const socket of [inA, inB, outA, outB]) socket.close();
});

test("two receivers of one group both get everything", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const options = goodOptions(native);
  const [one, two] = [native.openReceiver(options), native.openReceiver(options)];
  const sender = openSender(native, options);
  for (let i = 0; i < 50; i++) sendOne(sender, new Uint8Array(10));
  t.is(new Poller(one).drain(), 50);
  t.is(new Poller(two).drain(), 50);
  for (const socket of [one, two, sender]) socket.close();
});

test("a packet as long as the frame is whole, one byte more is flagged as truncated", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const options = { ...goodOptions(native), frameBytes: 128, timestamps: 1 };
  const receiver = native.openReceiver(options);
  const bytes = new Uint8Array(native.regionMap(options.regionId));
  const sender = openSender(native, options);
  sendOne(sender, new Uint8Array(128).fill(1));
  sendOne(sender, new Uint8Array(129).fill(2));
  sendOne(sender, new Uint8Array(60_000).fill(3));
  const poller = new Poller(receiver);
  t.is(poller.poll(3), 3);
  t.deepEqual(
    [0, 6, 12].map((at) => [poller.out[at + 1], poller.out[at + 5]]),
    [
      [128, 0],
      [128, 1],
      [128, 1],
    ],
  );
  t.true(
    bytes.subarray(3 * 128).every((byte) => byte === 0),
    "nothing beyond its frame",
  );
  receiver.close();
  sender.close();
});

test("what a tiny buffer drops is counted, with the packet and after the last one", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const receiver = native.openReceiver({ ...goodOptions(native), rcvbufBytes: 4096 });
  const options = { ...goodOptions(native), rcvbufBytes: 4096 };
  const tiny = native.openReceiver(options);
  t.true(tiny.rcvbufBytes >= 8192 && tiny.rcvbufBytes < 65_536);
  const sender = openSender(native, options);
  const poller = new Poller(tiny);
  for (let i = 0; i < 200; i++) sendOne(sender, new Uint8Array(1000));
  // No packet comes after the drops: the count is asked for once the line is quiet.
  const first = poller.drain();
  t.true(first > 0 && first < 200, `${first} of 200 received`);
  t.is(poller.drops[0], 200 - first);
  sendOne(sender, new Uint8Array(1000));
  t.is(poller.drain(), 1);
  for (let i = 0; i < 100; i++) sendOne(sender, new Uint8Array(1000));
  const second = poller.drain();
  t.is(poller.drops[0], 300 - first - second);
  t.is(poller.drops[1], 0);
  const other = new Poller(receiver);
  other.drain();
  t.is(other.drops[0], 0, "another socket's drops are its own");
  for (const socket of [receiver, tiny, sender]) socket.close();
});

test("software stamps are delivered on loopback and lie between sending and now", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const options = { ...goodOptions(native), timestamps: 1 };
  const receiver = native.openReceiver(options);
  const sender = openSender(native, options);
  const clocks = new Int32Array(4);
  const real = (words: Int32Array, i: number): bigint =>
    (BigInt((words[i + 1] as number) >>> 0) << 32n) | BigInt((words[i] as number) >>> 0);
  const poller = new Poller(receiver);
  // The kernel turns stamping on a moment after the first socket asks for it.
  for (let tries = 0; tries < 1000 && poller.out[4] !== StampKind.SOFTWARE; tries++) {
    sendOne(sender, new Uint8Array(10));
    t.is(poller.poll(), 1);
  }
  native.readClocks(clocks);
  const before = real(clocks, 2);
  for (let i = 0; i < 10; i++) sendOne(sender, new Uint8Array(10));
  t.is(poller.poll(), 10);
  native.readClocks(clocks);
  let last = before;
  for (let i = 0; i < 10; i++) {
    t.is(poller.out[6 * i + 4], StampKind.SOFTWARE);
    const stamp = real(poller.out, 6 * i + 2);
    t.true(stamp >= last && stamp <= real(clocks, 2));
    last = stamp;
  }
  receiver.close();
  sender.close();
});

test("without timestamps the kind is none", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const options = goodOptions(native);
  const receiver = native.openReceiver(options);
  const sender = openSender(native, options);
  sendOne(sender, new Uint8Array(10));
  const poller = new Poller(receiver);
  t.is(poller.poll(), 1);
  t.deepEqual([...poller.out.slice(0, 6)], [0, 10, 0, 0, StampKind.NONE, 0]);
  receiver.close();
  sender.close();
});

test("hardware stamps are refused where the interface has none", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  t.throws(() => native.openReceiver({ ...goodOptions(native), timestamps: 2 }), {
    message: /^timestamps=hardware: lo has no receive stamps/,
  });
});

test("a receive buffer reads back at twice what was asked, or the receiver does not open", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const limit = Number(readFileSync("/proc/sys/net/core/rmem_max", "utf8"));
  const open = (rcvbufBytes: number): number => {
    const receiver = native.openReceiver({ ...goodOptions(native), rcvbufBytes });
    receiver.close();
    return receiver.rcvbufBytes;
  };
  t.is(open(limit), 2 * limit);
  if (IS_ROOT) t.is(open(2 * limit), 4 * limit, "SO_RCVBUFFORCE goes past rmem_max");
  else t.throws(() => open(2 * limit), { message: /rcvbufBytes=.*SO_RCVBUF reads/ });
  t.throws(() => open(1_610_612_736), {
    message: /^rcvbufBytes=1610612736: SO_RCVBUF reads \d+ < 3221225472/,
  });
  t.throws(() => open(2 ** 31), { message: "rcvbufBytes=2147483648 > 2147483647" });
});

test("busy polling is set, or refused by name", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const options = { ...goodOptions(native), busyPollUs: 50 };
  let receiver: NativeReceiver;
  try {
    receiver = native.openReceiver(options);
  } catch (error) {
    t.regex((error as Error).message, /^SO_BUSY_POLL=50: Operation not permitted/);
    t.false(IS_ROOT);
    return;
  }
  const sender = openSender(native, options);
  sendOne(sender, new Uint8Array(10));
  t.is(new Poller(receiver).poll(), 1);
  receiver.close();
  sender.close();
});

test("a bad index, count or array throws and receives nothing", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const options = goodOptions(native);
  const receiver = native.openReceiver(options);
  const sender = openSender(native, options);
  sendOne(sender, new Uint8Array(10));
  const out = new Int32Array(6 * 64);
  const drops = new Int32Array(2);
  const poll = (frames: number[], count = frames.length): number =>
    receiver.poll(Int32Array.from(frames), count, out, drops);
  t.throws(() => poll([256]), { message: "frames[0]=256 is outside 0 to 255" });
  t.throws(() => poll([0, -1]), { message: "frames[1]=-1 is outside 0 to 255" });
  t.throws(() => poll([0, 2 ** 31 - 1]), { message: /frames\[1\]=2147483647/ });
  t.throws(() => poll([0], 2), { message: "frames.length=1 < 2" });
  t.throws(() => poll([0], -1), { message: "count=-1 is outside 0 to 64" });
  t.throws(() => receiver.poll(FRAMES, 65, out, drops), {
    message: "count=65 is outside 0 to 64",
  });
  t.throws(() => receiver.poll(FRAMES, 64, out.subarray(1), drops), {
    message: "out.length=383 < 384",
  });
  t.throws(() => receiver.poll(FRAMES, 1, out, drops.subarray(1)), {
    message: "drops.length=1 < 2",
  });
  const wrong = [1] as unknown as Int32Array;
  t.throws(() => receiver.poll(wrong, 1, out, drops), { message: "expected an Int32Array" });
  t.is(poll([]), 0);
  t.is(poll([255]), 1, "the packet still waits");
  receiver.close();
  t.throws(() => poll([0]), { message: "receiver is closed" });
  receiver.close();
  sender.close();
});

test("each option of a receiver has its bounds", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const good = goodOptions(native);
  const refused: [Partial<typeof good>, RegExp][] = [
    [{ group: "10.0.0.1" }, /^group=10\.0\.0\.1 is outside 224\.0\.0\.0 to 239\.255\.255\.255$/],
    [{ group: "240.0.0.0" }, /^group=240/],
    [{ group: "239.1.1" }, /^group="239\.1\.1" is not a dotted IPv4 address$/],
    [{ group: "239.1.1.1\0x" }, /is not a dotted/],
    [{ iface: "lo" }, /^iface="lo" is not a dotted/],
    [{ iface: "192.0.2.1" }, /^IP_ADD_MEMBERSHIP group=.* iface=192\.0\.2\.1: No such device/],
    [{ port: 65_536 }, /^port=65536 > 65535$/],
    [{ port: -1 }, /^port=-1 < 0$/],
    [{ port: 2 ** 32 + 5000 }, /^port=4294972296 > 65535$/],
    [{ regionId: 0 }, /^regionId=0 < 1$/],
    [{ regionId: 4_000_000_000 }, /^regionId=4000000000 names no region$/],
    [{ batch: 0 }, /^batch=0 < 1$/],
    [{ batch: 257 }, /^batch=257 > 256$/],
    [{ frameBytes: 0 }, /^frameBytes=0 < 1$/],
    [{ frameBytes: 65_537 }, /^frameBytes=65537 > 65536$/],
    [{ frameCount: 0 }, /^frameCount=0 < 1$/],
    [{ frameCount: 257 }, /^257 frames of 2048 bytes > region of 524288$/],
    [{ frameCount: 2 ** 20 + 1 }, /^frameCount=1048577 > 1048576$/],
    [{ timestamps: 3 }, /^timestamps=3 > 2$/],
    [{ busyPollUs: -1 }, /^busyPollUs=-1 < 0$/],
    [{ rcvbufBytes: -1 }, /^rcvbufBytes=-1 < 0$/],
  ];
  for (const [change, message] of refused) {
    t.throws(() => native.openReceiver({ ...good, ...change }), { message });
  }
  for (const change of [{ batch: 1 }, { batch: 256 }, { port: 0 }, { frameCount: 1 }]) {
    const receiver = native.openReceiver({ ...good, ...change });
    t.true(receiver.port > 0);
    receiver.close();
  }
});

/** Descriptors of this process that are sockets. */
function socketCount(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:");
    } catch {
      return false;
    }
  }).length;
}

test.serial("a forgotten receiver is closed when V8 collects it, and not before", async (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const settle = async (done: () => boolean): Promise<void> => {
    for (let i = 0; i < 50 && !done(); i++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  await settle(() => false);
  const before = socketCount();
  let poll: NativeReceiver["poll"] | null = native.openReceiver(goodOptions(native)).poll;
  await settle(() => false);
  t.is(socketCount(), before + 1, "its poll is still held");
  t.is(poll(FRAMES, 64, new Int32Array(6 * 64), new Int32Array(2)), 0);
  poll = null;
  await settle(() => socketCount() === before);
  t.is(socketCount(), before);
});

test("poll with missing or foreign arguments throws", (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const receiver = native.openReceiver(goodOptions(native));
  const poll = receiver.poll as unknown as (...args: unknown[]) => number;
  const words = new Int32Array(6 * 64);
  t.throws(() => poll(), { message: "argument 0 is missing" });
  t.throws(() => poll(FRAMES, 1, words), { message: "argument 3 is missing" });
  t.throws(() => poll(FRAMES, "1", words, words), { message: "argument 1 is not a number" });
  t.throws(() => poll(FRAMES, 1, new Float64Array(9), words), {
    message: "expected an Int32Array",
  });
  t.is(poll(FRAMES, 1, words, words), 0);
  receiver.close();
});

test.serial("a terminated worker's socket and memory are given back", async (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const [sockets, bytes] = [socketCount(), native.regionStats()[1] as number];
  const worker = new Worker(new URL("./polling-worker.js", import.meta.url));
  const mapped = await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  t.is(mapped, 256 * 2048);
  t.is(socketCount(), sockets + 1);
  t.is(native.regionStats()[1], bytes + 256 * 2048);
  await worker.terminate();
  t.is(socketCount(), sockets);
  t.is(native.regionStats()[1], bytes);
});
