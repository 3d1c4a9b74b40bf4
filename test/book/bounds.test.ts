import test from "ava";
import fc from "fast-check";
import { checkIntegrity } from "../../src/book/integrity.ts";
import { C } from "../../src/metrics/counter-table.ts";
import { seeded } from "../seed.ts";
import { feed, makeStage, message } from "./support.ts";

const BOUNDS = { orders: 40, levels: 12, instruments: 3, grow: false, hash: true };

const command = fc.record({
  kind: fc.constantFrom("add", "add", "add", "delete", "replace", "execute"),
  instrument: fc.integer({ min: 0, max: 5 }),
  id: fc.bigInt({ min: 1n, max: 80n }),
  newId: fc.bigInt({ min: 1n, max: 80n }),
  side: fc.constantFrom<0 | 1>(0, 1),
  px: fc.bigInt({ min: 1n, max: 30n }),
  qty: fc.bigInt({ min: 0n, max: 9n }),
});

test("beyond its capacities a book refuses, counts, marks itself, and stays whole", (t) => {
  let refusals = 0;
  const property = fc.property(fc.array(command, { minLength: 50, maxLength: 400 }), (commands) => {
    const { core, stage, counters, sink } = makeStage(BOUNDS);
    for (const { kind, instrument, id, newId, side, px, qty } of commands) {
      if (kind === "add") feed(stage, message.add(instrument, id, side, px, qty));
      else if (kind === "delete") feed(stage, message.delete(instrument, id));
      else if (kind === "execute") feed(stage, message.execute(instrument, id, qty, 1n));
      else feed(stage, message.replace(instrument, id, newId, px, qty));
    }
    stage.onBatchEnd();
    t.true(core.liveOrders <= BOUNDS.orders && core.liveLevels <= BOUNDS.levels);
    t.deepEqual(checkIntegrity(core), []);
    const refused = counters.get(C.BOOK_REFUSED);
    t.is(counters.get(C.BOOK_INCOMPLETE), refused > 0 ? 1 : 0);
    // Whoever follows the changes never hears of an order that is not in the books.
    const live = new Set<string>();
    for (const event of sink.events) {
      const [what, , number] = event.split(" ");
      if (what === "add") live.add(number as string);
      else if (what === "cancel" && event.endsWith(" 0")) live.delete(number as string);
    }
    for (let slot = 0, i = 0; i < 3; i++) {
      for (const s of [0, 1]) {
        for (let level = core.firstLevel(i, s); level >= 0; level = core.nextLevel(level)) {
          for (slot = core.firstOrder(level); slot >= 0; slot = core.nextOrder(slot)) {
            t.true(live.has(`${core.orderIdLo(slot)}`));
          }
        }
      }
    }
    refusals += refused;
  });
  fc.assert(property, seeded(t, 100));
  t.true(refusals > 100, `${refusals} refusals`);
});

test("a new session makes a book that had refused whole again", (t) => {
  const { stage, counters } = makeStage({ ...BOUNDS, orders: 2 });
  for (const id of [1n, 2n, 3n]) feed(stage, message.add(0, id, 0, 5n, 1n));
  stage.onBatchEnd();
  t.is(counters.get(C.BOOK_REFUSED), 1);
  t.is(counters.get(C.BOOK_INCOMPLETE), 1);
  stage.onControl(1);
  stage.onBatchEnd();
  t.is(counters.get(C.BOOK_INCOMPLETE), 0);
  feed(stage, message.add(0, 3n, 0, 5n, 1n));
  stage.onBatchEnd();
  t.is(counters.get(C.BOOK_REFUSED), 1);
});
