/**
 * Instrument state for people and programs: a board's raw messages by the protocol's layout, every
 * field by name, and beside it what a value means. Thread: any but the hot ones, cold.
 */
import { StateBoard, type StateKind } from "../core/state-board.ts";
import type { Participant } from "./itch/participants.ts";
import { describeValue } from "./layouts/describe.ts";
import { type MessageReader, messageReaders } from "./layouts/field-reader.ts";
import { loadTable } from "./layouts/table.ts";
import type { Fields, FieldValue } from "./records.ts";

/** A value as JSON has it: integers beyond 2^53 as text. */
export type PlainValue =
  | null
  | number
  | string
  | readonly PlainValue[]
  | { readonly [name: string]: PlainValue };

/** The newest message of a kind. */
export interface StateMessage {
  readonly message: string;
  /** The type letter or template number. */
  readonly template_id: string;
  /** Raw values by name, as `nyq decode --json` prints them; groups are arrays. */
  readonly fields: Record<string, PlainValue>;
  /** Times, scaled prices and the names of codes, where there are any. */
  readonly text: Record<string, string>;
}

/** What is known of an instrument. */
export interface InstrumentState {
  readonly messages: StateMessage[];
  /** Positions of market participants, where the venue tells them. */
  readonly participants: Participant[];
}

/** Reads what a decode stage has kept, in any thread. */
export interface StateReader {
  /** Everything that was said last of an instrument, by its dense index. */
  instrument(instrument: number): InstrumentState;
  /** Every instrument that anything was said of, ascending. */
  all(): Iterable<InstrumentState & { readonly instrument: number }>;
  /** What was said last of the market as a whole. */
  market(): StateMessage[];
  /** Instruments that are halted: how many, and the lowest `limit`. */
  halted(limit: number): { count: number; instruments: number[] };
}

/** A board's rows by their layout. */
export class StateRows {
  readonly board: StateBoard;
  readonly #readers: ReadonlyMap<number | string, MessageReader>;

  /** @param layout name of the protocol's layout table */
  constructor(
    buffer: SharedArrayBuffer,
    kinds: readonly StateKind[],
    layout: Parameters<typeof loadTable>[0],
  ) {
    this.board = new StateBoard(buffer, kinds);
    this.#readers = messageReaders(loadTable(layout));
  }

  /** The messages of an instrument's row; none for one without a row. */
  instrument(instrument: number): StateMessage[] {
    return instrument < this.board.instruments ? this.#row(instrument) : [];
  }

  market(): StateMessage[] {
    return this.#row(this.board.instruments);
  }

  /** Instruments whose newest message of a kind passes the test. */
  halted(
    limit: number,
    kind: number,
    isHalt: (message: Uint8Array) => boolean,
  ): { count: number; instruments: number[] } {
    const instruments: number[] = [];
    let count = 0;
    for (let i = 0; i < this.board.instruments; i++) {
      const message = this.board.read(i, kind);
      if (message === null || !isHalt(message)) continue;
      if (count < limit) instruments.push(i);
      count++;
    }
    return { count, instruments };
  }

  #row(row: number): StateMessage[] {
    return this.board.kinds.flatMap(({ id }, kind) => {
      const bytes = this.board.read(row, kind);
      const reader = this.#readers.get(id);
      if (bytes === null || reader === undefined) return [];
      const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const fields = reader.read(data, 0, bytes.length) ?? {};
      return [{ message: reader.name, template_id: `${id}`, ...shown(reader, fields) }];
    });
  }
}

function shown(reader: MessageReader, read: Fields): Pick<StateMessage, "fields" | "text"> {
  const fields: Record<string, PlainValue> = {};
  const text: Record<string, string> = {};
  for (const [name, value] of Object.entries(read)) {
    fields[name] = plain(value);
    const type = reader.typeOf([name]);
    const meaning = type === undefined ? null : describeValue(type, value);
    if (meaning !== null) text[name] = meaning;
  }
  return { fields, text };
}

function plain(value: FieldValue): PlainValue {
  if (typeof value === "bigint") {
    const size = value < 0n ? -value : value;
    return size <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : `${value}`;
  }
  if (typeof value !== "object" || value === null) return value;
  if (isList(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}

function isList(value: FieldValue): value is readonly FieldValue[] {
  return Array.isArray(value);
}
