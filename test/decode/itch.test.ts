/** ITCH 5.0: the layout table is the oracle of decoder and writer alike. */
import test from "ava";
import { UNKNOWN_IDS_MAX } from "../../src/core/odd-input.ts";
import { IndicationKind, StateScope } from "../../src/core/sinks.ts";
import { ItchWriter } from "../../src/decode/itch/encoder.ts";
import { MESSAGE_TYPES } from "../../src/decode/itch/layout.ts";
import { C } from "../../src/metrics/counter-table.ts";
import type { Call } from "./recording-sink.ts";
import { type LayoutField, randomWords, readLayout, Stand } from "./stand.ts";

const SEED = Number(process.env["NYQ_SEED"] ?? 20_260_219);
const layout = readLayout();
const withLayout = layout === null ? test.skip : test;
if (layout === null) {
  test("the layout table is compared where the shared data is there", (t) => {
    t.log("skipped: data/itch/itch-5.0-layout.csv is absent (NYQ_SHARED)");
    t.pass();
  });
}

/** A message as the table lays it out, with the values that its fields were given. */
class TableMessage {
  readonly bytes: Uint8Array;
  readonly #fields: Map<string, LayoutField>;

  constructor(fields: readonly LayoutField[], random: () => number) {
    const first = fields[0] as LayoutField;
    this.bytes = new Uint8Array(first.messageBytes);
    for (let i = 0; i < this.bytes.length; i++) this.bytes[i] = random();
    this.bytes[0] = first.type.charCodeAt(0);
    this.#fields = new Map(fields.map((field) => [field.field, field]));
    const side = this.#fields.get("Buy/Sell Indicator");
    if (side) this.bytes[side.offset] = random() & 1 ? 0x42 : 0x53;
    const printable = this.#fields.get("Printable");
    if (printable) this.bytes[printable.offset] = random() & 1 ? 0x4e : 0x59;
    const reserved = this.#fields.get("Reserved");
    if (reserved) this.bytes[reserved.offset] = 0x20;
  }

  /** `size` bytes from `from` of a field as a big-endian unsigned number below 2^32. */
  part(name: string, from: number, size: number): number {
    const field = this.#fields.get(name);
    if (field === undefined) throw new Error(`no field ${name}`);
    let value = 0;
    for (let i = 0; i < size; i++) {
      value = value * 256 + (this.bytes[field.offset + from + i] as number);
    }
    return value;
  }

  /** A whole field of up to 4 bytes. */
  value(name: string): number {
    return this.part(name, 0, this.#fields.get(name)?.bytes ?? 0);
  }

  /** An 8-byte field as [lo, hi]. */
  halves(name: string): [number, number] {
    return [this.part(name, 4, 4), this.part(name, 0, 4)];
  }

  block(): Uint8Array {
    return Uint8Array.from([0, this.bytes.length, ...this.bytes]);
  }
}

const signed = (values: number[]): number[] => values.map((value) => value | 0);
const side = (m: TableMessage): number => (m.value("Buy/Sell Indicator") === 0x42 ? 0 : 1);

/** The call that a message must become, or null. */
function expected(type: string, m: TableMessage): Call | null {
  const locate = m.value("Stock Locate");
  const ref = (): number[] => signed(m.halves("Order Reference Number"));
  const match = (): number[] => signed(m.halves("Match Number"));
  const word = (name: string): number => m.value(name) | 0;
  switch (type) {
    case "A":
    case "F":
      return ["onAdd", locate, ...ref(), side(m), word("Price"), 0, word("Shares"), 0];
    case "E":
      return ["onExecute", locate, ...ref(), word("Executed Shares"), 0, ...match()];
    case "C": {
      const printable = m.value("Printable") === 0x4e ? 0 : 1;
      const qty = word("Executed Shares");
      const px = word("Execution Price");
      return ["onExecuteAt", locate, ...ref(), qty, 0, px, 0, ...match(), printable];
    }
    case "X":
      return ["onReduce", locate, ...ref(), word("Cancelled Shares"), 0];
    case "D":
      return ["onDelete", locate, ...ref()];
    case "U": {
      const from = signed(m.halves("Original Order Reference Number"));
      const to = signed(m.halves("New Order Reference Number"));
      return ["onReplace", locate, ...from, ...to, word("Price"), 0, word("Shares"), 0];
    }
    case "P":
      return ["onTrade", locate, side(m), word("Price"), 0, word("Shares"), 0, ...match()];
    case "Q": {
      const shares = signed(m.halves("Shares"));
      return ["onTrade", locate, 255, word("Cross Price"), 0, ...shares, ...match()];
    }
    case "B":
      return ["onTradeBroken", locate, ...match()];
    case "H": {
      const { INSTRUMENT } = StateScope;
      return ["onState", locate, INSTRUMENT, m.value("Trading State"), 255, 255, 255];
    }
    case "I": {
      const near = [word("Near Price"), 0, ...signed(m.halves("Paired Shares"))];
      const far = [word("Far Price"), 0, ...signed(m.halves("Imbalance Shares"))];
      return ["onIndication", locate, IndicationKind.CLEARING_PRICE, ...near, ...far];
    }
    case "R":
      return ["onDirectory", locate, m.part("Stock", 0, 4) | 0, m.part("Stock", 4, 4) | 0];
    default:
      return null;
  }
}

/** Writes the same message through ItchWriter from the table's values. */
function write(w: ItchWriter, type: string, m: TableMessage): void {
  const v = (name: string): number => m.value(name);
  const h = (name: string): [number, number] => m.halves(name);
  const locate = v("Stock Locate");
  const tracking = v("Tracking Number");
  const tsHi = m.part("Timestamp", 0, 2);
  const tsLo = m.part("Timestamp", 2, 4);
  const head = [locate, tracking, tsHi, tsLo] as const;
  const stock = (): [number, number] => [m.part("Stock", 0, 4), m.part("Stock", 4, 4)];
  const ref = (): [number, number] => h("Order Reference Number");
  const match = (): [number, number] => h("Match Number");
  const writers: Record<string, () => void> = {
    S: () => w.systemEvent(...head, v("Event Code")),
    R: () =>
      w.directory(...head, ...stock(), {
        marketCategory: v("Market Category"),
        financialStatus: v("Financial Status Indicator"),
        roundLot: v("Round Lot Size"),
        roundLotsOnly: v("Round Lots Only"),
        issueClassification: v("Issue Classification"),
        issueSubType: v("Issue Sub-Type"),
        authenticity: v("Authenticity"),
        shortSaleThreshold: v("Short Sale Threshold Indicator"),
        ipoFlag: v("IPO Flag"),
        luldTier: v("LULD Reference Price Tier"),
        etpFlag: v("ETP Flag"),
        etpLeverage: v("ETP Leverage Factor"),
        inverse: v("Inverse Indicator"),
      }),
    H: () => w.tradingAction(...head, ...stock(), v("Trading State"), v("Reason")),
    Y: () => w.regSho(...head, ...stock(), v("Reg SHO Action")),
    L: () =>
      w.participant(
        ...head,
        v("MPID"),
        ...stock(),
        v("Primary Market Maker"),
        v("Market Maker Mode"),
        v("Market Participant State"),
      ),
    V: () => w.mwcbDecline(...head, ...h("Level 1"), ...h("Level 2"), ...h("Level 3")),
    W: () => w.mwcbStatus(...head, v("Breached Level")),
    K: () =>
      w.ipoQuoting(
        ...head,
        ...stock(),
        v("IPO Quotation Release Time"),
        v("IPO Quotation Release Qualifier"),
        v("IPO Price"),
      ),
    J: () =>
      w.luldCollar(
        ...head,
        ...stock(),
        v("Auction Collar Reference Price"),
        v("Upper Auction Collar Price"),
        v("Lower Auction Collar Price"),
        v("Auction Collar Extension"),
      ),
    h: () => w.operationalHalt(...head, ...stock(), v("Market Code"), v("Operational Halt Action")),
    A: () => w.add(...head, ...ref(), side(m), v("Shares"), ...stock(), v("Price")),
    F: () =>
      w.addMpid(...head, ...ref(), side(m), v("Shares"), ...stock(), v("Price"), v("Attribution")),
    E: () => w.execute(...head, ...ref(), v("Executed Shares"), ...match()),
    C: () =>
      w.executePrice(
        ...head,
        ...ref(),
        v("Executed Shares"),
        ...match(),
        v("Printable") === 0x4e ? 0 : 1,
        v("Execution Price"),
      ),
    X: () => w.cancel(...head, ...ref(), v("Cancelled Shares")),
    D: () => w.delete(...head, ...ref()),
    U: () =>
      w.replace(
        ...head,
        ...h("Original Order Reference Number"),
        ...h("New Order Reference Number"),
        v("Shares"),
        v("Price"),
      ),
    P: () => w.trade(...head, ...ref(), side(m), v("Shares"), ...stock(), v("Price"), ...match()),
    Q: () =>
      w.cross(...head, ...h("Shares"), ...stock(), v("Cross Price"), ...match(), v("Cross Type")),
    B: () => w.broken(...head, ...match()),
    I: () =>
      w.imbalance(
        ...head,
        ...h("Paired Shares"),
        ...h("Imbalance Shares"),
        v("Imbalance Direction"),
        ...stock(),
        v("Far Price"),
        v("Near Price"),
        v("Current Reference Price"),
        v("Cross Type"),
        v("Price Variation Indicator"),
      ),
    N: () => w.retailInterest(...head, ...stock(), v("Interest Flag")),
    O: () =>
      w.directListing(
        ...head,
        ...stock(),
        v("Open Eligibility Status"),
        v("Minimum Allowable Price"),
        v("Maximum Allowable Price"),
        v("Near Execution Price"),
        ...h("Near Execution Time"),
        v("Lower Price Range Collar"),
        v("Upper Price Range Collar"),
      ),
  };
  const writer = writers[type];
  if (writer === undefined) throw new Error(`no writer for ${type}`);
  writer();
}

function fieldsOf(type: string): LayoutField[] {
  return (layout ?? []).filter((field) => field.type === type);
}

withLayout("our table of types and lengths is the layout table's", (t) => {
  const ours = MESSAGE_TYPES.map(([type, , bytes]) => `${type}${bytes}`).sort();
  const theirs = [...new Set((layout ?? []).map((f) => `${f.type}${f.messageBytes}`))].sort();
  t.is(ours.length, 23);
  t.deepEqual(ours, theirs);
});

for (const [type, name] of MESSAGE_TYPES) {
  withLayout(`${type} (${name}): every field is decoded from the table's offset`, (t) => {
    const random = randomWords(SEED + type.charCodeAt(0));
    t.log(`seed ${SEED}`);
    for (let round = 0; round < 50; round++) {
      const stand = new Stand();
      const message = new TableMessage(fieldsOf(type), random);
      // Alone in its packet, then with enough behind it for the unchecked path.
      stand.decode(message.block(), 1);
      stand.decode(Uint8Array.from([...message.block(), ...new Uint8Array(64)]), 1, 13);
      const call = expected(type, message);
      t.deepEqual(stand.sink.calls, call === null ? [] : [call, call]);
      t.is(stand.counters.get(C.DECODE_MESSAGES), 2);
      t.is(stand.counters.get(C.DECODE_MALFORMED), 0);
      t.is(stand.decoder.typeCounts[type.charCodeAt(0)], 2);
      t.deepEqual(stand.released, [1, 1]);
    }
  });

  withLayout(`${type} (${name}): the writer puts every field at the table's offset`, (t) => {
    const random = randomWords(SEED ^ type.charCodeAt(0));
    const writer = new ItchWriter(8);
    for (let round = 0; round < 50; round++) {
      const message = new TableMessage(fieldsOf(type), random);
      writer.reset();
      write(writer, type, message);
      t.deepEqual(Buffer.from(writer.written()), Buffer.from(message.block()));
      t.is(writer.messageCount, 1);
    }
  });

  test(`${type} (${name}): one byte too short or too long is malformed, the rest goes on`, (t) => {
    const bytes = MESSAGE_TYPES.find((row) => row[0] === type)?.[2] ?? 0;
    for (const wrong of [bytes - 1, bytes + 1]) {
      const stand = new Stand();
      const message = new Uint8Array(wrong + 2);
      message[1] = wrong;
      message[2] = type.charCodeAt(0);
      const good = new ItchWriter();
      good.delete(7, 0, 0, 0, 99, 0);
      stand.decode(Uint8Array.from([...message, ...good.written()]), 2);
      t.deepEqual(stand.sink.calls, [["onDelete", 7, 99, 0]]);
      t.is(stand.counters.get(C.DECODE_MALFORMED), 1);
      t.is(stand.counters.get(C.DECODE_MESSAGES), 1);
      t.is(stand.counters.get(C.DECODE_UNKNOWN_TYPE), 0);
    }
  });
}

test("golden bytes: an add order as the specification lays it out", (t) => {
  const writer = new ItchWriter();
  writer.add(1, 2, 0x1122, 0x33445566, 0x01020304, 0, 1, 100, 0x4141504c, 0x20202020, 1_855_000);
  const hex =
    "0024 41 0001 0002 112233445566 0000000001020304 53 00000064 4141504c20202020 001c4e18";
  t.is(Buffer.from(writer.written()).toString("hex"), hex.replaceAll(" ", ""));
});

test("every byte but B and S as a side is malformed, for A, F and P", (t) => {
  const stand = new Stand();
  for (let byte = 0; byte < 256; byte++) {
    const writer = new ItchWriter();
    writer.add(1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1);
    writer.addMpid(1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0);
    writer.trade(1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0);
    for (const at of [0, 38, 80]) writer.bytes[at + 2 + 19] = byte;
    stand.decode(Uint8Array.from([...writer.written(), ...new Uint8Array(64)]), 3);
  }
  t.is(stand.counters.get(C.DECODE_MALFORMED), 3 * 254);
  t.is(stand.counters.get(C.DECODE_MESSAGES), 3 * 2);
  t.is(stand.sink.calls.length, 6);
});

test("unknown types are counted as such, empty blocks as empty, and both are stepped over", (t) => {
  const stand = new Stand();
  const known = new Set(MESSAGE_TYPES.map(([type]) => type.charCodeAt(0)));
  const blocks: number[] = [];
  for (let type = 0; type < 256; type++) {
    if (!known.has(type)) blocks.push(0, 3, type, 1, 2, 0, 0);
  }
  const writer = new ItchWriter();
  writer.broken(3, 0, 0, 0, 5, 6);
  const unknown = 256 - 23;
  stand.decode(Uint8Array.from([...blocks, ...writer.written()]), unknown * 2 + 1);
  t.is(stand.counters.get(C.DECODE_UNKNOWN_TYPE), unknown);
  t.is(stand.counters.get(C.DECODE_MALFORMED), unknown);
  t.deepEqual(stand.unknownTypes.list()[0], { id: 0, count: 1 });
  t.is(stand.unknownTypes.others(), unknown - UNKNOWN_IDS_MAX);
  t.is(stand.counters.get(C.DECODE_EMPTY), unknown);
  t.is(stand.counters.get(C.DECODE_MESSAGES), 1);
  t.deepEqual(stand.sink.calls, [["onTradeBroken", 3, 5, 6]]);
});

test("only `count` messages from `firstOffset` on are applied", (t) => {
  const stand = new Stand();
  const writer = new ItchWriter();
  for (let i = 0; i < 10; i++) writer.delete(i, 0, 0, 0, i, 0);
  stand.decode(writer.written(), 4, 100, 3 * 21);
  t.deepEqual(
    stand.sink.calls.map((call) => call[1]),
    [3, 4, 5, 6],
  );
});

test("a packet cut at any byte gives its whole messages and reads nothing beyond its end", (t) => {
  const writer = new ItchWriter();
  for (let i = 0; i < 3; i++) {
    writer.add(i, 0, 0, 0, i, 0, 0, 1, 0, 0, 1);
    writer.delete(i, 0, 0, 0, i, 0);
  }
  const whole = writer.written();
  const ends = [0, 38, 59, 97, 118, 156, 177];
  t.is(ends.at(-1), whole.length);
  for (let cut = 0; cut <= whole.length; cut++) {
    // The frame is the last of the region, and what follows the cut in it is another message.
    const stand = new Stand(192, 2);
    stand.view.bytes.fill(0x44, 192);
    stand.decode(whole.subarray(0, cut), 6, 192 - cut);
    const messages = ends.filter((end) => end > 0 && end <= cut).length;
    t.is(stand.sink.calls.length, messages, `cut at ${cut}`);
    t.is(stand.counters.get(C.DECODE_MALFORMED), messages === 6 ? 0 : 1);
    t.deepEqual(stand.released, [1]);
  }
});

test("control and batch ends pass on", (t) => {
  const stand = new Stand();
  stand.decoder.onControl(1);
  stand.decoder.onBatchEnd();
  t.deepEqual(stand.sink.calls, [["onControl", 1]]);
  t.is(stand.sink.batchEnds, 1);
});
