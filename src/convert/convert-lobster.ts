/**
 * Reads a LOBSTER sample and writes it as an ITCH 5.0 BinaryFILE, line by line in bounded memory.
 */
import { basename } from "node:path";
import { FeedError } from "../core/errors.ts";
import { ItchWriter } from "../decode/itch/encoder.ts";
import type { LineReader } from "./line-reader.ts";
import type { LobsterFacts } from "./lobster-converter.ts";
import { LobsterConverter } from "./lobster-converter.ts";
import type { BookRow, LobsterEvent } from "./lobster-rows.ts";
import { parseEvent, parseRow } from "./lobster-rows.ts";
import { openLobster } from "./lobster-source.ts";

/** Where bytes go; the view is the caller's again when the promise resolves. */
export interface ByteOutput {
  write(bytes: Uint8Array): Promise<void>;
}

/** After how many messages, and at which bus cursor, a book row holds. */
export interface RowTruth {
  /** Of the event and its book row, from 1. */
  readonly row: number;
  /** Messages of the output written by then. */
  readonly messages: number;
  /** Raw-v1 bus cursor after them. */
  readonly cursor: number;
}

/** What to convert. */
export interface ConvertOptions {
  /** csv, csv.gz, or a zip with both parts. */
  readonly messagesFile: string;
  readonly bookFile: string | null;
  /** 1 to 8 printable ASCII characters; null takes it from the file's name. */
  readonly symbol: string | null;
  readonly output: ByteOutput;
  /** Called after each event. */
  readonly onRow?: (truth: RowTruth) => void;
}

/** What was converted. */
export interface ConvertFacts extends LobsterFacts {
  readonly symbol: string;
  readonly messages: number;
  readonly bytes: number;
  readonly rows: number;
  readonly liveOrders: number;
}

const FLUSH_BYTES = 1 << 18;

/**
 * Converts a sample.
 *
 * @throws FEED_FILE, FEED_FORMAT (with file and line), FEED_USAGE when no symbol is known
 */
export async function convertLobster(options: ConvertOptions): Promise<ConvertFacts> {
  const source = await openLobster(options.messagesFile, options.bookFile);
  try {
    const symbol = options.symbol ?? symbolOf(source.messages.name);
    checkSymbol(symbol);
    return await convert(symbol, source.messages, source.book, options);
  } finally {
    source.close();
  }
}

async function convert(
  symbol: string,
  messages: LineReader,
  book: LineReader | null,
  options: ConvertOptions,
): Promise<ConvertFacts> {
  const writer = new ItchWriter(2 * FLUSH_BYTES);
  const converter = new LobsterConverter(writer, symbol);
  let messageCount = 0;
  let bytes = 0;
  const flush = async (): Promise<void> => {
    await options.output.write(writer.written());
    messageCount += writer.messageCount;
    bytes += writer.length;
    writer.reset();
  };
  let rows = 0;
  let depth = 0;
  for (;;) {
    const step = await nextStep(messages, book);
    if (step === null) break;
    if (step.row !== null && book !== null) {
      if (rows > 0 && step.row.depth !== depth) {
        throw book.error(`${4 * step.row.depth} columns after rows of ${4 * depth}`);
      }
      depth = step.row.depth;
    }
    if (converter.facts.events === 0) converter.open(step.event, step.row);
    converter.apply(step.event, step.row);
    if (step.row !== null) rows++;
    const { events, cursor } = converter.facts;
    options.onRow?.({ row: events, messages: messageCount + writer.messageCount, cursor });
    if (writer.length >= FLUSH_BYTES) await flush();
  }
  if (converter.facts.events > 0) converter.close();
  await flush();
  const { liveOrders } = converter;
  return {
    symbol,
    messages: messageCount,
    bytes,
    rows,
    liveOrders,
    ...converter.facts,
  };
}

/** Reads an event and its row; null at the end of both. */
async function nextStep(
  messages: LineReader,
  book: LineReader | null,
): Promise<{ event: LobsterEvent; row: BookRow | null } | null> {
  const eventLine = await nextLine(messages);
  const rowLine = book === null ? null : await nextLine(book);
  if (eventLine === null) {
    if (book !== null && rowLine !== null) {
      throw book.error(`no event for this row: ${messages.name} has ${messages.lineNumber} lines`);
    }
    return null;
  }
  const event = parseEvent(eventLine, messages);
  if (book === null) return { event, row: null };
  if (rowLine === null) {
    throw messages.error(`no row for this event: ${book.name} has ${book.lineNumber} lines`);
  }
  return { event, row: parseRow(rowLine, book) };
}

/** The next line that is not blank; blank ones are only allowed at the end. */
async function nextLine(reader: LineReader): Promise<string | null> {
  const line = await reader.next();
  if (line === null || line.trim() !== "") return line;
  const blankAt = reader.lineNumber;
  for (;;) {
    const after = await reader.next();
    if (after === null) return null;
    if (after.trim() !== "") throw reader.error("blank line", blankAt);
  }
}

/** The ticker that LOBSTER's file names begin with. */
function symbolOf(name: string): string {
  const symbol = /^([A-Z][A-Z0-9.+=^#*$!~%@-]{0,7})_/.exec(basename(name))?.[1];
  if (symbol === undefined) {
    throw new FeedError("FEED_USAGE", `no symbol in the file name "${name}": give --symbol`);
  }
  return symbol;
}

function checkSymbol(symbol: string): void {
  if (/^[\x21-\x7e]{1,8}$/.test(symbol)) return;
  throw new FeedError("FEED_USAGE", "--symbol is not 1 to 8 printable ASCII characters");
}
