/**
 * The FAST 1.1 decoder: templates compiled at start, then one call for each message. What a message
 * held lies in `out` (plan.ts says where) and `bytes` until the next call.
 *
 * Previous values live as long as the decoder. After a failed message they may be half updated, as
 * the specification leaves it: a stream whose messages do not reset them is lost until a reset.
 *
 * Thread: its owner's. After the constructor nothing is allocated, but where a remembered string
 * outgrows its room. Sans-I/O; bytes are hostile: nothing outside them is read, nothing is thrown.
 */
import { assert } from "../../core/assert.ts";
import { compile } from "./compile.ts";
import * as errors from "./errors.ts";
import type { Template } from "./model.ts";
import { planTemplates, type TemplatePlan } from "./plan.ts";
import { type FastMemory, FastWire, State } from "./wire.ts";

/** A negative result is -(error + site × this). */
const SITE_FACTOR = 64;
const OUT_WORDS = 1 << 20;
const ARENA_BYTES = 1 << 20;

/** Room for one message; what needs more fails with FastError.LIMIT. */
export interface FastDecoderSizes {
  /** Words of output. */
  readonly outWords?: number;
  /** Bytes of strings. */
  readonly arenaBytes?: number;
}

type Message = (bytes: Uint8Array, from: number, end: number) => number;

/** Decodes messages of a set of templates. */
export class FastDecoder {
  readonly plans: readonly TemplatePlan[];
  /** Records of the last message. */
  readonly out: Int32Array;
  /** Strings of the last message, at the offsets that its records hold. */
  readonly bytes: Uint8Array;
  /** Errors by FastError: what failed messages, and the reportable ones that did not. */
  readonly counts: Float64Array;
  /** Index of the last message's template; -1 before the first and after a failure. */
  template = -1;
  /** Word of the last message's record. */
  record = 0;
  /** FastError of the last failure. */
  error = 0;
  readonly #wire: FastWire;
  readonly #state: Int32Array;
  readonly #message: Message;
  readonly #sites: readonly string[];
  #site = 0;

  constructor(templates: readonly Template[], sizes: FastDecoderSizes = {}) {
    this.plans = planTemplates(templates);
    const { source, symbols, pmapWords } = compile(this.plans);
    const wire = new FastWire({
      pmapWords,
      entries: symbols.entries,
      constants: Uint8Array.from(symbols.constants),
      arenaBytes: sizes.arenaBytes ?? ARENA_BYTES,
    });
    this.out = new Int32Array(sizes.outWords ?? OUT_WORDS);
    this.bytes = wire.arena;
    this.counts = wire.counts;
    this.#wire = wire;
    this.#state = wire.state;
    // The source holds numbers only (emit.ts), so no template can put code into it.
    const make = new Function("W", "O", source) as (wire: FastWire, out: Int32Array) => Message;
    this.#message = make(wire, this.out);
    this.#sites = symbols.sites;
  }

  /**
   * Decodes the message that begins at `from`.
   *
   * @param end where the bytes end; nothing at or beyond is read
   * @returns where the message ends, or -1 (`error` says why, `site` where)
   */
  decode(bytes: Uint8Array, from: number, end: number): number {
    const state = this.#state;
    state[State.ARENA] = this.#wire.arenaBase;
    state[State.OUT] = 0;
    state[State.DEPTH] = 0;
    const at = this.#message(bytes, from, end);
    if (at < 0) {
      this.error = -at % SITE_FACTOR;
      this.#site = Math.trunc(-at / SITE_FACTOR);
      this.counts[this.error] = (this.counts[this.error] as number) + 1;
      this.template = -1;
      return -1;
    }
    this.template = this.#wire.t[0] as number;
    this.record = this.#wire.t[1] as number;
    return at;
  }

  /** Makes all previous values undefined; the last template identifier stands. */
  reset(): void {
    this.#wire.reset();
  }

  /** A copy of all previous values; cold path. */
  memory(): FastMemory {
    return this.#wire.memory();
  }

  /** Puts previous values back; cold path. */
  remember(memory: FastMemory): void {
    this.#wire.remember(memory);
  }

  /** Where the last failure happened, for people. */
  get site(): string {
    return this.#sites[this.#site] ?? "";
  }

  /** Template identifier that was read last, as an unsigned number. */
  get templateId(): number {
    return (this.#state[State.TEMPLATE_ID] as number) >>> 0;
  }

  /**
   * Index of a template.
   *
   * @param name as in the XML, without namespace
   * @returns -1 when there is none
   */
  templateIndex(name: string): number {
    return this.plans.findIndex(({ template }) => template.name === name);
  }

  /** How often an error was seen. */
  count(error: number): number {
    assert(errors.FAST_ERROR_TEXT[error] !== undefined, "FAST_ERROR_NUMBER");
    return this.counts[error] as number;
  }
}
