/**
 * How long a FAST message takes, from memory, on one core, with a checksum over what books read:
 *
 *   node dist/perf/fast/bench.js [--data DIR] [--peer DIR] [--rounds N] [--ms N]
 *
 * --data is the folder of the shared FAST samples, --peer that of npm's fast-protocol; rounds of
 * the two are interleaved and their medians compared. Without --peer the ratio is to what that
 * package took on the machine of the first measurement, which another can only take as a hint.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { tuneEngine } from "../../src/core/engine.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import { PeerSide } from "./peer.ts";
import { OurSide, type Pass, readStreams, type Stream } from "./stream.ts";

/** fast-protocol on the FORTS stream, as the issue has it, ns per message. */
const PEER_PUBLISHED_NS = 7530;
/** mFAST's generic C++ decoder, as its authors publish it, ns per message. */
const MFAST_NS = 290;
const SPEEDUP_WANTED = 10;

/** Something that decodes the stream once. */
interface Side {
  pass(): Pass;
}

/** Sizes of a run. */
export interface BenchOptions {
  readonly data: string;
  readonly peer: string | null;
  readonly rounds: number;
  readonly roundMs: number;
}

/** Median ns per message of one side, with what a pass gave. */
export interface Figure {
  readonly ns: number;
  readonly pass: Pass;
}

/** One stream's figures. */
export interface StreamResult {
  readonly name: string;
  readonly bytes: number;
  readonly ours: Figure;
  readonly peer: Figure | null;
  /** True when a peer was given and threw on this stream. */
  readonly isPeerLost: boolean;
}

/** Measures every stream. */
export function bench(options: BenchOptions): StreamResult[] {
  return readStreams(options.data).map((stream) => benchStream(stream, options));
}

function benchStream(stream: Stream, options: BenchOptions): StreamResult {
  const sides: Side[] = [new OurSide(stream)];
  const peerSide = options.peer === null ? null : usable(new PeerSide(options.peer, stream));
  if (peerSide !== null) sides.push(peerSide);
  const passes = sides.map((side) => warm(side, options.roundMs));
  const rounds: number[][] = sides.map(() => []);
  for (let round = 0; round < options.rounds; round++) {
    sides.forEach((side, i) => {
      rounds[i]?.push(nsPerMessage(side, options.roundMs));
    });
  }
  const figures = passes.map((pass, i) => ({ ns: median(rounds[i] ?? []), pass }));
  const [ours, peer] = figures;
  return {
    name: stream.name,
    bytes: stream.bytes.length,
    ours: ours as Figure, // There is always our side.
    peer: peer ?? null,
    isPeerLost: options.peer !== null && peerSide === null,
  };
}

/** The peer, unless it cannot decode the stream. */
function usable(side: Side): Side | null {
  try {
    side.pass();
    side.pass();
    return side;
  } catch {
    return null;
  }
}

function warm(side: Side, roundMs: number): Pass {
  nsPerMessage(side, roundMs);
  return side.pass();
}

function nsPerMessage(side: Side, roundMs: number): number {
  const start = performance.now();
  let messages = 0;
  let elapsed = 0;
  do {
    messages += side.pass().messages;
    elapsed = performance.now() - start;
  } while (elapsed < roundMs);
  return (elapsed * 1e6) / messages;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** A line for a stream. */
export function resultText({ name, bytes, ours, peer, isPeerLost }: StreamResult): string {
  const { ns, pass } = ours;
  const perEntry =
    pass.entries > 0 ? `, ${(ns * (pass.messages / pass.entries)).toFixed(1)} an entry` : "";
  const lines = [
    `${name}: ${ns.toFixed(0)} ns a message${perEntry}, ` +
      `${((ns * pass.messages) / bytes).toFixed(2)} a byte, checksum ${pass.checksum}`,
    `  mFAST's published ${MFAST_NS} ns: ${(ns / MFAST_NS).toFixed(2)} times that`,
  ];
  if (peer !== null) {
    const isSame = peer.pass.checksum === pass.checksum;
    const ratio = peer.ns / ns;
    const verdict = ratio >= SPEEDUP_WANTED ? "as wanted" : `less than ${SPEEDUP_WANTED}`;
    lines.push(
      `  fast-protocol ${peer.ns.toFixed(0)} ns in the same run: ours is ${ratio.toFixed(1)} times ` +
        `as fast, ${verdict}${isSame ? "" : "; its checksum differs"}`,
    );
  } else if (isPeerLost) {
    lines.push("  fast-protocol cannot decode this stream");
  } else if (name === "FORTS increments") {
    const ratio = (PEER_PUBLISHED_NS / ns).toFixed(1);
    lines.push(
      `  fast-protocol's earlier ${PEER_PUBLISHED_NS} ns, not in this run: ${ratio} times as fast`,
    );
  }
  return lines.join("\n");
}

function main(): void {
  const { values } = parseArgs({
    options: {
      data: { type: "string", default: join(PACKAGE_ROOT, "..", "shared", "data", "fast") },
      peer: { type: "string" },
      rounds: { type: "string", default: "7" },
      ms: { type: "string", default: "500" },
    },
  });
  const options = {
    data: values.data,
    peer: values.peer ?? null,
    rounds: Number(values.rounds),
    roundMs: Number(values.ms),
  };
  for (const result of bench(options)) process.stdout.write(`${resultText(result)}\n`);
}

if (process.argv[1] === import.meta.filename) {
  tuneEngine();
  main();
}
