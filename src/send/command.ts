/** What `nyq send` does with its flags: checks them, sends, writes the truth. */
import { writeFile } from "node:fs/promises";
import { isIPv4 } from "node:net";
import { parseGroup } from "../config/address.ts";
import type { GroupAddress, ProtocolName } from "../config/config.ts";
import { FeedError } from "../core/errors.ts";
import { readChunks } from "./blocks.ts";
import { type Datagram, isCapture, readDatagrams } from "./datagrams.ts";
import { type Faults, NO_FAULTS, parseFaults } from "./faults.ts";
import { DEFAULT_RATE, type Rate } from "./schedule.ts";
import { createSend, type SendOptions } from "./sender.ts";

/** The flags as the command line gives them. */
export interface SendCommand {
  readonly a: string;
  readonly b?: string;
  readonly iface: string;
  readonly ifaceB?: string;
  readonly pps?: string;
  readonly mps?: string;
  readonly speed?: string;
  readonly cut: "same" | "different";
  readonly session: string;
  readonly seq: string;
  readonly fault?: string;
  readonly seed: string;
  readonly truth?: string;
  readonly end: boolean;
  readonly protocol?: ProtocolName;
  readonly templates?: string;
  readonly format?: SendFormat;
  readonly take?: string;
}

/** Forms of the file. */
export const SEND_FORMATS = ["auto", "itch", "pcap", "fast-raw", "len4"] as const;
type SendFormat = (typeof SEND_FORMATS)[number];

/** Flags that speak of MoldUDP64 packets in the making, and mean nothing for whole datagrams. */
const CUT_FLAGS = ["cut", "session", "seq", "end"] as const;

const RATE_MAX = 1e8;
const SEED_MAX = 2 ** 50;
const PROGRESS_MS = 500;

/**
 * Runs the verb.
 *
 * @param isGiven whether a flag stands on the command line
 * @throws FEED_USAGE, FEED_FILE, FEED_FORMAT, FEED_SOCKET
 */
export async function runSend(
  file: string,
  flags: SendCommand,
  isGiven: (flag: string) => boolean,
): Promise<void> {
  const datagrams = await datagramsOf(file, flags, isGiven);
  const options = sendOptions(file, flags);
  const send = createSend({
    ...options,
    ...(datagrams !== null && { datagrams }),
    onProgress: progress(),
  });
  const abort = new AbortController();
  const stop = (): void => {
    if (abort.signal.aborted) process.exit(1);
    abort.abort();
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  try {
    const truth = await send.run(abort.signal);
    const text = `${JSON.stringify(truth)}\n`;
    if (flags.truth === "-") process.stdout.write(text);
    else if (flags.truth !== undefined) await writeTruth(flags.truth, text);
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    if (process.stderr.isTTY) process.stderr.write("\n");
  }
}

/** What is sent as it is, or null for a BinaryFILE, which is cut into packets. */
async function datagramsOf(
  file: string,
  flags: SendCommand,
  isGiven: (flag: string) => boolean,
): Promise<AsyncGenerator<Datagram[]> | null> {
  const { protocol = "itch-5.0", format = "auto", templates = null } = flags;
  const isFast = protocol === "fast";
  if (isFast !== (templates !== null)) {
    const text = isFast ? "needs --templates" : "takes no --templates";
    throw new FeedError("FEED_USAGE", `--protocol ${protocol} ${text}`);
  }
  const isOfFast = format === "fast-raw" || format === "len4";
  if ((format === "itch" && protocol !== "itch-5.0") || (isOfFast && !isFast)) {
    throw new FeedError("FEED_USAGE", `--protocol ${protocol} does not come as --format ${format}`);
  }
  if (await isBinaryFile(file, protocol, format)) {
    if (flags.take === undefined) return null;
    throw new FeedError("FEED_USAGE", "--take goes with captures only");
  }
  for (const flag of CUT_FLAGS) {
    if (!isGiven(flag)) continue;
    const name = flag === "end" ? "no-end" : flag;
    throw new FeedError("FEED_USAGE", `--${name} does not go with datagrams sent as they are`);
  }
  const take = flags.take === undefined ? null : group("--take", flags.take);
  const form = format === "itch" ? "auto" : format;
  return readDatagrams({ path: file, protocol, format: form, templates, take });
}

/** Standard input can be looked at once only: without --format it is a BinaryFILE. */
async function isBinaryFile(
  file: string,
  protocol: ProtocolName,
  format: SendFormat,
): Promise<boolean> {
  if (protocol !== "itch-5.0" || format === "pcap") return false;
  return format === "itch" || file === "-" || !(await isCapture(file));
}

/** Checks the flags. @throws FEED_USAGE with flag, value and bound */
export function sendOptions(file: string, flags: SendCommand): SendOptions {
  const faults: Faults = flags.fault === undefined ? NO_FAULTS : parseFaults(flags.fault);
  const iface = address("--iface", flags.iface);
  return {
    source: readChunks(file),
    sourceName: file,
    a: group("--a", flags.a),
    b: flags.b === undefined ? null : group("--b", flags.b),
    iface,
    ifaceB: flags.ifaceB === undefined ? iface : address("--iface-b", flags.ifaceB),
    rate: rateOf(flags),
    cut: flags.cut,
    session: flags.session,
    seq: whole("--seq", flags.seq, 1, Number.MAX_SAFE_INTEGER),
    faults,
    seed: whole("--seed", flags.seed, 0, SEED_MAX),
    end: flags.end,
  };
}

function rateOf(flags: SendCommand): Rate {
  const asked = (["pps", "mps", "speed"] as const).filter((kind) => flags[kind] !== undefined);
  if (asked.length > 1) throw new FeedError("FEED_USAGE", `--${asked.join(" and --")} conflict`);
  const kind = asked[0];
  if (kind === undefined) return DEFAULT_RATE;
  const text = flags[kind] ?? "";
  const value = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : 0;
  if (!(value > 0 && value <= RATE_MAX)) {
    throw new FeedError("FEED_USAGE", `--${kind} ${text}: not above 0 and at most ${RATE_MAX}`);
  }
  return { kind, value };
}

function group(flag: string, text: string): GroupAddress {
  const parsed = parseGroup(text);
  if ("reason" in parsed) throw new FeedError("FEED_USAGE", `${flag} ${text} ${parsed.reason}`);
  return parsed.value;
}

function address(flag: string, text: string): string {
  if (!isIPv4(text)) throw new FeedError("FEED_USAGE", `${flag} ${text} is not an IPv4 address`);
  return text;
}

function whole(flag: string, text: string, min: number, max: number): number {
  const n = /^\d+$/.test(text) ? Number(text) : -1;
  if (n < min || n > max) {
    throw new FeedError("FEED_USAGE", `${flag} ${text} is not a whole number in ${min} to ${max}`);
  }
  return n;
}

async function writeTruth(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw new FeedError("FEED_FILE", `--truth ${path}: ${(error as Error).message}`);
  }
}

/** Says how far it is, when stderr is a terminal. */
function progress(): (messages: number) => void {
  if (!process.stderr.isTTY) return () => {};
  let saidMs = 0;
  return (messages) => {
    const nowMs = performance.now();
    if (nowMs - saidMs < PROGRESS_MS) return;
    saidMs = nowMs;
    process.stderr.write(`\rsent ${messages.toLocaleString("en-US")} messages`);
  };
}
