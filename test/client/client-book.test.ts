import test from "ava";
import { ClientBooks } from "../../src/client/client-book.ts";
import { encodeFrame, type Frame } from "../../src/client/frame.ts";
import { ladderLines, priceText } from "../../src/client/ladder-text.ts";

const BARE = { sequence: 0, cursor: 0, sendTimeNs: 0n };

type Change = { [K in Frame["type"]]: Omit<Extract<Frame, { type: K }>, keyof typeof BARE> };

/** Numbers live frames of one stream. */
class Stream {
  #cursor: number;
  readonly #sequences = new Map<bigint, number>();

  constructor(cursor = 1) {
    this.#cursor = cursor;
  }

  frame(change: Change["ADD"] | Change["MODIFY"] | Change["CANCEL"] | Change["EXECUTE"]): Frame {
    const sequence = (this.#sequences.get(change.instrument) ?? 0) + 1;
    this.#sequences.set(change.instrument, sequence);
    return { ...change, sequence, cursor: this.#cursor++, sendTimeNs: 0n } as Frame;
  }

  add(instrument: bigint, orderId: bigint, side: "bid" | "ask", price: bigint, quantity: bigint) {
    return this.frame({ type: "ADD", instrument, orderId, side, price, quantity });
  }
}

// Orders and hashes of the design page "Book hash, version 1".
const HASHES: [string, [bigint, bigint, "bid" | "ask", bigint, bigint][]][] = [
  ["0000000000000000", []],
  ["8b06633158b387e4", [[1n, 1n, "bid", 1_000_000n, 100n]]],
  [
    "e0afe9dac2b0af0e",
    [
      [1n, 1n, "bid", 1_000_000n, 100n],
      [1n, 2n, "bid", 1_000_000n, 50n],
    ],
  ],
  [
    "697e01a00ef0efbe",
    [
      [1n, 2n, "bid", 1_000_000n, 50n],
      [1n, 1n, "bid", 1_000_000n, 100n],
    ],
  ],
  [
    "7453e19a181dfe6f",
    [
      [4_294_967_297n, 9_223_372_036_854_775_809n, "ask", -12_345_678_901n, 5_000_000n],
      [7n, 3n, "ask", 1_000_100n, 300n],
    ],
  ],
];

for (const [hash, orders] of HASHES) {
  test(`${orders.length} orders give the page's hash ${hash}`, (t) => {
    const books = new ClientBooks();
    const stream = new Stream();
    for (const order of orders) t.true(books.apply(stream.add(...order)));
    t.is(books.hash, hash);
    t.is(books.liveOrders, orders.length);
  });
}

test("frames change the books as the page says", (t) => {
  const books = new ClientBooks();
  const stream = new Stream();
  const at = (side: "bid" | "ask") =>
    books.levels(5n, side, 9).map((level) => [level.price, level.quantity, level.orders]);
  books.apply(stream.add(5n, 1n, "bid", 100n, 10n));
  books.apply(stream.add(5n, 2n, "bid", 100n, 20n));
  books.apply(stream.add(5n, 3n, "bid", 101n, 1n));
  books.apply(stream.add(5n, 4n, "ask", 103n, 7n));
  t.deepEqual(at("bid"), [
    [101n, 1n, 1],
    [100n, 30n, 2],
  ]);
  const change = { instrument: 5n };
  books.apply(stream.frame({ type: "CANCEL", ...change, orderId: 2n, quantity: 5n, reason: 0 }));
  t.deepEqual(at("bid")[1], [100n, 25n, 2]);
  books.apply(stream.frame({ type: "CANCEL", ...change, orderId: 3n, quantity: 0n, reason: 0 }));
  t.deepEqual(at("bid"), [[100n, 25n, 2]]);
  const trade = { type: "EXECUTE", ...change, price: 99n, aggressor: "sell", matchId: 1n } as const;
  books.apply(stream.frame({ ...trade, orderId: 1n, quantity: 4n }));
  t.deepEqual(at("bid"), [[100n, 21n, 2]]);
  books.apply(stream.frame({ ...trade, orderId: 1n, quantity: 6n }));
  t.deepEqual(at("bid"), [[100n, 15n, 1]]);
  const modify = { type: "MODIFY", ...change, orderId: 4n } as const;
  books.apply(stream.frame({ ...modify, price: 0n, quantity: 9n, quantityOnly: true }));
  t.deepEqual(at("ask"), [[103n, 9n, 1]]);
  books.apply(stream.frame({ ...modify, price: 102n, quantity: 8n, quantityOnly: false }));
  t.deepEqual(at("ask"), [[102n, 8n, 1]]);
});

test("a frame that came already is dropped, a hole is an error", (t) => {
  const stream = new Stream();
  const frames = [1n, 2n, 3n, 4n].map((id) => stream.add(5n, id, "bid", 100n, 1n));
  const [first, second, third, fourth] = frames as [Frame, Frame, Frame, Frame];
  const books = new ClientBooks();
  t.true(books.apply(first));
  t.true(books.apply(second));
  t.false(books.apply(first));
  t.false(books.apply(second));
  t.is(books.duplicates, 2);
  t.throws(() => books.apply(fourth), { code: "FEED_MISMATCH", message: /cursor 4 came after 2/ });
  t.true(books.apply(third));
  const odd = { ...fourth, sequence: 6 };
  t.throws(() => books.apply(odd), { code: "FEED_MISMATCH", message: /sequence 6 came after 3/ });
});

test("what does not fit the books is an error", (t) => {
  const cases: [Change["ADD"] | Change["CANCEL"] | Change["EXECUTE"], RegExp][] = [
    [
      { type: "ADD", instrument: 5n, orderId: 1n, side: "bid", price: 1n, quantity: 1n },
      /ADD does not fit order 1 of instrument 5/,
    ],
    [
      { type: "CANCEL", instrument: 5n, orderId: 2n, quantity: 0n, reason: 0 },
      /does not fit order 2/,
    ],
    [{ type: "CANCEL", instrument: 5n, orderId: 1n, quantity: 11n, reason: 0 }, /quantity/],
    [{ type: "CANCEL", instrument: 6n, orderId: 1n, quantity: 0n, reason: 0 }, /instrument 6/],
  ];
  for (const [change, message] of cases) {
    const books = new ClientBooks();
    const stream = new Stream();
    books.apply(stream.add(5n, 1n, "bid", 100n, 10n));
    t.throws(() => books.apply(stream.frame(change)), { code: "FEED_MISMATCH", message });
  }
  const gap: Frame = { type: "GAP", instrument: 0n, ...BARE, first: 1, last: 2 };
  t.throws(() => new ClientBooks().apply(gap), { code: "FEED_MISMATCH" });
});

test("an order whose quantity is or becomes 0 is refused", (t) => {
  const books = new ClientBooks();
  const stream = new Stream();
  const nothing = stream.add(1n, 1n, "bid", 100n, 0n);
  t.throws(() => books.apply(nothing), { message: /ADD does not fit order 1/ });
  t.is(books.liveOrders, 0);
  books.apply(stream.add(1n, 2n, "bid", 100n, 5n));
  for (const quantityOnly of [true, false]) {
    const order = { instrument: 1n, orderId: 2n, price: 90n, quantity: 0n };
    const modify = stream.frame({ type: "MODIFY", ...order, quantityOnly });
    t.throws(() => books.apply(modify), { message: /MODIFY does not fit order 2/ });
  }
  t.deepEqual(books.levels(1n, "bid", 9), [{ price: 100n, quantity: 5n, orders: 1 }]);
});

test("a cursor beyond 2^53 does not make duplicates of all that follows", (t) => {
  const books = new ClientBooks();
  const stream = new Stream();
  const first = encodeFrame(stream.add(1n, 1n, "bid", 100n, 5n));
  first.writeBigUInt64LE(2n ** 64n - 1n, 28);
  t.throws(() => books.applyBytes(first), { message: /was 18446744073709552000 >= 2\^53/ });
  t.true(books.apply(stream.add(1n, 2n, "bid", 100n, 5n)));
});

test("a snapshot replaces the books and must have what its headers say", (t) => {
  const books = new ClientBooks();
  const stream = new Stream();
  books.apply(stream.add(5n, 1n, "bid", 100n, 10n));
  const start: Frame = { type: "SNAPSHOT_START", instrument: 0n, ...BARE };
  const end: Frame = { type: "SNAPSHOT_END", instrument: 0n, ...BARE };
  const head = { type: "SNAPSHOT_HDR", instrument: 6n, ...BARE } as const;
  const order = { type: "ADD", instrument: 6n, side: "ask", price: 5n, quantity: 1n } as const;
  books.apply(start);
  t.is(books.liveOrders, 0);
  books.apply({ ...head, levels: 1, orders: 2 });
  books.apply({ ...order, ...BARE, orderId: 1n });
  t.throws(() => books.apply(end), { code: "FEED_MISMATCH", message: /1 orders came/ });
  books.apply(start);
  books.apply({ ...head, levels: 1, orders: 2 });
  books.apply({ ...order, ...BARE, orderId: 1n });
  books.apply({ ...order, ...BARE, orderId: 2n });
  books.apply(end);
  // The first live frame tells where the image ended.
  const live = new Stream(500);
  t.true(books.apply(live.add(6n, 3n, "bid", 4n, 1n)));
  t.is(books.cursor, 500);
});

test("more instruments than there is room for are FEED_CAPACITY", (t) => {
  const books = new ClientBooks({ instruments: 2 });
  const stream = new Stream();
  books.apply(stream.add(1n, 1n, "bid", 1n, 1n));
  books.apply(stream.add(2n ** 63n, 1n, "bid", 1n, 1n));
  t.throws(() => books.apply(stream.add(3n, 1n, "bid", 1n, 1n)), { code: "FEED_CAPACITY" });
});

test("a ladder has asks above bids, always as many lines", (t) => {
  const books = new ClientBooks();
  const stream = new Stream();
  books.apply(stream.add(5n, 1n, "bid", 1_000_000n, 10n));
  books.apply(stream.add(5n, 2n, "ask", 1_000_200n, 30n));
  books.apply(stream.add(5n, 3n, "ask", 1_000_300n, 40n));
  const view = { title: "AAPL", instrument: 5n, depth: 2, decimals: 4 };
  t.deepEqual(ladderLines(books, view), [
    "AAPL  instrument 5  cursor 3",
    "  orders          bid          price          ask   orders",
    "                            100.0300           40        1",
    "                            100.0200           30        1",
    "                       spread 0.0200",
    "       1           10       100.0000",
    "                                   .",
  ]);
  t.is(ladderLines(new ClientBooks(), view).length, 7);
});

test("wire prices get their decimal point, negative and small ones too", (t) => {
  t.is(priceText(1_234_567n, 4), "123.4567");
  t.is(priceText(-5n, 4), "-0.0005");
  t.is(priceText(0n, 2), "0.00");
  t.is(priceText(-7n, 0), "-7");
});
