/**
 * Waits until planned time has come. When the sender has fallen behind (a stall, a slow source),
 * the
 * plan is moved instead of being caught up with in a burst: a receiver's socket never gets more
 * than SLACK_NS of packets at once beyond the asked rate. Thread: the sender's.
 */
import { setTimeout as sleep } from "node:timers/promises";

/** How far behind the plan the sender may be and still catch up, ns. */
const SLACK_NS = 5e6;
/** Below this a timer is too coarse, and sending a little early does no harm, ns. */
const NEAR_NS = 0.2e6;
const SLEEP_MS_MAX = 50;

/** Maps planned time to this machine's. */
export class Pacer {
  #originNs = Number.NaN;

  /** Planned time now; 0 before the first wait. */
  nowNs(): number {
    return Number.isNaN(this.#originNs) ? 0 : performance.now() * 1e6 - this.#originNs;
  }

  /** True when `dueNs` has come, or is as near as timers reach. */
  isDue(dueNs: number): boolean {
    return dueNs - this.nowNs() <= NEAR_NS;
  }

  /** Waits until `dueNs`, or until the signal is raised. */
  async until(dueNs: number, signal: AbortSignal | undefined): Promise<void> {
    if (Number.isNaN(this.#originNs)) this.#originNs = performance.now() * 1e6 - dueNs;
    const behindNs = this.nowNs() - dueNs;
    if (behindNs > SLACK_NS) this.#originNs += behindNs - SLACK_NS;
    while (!this.isDue(dueNs) && signal?.aborted !== true) {
      const ms = (dueNs - this.nowNs()) / 1e6;
      await sleep(Math.min(SLEEP_MS_MAX, Math.max(1, Math.floor(ms))));
    }
  }
}
