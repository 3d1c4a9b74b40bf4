/**
 * Reads pcapng files: sections in both byte orders, interface descriptions with their time
 * resolution and offset, enhanced, simple and (obsolete) packet blocks. Other blocks are stepped
 * over. Sans-I/O like pcap.ts.
 *
 *   0       4         8                       total - 4
 *   ├───────┼─────────┼───────── … ───────────┼─────────┐
 *   │ type  │ total   │ body                  │ total   │
 *
 * Source: draft-ietf-opsawg-pcapng, sections 3 and 4.
 */
import { TWO_32 } from "../core/layout.ts";
import type { ByteWindow } from "./file-window.ts";
import { type CaptureReader, PACKET_BYTES_MAX, ReadResult, setTime } from "./pcap.ts";

const BLOCK_SECTION = 0x0a0d0d0a;
const BLOCK_INTERFACE = 1;
const BLOCK_PACKET_OBSOLETE = 2;
const BLOCK_PACKET_SIMPLE = 3;
const BLOCK_PACKET = 6;
const BYTE_ORDER = 0x1a2b3c4d;
const OPTION_END = 0;
const OPTION_TSRESOL = 9;
const OPTION_TSOFFSET = 14;
const BLOCK_BYTES_MIN = 12;
/** Where the bytes of a packet block begin, and of a simple one. */
const PACKET_DATA = 28;
const SIMPLE_DATA = 12;
const SECTION_BYTES_MIN = 28;
const INTERFACE_BYTES_MIN = 20;
const INTERFACES_MAX = 4096;

/** Largest block that is held in memory whole: a packet and its options. */
export const BLOCK_BYTES_MAX = PACKET_BYTES_MAX + 131_072;

interface Interface {
  readonly linkType: number;
  readonly snapBytes: number;
  /** Ticks a second: 10^n, or 2^n. */
  readonly ticksPerSecond: bigint;
  readonly isMicros: boolean;
  readonly isNanos: boolean;
  readonly offsetSeconds: bigint;
}

/** True when `head` begins as a pcapng file does. */
export function isPcapng(head: Uint8Array): boolean {
  return (
    head.length >= 4 && head[0] === 0x0a && head[1] === 0x0d && head[2] === 0x0d && head[3] === 0x0a
  );
}

/** The reader of a pcapng file. */
export class PcapngReader implements CaptureReader {
  packetAt = 0;
  packetBytes = 0;
  linkType = 0;
  tsLo = 0;
  tsHi = 0;
  stamped = true;
  problem = "";
  readonly #window: ByteWindow;
  readonly #interfaces: Interface[] = [];
  #little = false;
  #inSection = false;
  #consumeBytes = 0;
  #blocks = 0;

  /** @param window of at least BLOCK_BYTES_MAX bytes */
  constructor(window: ByteWindow) {
    this.#window = window;
  }

  next(): number {
    const window = this.#window;
    while (this.problem === "") {
      this.#consumeBytes -= window.skip(this.#consumeBytes);
      if (this.#consumeBytes > 0) return this.#short();
      if (!window.need(BLOCK_BYTES_MIN)) return this.#short();
      const type = window.data.getUint32(window.at, this.#little);
      if (type === BLOCK_SECTION) this.#readByteOrder();
      if (this.problem !== "") break;
      const total = window.data.getUint32(window.at + 4, this.#little);
      if (!this.#isSane(type, total)) break;
      const isWanted = type <= BLOCK_PACKET || type === BLOCK_SECTION;
      if (isWanted && total <= BLOCK_BYTES_MAX) {
        if (!window.need(total)) return this.#short();
        this.#consumeBytes = total;
        this.#blocks++;
        if (this.#block(type, window.at, total)) return ReadResult.PACKET;
      } else {
        this.#consumeBytes = total;
        this.#blocks++;
      }
    }
    return ReadResult.END;
  }

  /** A section begins: its magic, which lies inside the body, tells the byte order. */
  #readByteOrder(): void {
    const { data, at } = this.#window;
    this.#little = data.getUint32(at + 8, true) === BYTE_ORDER;
    if (!this.#little && data.getUint32(at + 8) !== BYTE_ORDER) {
      this.#fail("byte-order magic is neither of the two");
    }
    this.#inSection = true;
    this.#interfaces.length = 0;
  }

  #isSane(type: number, total: number): boolean {
    const isPacket = type >= BLOCK_PACKET_OBSOLETE && type <= BLOCK_PACKET;
    if (!this.#inSection) this.#fail("no section header");
    else if (total < BLOCK_BYTES_MIN || total % 4 !== 0) {
      this.#fail(`length=${total} is not a multiple of 4 from ${BLOCK_BYTES_MIN}`);
    } else if (isPacket && total > BLOCK_BYTES_MAX) {
      this.#fail(`length=${total} > ${BLOCK_BYTES_MAX}`);
    }
    return this.problem === "";
  }

  /** Takes a whole block. @returns true when it is a packet */
  #block(type: number, at: number, total: number): boolean {
    const { data } = this.#window;
    if (data.getUint32(at + total - 4, this.#little) !== total) {
      this.#fail("its two lengths differ");
      return false;
    }
    switch (type) {
      case BLOCK_SECTION:
        if (total < SECTION_BYTES_MIN) this.#fail(`section header of ${total} bytes`);
        return false;
      case BLOCK_INTERFACE:
        this.#readInterface(at, total);
        return false;
      case BLOCK_PACKET:
        return this.#packet(at, total, data.getUint32(at + 8, this.#little));
      case BLOCK_PACKET_OBSOLETE:
        return this.#packet(at, total, data.getUint16(at + 8, this.#little));
      case BLOCK_PACKET_SIMPLE:
        return this.#simplePacket(at, total);
      default:
        return false;
    }
  }

  #packet(at: number, total: number, index: number): boolean {
    const { data } = this.#window;
    const little = this.#little;
    if (total < PACKET_DATA + 4) return this.#fail(`packet block of ${total} bytes`);
    const from = this.#interfaces[index];
    if (from === undefined) return this.#fail(`interface=${index} is not described`);
    const captured = data.getUint32(at + 20, little);
    if (captured > total - PACKET_DATA - 4) return this.#fail(`captured=${captured} > block`);
    this.#setTime(from, data.getUint32(at + 12, little), data.getUint32(at + 16, little));
    this.stamped = true;
    this.linkType = from.linkType;
    this.packetAt = at + PACKET_DATA;
    this.packetBytes = captured;
    return true;
  }

  #simplePacket(at: number, total: number): boolean {
    if (total < SIMPLE_DATA + 4) return this.#fail(`simple packet block of ${total} bytes`);
    const from = this.#interfaces[0];
    if (from === undefined) return this.#fail("interface=0 is not described");
    const original = this.#window.data.getUint32(at + 8, this.#little);
    const snapBytes = from.snapBytes === 0 ? original : from.snapBytes;
    this.stamped = false;
    this.tsLo = 0;
    this.tsHi = 0;
    this.linkType = from.linkType;
    this.packetAt = at + SIMPLE_DATA;
    this.packetBytes = Math.min(original, snapBytes, total - SIMPLE_DATA - 4);
    return true;
  }

  #readInterface(at: number, total: number): void {
    const { data } = this.#window;
    const little = this.#little;
    if (total < INTERFACE_BYTES_MIN || this.#interfaces.length >= INTERFACES_MAX) {
      this.#fail(`interface ${this.#interfaces.length} of ${total} bytes`);
      return;
    }
    let ticks = 1_000_000n;
    let offsetSeconds = 0n;
    const end = at + total - 4;
    let p = at + 16;
    while (p + 4 <= end) {
      const code = data.getUint16(p, little);
      const length = data.getUint16(p + 2, little);
      if (code === OPTION_END || p + 4 + length > end) break;
      if (code === OPTION_TSRESOL && length === 1) ticks = ticksPerSecond(data.getUint8(p + 4));
      if (code === OPTION_TSOFFSET && length === 8) offsetSeconds = data.getBigInt64(p + 4, little);
      p += 4 + Math.ceil(length / 4) * 4;
    }
    this.#interfaces.push({
      linkType: data.getUint16(at + 8, little),
      snapBytes: data.getUint32(at + 12, little),
      ticksPerSecond: ticks,
      isMicros: ticks === 1_000_000n && offsetSeconds === 0n,
      isNanos: ticks === 1_000_000_000n && offsetSeconds === 0n,
      offsetSeconds,
    });
  }

  /** Ticks since 1970 to ns; the two usual resolutions without a BigInt. */
  #setTime(from: Interface, high: number, low: number): void {
    if (from.isNanos) {
      this.tsLo = low | 0;
      this.tsHi = high | 0;
    } else if (from.isMicros && high < 2 ** 20) {
      const micros = high * TWO_32 + low;
      setTime(this, Math.floor(micros / 1e6), (micros % 1e6) * 1000);
    } else {
      const ticks = (BigInt(high) << 32n) | BigInt(low);
      const ns =
        (ticks * 1_000_000_000n) / from.ticksPerSecond + from.offsetSeconds * 1_000_000_000n;
      this.tsLo = Number(BigInt.asIntN(32, ns));
      this.tsHi = Number(BigInt.asIntN(32, ns >> 32n));
    }
  }

  /** The window has fewer bytes than wanted. */
  #short(): number {
    const window = this.#window;
    if (!window.ended) return ReadResult.WAIT;
    if (window.at !== window.end || this.#consumeBytes > 0) this.#fail("cut");
    return ReadResult.END;
  }

  #fail(text: string): false {
    this.problem = `block ${this.#blocks + 1}: ${text}`;
    return false;
  }
}

/** if_tsresol: a power of ten, or of two when the top bit is set. */
function ticksPerSecond(resolution: number): bigint {
  const power = BigInt(resolution & 0x7f);
  return (resolution & 0x80) === 0 ? 10n ** power : 2n ** power;
}
