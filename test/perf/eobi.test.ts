import test from "ava";
import { benchSide } from "../../perf/eobi/bench.ts";

test("the EOBI bench runs at its smoke size, and a pass gives the same checksum each time", (t) => {
  const size = { messages: 5000, instruments: 20, passes: 1 };
  for (const side of ["itch", "eobi"] as const) {
    const first = benchSide(side, size);
    t.true(first.messages > 4000);
    t.true(first.nsPerByte > 0);
    t.is(benchSide(side, size).checksum, first.checksum);
    t.not(first.checksum, 0);
  }
});
