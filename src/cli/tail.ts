/** `nyq tail`: raw-v1 frames as text or JSON lines. */
import type { Command } from "commander";
import type { StartAt } from "../client/raw-client.ts";

interface TailFlags {
  readonly url: string;
  readonly json?: boolean;
  readonly from?: string;
  readonly snapshot?: boolean;
  readonly limit?: string;
}

const EXAMPLES = `
Examples:
  nyq tail                                     every frame as it comes
  nyq tail --json --limit 1000 > frames.jsonl
  nyq tail --from 1                            everything from cursor 1 on, then live
  nyq tail --snapshot                          all books first

A line: cursor, instrument#sequence, type, fields; prices and quantities are the venue's wire
integers. In JSON, 64-bit values are strings. The token, where one is wanted, comes from
NYQ_PUBLISH__TOKEN.`;

const LIMIT_MAX = Number.MAX_SAFE_INTEGER;

/** Adds the verb. */
export function registerTail(program: Command): void {
  program
    .command("tail")
    .description("frames of a running feed as text or JSON lines")
    .option("--url <ws url>", "WebSocket endpoint", "ws://127.0.0.1:9001")
    .option("--json", "one JSON object a line")
    .option("--from <cursor>", "begin at this cursor")
    .option("--snapshot", "begin with all books")
    .option("--limit <n>", "end after so many frames")
    .addHelpText("after", EXAMPLES)
    .action(async (flags: TailFlags) => {
      const { runVerb } = await import("./errors.ts");
      await runVerb(() => tail(flags));
    });
}

async function tail(flags: TailFlags): Promise<void> {
  const { clientUrl, tokenFromEnvironment, wholeFlag } = await import("./client-flags.ts");
  const { FeedError } = await import("../core/errors.ts");
  const { printable } = await import("../core/printable.ts");
  const { frameJson, frameText } = await import("../client/frame-text.ts");
  const { RawClient } = await import("../client/raw-client.ts");
  const { onSignals } = await import("./signals.ts");
  if (flags.from !== undefined && flags.snapshot === true) {
    throw new FeedError("FEED_USAGE", "--from and --snapshot do not go together");
  }
  const url = clientUrl(flags.url);
  const limit =
    flags.limit === undefined ? LIMIT_MAX : wholeFlag("--limit", flags.limit, 1, LIMIT_MAX);
  let start: StartAt = flags.snapshot === true ? "snapshot" : "live";
  if (flags.from !== undefined) start = wholeFlag("--from", flags.from, 1, LIMIT_MAX);
  const token = tokenFromEnvironment();
  const show = flags.json === true ? frameJson : frameText;
  await new Promise<void>((resolve, reject) => {
    let count = 0;
    let done = false;
    const end = (error?: unknown): void => {
      done = true;
      client.close();
      if (error === undefined) resolve();
      else reject(error);
    };
    const client = new RawClient(
      { url, start, ...(token === undefined ? {} : { token }) },
      {
        onFrame(frame) {
          if (done) return;
          // A slow reader of stdout holds the socket back, and then the server decides.
          if (!process.stdout.write(`${show(frame)}\n`)) {
            client.pause();
            process.stdout.once("drain", () => client.resume());
          }
          if (++count === limit) end();
        },
        onClose: (code, reason) => {
          const text = printable(Buffer.from(reason));
          if (!done) process.stderr.write(`nyq: connection closed ${code} ${text}\n`);
        },
        onError: (error) => end(error),
      },
    );
    void onSignals().then(() => end());
    client.connect().catch((error: unknown) => end(error));
  });
}
