/** Maps a region in a thread of its own and adds to its first word, one by one. */
import { parentPort, workerData } from "node:worker_threads";
import { loadNative } from "../../src/core/native.ts";

const { id, count } = workerData as { id: number; count: number };
const native = loadNative();
if (native === null) throw new Error("addon not built");
const words = new Int32Array(native.regionMap(id));
for (let i = 0; i < count; i++) Atomics.add(words, 0, 1);
parentPort?.postMessage(words.length);
