import test from "ava";
import fc from "fast-check";
import { decodeFrame, encodeFrame, type Frame } from "../../src/client/frame.ts";
import { frameJson, frameText } from "../../src/client/frame-text.ts";
import { seeded } from "../seed.ts";

const HEAD = "4f427631" + "01" + "00";
const LIVE = "0700000000000000" + "0200000000000000" + "0300000000000000" + "0600000005000000";
const BARE = `${"00".repeat(24)}0600000005000000`;
const header = { instrument: 7n, sequence: 2, cursor: 3, sendTimeNs: 0x500000006n };
const control = { instrument: 0n, sequence: 0, cursor: 0, sendTimeNs: 0x500000006n };

// Written by hand from docs/protocols/raw-v1.md.
const GOLDEN: [string, Frame][] = [
  [`${HEAD}010000000000${BARE}00000000`, { type: "HEARTBEAT", ...control }],
  [
    `${HEAD}020000000000${BARE}1000000003000000000000000900000001000000`,
    { type: "GAP", ...control, first: 3, last: 2 ** 32 + 9 },
  ],
  [`${HEAD}030000000000${BARE}00000000`, { type: "SNAPSHOT_START", ...control }],
  [`${HEAD}040000000000${BARE}00000000`, { type: "SNAPSHOT_END", ...control }],
  [
    `${HEAD}680000000000` +
      "0700000000000000" +
      "00".repeat(16) +
      "0600000005000000" +
      "08000000" +
      "02000000" +
      "05000000",
    { type: "SNAPSHOT_HDR", ...control, instrument: 7n, levels: 2, orders: 5 },
  ],
  [
    `${HEAD}640000000000${LIVE}1a000000` +
      "0900000000000080" +
      "feffffffffffffff" +
      "0300000001000000" +
      "01" +
      "00",
    {
      type: "ADD",
      ...header,
      orderId: 0x8000000000000009n,
      price: -2n,
      quantity: 0x100000003n,
      side: "ask",
    },
  ],
  [
    `${HEAD}650000000000${LIVE}19000000` +
      "0900000000000000" +
      "0000000000000000" +
      "0500000000000000" +
      "01",
    { type: "MODIFY", ...header, orderId: 9n, price: 0n, quantity: 5n, quantityOnly: true },
  ],
  [
    `${HEAD}650000000000${LIVE}19000000` +
      "0900000000000000" +
      "0100000000000000" +
      "0500000000000000" +
      "00",
    { type: "MODIFY", ...header, orderId: 9n, price: 1n, quantity: 5n, quantityOnly: false },
  ],
  [
    `${HEAD}660000000000${LIVE}1100000009000000000000002c0100000000000000`,
    { type: "CANCEL", ...header, orderId: 9n, quantity: 300n, reason: 0 },
  ],
  [
    `${HEAD}670000000000${LIVE}21000000` +
      "0900000000000000" +
      "6400000000000000" +
      "40420f0000000000" +
      "ff" +
      "8897a6b5c4d3e2f1",
    {
      type: "EXECUTE",
      ...header,
      orderId: 9n,
      quantity: 100n,
      price: 1_000_000n,
      aggressor: "unknown",
      matchId: 0xf1e2d3c4b5a69788n,
    },
  ],
];

for (const [hex, frame] of GOLDEN) {
  test(`${frame.type} is read from and written to the page's bytes: ${hex.slice(96)}`, (t) => {
    t.deepEqual(decodeFrame(Buffer.from(hex, "hex")), frame);
    t.is(encodeFrame(frame).toString("hex"), hex);
  });
}

test("bytes that are no frame are refused with the field's name", (t) => {
  const good = Buffer.from(GOLDEN[5]?.[0] as string, "hex");
  const spoil = (at: number, value: number): Buffer => {
    const bytes = Buffer.from(good);
    bytes[at] = value;
    return bytes;
  };
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /frame length was 0/],
    [good.subarray(0, 47), /frame length was 47/],
    [good.subarray(0, 73), /payload_len was 26, expected 25/],
    [Buffer.concat([good, good]), /payload_len was 26, expected 100/],
    [spoil(0, 0x50), /magic/],
    [spoil(4, 2), /version was 2/],
    [spoil(5, 1), /codec was 1/],
    [spoil(6, 105), /message_type was 105/],
    [spoil(6, 102), /payload_len of CANCEL was 26, expected 17/],
    [spoil(8, 1), /channel_id was 1/],
    [spoil(47, 255), /payload_len/],
    [spoil(48 + 24, 2), /side was 2/],
    [spoil(35, 255), /global_sequence/],
  ];
  for (const [bytes, message] of cases) {
    t.throws(() => decodeFrame(bytes), { code: "FEED_FORMAT", message });
  }
});

test("random and spoilt bytes give a frame or FEED_FORMAT, nothing else", (t) => {
  const golden = fc.constantFrom(...GOLDEN.map(([hex]) => Buffer.from(hex, "hex")));
  const spoilt = fc.tuple(golden, fc.nat(90), fc.integer({ min: 0, max: 255 }), fc.nat(90));
  fc.assert(
    fc.property(fc.oneof(spoilt, fc.uint8Array({ maxLength: 120 })), (input) => {
      let bytes: Uint8Array;
      if (Array.isArray(input)) {
        const [frame, at, value, cut] = input;
        bytes = Buffer.from(frame);
        if (at < bytes.length) bytes[at] = value;
        if (cut < 20) bytes = bytes.subarray(0, bytes.length - cut);
      } else bytes = input;
      try {
        const frame = decodeFrame(bytes);
        // Reserved flags and reasons are dropped, everything else survives.
        t.deepEqual(decodeFrame(encodeFrame(frame)), frame);
      } catch (error) {
        if ((error as { code?: string }).code !== "FEED_FORMAT") throw error;
      }
    }),
    seeded(t, 3000),
  );
});

test("frames are shown as lines of text and of JSON", (t) => {
  t.deepEqual(
    GOLDEN.map(([, frame]) => frameText(frame)),
    [
      "- HEARTBEAT",
      "- GAP cursors 3 to 4294967305 are no longer retained",
      "- SNAPSHOT_START",
      "- SNAPSHOT_END",
      "- SNAPSHOT_HDR 7 levels=2 orders=5",
      "3 7#2 ADD 9223372036854775817 ask 4294967299 @ -2",
      "3 7#2 MODIFY 9 5 in place",
      "3 7#2 MODIFY 9 5 @ 1",
      "3 7#2 CANCEL 9 300",
      `3 7#2 EXECUTE 9 100 @ 1000000 aggressor=unknown match=${0xf1e2d3c4b5a69788n}`,
    ],
  );
  t.deepEqual(JSON.parse(frameJson(GOLDEN[8]?.[1] as Frame)), {
    type: "CANCEL",
    instrument: "7",
    sequence: 2,
    cursor: 3,
    sendTimeNs: "21474836486",
    orderId: "9",
    quantity: "300",
    reason: 0,
  });
});
