/**
 * The C++ peers: other people's programs, built by hand outside the repository and found in a
 * folder under the yardstick's names. Each times itself: its tables' set-up is left out, reading
 * the file by read(2) is in.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "./spawn.ts";

/** Names under which the programs are looked for; each with what it is. */
export const PEERS: Readonly<Record<string, string>> = {
  itch_handler: "CppTrader, parse only",
  itch_order_book: "itch-order-book, price-aggregated",
  market_manager: "CppTrader, full depth with order queues",
  market_manager_optimized: "CppTrader, price-aggregated",
  market_manager_aggressive: "CppTrader, price-aggregated, larger tables",
};

/** One run of a peer. */
export interface PeerResult {
  readonly nsPerMessage: number;
  /** Messages it counted; itch-order-book counts from the first add. */
  readonly messages: number;
  /** What else it says of its work, to compare runs by. */
  readonly work: string;
}

/** The peers that stand in `folder`; none without a folder. */
export function findPeers(folder: string | null): string[] {
  if (folder === null) return [];
  return Object.keys(PEERS).filter((name) => existsSync(join(folder, name)));
}

/** Runs a peer over a file. @throws when it fails or prints no figure */
export function runPeer(
  folder: string,
  name: string,
  file: string,
  prefix: readonly string[],
): PeerResult {
  const program = join(folder, name);
  // itch-order-book reads its standard input; CppTrader's programs take a name.
  const command =
    name === "itch_order_book"
      ? { prefix, program, args: [], stdin: file }
      : { prefix, program, args: ["-i", file] };
  return parsePeer(name, runCommand(command));
}

/** Reads what a peer printed. @throws when there is no figure in it */
export function parsePeer(name: string, text: string): PeerResult {
  if (name === "itch_order_book") {
    const found = /(\d+) packets in (\d+) nanos/.exec(text);
    const packets = Number(found?.[1]);
    const nanos = Number(found?.[2]);
    if (!(packets > 0 && nanos > 0)) throw new Error(`${name} printed no figure: ${tail(text)}`);
    return { nsPerMessage: nanos / packets, messages: packets, work: `${packets} from first add` };
  }
  // The printed latency is cut to whole nanoseconds; the throughput has all its digits.
  const rate = Number(fieldOf(text, "ITCH message throughput")?.split(" ")[0]);
  const messages = Number(fieldOf(text, "Total ITCH messages"));
  if (!(rate > 0 && messages > 0)) throw new Error(`${name} printed no figure: ${tail(text)}`);
  const errors = fieldOf(text, "Errors") ?? "?";
  const updates = fieldOf(text, "Total market updates");
  const work = `errors ${errors}${updates === undefined ? "" : `, updates ${updates}`}`;
  return { nsPerMessage: 1e9 / rate, messages, work };
}

function fieldOf(text: string, key: string): string | undefined {
  const line = text.split("\n").find((one) => one.startsWith(`${key}:`));
  return line?.slice(key.length + 1).trim();
}

function tail(text: string): string {
  return JSON.stringify(text.trim().split("\n").at(-1) ?? "");
}
