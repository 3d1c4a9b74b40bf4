/** Unknown types by id and foreign packets, and that their log lines keep to the interval. */
import test from "ava";
import {
  ForeignPackets,
  takeOddInput,
  UNKNOWN_IDS_MAX,
  UnknownTypes,
} from "../../src/core/odd-input.ts";
import { OddInputLog, typeName } from "../../src/metrics/odd-input-log.ts";

test("unknown types are counted by id, whatever its sign, and the 65th id shares one count", (t) => {
  const unknown = new UnknownTypes(takeOddInput());
  for (let id = 0; id < UNKNOWN_IDS_MAX - 1; id++) unknown.note(id);
  unknown.note(-1);
  unknown.note(0xffff_ffff);
  unknown.note(7);
  unknown.note(1000);
  unknown.note(1001);
  t.is(unknown.list().length, UNKNOWN_IDS_MAX);
  t.deepEqual(unknown.list()[7], { id: 7, count: 2 });
  t.deepEqual(unknown.list().at(-1), { id: 0xffff_ffff, count: 2 });
  t.is(unknown.others(), 2);
  t.is(unknown.byId()["other"], 2);
});

test("both live in one region, seen by other views of it, and each resets itself alone", (t) => {
  const shared = takeOddInput();
  const unknown = new UnknownTypes(shared);
  const foreign = new ForeignPackets(shared);
  for (let id = 0; id < 2 * UNKNOWN_IDS_MAX; id++) unknown.note(id);
  const data = new DataView(new Uint8Array([9, 0xff, 2, 3, 4, 5]).buffer);
  foreign.note(1, data, 1, 5);
  foreign.note(1, data, 4, 2);
  foreign.note(0, data, 1, 4);
  t.deepEqual(new ForeignPackets(shared).read(1), { count: 2, length: 2, head: "0405" });
  t.deepEqual(new ForeignPackets(shared).read(0), { count: 1, length: 4, head: "ff020304" });
  t.is(new UnknownTypes(shared).others(), UNKNOWN_IDS_MAX);
  unknown.reset();
  t.deepEqual([unknown.byId(), foreign.read(1).count], [{}, 2]);
  unknown.note(3);
  foreign.reset();
  t.deepEqual(foreign.read(1), { count: 0, length: 0, head: "" });
  t.deepEqual(unknown.byId(), { "3": 1 });
});

test("the first of a kind is told at once, then one line an interval, with what came since", (t) => {
  const shared = takeOddInput();
  const unknown = new UnknownTypes(shared);
  const foreign = new ForeignPackets(shared);
  const log = new OddInputLog(1000);
  const data = new DataView(new ArrayBuffer(8));
  t.deepEqual(log.lines(0, unknown, foreign), []);
  unknown.note(90);
  t.deepEqual(log.lines(5, unknown, foreign), [
    'unknown type "Z" (90): messages skipped: 1, 1 in all',
  ]);
  for (let i = 0; i < 3; i++) unknown.note(90);
  foreign.note(0, data, 0, 8);
  unknown.note(13_777);
  t.deepEqual(log.lines(600, unknown, foreign), [
    "feed a: packets of another protocol or release dropped: 1, 1 in all; the last has 8 bytes " +
      "and begins with 00000000",
    "unknown type 13777: messages skipped: 1, 1 in all",
  ]);
  unknown.note(90);
  t.deepEqual(log.lines(1004, unknown, foreign), []);
  t.deepEqual(log.lines(1005, unknown, foreign), [
    'unknown type "Z" (90): messages skipped: 4, 5 in all',
  ]);
  t.deepEqual(log.lines(9999, unknown, foreign), []);
});

test("ids beyond the table are told together, and blanks are no letters", (t) => {
  const unknown = new UnknownTypes(takeOddInput());
  for (let id = 0; id < UNKNOWN_IDS_MAX + 3; id++) unknown.note(200 + id);
  const lines = new OddInputLog().lines(0, unknown, new ForeignPackets(takeOddInput()));
  t.is(lines.length, UNKNOWN_IDS_MAX + 1);
  t.is(lines.at(-1), "more unknown types: messages skipped: 3, 3 in all");
  t.is(typeName(32), "32");
});
