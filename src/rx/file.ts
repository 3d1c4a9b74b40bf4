/**
 * Opens files as receive sources: pcap, pcapng, gzip of both, ITCH BinaryFILE (gzip too), from a
 * path or, for `-`, from standard input. The format is told by the first bytes; a name proves
 * nothing.
 */
import { FeedError } from "../core/errors.ts";
import { BLOCK_HEADER_BYTES, messageLengths } from "../decode/itch/layout.ts";
import { BinaryFileSource } from "./binary-file.ts";
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
export type FileFormat = "pcap" | "itch";

/** What to open and where its packets go. */
export interface FileSourceOptions extends FileSourceParts, CaptureOptions {
  readonly path: string;
  /** `pcap` stands for pcapng too. */
  readonly format: "auto" | FileFormat;
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
export async function detectFormat(path: string): Promise<FileFormat> {
  const looked = await lookAt(path);
  try {
    return formatOf(path, looked);
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
    const format = options.format === "auto" ? formatOf(path, looked) : options.format;
    return sourceOf(format, looked, options);
  } catch (error) {
    looked.input.close();
    throw error;
  }
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

function formatOf(path: string, looked: Looked): FileFormat {
  const { head } = looked;
  if (isPcap(head) || isPcapng(head)) return "pcap";
  if (head.length <= BLOCK_HEADER_BYTES) return "itch";
  const length = ((head[0] as number) << 8) | (head[1] as number);
  const type = head[BLOCK_HEADER_BYTES] as number;
  if (length === 0 || messageLengths()[type] === length) return "itch";
  throw new FeedError("FEED_FORMAT", `${path}: neither pcap, pcapng nor ITCH BinaryFILE`);
}
