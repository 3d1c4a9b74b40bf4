/** tshark, as a reader that is not ours, dissects what `send` puts on the wire. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { createSend } from "../../src/send/sender.ts";
import { blocks } from "./support.ts";

const PORT = 20_000 + (process.pid % 20_000);
const GROUP_A = `239.193.${(process.pid >> 8) & 0xff}.${process.pid & 0xff}`;
const GROUP_B = `239.194.${(process.pid >> 8) & 0xff}.${process.pid & 0xff}`;

function reasonToSkip(): string | null {
  if (spawnSync("tshark", ["--version"]).status !== 0) return "tshark is not installed";
  if (process.getuid?.() !== 0) return "capturing needs root";
  return null;
}

/** Starts a capture of our port on lo and waits until it runs. */
async function capture(file: string): Promise<ChildProcess> {
  const args = ["-i", "lo", "-f", `udp port ${PORT}`, "-w", file, "-q"];
  const child = spawn("tshark", args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.once("exit", () => reject(new Error(`tshark ended: ${said}`)));
    child.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("Capturing on")) resolve();
    });
  });
  const until = performance.now() + 10_000;
  while (!existsSync(file) && performance.now() < until) await pause(20);
  await pause(500);
  return child;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

test.serial(
  "tshark reads the MoldUDP64 of both feeds: every message once, then the end",
  async (t) => {
    const reason = reasonToSkip();
    if (reason !== null) {
      t.log(`skipped: ${reason}`);
      t.pass();
      return;
    }
    const folder = await mkdtemp(join(tmpdir(), "nyq-tshark-"));
    const file = join(folder, "lo.pcapng");
    try {
      const child = await capture(file);
      const truth = await createSend({
        source: [blocks(500)],
        a: { group: GROUP_A, port: PORT },
        b: { group: GROUP_B, port: PORT },
        iface: "127.0.0.1",
        rate: { kind: "mps", value: 10_000 },
        session: "TSHARK",
        seq: 2 ** 33,
      }).run();
      await pause(300);
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGINT");
      await gone;
      t.is(truth.messages, 500);
      for (const group of [GROUP_A, GROUP_B]) {
        const packets = dissect(file, group);
        const data = packets.filter(({ lengths }) => lengths.length > 0);
        const lengths = data.flatMap((packet) => packet.lengths);
        t.is(lengths.length, 500);
        t.deepEqual(
          lengths,
          Array.from({ length: 500 }, (_, i) => 19 + ((i * 7) % 26)),
        );
        t.true(packets.every(({ session }) => session.trim() === "TSHARK"));
        let next = 2 ** 33;
        for (const packet of data) {
          t.is(packet.seq, next);
          next += packet.lengths.length;
        }
        const ends = packets.filter(({ count }) => count === 0xffff);
        t.is(ends.length, 10);
        t.true(ends.every(({ seq }) => seq === next));
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);

interface Dissected {
  readonly session: string;
  readonly seq: number;
  readonly count: number;
  readonly lengths: number[];
}

/** The group's packets as tshark's own dissector reads them. */
function dissect(file: string, group: string): Dissected[] {
  const fields = ["session", "sequence", "count", "msglen"];
  const args = ["-r", file, "-d", `udp.port==${PORT},moldudp64`, "-Y", `ip.dst==${group}`];
  for (const field of fields) args.push("-e", `moldudp64.${field}`);
  args.push("-T", "fields", "-E", "separator=;");
  const text = execFileSync("tshark", args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [session = "", seq = "", count = "", lengths = ""] = line.split(";");
      return {
        session,
        seq: Number(seq.split(",")[0]),
        count: Number(count.split(",")[0]),
        lengths: lengths === "" ? [] : lengths.split(",").map(Number),
      };
    });
}
