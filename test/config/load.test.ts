/** Loading: what is accepted, what is refused, and how it is said. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { Config } from "../../src/config/config.ts";
import { inspectConfig, type LoadOptions, loadConfig } from "../../src/config/load.ts";
import { problemText } from "../../src/config/problem.ts";
import { configJson, configToml } from "../../src/config/show.ts";
import { FeedError } from "../../src/core/errors.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";

const NOTHING = { env: {}, sets: [], flags: [], cpuCount: 16 };
const FEED_A = ["rx.a", "239.1.1.1:26400"] as const;

/** Writes a file for one test. */
function file(t: ExecutionContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "nyq-config-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const name = join(folder, "nyq.toml");
  writeFileSync(name, text);
  return name;
}

/** The problems, with the file's folder taken off. */
function problems(options: Partial<LoadOptions>): string[] {
  const found = inspectConfig({ ...NOTHING, flags: [FEED_A], ...options }).problems;
  return found.map((problem) => problemText(problem).replace(/^\S*\/(?=nyq\.toml)/, ""));
}

function ofText(t: ExecutionContext, text: string, options: Partial<LoadOptions> = {}): string[] {
  return problems({ file: file(t, text), ...options });
}

test("flags win over --set, that over the environment, that over the file, that over defaults", (t) => {
  const name = file(t, "[rx]\nbatch = 1\nframes = 100\niface = '10.0.0.1'\nframe_bytes = 512\n");
  const config = loadConfig({
    ...NOTHING,
    file: name,
    env: { NYQ_RX__BATCH: "2", NYQ_RX__FRAMES: "200", NYQ_RX__IFACE: "10.0.0.2", NYQ_SHARED: "x" },
    sets: ["rx.batch=3", "rx.frames=300", "merge.window_packets=16"],
    flags: [["rx.batch", 4], FEED_A],
  });
  const { batch, frames, iface, frameBytes, busyPollUs } = config.rx;
  t.deepEqual([batch, frames, iface, frameBytes, busyPollUs], [4, 300, "10.0.0.2", 512, 0]);
});

test("the configuration is frozen to its leaves", (t) => {
  const config = loadConfig({ ...NOTHING, flags: [FEED_A] });
  for (const part of [config, config.rx, config.rx.a, config.pipeline.threads]) {
    t.true(Object.isFrozen(part));
  }
});

test("every problem is told at once, with file, line, key, value and bound", (t) => {
  const text = `
[channel]
nmae = "x"
[rx]
frames = 8_000_000
a = "10.0.0.1:4"
path = "fast"
batch = "many"
[publish]
bus_frames = 5000
origins = [
  "http://ok.example",
  "ftp://no",
]
[[pipeline.thread]]
name = "hot"
stages = ["rx.a", "decod"]
[[pipeline.thread]]
name = "Upper"
stages = ["book"]
[nothing]
x = 1
`;
  const said = ofText(t, text, { flags: [] });
  t.deepEqual(
    said.toSorted(),
    [
      'nyq.toml:11: publish.origins.1 = "ftp://no" is not an origin such as https://host',
      'nyq.toml:17: pipeline.thread.0.stages.1 = "decod" is none of ' +
        "rx.a, rx.b, merge, decode, book, publish, endpoint",
      'nyq.toml:19: pipeline.thread.1.name = "Upper" is not 1 to 15 of a-z 0-9 . - with a letter first',
      "nyq.toml:21: nothing is not a known key",
      "nyq.toml:3: channel.nmae is not a known key",
      "nyq.toml:5: rx.frames = 8000000 is above 1048576",
      'nyq.toml:6: rx.a = "10.0.0.1:4" names group 10.0.0.1, which is not in 224.0.1.0 to 239.255.255.255',
      'nyq.toml:7: rx.path = "fast" is none of auto, recvmmsg, dgram',
      'nyq.toml:8: rx.batch = "many" is not a whole number',
      "nyq.toml:10: publish.bus_frames = 5000 is not a power of two",
    ].toSorted(),
  );
  const error = t.throws(() => loadConfig({ ...NOTHING, file: file(t, text) }), {
    instanceOf: FeedError,
  });
  t.is(error.code, "FEED_CONFIG_INVALID");
  t.is(error.exitCode, 78);
  t.regex(error.message, /^the configuration has 10 problems\n/);
});

const BORDERS: readonly [string, readonly (string | number)[], readonly (string | number)[]][] = [
  ["rx.frame_bytes", [256, 65_536, 2048], [255, 192, 65_600, 2049, 1.5, "2k"]],
  ["rx.frames", [2049, 1_048_576], [63, 1_048_577, 1e300, Number.NaN]],
  ["rx.a", ["224.0.1.0:1", "239.255.255.255:65535"], ["224.0.0.9:1", "240.0.0.1:1", "239.1.1.1:0"]],
  ["rx.b", ["", "239.1.1.1:26401"], ["239.1.1.1", "239.1.1.1:65536", "::1:5", "239.1.1:7", "x:1"]],
  ["rx.iface", ["10.1.2.3"], ["eth0", "", "10.1.2", "::1"]],
  ["channel.start", ["first", 1, 2 ** 53 - 1], [0, -1, "last", 1.5, 2 ** 53]],
  ["channel.name", ["a", "x".repeat(32)], ["", "x".repeat(33), "a b", "\u001b[31m"]],
  ["merge.max_jump", [1, 1e12], [0, 1e12 + 1]],
  ["merge.window_packets", [16, 8191], [15, 8192]],
  ["publish.listen", ["127.0.0.1:0", "[::1]:65535", "localhost:1"], ["127.0.0.1", ":1", "a_b:1"]],
  ["publish.bus_frames", [1024, 16_777_216], [512, 3000, 33_554_432, 0]],
  ["pipeline.ring_slots", [64, 1_048_576], [63, 65, 2_097_152]],
  ["pipeline.stop_timeout_ms", [100, 60_000], [99, 60_001]],
];

for (const [path, good, bad] of BORDERS) {
  test(`${path} takes what lies within its bounds and nothing beyond`, (t) => {
    for (const value of good) t.deepEqual(problems({ flags: [FEED_A, [path, value]] }), []);
    for (const value of bad) {
      const said = problems({ flags: [FEED_A, [path, value]] });
      t.is(said.length, 1, `${path}=${value}: ${said.join("; ")}`);
      t.true(said[0]?.includes(path), said[0]);
    }
  });
}

test("a text of the environment or --set is read as its key wants it", (t) => {
  const config = loadConfig({
    ...NOTHING,
    env: { NYQ_PUBLISH__TOKEN: "12345678", NYQ_PUBLISH__OPEN: "true" },
    sets: ["publish.origins=https://a,https://b", "channel.name=77", "channel.start=5"],
    flags: [FEED_A],
  });
  t.is(config.publish.token, "12345678");
  t.true(config.publish.open);
  t.deepEqual(config.publish.origins, ["https://a", "https://b"]);
  t.deepEqual([config.channel.name, config.channel.start], ["77", 5]);
});

test("--set reaches into a thread that the file lists, and into no other", (t) => {
  const text = '[[pipeline.thread]]\nname = "hot"\nstages = ["book"]\n';
  const name = file(t, text);
  const config = loadConfig({
    ...NOTHING,
    file: name,
    flags: [FEED_A],
    sets: ["pipeline.thread.0.cpu=3", 'pipeline.thread.0.stages=["merge","decode"]'],
  });
  t.deepEqual(config.pipeline.threads, [
    { name: "hot", cpu: 3, idle: "sleep", loop: "spin", fifo: 0, stages: ["merge", "decode"] },
  ]);
  const said = problems({ file: name, sets: ["pipeline.thread.1.cpu=3"] });
  t.deepEqual(said, ["--set pipeline.thread.1.cpu=3: pipeline.thread.1.cpu is index 1 of 1"]);
});

test("what is no path=value, no key or below a value is told", (t) => {
  const sets = ["nonsense", "=1", "rx.batch.x=1", "rx..a=1", "__proto__.x=1", "rx.a.b.c=1"];
  const said = problems({ sets, env: { NYQ_FOO__BAR: "1" } });
  t.true(said.length >= 6, said.join("\n"));
  t.true(said.includes("environment NYQ_FOO__BAR: foo is not a known key"));
  t.is(({} as { x?: unknown }).x, undefined);
});

test("the token is neither taken from a flag nor ever shown", (t) => {
  const said = problems({ sets: ["publish.token=secret-secret"] });
  t.is(said.length, 1);
  t.false(said.join().includes("secret"));
  t.deepEqual(problems({ env: { NYQ_PUBLISH__TOKEN: "short" } }), [
    "environment NYQ_PUBLISH__TOKEN: publish.token = ******** " +
      "is not 8 to 256 printable ASCII characters",
  ]);
  const config = loadConfig({
    ...NOTHING,
    env: { NYQ_PUBLISH__TOKEN: "secret-secret" },
    flags: [FEED_A],
  });
  t.is(config.publish.token, "secret-secret");
  t.false((configToml(config) + configJson(config)).includes("secret"));
});

const NOT_TOML: readonly [string, number][] = [
  ["a = 1\nb = \n", 2],
  ["\n\n[rx\n", 3],
  ['a = "x\n', 1],
  ["[rx]\nbatch = 1\nbatch = 2\n", 3],
  ["[rx]\n[rx]\n", 2],
  ["x = 99999999999999999999\n", 1],
];

test("a file that is not TOML is told with the line", (t) => {
  for (const [text, line] of NOT_TOML) {
    const error = t.throws(() => loadConfig({ ...NOTHING, file: file(t, text) }), {
      instanceOf: FeedError,
    });
    t.is(error.code, "FEED_CONFIG_UNREADABLE");
    t.regex(error.message, new RegExp(`nyq\\.toml:${line}: is not TOML: `), text);
  }
});

test("a file that is not there is told with its name", (t) => {
  const error = t.throws(() => loadConfig({ ...NOTHING, file: "no/such.toml" }), {
    instanceOf: FeedError,
  });
  t.is(error.code, "FEED_CONFIG_UNREADABLE");
  t.regex(error.message, /no\/such\.toml/);
});

test("what config show prints loads to the same configuration", (t) => {
  for (const name of readdirSync(join(PACKAGE_ROOT, "config"))) {
    const config = loadConfig({ ...NOTHING, file: join(PACKAGE_ROOT, "config", name) });
    const again = loadConfig({ ...NOTHING, file: file(t, configToml(config)) });
    t.deepEqual(again, config);
    const json = JSON.parse(configJson(config)) as { rx: { frame_bytes: number } };
    t.is(json.rx.frame_bytes, config.rx.frameBytes);
  }
});

test("every shipped file loads without a problem", (t) => {
  const names = readdirSync(join(PACKAGE_ROOT, "config"));
  t.true(names.includes("laptop.toml") && names.includes("low-latency.toml"));
  for (const name of names) {
    const path = join(PACKAGE_ROOT, "config", name);
    t.deepEqual(inspectConfig({ ...NOTHING, file: path }).problems.map(problemText), [], name);
    const lines = readFileSync(path, "utf8").split("\n");
    t.true(
      lines.every((line) => line.length <= 100),
      name,
    );
  }
  const low = loadConfig({ ...NOTHING, file: join(PACKAGE_ROOT, "config", "low-latency.toml") });
  t.true(low.pipeline.threads.every((thread) => thread.stages.length === 1));
});

test("without a file the defaults are those that the documents promise", (t) => {
  const config: Config = loadConfig({ ...NOTHING, requireRx: false });
  t.is(config.rx.a, null);
  t.is(config.rx.ifaceB, "127.0.0.1");
  t.is(config.channel.start, null);
  t.deepEqual(config.publish.listen, { host: "127.0.0.1", port: 9001 });
  t.is(config.merge.maxJump, 1_000_000);
  t.is(config.pipeline.placement, "inline");
});
