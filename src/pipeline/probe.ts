/**
 * A probe: code of a measuring tool (perf/soak, perf/profile) that a pipeline thread loads before
 * its loop and ends after it, because nothing outside can talk to a thread that spins. None is
 * loaded unless a tool asks for it. Thread: the one it looks at.
 */
import type { PipelineThread } from "./thread.ts";

/** Which probe every thread loads. */
export interface ProbeSpec {
  /** URL of a module that is a ProbeModule. */
  readonly module: string;
  /** Handed to it; whatever survives a structured clone. */
  readonly options: unknown;
}

/** What looks at one thread. */
export interface Probe {
  /** The thread's loop has ended; everything is to be written down when this resolves. */
  finish(): Promise<void>;
}

/** What the module of a probe exports. */
export interface ProbeModule {
  /** The thread is built and open; its loop starts when this resolves. */
  startProbe(thread: PipelineThread, options: unknown): Promise<Probe>;
}

/** Starts the probe that was asked for. @returns null when none was */
export async function startProbe(
  spec: ProbeSpec | null,
  thread: PipelineThread,
): Promise<Probe | null> {
  if (spec === null) return null;
  // The tool names its own module, so nothing can be checked beforehand.
  const module = (await import(spec.module)) as ProbeModule;
  return module.startProbe(thread, spec.options);
}
