/** The functions of a CPU profile by their own time. Pure. */
import type { Profiler } from "node:inspector";

/** One function, all its calls together. */
export interface SelfTime {
  readonly name: string;
  /** File name and line; empty for V8's own. */
  readonly place: string;
  readonly ms: number;
  /** Of the profile's whole time, 0 to 1. */
  readonly share: number;
}

/** The `count` functions with the most time of their own, most first. */
export function topOf(profile: Profiler.Profile, count: number): SelfTime[] {
  const places = new Map(
    profile.nodes.map(({ id, callFrame }) => [id, { name: callFrame.functionName, ...callFrame }]),
  );
  const times = new Map<string, { name: string; place: string; us: number }>();
  let totalUs = 0;
  const deltas = profile.timeDeltas ?? [];
  for (const [i, node] of (profile.samples ?? []).entries()) {
    // A sample stands until the next one.
    const us = deltas[i + 1] ?? 0;
    const frame = places.get(node);
    if (frame === undefined) continue;
    const file = frame.url.slice(frame.url.lastIndexOf("/") + 1);
    const place = file === "" ? "" : `${file}:${frame.lineNumber + 1}`;
    const name = frame.name === "" ? "(anonymous)" : frame.name;
    const key = `${name} ${place}`;
    const entry = times.get(key) ?? { name, place, us: 0 };
    entry.us += us;
    totalUs += us;
    times.set(key, entry);
  }
  return [...times.values()]
    .sort((a, b) => b.us - a.us)
    .slice(0, count)
    .map(({ name, place, us }) => ({ name, place, ms: us / 1000, share: us / totalUs }));
}

/** The same as text. */
export function topText(title: string, rows: readonly SelfTime[]): string {
  return [
    title,
    ...rows.map(
      ({ name, place, ms, share }) =>
        `  ${(share * 100).toFixed(1).padStart(5)} %  ${ms.toFixed(0).padStart(6)} ms  ` +
        `${name}  ${place}`.trimEnd(),
    ),
  ].join("\n");
}
