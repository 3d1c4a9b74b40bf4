/** The demo's market in its own thread: generates, sends, tells its books' hash at the end. */
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../core/assert.ts";
import { errorText } from "../core/errors.ts";
import { BLOCK_BYTES_MAX, CLOSING_COUNT, MarketGenerator } from "../generate/market-generator.ts";
import { parseFaults } from "../send/faults.ts";
import { createSend } from "../send/sender.ts";
import type { MarketMessage, MarketPlan } from "./market.ts";

/** Messages of a chunk: about this many times a second the market looks whether it shall end. */
const CHUNKS_A_SECOND = 100;

let ending = false;

function* day(market: MarketGenerator, plan: MarketPlan): Generator<Uint8Array> {
  const count = Math.max(1, Math.ceil(plan.messagesPerSecond / CHUNKS_A_SECOND));
  while (!ending) {
    const chunk = new Uint8Array((count + 1) * BLOCK_BYTES_MAX);
    yield chunk.subarray(0, market.fill(chunk, 0, chunk.length, count));
  }
  const last = new Uint8Array(CLOSING_COUNT * BLOCK_BYTES_MAX);
  yield last.subarray(0, market.close(last, 0));
}

async function main(): Promise<void> {
  const port = parentPort;
  assert(port !== null, "WORKER_WITHOUT_PARENT");
  const post = (message: MarketMessage): void => port.postMessage(message);
  const plan = workerData as MarketPlan;
  port.on("message", () => {
    ending = true;
  });
  try {
    const { seed, instruments, profile } = plan;
    const market = new MarketGenerator({ seed, instruments, profile });
    const send = createSend({
      source: day(market, plan),
      sourceName: "market",
      a: plan.a,
      b: plan.b,
      iface: plan.iface,
      rate: { kind: "mps", value: plan.messagesPerSecond },
      session: plan.session,
      faults: parseFaults(plan.faults),
      seed,
    });
    const { messages, next } = await send.run();
    const { liveOrders } = market;
    post({ type: "ended", truth: { messages, next, liveOrders, bookHash: market.bookHash() } });
  } catch (error) {
    post({ type: "failed", text: errorText(error) });
  }
  port.close();
}

await main();
