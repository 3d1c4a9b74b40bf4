/** The addon for tests, with the reason in the log where it is not built. */
import type { ExecutionContext } from "ava";
import type { Native, ReceiverOptions } from "../../src/core/native.ts";
import { loadNative, nativeMissing } from "../../src/core/native.ts";

/** The addon, or null after the test was passed with the reason logged. */
export function nativeOrSkip(t: ExecutionContext): Native | null {
  const native = loadNative();
  if (native === null) {
    t.log(`skipped: native addon not built (${nativeMissing()})`);
    t.pass();
  }
  return native;
}

let nextPort = 20_000 + ((process.pid * 16) % 20_000);

/** A port and group that no other test process uses at the same time, most likely. */
export function freshGroup(): { group: string; port: number } {
  nextPort++;
  return { group: `239.77.${process.pid & 255}.${nextPort & 255}`, port: nextPort };
}

/** Receiver options that work; a test changes one of them. */
export function goodOptions(native: Native): ReceiverOptions {
  return {
    ...freshGroup(),
    iface: "127.0.0.1",
    regionId: native.regionCreate(256 * 2048),
    frameBytes: 2048,
    frameCount: 256,
    batch: 64,
    rcvbufBytes: 0,
    timestamps: 0,
    busyPollUs: 0,
  };
}
