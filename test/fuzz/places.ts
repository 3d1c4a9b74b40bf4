/**
 * Where the structure of an input stands: lengths, counts, types, template ids, presence maps. Half
 * of a target's cases change these and leave the rest alone, which a blind mutation rarely does.
 * The walks trust nothing: they stop where the bytes do.
 */
import { isGroup, loadTable } from "../../src/decode/layouts/table.ts";
import type { Random } from "./random.ts";

/** A number of the structure, or with `stop` a byte of a stop-bit coded one. */
export interface StructurePlace {
  readonly at: number;
  readonly size: 1 | 2 | 4 | 8;
  readonly little: boolean;
  readonly stop?: boolean;
}

/** Finds them. */
export type FindPlaces = (bytes: Uint8Array) => StructurePlace[];

const EDGES = [0, 1, 2, 3, 7, 8, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xfffe, 0xffff];
const WIDE_EDGES = [0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];
const STOP_BIT = 0x80;

/** Changes one to three of the places; the bytes are a copy. */
export function mutatePlaces(
  good: Uint8Array,
  places: readonly StructurePlace[],
  random: Random,
): Uint8Array {
  const bytes = new Uint8Array(good);
  for (let i = random.below(3); i >= 0; i--) {
    const place = places[random.below(places.length)];
    if (place !== undefined) change(bytes, place, places, random);
  }
  return bytes;
}

function change(
  bytes: Uint8Array,
  place: StructurePlace,
  places: readonly StructurePlace[],
  random: Random,
): void {
  const value = valueAt(bytes, place);
  if (place.stop === true) {
    const ways = [value ^ STOP_BIT, value ^ (1 << random.below(7)), 0x00, 0x80, 0xff, 0x7f];
    put(bytes, place, ways[random.below(ways.length)] as number);
    return;
  }
  switch (random.below(5)) {
    case 0:
      put(bytes, place, value + 1);
      return;
    case 1:
      put(bytes, place, value - 1);
      return;
    case 2:
      put(bytes, place, random.word());
      return;
    case 3: {
      // Another place's value: a length that is some other message's, a template that is another.
      const other = places[random.below(places.length)] as StructurePlace;
      put(bytes, place, valueAt(bytes, other));
      return;
    }
    default: {
      const edges = place.size > 2 && random.oneIn(2) ? WIDE_EDGES : EDGES;
      put(bytes, place, edges[random.below(edges.length)] as number);
    }
  }
}

/** Its last four bytes at most. */
function valueAt(bytes: Uint8Array, { at, size, little }: StructurePlace): number {
  let value = 0;
  for (let i = 0; i < size; i++) {
    value = (value << 8) | (bytes[little ? at + size - 1 - i : at + i] ?? 0);
  }
  return value;
}

function put(bytes: Uint8Array, { at, size, little }: StructurePlace, value: number): void {
  for (let i = 0; i < size; i++) {
    const to = little ? at + i : at + size - 1 - i;
    if (to < bytes.length) bytes[to] = i < 4 ? value >>> (8 * i) : value < 0 ? 0xff : 0;
  }
}

function big(at: number, size: 1 | 2 | 4 | 8): StructurePlace {
  return { at, size, little: false };
}

function little(at: number, size: 1 | 2 | 4 | 8): StructurePlace {
  return { at, size, little: true };
}

/** Blocks of u16 length and type letter, from `at` on. */
export function blockPlaces(bytes: Uint8Array, from = 0): StructurePlace[] {
  const places: StructurePlace[] = [];
  for (let at = from; at + 2 < bytes.length; ) {
    places.push(big(at, 2), big(at + 2, 1));
    at += 2 + ((bytes[at] as number) << 8) + (bytes[at + 1] as number);
  }
  return places;
}

/** A MoldUDP64 packet: sequence, count, blocks. */
export function moldPlaces(bytes: Uint8Array): StructurePlace[] {
  if (bytes.length < 20) return [];
  return [big(10, 8), big(18, 2), big(18, 2), ...blockPlaces(bytes, 20)];
}

/** A SoupBinTCP stream: lengths and types; of a login accepted the sequence's last digits. */
export function soupPlaces(bytes: Uint8Array): StructurePlace[] {
  const places = blockPlaces(bytes);
  for (let at = 0; at + 33 <= bytes.length; ) {
    if (bytes[at + 2] === 0x41) places.push(big(at + 31, 2), big(at + 13, 4), big(at + 3, 4));
    at += 2 + ((bytes[at] as number) << 8) + (bytes[at + 1] as number);
  }
  return places;
}

const EOBI_COUNTERS = eobiCounters();

/** An EOBI datagram: BodyLen, TemplateID, MsgSeqNum of each message, and the groups' counters. */
export function eobiPlaces(bytes: Uint8Array): StructurePlace[] {
  const places: StructurePlace[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
    const template = (bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8);
    places.push(little(at, 2), little(at + 2, 2), little(at + 4, 4));
    for (const counter of EOBI_COUNTERS.get(template) ?? []) {
      places.push(little(at + counter, 1), little(at + counter, 1));
    }
    if (length < 8) break;
    at += length;
  }
  return places;
}

/** Where each template has its groups' counters. */
function eobiCounters(): ReadonlyMap<number, readonly number[]> {
  const counters = new Map<number, number[]>();
  for (const { id, fields } of loadTable("eobi-14.1").messages) {
    const names = new Set(fields.flatMap((row) => (isGroup(row) ? [row.counter] : [])));
    const found = fields.flatMap((row) => {
      return !isGroup(row) && names.has(row.name) ? [row.offset] : [];
    });
    counters.set(Number(id), found);
  }
  return counters;
}

/**
 * A FAST stream: its first bytes, which are a presence map and a template identifier, and each byte
 * behind a stop bit, where a field, a length, a presence map or the next message begins.
 */
export function fastPlaces(bytes: Uint8Array): StructurePlace[] {
  const places: StructurePlace[] = [];
  for (let at = 0; at < bytes.length && places.length < 256; at++) {
    const isFirst = at < 4 || ((bytes[at - 1] as number) & STOP_BIT) !== 0;
    if (isFirst) places.push({ at, size: 1, little: false, stop: true });
  }
  return places;
}
