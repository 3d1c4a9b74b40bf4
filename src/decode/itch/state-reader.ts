/** Instrument state of ITCH for people and programs. Thread: main, cold. */
import type { StateRef } from "../../core/state-board.ts";
import {
  type InstrumentState,
  type StateMessage,
  type StateReader,
  StateRows,
} from "../state-rows.ts";
import * as L from "./layout.ts";
import { Participants } from "./participants.ts";
import { ITCH_STATE_KINDS } from "./state.ts";

const TRADING_ACTION = ITCH_STATE_KINDS.findIndex(({ id }) => id === "H");
/** Trading states: halted, paused. */
const HALTED = new Set([0x48, 0x50]);

/** Reads what ItchState wrote, in any thread. Instruments are stock locates. */
export class ItchStateReader implements StateReader {
  readonly #rows: StateRows;
  readonly #participants: Participants;

  constructor(ref: StateRef) {
    this.#rows = new StateRows(ref.board, ITCH_STATE_KINDS, "itch-5.0");
    this.#participants = new Participants(ref.participants);
  }

  instrument(instrument: number): InstrumentState {
    return {
      messages: this.#rows.instrument(instrument),
      participants: this.#participants.byStock(instrument).get(instrument) ?? [],
    };
  }

  *all(): Generator<InstrumentState & { readonly instrument: number }> {
    const participants = this.#participants.byStock();
    for (let instrument = 0; instrument <= 0xffff; instrument++) {
      const messages = this.#rows.instrument(instrument);
      const positions = participants.get(instrument) ?? [];
      if (messages.length + positions.length === 0) continue;
      yield { instrument, messages, participants: positions };
    }
  }

  /** System event, circuit breaker levels and their breach. */
  market(): StateMessage[] {
    return this.#rows.market();
  }

  halted(limit: number): { count: number; instruments: number[] } {
    const isHalt = (message: Uint8Array): boolean => HALTED.has(message[L.TRADING_STATE] as number);
    return this.#rows.halted(limit, TRADING_ACTION, isHalt);
  }
}
