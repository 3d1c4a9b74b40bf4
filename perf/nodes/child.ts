/** One feed for `npm run check:nodes`: takes a market in over multicast, tells its books' hash. */
import { tuneEngine } from "../../src/core/engine.ts";
import { C } from "../../src/metrics/counter-table.ts";
import { type LinePlacement, LineRig } from "../audit/line-rig.ts";

/** What the process is asked for: its only argument, as JSON. */
export interface NodeOrder {
  readonly placement: LinePlacement;
  readonly warmUpMessages: number;
  readonly instruments: number;
  readonly packets: number;
}

/** What it prints. */
export interface NodeAnswer {
  readonly messages: number;
  readonly hash: string | null;
}

/** Slow enough for one core. Paced feeds are cut alike, so that the messages are always the same. */
const PACKETS_PER_SECOND = 3000;
const SETTLE_POLL_MS = 20;
const SETTLE_POLLS = 500;

async function main(order: NodeOrder): Promise<NodeAnswer> {
  tuneEngine();
  const packetsPerSecond = PACKETS_PER_SECOND;
  const rig = await LineRig.start({ ...order, packetsPerSecond, faults: false, probe: null });
  rig.allow(order.packets);
  await rig.settle();
  const frames = rig.counters.get(C.BOOK_CHANGES);
  let state = await rig.feed.pipeline.queries?.state();
  for (let poll = 0; poll < SETTLE_POLLS && state?.cursor !== frames; poll++) {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_POLL_MS));
    state = await rig.feed.pipeline.queries?.state();
  }
  const messages = rig.delivered;
  await rig.stop();
  return { messages, hash: state?.bookHash ?? null };
}

const answer = await main(JSON.parse(process.argv[2] ?? "{}") as NodeOrder);
process.stdout.write(`${JSON.stringify(answer)}\n`);
