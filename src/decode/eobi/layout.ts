/**
 * EOBI 14.1 for hot readers: the generated offsets, and what follows from them. Records.ts says
 * how a datagram is built.
 */
import { MESSAGES } from "./offsets.ts";

// The offsets, lengths and templates: made from layouts/eobi-14.1.json.
export * from "./offsets.ts";

/** Bytes of what every message begins with: BodyLen, TemplateID, MsgSeqNum. */
export const MESSAGE_HEADER_BYTES = 8;
/** First of the templates, 13000; all lie within the TEMPLATE_COUNT from there on. */
export const TEMPLATE_FIRST = 13_000;
/** How many templates there is room for. */
export const TEMPLATE_COUNT = 1024;
/** MsgSeqNum that is none. */
export const NO_SEQUENCE = 0xffff_ffff;

/** A fresh table: BodyLen at the template's number less TEMPLATE_FIRST, 0 where there is none. */
export function bodyLengths(): Uint16Array {
  const lengths = new Uint16Array(TEMPLATE_COUNT);
  for (const [template, bytes] of MESSAGES) lengths[template - TEMPLATE_FIRST] = bytes;
  return lengths;
}

/** BodyLen and TemplateID as the one little-endian word that a message begins with. */
export function keyOf(template: number, bytes: number): number {
  return (template << 16) | bytes;
}
