import test from "ava";
import { EobiFraming } from "../../src/decode/eobi/framing.ts";
import { Rig } from "./rig.ts";

const A = 0;
const B = 1;

test("the first copy of each message goes on, the second is released", (t) => {
  const rig = new Rig();
  rig.data(A, 1, 3);
  rig.data(B, 1, 3);
  rig.data(B, 4, 5);
  rig.data(A, 4, 5);
  t.deepEqual(rig.out, ["1-3", "4-5"]);
  t.is(rig.count("MERGE_SUPPRESSED_A"), 1);
  t.is(rig.count("MERGE_SUPPRESSED_B"), 1);
  t.is(rig.leaked(), 0);
  t.deepEqual(rig.errors, []);
});

test("feeds that are cut differently overlap: only the rest of a packet is passed on", (t) => {
  const rig = new Rig();
  rig.data(A, 1, 5);
  rig.data(B, 1, 8);
  rig.data(A, 6, 12);
  rig.data(B, 9, 10);
  t.deepEqual(rig.out, ["1-5", "6-8", "9-12"]);
  t.deepEqual(rig.errors, []);
});

test("an early packet waits for the one before it", (t) => {
  const rig = new Rig();
  rig.data(A, 1, 2);
  rig.data(A, 5, 6);
  rig.data(A, 7, 7);
  t.deepEqual(rig.out, ["1-2"]);
  t.false(rig.status().inSync);
  rig.data(B, 3, 4);
  t.deepEqual(rig.out, ["1-2", "3-4", "5-6", "7-7"]);
  t.true(rig.status().inSync);
  t.deepEqual(rig.status().gaps, [], "a mere reordering is not in the log");
});

test("a gap is given up when it has been open for gap_timeout_ms", (t) => {
  const rig = new Rig();
  rig.data(A, 1, 2);
  rig.data(A, 5, 6);
  rig.wait(60);
  t.deepEqual(rig.gaps("open"), ["3-4"]);
  rig.wait(39);
  t.deepEqual(rig.out, ["1-2"]);
  rig.wait(1);
  t.deepEqual(rig.out, ["1-2", "5-6"]);
  const { gaps, staleAll, gapStale, gapsTotal } = rig.status();
  t.deepEqual(gaps, [
    {
      from: 3,
      to: 4,
      cause: "timeout",
      detected_ns: 0,
      closed_ns: 100e6,
      outcome: "unrecoverable",
    },
  ]);
  t.is(gapsTotal, 1);
  t.true(staleAll && gapStale);
  rig.data(B, 3, 4);
  t.deepEqual(rig.out, ["1-2", "5-6"], "what comes after the gap was given up is not applied");
  t.is(rig.leaked(), 0);
});

test("a stall of the thread itself gives nothing up and calls nobody silent", (t) => {
  const rig = new Rig();
  rig.data(A, 1, 2);
  rig.data(A, 5, 6);
  rig.stall(5000);
  t.deepEqual(rig.out, ["1-2"]);
  t.is(rig.status().feeds.a.health, "good");
  rig.data(B, 3, 4);
  t.deepEqual(rig.out, ["1-2", "3-4", "5-6"]);
});

test("a capture's time is followed however far it steps", (t) => {
  const rig = new Rig({ allowUnsequenced: true });
  rig.data(A, 1, 2);
  rig.data(A, 5, 6);
  rig.stall(5000);
  t.deepEqual(rig.gaps(), ["3-4"]);
});

test("a gap is given up when gap_messages messages beyond it wait", (t) => {
  const rig = new Rig({ config: { gapMessages: 10 } });
  rig.data(A, 1, 1);
  rig.data(A, 5, 13);
  t.deepEqual(rig.out, ["1-1"]);
  rig.data(A, 14, 14);
  t.deepEqual(rig.out, ["1-1", "5-13", "14-14"]);
  t.is(rig.status().gaps[0]?.cause, "distance");
});

test("a gap is given up when the window is full", (t) => {
  const rig = new Rig({ config: { windowPackets: 16 } });
  rig.data(A, 1, 1);
  for (let seq = 3; seq < 19; seq++) rig.data(A, seq, seq);
  t.deepEqual(rig.out, ["1-1"]);
  rig.data(A, 19, 19);
  t.is(rig.messages.length, 18);
  t.is(rig.status().gaps[0]?.cause, "window");
});

test("a gap is given up when half of a source's frames are held", (t) => {
  const rig = new Rig({ frames: 16 });
  rig.data(A, 1, 1);
  for (let seq = 3; seq < 11; seq++) rig.data(A, seq, seq);
  t.is(rig.merge.heldFrames(A), 8);
  rig.data(A, 11, 11);
  t.is(rig.merge.heldFrames(A), 0);
  t.deepEqual(rig.gaps(), ["2-2"]);
});

test("a gap that is filled late is logged as filled", (t) => {
  const rig = new Rig();
  rig.data(A, 1, 2);
  rig.data(A, 10, 12);
  rig.wait(70);
  rig.data(B, 3, 9);
  t.deepEqual(rig.out, ["1-2", "3-9", "10-12"]);
  t.deepEqual(rig.gaps("filled"), ["3-9"]);
  t.deepEqual(rig.gaps("unrecoverable"), []);
  t.false(rig.status().staleAll);
});

test("a partly filled gap leaves exactly the missing ranges in the log", (t) => {
  const rig = new Rig();
  rig.data(A, 1, 2);
  rig.data(A, 20, 22);
  rig.data(B, 5, 7);
  rig.data(B, 12, 13);
  rig.wait(100);
  t.deepEqual(rig.gaps(), ["3-4", "8-11", "14-19"]);
  t.deepEqual(rig.out, ["1-2", "5-7", "12-13", "20-22"]);
});

test("adjacent gaps of one outcome are one entry", (t) => {
  const rig = new Rig();
  rig.data(A, 1, 2);
  rig.heartbeat(A, 5);
  rig.wait(100);
  rig.data(A, 8, 8);
  rig.wait(100);
  t.deepEqual(rig.gaps(), ["3-7"]);
  t.is(rig.status().gapsTotal, 1);
});

test("a heartbeat tells of a gap at the tail", (t) => {
  const rig = new Rig();
  rig.data(A, 1, 2);
  rig.heartbeat(B, 3);
  t.true(rig.status().inSync);
  rig.heartbeat(B, 5);
  t.false(rig.status().inSync);
  rig.wait(60);
  t.is(rig.status().gaps[0]?.cause, "heartbeat");
  rig.wait(40);
  t.deepEqual(rig.gaps(), ["3-4"]);
  t.is(rig.status().nextSeq, 5);
});

test("the end of session tells of a gap at the tail, and is passed on once, after it", (t) => {
  const rig = new Rig();
  rig.data(A, 1, 2);
  for (let i = 0; i < 10; i++) rig.end(A, 5);
  t.deepEqual(rig.out, ["1-2"]);
  rig.wait(100);
  for (let i = 0; i < 10; i++) rig.end(B, 5);
  t.deepEqual(rig.out, ["1-2", "end"]);
  t.deepEqual(rig.gaps(), ["3-4"]);
  t.true(rig.status().ended);
  t.is(rig.leaked(), 0);
});

test("start rule first: the lowest sequence of the first 50 ms on either feed", (t) => {
  const rig = new Rig({ start: null });
  rig.data(A, 12, 13);
  rig.data(B, 10, 11);
  rig.wait(49);
  t.deepEqual(rig.out, []);
  t.false(rig.status().started);
  rig.wait(1);
  t.deepEqual(rig.out, ["10-11", "12-13"]);
  const { lateJoin, staleAll, gaps } = rig.status();
  t.true(lateJoin && staleAll);
  t.deepEqual(gaps, []);
});

test("start rule first: a session joined at 1 is not stale", (t) => {
  const rig = new Rig({ start: null });
  rig.data(A, 1, 3);
  rig.end(A, 4);
  rig.wait(50);
  t.deepEqual(rig.out, ["1-3", "end"]);
  t.false(rig.status().staleAll);
});

test("an explicit start drops what lies before it and owes what comes after", (t) => {
  const rig = new Rig({ start: 5 });
  rig.data(A, 1, 6);
  rig.data(A, 9, 9);
  rig.wait(100);
  t.deepEqual(rig.out, ["5-6", "9-9"]);
  t.deepEqual(rig.gaps(), ["7-8"]);
  t.true(rig.status().lateJoin);
});

test("a lone sequence beyond max_jump moves nothing", (t) => {
  const rig = new Rig();
  rig.data(A, 1, 2);
  rig.data(A, 5_000_000, 5_000_001);
  rig.data(A, 9_000_000, 9_000_001);
  rig.data(A, 3, 4);
  rig.wait(5000);
  rig.data(A, 5, 5);
  t.deepEqual(rig.out, ["1-2", "3-4", "5-5"]);
  t.deepEqual(rig.status().gaps, []);
  t.is(rig.count("MERGE_UNBELIEVED"), 2);
  t.is(rig.leaked(), 0);
});

test("a jump is believed after three packets in a row, and nothing of them is lost", (t) => {
  const rig = new Rig();
  rig.data(A, 1, 2);
  rig.data(A, 5_000_000, 5_000_001);
  rig.data(A, 5_000_002, 5_000_002);
  t.deepEqual(rig.out, ["1-2"]);
  rig.data(A, 5_000_003, 5_000_004);
  t.deepEqual(rig.out, ["1-2", "5000000-5000001", "5000002-5000002", "5000003-5000004"]);
  t.deepEqual(rig.gaps(), ["3-4999999"]);
  t.is(rig.status().gaps[0]?.cause, "jump");
});

test("a jump is believed when both feeds tell of it", (t) => {
  const rig = new Rig();
  rig.data(A, 1, 2);
  rig.data(A, 5_000_000, 5_000_009);
  rig.data(B, 5_000_000, 5_000_004);
  t.deepEqual(rig.out, ["1-2", "5000000-5000009"]);
});

test("three packets are not in a row when the stream moved between them", (t) => {
  const rig = new Rig();
  rig.data(A, 1, 2);
  for (let i = 0; i < 6; i++) {
    rig.data(A, 5_000_000 + i, 5_000_000 + i);
    rig.data(B, 3 + i, 3 + i);
  }
  t.is(rig.messages.length, 8);
  t.is(rig.status().nextSeq, 9);
});

test("a new session needs the old one to end or fall silent", (t) => {
  const rig = new Rig();
  rig.data(A, 1, 2);
  for (let i = 1; i <= 5; i++) rig.data(A, i, i, "S2");
  for (let i = 1; i <= 5; i++) rig.data(B, i, i, "S2");
  t.deepEqual(rig.out, ["1-2"]);
  rig.end(A, 3);
  t.deepEqual(rig.out, ["1-2", "end"]);
  rig.data(A, 6, 6, "S2");
  t.deepEqual(rig.out.slice(2), ["new session", "1-1", "2-2", "3-3", "4-4", "5-5", "6-6"]);
  t.is(rig.status().session, "S2");
  rig.data(B, 3, 4);
  t.is(rig.count("MERGE_OLD_SESSION"), 1);
  t.is(rig.leaked(), 0);
});

test("a new session is taken when the old one was silent for session_switch_ms", (t) => {
  const rig = new Rig({ start: null });
  rig.data(A, 7, 8);
  rig.wait(50);
  rig.data(A, 20, 20);
  rig.wait(100);
  t.true(rig.status().gapStale && rig.status().lateJoin);
  rig.data(A, 1, 1, "S2");
  rig.data(B, 1, 1, "S2");
  rig.wait(800);
  t.is(rig.status().session, "S1");
  rig.wait(200);
  t.is(rig.status().session, "S2");
  t.false(rig.status().gapStale || rig.status().lateJoin);
  rig.wait(50);
  t.deepEqual(rig.out, ["7-8", "20-20", "new session", "1-1"]);
  t.false(rig.status().staleAll);
});

test("one packet of another session changes nothing, nor do sessions that alternate", (t) => {
  const rig = new Rig();
  rig.data(A, 1, 2);
  rig.wait(3000);
  for (let i = 0; i < 50; i++) {
    rig.data(A, 1 + i, 1 + i, i % 2 === 0 ? "S2" : "S3");
    rig.end(B, 3, "S4");
  }
  t.deepEqual(rig.out, ["1-2"]);
  rig.data(B, 3, 4);
  t.deepEqual(rig.out, ["1-2", "3-4"]);
  rig.merge.close();
  t.is(rig.leaked(), 0);
});

test("health is told from a feed's own arrivals", (t) => {
  const rig = new Rig();
  for (let seq = 1; seq <= 10; seq++) {
    rig.data(A, seq, seq);
    if (seq !== 5) rig.data(B, seq, seq);
  }
  rig.data(B, 9, 9);
  rig.wait(100);
  rig.wait(100);
  const { a, b } = rig.status().feeds;
  t.is(a.health, "good");
  t.is(b.health, "lossy");
  t.deepEqual([a.lost, a.duplicates, a.late], [0, 0, 0]);
  t.deepEqual([b.lost, b.duplicates, b.late], [1, 1, 0]);
  rig.wait(2000);
  t.is(rig.status().feeds.a.health, "silent");
});

test("a feed that trails by more than a gap timeout is lagging", (t) => {
  const rig = new Rig();
  for (let seq = 1; seq <= 20; seq++) {
    rig.data(A, seq, seq);
    if (seq > 10) rig.data(B, seq - 10, seq - 10);
    rig.wait(50);
  }
  t.is(rig.status().feeds.b.health, "lagging");
  t.is(rig.status().feeds.a.health, "good");
  t.is(rig.status().feeds.b.lost, 0);
});

test("a packet that is overtaken on its own feed is late, not lost", (t) => {
  const rig = new Rig();
  rig.data(A, 1, 1);
  rig.data(A, 3, 3);
  rig.data(A, 2, 2);
  rig.wait(200);
  const { a } = rig.status().feeds;
  t.deepEqual([a.late, a.lost, a.duplicates], [1, 0, 0]);
});

test("malformed packets are released and counted, whatever the session", (t) => {
  const rig = new Rig();
  rig.data(A, 1, 1);
  rig.raw(A, new Uint8Array(0));
  rig.raw(A, new Uint8Array(19));
  rig.raw(B, new Uint8Array(20).fill(255));
  rig.raw(B, new Uint8Array(60).fill(1));
  t.is(rig.count("MERGE_MALFORMED_A"), 2);
  t.is(rig.count("MERGE_MALFORMED_B"), 2);
  t.is(rig.leaked(), 0);
});

test("a packet of another release is malformed and foreign, and its first bytes are kept", (t) => {
  const rig = new Rig({ framing: new EobiFraming() });
  const ofAnother = Buffer.alloc(32);
  ofAnother.writeUInt16LE(32, 0);
  ofAnother.writeUInt16LE(13_005, 2);
  rig.raw(B, ofAnother);
  rig.raw(B, ofAnother.subarray(0, 31));
  t.deepEqual([rig.count("MERGE_FOREIGN_A"), rig.count("MERGE_FOREIGN_B")], [0, 1]);
  t.deepEqual([rig.count("MERGE_MALFORMED_A"), rig.count("MERGE_MALFORMED_B")], [0, 2]);
  t.deepEqual(rig.foreign.read(B), { count: 1, length: 32, head: "2000cd32" });
  t.is(rig.leaked(), 0);
});

test("blocks that do not fit are refused where they would be read, and a copy takes their place", (t) => {
  const rig = new Rig();
  rig.data(A, 1, 1);
  rig.data(B, 1, 1);
  const broken = Buffer.alloc(24);
  broken.write("S1        ", 0, "latin1");
  broken.writeUInt32BE(2, 14);
  broken.writeUInt16BE(3, 18);
  broken.writeUInt16BE(9, 20);
  rig.raw(A, broken);
  t.is(rig.count("MERGE_MALFORMED_A"), 1);
  t.deepEqual(rig.messages, [1]);
  rig.data(B, 2, 4);
  t.deepEqual(rig.messages, [1, 2, 3, 4]);
  // All of it went on already: nothing of it is read any more, so it is a mere duplicate.
  rig.raw(A, broken);
  t.is(rig.count("MERGE_MALFORMED_A"), 1);
  t.is(rig.count("MERGE_SUPPRESSED_A"), 1);
  t.deepEqual(rig.messages, [1, 2, 3, 4]);
  t.is(rig.leaked(), 0);
});

test("packets without sequence pass in a replay and are malformed live", (t) => {
  const replay = new Rig({ allowUnsequenced: true });
  replay.data(A, 0, 2);
  t.is(replay.forwarded, 1);
  const live = new Rig();
  live.data(A, 0, 2);
  t.is(live.forwarded, 0);
  t.is(live.count("MERGE_MALFORMED_A"), 1);
});

test("sequences beyond 32 bits are exact", (t) => {
  const base = 2 ** 40 + 5;
  const rig = new Rig({ start: base });
  rig.data(A, base - 2, base + 3);
  rig.data(A, base + 6, base + 7);
  rig.data(B, base + 1, base + 5);
  t.deepEqual(
    rig.messages,
    [0, 1, 2, 3, 4, 5, 6, 7].map((i) => base + i),
  );
  t.deepEqual(rig.errors, []);
});

test("the session's name is shown as printable ASCII", (t) => {
  const rig = new Rig();
  const bytes = Buffer.alloc(20);
  Buffer.from("<b>\x07\\      ").copy(bytes, 0, 0, 10);
  bytes.writeUInt32BE(1, 14);
  rig.raw(A, bytes);
  t.is(rig.status().session, "<b>\\x07\\x5c");
});

test("only the last 10,000 gaps are kept, and all are counted", (t) => {
  const rig = new Rig({ config: { gapMessages: 1 } });
  for (let i = 1; i <= 10_050; i++) rig.data(A, 2 * i, 2 * i);
  const { gaps, gapsTotal } = rig.status();
  t.is(gapsTotal, 10_050);
  t.is(gaps.length, 10_000);
  t.is(gaps[0]?.from, 101);
  t.is(gaps[9999]?.from, 20_099);
});
