/**
 * Datagrams from outside to be sent as they are: UDP payloads of captures (EOBI, FAST, MoldUDP64),
 * and FAST messages of files without datagrams, one with its resets a datagram. Memory is bounded
 * by a batch.
 */
import type { GroupAddress, ProtocolName } from "../config/config.ts";
import { FeedError } from "../core/errors.ts";
import { EobiFraming } from "../decode/eobi/framing.ts";
import { fastFraming, readTemplateFile } from "../decode/fast/channel.ts";
import { FastCutter } from "../decode/fast/cutter.ts";
import { type Framing, FramingKind } from "../decode/framing.ts";
import { MoldUdp64Framing } from "../decode/moldudp64/framing.ts";
import { NextUnit, UnitRow } from "../rx/cut-file.ts";
import { lookAt, looksLikeLen4 } from "../rx/file.ts";
import { Selection } from "../rx/file-capture.ts";
import type { ByteInput } from "../rx/file-input.ts";
import { ByteWindow } from "../rx/file-window.ts";
import { isPcap, PcapReader, ReadResult } from "../rx/pcap.ts";
import { BLOCK_BYTES_MAX, isPcapng, PcapngReader } from "../rx/pcapng.ts";
import { UdpKind, UdpParser } from "../rx/udp.ts";
import { DATAGRAM_BYTES_MAX } from "./cutter.ts";

const READ_AHEAD_BYTES = 131_072;
const BATCH = 64;
const TWO_32 = 4_294_967_296;

/** One datagram. */
export interface Datagram {
  readonly bytes: Uint8Array;
  /** Number of its first message; without meaning when `count` is 0. */
  readonly seq: number;
  /** Numbered messages in it. */
  readonly count: number;
  /** When it was captured or sent, ns since 1970; 0 where that is not known. */
  readonly stampNs: number;
}

/** What to read, and how its messages are numbered. */
export interface DatagramOptions {
  readonly path: string;
  readonly protocol: ProtocolName;
  readonly format: "auto" | "pcap" | "fast-raw" | "len4";
  /** Path of FAST templates; null for the other protocols. */
  readonly templates: string | null;
  /** The one destination in a capture that is taken; null: all UDP. */
  readonly take: GroupAddress | null;
}

/** True when a file is a capture; a stream cannot be looked at twice. @throws FEED_FILE */
export async function isCapture(path: string): Promise<boolean> {
  const { input, head } = await lookAt(path);
  input.close();
  return isPcap(head) || isPcapng(head);
}

/**
 * Reads datagrams in batches.
 *
 * @throws FEED_FILE, FEED_FORMAT, also after what came before was given
 */
export async function* readDatagrams(options: DatagramOptions): AsyncGenerator<Datagram[]> {
  const { path, protocol, take } = options;
  const templates = options.templates === null ? [] : readTemplateFile(options.templates);
  const framing = framingOf(protocol, () => fastFraming(templates));
  const { input, head } = await lookAt(path);
  try {
    const format = formatOf(options, head);
    if (format === "pcap") yield* captured(path, input, head, framing, take);
    else {
      const row = new UnitRow({ name: path, input, format, cutter: new FastCutter(templates) });
      yield* units(row, framing);
    }
    if (input.error !== null) throw input.error;
  } finally {
    input.close();
  }
}

function framingOf(protocol: ProtocolName, fast: () => Framing): Framing {
  if (protocol === "fast") return fast();
  return protocol === "itch-5.0" ? new MoldUdp64Framing() : new EobiFraming();
}

function formatOf(options: DatagramOptions, head: Uint8Array): "pcap" | "fast-raw" | "len4" {
  const { format, path, protocol } = options;
  const isOne = isPcap(head) || isPcapng(head) || head.length === 0;
  if (format === "auto" && protocol === "fast" && !isOne) {
    return looksLikeLen4(head) ? "len4" : "fast-raw";
  }
  if (format === "fast-raw" || format === "len4") return format;
  if (isOne) return "pcap";
  throw new FeedError("FEED_FORMAT", `${path}: neither pcap nor pcapng`);
}

/** UDP payloads of a capture. */
async function* captured(
  path: string,
  input: ByteInput,
  head: Uint8Array,
  framing: Framing,
  take: GroupAddress | null,
): AsyncGenerator<Datagram[]> {
  const window = new ByteWindow(input, BLOCK_BYTES_MAX + READ_AHEAD_BYTES);
  const reader = isPcapng(head) ? new PcapngReader(window) : new PcapReader(window);
  const udp = new UdpParser();
  const selection = new Selection(take, null);
  let batch: Datagram[] = [];
  for (;;) {
    const result = reader.next();
    if (result === ReadResult.END) break;
    if (result === ReadResult.WAIT) {
      await input.fill();
      continue;
    }
    const kind = udp.parse(window.data, reader.packetAt, reader.packetBytes, reader.linkType);
    if (kind !== UdpKind.UDP) continue;
    if (selection.feedOf(udp.destination, udp.destinationPort, false) < 0) continue;
    const from = udp.payloadAt;
    const bytes = window.bytes.slice(from, from + udp.payloadLength);
    batch.push(datagram(path, bytes, framing, stampOf(reader.tsLo, reader.tsHi)));
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
  if (reader.problem !== "") throw new FeedError("FEED_FORMAT", `${path}: ${reader.problem}`);
}

/** FAST messages of a file without datagrams. */
async function* units(row: UnitRow, framing: Framing): AsyncGenerator<Datagram[]> {
  const { name, input, cutter } = row.file;
  let batch: Datagram[] = [];
  for (;;) {
    const found = row.next();
    if (found === NextUnit.WAIT) {
      await input.fill();
      continue;
    }
    // What cannot be read has no end that is known: it is not sent.
    if (found === NextUnit.END || row.isBroken) break;
    const bytes = row.bytes.slice(row.at, row.end);
    batch.push(datagram(name, bytes, framing, stampOf(cutter.tsLo, cutter.tsHi)));
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
  if (row.error !== null) throw row.error;
}

function datagram(path: string, bytes: Uint8Array, framing: Framing, stampNs: number): Datagram {
  if (bytes.length > DATAGRAM_BYTES_MAX) {
    const text = `${path}: a datagram has ${bytes.length} bytes > ${DATAGRAM_BYTES_MAX}`;
    throw new FeedError("FEED_FORMAT", text);
  }
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const kind = framing.read(bytes, data, 0, bytes.length);
  if (kind !== FramingKind.DATA) return { bytes, seq: 0, count: 0, stampNs };
  return { bytes, seq: framing.seq[0] as number, count: framing.count, stampNs };
}

function stampOf(lo: number, hi: number): number {
  return (hi >>> 0) * TWO_32 + (lo >>> 0);
}
