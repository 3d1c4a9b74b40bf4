/**
 * The profiler's probe: a CPU profile of the thread it is on, from inside, because nothing outside
 * can stop the profile of a thread that spins. Thread: each of the feed's.
 */
import { writeFileSync } from "node:fs";
import { type Profiler, Session } from "node:inspector";
import { join } from "node:path";
import type { Clock } from "../../src/core/clock.ts";
import type { Stage } from "../../src/core/sinks.ts";
import type { Probe } from "../../src/pipeline/probe.ts";
import type { PipelineThread } from "../../src/pipeline/thread.ts";

/** What the probe of every thread is started with. */
export interface ProfileProbeOptions {
  /** Folder of the profiles. */
  readonly folder: string;
  /** Between two samples, µs. */
  readonly intervalUs: number;
  /** Not profiled at first, ns: compiling and start-up are not what is looked for. */
  readonly warmUpNs: number;
}

/** The file of a thread's profile: its stages, joined. */
export function profileName(stages: readonly string[]): string {
  return `${stages.join("+")}.cpuprofile`;
}

/** See ProbeModule. */
export async function startProbe(thread: PipelineThread, options: unknown): Promise<Probe> {
  const { folder, intervalUs, warmUpNs } = options as ProfileProbeOptions; // Made by run.ts.
  const { build } = thread;
  const session = new Session();
  session.connect();
  // A session of the own thread answers before post() returns, so nothing has to be awaited.
  session.post("Profiler.enable");
  session.post("Profiler.setSamplingInterval", { interval: intervalUs });
  const stage = new StartStage(session, build.clock, warmUpNs);
  build.stages.push(stage);
  const stages = build.plan.threads[build.index]?.stages ?? [];
  return {
    finish: async () => {
      if (!stage.started) return;
      const profile = await stopProfile(session);
      writeFileSync(join(folder, profileName(stages)), JSON.stringify(profile));
      session.disconnect();
    },
  };
}

function stopProfile(session: Session): Promise<Profiler.Profile> {
  return new Promise((resolve, reject) => {
    session.post("Profiler.stop", (error, answer) => {
      if (error === null) resolve(answer.profile);
      else reject(error);
    });
  });
}

/** Starts the profile once the thread is warm. */
class StartStage implements Stage {
  started = false;
  readonly #session: Session;
  readonly #clock: Clock;
  readonly #startNs: number;

  constructor(session: Session, clock: Clock, warmUpNs: number) {
    this.#session = session;
    this.#clock = clock;
    clock.update();
    this.#startNs = (clock.elapsedNs[0] as number) + warmUpNs;
  }

  tick(): void {
    if (this.started || (this.#clock.elapsedNs[0] as number) < this.#startNs) return;
    this.started = true;
    this.#session.post("Profiler.start");
  }
}
