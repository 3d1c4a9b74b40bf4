/** Writes instrument state as JSON lines (`nyq replay --dump-state`): the market's, then each's. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { Directory } from "../book/directory.ts";
import { errorText, FeedError } from "../core/errors.ts";
import { bigFromHalves } from "../core/layout.ts";
import type { Plan } from "./plan.ts";
import { protocolOf } from "./protocols.ts";

/**
 * Writes a line `{"market": […]}`, then one for each instrument that anything was said of:
 * `{"instrument","id","symbol","messages","participants"}`, instruments ascending.
 *
 * @param path a file, or `-` for stdout
 * @throws FEED_FILE
 */
export async function dumpState(plan: Plan, path: string): Promise<void> {
  const { state } = protocolOf(plan.config);
  if (state === null || plan.state === null) return;
  const reader = state.reader(plan.state);
  const directory = new Directory(plan.directory);
  try {
    const out = path === "-" ? process.stdout : createWriteStream(path);
    const line = async (value: object): Promise<void> => {
      if (!out.write(`${JSON.stringify(value)}\n`)) await once(out, "drain");
    };
    await line({ market: reader.market() });
    for (const { instrument, ...said } of reader.all()) {
      const { lo, hi } = directory;
      const id = `${bigFromHalves(lo[instrument] ?? instrument, hi[instrument] ?? 0)}`;
      await line({ instrument, id, symbol: directory.symbolOf(instrument), ...said });
    }
    if (out === process.stdout) return;
    out.end();
    await finished(out);
  } catch (error) {
    throw new FeedError("FEED_FILE", `cannot write ${path}: ${errorText(error)}`);
  }
}
