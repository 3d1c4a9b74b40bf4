/**
 * What `nyq decode` stands on: a decoder that turns packets into records with every field by name,
 * for people and checks. This is the complete, cold path; the decode stages of a feed are the hot
 * one and read only what books need.
 *
 * Thread: main's. Sans-I/O; everything in a packet is hostile: a decoder never throws for it, it
 * reports a problem and goes on where the protocol lets it.
 */

/**
 * A field's value as the wire means it: integers raw (a bigint where a number could not hold all of
 * its type's values, or simply both: they print alike), text without its padding, null for
 * "no value"; arrays are repeating groups and sequences, objects components and group entries.
 */
export type FieldValue =
  | null
  | number
  | bigint
  | string
  | readonly FieldValue[]
  | { readonly [name: string]: FieldValue };

/** Fields by name, in the layout's order. */
export type Fields = { readonly [name: string]: FieldValue };

/** One message. */
export interface DecodedRecord {
  /** The venue's sequence number of the message, or null where it has none. */
  readonly seq: number | bigint | null;
  /** The message's (template's) name. */
  readonly message: string;
  /** Template number or type letter. */
  readonly templateId: number | string;
  readonly fields: Fields;
}

/** Where records go. */
export interface RecordSink {
  record(record: DecodedRecord): void;
  /**
   * Counts something that could not be decoded; the counts are told on stderr at the end.
   *
   * @param kind a few fixed words, e.g. `unknown template`: what is counted
   * @param detail the first one of a kind is told with this, e.g. `id=99`
   */
  problem(kind: string, detail: string): void;
}

/** Decodes the packets of one protocol, in input order; may keep state from packet to packet. */
export interface RecordDecoder {
  /**
   * Decodes every message of a packet: a datagram's payload, a BinaryFILE or length-prefixed block,
   * a line of hex.
   *
   * @param packet borrowed: keep no view of it
   */
  decode(packet: Uint8Array, sink: RecordSink): void;
  /**
   * Decodes the one message that begins at `from` of a stream without framing. The bytes up to `to`
   * are the rest of the stream or at least {@link UNFRAMED_BYTES_MIN}, so a message that does not
   * end there is cut or longer than is believed.
   *
   * @returns bytes taken, at least 1, also of a message that was reported as damaged and whose end
   * is known; 0 when the stream cannot be read on (reported before)
   */
  decodeNext?(bytes: Uint8Array, from: number, to: number, sink: RecordSink): number;
  /**
   * Takes bytes of one direction of a TCP connection, in order and without a hole. A protocol that
   * does not come over TCP has none.
   *
   * @param stream numbers from 0, one for each direction of each connection
   */
  decodeStream?(stream: number, bytes: Uint8Array, sink: RecordSink): void;
  /** Nothing will come of this stream any more. */
  endStream?(stream: number): void;
  /**
   * What a person wants to read beside a raw value: the scaled price, the time as UTC, a code's
   * name; null for nothing.
   *
   * @param path names from the record's fields down to the value; entries of arrays add none
   */
  describe?(record: DecodedRecord, path: readonly string[], value: FieldValue): string | null;
}

/** Fewest bytes that decodeNext can see ahead, except at the stream's end. */
export const UNFRAMED_BYTES_MIN = 1_048_576;
