import test from "ava";
import fc from "fast-check";
import { FeedError } from "../../src/core/errors.ts";
import { MoldUdp64Writer } from "../../src/decode/moldudp64/encoder.ts";
import { BlockSplitter } from "../../src/send/blocks.ts";
import { type Faults, NO_FAULTS, parseFaults } from "../../src/send/faults.ts";
import { Planner } from "../../src/send/planner.ts";
import { type Rate, Schedule } from "../../src/send/schedule.ts";
import { createSend, type SendOptions } from "../../src/send/sender.ts";
import type { Truth } from "../../src/send/truth.ts";
import { seeded } from "../seed.ts";
import { blocks, Wire } from "./support.ts";

const FAST = { kind: "mps", value: 1e8 } as const;

async function sendTo(wire: Wire, more: Partial<SendOptions>): Promise<Truth> {
  return await createSend({
    source: [blocks(1000)],
    a: { group: "239.1.1.1", port: 1 },
    b: { group: "239.1.1.2", port: 2 },
    iface: "127.0.0.1",
    rate: FAST,
    end: false,
    open: wire.open,
    ...more,
  }).run();
}

/** The messages that neither feed carried, from the packets themselves. */
function absent(wire: Wire, first: number, next: number): [number, number][] {
  const a = wire.messages(0);
  const b = wire.messages(1);
  const lost: [number, number][] = [];
  for (let seq = first; seq < next; seq++) {
    if (a.has(seq) || b.has(seq)) continue;
    const last = lost.at(-1);
    if (last !== undefined && last[1] === seq - 1) last[1] = seq;
    else lost.push([seq, seq]);
  }
  return lost;
}

function plannerTo(
  wire: Wire,
  rate: Rate,
  cut: "same" | "different",
  seed: number,
  faults: Faults,
): Planner {
  return new Planner({
    writer: new MoldUdp64Writer("S"),
    feedCount: 2,
    cut,
    seq: 1,
    faults,
    seed,
    schedule: new Schedule(rate),
    emit: (feed, bytes, length, dueNs) => wire.keep(feed, bytes.slice(0, length), dueNs),
  });
}

function plan(planner: Planner, input: Uint8Array): void {
  const splitter = new BlockSplitter("test");
  splitter.give(input);
  while (splitter.next((bytes, at, size) => planner.message(bytes, at, size)));
  planner.flush();
}

test("every message goes out on both feeds, in packets of at most 1400 bytes", async (t) => {
  const wire = new Wire();
  const input = blocks(5000);
  const truth = await sendTo(wire, { source: [input], session: "DAY1", seq: 11 });
  t.is(truth.messages, 5000);
  t.deepEqual(truth.lost, []);
  for (const feed of [0, 1]) {
    const packets = wire.data(feed);
    t.is(wire.messages(feed).size, 5000);
    t.is(packets[0]?.seq, 11);
    t.true(packets.every(({ hex }) => hex.length <= 2 * 1400));
    t.true(packets.every(({ session }) => session === "DAY1      "));
    const payload = packets.map(({ hex }) => hex.slice(40)).join("");
    t.is(payload, Buffer.from(input).toString("hex"));
  }
});

test("--cut different cuts the feeds apart, --cut same alike", async (t) => {
  const apart = new Wire();
  await sendTo(apart, { cut: "different" });
  t.notDeepEqual(
    apart.data(0).map(({ seq }) => seq),
    apart.data(1).map(({ seq }) => seq),
  );
  const alike = new Wire();
  await sendTo(alike, { cut: "same" });
  t.deepEqual(
    alike.data(0).map(({ hex }) => hex),
    alike.data(1).map(({ hex }) => hex),
  );
});

const ALL_FAULTS = "drop=0.1:never-both,dup=0.1,reorder=0.2:8,delay=0.05:3,cut=a@2+4,cut=b@8+3";

test("the same seed gives the same packets, another seed others", async (t) => {
  const send = async (seed: number, chunk: number): Promise<string> => {
    const wire = new Wire();
    const input = blocks(4000);
    const source: Uint8Array[] = [];
    for (let at = 0; at < input.length; at += chunk) source.push(input.slice(at, at + chunk));
    const faults = parseFaults(ALL_FAULTS);
    await sendTo(wire, { source, faults, seed, rate: { kind: "mps", value: 200_000 } });
    return JSON.stringify(wire.sent.map((packets) => packets.map(({ hex }) => hex)));
  };
  const first = await send(5, 1e6);
  t.is(await send(5, 777), first, "however the source is cut");
  t.not(await send(6, 1e6), first);
});

test("never-both holds under all faults at once, and the truth is what was sent", (t) => {
  const property = fc.property(
    fc.nat(),
    fc.constantFrom("same" as const, "different" as const),
    fc.oneof(
      fc.record({ kind: fc.constant("mps" as const), value: fc.integer({ min: 1e4, max: 6e5 }) }),
      fc.record({ kind: fc.constant("pps" as const), value: fc.integer({ min: 5, max: 500 }) }),
    ),
    fc.constantFrom("", ",cut=a@1+2", ",cut=b@60+30", ",cut=a@80+20,cut=b@900+900"),
    (seed, cut, rate, cuts) => {
      const wire = new Wire();
      const drop = (seed % 10) / 10;
      const spec = `drop=${drop}:never-both,dup=0.1,reorder=0.2:9,delay=0.1:2${cuts}`;
      const planner = plannerTo(wire, rate, cut, seed, parseFaults(spec));
      plan(planner, blocks(3000));
      const truth = planner.truth();
      if (truth.lost.length > 0) throw new Error(`lost ${JSON.stringify(truth.lost)}`);
      const lost = absent(wire, 1, 3001);
      if (lost.length > 0) throw new Error(`not carried: ${JSON.stringify(lost)}`);
      const timely = new Set([...wire.timely(0), ...wire.timely(1)]);
      if (timely.size !== 3000) throw new Error("a message was kept back on both feeds");
      for (const feed of [0, 1]) {
        const { packets, dropped, duplicated, sent } = planner.truthOf(feed);
        if (sent !== wire.data(feed).length) throw new Error("sent is not what was sent");
        if (sent !== packets - dropped + duplicated) throw new Error("counts do not add up");
      }
    },
  );
  fc.assert(property, seeded(t, 150));
  t.pass();
});

test("without never-both the truth names exactly what no feed carried", async (t) => {
  const property = fc.asyncProperty(fc.nat(), async (seed) => {
    const wire = new Wire();
    const faults = parseFaults("drop=0.3,dup=0.05,reorder=0.1:4,lose=100-140,lose=300-300");
    const truth = await sendTo(wire, { source: [blocks(700)], faults, seed, seq: 50 });
    const lost = absent(wire, 50, 750);
    if (JSON.stringify(lost) !== JSON.stringify(truth.lost)) {
      throw new Error(`${JSON.stringify(truth.lost)} is not ${JSON.stringify(lost)}`);
    }
    for (const feed of [wire.messages(0), wire.messages(1)]) {
      for (let seq = 100; seq <= 140; seq++) if (feed.has(seq)) throw new Error(`${seq} was sent`);
    }
  });
  await fc.assert(property, seeded(t, 100));
  t.pass();
});

test("lose takes exactly those messages from both feeds", async (t) => {
  const wire = new Wire();
  const truth = await sendTo(wire, { faults: parseFaults("lose=20-29,lose=500-500") });
  t.deepEqual(truth.lost, [
    [20, 29],
    [500, 500],
  ]);
  t.is(wire.messages(0).size, 989);
  t.is(wire.messages(1).size, 989);
});

test("reorder lets later packets go first, and counts those that were overtaken", async (t) => {
  const wire = new Wire();
  const truth = await sendTo(wire, { faults: parseFaults("reorder=0.3:5"), cut: "same" });
  const seqs = wire.data(0).map(({ seq }) => seq);
  const late = seqs.filter((seq, i) => seqs.slice(0, i).some((before) => before > seq));
  t.true(late.length > 0);
  t.is(truth.feeds.a.reordered, late.length);
});

test("a cut feed is silent for that time, and only that feed", async (t) => {
  const wire = new Wire();
  const rate = { kind: "mps", value: 100_000 } as const;
  const truth = await sendTo(wire, { faults: parseFaults("cut=b@2+4"), rate });
  t.is(wire.messages(0).size, 1000);
  const missing = 1000 - wire.messages(1).size;
  t.true(missing > 250 && missing < 550, `${missing} of about 400 messages`);
  t.deepEqual(truth.lost, []);
});

test("the end of session goes out ten times within a second, with the next sequence", async (t) => {
  const wire = new Wire();
  const truth = await sendTo(wire, { source: [blocks(7)], end: true });
  for (const packets of wire.sent) {
    const ends = packets.filter(({ count }) => count === 0xffff);
    t.is(ends.length, 10);
    t.true(ends.every(({ seq }) => seq === 8));
    t.deepEqual(packets.slice(-10), ends);
  }
  t.is(truth.feeds.a.endOfSession, 10);
});

test("an idle feed beats once a second with the next sequence", async (t) => {
  const wire = new Wire();
  async function* source(): AsyncGenerator<Uint8Array> {
    yield blocks(3);
    yield new Uint8Array(0);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    yield blocks(1);
  }
  const truth = await sendTo(wire, { source: source() });
  const kinds = (wire.sent[0] ?? []).map(({ seq, count }) => `${seq}+${count}`);
  t.deepEqual([...new Set(kinds)], ["1+3", "4+0", "4+1"]);
  t.true(truth.feeds.a.heartbeats >= 1);
  t.is(kinds.filter((kind) => kind === "4+0").length, truth.feeds.a.heartbeats);
});

test("an endless source ends in good order when the signal is raised", async (t) => {
  const wire = new Wire();
  const abort = new AbortController();
  let chunks = 0;
  async function* source(): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (++chunks === 20) abort.abort();
      yield blocks(10);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  const send = createSend({
    source: source(),
    a: { group: "239.1.1.1", port: 1 },
    iface: "127.0.0.1",
    open: wire.open,
  });
  const truth = await send.run(abort.signal);
  t.is(truth.feeds.b, undefined);
  t.true(truth.messages >= 190);
  t.is(wire.messages(0).size, truth.messages);
  t.is((wire.sent[0] ?? []).filter(({ count }) => count === 0xffff).length, 10);
});

/** When a planner lets the packets of feed A leave, ms, and how many messages they have. */
function planned(rate: Rate, input: Uint8Array): string[] {
  const wire = new Wire();
  plan(plannerTo(wire, rate, "same", 1, NO_FAULTS), input);
  return wire.data(0).map(({ count, dueNs }) => `${count}@${dueNs / 1e6}`);
}

test("--speed follows the messages' timestamps", (t) => {
  const plan = planned({ kind: "speed", value: 10 }, blocks(4, 100e6));
  t.deepEqual(plan, ["1@0", "1@10", "1@20", "1@30"]);
});

test("--pps lets packets of A leave evenly, full ones", (t) => {
  const plan = planned({ kind: "pps", value: 200 }, blocks(150));
  t.deepEqual(
    plan.map((packet) => packet.split("@")[1]),
    ["0", "5", "10", "15"],
  );
});

test("--mps spaces messages, and no packet waits a millisecond for its first", (t) => {
  const plan = planned({ kind: "mps", value: 2000 }, blocks(6));
  t.deepEqual(plan, ["3@1", "3@2.5"]);
});

test("a file that is cut short is an error after everything before it was sent", async (t) => {
  const wire = new Wire();
  const source = [blocks(10).slice(0, -3)];
  const error = await t.throwsAsync(sendTo(wire, { source }), { instanceOf: FeedError });
  t.is(error?.code, "FEED_FORMAT");
  t.is(wire.messages(0).size, 9);
});
