/** The soaked feed: a threaded feed with a probe in each thread, sampled once a second. */
import { join } from "node:path";
import { loadConfig } from "../../src/config/load.ts";
import { errorText } from "../../src/core/errors.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { C } from "../../src/metrics/counter-table.ts";
import { Feed } from "../../src/pipeline/feed.ts";
import type { MarketTruth } from "../../src/pipeline/market.ts";
import { collectionsOf, Gauge, gaugeRow, takeGauges } from "./gauges.ts";
import type { FromFeed, ToFeed } from "./messages.ts";
import type { SoakProbeOptions } from "./probe.ts";
import { Sampler } from "./sampler.ts";

/** Rows of gauges, more than there are stages. */
const THREADS_MAX = 16;
const SAMPLE_MS = 1000;
const SETTLE_POLL_MS = 20;
const SETTLE_TIMEOUT_MS = 10_000;
const IFACE = "127.0.0.1";
const COLD_STAGES = ["endpoint"];

interface Running {
  readonly feed: Feed;
  readonly gauges: SharedArrayBuffer;
  readonly timer: NodeJS.Timeout;
}

let running: Promise<Running> | null = null;

process.on("message", (message: ToFeed) => {
  if (message.type === "start") running = start(message);
  const work = message.type === "start" ? running : finish(message.truth);
  work?.catch((error: unknown) => {
    tell({ type: "failed", text: errorText(error) });
    process.exitCode = 1;
  });
});
// The parent is gone: nobody would end this process.
process.on("disconnect", () => process.exit());

async function start(order: ToFeed & { type: "start" }): Promise<Running> {
  const gauges = takeGauges(THREADS_MAX);
  const options: SoakProbeOptions = {
    gauges,
    plant: order.plant,
    periodNs: order.lookSeconds * 1e9,
    steadyNs: order.warmUpSeconds * 1e9,
  };
  const config = loadConfig({
    file: join(PACKAGE_ROOT, "perf", "soak", "feed.toml"),
    env: {},
    sets: order.sets,
    flags: [
      ["rx.a", `${order.group}.1:${order.port}`],
      ["rx.b", `${order.group}.2:${order.port}`],
      ["rx.iface", IFACE],
      ["rx.iface_b", IFACE],
    ],
  });
  const feed = await Feed.start(config, (line) => process.stderr.write(`${line}\n`), {
    module: new URL("./probe.js", import.meta.url).href,
    options,
  });
  // A thread that dies ends the soak at once.
  feed.pipeline.finished.catch((error: unknown) => {
    tell({ type: "failed", text: errorText(error) });
  });
  const { plan, ready } = feed.pipeline;
  tell({
    type: "ready",
    addresses: feed.addresses,
    threads: plan.threads.map(({ name, stages }) => ({
      name,
      stages,
      hot: stages.some((stage) => !COLD_STAGES.includes(stage)),
    })),
    rings: plan.steps.map(({ from, to }) => `${from} to ${to}`),
    rxPath: ready.flatMap(({ rx }) => rx.map(({ path }) => path)).at(0) ?? "none",
  });
  const sampler = new Sampler(feed, gauges);
  const timer = setInterval(() => {
    tell({ type: "sample", sample: sampler.take() });
  }, SAMPLE_MS);
  return { feed, gauges, timer };
}

async function finish(truth: MarketTruth): Promise<void> {
  if (running === null) return;
  const { feed, gauges, timer } = await running;
  const books = await settle(feed, truth);
  clearInterval(timer);
  await feed.stop();
  const rows = feed.pipeline.plan.threads.map((_, i) => gaugeRow(gauges, i));
  tell({
    type: "finished",
    ...books,
    collections: rows.map(collectionsOf),
    collectionCounts: rows.map((row) => row[Gauge.GC_COUNT] as number),
  });
  process.disconnect();
}

/** Waits until everything sent is applied, by the endpoint too. */
async function settle(
  feed: Feed,
  truth: MarketTruth,
): Promise<{ bookHash: string | null; nextSeq: number }> {
  const endMs = performance.now() + SETTLE_TIMEOUT_MS;
  for (;;) {
    const { nextSeq } = feed.status.mergeStatus();
    const state = await feed.pipeline.queries?.state();
    const isDone = nextSeq === truth.next && state?.cursor === feed.status.counter(C.BOOK_CHANGES);
    if (isDone || performance.now() > endMs) return { bookHash: state?.bookHash ?? null, nextSeq };
    await new Promise((resolve) => setTimeout(resolve, SETTLE_POLL_MS));
  }
}

function tell(message: FromFeed): void {
  if (process.connected) process.send?.(message);
}
