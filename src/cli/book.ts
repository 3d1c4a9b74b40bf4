/** `nyq book`: one instrument's ladder in the terminal, live over raw-v1. */
import type { Command } from "commander";

interface BookFlags {
  readonly url: string;
  readonly admin: string;
  readonly depth: string;
  readonly decimals: string;
  readonly once?: boolean;
}

const EXAMPLES = `
Examples:
  nyq book AAPL                                a ladder, redrawn in place
  nyq book 13 --once                           instrument 13 as it stands now, then the end
  nyq book AAPL --url ws://10.0.0.5:9001 --admin 10.0.0.5:9100 --depth 20

The token, where one is wanted, comes from NYQ_PUBLISH__TOKEN.`;

const DEPTH_MAX = 200;
const DECIMALS_MAX = 18;
const REDRAW_MS = 100;
const STATE_MS = 1000;

/** Adds the verb. */
export function registerBook(program: Command): void {
  program
    .command("book")
    .description("live ladder of one instrument")
    .argument("<symbol>", "symbol, or instrument id (ITCH: stock locate, EOBI: SecurityID)")
    .option("--url <ws url>", "WebSocket endpoint", "ws://127.0.0.1:9001")
    .option("--admin <addr:port>", "admin address, for symbols", "127.0.0.1:9100")
    .option("--depth <n>", "levels of each side", "10")
    .option("--decimals <n>", "decimals of a price", "4")
    .option("--once", "show the book once and end")
    .addHelpText("after", EXAMPLES)
    .action(async (symbol: string, flags: BookFlags) => {
      const { runVerb } = await import("./errors.ts");
      await runVerb(() => showBook(symbol, flags));
    });
}

async function showBook(symbol: string, flags: BookFlags): Promise<void> {
  const { findInstrument, idOf } = await import("../client/directory.ts");
  const { FeedError } = await import("../core/errors.ts");
  const { printable } = await import("../core/printable.ts");
  const { ClientBooks } = await import("../client/client-book.ts");
  const { RawClient } = await import("../client/raw-client.ts");
  const { ladderLines } = await import("../client/ladder-text.ts");
  const { StateLine } = await import("../client/instrument-state.ts");
  const { Screen } = await import("../client/screen.ts");
  const { onSignals } = await import("./signals.ts");
  const { connection, depth, decimals, token } = await checked(flags);
  const say = (line: string): void => void process.stderr.write(`nyq book: ${line}\n`);
  const directory = await directoryFor(symbol, flags.admin, token);
  const instrument = findInstrument(directory, symbol);
  const title = printable(Buffer.from(symbol));
  if (instrument === null) {
    throw new FeedError("FEED_USAGE", `${title} is no symbol of ${flags.admin} and no number`);
  }
  if (isStranger(directory.map(idOf), instrument)) {
    say(`${title} is not in the directory of ${flags.admin}; its book may stay empty`);
  }
  const books = new ClientBooks();
  const screen = new Screen(process.stdout, flags.once !== true && process.stdout.isTTY === true);
  const view = { instrument, depth, decimals };
  const known = directory.find((entry) => idOf(entry) === instrument);
  const state = new StateLine(flags.admin, known?.index ?? null, token);
  await state.ask();
  const draw = (): void =>
    screen.draw(ladderLines(books, { title: title + state.behindTitle, ...view }));
  await new Promise<void>((resolve, reject) => {
    let complete = false;
    let ended = false;
    const client = new RawClient(
      { ...connection, start: "snapshot", reconnect: flags.once !== true },
      {
        onBytes(bytes) {
          try {
            const before = books.inSnapshot;
            books.applyBytes(bytes);
            if (before && !books.inSnapshot) {
              complete = true;
              if (flags.once === true) end();
            }
          } catch (error) {
            end(error);
          }
        },
        onClose(code, reason) {
          if (!ended) say(`connection closed ${code} ${reason}`.trimEnd());
        },
        onError: (error) => end(error),
      },
    );
    const asking = setInterval(() => void state.ask().then(() => complete && draw()), STATE_MS);
    const timer = setInterval(() => complete && screen.changed(books.cursor) && draw(), REDRAW_MS);
    const end = (error?: unknown): void => {
      ended = true;
      clearInterval(timer);
      clearInterval(asking);
      client.close();
      if (error === undefined) {
        if (complete) draw();
        resolve();
      } else reject(error);
    };
    void onSignals().then(() => end());
    client.connect().catch((error: unknown) => end(error));
  });
}

async function checked(flags: BookFlags) {
  const { clientUrl, tokenFromEnvironment, wholeFlag } = await import("./client-flags.ts");
  const url = clientUrl(flags.url);
  const token = tokenFromEnvironment();
  return {
    connection: { url, ...(token === undefined ? {} : { token }) },
    depth: wholeFlag("--depth", flags.depth, 1, DEPTH_MAX),
    decimals: wholeFlag("--decimals", flags.decimals, 0, DECIMALS_MAX),
    token,
  };
}

/** True when there is a directory and the instrument is not in it. */
function isStranger(ids: readonly bigint[], instrument: bigint): boolean {
  return ids.length > 0 && !ids.includes(instrument);
}

/** A number needs no directory, so that a feed without admin page can be looked at too. */
async function directoryFor(symbol: string, admin: string, token: string | undefined) {
  const { fetchDirectory } = await import("../client/directory.ts");
  if (!/^[0-9]+$/.test(symbol)) return fetchDirectory(admin, token);
  return fetchDirectory(admin, token).catch(() => []);
}
