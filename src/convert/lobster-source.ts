/**
 * Finds and opens the parts of a LOBSTER sample: plain csv, csv.gz, or a zip that holds both files.
 * Cold path; the only file of this folder that reads files.
 */
import { createReadStream, statSync } from "node:fs";
import { basename } from "node:path";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Entry, ZipFile } from "yauzl";
import { errorText, FeedError } from "../core/errors.ts";
import { LineReader } from "./line-reader.ts";

/** An open sample. */
export interface LobsterSource {
  readonly messages: LineReader;
  readonly book: LineReader | null;
  close(): void;
}

/** Members that a zip may have; a real one has three. */
const MEMBERS_MAX = 10_000;

/**
 * Opens a sample.
 *
 * @param messagesFile csv, csv.gz or zip
 * @param bookFile csv, csv.gz or zip; null takes the orderbook member of the messages' zip
 * @throws FEED_FILE when a file cannot be read; FEED_FORMAT when a zip lacks the member
 */
export async function openLobster(
  messagesFile: string,
  bookFile: string | null,
): Promise<LobsterSource> {
  const closers: (() => void)[] = [];
  const close = (): void => {
    for (const closer of closers) closer();
  };
  try {
    const messages = await openPart(messagesFile, "message", true, closers);
    const implied = bookFile === null && isZip(messagesFile);
    const file = implied ? messagesFile : bookFile;
    const book = file === null ? null : await openPart(file, "orderbook", !implied, closers);
    return { messages: messages as LineReader, book, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Opens one part; null when a zip need not have it and has not. */
async function openPart(
  file: string,
  part: string,
  needed: boolean,
  closers: (() => void)[],
): Promise<LineReader | null> {
  try {
    if (!statSync(file).isFile()) throw new Error("not a regular file");
  } catch (error) {
    throw new FeedError("FEED_FILE", `${file}: ${errorText(error)}`, { cause: error });
  }
  if (isZip(file)) return await openMember(file, part, needed, closers);
  const raw = createReadStream(file);
  closers.push(() => raw.destroy());
  if (!file.endsWith(".gz")) return new LineReader(basename(file), raw);
  return new LineReader(basename(file), chain(raw, createGunzip(), closers));
}

async function openMember(
  file: string,
  part: string,
  needed: boolean,
  closers: (() => void)[],
): Promise<LineReader | null> {
  const zip = await openZip(file);
  closers.push(() => zip.close());
  const entry = await findMember(zip, file, part);
  if (entry === null) {
    if (!needed) return null;
    throw new FeedError("FEED_FORMAT", `${file}: no member is named *_${part}_*.csv`);
  }
  const name = basename(entry.fileName);
  const stream = await new Promise<Readable>((resolve, reject) => {
    zip.openReadStream(entry, (error, opened) => {
      if (error) reject(new FeedError("FEED_FORMAT", `${file}: ${name}: ${error.message}`));
      else resolve(opened);
    });
  });
  closers.push(() => stream.destroy());
  if (!name.endsWith(".gz")) return new LineReader(name, stream);
  return new LineReader(name, chain(stream, createGunzip(), closers));
}

async function openZip(file: string): Promise<ZipFile> {
  const { open } = await import("yauzl");
  return await new Promise<ZipFile>((resolve, reject) => {
    open(file, { lazyEntries: true, autoClose: false }, (error, zip) => {
      if (error) reject(new FeedError("FEED_FORMAT", `${file}: ${error.message}`));
      else resolve(zip);
    });
  });
}

/** The first member whose name says that it is this part. */
async function findMember(zip: ZipFile, file: string, part: string): Promise<Entry | null> {
  const wanted = new RegExp(`(^|[_.-])${part}([_.-]|$).*\\.csv(\\.gz)?$`, "i");
  return await new Promise<Entry | null>((resolve, reject) => {
    let seen = 0;
    zip.on("entry", (entry: Entry) => {
      seen++;
      if (wanted.test(basename(entry.fileName))) resolve(entry);
      else if (seen === MEMBERS_MAX) resolve(null);
      else zip.readEntry();
    });
    zip.on("end", () => resolve(null));
    zip.on("error", (error: Error) => {
      reject(new FeedError("FEED_FORMAT", `${file}: ${error.message}`));
    });
    zip.readEntry();
  });
}

/** Pipes a stream through another, handing errors on. */
function chain(
  from: Readable,
  through: NodeJS.ReadWriteStream & Readable,
  closers: (() => void)[],
): Readable {
  from.on("error", (error) => through.destroy(error));
  from.pipe(through);
  closers.push(() => through.destroy());
  return through;
}

function isZip(file: string): boolean {
  return file.toLowerCase().endsWith(".zip");
}
