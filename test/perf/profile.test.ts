/** The profilers at smoke size: a file a thread that DevTools would take, and what they say. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import type { Profiler } from "node:inspector";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { topOf } from "../../perf/profile/top.ts";
import { loadNative, nativeMissing } from "../../src/core/native.ts";
import { PACKAGE_ROOT } from "../../src/core/root.ts";

const FOLDER = join(PACKAGE_ROOT, "dist", "perf", "profile");

function node(file: string, ...args: string[]): { status: number | null; text: string } {
  const env = { ...process.env, NYQ_CHECKED: "", PATH: "" };
  const run = spawnSync(process.execPath, [join(FOLDER, file), ...args], { env });
  return { status: run.status, text: `${run.stdout}${run.stderr}` };
}

function profilesOf(placement: string): { names: string[]; profiles: Profiler.Profile[] } {
  const out = mkdtempSync(join(tmpdir(), "nyq-profile-"));
  try {
    const args = ["--placement", placement, "--seconds", "1", "--mps", "10000", "--out", out];
    const { status, text } = node("run.js", ...args);
    if (status !== 0) throw new Error(text);
    const names = readdirSync(out).sort();
    const profiles = names.map(
      (name) => JSON.parse(readFileSync(join(out, name), "utf8")) as Profiler.Profile,
    );
    return { names, profiles };
  } finally {
    rmSync(out, { recursive: true });
  }
}

function isWhole(profile: Profiler.Profile): boolean {
  const ids = new Set(profile.nodes.map(({ id }) => id));
  const samples = profile.samples ?? [];
  return (
    samples.length > 0 &&
    samples.length === profile.timeDeltas?.length &&
    samples.every((id) => ids.has(id)) &&
    profile.endTime > profile.startTime
  );
}

test.serial("each thread leaves a profile with the name of its stage", (t) => {
  if (loadNative() === null) {
    t.log(`skipped: threads without an event loop need the addon: ${nativeMissing()}`);
    t.pass();
    return;
  }
  const { names, profiles } = profilesOf("threads");
  const stages = ["book", "decode", "endpoint", "merge", "publish", "rx.a", "rx.b"];
  t.deepEqual(
    names,
    stages.map((stage) => `${stage}.cpuprofile`),
  );
  t.true(profiles.every(isWhole));
  const functions = profiles.flatMap(({ nodes }) =>
    nodes.map((node) => node.callFrame.functionName),
  );
  // Which of them a sampler meets on a busy machine is chance; one of the loop's it does meet.
  const loop = ["runSpinning", "cycle", "doWork", "idle", "tick"];
  t.true(loop.some((name) => functions.includes(name)));
});

test.serial("the inline feed leaves one profile with the names of all its stages", (t) => {
  const { names, profiles } = profilesOf("inline");
  t.deepEqual(names, ["rx.a+rx.b+merge+decode+book+publish+endpoint.cpuprofile"]);
  t.true(profiles.every(isWhole));
});

test("without clinic the clinic verb says how to install it and ends with 4", (t) => {
  const { status, text } = node("clinic.js", "doctor");
  t.is(status, 4);
  t.regex(text, /npm install --prefix \S+ clinic@13/);
});

test("the clinic verb refuses other tools, more than one, and bad numbers", (t) => {
  for (const args of [[], ["heapprofiler"], ["doctor", "flame"], ["doctor", "--seconds", "x"]]) {
    t.is(node("clinic.js", ...args).status, 2);
  }
});

test("a function's own time is that of its samples, all its call sites together", (t) => {
  const frame = (functionName: string) => ({
    ...{ functionName, scriptId: "1", columnNumber: 0 },
    ...{ url: functionName === "f" ? "file:///a/b.js" : "", lineNumber: 9 },
  });
  const top = topOf(
    {
      nodes: [
        { id: 1, callFrame: frame("(root)") },
        { id: 2, callFrame: frame("f") },
        { id: 3, callFrame: frame("f") },
        { id: 4, callFrame: frame("") },
      ],
      startTime: 0,
      endTime: 1000,
      samples: [1, 2, 3, 4],
      timeDeltas: [0, 100, 300, 500],
    },
    2,
  );
  t.deepEqual(
    top.map(({ name, place, ms }) => [name, place, ms]),
    [
      ["f", "b.js:10", 0.8],
      ["(root)", "", 0.1],
    ],
  );
});
