import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ExecutionContext } from "ava";
import test from "ava";
import { loadNative, nativeMissing } from "../../src/core/native.ts";
import { StampKind } from "../../src/core/sinks.ts";
import { freshGroup } from "../native/native-or-skip.ts";

const SEND_NS = `nyq${process.pid}s`;
const RECEIVE_NS = `nyq${process.pid}r`;
const SEND_IP = "10.213.7.1";
const RECEIVE_IP = "10.213.7.2";
const PACKETS = 2000;

function ip(...args: string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}

/** Two namespaces joined by a veth pair. @returns why that cannot be, or null */
function makeNamespaces(): string | null {
  if (process.getuid?.() !== 0) return "not root";
  try {
    ip("netns", "add", SEND_NS);
    ip("netns", "add", RECEIVE_NS);
    ip("-n", SEND_NS, "link", "add", "veth0", "type", "veth", "peer", "veth0", "netns", RECEIVE_NS);
    const addresses = [
      [SEND_NS, SEND_IP],
      [RECEIVE_NS, RECEIVE_IP],
    ] as const;
    for (const [ns, address] of addresses) {
      ip("-n", ns, "addr", "add", `${address}/24`, "dev", "veth0");
      ip("-n", ns, "link", "set", "lo", "up");
      ip("-n", ns, "link", "set", "veth0", "up");
    }
  } catch (error) {
    removeNamespaces();
    return `ip: ${(error as Error).message.split("\n")[0]}`;
  }
  return null;
}

function removeNamespaces(): void {
  for (const ns of [SEND_NS, RECEIVE_NS]) {
    try {
      ip("netns", "del", ns);
    } catch {
      // It was never made.
    }
  }
}

function startIn(ns: string, script: string, args: (string | number)[]) {
  const file = join(import.meta.dirname, script);
  const command = ["netns", "exec", ns, process.execPath, file, ...args.map(String)];
  return spawn("ip", command, { stdio: ["ignore", "pipe", "inherit"] });
}

async function send(args: (string | number)[]): Promise<void> {
  const [code] = (await once(startIn(SEND_NS, "netns-sender.js", args), "exit")) as [number];
  if (code !== 0) throw new Error(`sender ended with ${code}`);
}

interface Seen {
  readonly packets: number;
  readonly bad: number;
  readonly outOfOrder: number;
  readonly kinds: number[];
  readonly drops: number;
}

/** Starts a receiver. @returns a promise of its report, once it is ready */
async function receive(args: (string | number)[]): Promise<{ report: Promise<Seen> }> {
  const child = startIn(RECEIVE_NS, "netns-receiver.js", args);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.value !== "ready") throw new Error("receiver did not start");
  const report = lines.next().then((line) => JSON.parse(String(line.value)) as Seen);
  return { report };
}

async function between(
  t: ExecutionContext,
  path: "recvmmsg" | "dgram",
  sendPath: "sendmmsg" | "dgram",
): Promise<void> {
  const a = freshGroup();
  const b = { group: freshGroup().group, port: a.port };
  const inA = await receive([path, a.group, a.port, RECEIVE_IP, PACKETS]);
  const inB = await receive([path, b.group, b.port, RECEIVE_IP, PACKETS / 2]);
  await send([sendPath, a.group, a.port, SEND_IP, 1, PACKETS]);
  await send([sendPath, b.group, b.port, SEND_IP, 1, PACKETS / 2]);
  const kinds = [path === "recvmmsg" ? StampKind.SOFTWARE : StampKind.NONE];
  const rest = { bad: 0, outOfOrder: 0, kinds, drops: 0 };
  t.deepEqual(await inA.report, { packets: PACKETS, ...rest });
  t.deepEqual(await inB.report, { packets: PACKETS / 2, ...rest });
}

test.serial("A and B cross a veth pair between two namespaces, each to its own feed", async (t) => {
  const why = makeNamespaces();
  if (why !== null) {
    t.log(`skipped: ${why}`);
    t.pass();
    return;
  }
  try {
    await between(t, "dgram", "dgram");
    if (loadNative() === null) t.log(`recvmmsg skipped: addon not built (${nativeMissing()})`);
    else await between(t, "recvmmsg", "sendmmsg");
  } finally {
    removeNamespaces();
  }
});
