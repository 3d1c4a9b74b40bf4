import test from "ava";
import { connectBoth } from "../../src/client/both.ts";
import { ClientBooks } from "../../src/client/client-book.ts";
import { RawClient } from "../../src/client/raw-client.ts";
import { C } from "../../src/metrics/counter-table.ts";
import { Harness, TestClient, turns, until } from "../publish/harness.ts";

test("a client that loses its connection comes back with its last cursor + 1", async (t) => {
  const harness = new Harness();
  await harness.start();
  harness.churn(500);
  await until(() => harness.endpoint.state().cursor === 500);
  const client = new TestClient(harness.url, "snapshot", { reconnect: true });
  await client.client.connect();
  for (let round = 0; round < 5; round++) {
    harness.churn(200);
    await until(() => client.books.cursor === harness.head);
    client.client.drop();
    // While it is away.
    harness.churn(300);
    await until(() => client.books.cursor === harness.head);
  }
  t.is(client.error, "");
  t.is(client.books.duplicates, 0);
  t.is(client.books.hash, harness.core.hashHex());
  t.is(client.closes.length, 5);
  t.is(harness.counters.get(C.ENDPOINT_SNAPSHOTS), 1);
  t.is(harness.counters.get(C.ENDPOINT_RESUMES), 5);
  client.client.close();
  await harness.stop();
});

test("a client that heard no live frame yet takes its snapshot again", async (t) => {
  const harness = new Harness();
  await harness.start();
  harness.churn(500);
  await until(() => harness.endpoint.state().cursor === 500);
  const client = new TestClient(harness.url, "snapshot", { reconnect: true });
  await client.client.connect();
  await until(() => client.frames.at(-1)?.type === "SNAPSHOT_END");
  client.client.drop();
  await until(() => harness.counters.get(C.ENDPOINT_SNAPSHOTS) === 2);
  harness.churn(100);
  await until(() => client.books.cursor === harness.head);
  t.is(client.error, "");
  t.is(client.books.hash, harness.core.hashHex());
  client.client.close();
  await harness.stop();
});

test("a refused handshake ends the client with FEED_CLIENT", async (t) => {
  const harness = new Harness({ token: "secret-token" });
  await harness.start();
  const wrong = new RawClient({ url: harness.url, token: "wrong-token" }, {});
  await t.throwsAsync(wrong.connect(), { code: "FEED_CLIENT", message: /answered 401/ });
  t.is(harness.counters.get(C.ENDPOINT_REFUSED_TOKEN), 1, "it does not try again");
  await harness.stop();
});

test("a full server is tried again until it has room", async (t) => {
  const harness = new Harness({ maxClients: 1 });
  await harness.start();
  const first = new TestClient(harness.url, "live");
  await first.client.connect();
  const second = new TestClient(harness.url, "live", { reconnect: true });
  const opened = second.client.connect();
  await until(() => harness.counters.get(C.ENDPOINT_REFUSED_FULL) >= 2);
  first.client.close();
  await t.notThrowsAsync(opened);
  second.client.close();
  await harness.stop();
});

test("a client that was closed stays closed", async (t) => {
  const harness = new Harness();
  await harness.start();
  const client = new TestClient(harness.url, "live", { reconnect: true });
  await client.client.connect();
  client.client.close();
  await until(() => client.closes.length === 1);
  await turns(30);
  t.is(harness.counters.get(C.ENDPOINT_ACCEPTED), 1);
  await harness.stop();
});

test("two endpoints as one: either may fail, nothing is lost and nothing comes twice", async (t) => {
  const harness = new Harness({}, {}, 5);
  await harness.start();
  harness.churn(500);
  await until(() => harness.endpoint.state().cursor === 500);
  const books = new ClientBooks();
  const errors: unknown[] = [];
  const both = await connectBoth(
    { url: harness.url, start: "snapshot", retryMs: 5 },
    { url: harness.urlB, retryMs: 5 },
    {
      onBytes(bytes) {
        try {
          books.applyBytes(bytes);
        } catch (error) {
          errors.push(error);
        }
      },
    },
  );
  for (let round = 0; round < 12; round++) {
    harness.churn(100);
    await until(() => books.cursor === harness.head);
    if (round % 4 === 1) both.a.drop();
    if (round % 4 === 3) both.b()?.drop();
  }
  t.deepEqual(errors, []);
  t.is(books.duplicates, 0);
  t.is(books.hash, harness.core.hashHex());
  t.true(harness.endpoint.state().clients.some((row) => row.endpoint === "b"));
  both.close();
  await harness.stop();
});

test("two endpoints as one: one that gives up is told only when the other is gone too", async (t) => {
  const harness = new Harness();
  await harness.start();
  const books = new ClientBooks();
  const errors: string[] = [];
  const options = { retryMs: 5, reconnect: false };
  const both = await connectBoth(
    { ...options, url: harness.url, start: "snapshot" },
    { ...options, url: harness.urlB },
    { onBytes: (bytes) => books.applyBytes(bytes), onError: (error) => errors.push(error.message) },
  );
  await until(() => harness.endpoint.state().clients.length === 1);
  harness.churn(100);
  await until(() => harness.endpoint.state().clients.length === 2);
  both.a.drop();
  await until(() => harness.endpoint.state().clients.length === 1);
  harness.churn(100);
  await until(() => books.cursor === harness.head);
  await turns();
  t.deepEqual(errors, [], "B goes on");
  both.b()?.drop();
  await until(() => errors.length > 0);
  t.is(errors.length, 1);
  t.true(errors[0]?.includes(harness.urlB), errors[0]);
  await harness.stop();
});
