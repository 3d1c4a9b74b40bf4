/** FAST's transfer encoding, written plainly from section 10 of the specification. */

/** An error that makes a value impossible to encode. */
export class EncodeError extends Error {}

/** An unsigned integer, stop bit encoded. */
export function unsigned(value: bigint): number[] {
  const groups = [Number(value & 127n) | 128];
  for (let rest = value >> 7n; rest > 0n; rest >>= 7n) groups.unshift(Number(rest & 127n));
  return groups;
}

/** A signed integer, stop bit encoded. */
export function signed(value: bigint): number[] {
  const groups = [Number(value & 127n)];
  let rest = value >> 7n;
  // Ends where the first group's bit 6 says the sign of all that is left out.
  while (rest !== (((groups[0] as number) & 64) === 0 ? 0n : -1n)) {
    groups.unshift(Number(rest & 127n));
    rest >>= 7n;
  }
  groups[groups.length - 1] = (groups[groups.length - 1] as number) | 128;
  return groups;
}

/** An integer that may be null. */
export function integer(value: bigint | null, isSigned: boolean, isNullable: boolean): number[] {
  if (value === null) return [0x80];
  const shifted = isNullable && value >= 0n ? value + 1n : value;
  return isSigned ? signed(shifted) : unsigned(shifted);
}

/** An ASCII string that may be null; section 10.6.3's table. */
export function ascii(value: Uint8Array | null, isNullable: boolean): number[] {
  if (value === null) return [0x80];
  const preamble = isNullable ? [0, 0] : [0];
  let bytes = [...value];
  if (bytes.length === 0) bytes = isNullable ? [0, 0] : [0];
  else if (bytes[0] === 0) bytes = [...preamble, ...bytes];
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) | 128;
  return bytes;
}

/** A byte vector that may be null. */
export function vector(value: Uint8Array | null, isNullable: boolean): number[] {
  if (value === null) return [0x80];
  return [...integer(BigInt(value.length), false, isNullable), ...value];
}

/** A presence map of at least one byte, without trailing zero bytes. */
export function pmap(bits: readonly boolean[]): number[] {
  const last = bits.lastIndexOf(true);
  const count = Math.max(1, Math.ceil((last + 1) / 7));
  const bytes = Array.from({ length: count }, (_, i) => {
    let byte = 0;
    for (let j = 0; j < 7; j++) byte = (byte << 1) | (bits[i * 7 + j] === true ? 1 : 0);
    return byte;
  });
  bytes[count - 1] = (bytes[count - 1] as number) | 128;
  return bytes;
}
