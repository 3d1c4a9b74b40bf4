/** Every target with its corpus, in the order in which they run. */
import {
  admissionTarget,
  clientTarget,
  repairFrame,
  someFrames,
  someHandshakes,
} from "./client.ts";
import { configTarget, presets } from "./config.ts";
import { captures, kept, repairPacket, someBlocks, somePacket } from "./corpus.ts";
import { fastTargets } from "./fast.ts";
import { pipelineTarget, unbelievableTarget } from "./pipeline.ts";
import type { Random } from "./random.ts";
import {
  eobiTarget,
  recordsTarget,
  repairEobi,
  someEobi,
  someSoup,
  soupTarget,
} from "./records.ts";
import { binaryFileTarget, captureTarget, type FuzzTarget, packetTarget } from "./targets.ts";

/** All targets; their stateful ones draw from `random` too. */
export function fuzzTargets(random: Random): FuzzTarget[] {
  const several = (make: () => Uint8Array): Uint8Array[] => Array.from({ length: 12 }, make);
  const packets = several(() => somePacket(random));
  const blocks = several(() => someBlocks(random, 1 + random.below(200)).bytes);
  const datagrams = { corpus: [...packets, ...kept("packet")], repair: repairPacket };
  return [
    { name: "packet", run: packetTarget(), ...datagrams },
    { name: "capture", run: captureTarget(), corpus: [...captures(random), ...kept("capture")] },
    { name: "itch", run: binaryFileTarget(), corpus: [...blocks, ...kept("itch")] },
    {
      name: "records",
      run: recordsTarget(),
      corpus: [...several(() => someEobi(random)), ...datagrams.corpus],
      repair: repairEobi,
    },
    {
      name: "eobi",
      run: eobiTarget(),
      corpus: several(() => someEobi(random)),
      repair: repairEobi,
    },
    { name: "soup", run: soupTarget(random), corpus: several(() => someSoup(random)) },
    { name: "pipeline", run: pipelineTarget(random.word()), ...datagrams },
    { name: "unbelievable", run: unbelievableTarget(random.word()), ...datagrams },
    {
      name: "client",
      run: clientTarget(random.word()),
      corpus: [...someFrames(random), ...kept("client")],
      repair: repairFrame,
    },
    {
      name: "admission",
      run: admissionTarget(random.word()),
      corpus: [...someHandshakes(), ...kept("admission")],
    },
    {
      name: "config",
      run: configTarget(random.word()),
      corpus: [...presets(), ...kept("config")],
    },
    ...fastTargets(random),
  ];
}
