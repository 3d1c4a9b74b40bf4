import test from "ava";
import fc from "fast-check";
import { BookCore } from "../../src/book/core.ts";
import { walkHashHex } from "../../src/book/hash.ts";
import { checkIntegrity } from "../../src/book/integrity.ts";
import { ERR_FULL, UNSETTLED_MAX } from "../../src/book/layout.ts";
import { seeded } from "../seed.ts";
import { SMALL } from "./support.ts";

/** Numbers that look random and come again with the seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

interface Id {
  readonly lo: number;
  readonly hi: number;
}

/** Drives one core with every change there is, over few ids and prices, so that cells come again. */
class Driver {
  refused = 0;
  readonly #core: BookCore;
  readonly #next: (below: number) => number;
  readonly #ids: number;
  readonly #live: Id[] = [];

  constructor(core: BookCore, next: (below: number) => number, ids: number) {
    this.#core = core;
    this.#next = next;
    this.#ids = ids;
  }

  step(): void {
    const kind = this.#next(100);
    if (kind < 45) this.#add();
    else if (this.#live.length > 0) this.#change(kind);
    if (this.#next(5_000) === 0) this.#clear();
  }

  #add(): void {
    const core = this.#core;
    const next = this.#next;
    const id = { lo: next(this.#ids), hi: next(4) === 0 ? next(3) - 1 : 0 };
    if (core.find(0, id.lo, id.hi) >= 0) return;
    const px = next(12) * 100;
    const done = core.add(next(3), next(2), id.lo, id.hi, px, next(3) - 1, 1 + next(9), next(2));
    if (done === ERR_FULL) this.refused++;
    else this.#live.push(id);
  }

  #change(kind: number): void {
    const core = this.#core;
    const next = this.#next;
    const at = next(this.#live.length);
    const { lo, hi } = this.#live[at] as Id;
    const slot = core.find(0, lo, hi);
    if (kind < 80) core.remove(slot);
    else if (kind < 88) core.setQty(slot, 1 + next(1000), next(2));
    else if (kind < 94 && core.reduce(slot, 1, 0) === 0) return;
    else if (kind >= 94 && core.move(slot, next(12) * 100, next(3) - 1, 7, 0) === 0) return;
    if (core.find(0, lo, hi) >= 0) return;
    this.#live[at] = this.#live.at(-1) as Id;
    this.#live.pop();
  }

  #clear(): void {
    if (this.#next(2) === 0) this.#core.clear();
    else this.#core.clearInstrument(this.#next(3));
    for (let at = this.#live.length - 1; at >= 0; at--) {
      const { lo, hi } = this.#live[at] as Id;
      if (this.#core.find(0, lo, hi) < 0) this.#live.splice(at, 1);
    }
  }
}

test("the kept hash is the walked one, however many changes lie between two readings", (t) => {
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(40, 5_000), (seed, ids) => {
      const next = numbers(seed);
      const core = new BookCore({ ...SMALL, orders: 16, levels: 16, grow: true });
      core.setInstrumentId(1, -5, 7);
      const driver = new Driver(core, next, ids);
      for (let i = 0; i < 8 * UNSETTLED_MAX; i++) {
        driver.step();
        if (next(2 * UNSETTLED_MAX) !== 0) continue;
        if (core.hashHex() !== walkHashHex(core)) return false;
      }
      return core.hashHex() === walkHashHex(core) && checkIntegrity(core).length === 0;
    }),
    seeded(t, 25),
  );
  t.pass();
});

test("a book that refuses orders and moves keeps its hash true", (t) => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const core = new BookCore({ ...SMALL, orders: 40, levels: 10, grow: false });
      const driver = new Driver(core, numbers(seed), 200);
      for (let i = 0; i < 2 * UNSETTLED_MAX; i++) driver.step();
      if (driver.refused === 0) return false;
      return core.hashHex() === walkHashHex(core) && checkIntegrity(core).length === 0;
    }),
    seeded(t, 25),
  );
  t.pass();
});

test("tables that are left while notes wait, crowded or full, keep the hash true", (t) => {
  const core = new BookCore({ ...SMALL, orders: 300, levels: 64 });
  const cells = core.cellMask + 1;
  const next = numbers(7);
  for (let i = 0; i < 2_000; i++) {
    t.true(core.add(0, i & 1, 3 + i * cells, i, next(9) * 10, 0, 1 + i, 0) >= 0);
    const victim = next(i + 1);
    const slot = core.find(0, 3 + victim * cells, victim);
    if (i % 3 === 0 && slot >= 0) core.remove(slot);
    if (i % 700 === 0) t.is(core.hashHex(), walkHashHex(core));
  }
  t.true(core.generation > 0);
  t.is(core.hashHex(), walkHashHex(core));
  t.deepEqual(checkIntegrity(core), []);
});
