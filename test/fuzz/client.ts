/**
 * Hostile servers and hostile clients: raw-v1 frames into a client's books, and handshakes into the
 * endpoint's decision. Out of the first comes nothing but FeedError, out of the other no error.
 */
import { ClientBooks } from "../../src/client/client-book.ts";
import { decodeFrame, encodeFrame, type Frame } from "../../src/client/frame.ts";
import { frameJson, frameText } from "../../src/client/frame-text.ts";
import { assert } from "../../src/core/assert.ts";
import { FeedError } from "../../src/core/errors.ts";
import { type AdmissionState, admit } from "../../src/publish/admission.ts";
import * as R from "../../src/publish/raw-v1.ts";
import { Random } from "./random.ts";
import type { Target } from "./targets.ts";

/** Frames that one client lives through. */
const LIFE = 5000;
const LOOK_EVERY = 50;
const INSTRUMENTS = 64;

/** Runs `act`; a FeedError is an answer, anything else is not. @returns true without an error */
export function onlyFeedError(act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (error instanceof FeedError) return false;
    throw error;
  }
}

/** Good frames of every type, about few orders of few instruments. */
export function someFrames(random: Random): Uint8Array[] {
  const frames: Frame[] = [];
  for (let i = 0; i < 64; i++) {
    const instrument = BigInt(random.below(4));
    const header = { instrument, sequence: 0, cursor: 0, sendTimeNs: 7n };
    const order = {
      orderId: BigInt(random.below(12)),
      price: BigInt(random.below(9) - 2),
      quantity: BigInt(1 + random.below(5)),
    };
    const side = random.oneIn(2) ? "bid" : "ask";
    frames.push({ type: "ADD", ...header, ...order, side });
    frames.push({ type: "MODIFY", ...header, ...order, quantityOnly: random.oneIn(2) });
    frames.push({
      type: "CANCEL",
      ...header,
      ...order,
      quantity: random.oneIn(2) ? 0n : 1n,
      reason: 0,
    });
    frames.push({ type: "EXECUTE", ...header, ...order, aggressor: "buy", matchId: 9n });
  }
  const bare = { instrument: 0n, sequence: 0, cursor: 0, sendTimeNs: 7n };
  frames.push({ type: "HEARTBEAT", ...bare });
  frames.push({ type: "GAP", ...bare, first: 1, last: 5 });
  frames.push({ type: "SNAPSHOT_START", ...bare });
  frames.push({ type: "SNAPSHOT_END", ...bare });
  frames.push({ type: "SNAPSHOT_HDR", ...bare, levels: 0, orders: 0 });
  return frames.map((frame) => new Uint8Array(encodeFrame(frame)));
}

/** Makes the header fit the bytes behind it. */
export function repairFrame(bytes: Uint8Array): Uint8Array {
  if (bytes.length < R.RAW_HEADER_BYTES) return bytes;
  const type = new DataView(bytes.buffer, bytes.byteOffset).getUint16(R.RAW_TYPE_OFFSET, true);
  const out = new Uint8Array(R.RAW_HEADER_BYTES + (PAYLOAD[type] ?? bytes.length % 40));
  out.set(bytes.subarray(0, out.length));
  const view = new DataView(out.buffer);
  view.setUint32(0, R.RAW_MAGIC, true);
  view.setUint8(R.RAW_VERSION_OFFSET, R.RAW_VERSION);
  view.setUint8(R.RAW_CODEC_OFFSET, R.RAW_CODEC);
  view.setUint32(R.RAW_CHANNEL_OFFSET, R.RAW_CHANNEL_OBO, true);
  view.setUint32(R.RAW_PAYLOAD_LENGTH_OFFSET, out.length - R.RAW_HEADER_BYTES, true);
  return out;
}

const PAYLOAD: Readonly<Record<number, number>> = {
  1: 0,
  2: 16,
  3: 0,
  4: 0,
  100: 26,
  101: 25,
  102: 17,
  103: 33,
  104: 8,
};

/** One client of a hostile server. */
class ClientCases {
  readonly #random: Random;
  #books = new ClientBooks({ instruments: INSTRUMENTS });
  readonly #sequences = new Map<bigint, bigint>();
  #cases = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  run(bytes: Uint8Array): void {
    const frame = this.#numbered(bytes);
    onlyFeedError(() => checkDecoded(frame));
    const books = this.#books;
    const { cursor } = books;
    onlyFeedError(() => books.applyBytes(frame));
    if (books.cursor > cursor) {
      const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
      const instrument = view.getBigUint64(R.RAW_INSTRUMENT_OFFSET, true);
      this.#sequences.set(instrument, view.getBigUint64(R.RAW_SEQUENCE_OFFSET, true));
    }
    if (books.inSnapshot) this.#sequences.clear();
    this.#cases++;
    if (this.#cases % LOOK_EVERY === 0) checkBooks(books);
    if (this.#cases % LIFE !== 0) return;
    this.#books = new ClientBooks({ instruments: INSTRUMENTS });
    this.#sequences.clear();
  }

  /** Gives most frames the numbers that come next, so that what they say is looked at. */
  #numbered(bytes: Uint8Array): Uint8Array {
    if (bytes.length < R.RAW_HEADER_BYTES || this.#random.oneIn(8)) return bytes;
    const out = bytes.slice();
    const view = new DataView(out.buffer);
    const instrument = view.getBigUint64(R.RAW_INSTRUMENT_OFFSET, true);
    const { inSnapshot, cursor } = this.#books;
    const sequence = inSnapshot ? 0n : (this.#sequences.get(instrument) ?? 0n) + 1n;
    view.setBigUint64(R.RAW_GLOBAL_OFFSET, inSnapshot ? 0n : BigInt(cursor + 1), true);
    view.setBigUint64(R.RAW_SEQUENCE_OFFSET, BigInt.asUintN(64, sequence), true);
    return out;
  }
}

/** What was decoded reads the same after it was written again, and as text. */
function checkDecoded(bytes: Uint8Array): void {
  const frame = decodeFrame(bytes);
  const json = frameJson(frame);
  assert(frameJson(decodeFrame(encodeFrame(frame))) === json, "FUZZ_FRAME_WRITTEN_DIFFERS");
  assert(/^[\x20-\x7e]+$/.test(frameText(frame)), "FUZZ_FRAME_TEXT");
}

/** Levels are sorted and hold something, and together all orders. */
function checkBooks(books: ClientBooks): void {
  let orders = 0;
  for (const instrument of books.instruments()) {
    for (const side of ["bid", "ask"] as const) {
      let last: bigint | null = null;
      for (const level of books.levels(instrument, side, books.liveOrders)) {
        const sorted = last === null || (side === "bid" ? level.price < last : level.price > last);
        assert(sorted, "FUZZ_CLIENT_LEVELS_SORTED");
        assert(level.orders > 0, "FUZZ_CLIENT_LEVEL_EMPTY");
        assert(level.orders > 1 || level.quantity > 0n, "FUZZ_CLIENT_QUANTITY_ZERO");
        last = level.price;
        orders += level.orders;
      }
    }
  }
  assert(orders === books.liveOrders, "FUZZ_CLIENT_ORDERS");
  assert(Number.isSafeInteger(books.cursor), "FUZZ_CLIENT_CURSOR");
}

/** Frames of a hostile server. */
export function clientTarget(seed: number): Target {
  const cases = new ClientCases(seed);
  return (bytes) => cases.run(bytes);
}

const TOKEN = "correct-horse";

/** Handshakes as lines: target, origin, authorization, subprotocols. */
export function someHandshakes(): Uint8Array[] {
  return [
    "/ws?channel=obo&codec=raw-v1",
    "/ws?snapshot=1\nhttp://127.0.0.1:9100",
    `/ws?from_seq=12\n\nBearer ${TOKEN}\nobo.raw.v1`,
    `/ws?from_seq=18446744073709551615&snapshot=0\n\n\nbearer.${TOKEN}\nobo.raw.v1`,
    "/ws?from_seq=%31&codec=raw%2dv1&channel=%6f%62%6f",
    `/ws?snapshot=true\nnull\nbearer  ${TOKEN} `,
  ].map((text) => new Uint8Array(Buffer.from(text, "latin1")));
}

/** Handshakes of hostile clients. */
export function admissionTarget(seed: number): Target {
  const random = new Random(seed);
  const origins = new Set(["http://127.0.0.1:9100"]);
  return (bytes) => {
    const [target = "", origin, authorization, ...protocols] = Buffer.from(bytes)
      .toString("latin1")
      .split("\n");
    const state: AdmissionState = {
      token: random.oneIn(2) ? TOKEN : null,
      origins,
      tail: random.oneIn(3) ? random.below(20) : Number.MAX_SAFE_INTEGER - 1,
      full: random.oneIn(20),
      stopping: random.oneIn(20),
      noSnapshot: random.oneIn(5) ? "no snapshot" : null,
    };
    const request = {
      target,
      origin: origin === "" ? undefined : origin,
      authorization,
      protocols,
    };
    const answer = admit(request, state);
    if (!answer.accept) {
      assert([400, 401, 403, 404, 503].includes(answer.status), "FUZZ_STATUS");
      // It goes out in a header: nothing of the stranger's may stand in it.
      assert(/^[\x20-\x7e]{1,80}$/.test(answer.reason), "FUZZ_REASON");
      return;
    }
    const shown = [authorization, ...protocols].join(" ");
    assert(state.token === null || shown.includes(TOKEN), "FUZZ_ADMITTED_WITHOUT_TOKEN");
    assert(request.origin === undefined || origins.has(request.origin), "FUZZ_FOREIGN_ORIGIN");
    assert(!state.full && !state.stopping, "FUZZ_ADMITTED_WITHOUT_ROOM");
    assert(answer.protocol === null || protocols.includes(answer.protocol), "FUZZ_PROTOCOL");
    const { context } = answer;
    if (context.kind !== "resume") return;
    const { from } = context;
    assert(Number.isSafeInteger(from) && from >= 1 && from <= state.tail + 1, "FUZZ_FROM_SEQ");
  };
}
