/**
 * Writes a market of exactly so many messages, in chunks of 1 MiB, in constant memory. Cold
 * path.
 */
import { FeedError } from "../core/errors.ts";
import type { MarketOptions } from "./market-generator.ts";
import { CLOSING_COUNT, MarketGenerator } from "./market-generator.ts";
import type { OutputFile } from "./output-file.ts";

const CHUNK_BYTES = 1 << 20;

/** What was written. */
export interface GenerateFacts {
  readonly messages: number;
  readonly bytes: number;
  readonly liveOrders: number;
  readonly bookHash: string;
  /** Of the last message, ns since midnight. */
  readonly timeNs: number;
}

/**
 * Generates exactly `messages` messages; the last three end the day. A market too short for its own
 * opening ends in the middle of it.
 *
 * @param messages 0 to 2^53 - 1
 * @param onProgress called after each chunk with the messages so far
 * @throws FEED_USAGE when an option is out of range; FEED_FILE when writing fails
 */
export async function generateFile(
  options: MarketOptions,
  messages: number,
  output: OutputFile,
  onProgress: (messages: number) => void = () => undefined,
): Promise<GenerateFacts> {
  if (!Number.isSafeInteger(messages) || messages < 0) {
    throw new FeedError("FEED_USAGE", `messages=${messages} is not an integer of 0 to 2^53 - 1`);
  }
  const market = new MarketGenerator(options);
  const chunk = new Uint8Array(CHUNK_BYTES);
  const closing = Math.min(CLOSING_COUNT, messages);
  const body = messages - closing;
  let bytes = 0;
  const write = async (length: number): Promise<void> => {
    bytes += length;
    if (output.isSync) output.writeSync(chunk.subarray(0, length));
    else await output.write(chunk.subarray(0, length));
    onProgress(market.messages);
  };
  while (market.messages < body) {
    await write(market.fill(chunk, 0, chunk.length, body - market.messages));
  }
  await write(market.close(chunk, 0, closing));
  return {
    messages: market.messages,
    bytes,
    liveOrders: market.liveOrders,
    bookHash: market.bookHash(),
    timeNs: market.timeNs,
  };
}
