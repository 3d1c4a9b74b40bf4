/**
 * Moscow Exchange's messages that touch no book: states of instruments and of the session,
 * definitions. Thread: decode's. Hot path: no allocation.
 *
 * Source: SPECTRA FAST gate specification, messages f, h and d.
 */
import { type FieldWord, isPresent } from "./binding.ts";
import type { FastDecoder } from "./decoder.ts";
import type { FortsFields, StateFields } from "./forts-fields.ts";

const NO_VALUE = 255;
/** Bytes of a symbol that the directory has room for. */
const SYMBOL_BYTES = 8;
const SPACE = 0x20;

/** Takes what they tell. */
export interface FactSink {
  /** An instrument's symbol, of at most eight bytes, as big-endian words padded with spaces. */
  onSymbol(instrument: number, symbolHigh: number, symbolLow: number): void;
  /** SecurityTradingStatus, 255 where there is none. */
  onStatus(instrument: number, status: number): void;
  /** TradSesStatus and TradSesEvent, 255 where there is none. */
  onSession(status: number, event: number): void;
}

/** Knows the dense indexes. */
export interface InstrumentFinder {
  /** @returns the dense index of the id at word `at`, or -1 when there is no room for it */
  instrumentAt(out: Int32Array, at: number): number;
}

/** Reads them. */
export class FortsFacts {
  readonly #fields: FortsFields;
  readonly #sink: FactSink;

  constructor(fields: FortsFields, sink: FactSink) {
    this.#fields = fields;
    this.#sink = sink;
  }

  /** Takes the message that the decoder holds, if it is one of these. */
  take(decoder: FastDecoder, finder: InstrumentFinder): void {
    const fields = this.#fields;
    const template = decoder.template;
    if (template === fields.sessionStatus.template) this.#session(decoder);
    else if (template === fields.securityStatus.template) {
      this.#security(decoder, fields.securityStatus, finder);
    } else if (template === fields.definition.template) {
      this.#security(decoder, fields.definition, finder);
    }
  }

  #session(decoder: FastDecoder): void {
    const out = decoder.out;
    const record = decoder.record;
    const status = this.#fields.sessionStatus.status;
    const event = this.#fields.sessionStatus.event;
    const hasStatus = isPresent(out, record, status);
    const hasEvent = isPresent(out, record, event);
    this.#sink.onSession(
      hasStatus ? (out[record + status.offset] as number) : NO_VALUE,
      hasEvent ? (out[record + event.offset] as number) : NO_VALUE,
    );
  }

  #security(decoder: FastDecoder, fields: StateFields, finder: InstrumentFinder): void {
    const out = decoder.out;
    const record = decoder.record;
    const securityId = fields.securityId;
    const status = fields.status;
    if (!isPresent(out, record, securityId)) return;
    const instrument = finder.instrumentAt(out, record + securityId.offset);
    if (instrument < 0) return;
    if (isPresent(out, record, status)) {
      this.#sink.onStatus(instrument, out[record + status.offset] as number);
    }
    this.#symbol(decoder, instrument, fields.symbol);
  }

  /** Tells a symbol that the directory has room for; a longer one is not cut off. */
  #symbol(decoder: FastDecoder, instrument: number, symbol: FieldWord): void {
    const out = decoder.out;
    const bytes = decoder.bytes;
    const record = decoder.record;
    if (!isPresent(out, record, symbol)) return;
    const at = out[record + symbol.offset] as number;
    const length = out[record + symbol.offset + 1] as number;
    if (length === 0 || length > SYMBOL_BYTES) return;
    let high = 0;
    let low = 0;
    for (let i = 0; i < SYMBOL_BYTES; i++) {
      const byte = i < length ? (bytes[at + i] as number) : SPACE;
      high = (high << 8) | (low >>> 24);
      low = (low << 8) | byte;
    }
    this.#sink.onSymbol(instrument, high, low);
  }
}
