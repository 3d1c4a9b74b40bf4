import { execFile, spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { Harness, until } from "../publish/harness.ts";

const NYQ = join(PACKAGE_ROOT, "dist", "src", "cli", "nyq.js");
const run = promisify(execFile);

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `nyq` and gives back how it ended. */
async function nyq(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  try {
    const options = { env: { ...process.env, ...env } };
    const { stdout, stderr } = await run(process.execPath, [NYQ, ...args], options);
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Outcome;
    return { code, stdout, stderr };
  }
}

/** An admin address that knows some symbols. */
async function admin(body: string): Promise<{ address: string; close(): void }> {
  const server = createServer((req, res) => {
    res.writeHead(req.url === "/api/instruments" ? 200 : 404, { connection: "close" });
    res.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, close: () => server.close() };
}

async function withBooks(): Promise<Harness> {
  const harness = new Harness();
  harness.add(13, 1, 0, 1_000_000, 10);
  harness.add(13, 2, 0, 999_900, 20);
  harness.add(13, 3, 1, 1_000_200, 30);
  harness.publish.onBatchEnd();
  await harness.start();
  await until(() => harness.endpoint.state().cursor === 3);
  return harness;
}

test("nyq book --once shows the book of a symbol and ends", async (t) => {
  const harness = await withBooks();
  const directory = await admin('[{"index":12,"symbol":"MSFT"},{"index":13,"symbol":"AAPL"}]');
  const flags = ["--url", harness.url, "--admin", directory.address, "--once", "--depth", "2"];
  const outcome = await nyq(["book", "AAPL", ...flags]);
  t.is(outcome.stderr, "");
  t.is(outcome.code, 0);
  t.deepEqual(outcome.stdout.trimEnd().split("\n"), [
    "AAPL  instrument 13  cursor 0",
    "  orders          bid          price          ask   orders",
    "                                   .",
    "                            100.0200           30        1",
    "                       spread 0.0200",
    "       1           10       100.0000",
    "       1           20        99.9900",
  ]);
  t.is((await nyq(["book", "13", ...flags])).code, 0);
  const unknown = await nyq(["book", "A\x1b[2J", ...flags]);
  t.is(unknown.code, 2);
  t.true(unknown.stderr.includes("A\\x1b[2J is no symbol"), unknown.stderr);
  directory.close();
  await harness.stop();
});

test("nyq book needs no admin address for a number, and says when it lacks one", async (t) => {
  const harness = await withBooks();
  const flags = ["--url", harness.url, "--admin", "127.0.0.1:1", "--once"];
  t.is((await nyq(["book", "13", ...flags])).code, 0);
  const symbol = await nyq(["book", "AAPL", ...flags]);
  t.is(symbol.code, 1);
  t.regex(symbol.stderr, /FEED_CLIENT: http:\/\/127.0.0.1:1\/api\/instruments/);
  const odd = await admin('{"not":"a list"}');
  const answer = await nyq(["book", "AAPL", "--url", harness.url, "--admin", odd.address]);
  t.is(answer.code, 1);
  t.regex(answer.stderr, /no list of instruments/);
  odd.close();
  await harness.stop();
});

test("nyq tail shows frames from a cursor on, as text and as JSON lines", async (t) => {
  const harness = await withBooks();
  const text = await nyq(["tail", "--url", harness.url, "--from", "2", "--limit", "2"]);
  t.is(text.stderr, "");
  t.deepEqual(text.stdout.trimEnd().split("\n"), [
    "2 13#2 ADD 2 bid 20 @ 999900",
    "3 13#3 ADD 3 ask 30 @ 1000200",
  ]);
  const json = await nyq(["tail", "--url", harness.url, "--snapshot", "--json", "--limit", "6"]);
  const frames = json.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  t.deepEqual(
    frames.map((frame) => frame.type),
    ["SNAPSHOT_START", "SNAPSHOT_HDR", "ADD", "ADD", "ADD", "SNAPSHOT_END"],
  );
  t.is(frames[2].orderId, "1");
  await harness.stop();
});

test("the token comes from the environment", async (t) => {
  const harness = new Harness({ token: "secret-token" });
  await harness.start();
  const args = ["tail", "--url", harness.url, "--snapshot", "--limit", "2"];
  t.is((await nyq(args, { NYQ_PUBLISH__TOKEN: "secret-token" })).code, 0);
  const refused = await nyq(args, { NYQ_PUBLISH__TOKEN: "" });
  t.is(refused.code, 1);
  t.regex(refused.stderr, /FEED_CLIENT: .* answered 401/);
  await harness.stop();
});

test("flags that make no sense are usage errors with name, value and bounds", async (t) => {
  const cases: [string[], RegExp][] = [
    [["book", "A", "--depth", "0"], /--depth was "0", not 1 to 200/],
    [["book", "A", "--decimals", "x"], /--decimals was "x", not 0 to 18/],
    [["book", "A", "--url", "http://x"], /--url was "http:\/\/x"/],
    [["tail", "--limit", "-1"], /--limit was "-1"/],
    [["tail", "--from", "0"], /--from was "0"/],
    [["tail", "--from", "1", "--snapshot"], /do not go together/],
    [["tail", "--nonsense"], /unknown option/],
  ];
  for (const [args, message] of cases) {
    const outcome = await nyq(args);
    t.is(outcome.code, 2, args.join(" "));
    t.regex(outcome.stderr, message);
  }
  t.regex((await nyq(["book", "--help"])).stdout, /Examples:/);
  t.regex((await nyq(["tail", "--help"])).stdout, /Examples:/);
});

test("nyq tail ends with 0 at SIGTERM", async (t) => {
  const harness = await withBooks();
  const child = spawn(process.execPath, [NYQ, "tail", "--url", harness.url, "--from", "1"]);
  await new Promise((resolve) => child.stdout.once("data", resolve));
  child.kill("SIGTERM");
  t.is(await new Promise((resolve) => child.once("exit", resolve)), 0);
  await harness.stop();
});
