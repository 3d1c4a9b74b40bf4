import test from "ava";
import { messagesEnd } from "../../src/publish/bus-bytes.ts";

test("pieces of packed messages end between two messages", (t) => {
  const messages = Buffer.concat(
    [3, 0, 5, 70].map((n) => Buffer.from([0x82, n, ...Array(n).fill(9)])),
  );
  const borders = [5, 7, 14, 86];
  t.is(messages.length, 86);
  t.is(messagesEnd(messages, 0, 5), 5);
  t.is(messagesEnd(messages, 0, 6), 5);
  t.is(messagesEnd(messages, 0, 7), 7);
  t.is(messagesEnd(messages, 5, 80), 14);
  t.is(messagesEnd(messages, 5, 81), 86);
  t.is(messagesEnd(messages, 14, 1000), 86);
  t.is(messagesEnd(messages, 86, 1000), 86);
  for (let at = 0; at < 86; ) {
    at = messagesEnd(messages, at, 72);
    t.true(borders.includes(at));
  }
});
