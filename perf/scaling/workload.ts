/**
 * The scaling bench's workload: an endless stream of messages that keeps a book at a fixed size.
 * Everything is drawn from a seed, so equal points do equal work. Messages are made before they
 * are timed: a tape of TAPE_WORDS words each, played into the book stage.
 *
 *   10 messages: A new level, A, D, U, E, A, D, X, U, D of the new level
 *
 * An anchor order keeps each base level alive; the others churn. A new level lies between two base
 * levels and goes away with its order, so the ladder is entered and left at every tenth message.
 */
import type { EventSink } from "../../src/core/sinks.ts";

/** What a point measures; sizes are of the steady state. */
export interface Shape {
  readonly orders: number;
  readonly instruments: number;
  /** Base levels of each side. */
  readonly levels: number;
  /** Rank from the best at which messages meet the book, 1 the best; 0 for all ranks alike. */
  readonly rank: number;
  readonly ids: "sequential" | "random" | "hostile";
  /** Share of orders and messages that instrument 0 has to itself; the rest spread evenly. */
  readonly share: number;
}

/** Words of a message on the tape: kind, then the arguments of its call. */
export const TAPE_WORDS = 8;
const ADD = 0;
const EXECUTE = 1;
const REDUCE = 2;
const DELETE = 3;
const REPLACE = 4;
/** Ticks between base levels: room for levels that come and go. */
const GAP = 1000;
const MIDDLE = 200_000_000;
const QTY = 1000;
const CYCLE = 10;

/** Makes messages and plays them. */
export class Workload {
  readonly shape: Shape;
  readonly tape: Int32Array;
  /** Messages on the tape. */
  count = 0;
  #random: number;
  #nextId = 1;
  /** Churning orders: id halves and where they rest (instrument * 2 + side). */
  readonly #idLo: Int32Array;
  readonly #idHi: Int32Array;
  readonly #place: Int32Array;
  #churning = 0;
  #anchors = 0;
  #step = 0;
  #newLo = 0;
  #newHi = 0;
  #newPlace = 0;

  /** @param messagesMax messages that the tape holds, a multiple of 10 */
  constructor(shape: Shape, messagesMax: number, seed: number) {
    const anchors = shape.instruments * 2 * shape.levels;
    if (shape.orders <= anchors) throw new Error(`orders=${shape.orders} <= anchors ${anchors}`);
    if (messagesMax % CYCLE !== 0) throw new Error(`messagesMax=${messagesMax} % ${CYCLE} != 0`);
    this.shape = shape;
    this.tape = new Int32Array(messagesMax * TAPE_WORDS);
    const churn = shape.orders - anchors + 2;
    this.#idLo = new Int32Array(churn);
    this.#idHi = new Int32Array(churn);
    this.#place = new Int32Array(churn);
    this.#random = seed | 1;
  }

  /** Bytes that it keeps of the orders, touched as they come. */
  get orderBytes(): number {
    return this.#idLo.byteLength + this.#idHi.byteLength + this.#place.byteLength;
  }

  /** Puts the next part of what the book starts with on the tape. @returns false at the end */
  fill(): boolean {
    const { orders, instruments, levels } = this.shape;
    const anchors = instruments * 2 * levels;
    const room = this.tape.length / TAPE_WORDS;
    this.count = 0;
    while (this.count < room && this.#anchors < anchors) {
      // Worst price first on every other side: neither direction is a special case.
      const side = this.#anchors % (2 * instruments);
      const turn = Math.floor(this.#anchors / (2 * instruments));
      this.#takeId();
      this.#put(ADD, side, this.#priceOf(side, side % 4 < 2 ? turn : levels - 1 - turn, 0));
      this.#anchors++;
    }
    while (this.count < room && this.#anchors + this.#churning < orders) this.#addChurn();
    return this.count > 0;
  }

  /** Puts the next messages of the steady state on the tape, as many as it holds. */
  steady(): void {
    const room = this.tape.length / TAPE_WORDS;
    this.count = 0;
    while (this.count < room) this.#one(this.#step++ % CYCLE);
  }

  #one(step: number): void {
    if (step === 0) {
      this.#newPlace = this.#drawPlace();
      this.#takeId();
      this.#newLo = this.#lo;
      this.#newHi = this.#hi;
      const away = 1 + (this.#draw() % (GAP - 1));
      this.#put(ADD, this.#newPlace, this.#priceOf(this.#newPlace, this.#drawRank(), away));
    } else if (step === CYCLE - 1) {
      this.#lo = this.#newLo;
      this.#hi = this.#newHi;
      this.#put(DELETE, this.#newPlace, 0);
    } else if (step === 1 || step === 5) this.#addChurn();
    else {
      const victim = this.#draw() % this.#churning;
      if (step === 2 || step === 6) this.#deleteChurn(victim);
      else if (step === 3 || step === 8) this.#replaceChurn(victim);
      else {
        this.#pick(victim);
        this.#put(step === 4 ? EXECUTE : REDUCE, this.#place[victim] as number, 0);
      }
    }
  }

  #addChurn(): void {
    const place = this.#drawPlace();
    this.#takeId();
    this.#remember(this.#churning++, place);
    this.#put(ADD, place, this.#priceOf(place, this.#drawRank(), 0));
  }

  #deleteChurn(victim: number): void {
    this.#pick(victim);
    this.#put(DELETE, this.#place[victim] as number, 0);
    const last = --this.#churning;
    this.#idLo[victim] = this.#idLo[last] as number;
    this.#idHi[victim] = this.#idHi[last] as number;
    this.#place[victim] = this.#place[last] as number;
  }

  #replaceChurn(victim: number): void {
    this.#pick(victim);
    const [oldLo, oldHi] = [this.#lo, this.#hi];
    const place = this.#place[victim] as number;
    this.#takeId();
    this.#remember(victim, place);
    const at = this.count * TAPE_WORDS;
    this.#put(REPLACE, place, this.#priceOf(place, this.#drawRank(), 0));
    this.tape[at + 6] = oldLo;
    this.tape[at + 7] = oldHi;
  }

  #lo = 0;
  #hi = 0;

  /** Draws the id of a new order into #lo, #hi; no id comes twice. */
  #takeId(): void {
    const n = this.#nextId++;
    const { ids } = this.shape;
    if (ids === "random") {
      this.#lo = mix(n);
      this.#hi = mix(n ^ 0x5bd1e995);
    } else {
      // Hostile: one value in the low half, so that every table of low bits has one bucket.
      this.#lo = ids === "hostile" ? 7 : n;
      this.#hi = ids === "hostile" ? n : 0;
    }
  }

  #pick(victim: number): void {
    this.#lo = this.#idLo[victim] as number;
    this.#hi = this.#idHi[victim] as number;
  }

  #remember(index: number, place: number): void {
    this.#idLo[index] = this.#lo;
    this.#idHi[index] = this.#hi;
    this.#place[index] = place;
  }

  #put(kind: number, place: number, px: number): void {
    const at = this.count++ * TAPE_WORDS;
    const tape = this.tape;
    tape[at] = kind;
    tape[at + 1] = place;
    tape[at + 2] = this.#lo;
    tape[at + 3] = this.#hi;
    tape[at + 4] = px;
    tape[at + 5] = QTY;
  }

  #drawPlace(): number {
    const { instruments, share } = this.shape;
    const side = this.#draw() & 1;
    if (instruments === 1 || this.#draw() < share * 0x8000_0000) return side;
    return ((this.#draw() % instruments) << 1) | side;
  }

  #drawRank(): number {
    const { rank, levels } = this.shape;
    return rank === 0 ? this.#draw() % levels : rank - 1;
  }

  /** The price `away` ticks behind the base level `rank` of a side. */
  #priceOf(place: number, rank: number, away: number): number {
    const distance = 1 + rank * GAP + away;
    return (place & 1) === 0 ? MIDDLE - distance : MIDDLE + distance;
  }

  /** xorshift32, 31 bits of it. */
  #draw(): number {
    let x = this.#random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#random = x;
    return x >>> 1;
  }
}

/** A mix that maps 32-bit words one to one. */
function mix(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}

/** Plays messages `from` to `to` of a tape into a sink. */
export function play(tape: Int32Array, from: number, to: number, sink: EventSink): void {
  const end = to * TAPE_WORDS;
  for (let at = from * TAPE_WORDS; at < end; at += TAPE_WORDS) {
    const place = tape[at + 1] as number;
    const instrument = place >> 1;
    const lo = tape[at + 2] as number;
    const hi = tape[at + 3] as number;
    const px = tape[at + 4] as number;
    const qty = tape[at + 5] as number;
    switch (tape[at]) {
      case ADD:
        sink.onAdd(instrument, lo, hi, place & 1, px, 0, qty, 0);
        break;
      case EXECUTE:
        sink.onExecute(instrument, lo, hi, 1, 0, at, 0);
        break;
      case REDUCE:
        sink.onReduce(instrument, lo, hi, 1, 0);
        break;
      case DELETE:
        sink.onDelete(instrument, lo, hi);
        break;
      default:
        sink.onReplace(
          instrument,
          tape[at + 6] as number,
          tape[at + 7] as number,
          lo,
          hi,
          px,
          0,
          qty,
          0,
        );
    }
  }
}
