/** A feed in this process and a market in another, for whatever looks at the feed. Thread: main. */
import { join } from "node:path";
import { loadConfig } from "../../src/config/load.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { Feed } from "../../src/pipeline/feed.ts";
import type { ProbeSpec } from "../../src/pipeline/probe.ts";
import { Child } from "../soak/child.ts";
import type { FromMarket, ToMarket } from "../soak/messages.ts";

/** How it runs. */
export interface RigOptions {
  readonly seconds: number;
  readonly mps: number;
  readonly instruments: number;
  readonly placement: "inline" | "threads";
  readonly probe: ProbeSpec | null;
}

const IFACE = "127.0.0.1";

/** Runs it. @returns messages that the market sent */
export async function runRig(options: RigOptions): Promise<number> {
  const group = `239.195.${1 + (process.pid % 250)}`;
  const port = 20_000 + (process.pid % 20_000);
  const config = loadConfig({
    file: join(PACKAGE_ROOT, "perf", "soak", "feed.toml"),
    env: {},
    sets: [],
    flags: [
      ["rx.a", `${group}.1:${port}`],
      ["rx.b", `${group}.2:${port}`],
      ["rx.iface", IFACE],
      ["rx.iface_b", IFACE],
      ["pipeline.placement", options.placement],
    ],
  });
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  const feed = await Feed.start(config, log, options.probe);
  // Tools that preload themselves do so by NODE_OPTIONS; the market is not what they look at.
  const market = new Child<ToMarket, FromMarket>("./market-process.js", {
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  try {
    market.send({
      type: "start",
      plan: {
        seed: 1,
        instruments: options.instruments,
        profile: "open",
        a: { group: `${group}.1`, port },
        b: { group: `${group}.2`, port },
        iface: IFACE,
        session: `PROF${String(process.pid % 1_000_000).padStart(6, "0")}`,
        messagesPerSecond: options.mps,
        faults: "dup=0",
      },
    });
    const time = new Promise((resolve) => setTimeout(resolve, options.seconds * 1000));
    await Promise.race([time, market.died, feed.pipeline.finished]);
    const ended = market.next("ended");
    market.send({ type: "end" });
    const { truth } = await ended;
    await feed.stop();
    return truth.messages;
  } finally {
    market.kill();
    await feed.kill();
  }
}
