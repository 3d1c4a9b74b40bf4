/**
 * What merge tells the main thread, in one SharedArrayBuffer behind a sequence lock: the writer
 * makes the version odd, writes, makes it even; a reader copies and looks at the version again.
 *
 *   byte 0      version, i32 (seqlock)
 *   byte 128    FIELDS doubles: see Field
 *   then        OPEN_KEPT open gaps, GAP_DOUBLES doubles each
 *   then        RING_SLOTS closed gaps, the n-th (from 0) at n % RING_SLOTS
 *
 * The ring is longer than what readers get, so that a copy is not overwritten while it is taken.
 */
import { printable } from "../core/printable.ts";
import { GAP_CAUSES, GAP_OUTCOMES, GAPS_KEPT, GapOutcome, type GapRecord } from "./gap-log.ts";

/** Where each field lies, in doubles. */
export const Field = {
  /** 1 once the first message's sequence is settled. */
  STARTED: 0,
  NEXT_SEQ: 1,
  IN_SYNC: 2,
  LATE_JOIN: 3,
  GAP_STALE: 4,
  ENDED: 5,
  /** 0 before the first packet, then how many sessions were taken. */
  SESSIONS: 6,
  /** The session's name: two words of 32 bits and one of 16. */
  SESSION_HI: 7,
  SESSION_MID: 8,
  SESSION_LO: 9,
  GAPS_CLOSED: 10,
  GAPS_OPEN: 11,
  /** Per feed from here, FEED_FIELDS each. */
  FEEDS: 12,
} as const;

/** Where each number of a feed lies, in doubles from its first. */
export const FeedField = {
  PACKETS: 0,
  BYTES: 1,
  DUPLICATES: 2,
  LATE: 3,
  LOST: 4,
  MALFORMED: 5,
  HEALTH: 6,
} as const;
export const FEED_FIELDS = 7;

const FIELDS = Field.FEEDS + 2 * FEED_FIELDS;
/** Open gaps shown at most; those beyond are only counted. */
export const OPEN_KEPT = 64;
const GAP_DOUBLES = 6;
const RING_SLOTS = 16_384;
const HEADER_BYTES = 128;
const OPEN_AT = FIELDS;
const RING_AT = OPEN_AT + OPEN_KEPT * GAP_DOUBLES;
const DOUBLES = RING_AT + RING_SLOTS * GAP_DOUBLES;
const READ_ATTEMPTS = 1000;

/** How a feed does, by number: see feed-health.ts. */
export const HEALTH_NAMES = ["good", "lossy", "lagging", "silent"] as const;
export type HealthName = (typeof HEALTH_NAMES)[number];

/** One feed's own arrivals. */
export interface FeedStatus {
  /** Packets and payload bytes that came, valid or not. */
  readonly packets: number;
  readonly bytes: number;
  /** Packets that this feed had already brought. */
  readonly duplicates: number;
  /** Packets that came after one with a higher sequence of the same feed. */
  readonly late: number;
  /** Messages that this feed did not bring within merge.gap_timeout_ms. */
  readonly lost: number;
  readonly malformed: number;
  readonly health: HealthName;
}

/** Merge's part of /status. */
export interface MergeStatus {
  /** The session's name as it stood on the wire (trailing spaces cut), \xNN where not printable. */
  readonly session: string | null;
  /** Its three words, as the framing gave them. */
  readonly sessionWords: readonly [hi: number, mid: number, lo: number];
  readonly sessions: number;
  readonly started: boolean;
  readonly nextSeq: number;
  /** Started, and nothing is being waited for. */
  readonly inSync: boolean;
  /** Books may be wrong: joined above 1, or a gap stayed unfilled. */
  readonly staleAll: boolean;
  readonly lateJoin: boolean;
  readonly gapStale: boolean;
  /** The session's end was told. */
  readonly ended: boolean;
  /** Closed gaps in the order in which they closed, then open ones; the last 10,000. */
  readonly gaps: readonly GapRecord[];
  readonly gapsTotal: number;
  readonly feeds: { readonly a: FeedStatus; readonly b: FeedStatus };
}

/** Takes the memory of a channel's merge status. */
export function takeMergeStatus(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER_BYTES + DOUBLES * 8);
}

/** Merge's side. Thread: merge's. */
export class MergeStatusWriter {
  /** See Field; changed between begin() and end() only. */
  readonly fields: Float64Array;
  readonly #version: Int32Array;
  #closed = 0;
  /** Closed gaps with this number or above may still grow by joining. */
  #joinFloor = 0;
  /** Number of the last entry by outcome, -1 none. */
  readonly #lastByOutcome = new Int32Array(GAP_OUTCOMES.length).fill(-1);

  constructor(buffer: SharedArrayBuffer) {
    this.#version = new Int32Array(buffer, 0, 1);
    this.fields = new Float64Array(buffer, HEADER_BYTES, DOUBLES);
  }

  /** As new; only while nobody reads. */
  reset(): void {
    this.fields.fill(0);
    this.#closed = 0;
    this.#joinFloor = 0;
    this.#lastByOutcome.fill(-1);
    Atomics.store(this.#version, 0, 0);
  }

  /** Opens a change. */
  begin(): void {
    Atomics.add(this.#version, 0, 1);
  }

  /** Shows the change. */
  end(): void {
    Atomics.add(this.#version, 0, 1);
  }

  /** Writes open gap `index`, below OPEN_KEPT; `to` exclusive. Between begin() and end(). */
  putOpen(index: number, from: number, to: number, cause: number, detectedNs: number): void {
    this.#put(OPEN_AT + index * GAP_DOUBLES, from, to, cause, detectedNs, -1, GapOutcome.OPEN);
  }

  /**
   * Logs a closed gap, `to` exclusive; joined to the newest one of the same outcome when adjacent.
   *
   * @returns 1 when it became an entry of its own, 0 when it was joined
   */
  logGap(
    from: number,
    to: number,
    cause: number,
    detectedNs: number,
    closedNs: number,
    outcome: number,
  ): number {
    const fields = this.fields;
    const last = this.#lastByOutcome[outcome] as number;
    this.begin();
    let added = 1;
    if (last >= this.#joinFloor && last >= this.#closed - GAPS_KEPT) {
      const at = RING_AT + (last % RING_SLOTS) * GAP_DOUBLES;
      const above = (fields[at + 1] as number) === from;
      if (above || (fields[at] as number) === to) {
        if (above) fields[at + 1] = to;
        else fields[at] = from;
        if (detectedNs < (fields[at + 3] as number)) fields[at + 3] = detectedNs;
        fields[at + 4] = closedNs;
        added = 0;
      }
    }
    if (added === 1) {
      const at = RING_AT + (this.#closed % RING_SLOTS) * GAP_DOUBLES;
      this.#put(at, from, to, cause, detectedNs, closedNs, outcome);
      this.#lastByOutcome[outcome] = this.#closed;
      this.#closed++;
      fields[Field.GAPS_CLOSED] = this.#closed;
    }
    this.end();
    return added;
  }

  /** Closed gaps so far are joined to nothing that follows: a new session renumbers. */
  stopJoining(): void {
    this.#joinFloor = this.#closed;
  }

  #put(
    at: number,
    from: number,
    to: number,
    cause: number,
    detectedNs: number,
    closedNs: number,
    outcome: number,
  ): void {
    const fields = this.fields;
    fields[at] = from;
    fields[at + 1] = to;
    fields[at + 2] = cause;
    fields[at + 3] = detectedNs;
    fields[at + 4] = closedNs;
    fields[at + 5] = outcome;
  }
}

/** Anybody's side: reads a consistent picture. */
export class MergeStatusReader {
  readonly #version: Int32Array;
  readonly #fields: Float64Array;
  readonly #copy = new Float64Array(RING_AT + GAPS_KEPT * GAP_DOUBLES);

  constructor(buffer: SharedArrayBuffer) {
    this.#version = new Int32Array(buffer, 0, 1);
    this.#fields = new Float64Array(buffer, HEADER_BYTES, DOUBLES);
  }

  /** Reads everything; when the writer never rests for long enough, the picture before it. */
  read(): MergeStatus {
    for (let attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
      const before = Atomics.load(this.#version, 0);
      if ((before & 1) === 1) continue;
      const next = this.#fields.slice(0, RING_AT);
      const closed = next[Field.GAPS_CLOSED] as number;
      const kept = Math.min(closed, GAPS_KEPT);
      const ring = new Float64Array(kept * GAP_DOUBLES);
      copyRing(this.#fields, closed - kept, kept, ring);
      if (Atomics.load(this.#version, 0) !== before) continue;
      this.#copy.set(next);
      this.#copy.set(ring, RING_AT);
      break;
    }
    return picture(this.#copy);
  }
}

function copyRing(fields: Float64Array, first: number, count: number, out: Float64Array): void {
  const start = first % RING_SLOTS;
  const straight = Math.min(count, RING_SLOTS - start);
  const at = RING_AT + start * GAP_DOUBLES;
  out.set(fields.subarray(at, at + straight * GAP_DOUBLES));
  if (straight === count) return;
  const rest = fields.subarray(RING_AT, RING_AT + (count - straight) * GAP_DOUBLES);
  out.set(rest, straight * GAP_DOUBLES);
}

function picture(f: Float64Array): MergeStatus {
  const closed = f[Field.GAPS_CLOSED] as number;
  const open = f[Field.GAPS_OPEN] as number;
  const gaps: GapRecord[] = [];
  for (let i = 0; i < Math.min(closed, GAPS_KEPT); i++) gaps.push(gapAt(f, RING_AT, i));
  for (let i = 0; i < Math.min(open, OPEN_KEPT); i++) gaps.push(gapAt(f, OPEN_AT, i));
  const lateJoin = f[Field.LATE_JOIN] === 1;
  const gapStale = f[Field.GAP_STALE] === 1;
  const sessions = f[Field.SESSIONS] as number;
  return {
    session: sessions === 0 ? null : sessionName(f),
    sessionWords: [
      f[Field.SESSION_HI] as number,
      f[Field.SESSION_MID] as number,
      f[Field.SESSION_LO] as number,
    ],
    sessions,
    started: f[Field.STARTED] === 1,
    nextSeq: f[Field.NEXT_SEQ] as number,
    inSync: f[Field.IN_SYNC] === 1,
    staleAll: lateJoin || gapStale,
    lateJoin,
    gapStale,
    ended: f[Field.ENDED] === 1,
    gaps: gaps.slice(-GAPS_KEPT),
    gapsTotal: closed + open,
    feeds: { a: feedAt(f, 0), b: feedAt(f, 1) },
  };
}

function gapAt(f: Float64Array, base: number, index: number): GapRecord {
  const at = base + index * GAP_DOUBLES;
  const closedNs = f[at + 4] as number;
  return {
    from: f[at] as number,
    to: (f[at + 1] as number) - 1,
    cause: GAP_CAUSES[f[at + 2] as number] ?? "sequence",
    detected_ns: f[at + 3] as number,
    closed_ns: closedNs < 0 ? null : closedNs,
    outcome: GAP_OUTCOMES[f[at + 5] as number] ?? "open",
  };
}

function feedAt(f: Float64Array, feed: number): FeedStatus {
  const at = Field.FEEDS + feed * FEED_FIELDS;
  return {
    packets: f[at + FeedField.PACKETS] as number,
    bytes: f[at + FeedField.BYTES] as number,
    duplicates: f[at + FeedField.DUPLICATES] as number,
    late: f[at + FeedField.LATE] as number,
    lost: f[at + FeedField.LOST] as number,
    malformed: f[at + FeedField.MALFORMED] as number,
    health: HEALTH_NAMES[f[at + FeedField.HEALTH] as number] ?? "silent",
  };
}

function sessionName(f: Float64Array): string {
  const words = [f[Field.SESSION_HI], f[Field.SESSION_MID], f[Field.SESSION_LO]] as number[];
  const bytes = Buffer.alloc(10);
  bytes.writeInt32BE((words[0] as number) | 0, 0);
  bytes.writeInt32BE((words[1] as number) | 0, 4);
  bytes.writeUInt16BE((words[2] as number) & 0xffff, 8);
  return printable(bytes).trimEnd();
}
