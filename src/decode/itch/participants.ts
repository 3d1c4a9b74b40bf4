/**
 * Market participant positions (ITCH L) in shared memory: by stock and participant, the last that
 * was said. Open addressing by linear probing, never deleted from but by clear(); a table that is
 * crowded at one place refuses, which is counted.
 *
 *   word 0 epoch │ slots from word 16: MPID │ locate │ primary, mode, state and 1 │ epoch
 *
 * Thread: decode's writes, anybody reads; the epoch is stored last.
 * Source: TotalView-ITCH 5.0, section 4.2.4.
 */

/** Positions for each instrument that there is room for. */
export const PARTICIPANTS_PER_INSTRUMENT = 8;

const EPOCH = 0;
const HEADER_WORDS = 16;
const SLOT_WORDS = 4;
const MPID = 0;
const LOCATE = 1;
const FLAGS = 2;
const SLOT_EPOCH = 3;
const PROBES_MAX = 64;

/** A participant's position in a stock; letters as on the wire. */
export interface Participant {
  readonly mpid: string;
  readonly primary: string;
  readonly mode: string;
  readonly state: string;
}

/** Bytes of the table. */
export function participantBytes(instruments: number): number {
  const slots = 2 ** Math.ceil(Math.log2(instruments * PARTICIPANTS_PER_INSTRUMENT));
  return (HEADER_WORDS + slots * SLOT_WORDS) * 4;
}

/** The table as one thread sees it. */
export class Participants {
  readonly #words: Int32Array;
  readonly #mask: number;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
    this.#mask = (this.#words.length - HEADER_WORDS) / SLOT_WORDS - 1;
    if (this.#words[EPOCH] === 0) this.#words[EPOCH] = 1;
  }

  /** Knows nobody, and touches the memory; only while nobody reads. */
  reset(): void {
    this.#words.fill(0);
    this.#words[EPOCH] = 1;
  }

  /** Forgets everybody at once: a new session began. */
  clear(): void {
    Atomics.store(this.#words, EPOCH, ((this.#words[EPOCH] as number) + 1) | 0 || 1);
  }

  /**
   * Notes a position.
   *
   * @param mpid four bytes as a big-endian word
   * @param flags primary market maker, mode and state: three bytes, the first one the highest
   * @returns false when there is no room near its place
   */
  set(locate: number, mpid: number, flags: number): boolean {
    const words = this.#words;
    const epoch = words[EPOCH] as number;
    let slot = hash(locate, mpid);
    for (let probes = 0; probes < PROBES_MAX; probes++, slot++) {
      const at = HEADER_WORDS + (slot & this.#mask) * SLOT_WORDS;
      const isFree = words[at + SLOT_EPOCH] !== epoch;
      if (!isFree && (words[at + MPID] !== mpid || words[at + LOCATE] !== locate)) continue;
      words[at + MPID] = mpid;
      words[at + LOCATE] = locate;
      words[at + FLAGS] = flags;
      Atomics.store(words, at + SLOT_EPOCH, epoch);
      return true;
    }
    return false;
  }

  /**
   * The positions in a stock by participant, or in all stocks. Any thread; looks through the whole
   * table.
   */
  byStock(wanted: number | null = null): Map<number, Participant[]> {
    const words = this.#words;
    const epoch = Atomics.load(words, EPOCH);
    const found = new Map<number, Participant[]>();
    for (let at = HEADER_WORDS; at < words.length; at += SLOT_WORDS) {
      const locate = words[at + LOCATE] as number;
      if (wanted !== null && locate !== wanted) continue;
      if (Atomics.load(words, at + SLOT_EPOCH) !== epoch) continue;
      const flags = words[at + FLAGS] as number;
      const list = found.get(locate) ?? [];
      found.set(locate, list);
      list.push({
        mpid: letters(words[at + MPID] as number, 4).trimEnd(),
        primary: letters(flags >> 16, 1),
        mode: letters(flags >> 8, 1),
        state: letters(flags, 1),
      });
    }
    for (const list of found.values()) list.sort((a, b) => (a.mpid < b.mpid ? -1 : 1));
    return found;
  }
}

/** @returns where to look first; far enough below 2^31 for the probes to stay small integers */
function hash(locate: number, mpid: number): number {
  const mixed = Math.imul(mpid ^ Math.imul(locate + 1, 0x9e37_79b1), 0x85eb_ca6b);
  return (mixed ^ (mixed >>> 15)) & 0x3fff_ffff;
}

function letters(word: number, count: number): string {
  let text = "";
  for (let i = count - 1; i >= 0; i--) text += String.fromCharCode((word >>> (8 * i)) & 0xff);
  return text;
}
