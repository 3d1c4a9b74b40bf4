/**
 * Reads pcap files: microseconds and nanoseconds, both byte orders. Sans-I/O: bytes come through a
 * window, packets go out as positions in it.
 *
 *   0       4        8       16        20          24
 *   ├───────┼────────┼───────┼─────────┼───────────┤
 *   │ magic │ version│ -     │ snaplen │ link type │      then for each packet:
 *   ├───────┼────────┼───────┼─────────┤
 *   │ s     │ µs/ns  │ held  │ length  │ bytes held …
 *
 * Source: draft-ietf-opsawg-pcap, sections 4 and 5.
 */
import { TWO_32 } from "../core/layout.ts";
import type { ByteWindow } from "./file-window.ts";

/** What next() of a capture reader found. */
export const ReadResult = {
  /** A packet: the reader's fields describe it until the next call. */
  PACKET: 1,
  /** Nothing yet: the input has to be filled. */
  WAIT: 0,
  /** The end, whole or cut; `problem` says why when it is not the true end. */
  END: -1,
} as const;

/** Hands out the packets of a capture one by one. */
export interface CaptureReader {
  /** Where the captured bytes lie in the window's buffer. */
  packetAt: number;
  packetBytes: number;
  linkType: number;
  /** Receive time, ns since 1970, as halves. */
  tsLo: number;
  tsHi: number;
  /** True when the capture knows the receive time. */
  stamped: boolean;
  /** Why the capture cannot be read on, or "" while all is well. */
  problem: string;
  /** @returns a ReadResult */
  next(): number;
}

/** Most captured bytes of one packet that are believed. */
export const PACKET_BYTES_MAX = 262_144;

const FILE_HEADER_BYTES = 24;
const PACKET_HEADER_BYTES = 16;
const MAGIC_MICROS = 0xa1b2c3d4;
const MAGIC_NANOS = 0xa1b23c4d;

/** True when `head` begins as a pcap file does. */
export function isPcap(head: Uint8Array): boolean {
  if (head.length < 4) return false;
  const data = new DataView(head.buffer, head.byteOffset, head.byteLength);
  return isMagic(data.getUint32(0)) || isMagic(data.getUint32(0, true));
}

function isMagic(word: number): boolean {
  return word === MAGIC_MICROS || word === MAGIC_NANOS;
}

/** The reader of a pcap file. */
export class PcapReader implements CaptureReader {
  packetAt = 0;
  packetBytes = 0;
  linkType = 0;
  tsLo = 0;
  tsHi = 0;
  stamped = true;
  problem = "";
  readonly #window: ByteWindow;
  #begun = false;
  #little = false;
  #fractionNs = 1;
  #consumeBytes = 0;
  #packets = 0;

  /** @param window of at least PACKET_BYTES_MAX + 64 bytes */
  constructor(window: ByteWindow) {
    this.#window = window;
  }

  next(): number {
    const window = this.#window;
    if (this.problem !== "") return ReadResult.END;
    window.at += this.#consumeBytes;
    this.#consumeBytes = 0;
    if (!this.#begun) {
      if (!window.need(FILE_HEADER_BYTES)) return this.#short("the file header");
      this.#begin();
      if (this.problem !== "") return ReadResult.END;
    }
    if (!window.need(PACKET_HEADER_BYTES)) return this.#short("a packet's header");
    const captured = window.data.getUint32(window.at + 8, this.#little);
    if (captured > PACKET_BYTES_MAX) {
      this.problem = `packet ${this.#packets + 1}: length=${captured} > ${PACKET_BYTES_MAX}`;
      return ReadResult.END;
    }
    if (!window.need(PACKET_HEADER_BYTES + captured)) return this.#short("a packet");
    const { data, at } = window;
    const seconds = data.getUint32(at, this.#little);
    const fraction = data.getUint32(at + 4, this.#little) * this.#fractionNs;
    setTime(this, seconds, fraction);
    this.packetAt = at + PACKET_HEADER_BYTES;
    this.packetBytes = captured;
    this.#consumeBytes = PACKET_HEADER_BYTES + captured;
    this.#packets++;
    return ReadResult.PACKET;
  }

  #begin(): void {
    const { data, at } = this.#window;
    const big = data.getUint32(at);
    this.#little = !isMagic(big);
    const magic = data.getUint32(at, this.#little);
    if (!isMagic(magic)) {
      this.problem = `magic=0x${big.toString(16)} is not pcap's`;
      return;
    }
    this.#fractionNs = magic === MAGIC_NANOS ? 1 : 1000;
    // The upper bits tell of a frame check sequence, which UDP's own length leaves out anyway.
    this.linkType = data.getUint32(at + 20, this.#little) & 0xffff;
    this.#begun = true;
    this.#window.at += FILE_HEADER_BYTES;
  }

  /** The window has fewer bytes than wanted. */
  #short(what: string): number {
    const window = this.#window;
    if (!window.ended) return ReadResult.WAIT;
    const isEmpty = window.at === window.end;
    if (!isEmpty) this.problem = `cut inside ${what} after ${this.#packets} packets`;
    return ReadResult.END;
  }
}

/** Sets a reader's time to seconds (u32) and nanoseconds (below 2^42) since 1970, exactly. */
export function setTime(reader: { tsLo: number; tsHi: number }, seconds: number, ns: number): void {
  // seconds * 1e9 needs 62 bits: multiply its 16-bit halves, each product is below 2^46.
  const low = (seconds % 65_536) * 1e9 + ns;
  const mid = Math.floor(seconds / 65_536) * 1e9 + Math.floor(low / 65_536);
  reader.tsLo = ((mid % 65_536) * 65_536 + (low % 65_536)) | 0;
  reader.tsHi = (Math.floor(mid / 65_536) % TWO_32) | 0;
}
