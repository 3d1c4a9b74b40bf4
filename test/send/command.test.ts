import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import test from "ava";
import { FeedError } from "../../src/core/errors.ts";
import { readChunks } from "../../src/send/blocks.ts";
import { sendOptions } from "../../src/send/command.ts";
import { parseFaults } from "../../src/send/faults.ts";
import { createSend } from "../../src/send/sender.ts";
import { blocks } from "./support.ts";

test("files are read plain and packed, empty ones hold nothing, missing are errors", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "nyq-send-"));
  const read = async (name: string): Promise<Buffer> => {
    const parts: Uint8Array[] = [];
    for await (const chunk of readChunks(join(folder, name))) parts.push(chunk);
    return Buffer.concat(parts);
  };
  try {
    const input = Buffer.from(blocks(40_000));
    writeFileSync(join(folder, "plain"), input);
    writeFileSync(join(folder, "packed.gz"), gzipSync(input));
    writeFileSync(join(folder, "torn.gz"), gzipSync(input).subarray(0, 5000));
    writeFileSync(join(folder, "empty"), "");
    t.true((await read("plain")).equals(input));
    t.true((await read("packed.gz")).equals(input));
    t.is((await read("empty")).length, 0);
    for (const name of ["missing", "torn.gz"]) {
      const error = await t.throwsAsync(read(name), { instanceOf: FeedError });
      t.is(error?.code, "FEED_FILE");
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

const FLAGS = {
  a: "239.1.1.1:5000",
  iface: "127.0.0.1",
  cut: "different",
  session: "S",
  seq: "1",
  seed: "1",
  end: true,
} as const;

test("what does not fit on the command line is a usage error that names it", (t) => {
  const wrong: [object, RegExp][] = [
    [{ a: "10.0.0.1:5000" }, /--a 10\.0\.0\.1/],
    [{ a: "239.1.1.1:0" }, /port/],
    [{ iface: "eth0" }, /--iface eth0/],
    [{ mps: "0" }, /--mps 0/],
    [{ pps: "-1" }, /--pps -1/],
    [{ mps: "1", speed: "1" }, /conflict/],
    [{ seq: "0" }, /--seq 0/],
    [{ seed: "x" }, /--seed x/],
    [{ fault: "drop=2" }, /drop=2/],
    [{ fault: "drop=0.1:sometimes" }, /never-both/],
    [{ fault: "reorder=0.1" }, /reorder=0\.1/],
    [{ fault: "cut=c@1+1" }, /cut=c/],
    [{ fault: "lose=9-3" }, /3 < 9/],
    [{ fault: "dup=0.1,dup=0.2" }, /twice/],
    [{ fault: "explode=1" }, /explode/],
    [{ session: "ELEVENCHARS" }, /session/],
    [{ fault: "drop=0.1:never-both" }, /needs feed b/],
  ];
  for (const [flags, message] of wrong) {
    const error = t.throws(() => createSend(sendOptions("-", { ...FLAGS, ...flags })), {
      instanceOf: FeedError,
    });
    t.is(error?.code, "FEED_USAGE");
    t.regex(error?.message ?? "", message);
  }
});

test("a whole SPEC is read", (t) => {
  t.deepEqual(
    parseFaults("drop=.5:never-both,dup=1e-3,reorder=1:3,delay=0:20,cut=b@5+6,lose=1-2"),
    {
      drop: 0.5,
      neverBoth: true,
      dup: 0.001,
      reorder: 1,
      reorderDepth: 3,
      delay: 0,
      delayNs: 20e6,
      cuts: [{ feed: 1, fromNs: 5e6, toNs: 11e6 }],
      lose: [{ from: 1, to: 2 }],
    },
  );
});
