/**
 * Instrument state for people and programs: the board's raw messages by the layout, every field by
 * name, and beside it what a value means. Thread: main, cold.
 */
import { StateBoard } from "../../core/state-board.ts";
import { describeValue } from "../layouts/describe.ts";
import { type MessageReader, messageReaders } from "../layouts/field-reader.ts";
import { loadTable } from "../layouts/table.ts";
import type { Fields } from "../records.ts";
import * as L from "./layout.ts";
import { type Participant, Participants } from "./participants.ts";
import { ITCH_STATE_KINDS, type ItchStateRef } from "./state.ts";

/** The newest message of a kind. */
export interface StateMessage {
  readonly message: string;
  /** The type letter. */
  readonly template_id: string;
  /** Raw values by name, as `nyq decode --json` prints them; beyond 2^53 as text. */
  readonly fields: Record<string, number | string | null>;
  /** Times, scaled prices and the names of codes, where there are any. */
  readonly text: Record<string, string>;
}

/** What is known of an instrument. */
export interface InstrumentState {
  readonly messages: StateMessage[];
  readonly participants: Participant[];
}

const TRADING_ACTION = ITCH_STATE_KINDS.findIndex(({ id }) => id === "H");
const HALTED = new Set([0x48, 0x50]);

/** Reads what ItchState wrote, in any thread. */
export class ItchStateReader {
  readonly #board: StateBoard;
  readonly #participants: Participants;
  readonly #readers: ReadonlyMap<number | string, MessageReader>;

  constructor(ref: ItchStateRef) {
    this.#board = new StateBoard(ref.board, ITCH_STATE_KINDS);
    this.#participants = new Participants(ref.participants);
    this.#readers = messageReaders(loadTable("itch-5.0"));
  }

  /** Everything that was said last of an instrument. @param instrument the stock locate */
  instrument(instrument: number): InstrumentState {
    const isKnown = instrument < this.#board.instruments;
    return {
      messages: isKnown ? this.#row(instrument) : [],
      participants: this.#participants.byStock(instrument).get(instrument) ?? [],
    };
  }

  /** Every instrument that anything was said of, ascending. */
  *all(): Generator<InstrumentState & { readonly instrument: number }> {
    const participants = this.#participants.byStock();
    for (let instrument = 0; instrument <= 0xffff; instrument++) {
      const messages = instrument < this.#board.instruments ? this.#row(instrument) : [];
      const positions = participants.get(instrument) ?? [];
      if (messages.length + positions.length === 0) continue;
      yield { instrument, messages, participants: positions };
    }
  }

  /** What was said last of the market: system event, circuit breaker levels and their breach. */
  market(): StateMessage[] {
    return this.#row(this.#board.instruments);
  }

  /** Instruments that are halted or paused: how many, and the lowest `limit`. */
  halted(limit: number): { count: number; instruments: number[] } {
    const instruments: number[] = [];
    let count = 0;
    for (let i = 0; i < this.#board.instruments; i++) {
      const message = this.#board.read(i, TRADING_ACTION);
      if (message === null || !HALTED.has(message[L.TRADING_STATE] as number)) continue;
      if (count < limit) instruments.push(i);
      count++;
    }
    return { count, instruments };
  }

  #row(row: number): StateMessage[] {
    return ITCH_STATE_KINDS.flatMap(({ id }, kind) => {
      const bytes = this.#board.read(row, kind);
      const reader = this.#readers.get(id);
      if (bytes === null || reader === undefined) return [];
      const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const fields = reader.read(data, 0, bytes.length) ?? {};
      return [{ message: reader.name, template_id: `${id}`, ...shown(reader, fields) }];
    });
  }
}

function shown(reader: MessageReader, read: Fields): Pick<StateMessage, "fields" | "text"> {
  const fields: Record<string, number | string | null> = {};
  const text: Record<string, string> = {};
  for (const [name, value] of Object.entries(read)) {
    if (typeof value === "bigint") {
      const isExact = value <= BigInt(Number.MAX_SAFE_INTEGER);
      fields[name] = isExact ? Number(value) : `${value}`;
    } else if (value === null || typeof value !== "object") fields[name] = value;
    const type = reader.typeOf([name]);
    const meaning = type === undefined ? null : describeValue(type, value);
    if (meaning !== null) text[name] = meaning;
  }
  return { fields, text };
}
