/**
 * Merge against slow obvious models, and against hostile packets. Every case has a seed of its own,
 * printed when it fails; NYQ_SEED=<seed> repeats the run.
 */
import test from "ava";
import fc from "fast-check";
import { Random } from "../../src/generate/random.ts";
import { NEXT } from "../../src/merge/sequencer.ts";
import { seeded } from "../seed.ts";
import { Rig } from "./rig.ts";

interface Piece {
  readonly feed: number;
  readonly from: number;
  readonly to: number;
}

/** Cuts messages 1 to `last` for one feed, then loses, doubles and reorders packets. */
function feedOf(feed: number, last: number, random: Random): Piece[] {
  const pieces: Piece[] = [];
  const loss = random.below(40);
  const depth = 1 + random.below(6);
  for (let from = 1; from <= last; ) {
    const to = Math.min(last, from + random.below(12));
    if (random.below(100) >= loss) {
      pieces.push({ feed, from, to });
      if (random.below(10) === 0) pieces.push({ feed, from, to });
    }
    from = to + 1;
  }
  for (let i = 0; i < pieces.length; i++) {
    if (random.below(4) !== 0) continue;
    const j = Math.min(pieces.length - 1, i + random.below(depth));
    const moved = pieces.splice(i, 1)[0] as Piece;
    pieces.splice(j, 0, moved);
  }
  return pieces;
}

/** Mixes two feeds in any way that keeps each one's order. */
function mix(a: Piece[], b: Piece[], random: Random): Piece[] {
  const mixed: Piece[] = [];
  const bias = 1 + random.below(9);
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const takeA = j === b.length || (i < a.length && random.below(10) < bias);
    mixed.push((takeA ? a[i++] : b[j++]) as Piece);
  }
  return mixed;
}

/** The messages of 1 to `last` that are not in `seen`, as "from-to". */
function absent(seen: Set<number>, last: number): string[] {
  const ranges: string[] = [];
  for (let seq = 1; seq <= last; seq++) {
    if (seen.has(seq)) continue;
    const from = seq;
    while (seq < last && !seen.has(seq + 1)) seq++;
    ranges.push(`${from}-${seq}`);
  }
  return ranges;
}

test("with patience, every message that came on a feed goes on and the rest are gaps", (t) => {
  const property = fc.property(fc.nat(), (caseSeed) => {
    const random = new Random(caseSeed);
    const last = 1 + random.below(400);
    const rig = new Rig({ config: { windowPackets: 2048, gapMessages: 1e6 }, frames: 4096 });
    const seen = new Set<number>();
    for (const { feed, from, to } of mix(
      feedOf(0, last, random),
      feedOf(1, last, random),
      random,
    )) {
      for (let seq = from; seq <= to; seq++) seen.add(seq);
      rig.data(feed, from, to);
    }
    rig.end(0, last + 1);
    rig.wait(1000);
    const messages = [...seen].sort((x, y) => x - y);
    if (rig.messages.join() !== messages.join()) throw new Error("other messages went on");
    const gaps = absent(seen, last);
    if (rig.gaps().join() !== gaps.join()) throw new Error(`${rig.gaps()} is not ${gaps}`);
    if (rig.out.at(-1) !== "end") throw new Error("the end was not told");
    check(rig);
  });
  fc.assert(property, seeded(t, 400));
  t.pass();
});

test("without patience, messages that went on and gaps together are every message once", (t) => {
  const property = fc.property(fc.nat(), (caseSeed) => {
    const random = new Random(caseSeed);
    const last = 1 + random.below(600);
    const config = {
      windowPackets: 16 + random.below(20),
      gapMessages: 1 + random.below(100),
      gapTimeoutMs: 1 + random.below(20),
    };
    const rig = new Rig({ config, frames: 16 + random.below(64) });
    for (const { feed, from, to } of mix(
      feedOf(0, last, random),
      feedOf(1, last, random),
      random,
    )) {
      rig.data(feed, from, to);
      if (random.below(5) === 0) rig.wait(random.below(10));
      if (random.below(20) === 0) rig.heartbeat(random.below(2), to + 1);
    }
    rig.end(1, last + 1);
    rig.wait(1000);
    const seen = new Set(rig.messages);
    if (seen.size !== rig.messages.length) throw new Error("a message went on twice");
    if (rig.messages.some((seq, i) => i > 0 && seq <= (rig.messages[i - 1] as number))) {
      throw new Error("messages went on out of order");
    }
    const gaps = absent(seen, last);
    if (rig.gaps().join() !== gaps.join()) throw new Error(`${rig.gaps()} is not ${gaps}`);
    check(rig);
  });
  fc.assert(property, seeded(t, 400));
  t.pass();
});

test("hostile packets leak no frame, loop nowhere, and lone ones wipe nothing", (t) => {
  const cases = Number(process.env["NYQ_FUZZ_CASES"] ?? 200_000);
  const { seed } = seeded(t, cases);
  const random = new Random(seed);
  for (let done = 0; done < cases; ) {
    const rig = new Rig({
      config: { windowPackets: 16 + random.below(32), gapMessages: 1 + random.below(500) },
      frames: 8 + random.below(60),
      start: random.below(2) === 0 ? null : 1 + random.below(100),
    });
    for (let i = 0; i < 500; i++, done++) hostile(rig, random);
    check(rig);
    rig.merge.close();
    if (rig.leaked() !== 0 || rig.merge.heldFrames(0) + rig.merge.heldFrames(1) !== 0) {
      throw new Error(`NYQ_SEED=${seed} case ${done}: frames leaked at close`);
    }
    if (rig.received !== rig.released + rig.forwarded) {
      throw new Error(`NYQ_SEED=${seed} case ${done}: ${rig.received} frames came`);
    }
  }
  t.pass();
});

test("a stream among hostile packets of lone sessions and sequences goes on undisturbed", (t) => {
  const random = new Random(seeded(t, 1).seed);
  const rig = new Rig();
  for (let seq = 1; seq <= 20_000; seq++) {
    rig.data(seq & 1, seq, seq);
    if (random.below(3) !== 0) continue;
    const session = `X${random.below(1 << 20)}`;
    const wild = 2_000_000 + random.below(1 << 20) * 1000;
    const feed = random.below(2);
    if (random.below(2) === 0) rig.data(feed, wild, wild + 3, session);
    else rig.data(feed, wild, wild + 3);
    if (random.below(10) === 0) rig.wait(random.below(100));
  }
  t.is(rig.messages.length, 20_000);
  t.deepEqual(rig.status().gaps, []);
  t.is(rig.status().session, "S1");
  t.false(rig.out.includes("new session"));
  t.is(rig.leaked(), 0);
});

/** Every frame is accounted for and every message was what it said. */
function check(rig: Rig): void {
  if (rig.leaked() !== 0) throw new Error(`${rig.leaked()} frames leaked`);
  if (rig.errors.length > 0) throw new Error(rig.errors[0]);
}

/** One packet, or one moment, that no sender should make. */
function hostile(rig: Rig, random: Random): void {
  const feed = random.below(2);
  const session = ["S1", "S2", "S3"][Math.min(2, random.below(6))] as string;
  const near = (rig.merge.sequencer.state[NEXT] as number) + random.below(40) - 10;
  const seq = Math.max(1, random.below(4) === 0 ? wildSequence(random) : near);
  switch (random.below(8)) {
    case 0:
      rig.heartbeat(feed, seq, session);
      break;
    case 1:
      rig.end(feed, seq, session);
      break;
    case 2:
      rig.raw(feed, randomBytes(random));
      break;
    case 3:
      rig.wait(random.below(3) === 0 ? random.below(3000) : random.below(30));
      break;
    default:
      rig.data(feed, seq, seq + random.below(30), session);
  }
}

function wildSequence(random: Random): number {
  const shape = random.below(3);
  if (shape === 0) return random.below(1 << 20) * 2 ** random.below(33);
  if (shape === 1) return Number.MAX_SAFE_INTEGER - 30 - random.below(1000);
  return random.below(1 << 20) * 3;
}

function randomBytes(random: Random): Uint8Array {
  const bytes = new Uint8Array(random.below(120));
  for (let i = 0; i < bytes.length; i++) bytes[i] = random.below(random.below(2) === 0 ? 256 : 3);
  return bytes;
}
