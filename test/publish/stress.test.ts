import { Worker } from "node:worker_threads";
import test from "ava";
import { takeBus } from "../../src/core/bus.ts";
import { RecordRingReader, takeRecordRing } from "../../src/core/record-ring.ts";
import { C } from "../../src/metrics/counter-table.ts";
import { IMAGE_REQUEST_BYTES, ImageReader } from "../../src/publish/image.ts";
import { seeded } from "../seed.ts";
import { Harness, TestClient, until } from "./harness.ts";
import type { StressData } from "./stress-worker.ts";

for (const [busFrames, ringBytes, burst, frames] of [
  [65_536, 1 << 20, 400, 150_000],
  [2048, 1 << 16, 100, 30_000],
] as const) {
  test.serial(
    `a bus of ${busFrames} frames, written by another thread: right or closed`,
    async (t) => {
      const { seed } = seeded(t, 1);
      const data: StressData = {
        bus: takeBus(busFrames, null),
        images: takeRecordRing(ringBytes),
        request: new SharedArrayBuffer(IMAGE_REQUEST_BYTES),
        stop: new SharedArrayBuffer(4),
        seed: seed & 0xffff,
        burst,
      };
      const imageSource = new ImageReader(new RecordRingReader(data.images), data.request);
      const harness = new Harness({}, { imageSource }, 1, data.bus);
      const worker = new Worker(new URL("./stress-worker.js", import.meta.url), {
        workerData: data,
      });
      const last = new Promise<{ hash: string; head: number }>((resolve, reject) => {
        worker.once("message", resolve).once("error", reject);
      });
      await harness.start();
      // Each client joins by snapshot, as often as it is closed for being overrun.
      const clients: TestClient[] = [];
      let ended = 0;
      const join = async (slot: number): Promise<void> => {
        const client = new TestClient(slot % 2 === 0 ? harness.url : harness.urlB, "snapshot");
        clients[slot] = client;
        await client.client.connect().catch(() => undefined);
      };
      const rejoinClosed = async (): Promise<void> => {
        for (const [slot, client] of clients.entries()) {
          t.is(client.error, "");
          if (client.closes.length === 0) continue;
          ended++;
          await join(slot);
        }
      };
      for (let slot = 0; slot < 4; slot++) await join(slot);
      const from = harness.counters.get(C.ENDPOINT_FRAMES);
      while (harness.counters.get(C.ENDPOINT_FRAMES) < from + frames) {
        await rejoinClosed();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      Atomics.store(new Int32Array(data.stop), 0, 1);
      const { hash, head } = await last;
      await until(() => {
        const state = harness.endpoint.state();
        return !state.overrun && state.cursor === head;
      });
      const hasAll = (client: TestClient): boolean => {
        const lastType = client.frames.at(-1)?.type;
        return client.books.cursor === head || lastType === "SNAPSHOT_END";
      };
      while (!clients.every((client) => client.closes.length === 0 && hasAll(client))) {
        await rejoinClosed();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      t.is(harness.endpoint.state().bookHash, hash);
      t.is(harness.counters.get(C.ENDPOINT_UNAPPLIED), 0);
      for (const client of clients) {
        t.is(client.error, "");
        t.is(client.books.hash, hash);
        t.is(client.books.duplicates, 0);
      }
      t.log(
        `${head} frames, ${harness.counters.get(C.ENDPOINT_OVERRUNS)} overruns, ` +
          `${harness.counters.get(C.ENDPOINT_REBUILDS)} rebuilds, ${ended} clients closed`,
      );
      Atomics.store(new Int32Array(data.stop), 0, 2);
      await harness.stop();
    },
  );
}
