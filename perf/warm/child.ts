/** A feed and its market for `npm run bench:warm`, in a process of their own that starts cold. */
import { tuneEngine } from "../../src/core/engine.ts";
import { BUCKET_COUNT, Histogram } from "../../src/core/histogram.ts";
import { type LinePlacement, LineRig } from "../audit/line-rig.ts";

/** What the process is asked for: its only argument, as JSON. */
export interface WarmOrder {
  readonly placement: LinePlacement;
  /** null: the configuration's own. */
  readonly warmUpMessages: number | null;
  readonly instruments: number;
  readonly packetsPerSecond: number;
  /** The first window is that many packets; the second lies between the other two numbers. */
  readonly first: number;
  readonly from: number;
  readonly to: number;
}

/** Latency of a window, from rx's reading of the clock for a packet to its frames on the bus, ns. */
export interface WarmWindow {
  readonly packets: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
}

/** What the process prints. */
export interface WarmAnswer {
  readonly readyMs: number;
  readonly first: WarmWindow;
  readonly later: WarmWindow;
}

async function main(order: WarmOrder): Promise<WarmAnswer> {
  tuneEngine();
  const startMs = performance.now();
  const rig = await LineRig.start({ ...order, faults: false, probe: null });
  const readyMs = performance.now() - startMs;
  const { latency } = rig.feed.pipeline.plan;
  const taken: Float64Array[] = [new Float64Array(BUCKET_COUNT + 2)];
  for (const packets of [order.first, order.from, order.to]) {
    rig.allow(packets);
    await rig.settle();
    taken.push(new Float64Array(latency).slice());
  }
  await rig.stop();
  const [before, first, from, to] = taken as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  return { readyMs, first: windowOf(before, first), later: windowOf(from, to) };
}

function windowOf(before: Float64Array, after: Float64Array): WarmWindow {
  const cells = after.map((count, i) => count - (before[i] as number));
  // The largest of a window is not known, only that of all before its end.
  cells[BUCKET_COUNT + 1] = after[BUCKET_COUNT + 1] as number;
  const histogram = new Histogram(cells.buffer);
  return {
    packets: histogram.count(),
    p50: histogram.quantile(0.5),
    p90: histogram.quantile(0.9),
    p99: histogram.quantile(0.99),
    p999: histogram.quantile(0.999),
  };
}

const answer = await main(JSON.parse(process.argv[2] ?? "{}") as WarmOrder);
process.stdout.write(`${JSON.stringify(answer)}\n`);
