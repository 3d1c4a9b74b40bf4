/**
 * Says what odd input there was without flooding the log: of each kind the first at once, then one
 * line an interval with how many came since. Pure but for its memory: time and counts are handed
 * in. Thread: main, cold.
 */

import type { ForeignPackets, UnknownTypes } from "../core/odd-input.ts";
import { FEED_COUNT } from "../core/sinks.ts";

/** Shortest time between two lines of one kind, ns. */
export const ODD_INPUT_INTERVAL_NS = 10e9;

interface Told {
  count: number;
  atNs: number;
}

/** Makes lines of counts that rise. */
export class OddInputLog {
  readonly #told = new Map<string, Told>();
  readonly #intervalNs: number;

  constructor(intervalNs: number = ODD_INPUT_INTERVAL_NS) {
    this.#intervalNs = intervalNs;
  }

  /**
   * One kind's count as it is now.
   *
   * @param kind names it, among a bounded number of kinds
   * @param count since the start
   * @param text the line's, given how many came since it was told last
   * @returns the line, or null when there is nothing new or it is not due
   */
  line(nowNs: number, kind: string, count: number, text: (fresh: number) => string): string | null {
    const told = this.#told.get(kind);
    const fresh = count - (told?.count ?? 0);
    if (fresh <= 0) return null;
    if (told !== undefined && nowNs - told.atNs < this.#intervalNs) return null;
    this.#told.set(kind, { count, atNs: nowNs });
    return text(fresh);
  }

  /** Lines that are due of what a pipeline counted. */
  lines(nowNs: number, unknown: UnknownTypes, foreign: ForeignPackets): string[] {
    const out: (string | null)[] = [];
    for (let feed = 0; feed < FEED_COUNT; feed++) {
      const { count, length, head } = foreign.read(feed);
      const text = (fresh: number): string =>
        `feed ${"ab"[feed]}: packets of another protocol or release dropped: ${fresh}, ` +
        `${count} in all; the last has ${length} bytes and begins with ${head}`;
      out.push(this.line(nowNs, `foreign ${feed}`, count, text));
    }
    for (const { id, count } of unknown.list()) {
      const name = `unknown type ${typeName(id)}`;
      out.push(this.line(nowNs, name, count, (fresh) => skippedText(name, fresh, count)));
    }
    const others = unknown.others();
    const name = "more unknown types";
    out.push(this.line(nowNs, name, others, (fresh) => skippedText(name, fresh, others)));
    return out.filter((line) => line !== null);
  }
}

/** A type's id as people know it: ITCH letters as letters, templates as numbers. */
export function typeName(id: number): string {
  return id > 0x20 && id < 0x7f ? `${JSON.stringify(String.fromCharCode(id))} (${id})` : String(id);
}

function skippedText(name: string, fresh: number, count: number): string {
  return `${name}: messages skipped: ${fresh}, ${count} in all`;
}
