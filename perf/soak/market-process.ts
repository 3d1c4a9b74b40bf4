/** A market in a process of its own, so that it takes nothing of the measured one. */
import { errorText } from "../../src/core/errors.ts";
import { Market } from "../../src/pipeline/market.ts";
import type { FromMarket, ToMarket } from "./messages.ts";

let market: Market | null = null;

process.on("message", (message: ToMarket) => {
  if (message.type === "start") void run(new Market(message.plan));
  else market?.end();
});
// The parent is gone, and so is the market.
process.on("disconnect", () => process.exit());

async function run(started: Market): Promise<void> {
  market = started;
  try {
    tell({ type: "ended", truth: await started.ended });
  } catch (error) {
    tell({ type: "failed", text: errorText(error) });
  }
}

function tell(message: FromMarket): void {
  process.send?.(message);
}
