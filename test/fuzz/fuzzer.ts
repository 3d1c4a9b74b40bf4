/** Runs a target on many cases made from its corpus; stops at the first that breaks a promise. */
import { mutate, noise } from "./mutate.ts";
import { mutatePlaces } from "./places.ts";
import type { Random } from "./random.ts";
import type { FuzzTarget } from "./targets.ts";

/** A case that broke a promise. */
export class FuzzFailure extends Error {
  /** The bytes that did it; to be kept under test/fixtures/corpus/<target>/. */
  readonly bytes: Uint8Array;

  constructor(target: string, index: number, bytes: Uint8Array, cause: unknown) {
    const what = cause instanceof Error ? cause.message : String(cause);
    const hex = Buffer.from(bytes.subarray(0, 256)).toString("hex");
    super(`${target}, case ${index}: ${what}\n${bytes.length} bytes: ${hex}`, { cause });
    this.name = "FuzzFailure";
    this.bytes = bytes;
  }
}

/**
 * Runs `count` cases.
 *
 * @param onProgress called every 10,000 cases
 * @throws FuzzFailure
 */
export function fuzz(
  target: FuzzTarget,
  count: number,
  random: Random,
  onProgress: (done: number) => void = () => undefined,
): void {
  const { repair } = target;
  for (let i = 0; i < count; i++) {
    let bytes = nextCase(target, random, i);
    if (repair && random.oneIn(2)) bytes = repair(bytes);
    try {
      target.run(bytes);
    } catch (error) {
      throw new FuzzFailure(target.name, i, bytes, error);
    }
    if (i % 10_000 === 9_999) onProgress(i + 1);
  }
}

/** First the corpus as it stands, then its mutations, now and then plain noise. */
function nextCase({ corpus, places }: FuzzTarget, random: Random, index: number): Uint8Array {
  if (index < corpus.length) return corpus[index] as Uint8Array;
  if (random.oneIn(50)) return noise(random);
  const good = corpus[random.below(corpus.length)] as Uint8Array;
  const other = corpus[random.below(corpus.length)] as Uint8Array;
  if (places === undefined || random.oneIn(2)) return mutate(good, other, random);
  const structured = mutatePlaces(good, places(good), random);
  return random.oneIn(4) ? mutate(structured, other, random) : structured;
}
