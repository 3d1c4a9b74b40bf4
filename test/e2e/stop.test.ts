/** Stopping: SIGTERM under load, a worker that dies, a machine that cannot do what was asked. */
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { RawClient } from "../../src/client/raw-client.ts";
import { loadConfig } from "../../src/config/load.ts";
import { FeedError } from "../../src/core/errors.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { Feed } from "../../src/pipeline/feed.ts";
import { NyqProcess, nyq, ownGroups, startFeed, temporaryFolder, until } from "./harness.ts";

const STOP_LIMIT_MS = 5000;
/** Terminates the first worker of a process a while after it was made. */
const KILLER = encodeURIComponent('process.once("worker",(w)=>setTimeout(()=>w.terminate(),2500))');
const LAPTOP = join(PACKAGE_ROOT, "config", "laptop.toml");

async function stopsUnderLoad(
  t: ExecutionContext,
  salt: number,
  args: readonly string[],
): Promise<void> {
  const file = join(temporaryFolder(t), "day.itch");
  const made = await nyq(t, [
    ...["generate", "--seed", "3", "--messages", "2000000", "--instruments", "300"],
    ...["-o", file],
  ]);
  t.is(made.code, 0, made.stderr);
  const groups = ownGroups(salt);
  const feed = await startFeed(t, groups, args);
  const closes: number[] = [];
  const client = new RawClient(
    { url: `ws://${feed.ws}`, start: 1, reconnect: false },
    { onClose: (code) => closes.push(code) },
  );
  await client.connect();
  const sender = new NyqProcess(t, [
    ...["send", file, "--a", groups.a, "--b", groups.b, "--iface", "127.0.0.1"],
    ...["--mps", "100000"],
  ]);
  await until(async () => (await feed.status()).messages > 50_000);
  const asked = Date.now();
  feed.process.child.kill("SIGTERM");
  const ended = await feed.process.ended;
  t.is(ended.code, 0, ended.stderr);
  t.true(Date.now() - asked < STOP_LIMIT_MS, "the contract's deadline");
  await until(() => closes.length > 0);
  t.deepEqual(closes, [1001]);
  sender.child.kill("SIGKILL");
}

test("SIGTERM under load ends an inline feed with 0 and closes clients with 1001", async (t) => {
  await stopsUnderLoad(t, 1, ["--set", "pipeline.placement=inline"]);
});

test("SIGTERM under load ends a threaded feed with 0 and closes clients with 1001", async (t) => {
  await stopsUnderLoad(t, 2, ["-c", LAPTOP]);
});

/** A client that shakes hands and then neither reads nor answers the close. */
async function stopsBesideDeafClient(
  t: ExecutionContext,
  salt: number,
  args: readonly string[],
): Promise<void> {
  const feed = await startFeed(t, ownGroups(salt), args);
  const { hostname, port } = new URL(`ws://${feed.ws}`);
  const socket = connect(Number(port), hostname);
  t.teardown(() => socket.destroy());
  socket.on("error", () => undefined);
  socket.write(
    `GET /ws?channel=obo&codec=raw-v1 HTTP/1.1\r\nHost: ${feed.ws}\r\n` +
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
      `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
  );
  const head = await new Promise<Buffer>((resolve) => socket.once("data", resolve));
  t.regex(head.toString(), /^HTTP\/1\.1 101/);
  socket.pause();
  feed.process.child.kill("SIGTERM");
  const ended = await feed.process.ended;
  t.is(ended.code, 0, ended.stderr);
}

test("SIGTERM ends an inline feed with 0 beside a client that answers nothing", async (t) => {
  await stopsBesideDeafClient(t, 6, ["--set", "pipeline.placement=inline"]);
});

test("SIGTERM ends a threaded feed with 0 beside a client that answers nothing", async (t) => {
  await stopsBesideDeafClient(t, 7, ["-c", LAPTOP]);
});

test("a worker that dies ends the pipeline with a message that names it", async (t) => {
  const { a, b } = ownGroups(3);
  const config = loadConfig({
    file: LAPTOP,
    env: {},
    sets: [],
    flags: [
      ["rx.a", a],
      ["rx.b", b],
      ["publish.listen", "127.0.0.1:0"],
      ["admin.listen", "127.0.0.1:0"],
    ],
  });
  const feed = await Feed.start(config, () => undefined);
  await feed.pipeline.terminateWorker(0);
  const error = await t.throwsAsync(feed.pipeline.finished, { instanceOf: FeedError });
  t.is(error?.code, "FEED_WORKER_DIED");
  t.regex(error?.message ?? "", /thread "hot" ended unasked/);
  t.is(error?.exitCode, 1);
  await feed.kill();
});

test("a feed whose worker dies ends with 1 and says so", async (t) => {
  const { a, b } = ownGroups(4);
  const where = ["--a", a, "--b", b, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${KILLER}` };
  const ended = await nyq(t, ["feed", "-c", LAPTOP, ...where], env);
  t.is(ended.code, 1, ended.stderr);
  t.regex(ended.stderr, /FEED_WORKER_DIED: thread "hot" ended unasked/);
});

test("a cpu that the machine does not have stops the start with 4", async (t) => {
  const { a, b } = ownGroups(5);
  const args = ["--a", a, "--b", b, "--set", "pipeline.thread.0.cpu=1023"];
  const ended = await nyq(t, ["feed", "-c", LAPTOP, ...args, "--listen", "127.0.0.1:0"]);
  t.true(ended.code === 4 || ended.code === 78, `${ended.code}: ${ended.stderr}`);
  t.regex(ended.stderr, /1023/);
});
