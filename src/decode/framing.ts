/**
 * How a venue's transport frames messages in packets, as merge sees it: session, sequence of the
 * first message, how many there are and where they lie. Merge is handed a Framing and knows no
 * transport by name. Sans-I/O, allocates nothing, trusts nothing.
 */

/** What Framing.read found; negative kinds are malformed packets, dropped and counted. */
export const FramingKind = {
  /** At least one message, numbered from `seq`. */
  DATA: 1,
  /** No message; `seq` is the next to come. */
  HEARTBEAT: 2,
  /** The session is over; `seq` is the next that would have come. */
  END_OF_SESSION: 3,
  /**
   * Messages with sequence 0, where venues count from 1: captures whose headers were wiped. A live
   * merge has no place for them and counts them; a replay applies them as they come.
   */
  UNSEQUENCED: 4,
  /** Messages beside the numbered ones, such as a loop of snapshots: applied as they come. */
  ASIDE: 5,
  /** Shorter than a header. */
  SHORT: -1,
  /** The message blocks do not end exactly where the packet does. */
  BLOCKS: -2,
  /** The sequence, or that of the last message, is not between 1 and 2^53 - 1. */
  SEQUENCE: -3,
  /** A packet of another protocol, or of another release of it. */
  FOREIGN: -4,
  /** A good packet of a stream that the channel does not follow: dropped and counted as such. */
  OTHER_STREAM: -5,
} as const;

/** Reads packet headers; one object serves a whole thread, its fields describe the last packet. */
export interface Framing {
  /**
   * True where packets have no numbers that a framing can read: each is UNSEQUENCED and passes as
   * it comes, of a live channel too. Missing: they have.
   */
  readonly isUnnumbered?: boolean;
  /** Sequence of the first message (or the next to come), as signed halves. */
  seqLo: number;
  seqHi: number;
  /** [0]: the same as a double below 2^53. */
  readonly seq: Float64Array;
  /** Messages in the packet, 0 in heartbeats and at the end of session. */
  count: number;
  /** Where the first message block begins, bytes from the packet's start. */
  firstOffset: number;
  /** The session's name as big-endian words: its bytes 0-3, 4-7 and 8-9. */
  sessionHi: number;
  sessionMid: number;
  sessionLo: number;
  /**
   * Reads the header and checks that the blocks fill the packet exactly. After a negative kind the
   * fields are those of no packet.
   *
   * @param data over the frame region
   * @param offset of the packet in the region, bytes; offset + length lies inside it
   * @param length of the packet, bytes
   * @returns a FramingKind
   */
  read(bytes: Uint8Array, data: DataView, offset: number, length: number): number;
  /**
   * Reads the header alone: the first half of read(). The blocks are those of nobody until fits()
   * has said yes.
   *
   * @returns a FramingKind; BLOCKS only where the header cannot be told from the blocks
   */
  readHeader(bytes: Uint8Array, data: DataView, offset: number, length: number): number;
  /**
   * The second half: true when the blocks of the packet whose header was read last fill it exactly.
   */
  fits(data: DataView, offset: number, length: number): boolean;
  /**
   * Steps over message blocks.
   *
   * @param fromOffset where a block begins, bytes from the packet's start
   * @param n blocks to step over
   * @returns where the block after them begins, bytes from the packet's start (the packet's length
   * when they were the last), or -1 when they do not fit
   */
  skip(data: DataView, offset: number, length: number, fromOffset: number, n: number): number;
}
