/** A warm-up leaves nothing behind: what the threads share is byte for byte that of a cold start. */
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { BusRef } from "../../src/core/bus.ts";
import { Counters } from "../../src/core/counters.ts";
import { loadNative } from "../../src/core/native.ts";
import type { RecordRingRef } from "../../src/core/record-ring.ts";
import { mapRegion } from "../../src/core/region.ts";
import { COUNTER_TABLE } from "../../src/metrics/counter-table.ts";
import { makePlan, type Plan } from "../../src/pipeline/plan.ts";
import { Pipeline } from "../../src/pipeline/supervisor.ts";
import { PipelineThread } from "../../src/pipeline/thread.ts";

const LAPTOP = join(import.meta.dirname, "../../../config/laptop.toml");
const SOME_MESSAGES = 60_000;
const NOTE = /^warmed up with (\d+) messages and (\d+) frames in \d+ ms$/;

/** Most messages change a book; where the machine is busy the time may not do for all of them. */
function sayHowMany(t: ExecutionContext, note: string): void {
  const [, messages, frames] = NOTE.exec(note) ?? [];
  t.true(Number(frames) > Number(messages) / 4, note);
}

function config(salt: number, sets: readonly string[] = []): Config {
  const port = 20_000 + ((process.pid * 7 + salt) % 20_000);
  return loadConfig({
    file: LAPTOP,
    env: {},
    sets,
    flags: [
      ["rx.a", `239.77.${salt}.1:${port}`],
      ["rx.b", `239.77.${salt}.2:${port}`],
      ["rx.iface_b", "127.0.0.1"],
      ["publish.listen", "127.0.0.1:0"],
    ],
  });
}

function planOf(asked: Config): Plan {
  return makePlan(asked, { kind: "sockets" }, loadNative());
}

/** Everything that anybody outside the threads can read; merge counts its publications. */
function shared(plan: Plan): Record<string, Buffer> {
  const { control, region } = plan.bus as BusRef;
  const images = plan.images as RecordRingRef;
  const rings = [...plan.steps, ...plan.freeRings].map(({ ring }) => Buffer.from(ring.control));
  return {
    stop: Buffer.from(plan.stop),
    latency: Buffer.from(plan.latency),
    merge: Buffer.from(plan.mergeStatus).subarray(4),
    directory: Buffer.from(plan.directory),
    bus: Buffer.concat([Buffer.from(control), Buffer.from(mapRegion(region).buffer)]),
    images: Buffer.from(images.control),
    imageRequest: Buffer.from(plan.imageRequest),
    rings: Buffer.concat(rings),
  };
}

function countersOf(plan: Plan): Record<string, number> {
  const counters = new Counters(plan.counters);
  return Object.fromEntries(COUNTER_TABLE.map(({ key }, i) => [key, counters.get(i)]));
}

function sameShared(t: ExecutionContext, warm: Plan, cold: Plan): void {
  const expected = shared(cold);
  for (const [name, bytes] of Object.entries(shared(warm))) {
    t.true(bytes.equals(expected[name] as Buffer), name);
  }
  t.deepEqual(countersOf(warm), countersOf(cold));
}

async function openInline(t: ExecutionContext, asked: Config): Promise<PipelineThread> {
  const thread = new PipelineThread(planOf(asked), 0);
  t.teardown(async () => {
    thread.build.finish();
    await thread.build.endpoint?.stop(100);
  });
  await thread.open(() => t.fail("a warm-up logs nothing"), null);
  return thread;
}

test("an inline feed that warmed up is as cold as one that did not", async (t) => {
  const sets = ["pipeline.placement=inline"];
  const off = config(1, [...sets, "pipeline.warm_up_messages=0"]);
  const on = config(2, [...sets, `pipeline.warm_up_messages=${SOME_MESSAGES}`]);
  const cold = (await openInline(t, off)).build;
  const warm = (await openInline(t, on)).build;
  sayHowMany(t, warm.notes.join());
  t.deepEqual(cold.notes, []);
  sameShared(t, warm.plan, cold.plan);
  t.deepEqual(Buffer.from(warm.plan.threadStatus), Buffer.from(cold.plan.threadStatus));
  for (const build of [warm, cold]) {
    const { core, decode, endpoint, merge } = build;
    t.is(core?.liveOrders, 0);
    t.is(core?.generation, 0);
    t.is(core?.mixed, 0);
    t.is(core?.orderCapacity, 1_048_576);
    t.true(core?.orders.every((word) => word === 0));
    t.deepEqual(decode?.types(), {});
    const { cursor, bookHash, liveOrders, instruments, overrun } = endpoint?.state() ?? {};
    t.deepEqual(
      { cursor, bookHash, liveOrders, instruments, overrun },
      { cursor: 0, bookHash: "0000000000000000", liveOrders: 0, instruments: 0, overrun: false },
    );
    t.deepEqual(endpoint?.trades(10), []);
    t.deepEqual(endpoint?.active(10), []);
    t.false(merge?.session.known);
    t.deepEqual([merge?.sessions, merge?.started, merge?.heldFrames(0)], [0, false, 0]);
    t.deepEqual(build.warmed, []);
    t.is(build.sources.length, 3);
  }
});

test("tables that are too small for the warm-up are as new after it", async (t) => {
  const small = ["book.orders=1024", "book.levels=1024", "book.instruments=2"];
  const sets = ["pipeline.placement=inline", "publish.bus_frames=1024", ...small];
  const off = config(3, [...sets, "pipeline.warm_up_messages=0"]);
  const on = config(4, [...sets, `pipeline.warm_up_messages=${SOME_MESSAGES}`]);
  const cold = (await openInline(t, off)).build;
  const warm = (await openInline(t, on)).build;
  sameShared(t, warm.plan, cold.plan);
  t.is(warm.core?.generation, 0);
  t.is(warm.core?.mixed, 0);
  t.false(warm.book?.refused);
});

test("threads warm up together and leave nothing behind", async (t) => {
  const threads = ["rx.a", "rx.b", "merge", "decode", "book", "publish", "endpoint"];
  const thread = threads.map((name) => ({
    name,
    stages: [name],
    idle: "sleep" as const,
    loop: name === "endpoint" ? ("event" as const) : ("spin" as const),
    cpu: null,
    fifo: 0,
  }));
  const plans: Plan[] = [];
  for (const messages of [0, SOME_MESSAGES]) {
    const base = config(5 + (messages === 0 ? 0 : 1));
    const pipeline = { ...base.pipeline, warmUpMessages: messages, threads: thread };
    const plan = planOf({ ...base, pipeline: pipeline as Config["pipeline"] });
    const running = await Pipeline.start(plan, () => t.fail("a warm-up logs nothing"));
    t.teardown(() => running.kill());
    const notes = running.ready.flatMap((ready) => ready.notes);
    t.is(notes.length, messages === 0 ? 0 : 2, notes.join());
    for (const note of notes) sayHowMany(t, note);
    t.is((await running.queries?.state())?.cursor, 0);
    plans.push(plan);
  }
  sameShared(t, plans[1] as Plan, plans[0] as Plan);
});
