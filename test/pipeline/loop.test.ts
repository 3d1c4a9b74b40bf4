/** The evented loop: what it gives back to the event loop, and when it ends. */
import test from "ava";
import { MonotonicClock, takeOrigin } from "../../src/core/clock.ts";
import type { Source } from "../../src/core/sinks.ts";
import { Duty, runEvented, THREAD_STATUS_DOUBLES } from "../../src/pipeline/loop.ts";
import { StopPhase, StopWord, takeStopWord } from "../../src/pipeline/stop.ts";

/** Has work for some cycles, then none; finished when told. */
class Spring implements Source {
  cycles = 0;
  busyCycles: number;
  finished = false;

  constructor(busyCycles: number) {
    this.busyCycles = busyCycles;
  }

  doWork(): number {
    this.cycles++;
    if (this.busyCycles === 0) return 0;
    this.busyCycles--;
    return 1;
  }

  tick(): void {}

  isFinished(): boolean {
    return this.finished;
  }
}

function dutyOf(source: Source): Duty {
  const clock = new MonotonicClock(takeOrigin());
  return new Duty(clock, [source], [], new Float64Array(THREAD_STATUS_DOUBLES));
}

test("a busy thread lets the event loop turn, and ends when everything is done", async (t) => {
  const source = new Spring(Number.POSITIVE_INFINITY);
  const running = runEvented(dutyOf(source), false, new StopWord(takeStopWord()));
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve, 1));
  t.true(source.cycles > 16);
  source.busyCycles = 5;
  source.finished = true;
  await running;
  t.is(source.busyCycles, 0);
});

test("an idle thread looks again and again until it is told to give up", async (t) => {
  const source = new Spring(0);
  const stop = new StopWord(takeStopWord());
  const running = runEvented(dutyOf(source), false, stop);
  while (source.cycles < 5) await new Promise((resolve) => setTimeout(resolve, 1));
  source.busyCycles = 3;
  while (source.busyCycles > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  stop.raise(StopPhase.NOW);
  await running;
  const { cycles } = source;
  await new Promise((resolve) => setTimeout(resolve, 5));
  t.is(source.cycles, cycles);
});

test("a cycle that fails ends the loop with its error", async (t) => {
  const source = new Spring(1);
  source.tick = () => {
    throw new Error("planted");
  };
  const running = runEvented(dutyOf(source), true, new StopWord(takeStopWord()));
  await t.throwsAsync(running, { message: "planted" });
});
