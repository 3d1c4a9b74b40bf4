import test from "ava";
import { specHash } from "./spec-hash.ts";

test("the model of the hash gives the page's vectors", (t) => {
  const one = { instrument: 1n, id: 1n, side: 0, px: 1_000_000n, qty: 100n };
  const two = { ...one, id: 2n, qty: 50n };
  t.is(specHash([]), "0000000000000000");
  t.is(specHash([[one]]), "8b06633158b387e4");
  t.is(specHash([[one, two]]), "e0afe9dac2b0af0e");
  t.is(specHash([[two, one]]), "697e01a00ef0efbe");
  const wide = {
    instrument: 4_294_967_297n,
    id: 9_223_372_036_854_775_809n,
    side: 1,
    px: -12_345_678_901n,
    qty: 5_000_000n,
  };
  const narrow = { instrument: 7n, id: 3n, side: 1, px: 1_000_100n, qty: 300n };
  t.is(specHash([[wide], [narrow]]), "7453e19a181dfe6f");
});
