/**
 * Files as a row of packets for readers that want each by itself, such as `nyq decode`: captured
 * datagrams, blocks behind a length, lines of hex. Nothing is arbitrated or put in order. Sans-I/O
 * over a byte window; everything in the file is hostile.
 *
 * Thread: main's, cold.
 */

import type { ByteInput } from "./file-input.ts";
import { ByteWindow } from "./file-window.ts";
import { type CaptureReader, PcapReader, ReadResult } from "./pcap.ts";
import { BLOCK_BYTES_MAX, isPcapng, PcapngReader } from "./pcapng.ts";
import { type StreamSink, TcpStreams } from "./tcp-streams.ts";
import { UdpKind, UdpParser } from "./udp.ts";

/** What PacketRow.next found. */
export const RowResult = {
  /** A packet: `packet` and `number` describe it until the next call. */
  PACKET: 1,
  /** Bytes of a TCP connection were handed on; `number` is their packet's. */
  STREAM: 2,
  /** Nothing yet: the input has to be filled. */
  WAIT: 0,
  /** The end; `problem` says why when it is not the true one. */
  END: -1,
} as const;

/** Hands out packets one by one. */
export interface PacketRow {
  /** Borrowed until the next call. */
  packet: Uint8Array;
  /** Counts from 1: the captured packet, the block, the line. */
  number: number;
  /** Why the input cannot be read on, or "". */
  problem: string;
  /** @returns a RowResult */
  next(): number;
}

/** Told of what is no packet: a kind to count it under, and which one it was. */
export type OnSkipped = (kind: string, number: number) => void;

const READ_AHEAD_BYTES = 131_072;
const NONE = new Uint8Array(0);

/** UDP payloads of a pcap or pcapng file; cut ones as far as they were captured. */
export class CaptureRow implements PacketRow {
  packet: Uint8Array = NONE;
  number = 0;
  problem = "";
  readonly #window: ByteWindow;
  readonly #reader: CaptureReader;
  readonly #udp: UdpParser;
  readonly #streams: TcpStreams | null;
  readonly #onSkipped: OnSkipped;

  /**
   * @param head the file's first bytes, which are still to be read
   * @param streams takes TCP bytes; null: TCP is no packet
   */
  constructor(
    input: ByteInput,
    head: Uint8Array,
    onSkipped: OnSkipped,
    streams: StreamSink | null = null,
  ) {
    this.#udp = new UdpParser(streams !== null);
    this.#streams = streams === null ? null : new TcpStreams(streams);
    this.#window = new ByteWindow(input, BLOCK_BYTES_MAX + READ_AHEAD_BYTES);
    const isNew = isPcapng(head);
    this.#reader = isNew ? new PcapngReader(this.#window) : new PcapReader(this.#window);
    this.#onSkipped = onSkipped;
  }

  next(): number {
    const reader = this.#reader;
    const udp = this.#udp;
    for (;;) {
      const result = reader.next();
      if (result === ReadResult.WAIT) return RowResult.WAIT;
      if (result === ReadResult.END) {
        this.problem = reader.problem;
        this.#streams?.end();
        return RowResult.END;
      }
      this.number++;
      const { data, bytes } = this.#window;
      const kind = udp.parse(data, reader.packetAt, reader.packetBytes, reader.linkType);
      if (kind === UdpKind.TCP) {
        const payload = bytes.subarray(udp.payloadAt, udp.payloadAt + udp.payloadLength);
        this.#streams?.segment(udp, payload);
        return RowResult.STREAM;
      }
      if (kind !== UdpKind.UDP) this.#onSkipped(SKIPPED.get(kind) ?? "not UDP", this.number);
      if (kind === UdpKind.UDP || (kind === UdpKind.TRUNCATED && udp.payloadLength > 0)) {
        this.packet = bytes.subarray(udp.payloadAt, udp.payloadAt + udp.payloadLength);
        return RowResult.PACKET;
      }
    }
  }
}

const SKIPPED: ReadonlyMap<number, string> = new Map([
  [UdpKind.FRAGMENT, "IP fragment"],
  [UdpKind.TRUNCATED, "packet captured in part"],
  [UdpKind.MALFORMED, "malformed IP or UDP header"],
]);

/** Blocks behind a length: 2 bytes big-endian (BinaryFILE) or 4 bytes little-endian (len4). */
export class BlockRow implements PacketRow {
  packet: Uint8Array = NONE;
  number = 0;
  problem = "";
  readonly #window: ByteWindow;
  readonly #prefixBytes: 2 | 4;
  readonly #bytesMax: number;

  /** @param bytesMax longest block that is believed, bytes */
  constructor(input: ByteInput, prefixBytes: 2 | 4, bytesMax: number) {
    this.#window = new ByteWindow(input, 4 + bytesMax + READ_AHEAD_BYTES);
    this.#prefixBytes = prefixBytes;
    this.#bytesMax = bytesMax;
  }

  next(): number {
    const window = this.#window;
    const prefixBytes = this.#prefixBytes;
    if (this.problem !== "") return RowResult.END;
    if (!window.need(prefixBytes)) return this.#short();
    const { data, at } = window;
    const length = prefixBytes === 2 ? data.getUint16(at) : data.getUint32(at, true);
    if (length > this.#bytesMax) {
      this.problem = `block ${this.number + 1}: length=${length} > ${this.#bytesMax}`;
      return RowResult.END;
    }
    if (!window.need(prefixBytes + length)) return this.#short();
    const from = window.at + prefixBytes;
    this.packet = window.bytes.subarray(from, from + length);
    window.at = from + length;
    this.number++;
    return RowResult.PACKET;
  }

  #short(): number {
    const window = this.#window;
    if (!window.ended) return RowResult.WAIT;
    const left = window.end - window.at;
    if (left > 0) this.problem = `cut inside block ${this.number + 1}, ${left} bytes are there`;
    return RowResult.END;
  }
}

/** Longest line of hex, bytes: a UDP payload with a space behind each byte. */
const LINE_BYTES_MAX = 65_536 * 3;
const NEWLINE = 0x0a;
const BLANKS = new Set([0x09, 0x0b, 0x0c, 0x0d, 0x20]);

/** Lines of hexadecimal digits, upper or lower case, blanks between them allowed. */
export class HexRow implements PacketRow {
  packet: Uint8Array = NONE;
  /** The line's, blank ones counted. */
  number = 0;
  problem = "";
  readonly #window: ByteWindow;
  readonly #onSkipped: OnSkipped;
  readonly #out = new Uint8Array(65_536);
  /** How far the line that begins at `window.at` was searched for its end, bytes. */
  #searched = 0;
  #isOverlong = false;

  constructor(input: ByteInput, onSkipped: OnSkipped) {
    this.#window = new ByteWindow(input, LINE_BYTES_MAX + READ_AHEAD_BYTES);
    this.#onSkipped = onSkipped;
  }

  next(): number {
    const window = this.#window;
    for (;;) {
      const found = this.#lineEnd();
      if (found < 0) return window.ended ? RowResult.END : RowResult.WAIT;
      const from = window.at;
      window.at = Math.min(found + 1, window.end);
      this.#searched = 0;
      this.number++;
      const count = this.#isOverlong ? -1 : this.#digits(from, found);
      this.#isOverlong = false;
      if (count < 0) this.#onSkipped("bad line", this.number);
      if (count <= 0) continue;
      this.packet = this.#out.subarray(0, count);
      return RowResult.PACKET;
    }
  }

  /** @returns where the line ends, or -1 when its end is not there (yet) */
  #lineEnd(): number {
    const window = this.#window;
    for (;;) {
      const newline = window.bytes.indexOf(NEWLINE, window.at + this.#searched);
      if (newline >= 0 && newline < window.end) return newline;
      this.#searched = window.end - window.at;
      if (this.#searched > LINE_BYTES_MAX) {
        this.#isOverlong = true;
        window.at = window.end;
        this.#searched = 0;
      }
      if (window.need(this.#searched + 1)) continue;
      const isLast = window.ended && (this.#searched > 0 || this.#isOverlong);
      return isLast ? window.end : -1;
    }
  }

  /** @returns bytes written to #out, 0 for a blank line, -1 for a bad one */
  #digits(from: number, to: number): number {
    const { bytes } = this.#window;
    let high = -1;
    let count = 0;
    for (let p = from; p < to; p++) {
      const character = bytes[p] as number;
      if (BLANKS.has(character)) continue;
      const digit = hexDigit(character);
      if (digit < 0 || count === this.#out.length) return -1;
      if (high < 0) {
        high = digit;
        continue;
      }
      this.#out[count++] = high * 16 + digit;
      high = -1;
    }
    return high < 0 ? count : -1;
  }
}

/** @returns 0 to 15, or -1 */
function hexDigit(character: number): number {
  if (character >= 0x30 && character <= 0x39) return character - 0x30;
  const letter = character | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}

/** True when a file that begins with `head` is lines of hex. */
export function looksLikeHex(head: Uint8Array): boolean {
  let digits = 0;
  for (const character of head) {
    if (hexDigit(character) >= 0) digits++;
    else if (character !== NEWLINE && !BLANKS.has(character)) return false;
  }
  return digits > 0;
}
