/** Checks across keys: each is told with its key, and each neighbour that is right passes. */
import test from "ava";
import { inspectConfig } from "../../src/config/load.ts";
import { problemText } from "../../src/config/problem.ts";
import type { FlagValue } from "../../src/config/sources.ts";

const FEED_A: FlagValue = ["rx.a", "239.1.1.1:26400"];

function said(flags: readonly FlagValue[], cpuCount = 16, requireRx = true): string[] {
  const found = inspectConfig({
    env: {},
    sets: [],
    flags: [FEED_A, ...flags],
    cpuCount,
    requireRx,
  });
  return found.problems.map(problemText);
}

/** A placement of threads, each `{name, stages, …}`, as flags. */
function placed(threads: readonly object[], ...flags: FlagValue[]): FlagValue[] {
  // FlagValue is for single values; a whole table comes the same way.
  const table = ["pipeline.thread", threads] as unknown as FlagValue;
  return [["pipeline.placement", "threads"], table, ...flags];
}

const HOT = { name: "hot", stages: ["rx.a", "rx.b", "merge", "decode", "book", "publish"] };
const ENDPOINT = { name: "endpoint", loop: "event", stages: ["endpoint"] };

test("feed A is needed where packets come from sockets, and only there", (t) => {
  const found = inspectConfig({ env: {}, sets: [], flags: [] });
  t.deepEqual(found.problems.map(problemText), ["rx.a is missing; feed A needs GROUP:PORT"]);
  t.deepEqual(inspectConfig({ env: {}, sets: [], flags: [], requireRx: false }).problems, []);
});

test("publishing beyond loopback needs a token or the word that it is open", (t) => {
  for (const key of ["publish.listen", "publish.listen_b", "admin.listen"]) {
    const address: FlagValue = [key, "0.0.0.0:9555"];
    t.regex(said([address]).join(), /beyond loopback; set publish.token or publish.open/, key);
    t.deepEqual(said([address, ["publish.open", true]]), []);
    t.deepEqual(said([address, ["publish.token", "a-long-token"]]), []);
  }
  for (const host of ["127.9.9.9", "localhost", "[::1]"]) {
    t.deepEqual(said([["publish.listen", `${host}:9555`]]), []);
  }
  t.is(said([["publish.listen", "[::]:9555"]]).length, 1);
  t.is(said([["publish.listen", "127.evil.example:9555"]]).length, 1);
});

test("two listeners on one address and two feeds on one group are told", (t) => {
  t.is(said([["admin.listen", "127.0.0.1:9001"]]).length, 1);
  t.deepEqual(
    said([
      ["admin.listen", "127.0.0.1:0"],
      ["publish.listen", "127.0.0.1:0"],
    ]),
    [],
  );
  t.is(said([["rx.b", "239.1.1.1:26400"]]).length, 1);
  t.deepEqual(
    said([
      ["rx.b", "239.1.1.1:26400"],
      ["rx.iface_b", "10.0.0.9"],
    ]),
    [],
  );
});

test("what dgram cannot deliver is refused with it", (t) => {
  t.is(
    said([
      ["rx.path", "dgram"],
      ["rx.timestamps", "software"],
    ]).length,
    1,
  );
  t.is(
    said([
      ["rx.path", "dgram"],
      ["rx.busy_poll_us", 50],
    ]).length,
    1,
  );
  t.deepEqual(
    said([
      ["rx.path", "recvmmsg"],
      ["rx.timestamps", "hardware"],
    ]),
    [],
  );
});

test("every needed stage stands on exactly one thread", (t) => {
  t.deepEqual(said(placed([HOT, ENDPOINT])), []);
  t.deepEqual(said(placed([HOT])), [
    "flag for pipeline.thread: pipeline.thread gives stage endpoint to no thread",
  ]);
  t.deepEqual(said(placed([HOT, ENDPOINT, { name: "more", stages: ["book"] }])), [
    "flag for pipeline.thread: pipeline.thread gives stage book to a thread 2 times",
  ]);
  const noB = { name: "hot", stages: ["rx.a", "merge", "decode", "book", "publish"] };
  t.deepEqual(said(placed([noB, ENDPOINT])), []);
  t.is(said(placed([noB, ENDPOINT], ["rx.b", "239.1.1.2:26400"])).length, 1);
  t.deepEqual(
    said(placed([{ name: "all", stages: ["rx.a", "merge", "decode", "book"] }]), 4, false),
    [],
  );
});

test("thread names are unique", (t) => {
  const said2 = said(placed([HOT, { ...ENDPOINT, name: "hot" }]));
  t.is(said2.length, 1);
  t.regex(said2[0] ?? "", /pipeline\.thread\.1\.name = "hot" is another thread's too/);
});

test("stages that need Node's event loop stand on a thread that has one", (t) => {
  t.regex(said(placed([HOT, { ...ENDPOINT, loop: "spin" }])).join(), /needs "event"/);
  t.regex(said(placed([HOT, ENDPOINT], ["rx.path", "dgram"])).join(), /rx by rx.path dgram/);
  const evented = { ...HOT, loop: "event" };
  t.deepEqual(said(placed([evented, ENDPOINT], ["rx.path", "dgram"])), []);
});

test("spinning threads leave a cpu free unless forced", (t) => {
  const spinning = { ...HOT, idle: "spin" };
  t.deepEqual(said(placed([spinning, ENDPOINT]), 2), []);
  t.regex(said(placed([spinning, ENDPOINT]), 1).join(), /1 of 1 cpus/);
  t.deepEqual(said(placed([spinning, ENDPOINT], ["pipeline.force", true]), 1), []);
  const pinned = [
    { name: "a", cpu: 1, idle: "spin", stages: HOT.stages.slice(0, 3) },
    { name: "b", cpu: 1, idle: "spin", stages: HOT.stages.slice(3) },
    ENDPOINT,
  ];
  t.deepEqual(said(placed(pinned), 2), []);
});

test("SCHED_FIFO needs a cpu of the thread's own", (t) => {
  const fifo = { ...HOT, fifo: 10 };
  t.regex(said(placed([fifo, ENDPOINT])).join(), /needs a cpu of its own/);
  t.deepEqual(said(placed([{ ...fifo, cpu: 3 }, ENDPOINT])), []);
  t.regex(
    said(
      placed([
        { ...fifo, cpu: 3 },
        { ...ENDPOINT, cpu: 3 },
      ]),
    ).join(),
    /needs cpu 3 alone/,
  );
});

test("a wrong value does not bring findings about what it left behind", (t) => {
  const wrong = said(placed([{ ...HOT, fifo: 1000 }, ENDPOINT]));
  t.is(wrong.length, 1, wrong.join("\n"));
});

test("a way that comes back to an earlier thread is refused: full rings would wait in a ring", (t) => {
  const thread = (name: string, loop: string, stages: string[]) => ({
    name,
    loop,
    idle: "sleep",
    stages,
  });
  const late = ["merge", "decode", "book", "publish"];
  const out = thread("out", "event", ["endpoint"]);
  const back = /sends packets back to an earlier thread/;
  const endpointFirst = [thread("io", "event", ["rx.a", "endpoint"]), thread("hot", "spin", late)];
  t.regex(said(placed(endpointFirst)).join("; "), back);
  const around = ["rx.a", "decode", "book", "publish"];
  const mergeAside = [thread("one", "spin", around), thread("two", "spin", ["merge"]), out];
  t.regex(said(placed(mergeAside)).join("; "), back);
  t.deepEqual(said(placed([thread("rx", "spin", ["rx.a"]), thread("hot", "spin", late), out])), []);
});

test("a server of a capture has to be an IPv4 address; a feed may look its name up", (t) => {
  const server = (host: string): FlagValue[] => [["rx.a", `soup://${host}:9000`]];
  t.deepEqual(said(server("example.test"), 16, false).length, 1);
  t.regex(said(server("example.test"), 16, false).join(), /rx\.a is a server by name/);
  t.deepEqual(said(server("10.0.0.1"), 16, false), []);
  t.deepEqual(said(server("example.test")), []);
});
