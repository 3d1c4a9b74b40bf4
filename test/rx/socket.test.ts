import { readFileSync } from "node:fs";
import { getHeapStatistics } from "node:v8";
import type { ExecutionContext } from "ava";
import test from "ava";
import { FeedError } from "../../src/core/errors.ts";
import type { Native } from "../../src/core/native.ts";
import { loadNative } from "../../src/core/native.ts";
import { StampKind } from "../../src/core/sinks.ts";
import { C } from "../../src/metrics/counter-table.ts";
import { openSocketSource } from "../../src/rx/socket.ts";
import type { PacketSender } from "../../src/send/transport.ts";
import { openSender } from "../../src/send/transport.ts";
import { freshGroup, nativeOrSkip } from "../native/native-or-skip.ts";
import type { Rig } from "./socket-parts.ts";
import { fillPacket, makeRig, settle, workUntil } from "./socket-parts.ts";

const PATHS = ["recvmmsg", "dgram"] as const;
type Path = (typeof PATHS)[number];

/** The addon for this path; undefined when the test is to be skipped. */
function nativeFor(t: ExecutionContext, path: Path): Native | null | undefined {
  return path === "dgram" ? null : (nativeOrSkip(t) ?? undefined);
}

function senderTo(rig: Rig, native: Native | null = loadNative()): Promise<PacketSender> {
  return openSender({ ...rig.options.address, iface: "127.0.0.1", ttl: 0 }, native);
}

/** Sends packets first … first + count - 1, each of `length` bytes. */
async function sendSome(
  sender: PacketSender,
  first: number,
  count: number,
  length = 100,
): Promise<void> {
  const bytes = Buffer.alloc(count * length);
  const offsets = new Int32Array(2 * count);
  for (let i = 0; i < count; i++) {
    fillPacket(bytes.subarray(i * length, (i + 1) * length), first + i);
    offsets[2 * i] = i * length;
    offsets[2 * i + 1] = length;
  }
  await sender.send(bytes, offsets, count);
}

for (const path of PATHS) {
  test(`${path}: 100,000 packets arrive in order and whole`, async (t) => {
    const native = nativeFor(t, path);
    if (native === undefined) return;
    const rig = makeRig(native, { path, rcvbufBytes: 1 << 20 });
    const { source, note } = await openSocketSource(rig.options, native);
    t.is(note, null);
    t.is(source.path, path);
    t.is(source.port, rig.options.address.port);
    t.is(source.rcvbufBytes, 2 << 20);
    const sender = await senderTo(rig, native);
    for (let sent = 0; sent < 100_000; sent += 100) {
      await sendSome(sender, sent, 100);
      await workUntil(source, () => rig.sink.packets >= sent + 100);
    }
    t.deepEqual([rig.sink.packets, rig.sink.bad, rig.sink.outOfOrder], [100_000, 0, 0]);
    t.is(rig.counters.get(C.RX_PACKETS_A), 100_000);
    t.is(rig.counters.get(C.RX_BYTES_A), 10_000_000);
    t.true(rig.sink.batches > 0 && rig.sink.batches <= 100_000);
    source.close();
    sender.close();
    t.is(rig.pool.freeCount, 256, "every frame came back");
  });

  test(`${path}: two feeds on one port do not hear each other's group`, async (t) => {
    const native = nativeFor(t, path);
    if (native === undefined) return;
    const a = makeRig(native, { path });
    const address = { group: freshGroup().group, port: a.options.address.port };
    const b = makeRig(native, { path }, { address, feed: 1 });
    const inA = (await openSocketSource(a.options, native)).source;
    const inB = (await openSocketSource(b.options, native)).source;
    const [outA, outB] = [await senderTo(a), await senderTo(b)];
    await sendSome(outA, 0, 50);
    await sendSome(outB, 0, 30);
    await workUntil(inA, () => a.sink.packets >= 50);
    await workUntil(inB, () => b.sink.packets >= 30);
    await settle(inA);
    await settle(inB);
    t.deepEqual([a.sink.packets, b.sink.packets], [50, 30]);
    t.deepEqual([a.counters.get(C.RX_PACKETS_A), a.counters.get(C.RX_PACKETS_B)], [50, 0]);
    t.deepEqual([b.counters.get(C.RX_PACKETS_A), b.counters.get(C.RX_PACKETS_B)], [0, 30]);
    for (const open of [inA, inB, outA, outB]) open.close();
  });

  test(`${path}: a packet as long as a frame passes, a longer one is counted`, async (t) => {
    const native = nativeFor(t, path);
    if (native === undefined) return;
    const rig = makeRig(native, { path }, { frameBytes: 128 });
    const { source } = await openSocketSource(rig.options, native);
    const sender = await senderTo(rig);
    await sendSome(sender, 0, 1, 128);
    await sendSome(sender, 1, 2, 129);
    await sendSome(sender, 1, 1, 127);
    await workUntil(source, () => rig.sink.packets >= 2);
    await settle(source);
    t.deepEqual(rig.sink.lengths, [128, 127]);
    t.deepEqual([rig.sink.bad, rig.sink.outOfOrder], [0, 0]);
    t.is(rig.counters.get(C.RX_TRUNCATED_A), 2);
    t.is(rig.counters.get(C.RX_PACKETS_A), 4);
    source.close();
    sender.close();
    t.is(rig.pool.freeCount, 256);
  });

  test(`${path}: the stop word ends it, and nothing is taken in after`, async (t) => {
    const native = nativeFor(t, path);
    if (native === undefined) return;
    const rig = makeRig(native, { path });
    const { source } = await openSocketSource(rig.options, native);
    const sender = await senderTo(rig);
    await sendSome(sender, 0, 5);
    await workUntil(source, () => rig.sink.packets >= 5);
    t.false(source.isFinished());
    rig.stopWord[0] = 1;
    await sendSome(sender, 5, 5);
    await settle(source);
    t.is(rig.sink.packets, 5);
    t.true(source.isFinished());
    source.close();
    source.close();
    t.is(source.doWork(), 0);
    sender.close();
  });

  test(`${path}: bad addresses and interfaces are refused as FEED_SOCKET`, async (t) => {
    const native = nativeFor(t, path);
    if (native === undefined) return;
    const good = makeRig(native, { path }).options;
    const { port } = good.address;
    for (const change of [
      { address: { group: "10.0.0.1", port } },
      { address: { group: "239.1.1", port } },
      { iface: "192.0.2.1" },
      { iface: "nowhere" },
    ]) {
      const error = await t.throwsAsync(openSocketSource({ ...good, ...change }, native), {
        instanceOf: FeedError,
      });
      t.is((error as FeedError).code, "FEED_SOCKET");
    }
  });
}

test("recvmmsg: with no free frame nothing is read, and it is read when one comes back", async (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const rig = makeRig(native, { path: "recvmmsg", batch: 4 }, { frames: 8 });
  const { source } = await openSocketSource(rig.options, native);
  const sender = await senderTo(rig);
  rig.sink.hold = true;
  await sendSome(sender, 0, 10);
  await settle(source);
  t.is(rig.sink.packets, 8);
  t.true(rig.counters.get(C.RX_NO_FRAME_A) > 0);
  rig.sink.hold = false;
  for (const frame of rig.sink.held) rig.pool.release(0, frame);
  await settle(source);
  t.deepEqual([rig.sink.packets, rig.sink.bad, rig.sink.outOfOrder], [10, 0, 0]);
  t.is(rig.counters.get(C.RX_KERNEL_DROPS_A), 0);
  source.close();
  t.is(rig.pool.freeCount, 8);
  sender.close();
});

test("dgram: a packet that finds no free frame is dropped and counted", async (t) => {
  const rig = makeRig(null, { path: "dgram" }, { frames: 8 });
  const { source } = await openSocketSource(rig.options, null);
  const sender = await senderTo(rig);
  rig.sink.hold = true;
  await sendSome(sender, 0, 10);
  await workUntil(source, () => rig.counters.get(C.RX_PACKETS_A) >= 10);
  source.doWork();
  t.is(rig.sink.packets, 8);
  t.is(rig.counters.get(C.RX_NO_FRAME_DROPS_A), 2);
  source.close();
  sender.close();
});

test("recvmmsg: what the kernel dropped is counted", async (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const rig = makeRig(native, { path: "recvmmsg", rcvbufBytes: 4096 });
  const { source } = await openSocketSource(rig.options, native);
  const sender = await senderTo(rig);
  await sendSome(sender, 0, 200, 1000);
  await settle(source);
  t.true(rig.sink.packets > 0 && rig.sink.packets < 200);
  t.is(rig.counters.get(C.RX_KERNEL_DROPS_A), 200 - rig.sink.packets);
  source.close();
  sender.close();
});

test("dgram: what the kernel dropped is read from /proc once a second", async (t) => {
  const rig = makeRig(null, { path: "dgram", rcvbufBytes: 4096 });
  const { source } = await openSocketSource(rig.options, null);
  // A native sender sends all of them before the event loop can read one.
  const native = nativeOrSkip(t);
  if (native === null) return source.close();
  const sender = await senderTo(rig, native);
  await sendSome(sender, 0, 200, 1000);
  await settle(source);
  t.true(rig.sink.packets > 0 && rig.sink.packets < 200);
  source.tick();
  t.is(rig.counters.get(C.RX_KERNEL_DROPS_A), 200 - rig.sink.packets);
  await sendSome(sender, 0, 200, 1000);
  await settle(source);
  const before = rig.counters.get(C.RX_KERNEL_DROPS_A);
  rig.clock.advance(1e9 - 1);
  source.tick();
  t.is(rig.counters.get(C.RX_KERNEL_DROPS_A), before, "not before the second is over");
  rig.clock.advance(1);
  source.tick();
  t.is(rig.counters.get(C.RX_KERNEL_DROPS_A), 400 - rig.sink.packets);
  source.close();
  sender.close();
});

test("recvmmsg: stamps are the kernel's when asked for, else the thread's clock", async (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  for (const timestamps of ["software", "off"] as const) {
    const rig = makeRig(native, { path: "recvmmsg", timestamps });
    rig.clock.advance(0x1_0000_0007);
    const { source } = await openSocketSource(rig.options, native);
    const sender = await senderTo(rig);
    await sendSome(sender, 0, 3);
    await workUntil(source, () => rig.sink.packets >= 3);
    t.is(rig.sink.stamps.length, 3);
    for (const stamp of rig.sink.stamps) {
      if (timestamps === "off") t.deepEqual(stamp, [7, 1, StampKind.NONE]);
      else t.is(stamp[2], StampKind.SOFTWARE);
    }
    source.close();
    sender.close();
  }
});

test("dgram: stamps are the thread's clock", async (t) => {
  const rig = makeRig(null, { path: "dgram" });
  rig.clock.advance(0x1_0000_0007);
  const { source } = await openSocketSource(rig.options, null);
  const sender = await senderTo(rig);
  await sendSome(sender, 0, 2);
  await workUntil(source, () => rig.sink.packets >= 2);
  t.deepEqual(rig.sink.stamps, [
    [7, 1, StampKind.NONE],
    [7, 1, StampKind.NONE],
  ]);
  source.close();
  sender.close();
});

test("auto takes recvmmsg where the addon is, and says in one line where it is not", async (t) => {
  const without = makeRig(null, { timestamps: "software", busyPollUs: 5 });
  const fallen = await openSocketSource(without.options, null);
  t.is(fallen.source.path, "dgram");
  t.regex(
    String(fallen.note),
    /^rx\.path=auto: addon not loaded.*node:dgram, without rx\.timestamps=software and rx\.busy/,
  );
  t.notRegex(String(fallen.note), /\n/);
  fallen.source.close();
  const native = nativeOrSkip(t);
  if (native === null) return;
  const first = await openSocketSource(makeRig(native).options, native);
  t.deepEqual([first.source.path, first.note], ["recvmmsg", null]);
  first.source.close();
});

test("a named path is that path or an error", async (t) => {
  const recvmmsg = makeRig(null, { path: "recvmmsg" });
  const missing = await t.throwsAsync(openSocketSource(recvmmsg.options, null), {
    message: /^rx\.path=recvmmsg: addon not loaded/,
  });
  t.is((missing as FeedError).code, "FEED_NATIVE_MISSING");
  for (const change of [{ timestamps: "software" }, { busyPollUs: 1 }] as const) {
    const rig = makeRig(null, { path: "dgram", ...change });
    await t.throwsAsync(openSocketSource(rig.options, null), {
      message: /^rx\.path=dgram cannot honour rx\./,
    });
  }
});

test("dgram: a receive buffer above rmem_max is refused, one of it is granted", async (t) => {
  const limit = Number(readFileSync("/proc/sys/net/core/rmem_max", "utf8"));
  const { source } = await openSocketSource(
    makeRig(null, { path: "dgram", rcvbufBytes: limit }).options,
    null,
  );
  t.is(source.rcvbufBytes, 2 * limit);
  source.close();
  const more = makeRig(null, { path: "dgram", rcvbufBytes: limit + 1 });
  await t.throwsAsync(openSocketSource(more.options, null), {
    message: new RegExp(`rx\\.rcvbuf_bytes=${limit + 1}: SO_RCVBUF reads ${2 * limit} <`),
  });
});

test.serial("recvmmsg: a duty cycle allocates nothing, idle or busy", async (t) => {
  const native = nativeOrSkip(t);
  if (native === null) return;
  const rig = makeRig(native, { path: "recvmmsg", timestamps: "software" });
  const pool = rig.pool;
  let packets = 0;
  const sink = {
    onPacket(feed: number, frame: number): void {
      packets++;
      pool.release(feed, frame);
    },
    onControl(): void {},
    onBatchEnd(): void {},
  };
  const { source } = await openSocketSource({ ...rig.options, sink }, native);
  const { group, port } = rig.options.address;
  const sender = native.openSender({ group, port, iface: "127.0.0.1", ttl: 0 });
  const bytes = new Uint8Array(100);
  const offsets = new Int32Array(2 * 64).fill(0);
  const cycles = (count: number, busy: boolean): void => {
    for (let i = 0; i < count; i++) {
      if (busy) sender.send(bytes, offsets, 64);
      source.doWork();
    }
  };
  // The least of three: on a loaded machine V8 compiles late, and leaves something behind once.
  const grown = (count: number, busy: boolean): number => {
    let least = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 3; round++) {
      const before = getHeapStatistics().used_heap_size;
      cycles(count, busy);
      least = Math.min(least, getHeapStatistics().used_heap_size - before);
    }
    return least;
  };
  cycles(20_000, false);
  cycles(500, true);
  // One object of two words a cycle would be 1.6 MB, one a packet would be 1 MB.
  const idle = grown(100_000, false);
  const busy = grown(1_000, true);
  t.log(`heap grew ${idle} bytes in 100,000 idle cycles, ${busy} bytes in 64,000 packets`);
  t.true(idle < 200_000, `${idle} bytes`);
  t.true(busy < 200_000, `${busy} bytes`);
  t.is(packets, 3500 * 64);
  source.close();
  sender.close();
});
