/**
 * What `--fault` asks for, and its reading:
 * `drop=P[:never-both],dup=P,reorder=P:DEPTH,delay=P:MS,cut=a@START_MS+LEN_MS,lose=FROM-TO`.
 */
import { FeedError } from "../core/errors.ts";
import { FEED_A, FEED_B } from "../core/sinks.ts";

/** A feed that is dead for a while, ns from the first message on. */
export interface CutFault {
  readonly feed: number;
  readonly fromNs: number;
  readonly toNs: number;
}

/** Messages lost on both feeds, inclusive. */
export interface LoseFault {
  readonly from: number;
  readonly to: number;
}

/** Everything that may go wrong on purpose; probabilities are by packet and feed. */
export interface Faults {
  readonly drop: number;
  /** Random drops never take a message from both feeds. */
  readonly neverBoth: boolean;
  readonly dup: number;
  readonly reorder: number;
  /** A reordered packet is overtaken by 1 to so many others. */
  readonly reorderDepth: number;
  readonly delay: number;
  readonly delayNs: number;
  readonly cuts: readonly CutFault[];
  readonly lose: readonly LoseFault[];
}

/** Nothing goes wrong. */
export const NO_FAULTS: Faults = {
  drop: 0,
  neverBoth: false,
  dup: 0,
  reorder: 0,
  reorderDepth: 1,
  delay: 0,
  delayNs: 0,
  cuts: [],
  lose: [],
};

const DEPTH_MAX = 1000;
const MS_MAX = 86_400_000;

/** Reads a SPEC. @throws FEED_USAGE naming the item that is wrong */
export function parseFaults(spec: string): Faults {
  const faults = { ...NO_FAULTS, cuts: [] as CutFault[], lose: [] as LoseFault[] };
  const seen = new Set<string>();
  for (const item of spec.split(",")) {
    const name = item.slice(0, Math.max(0, item.indexOf("=")));
    const value = item.slice(name.length + 1);
    if (seen.has(name) && name !== "cut" && name !== "lose") throw wrong(item, `${name} twice`);
    seen.add(name);
    switch (name) {
      case "drop": {
        const [p, rule, ...rest] = value.split(":");
        if (rest.length > 0 || (rule !== undefined && rule !== "never-both")) {
          throw wrong(item, "not drop=P or drop=P:never-both");
        }
        faults.drop = probability(item, p);
        faults.neverBoth = rule !== undefined;
        break;
      }
      case "dup":
        faults.dup = probability(item, value);
        break;
      case "reorder":
        [faults.reorder, faults.reorderDepth] = pair(item, value, DEPTH_MAX);
        break;
      case "delay": {
        const [p, ms] = pair(item, value, MS_MAX);
        faults.delay = p;
        faults.delayNs = ms * 1e6;
        break;
      }
      case "cut":
        faults.cuts.push(parseCut(item, value));
        break;
      case "lose":
        faults.lose.push(parseLose(item, value));
        break;
      default:
        throw wrong(item, "not one of drop, dup, reorder, delay, cut, lose");
    }
  }
  return faults;
}

function parseCut(item: string, value: string): CutFault {
  const match = /^([ab])@(\d+)\+(\d+)$/.exec(value);
  if (match === null) throw wrong(item, "not cut=a@START_MS+LEN_MS");
  const start = whole(item, match[2], 0, MS_MAX);
  const length = whole(item, match[3], 1, MS_MAX);
  const feed = match[1] === "a" ? FEED_A : FEED_B;
  return { feed, fromNs: start * 1e6, toNs: (start + length) * 1e6 };
}

function parseLose(item: string, value: string): LoseFault {
  const match = /^(\d+)-(\d+)$/.exec(value);
  if (match === null) throw wrong(item, "not lose=FROM-TO");
  const from = whole(item, match[1], 1, Number.MAX_SAFE_INTEGER);
  const to = whole(item, match[2], 1, Number.MAX_SAFE_INTEGER);
  if (to < from) throw wrong(item, `${to} < ${from}`);
  return { from, to };
}

function pair(item: string, value: string, max: number): [number, number] {
  const [p, n, ...rest] = value.split(":");
  if (n === undefined || rest.length > 0) throw wrong(item, "not NAME=P:N");
  return [probability(item, p), whole(item, n, 1, max)];
}

function probability(item: string, text: string | undefined): number {
  const p = text !== undefined && /^(\d+\.?\d*|\.\d+)(e-?\d+)?$/i.test(text) ? Number(text) : -1;
  if (!(p >= 0 && p <= 1)) throw wrong(item, "probability not in 0 to 1");
  return p;
}

function whole(item: string, text: string | undefined, min: number, max: number): number {
  const n = text !== undefined && /^\d+$/.test(text) ? Number(text) : -1;
  if (!(n >= min && n <= max)) throw wrong(item, `number not in ${min} to ${max}`);
  return n;
}

function wrong(item: string, why: string): FeedError {
  return new FeedError("FEED_USAGE", `--fault ${JSON.stringify(item)}: ${why}`);
}
