/**
 * `npm run check:nodes -- NODE…`: question: does every Node, in every placement, with and without a
 * warm-up, end with the same books? The same market goes over multicast through a feed, and as a
 * file through `nyq replay`. NODE is the path of a node program; without one, the present.
 *
 * Exit code 0: one hash; 3: more than one; 2: usage; 1: something could not run.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { CLOSING_COUNT } from "../../src/generate/market-generator.ts";
import { MARKET_SEED } from "../audit/line.ts";
import { LINE_PLACEMENTS } from "../audit/line-rig.ts";
import type { NodeAnswer, NodeOrder } from "./child.ts";

const HELP = `usage: npm run check:nodes -- [options] [NODE…]
  --packets N   packets of each feed (default 3000, some 100,000 messages)
  --warm-up N   messages of the warm-up where there is one (default 300,000)
  --json        one object at the end
examples:
  npm run check:nodes
  npm run check:nodes -- /opt/node-20/bin/node /opt/node-22/bin/node /opt/node-24/bin/node
`;

const INSTRUMENTS = 200;
const NYQ = join(PACKAGE_ROOT, "dist", "src", "cli", "nyq.js");
const THREADS = join(PACKAGE_ROOT, "perf", "soak", "feed.toml");

/** One way through one Node. */
interface Row {
  readonly node: string;
  readonly way: string;
  readonly messages: number;
  readonly hash: string | null;
}

function output(node: string, args: readonly string[]): string {
  const run = spawnSync(node, args, { encoding: "utf8" });
  if (run.status !== 0) throw new Error(`${node} ${args.join(" ")}: ${run.stderr}`);
  return run.stdout;
}

function feedRow(node: string, order: NodeOrder): Row {
  const child = join(import.meta.dirname, "child.js");
  const answer = JSON.parse(output(node, [child, JSON.stringify(order)])) as NodeAnswer;
  const way = `feed ${order.placement}, warm-up ${order.warmUpMessages}`;
  return { node: versionOf(node), way, ...answer };
}

function replayRow(node: string, way: string, args: readonly string[]): Row {
  const facts = JSON.parse(output(node, [NYQ, "replay", "--json", ...args])) as {
    readonly messages: number;
    readonly book_hash: string;
  };
  return { node: versionOf(node), way, messages: facts.messages, hash: facts.book_hash };
}

function versionOf(node: string): string {
  return output(node, ["--version"]).trim();
}

function rowsOf(nodes: readonly string[], packets: number, warmUp: number, folder: string): Row[] {
  const rows: Row[] = [];
  for (const node of nodes) {
    for (const placement of LINE_PLACEMENTS) {
      for (const warmUpMessages of [0, warmUp]) {
        const order = { placement, warmUpMessages, packets, instruments: INSTRUMENTS };
        rows.push(feedRow(node, order));
      }
    }
  }
  const file = join(folder, "day.itch");
  // A generated day ends with messages that touch no book.
  const messages = String((rows[0]?.messages ?? 0) + CLOSING_COUNT);
  const market = ["--seed", String(MARKET_SEED), "--instruments", String(INSTRUMENTS)];
  output(process.execPath, [NYQ, "generate", "--messages", messages, ...market, "-o", file]);
  for (const node of nodes) {
    rows.push(replayRow(node, "replay inline", [file]));
    rows.push(replayRow(node, "replay inline, hash incremental", ["--hash", "incremental", file]));
    rows.push(replayRow(node, "replay threads", ["-c", THREADS, file]));
  }
  return rows;
}

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      packets: { type: "string", default: "3000" },
      "warm-up": { type: "string", default: "300000" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const packets = Number(values.packets);
  const warmUp = Number(values["warm-up"]);
  if (!(Number.isInteger(packets) && packets > 0 && Number.isInteger(warmUp) && warmUp > 0)) {
    process.stderr.write(HELP);
    return 2;
  }
  const nodes = positionals.length === 0 ? [process.execPath] : positionals;
  const folder = mkdtempSync(join(tmpdir(), "nyq-nodes-"));
  try {
    const rows = rowsOf(nodes, packets, warmUp, folder);
    const ok = new Set(rows.map(({ hash }) => hash)).size === 1 && rows[0]?.hash !== null;
    if (values.json) process.stdout.write(`${JSON.stringify({ ok, rows })}\n`);
    else {
      for (const { node, way, messages, hash } of rows) {
        process.stdout.write(`${node.padEnd(10)} ${way.padEnd(34)} ${messages} ${hash}\n`);
      }
      process.stdout.write(ok ? "check:nodes: one hash\n" : "check:nodes: MORE THAN ONE HASH\n");
    }
    return ok ? 0 : 3;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = main();
