/** Tries the calls about the calling thread on a thread that may be spoilt. */
import { readdirSync, readFileSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { loadNative } from "../../src/core/native.ts";

const native = loadNative();
if (native === null) throw new Error("addon not built");

/** What a call did: its result, or its error's message. */
function outcome(call: () => unknown): unknown {
  try {
    return call() ?? "done";
  } catch (error) {
    return (error as Error).message;
  }
}

function threadNames(): string[] {
  return readdirSync("/proc/self/task").map((tid) =>
    readFileSync(`/proc/self/task/${tid}/comm`, "utf8").trim(),
  );
}

const allowed = native.allowedCpus();
const pinned = allowed.map((cpu) => {
  native.pinThread(cpu);
  return native.allowedCpus();
});
parentPort?.postMessage({
  allowed,
  pinned,
  pinAbsent: outcome(() => native.pinThread(1023)),
  pinTooHigh: outcome(() => native.pinThread(1024)),
  pinNegative: outcome(() => native.pinThread(-1)),
  fifoLow: outcome(() => native.setFifo(0)),
  fifoHigh: outcome(() => native.setFifo(100)),
  fifo: outcome(() => native.setFifo(1)),
  name: outcome(() => native.setThreadName("nyq-fifteen-byt")),
  names: threadNames(),
  nameLong: outcome(() => native.setThreadName("nyq-sixteen-byte")),
  nameNul: outcome(() => native.setThreadName("a\0b")),
});
