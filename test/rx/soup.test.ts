/** The SoupBinTCP source against our own server on loopback: nothing lost, nothing twice. */
import { setTimeout as pause } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { MonotonicClock, takeOrigin } from "../../src/core/clock.ts";
import { Counters, takeCounters } from "../../src/core/counters.ts";
import { FramePool, FrameView, takeFrames } from "../../src/core/frames.ts";
import type { PacketSink } from "../../src/core/sinks.ts";
import { FramingKind } from "../../src/decode/framing.ts";
import { MoldUdp64Framing } from "../../src/decode/moldudp64/framing.ts";
import { C, COUNTER_COUNT } from "../../src/metrics/counter-table.ts";
import { SoupSource } from "../../src/rx/soup.ts";
import { SoupFile } from "../../src/send/soup-file.ts";
import { type SoupServeOptions, SoupServer } from "../../src/send/soup-server.ts";

const FRAME_BYTES = 2048;
const WAIT_MS = 20_000;

/** A file whose message n is the number n, at various lengths; empty blocks in between. */
function numbered(count: number): SoupFile {
  const out: number[] = [];
  for (let n = 1; n <= count; n++) {
    const length = 4 + (n % 37);
    out.push(0, length, n >>> 24, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff);
    for (let i = 4; i < length; i++) out.push(n & 0xff);
    if (n % 100 === 0) out.push(0, 0);
  }
  return new SoupFile("numbered", Uint8Array.from(out));
}

class Collector implements PacketSink {
  readonly framing = new MoldUdp64Framing();
  readonly seen: number[] = [];
  readonly sessions: number[] = [];
  heartbeats = 0;
  ends = 0;
  wrong = 0;
  /** True: frames are kept, as by stages that do not keep up. */
  holding = false;
  readonly held: number[] = [];
  readonly #view: FrameView;
  readonly #pool: FramePool;

  constructor(view: FrameView, pool: FramePool) {
    this.#view = view;
    this.#pool = pool;
  }

  onPacket(feed: number, frame: number, offset: number, length: number): void {
    const { framing } = this;
    const view = this.#view;
    const start = frame * view.frameBytes + offset;
    const kind = framing.read(view.bytes, view.data, start, length);
    if (kind === FramingKind.HEARTBEAT) this.heartbeats++;
    else if (kind === FramingKind.END_OF_SESSION) this.ends++;
    else if (kind === FramingKind.DATA) this.#messages(start);
    else this.wrong++;
    if (this.sessions.at(-1) !== framing.sessionHi) this.sessions.push(framing.sessionHi);
    if (this.holding) this.held.push(frame);
    else this.#pool.release(feed, frame);
  }
  onControl(): void {}
  onBatchEnd(): void {}

  #messages(start: number): void {
    const { framing } = this;
    const { data } = this.#view;
    let at = start + framing.firstOffset;
    for (let i = 0; i < framing.count; i++) {
      const n = data.getUint32(at + 2);
      if (n !== (framing.seq[0] as number) + i) this.wrong++;
      this.seen.push(n);
      at += 2 + data.getUint16(at);
    }
  }
}

const SERVE: SoupServeOptions = {
  host: "127.0.0.1",
  port: 0,
  session: "DAY",
  user: null,
  messagesPerSecond: null,
  ends: true,
};

async function stand(
  t: ExecutionContext,
  file: SoupFile,
  serve: Partial<SoupServeOptions> = {},
  ask: { sequence?: number; session?: string; password?: string } = {},
) {
  const server = await SoupServer.listen(file, { ...SERVE, ...serve });
  const view = new FrameView(takeFrames(FRAME_BYTES, 64, null));
  const pool = new FramePool(64, []);
  const clock = new MonotonicClock(takeOrigin());
  clock.update();
  const collector = new Collector(view, pool);
  const counters = new Counters(takeCounters(COUNTER_COUNT));
  const stopWord = new Int32Array(new SharedArrayBuffer(8));
  const said: string[] = [];
  const source = new SoupSource({
    ...{ feed: 0, host: "127.0.0.1", port: server.port, view, pool, sink: collector, clock },
    ...{ counters, stopWord, username: "me", password: ask.password ?? "", heartbeatMs: 50 },
    ...{ session: ask.session ?? "", sequence: ask.sequence ?? 1, silenceMs: 2000 },
    log: (line) => said.push(line),
  });
  t.teardown(() => {
    source.close();
    server.close();
  });
  /** Runs the duty cycle until it is so. */
  const until = async (done: () => boolean): Promise<void> => {
    const end = performance.now() + WAIT_MS;
    while (!done() && performance.now() < end) {
      clock.update();
      source.doWork();
      source.tick();
      await pause(5);
    }
    t.true(done(), `gave up; ${said.join("; ")}`);
  };
  return { server, source, collector, pool, counters, stopWord, said, until };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

test("every message comes once and in order, then the end of the session", async (t) => {
  const { collector, pool, until, source } = await stand(t, numbered(5000));
  await until(() => collector.ends === 1);
  t.deepEqual(collector.seen, range(1, 5000));
  t.is(collector.wrong, 0);
  t.is(pool.freeCount, 64);
  t.is(source.path, "soupbintcp");
});

test("after losses of the connection it goes on at the next message", async (t) => {
  const file = numbered(20_000);
  const { collector, server, until, said } = await stand(t, file, { messagesPerSecond: 20_000 });
  for (const at of [2000, 7000, 12_000]) {
    await until(() => collector.seen.length > at);
    server.cut();
  }
  await until(() => collector.ends === 1);
  t.deepEqual(collector.seen, range(1, 20_000));
  t.is(collector.wrong, 0);
  t.is(collector.sessions.length, 1);
  t.is(said.filter((line) => line.includes("session DAY")).length, 4);
});

test("it begins where it is told; 0 is the most recent message", async (t) => {
  const middle = await stand(t, numbered(3000), {}, { sequence: 2500, session: "DAY" });
  await middle.until(() => middle.collector.ends === 1);
  t.deepEqual(middle.collector.seen, range(2500, 3000));
  const last = await stand(t, numbered(3000), {}, { sequence: 0 });
  await last.until(() => last.collector.ends === 1);
  t.deepEqual(last.collector.seen, [3000]);
});

test("without free frames the server is held back, and nothing is lost", async (t) => {
  const { collector, pool, counters, until } = await stand(t, numbered(60_000));
  collector.holding = true;
  await until(() => counters.get(C.RX_NO_FRAME_A) > 10);
  t.true(collector.seen.length < 20_000);
  collector.holding = false;
  for (const frame of collector.held.splice(0)) pool.release(0, frame);
  await until(() => collector.ends === 1);
  t.deepEqual(collector.seen, range(1, 60_000));
});

test("an idle session's heartbeats are passed on with the next sequence", async (t) => {
  const file = numbered(10);
  const { collector, until } = await stand(t, file, { ends: false, heartbeatMs: 30 });
  await until(() => collector.heartbeats > 3);
  t.deepEqual(collector.seen, range(1, 10));
  t.is(collector.framing.seq[0], 11);
});

test("a server that is not there, or refuses, is told; only the first is asked again", async (t) => {
  const user = { name: "me", password: "secret" };
  const refused = await stand(t, numbered(10), { user });
  await refused.until(() => refused.said.some((line) => line.includes("not authorized")));
  await pause(300);
  t.is(refused.said.length, 1);
  const let_in = await stand(t, numbered(10), { user }, { password: "Secret" });
  await let_in.until(() => let_in.collector.ends === 1);
  const gone = await stand(t, numbered(10), { messagesPerSecond: 1 });
  await gone.until(() => gone.said.length > 0);
  gone.server.close();
  await gone.until(() => gone.counters.get(C.RX_ERRORS_A) > 1);
  t.regex(gone.said.join(), /ECONNREFUSED/);
});

test("another session under the same address is a new one, after the end of the old", async (t) => {
  const first = await stand(t, numbered(500), { messagesPerSecond: 2000 });
  const { collector, until } = first;
  await until(() => collector.seen.length > 100);
  const { port } = first.server;
  first.server.close();
  const second = await SoupServer.listen(numbered(50), { ...SERVE, port, session: "NEXT" });
  t.teardown(() => second.close());
  await until(() => collector.ends === 2);
  t.deepEqual(collector.seen.slice(-50), range(1, 50));
  t.is(collector.sessions.length, 2);
});

test("a message longer than a frame is counted, and its sequence is missing", async (t) => {
  const long = new Uint8Array(2 + 3000);
  long.set([3000 >> 8, 3000 & 0xff]);
  const bytes = Buffer.concat([
    Buffer.from([0, 4, 0, 0, 0, 1]),
    long,
    Buffer.from([0, 4, 0, 0, 0, 3]),
  ]);
  const { collector, counters, until } = await stand(t, new SoupFile("long", bytes));
  await until(() => collector.ends === 1);
  t.deepEqual(collector.seen, [1, 3]);
  t.is(counters.get(C.RX_TRUNCATED_A), 1);
});

test("a file that ends inside a message is refused", (t) => {
  for (const bytes of [[0], [0, 2, 1]]) {
    t.throws(() => new SoupFile("cut", Uint8Array.from(bytes)), { code: "FEED_FORMAT" });
  }
});
