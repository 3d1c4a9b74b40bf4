/** The real LOBSTER day of the shared data as an ITCH BinaryFILE, for tests of other protocols. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { convertLobster } from "../../src/convert/convert-lobster.ts";
import { SHARED } from "./stand.ts";

const DAY = "LOBSTER_SampleFile_AAPL_2012-06-21_1.zip";

/** @returns null where the shared folder is absent */
export async function lobsterDay(): Promise<Buffer | null> {
  const messagesFile = join(SHARED, "data", "lobster", DAY);
  if (!existsSync(messagesFile)) return null;
  const chunks: Buffer[] = [];
  const output = {
    write: async (bytes: Uint8Array) => {
      chunks.push(Buffer.from(bytes));
    },
  };
  await convertLobster({ messagesFile, bookFile: null, symbol: null, output });
  return Buffer.concat(chunks);
}
