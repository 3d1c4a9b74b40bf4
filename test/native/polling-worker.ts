/** Opens a receiver, gives its region's id up, says so and polls until it is terminated. */
import { parentPort } from "node:worker_threads";
import { loadNative } from "../../src/core/native.ts";
import { goodOptions } from "./native-or-skip.ts";

const native = loadNative();
if (native === null) throw new Error("addon not built");
const options = goodOptions(native);
const receiver = native.openReceiver(options);
const map = native.regionMap(options.regionId);
native.regionRelease(options.regionId);
parentPort?.postMessage(map.byteLength);
const frames = new Int32Array(64);
const out = new Int32Array(6 * 64);
const drops = new Int32Array(2);
for (;;) receiver.poll(frames, 64, out, drops);
