/** Keeps the threads of a case apart: each on a cpu of its own, where the addon can say so. */
import { loadNative } from "../../../src/core/native.ts";

/**
 * Pins the calling thread to the `index`th of the cpus that it may use; does nothing without the
 * addon or without so many. Main calls it after its workers were started: they inherit its cpus.
 */
export function pinToNth(index: number): void {
  const native = loadNative();
  const cpu = native?.allowedCpus()[index];
  if (native !== null && cpu !== undefined) native.pinThread(cpu);
}
