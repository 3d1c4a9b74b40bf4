import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import test from "ava";
import { WebSocket } from "ws";
import { C } from "../../src/metrics/counter-table.ts";
import { Harness, TestClient, turns, until } from "./harness.ts";

/** Publishes in steps, so that sockets and the endpoint have their turns between them. */
async function publishInSteps(harness: Harness, steps: number, perStep: number): Promise<void> {
  for (let i = 0; i < steps; i++) {
    harness.churn(perStep);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test.serial("clients of A and B get the same bytes of every live frame", async (t) => {
  const harness = new Harness();
  await harness.start();
  const a = new TestClient(harness.url, "live");
  const b = new TestClient(harness.urlB, "live");
  await Promise.all([a.client.connect(), b.client.connect()]);
  await publishInSteps(harness, 20, 100);
  await until(() => a.frames.length === 2000 && b.frames.length === 2000);
  t.true(Buffer.concat(a.bytes).equals(Buffer.concat(b.bytes)));
  t.is(a.books.hash, harness.core.hashHex());
  t.deepEqual(
    harness.endpoint.state().clients.map((row) => [row.endpoint, row.id, row.cursor, row.lag]),
    [
      ["a", 1, 2000, 0],
      ["b", 2, 2000, 0],
    ],
  );
  await harness.stop();
});

test.serial(
  "a client that joins by snapshot under load loses nothing and gets nothing twice",
  async (t) => {
    const harness = new Harness({}, {}, 7);
    await harness.start();
    await publishInSteps(harness, 20, 500);
    const clients: TestClient[] = [];
    for (let i = 0; i < 6; i++) {
      const client = new TestClient(i % 2 === 0 ? harness.url : harness.urlB, "snapshot");
      clients.push(client);
      const joined = client.client.connect();
      await publishInSteps(harness, 10, 200);
      await joined;
    }
    await publishInSteps(harness, 10, 200);
    await until(() => clients.every((client) => client.books.cursor === harness.head));
    for (const client of clients) {
      t.is(client.error, "");
      t.is(client.books.duplicates, 0);
      t.is(client.books.hash, harness.core.hashHex());
      t.is(client.frames[0]?.type, "SNAPSHOT_START");
      const end = client.frames.findIndex((frame) => frame.type === "SNAPSHOT_END");
      t.true(
        client.frames.slice(1, end).every((f) => f.type === "SNAPSHOT_HDR" || f.type === "ADD"),
      );
      t.true(client.frames.slice(0, end + 1).every((f) => f.cursor === 0 && f.sequence === 0));
      const cursors = client.cursors();
      t.is(cursors.length, harness.head + 1 - (cursors[0] as number));
    }
    const state = harness.endpoint.state();
    t.is(state.bookHash, harness.core.hashHex());
    t.is(state.liveOrders, harness.core.liveOrders);
    t.is(state.instruments, harness.core.liveInstruments);
    t.is(harness.counters.get(C.ENDPOINT_UNAPPLIED), 0);
    await harness.stop();
  },
);

test.serial("a snapshot of empty books is START and END", async (t) => {
  const harness = new Harness();
  await harness.start();
  const client = new TestClient(harness.url, "snapshot");
  await client.client.connect();
  await until(() => client.frames.length === 2);
  t.deepEqual(
    client.frames.map((frame) => frame.type),
    ["SNAPSHOT_START", "SNAPSHOT_END"],
  );
  await harness.stop();
});

test.serial("a snapshot lists bids then asks, best price first, in queue order", async (t) => {
  const harness = new Harness();
  harness.add(9, 1, 1, 105, 1);
  harness.add(9, 2, 0, 100, 2);
  harness.add(9, 3, 0, 101, 3);
  harness.add(9, 4, 0, 100, 4);
  harness.add(9, 5, 1, 104, 5);
  harness.add(2, 6, 1, 50, 6);
  harness.publish.onBatchEnd();
  await harness.start();
  await until(() => harness.endpoint.state().cursor === 6);
  const client = new TestClient(harness.url, "snapshot");
  await client.client.connect();
  await until(() => client.frames.at(-1)?.type === "SNAPSHOT_END");
  const seen = client.frames.map((frame) => {
    if (frame.type === "ADD") return `${frame.instrument}:${frame.side} ${frame.orderId}`;
    if (frame.type === "SNAPSHOT_HDR") return `${frame.instrument} ${frame.levels}/${frame.orders}`;
    return frame.type;
  });
  t.deepEqual(seen, [
    "SNAPSHOT_START",
    "2 1/1",
    "2:ask 6",
    "9 4/5",
    "9:bid 3",
    "9:bid 2",
    "9:bid 4",
    "9:ask 5",
    "9:ask 1",
    "SNAPSHOT_END",
  ]);
  await harness.stop();
});

test.serial(
  "a client resumes from 1, from the middle and from tail + 1, not from beyond",
  async (t) => {
    const harness = new Harness();
    await harness.start();
    await publishInSteps(harness, 10, 500);
    await until(() => harness.endpoint.state().cursor === 5000);
    const starts = [1, 2500, 5000, 5001];
    const clients = starts.map((start) => new TestClient(harness.url, start));
    await Promise.all(clients.map((client) => client.client.connect()));
    await publishInSteps(harness, 3, 100);
    await until(() => clients.every((client) => client.cursors().at(-1) === 5300));
    for (const [i, client] of clients.entries()) {
      const cursors = client.cursors();
      t.is(cursors[0], starts[i]);
      t.is(cursors.length, 5301 - (starts[i] as number));
      t.true(client.frames.every((frame) => frame.cursor > 0));
    }
    t.is(clients[0]?.books.hash, harness.core.hashHex());
    const beyond = new TestClient(harness.url, 5302);
    await t.throwsAsync(beyond.client.connect(), { code: "FEED_CLIENT", message: /answered 400/ });
    await harness.stop();
  },
);

test.serial(
  "a cursor that is no longer retained gets one GAP with exact bounds, first of all",
  async (t) => {
    const harness = new Harness({ busFrames: 1024 });
    await harness.start();
    for (let i = 0; i < 10; i++) {
      await publishInSteps(harness, 1, 500);
      await until(() => harness.endpoint.state().cursor === harness.head);
    }
    const client = new TestClient(harness.url, 3);
    await client.client.connect();
    await publishInSteps(harness, 1, 100);
    await until(() => client.cursors().at(-1) === 5100);
    const [gap, ...rest] = client.frames;
    t.is(gap?.type, "GAP");
    if (gap?.type !== "GAP") return;
    t.is(gap.first, 3);
    // The writer claims its next stretch of 256 slots ahead, so those are already given up.
    t.true(gap.last >= 5000 - 1024 && gap.last <= 5000 - 1024 + 256, `last ${gap.last}`);
    t.is(rest[0]?.cursor, gap.last + 1);
    t.deepEqual(client.cursors().length, 5100 - gap.last);
    t.is(rest.filter((frame) => frame.type === "GAP").length, 0);
    t.is(harness.counters.get(C.ENDPOINT_GAPS), 1);
    await harness.stop();
  },
);

test.serial(
  "a client that reads nothing is closed as too slow, the others never notice",
  async (t) => {
    const harness = new Harness({ clientBufferBytes: 65_536, busFrames: 262_144 });
    await harness.start();
    const first = new TestClient(harness.url, "live");
    const second = new TestClient(harness.urlB, "live");
    const slow = new TestClient(harness.url, "live");
    const all = [first, second, slow];
    for (const client of all) await client.client.connect();
    slow.client.pause();
    while (harness.counters.get(C.ENDPOINT_CLOSED_SLOW) === 0) {
      await publishInSteps(harness, 1, 200);
      // The two that read are let to keep up, as they would on their own cores.
      await until(() => [first, second].every((client) => client.books.cursor === harness.head));
    }
    await publishInSteps(harness, 10, 100);
    await until(() => [first, second].every((client) => client.books.cursor === harness.head));
    for (const client of [first, second]) {
      t.is(client.books.hash, harness.endpoint.state().bookHash as string);
      t.is(client.closes.length, 0);
    }
    t.true(
      harness.log.some((line) => /closed 4000: too slow: \d+ unsent bytes > 65536/.test(line)),
    );
    // Reading on within the second, it hears why.
    slow.client.resume();
    await until(() => slow.closes.length === 1);
    t.is(slow.closes[0]?.[0], 4000);
    t.is(slow.error, "");
    await harness.stop();
  },
);

test.serial("a slow client that still reads nothing is cut off one second later", async (t) => {
  const harness = new Harness({ clientBufferBytes: 65_536, busFrames: 262_144 });
  await harness.start();
  const slow = new TestClient(harness.url, "live");
  await slow.client.connect();
  slow.client.pause();
  while (harness.counters.get(C.ENDPOINT_CLOSED_SLOW) === 0) await publishInSteps(harness, 1, 500);
  harness.clock.advance(0.99e9);
  await turns();
  t.is(harness.endpoint.state().clients.length, 1);
  harness.clock.advance(0.01e9);
  await until(() => harness.endpoint.state().clients.length === 0);
  slow.client.close();
  await harness.stop();
  t.pass();
});

test.serial("a heartbeat comes after a second without a frame, not earlier", async (t) => {
  const harness = new Harness();
  await harness.start();
  const client = new TestClient(harness.url, "live");
  await client.client.connect();
  harness.clock.advance(0.99e9);
  await turns();
  t.is(client.frames.length, 0);
  harness.clock.advance(0.01e9);
  await until(() => client.frames.length === 1);
  t.is(client.frames[0]?.type, "HEARTBEAT");
  harness.clock.advance(0.6e9);
  harness.churn(1);
  await until(() => client.frames.length === 2);
  harness.clock.advance(0.6e9);
  await turns();
  t.is(client.frames.length, 2, "a frame starts the second anew");
  harness.clock.advance(0.4e9);
  await until(() => client.frames.length === 3);
  t.is(client.frames[2]?.type, "HEARTBEAT");
  await harness.stop();
});

test.serial("stop hands out what is on the bus and closes everybody with 1001", async (t) => {
  const harness = new Harness();
  await harness.start();
  const live = new TestClient(harness.url, "live");
  const snapshot = new TestClient(harness.urlB, "snapshot");
  await Promise.all([live.client.connect(), snapshot.client.connect()]);
  harness.churn(20_000);
  harness.running = false;
  t.true(await harness.endpoint.stop(2000));
  await until(() => live.closes.length === 1 && snapshot.closes.length === 1);
  for (const client of [live, snapshot]) {
    t.deepEqual(client.closes[0], [1001, "stopping"]);
    t.is(client.books.cursor, 20_000);
    t.is(client.books.hash, harness.core.hashHex());
  }
  const late = new TestClient(harness.url, "live");
  await t.throwsAsync(late.client.connect());
});

/** Shakes hands by hand and then neither reads nor answers anything. */
async function deafClient(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  socket.write(
    `GET /ws?channel=obo&codec=raw-v1 HTTP/1.1\r\nHost: ${hostname}:${port}\r\n` +
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
      `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
  );
  const head = await new Promise<Buffer>((resolve) => socket.once("data", resolve));
  if (!head.toString().startsWith("HTTP/1.1 101")) throw new Error(head.toString());
  socket.pause();
  return socket;
}

test.serial("a client that does not answer the close cannot use up stop's deadline", async (t) => {
  t.timeout(30_000);
  const harness = new Harness();
  await harness.start();
  const socket = await deafClient(harness.url);
  await until(() => harness.endpoint.state().clients.length === 1);
  harness.running = false;
  // Were the deadline used up, this test's time would end first.
  t.false(await harness.endpoint.stop(600_000), "somebody was dropped");
  t.is(harness.counters.get(C.ENDPOINT_CLOSED_STOPPING), 1);
  socket.destroy();
});

test.serial("a data message is refused with 1008, a ping is answered", async (t) => {
  const harness = new Harness();
  await harness.start();
  const ws = new WebSocket(`${harness.url}/ws`);
  await new Promise((resolve) => ws.once("open", resolve));
  const pong = new Promise<string>((resolve) => ws.once("pong", (data) => resolve(`${data}`)));
  ws.ping("hello");
  t.is(await pong, "hello");
  const closed = new Promise<number>((resolve) => ws.once("close", resolve));
  ws.send("anything");
  t.is(await closed, 1008);
  t.is(harness.counters.get(C.ENDPOINT_CLOSED_POLICY), 1);
  await harness.stop();
});

test.serial("a message of more than 1 KiB ends the connection", async (t) => {
  const harness = new Harness();
  await harness.start();
  for (const [bytes, code] of [
    [1024, 1008],
    [1025, 1009],
  ] as const) {
    const ws = new WebSocket(`${harness.url}/ws`);
    await new Promise((resolve) => ws.once("open", resolve));
    const closed = new Promise<number>((resolve) => ws.once("close", resolve));
    ws.send(Buffer.alloc(bytes));
    t.is(await closed, code);
  }
  await until(() => harness.endpoint.state().clients.length === 0);
  await harness.stop();
});

test.serial("the server is full at max_clients, and has room again when one leaves", async (t) => {
  const harness = new Harness({ maxClients: 2 });
  await harness.start();
  const clients = [new TestClient(harness.url, "live"), new TestClient(harness.urlB, "live")];
  for (const client of clients) await client.client.connect();
  const third = new TestClient(harness.url, "live");
  await t.throwsAsync(third.client.connect(), { message: /answered 503|503/ });
  clients[0]?.client.close();
  await until(() => harness.endpoint.state().clients.length === 1);
  await new TestClient(harness.url, "live").client.connect();
  t.is(harness.counters.get(C.ENDPOINT_REFUSED_FULL), 1);
  await harness.stop();
});

/** Books so large that a client that reads nothing cannot be sent all of them. */
function fillBooks(harness: Harness, orders: number): void {
  for (let id = 1; id <= orders; id++) {
    harness.add(id % 50, id, id & 1, 1000 + (id % 100), 1);
    if (id % 1000 === 0) harness.publish.onBatchEnd();
  }
  harness.publish.onBatchEnd();
}

test.serial("snapshots under way are bounded in number and time", async (t) => {
  const harness = new Harness({ maxSnapshots: 1, snapshotTimeoutMs: 500, busFrames: 262_144 });
  await harness.start();
  fillBooks(harness, 150_000);
  await until(() => harness.endpoint.state().cursor === 150_000);
  const slow = new TestClient(harness.url, "snapshot");
  const opened = slow.client.connect();
  await opened;
  slow.client.pause();
  await turns();
  t.is(harness.counters.get(C.ENDPOINT_SNAPSHOTS_OPEN), 1);
  const other = new TestClient(harness.url, "snapshot");
  await t.throwsAsync(other.client.connect(), { message: /503/ });
  t.is(harness.counters.get(C.ENDPOINT_REFUSED_SNAPSHOT), 1);
  await new TestClient(harness.url, "live").client.connect();
  harness.clock.advance(501e6);
  await until(() => harness.counters.get(C.ENDPOINT_SNAPSHOT_TIMEOUTS) === 1);
  t.is(harness.counters.get(C.ENDPOINT_SNAPSHOTS_OPEN), 0);
  slow.client.resume();
  await until(() => slow.closes.length === 1);
  t.is(slow.closes[0]?.[0], 4000);
  await harness.stop();
});

test.serial("snapshot bytes do not count as slowness", async (t) => {
  const harness = new Harness({ clientBufferBytes: 65_536, busFrames: 262_144 });
  await harness.start();
  fillBooks(harness, 60_000);
  await until(() => harness.endpoint.state().cursor === 60_000);
  const client = new TestClient(harness.url, "snapshot");
  await client.client.connect();
  await until(() => client.frames.at(-1)?.type === "SNAPSHOT_END");
  t.is(client.books.liveOrders, 60_000);
  t.is(client.books.hash, harness.core.hashHex());
  t.is(harness.counters.get(C.ENDPOINT_CLOSED_SLOW), 0);
  await harness.stop();
});

test.serial(
  "a client is closed with 4001 when the bus goes over what it has still to get",
  async (t) => {
    const harness = new Harness({ busFrames: 16_384 });
    await harness.start();
    const fillMore = async (round: number): Promise<void> => {
      for (let i = 0; i < 10_000; i++) {
        harness.publish.onAdded(i % 50, 10_000 * round + i, 0, 0, 500, 0, 1, 0);
      }
      harness.publish.onBatchEnd();
      await until(() => harness.endpoint.state().cursor === harness.head);
    };
    for (let round = 0; round < 15; round++) await fillMore(round);
    const slow = new TestClient(harness.url, "snapshot");
    await slow.client.connect();
    slow.client.pause();
    await turns();
    for (let round = 15; round < 18; round++) await fillMore(round);
    await until(() => harness.counters.get(C.ENDPOINT_CLOSED_OVERRUN) === 1);
    slow.client.resume();
    await until(() => slow.closes.length === 1);
    t.deepEqual(slow.closes[0], [4001, "overrun"]);
    await harness.stop();
  },
);

test.serial("ladder, trades and active instruments come as text that JSON can hold", async (t) => {
  const harness = new Harness();
  await harness.start();
  harness.add(4, 1, 0, 99, 10);
  harness.add(4, 2, 0, 100, 20);
  harness.add(4, 3, 0, 100, 5);
  harness.add(4, 4, 1, 101, 7);
  harness.add(6, 5, 1, 1, 1);
  harness.core.reduce(harness.core.find(4, 2, 0), 3, 0);
  harness.publish.onExecuted(4, 2, 0, 3, 0, 100, 0, 1, -1, 1);
  harness.publish.onBatchEnd();
  await until(() => harness.endpoint.state().cursor === 6);
  t.deepEqual(harness.endpoint.ladder(4, 10), {
    bids: [
      ["100", "22", 2],
      ["99", "10", 1],
    ],
    asks: [["101", "7", 1]],
  });
  t.deepEqual(harness.endpoint.ladder(4, 1).bids, [["100", "22", 2]]);
  for (const wrong of [-1, 50, 4.5, Number.NaN]) {
    t.deepEqual(harness.endpoint.ladder(wrong, 10), { bids: [], asks: [] });
  }
  t.deepEqual(harness.endpoint.trades(5), [
    {
      instrument: 4,
      qty: "3",
      px: "100",
      aggressor: "sell",
      match: "8589934591",
      time_ns: "0",
      cursor: 6,
      symbol: "",
    },
  ]);
  t.deepEqual(harness.endpoint.active(1), [{ instrument: 4, frames: 5, symbol: "" }]);
  await harness.stop();
});
