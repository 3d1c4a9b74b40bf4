/**
 * Makes hostile inputs out of good ones: bytes flipped, cut, repeated, spliced, and the numbers
 * that parsers trust (lengths, counts, sequences) replaced by those that hurt.
 */
import type { Random } from "./random.ts";

const HOSTILE = [0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xfffe, 0xffff];
const HOSTILE_WORDS = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff, 0x0020_0000];
/** Longest case, bytes. */
const CASE_BYTES_MAX = 65_536;

/** A new case from `good`, which stays as it is. */
export function mutate(good: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  // A copy also of a Buffer, whose slice() is a view.
  let bytes: Uint8Array = new Uint8Array(good);
  const rounds = 1 + random.below(4);
  for (let i = 0; i < rounds; i++) bytes = mutateOnce(bytes, other, random);
  return bytes.length > CASE_BYTES_MAX ? bytes.slice(0, CASE_BYTES_MAX) : bytes;
}

function mutateOnce(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const length = bytes.length;
  if (length === 0) return noise(random);
  const at = random.below(length);
  switch (random.below(10)) {
    case 0:
      bytes[at] = random.word();
      return bytes;
    case 1:
      bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
      return bytes;
    case 2:
      return bytes.slice(0, at);
    case 3:
      return bytes.slice(at);
    case 4:
      return join(bytes.slice(0, at), noise(random));
    case 5:
      return join(bytes.slice(0, at), other.slice(random.below(other.length + 1)));
    case 6:
      return join(bytes, bytes.slice(at));
    case 7:
      put(bytes, at, 2, HOSTILE[random.below(HOSTILE.length)] as number, random);
      return bytes;
    case 8:
      put(bytes, at, 4, HOSTILE_WORDS[random.below(HOSTILE_WORDS.length)] as number, random);
      return bytes;
    default:
      bytes.copyWithin(random.below(length), at, Math.min(length, at + 1 + random.below(64)));
      return bytes;
  }
}

/** Up to 64 random bytes. */
export function noise(random: Random): Uint8Array {
  const bytes = new Uint8Array(random.below(65));
  for (let i = 0; i < bytes.length; i++) bytes[i] = random.word();
  return bytes;
}

function put(bytes: Uint8Array, at: number, size: number, value: number, random: Random): void {
  const little = random.oneIn(2);
  for (let i = 0; i < size && at + i < bytes.length; i++) {
    const shift = 8 * (little ? i : size - 1 - i);
    bytes[at + i] = value >>> shift;
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
