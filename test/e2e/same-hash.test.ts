/**
 * One file, one book hash (issue: "Must hold" 2): replay inline, replay on threads, over multicast
 * through an inline and a threaded feed, and the plain C book of shared/yardstick.
 * NYQ_E2E_MESSAGES sets the size; 10,000,000 unless given.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { messagesOf, WalkModel, walkHash } from "../convert/lobster-walk.ts";
import {
  nyq,
  ownGroups,
  patientArgs,
  settled,
  sharedFolder,
  startFeed,
  temporaryFolder,
} from "./harness.ts";

const MESSAGES = Number(process.env["NYQ_E2E_MESSAGES"] ?? "10000000");
const INSTRUMENTS = 8000;
const SMALL_MESSAGES = 200_000;

/** One thread for each stage that a file needs; nothing is pinned, so that two cores will do. */
const STAGE_A_THREAD = `
[pipeline]
placement = "threads"
force = true
${["rx.a", "rx.b", "merge", "decode", "book", "publish"]
  .map((stage) => `[[pipeline.thread]]\nname = "${stage}"\nidle = "sleep"\nstages = ["${stage}"]\n`)
  .join("")}
[[pipeline.thread]]
name = "endpoint"
loop = "event"
stages = ["endpoint"]
`;

async function generate(t: ExecutionContext, messages: number, instruments: number) {
  const folder = temporaryFolder(t);
  const file = join(folder, "day.itch");
  const made = await nyq(t, [
    ...["generate", "--seed", "17", "--messages", String(messages)],
    ...["--instruments", String(instruments), "-o", file],
  ]);
  t.is(made.code, 0, made.stderr);
  const threads = join(folder, "threads.toml");
  writeFileSync(threads, STAGE_A_THREAD);
  return { folder, file, threads };
}

async function replayHash(t: ExecutionContext, args: readonly string[]): Promise<string> {
  const ended = await nyq(t, ["replay", "--json", ...args]);
  t.is(ended.code, 0, ended.stderr);
  const facts = JSON.parse(ended.stdout) as Record<string, unknown>;
  t.is(facts["unknown_orders"], 0);
  t.log(`replay ${args.join(" ")}: ${Number(facts["ns_per_message"]).toFixed(0)} ns per message`);
  return String(facts["book_hash"]);
}

async function feedHash(
  t: ExecutionContext,
  salt: number,
  file: string,
  messages: number,
  args: readonly string[],
  mps = 150_000,
): Promise<string> {
  const groups = ownGroups(salt);
  const feed = await startFeed(t, groups, ["--start", "1", ...args]);
  const sent = await nyq(t, [
    ...["send", file, "--a", groups.a, "--b", groups.b, "--iface", "127.0.0.1"],
    ...["--mps", String(mps), "--fault", "drop=0.002:never-both,reorder=0.01:4"],
  ]);
  t.is(sent.code, 0, sent.stderr);
  const status = await settled(feed, messages + 1);
  const { gaps = [] } = status.channels[0] ?? {};
  t.deepEqual(
    gaps.filter((gap) => gap.outcome !== "filled"),
    [],
  );
  feed.process.child.kill("SIGTERM");
  t.is((await feed.process.ended).code, 0);
  return status.book_hash;
}

/** The hash by l3_ref, or null where it cannot be built. */
function referenceHash(folder: string, file: string): string | null {
  const yardstick = sharedFolder("yardstick", "build.sh");
  if (yardstick === null) return null;
  if (spawnSync("bash", [yardstick, folder], { stdio: "ignore" }).status !== 0) return null;
  const text = execFileSync(join(folder, "l3_ref"), [file]).toString();
  return (JSON.parse(text) as { book_hash: string }).book_hash;
}

test.serial("replay inline, on threads and by l3_ref give one hash", async (t) => {
  const { folder, file, threads } = await generate(t, MESSAGES, INSTRUMENTS);
  const inline = await replayHash(t, [file]);
  t.is(await replayHash(t, ["--hash", "incremental", file]), inline);
  t.is(await replayHash(t, ["-c", threads, file]), inline);
  const reference = referenceHash(folder, file);
  if (reference === null) t.log("l3_ref not built (no shared/yardstick or no gcc)");
  else t.is(reference, inline);
  const threaded = await feedHash(t, 31, file, MESSAGES, ["-c", threads, ...patientArgs()]);
  t.is(threaded, inline, "over multicast, one thread for each stage");
});

test.serial("inline feed, threaded feed, node:dgram and a slow model give one hash", async (t) => {
  const { file, threads } = await generate(t, SMALL_MESSAGES, 300);
  const model = new WalkModel();
  for (const message of messagesOf(readFileSync(file))) model.apply(message);
  const hash = walkHash(model);
  t.is(await replayHash(t, [file]), hash);
  const inline = ["--set", "pipeline.placement=inline"];
  t.is(await feedHash(t, 32, file, SMALL_MESSAGES, [...inline, ...patientArgs()]), hash);
  t.is(await feedHash(t, 33, file, SMALL_MESSAGES, ["-c", threads, ...patientArgs()]), hash);
  for (const [salt, args] of [inline, ["-c", threads]].entries()) {
    for (const messages of [0, 400_000]) {
      const warmUp = ["--set", `pipeline.warm_up_messages=${messages}`, ...patientArgs()];
      const feed = await feedHash(t, 35 + 2 * salt, file, SMALL_MESSAGES, [...args, ...warmUp]);
      t.is(feed, hash, `${args.join(" ")} after a warm-up of ${messages}`);
    }
  }
  const dgram = [...inline, "--set", "rx.path=dgram", ...patientArgs("dgram")];
  t.is(await feedHash(t, 34, file, SMALL_MESSAGES, dgram, 20_000), hash);
});
