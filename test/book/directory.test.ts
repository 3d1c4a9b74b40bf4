import test from "ava";
import { Directory, takeDirectory } from "../../src/book/directory.ts";
import { printable } from "../../src/core/printable.ts";

test("a symbol is found by index and by text, also through another view of the memory", (t) => {
  const buffer = takeDirectory(8);
  const writer = new Directory(buffer);
  const reader = new Directory(buffer);
  t.true(writer.set(5, 0x4d534654, 0x20202020));
  t.is(reader.symbolOf(5), "MSFT");
  t.is(reader.indexOfSymbol("MSFT"), 5);
  t.is(reader.indexOfSymbol("MSF"), -1);
  t.is(reader.indexOfSymbol(""), -1);
});

test("an instrument beyond the directory is refused and unknown", (t) => {
  const directory = new Directory(takeDirectory(2));
  t.false(directory.set(2, 0x41202020, 0x20202020));
  t.false(directory.set(-1, 0x41202020, 0x20202020));
  for (const i of [-1, 0, 2, 1e9, Number.NaN]) {
    t.false(directory.known(i));
    t.is(directory.symbolOf(i), "");
  }
});

test("an instrument's id is its index unless it was given another", (t) => {
  const directory = new Directory(takeDirectory(3));
  directory.setId(1, -1, 7);
  t.deepEqual([...directory.lo], [0, -1, 2]);
  t.deepEqual([...directory.hi], [0, 7, 0]);
  t.is(directory.idsTold(), 2);
  directory.reset();
  t.deepEqual([...directory.lo, ...directory.hi], [0, 1, 2, 0, 0, 0]);
  t.is(directory.idsTold(), 0);
});

test("bytes that a terminal or a page might act on are shown as numbers", (t) => {
  t.is(
    printable(Uint8Array.of(0x41, 0x1b, 0x5b, 0x7f, 0xff, 0x5c, 0x20)),
    "A\\x1b[\\x7f\\xff\\x5c ",
  );
  const directory = new Directory(takeDirectory(1));
  directory.set(0, 0x1b5b324a, 0x00000000);
  t.is(directory.symbolOf(0), "\\x1b[2J\\x00\\x00\\x00\\x00");
});
