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
import { eobiRecoveryTarget, someCycle } from "./eobi-recovery.ts";
import { fastTargets } from "./fast.ts";
import { pipelineTarget, unbelievableTarget } from "./pipeline.ts";
import { blockPlaces, eobiPlaces, moldPlaces, soupPlaces } from "./places.ts";
import { Random } from "./random.ts";
import {
  eobiTarget,
  recordsTarget,
  repairEobi,
  someEobi,
  someSoup,
  soupTarget,
} from "./records.ts";
import { soupSessionTarget } from "./soup-session.ts";
import { eobiScript, eobiStageTarget } from "./stages.ts";
import { binaryFileTarget, captureTarget, type FuzzTarget, packetTarget } from "./targets.ts";

/** All targets; their stateful ones draw from `random` too. */
export function fuzzTargets(random: Random): FuzzTarget[] {
  const several = (make: () => Uint8Array): Uint8Array[] => Array.from({ length: 12 }, make);
  const packets = several(() => somePacket(random));
  const blocks = several(() => someBlocks(random, 1 + random.below(200)).bytes);
  const datagrams = {
    corpus: [...packets, ...kept("packet")],
    repair: repairPacket,
    places: moldPlaces,
  };
  const soups = [...several(() => someSoup(random)), ...kept("soup")];
  const streams = { corpus: soups, places: soupPlaces };
  return [
    { name: "packet", run: packetTarget(), ...datagrams },
    { name: "capture", run: captureTarget(), corpus: [...captures(random), ...kept("capture")] },
    {
      name: "itch",
      run: binaryFileTarget(),
      corpus: [...blocks, ...kept("itch")],
      places: (bytes) => blockPlaces(bytes),
    },
    {
      name: "records",
      run: recordsTarget(),
      corpus: [...several(() => someEobi(random)), ...datagrams.corpus, ...kept("records")],
      repair: repairEobi,
      places: (bytes) => (bytes[0] === 32 && bytes[3] === 0x32 ? eobiPlaces : moldPlaces)(bytes),
    },
    ...eobiTargets(random),
    { name: "soup", run: soupTarget(new Random(random.word())), ...streams },
    { name: "soup-session", run: soupSessionTarget(new Random(random.word())), ...streams },
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

/** EOBI's decoder by itself, with its snapshot channel, and in the midst of a day. */
function eobiTargets(random: Random): FuzzTarget[] {
  const several = (make: () => Uint8Array): Uint8Array[] => Array.from({ length: 12 }, make);
  const eobiDay = eobiScript(random);
  return [
    {
      name: "eobi",
      run: eobiTarget(),
      corpus: [...several(() => someEobi(random)), ...kept("eobi")],
      repair: repairEobi,
      places: eobiPlaces,
    },
    {
      name: "eobi-recovery",
      run: eobiRecoveryTarget(new Random(random.word())),
      corpus: [...several(() => someCycle(random)), ...kept("eobi-recovery")],
      repair: repairEobi,
      places: eobiPlaces,
    },
    {
      name: "eobi-stage",
      run: eobiStageTarget(eobiDay, new Random(random.word())),
      corpus: [...eobiDay.map(({ bytes }) => bytes), ...kept("eobi"), ...kept("eobi-stage")],
      repair: repairEobi,
      places: eobiPlaces,
    },
  ];
}
