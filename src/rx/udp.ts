/**
 * Finds the UDP payload in a captured packet: link layer, VLAN tags, IPv4 or IPv6, UDP; on request
 * TCP's, too. Every byte is hostile until its bound was checked. Checksums are not verified,
 * because captures taken on the sending machine often hold unfinished ones.
 *
 * Source: tcpdump.org link-layer header types; RFC 791, RFC 8200, RFC 768, RFC 9293; IEEE 802.1Q.
 */

/** What UdpParser.parse found. */
export const UdpKind = {
  UDP: 1,
  /** A TCP segment, where the parser was asked for them. */
  TCP: 2,
  /** Another protocol, or a link type that is not known. */
  OTHER: 0,
  /** An IP fragment. */
  FRAGMENT: -1,
  /** The capture holds fewer bytes than the headers speak of; perhaps some of the payload. */
  TRUNCATED: -2,
  /** Headers that contradict each other. */
  MALFORMED: -3,
} as const;

/** Link types as pcap and pcapng number them. */
export const LinkType = {
  NULL: 0,
  ETHERNET: 1,
  RAW_BSD: 12,
  RAW_OPENBSD: 14,
  RAW: 101,
  LOOP: 108,
  LINUX_SLL: 113,
  IPV4: 228,
  IPV6: 229,
  LINUX_SLL2: 276,
} as const;

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPE_VLAN = 0x8100;
const ETHERTYPE_QINQ = 0x88a8;
const ETHERTYPE_QINQ_OLD = 0x9100;
const VLAN_TAGS_MAX = 4;
const EXTENSION_HEADERS_MAX = 8;
const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
const TCP_HEADER_BYTES = 20;
const UDP_HEADER_BYTES = 8;
const IPV6_HEADER_BYTES = 40;

/** Parses one packet after the other; its fields describe the last one that was UDP. */
export class UdpParser {
  /** Where the payload begins in the buffer, bytes. */
  payloadAt = 0;
  /** Bytes of it that were captured: all, but where the kind is TRUNCATED. */
  payloadLength = 0;
  /** IPv4 destination as a signed big-endian word; 0 for IPv6. */
  destination = 0;
  destinationPort = 0;
  /** The source of a TCP segment: as `destination`, but for IPv6 its words XORed. */
  source = 0;
  sourcePort = 0;
  /** Of a TCP segment: sequence number, signed, and flags. */
  tcpSeq = 0;
  tcpFlags = 0;
  readonly #wantsTcp: boolean;

  /** @param wantsTcp false: TCP is OTHER */
  constructor(wantsTcp = false) {
    this.#wantsTcp = wantsTcp;
  }

  /**
   * @param at first captured byte in `data`
   * @param length captured bytes; at + length lies inside `data`
   * @param linkType a LinkType
   * @returns a UdpKind
   */
  parse(data: DataView, at: number, length: number, linkType: number): number {
    const end = at + length;
    this.payloadLength = 0;
    switch (linkType) {
      case LinkType.ETHERNET:
        return this.#tagged(data, at + 12, end);
      case LinkType.LINUX_SLL:
        return this.#tagged(data, at + 14, end);
      case LinkType.LINUX_SLL2:
        if (length < 20) return UdpKind.TRUNCATED;
        return this.#network(data, at + 20, end, data.getUint16(at));
      case LinkType.NULL:
      case LinkType.LOOP:
        if (length < 4) return UdpKind.TRUNCATED;
        return isInternetFamily(data, at) ? this.#raw(data, at + 4, end) : UdpKind.OTHER;
      case LinkType.RAW:
      case LinkType.RAW_BSD:
      case LinkType.RAW_OPENBSD:
      case LinkType.IPV4:
      case LinkType.IPV6:
        return this.#raw(data, at, end);
      default:
        return UdpKind.OTHER;
    }
  }

  /** An Ethernet type at `at`, perhaps behind VLAN tags. */
  #tagged(data: DataView, at: number, end: number): number {
    let p = at;
    for (let tags = 0; tags <= VLAN_TAGS_MAX; tags++) {
      if (p + 2 > end) return UdpKind.TRUNCATED;
      const type = data.getUint16(p);
      const isTag =
        type === ETHERTYPE_VLAN || type === ETHERTYPE_QINQ || type === ETHERTYPE_QINQ_OLD;
      if (!isTag) return this.#network(data, p + 2, end, type);
      p += 4;
    }
    return UdpKind.OTHER;
  }

  #network(data: DataView, at: number, end: number, etherType: number): number {
    if (etherType === ETHERTYPE_IPV4) return this.#ipv4(data, at, end);
    if (etherType === ETHERTYPE_IPV6) return this.#ipv6(data, at, end);
    const isTag =
      etherType === ETHERTYPE_VLAN ||
      etherType === ETHERTYPE_QINQ ||
      etherType === ETHERTYPE_QINQ_OLD;
    return isTag ? this.#tagged(data, at + 2, end) : UdpKind.OTHER;
  }

  #raw(data: DataView, at: number, end: number): number {
    if (at >= end) return UdpKind.TRUNCATED;
    const version = data.getUint8(at) >>> 4;
    if (version === 4) return this.#ipv4(data, at, end);
    return version === 6 ? this.#ipv6(data, at, end) : UdpKind.OTHER;
  }

  #ipv4(data: DataView, at: number, end: number): number {
    if (at + 20 > end) return UdpKind.TRUNCATED;
    const first = data.getUint8(at);
    const headerBytes = (first & 0x0f) * 4;
    if (first >>> 4 !== 4 || headerBytes < 20) return UdpKind.MALFORMED;
    // Segmentation offload leaves the total length 0: then the packet fills the capture.
    const totalBytes = data.getUint16(at + 2) || end - at;
    if (totalBytes < headerBytes) return UdpKind.MALFORMED;
    const protocol = data.getUint8(at + 9);
    const isTcp = protocol === PROTOCOL_TCP && this.#wantsTcp;
    if (protocol !== PROTOCOL_UDP && !isTcp) return UdpKind.OTHER;
    // More fragments follow, or this is not the first: bits 0x2000 and 0x1fff.
    if ((data.getUint16(at + 6) & 0x3fff) !== 0) return UdpKind.FRAGMENT;
    this.source = data.getInt32(at + 12);
    this.destination = data.getInt32(at + 16);
    const spaceBytes = totalBytes - headerBytes;
    if (isTcp) return this.#tcp(data, at + headerBytes, end, spaceBytes);
    return this.#udp(data, at + headerBytes, end, spaceBytes);
  }

  #ipv6(data: DataView, at: number, end: number): number {
    if (at + IPV6_HEADER_BYTES > end) return UdpKind.TRUNCATED;
    if (data.getUint8(at) >>> 4 !== 6) return UdpKind.MALFORMED;
    let next = data.getUint8(at + 6);
    let p = at + IPV6_HEADER_BYTES;
    const stop = p + data.getUint16(at + 4);
    for (let headers = 0; headers < EXTENSION_HEADERS_MAX; headers++) {
      if (next === PROTOCOL_UDP) {
        this.destination = 0;
        return this.#udp(data, p, end, stop - p);
      }
      if (next === PROTOCOL_TCP && this.#wantsTcp) {
        this.source = xorWords(data, at + 8);
        this.destination = xorWords(data, at + 24);
        return this.#tcp(data, p, end, stop - p);
      }
      const unit = extensionUnit(next);
      if (unit === 0) return UdpKind.OTHER;
      if (p + 8 > end) return UdpKind.TRUNCATED;
      if (next === 44 && (data.getUint16(p + 2) & 0xfff9) !== 0) return UdpKind.FRAGMENT;
      const step =
        next === 44
          ? 8
          : next === 51
            ? (data.getUint8(p + 1) + 2) * 4
            : (data.getUint8(p + 1) + 1) * unit;
      next = data.getUint8(p);
      p += step;
      if (p > stop) return UdpKind.MALFORMED;
    }
    return UdpKind.OTHER;
  }

  /** @param spaceBytes what IP leaves for UDP */
  #udp(data: DataView, at: number, end: number, spaceBytes: number): number {
    if (spaceBytes < UDP_HEADER_BYTES) return UdpKind.MALFORMED;
    if (at + UDP_HEADER_BYTES > end) return UdpKind.TRUNCATED;
    const udpBytes = data.getUint16(at + 4);
    if (udpBytes < UDP_HEADER_BYTES || udpBytes > spaceBytes) return UdpKind.MALFORMED;
    this.destinationPort = data.getUint16(at + 2);
    this.payloadAt = at + UDP_HEADER_BYTES;
    this.payloadLength = Math.min(at + udpBytes, end) - this.payloadAt;
    return at + udpBytes > end ? UdpKind.TRUNCATED : UdpKind.UDP;
  }

  /** @param spaceBytes what IP leaves for TCP */
  #tcp(data: DataView, at: number, end: number, spaceBytes: number): number {
    if (spaceBytes < TCP_HEADER_BYTES) return UdpKind.MALFORMED;
    if (at + TCP_HEADER_BYTES > end) return UdpKind.TRUNCATED;
    const headerBytes = (data.getUint8(at + 12) >>> 4) * 4;
    if (headerBytes < TCP_HEADER_BYTES || headerBytes > spaceBytes) return UdpKind.MALFORMED;
    // A segment that was captured in part leaves a hole in its stream, as a lost one does.
    if (at + spaceBytes > end) return UdpKind.TRUNCATED;
    this.sourcePort = data.getUint16(at);
    this.destinationPort = data.getUint16(at + 2);
    this.tcpSeq = data.getInt32(at + 4);
    this.tcpFlags = data.getUint8(at + 13);
    this.payloadAt = at + headerBytes;
    this.payloadLength = spaceBytes - headerBytes;
    return UdpKind.TCP;
  }
}

/** An IPv6 address in one word, to tell connections apart. */
function xorWords(data: DataView, at: number): number {
  let word = 0;
  for (let p = at; p < at + 16; p += 4) word ^= data.getInt32(p);
  return word;
}

/** Bytes that an IPv6 extension header's length counts in; 0 for what is no such header. */
function extensionUnit(next: number): number {
  const isExtension = next === 0 || next === 43 || next === 44 || next === 51 || next === 60;
  return isExtension ? 8 : 0;
}

/** BSD loopback's address family, in the byte order of the machine that captured. */
function isInternetFamily(data: DataView, at: number): boolean {
  return isFamilyCode(data.getUint32(at)) || isFamilyCode(data.getUint32(at, true));
}

/** AF_INET, and AF_INET6 of Linux, NetBSD, FreeBSD and Darwin. */
function isFamilyCode(code: number): boolean {
  return code === 2 || code === 10 || code === 24 || code === 28 || code === 30;
}
