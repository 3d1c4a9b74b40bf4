/** Builds captures byte by byte, for tests of the readers: an encoder of its own, not theirs. */

/** Joins byte strings. */
export function join(...parts: (Uint8Array | number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** `value` in `size` bytes. */
export function int(value: number | bigint, size: number, little = false): number[] {
  const out: number[] = [];
  for (let i = 0; i < size; i++) out.unshift(Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));
  return little ? out.reverse() : out;
}

/** IPv4 with UDP; `options` is a multiple of 4 bytes, `fragment` the flags and offset word. */
export function ipv4(
  payload: Uint8Array,
  group = "239.1.2.3",
  port = 5000,
  options: number[] = [],
  fragment = 0,
): Uint8Array {
  const udp = join(int(1111, 2), int(port, 2), int(payload.length + 8, 2), [0, 0], payload);
  const header = 20 + options.length;
  const address = group.split(".").map(Number);
  return join(
    [0x40 | (header / 4), 0],
    int(header + udp.length, 2),
    [0, 0],
    int(fragment, 2),
    [1, 17, 0, 0, 10, 0, 0, 1],
    address,
    options,
    udp,
  );
}

/** IPv6 with UDP behind extension headers given as [type, bytes], each a multiple of 8 long. */
export function ipv6(payload: Uint8Array, port = 5000, extensions: [number, number[]][] = []) {
  const udp = join(int(1111, 2), int(port, 2), int(payload.length + 8, 2), [0, 0], payload);
  const chain: number[] = [];
  extensions.forEach(([, bytes], i) => {
    chain.push(extensions[i + 1]?.[0] ?? 17, ...bytes.slice(1));
  });
  const first = extensions[0]?.[0] ?? 17;
  const addresses = new Array<number>(32).fill(1);
  return join(
    [0x60, 0, 0, 0],
    int(chain.length + udp.length, 2),
    [first, 1],
    addresses,
    chain,
    udp,
  );
}

/** An Ethernet frame; each tag is a TPID. */
export function ethernet(ip: Uint8Array, tags: number[] = [], type = 0x0800): Uint8Array {
  const tagBytes = tags.flatMap((tpid) => [...int(tpid, 2), 0, 7]);
  return join(new Array<number>(12).fill(2), tagBytes, int(type, 2), ip);
}

/** A TCP segment in an Ethernet frame, from 10.0.0.1 to 10.0.0.2; ACK and PSH when not said. */
export function tcpFrame(
  from: number,
  to: number,
  seq: number,
  payload: Uint8Array,
  flags = 0x18,
): Uint8Array {
  const segment = join(
    [...int(from, 2), ...int(to, 2), ...int(seq >>> 0, 4), 0, 0, 0, 0],
    [0x50, flags, 0, 0, 0, 0, 0, 0],
    payload,
  );
  const lengths = int(20 + segment.length, 2);
  const header = [0x45, 0, ...lengths, 0, 0, 0, 0, 1, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
  return ethernet(join(header, segment));
}

/** One captured packet. */
export interface Captured {
  readonly seconds: number;
  /** µs or ns. */
  readonly fraction: number;
  readonly bytes: Uint8Array;
}

/** A pcap file. */
export function pcap(
  packets: readonly Captured[],
  linkType = 1,
  little = true,
  nanos = false,
): Uint8Array {
  const head = join(
    int(nanos ? 0xa1b23c4d : 0xa1b2c3d4, 4, little),
    int(2, 2, little),
    int(4, 2, little),
    int(0, 8, little),
    int(65_535, 4, little),
    int(linkType, 4, little),
  );
  const records = packets.map(({ seconds, fraction, bytes }) =>
    join(
      int(seconds, 4, little),
      int(fraction, 4, little),
      int(bytes.length, 4, little),
      int(bytes.length, 4, little),
      bytes,
    ),
  );
  return join(head, ...records);
}

/** A pcapng block. */
export function block(type: number, body: Uint8Array | number[], little: boolean): Uint8Array {
  const padded = join(body, new Array<number>((4 - (body.length % 4)) % 4).fill(0));
  const total = int(padded.length + 12, 4, little);
  return join(int(type, 4, little), total, padded, total);
}

/** A section header. */
export function section(little: boolean): Uint8Array {
  const body = join(int(0x1a2b3c4d, 4, little), int(1, 2, little), [0, 0], int(-1n, 8, little));
  return block(0x0a0d0d0a, body, little);
}

/** An interface description; `resolution` is if_tsresol, absent when undefined. */
export function description(
  little: boolean,
  linkType = 1,
  resolution?: number,
  offsetSeconds?: number,
): Uint8Array {
  const options: number[] = [];
  if (resolution !== undefined) {
    options.push(...int(9, 2, little), ...int(1, 2, little), resolution, 0, 0, 0);
  }
  if (offsetSeconds !== undefined) {
    options.push(...int(14, 2, little), ...int(8, 2, little), ...int(offsetSeconds, 8, little));
  }
  const body = join(
    int(linkType, 2, little),
    [0, 0],
    int(65_535, 4, little),
    options,
    [0, 0, 0, 0],
  );
  return block(1, body, little);
}

/** An enhanced packet block. */
export function enhanced(little: boolean, ticks: bigint, bytes: Uint8Array, index = 0): Uint8Array {
  const body = join(
    int(index, 4, little),
    int(ticks >> 32n, 4, little),
    int(ticks & 0xffff_ffffn, 4, little),
    int(bytes.length, 4, little),
    int(bytes.length, 4, little),
    bytes,
  );
  return block(6, body, little);
}

/** A simple packet block. */
export function simple(little: boolean, bytes: Uint8Array): Uint8Array {
  return block(3, join(int(bytes.length, 4, little), bytes), little);
}
