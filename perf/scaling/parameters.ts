/** What the scaling bench varies, one parameter at a time, and the law that it is held to. */
import type { Shape } from "./workload.ts";

/** One value of a parameter. */
export interface Point {
  readonly label: string;
  /** The number that the law's `last / first` is made of. */
  readonly value: number;
  readonly shape: Shape;
  /** Tables start at 1,024 orders and grow; else they have room from the start. */
  readonly grow: boolean;
}

/** A parameter with its values from first to last. */
export interface Parameter {
  readonly name: string;
  readonly question: string;
  readonly unit: string;
  /** What is held to the law: messages at a fixed size, or those that fill the books. */
  readonly phase: "steady" | "fill";
  readonly points: readonly Point[];
}

/** What a parameter that is not varied has. */
const STANDARD: Shape = {
  orders: 100_000,
  instruments: 100,
  levels: 20,
  rank: 0,
  ids: "sequential",
  share: 0,
};
const SMALL_PARTS = 2_000;

/** The law: from the first to the last value the cost grows by no more than this factor. */
export function growthBound(first: number, last: number): number {
  return 1 + Math.log2(last / first);
}

function point(label: string, value: number, shape: Partial<Shape>, grow = false): Point {
  return { label, value, shape: { ...STANDARD, ...shape }, grow };
}

function numbered(values: readonly number[], shapeOf: (value: number) => Partial<Shape>): Point[] {
  return values.map((value) => point(value.toLocaleString("en-US"), value, shapeOf(value)));
}

/** Named values count by their place in the list. */
function named(shapes: Readonly<Record<string, Partial<Shape>>>): Point[] {
  return Object.entries(shapes).map(([label, shape], i) => point(label, i + 1, shape));
}

/** Every parameter; `small` shrinks them for the tests, with fewer values. */
export function parameters(small: boolean): Parameter[] {
  return [...ofOrders(small), ...ofBooks(small), ...ofIds(small)];
}

/** The values, or those up to a small bound. */
function upTo(small: boolean, max: number, ...values: number[]): number[] {
  return small ? values.filter((value) => value <= max) : values;
}

function ofOrders(small: boolean): Parameter[] {
  const values = [...upTo(small, 10_000, 10_000, 100_000, 1_000_000, 10_000_000)];
  if (small) values.push(20_000);
  return [
    {
      name: "orders",
      question: "live orders, 100 instruments, 20 levels a side",
      unit: "live orders",
      phase: "steady",
      points: numbered(values, (orders) => ({ orders })),
    },
    {
      name: "orders-random",
      question: "live orders with random 64-bit ids, 100 instruments, 20 levels a side",
      unit: "live orders",
      phase: "steady",
      points: numbered(values, (orders) => ({ orders, ids: "random" })),
    },
    {
      name: "growth",
      question: "tables that start at 1,024 orders and grow to the live orders",
      unit: "live orders",
      phase: "fill",
      // Fewer orders than a million are lost in the 80 ms that V8 takes to compile for a new book.
      points: (small ? values : [1_000_000, 5_000_000, 10_000_000]).map((orders) =>
        point(orders.toLocaleString("en-US"), orders, { orders, ids: "random" }, true),
      ),
    },
  ];
}

function ofBooks(small: boolean): Parameter[] {
  const million = small ? SMALL_PARTS : 1_000_000;
  const deep = small ? 100 : 20_000;
  return [
    {
      name: "instruments",
      question: `instruments, ${million.toLocaleString("en-US")} orders, 5 levels a side`,
      unit: "instruments",
      phase: "steady",
      points: numbered(upTo(small, 100, 1, 10, 100, 1_000, 10_000, 60_000), (instruments) => ({
        orders: million,
        instruments,
        levels: 5,
      })),
    },
    {
      name: "levels",
      question: "levels a side of one instrument, every rank alike",
      unit: "levels a side",
      phase: "steady",
      points: numbered(upTo(small, 100, 10, 100, 1_000, 10_000, 20_000, 60_000), (levels) => ({
        orders: 2 * levels + 10_000,
        instruments: 1,
        levels,
      })),
    },
    {
      name: "position",
      question: `rank in a side of ${deep.toLocaleString("en-US")} levels, 1 the best`,
      unit: "rank",
      phase: "steady",
      points: numbered(upTo(small, 100, 1, 10, 100, 1_000, 10_000, 20_000), (rank) => ({
        orders: 2 * deep + 10_000,
        instruments: 1,
        levels: deep,
        rank,
      })),
    },
  ];
}

function ofIds(small: boolean): Parameter[] {
  const million = small ? SMALL_PARTS : 1_000_000;
  return [
    {
      name: "ids",
      question: `order ids, ${million.toLocaleString("en-US")} live orders`,
      unit: "kind of ids",
      phase: "steady",
      points: named({
        sequential: { orders: million + 4_000 },
        random: { orders: million + 4_000, ids: "random" },
        hostile: { orders: million + 4_000, ids: "hostile" },
      }),
    },
    {
      name: "share",
      question: "share of orders and messages in one of 1,000 instruments",
      unit: "share",
      phase: "steady",
      points: [0.001, 0.01, 0.1, 1].map((share) => {
        const instruments = small ? 100 : 1_000;
        const orders = small ? 10_000 : 200_000;
        return point(`${share * 100} %`, share, { orders, instruments, share });
      }),
    },
  ];
}
