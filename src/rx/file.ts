/**
 * Opens files as receive sources: pcap, pcapng, gzip of both, ITCH BinaryFILE, FAST messages back
 * to back or behind lengths (gzip too), from a path or, for `-`, from standard input. The format
 * is told by the first bytes; a name proves nothing.
 */
import { FeedError } from "../core/errors.ts";
import { BLOCK_HEADER_BYTES, messageLengths } from "../decode/itch/layout.ts";
import { BinaryFileSource } from "./binary-file.ts";
import { type CutFile, CutFileSource, type Cutter, UNIT_BYTES_MAX } from "./cut-file.ts";
import {
  type CaptureOptions,
  CaptureSource,
  type FileSource,
  type FileSourceParts,
} from "./file-capture.ts";
import { GunzipInput, isGzip } from "./file-gunzip.ts";
import { type ByteInput, FdInput, openInput, PrefixedInput, readHead } from "./file-input.ts";
import { isPcap } from "./pcap.ts";
import { isPcapng } from "./pcapng.ts";

/** What a file holds. */
export type FileFormat = "pcap" | "itch" | "fast-raw" | "len4";

/** What is looked for in a file that is no capture: ITCH's BinaryFILE, or FAST messages. */
export type FileFamily = "itch" | "fast";

/** What to open and where its packets go. */
export interface FileSourceOptions extends FileSourceParts, CaptureOptions {
  readonly path: string;
  /** `pcap` stands for pcapng too. */
  readonly format: "auto" | FileFormat;
  /** Makes what finds the messages of a file without datagrams; null where none is such. */
  readonly makeCutter?: (() => Cutter) | null;
  /** Files of the same format and channel to be woven in: feed B's, the snapshots'. */
  readonly fileB?: string | null;
  readonly fileSnapshots?: string | null;
}

/** An input with its first bytes looked at. */
export interface Looked {
  readonly input: ByteInput;
  readonly head: Uint8Array;
  /** True for standard input and pipes, which cannot be opened twice. */
  readonly isStream: boolean;
}

const HEAD_BYTES = 64;

/** Streams that detectFormat looked at, by path, until they are opened. */
const lookedAt = new Map<string, Looked>();

/**
 * Tells what a file holds by its first bytes, looking into gzip. A stream that was looked at is
 * kept for openFileSource.
 *
 * @throws FEED_FILE when it cannot be opened, FEED_FORMAT when it is none of the formats
 */
export async function detectFormat(path: string, family: FileFamily = "itch"): Promise<FileFormat> {
  const looked = await lookAt(path);
  try {
    return formatOf(path, looked, family);
  } finally {
    if (looked.isStream) lookedAt.set(path, looked);
    else looked.input.close();
  }
}

/**
 * Opens a file as a receive source.
 *
 * @throws FEED_FILE when it cannot be opened, FEED_FORMAT when it is not what was said or found
 */
export async function openFileSource(options: FileSourceOptions): Promise<FileSource> {
  const { path } = options;
  const looked = lookedAt.get(path) ?? (await lookAt(path));
  lookedAt.delete(path);
  try {
    const { format: asked, makeCutter } = options;
    const family = makeCutter ? "fast" : "itch";
    const format = asked === "auto" ? formatOf(path, looked, family) : asked;
    if (format === "fast-raw" || format === "len4") return await cutSource(format, looked, options);
    return sourceOf(format, looked, options);
  } catch (error) {
    looked.input.close();
    throw error;
  }
}

/** Files of messages without datagrams, up to three of a channel. */
async function cutSource(
  format: "fast-raw" | "len4",
  first: Looked,
  options: FileSourceOptions,
): Promise<FileSource> {
  const { path, fileB, fileSnapshots, makeCutter } = options;
  if (!makeCutter) throw new FeedError("FEED_FORMAT", `${path}: format=${format} is FAST's`);
  const files: (CutFile | null)[] = [
    { name: path, input: first.input, format, cutter: makeCutter() },
  ];
  try {
    for (const name of [fileB, fileSnapshots]) {
      const input = name == null ? null : (await lookAt(name)).input;
      files.push(
        input === null ? null : { name: name as string, input, format, cutter: makeCutter() },
      );
    }
  } catch (error) {
    for (const file of files) file?.input.close();
    throw error;
  }
  return new CutFileSource(files, options);
}

function sourceOf(format: FileFormat, looked: Looked, options: FileSourceOptions): FileSource {
  const { path } = options;
  const { head, input } = looked;
  if (format === "itch") return new BinaryFileSource(path, input, options);
  if (isPcapng(head)) return new CaptureSource(path, "pcapng", input, options, options);
  if (isPcap(head) || head.length === 0) {
    return new CaptureSource(path, "pcap", input, options, options);
  }
  throw new FeedError("FEED_FORMAT", `${path}: format=pcap, but its magic is of no capture`);
}

/**
 * Opens a file, a pipe or standard input, through gzip where it is gzip, and looks at its first
 * bytes; they are still to be read from `input`.
 *
 * @throws FEED_FILE when it cannot be opened or read
 */
export async function lookAt(path: string): Promise<Looked> {
  let input = openInput(path);
  const isStream = !(input instanceof FdInput);
  try {
    let head = await readHead(input, HEAD_BYTES);
    input = new PrefixedInput(head, input);
    if (isGzip(head)) {
      input = new GunzipInput(input, path);
      head = await readHead(input, HEAD_BYTES);
      input = new PrefixedInput(head, input);
    }
    if (head.length === 0 && input.error !== null) throw input.error;
    return { input, head, isStream };
  } catch (error) {
    input.close();
    throw error;
  }
}

function formatOf(path: string, looked: Looked, family: FileFamily): FileFormat {
  const { head } = looked;
  if (isPcap(head) || isPcapng(head)) return "pcap";
  if (family === "fast") return looksLikeLen4(head) ? "len4" : "fast-raw";
  if (head.length <= BLOCK_HEADER_BYTES) return "itch";
  const length = ((head[0] as number) << 8) | (head[1] as number);
  const type = head[BLOCK_HEADER_BYTES] as number;
  if (length === 0 || messageLengths()[type] === length) return "itch";
  throw new FeedError("FEED_FORMAT", `${path}: neither pcap, pcapng nor ITCH BinaryFILE`);
}

/**
 * True when a FAST file begins with a length of 4 bytes: FAST's own first bytes have stop bits, a
 * length's upper bytes are zero.
 */
export function looksLikeLen4(head: Uint8Array): boolean {
  if (head.length < 4) return false;
  const length = new DataView(head.buffer, head.byteOffset, 4).getUint32(0, true);
  return length > 0 && length <= UNIT_BYTES_MAX;
}
