/**
 * Loaded into a measured process by --import: at its exit, says on descriptor 3 what it took.
 * VmHWM and not getrusage: the latter's peak is inherited from the process that forked.
 */
import { readFileSync, writeSync } from "node:fs";

process.once("exit", () => {
  const status = readFileSync("/proc/self/status", "utf8");
  const peakBytes = 1024 * Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]);
  const { user, system } = process.cpuUsage();
  writeSync(3, JSON.stringify({ peakBytes, cpuUs: user + system }));
});
