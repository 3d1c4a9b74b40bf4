import { connect } from "node:net";
import test from "ava";
import { WebSocket } from "ws";
import type { PublishConfig } from "../../src/config/config.ts";
import { C } from "../../src/metrics/counter-table.ts";
import { makeFrameServer } from "../../src/publish/server.ts";
import { loadUws, makeUwsServer } from "../../src/publish/uws-server.ts";
import { Harness, TestClient, until } from "./harness.ts";

/** Sends text over TCP and gives back all that comes until the server ends the connection. */
function talk(url: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let answer = "";
    socket.on("data", (data) => {
      answer += data.toString("latin1");
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", (error) => {
      if (answer === "") reject(error);
    });
  });
}

function handshake(target: string, headers: readonly string[] = []): string {
  return [
    `GET ${target} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ...headers,
    "",
    "",
  ].join("\r\n");
}

async function started(config: Partial<PublishConfig> = {}, timeoutMs = 5000): Promise<Harness> {
  const harness = new Harness(config, { handshakeTimeoutMs: timeoutMs });
  await harness.start();
  return harness;
}

test("what is refused gets its status before any upgrade", async (t) => {
  const harness = await started({ token: "secret-token", origins: ["https://desk.example"] });
  const bearer = "Authorization: Bearer secret-token";
  const cases: [string, string[], number][] = [
    ["/other", [bearer], 404],
    ["/ws", [], 401],
    ["/ws", ["Authorization: Bearer wrong-token"], 401],
    ["/ws", [bearer, "Origin: https://evil.example"], 403],
    ["/ws?depth=5", [bearer], 400],
    ["/ws?from_seq=2", [bearer], 400],
    ["/ws?snapshot=1&snapshot=1", [bearer], 400],
  ];
  for (const [target, headers, status] of cases) {
    const answer = await talk(harness.url, handshake(target, headers));
    t.regex(answer, new RegExp(`^HTTP/1.1 ${status} `), `${target} ${headers}`);
    t.false(answer.includes("101"));
  }
  t.is(harness.counters.get(C.ENDPOINT_REFUSED_QUERY), 4);
  t.is(harness.counters.get(C.ENDPOINT_REFUSED_TOKEN), 2);
  t.is(harness.counters.get(C.ENDPOINT_REFUSED_ORIGIN), 1);
  t.is(harness.counters.get(C.ENDPOINT_ACCEPTED), 0);
  await harness.stop();
});

test("bytes that are no handshake are refused and nothing breaks", async (t) => {
  const harness = await started();
  const key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
  const inputs = [
    "\0\0\0\0\r\n\r\n",
    "GET /ws HTTP/9.9\r\n\r\n",
    handshake("/ws").replace(key, ""),
    handshake("/ws").replace(key, "Sec-WebSocket-Key: short\r\n"),
    handshake("/ws").replace("Version: 13", "Version: 12"),
    handshake("/ws").replace("GET", "POST"),
    handshake("/ws", [`X: ${"y".repeat(20_000)}`]),
    handshake("/ws", ["Sec-WebSocket-Protocol: ,,@@"]),
  ];
  for (const input of inputs) {
    t.regex(await talk(harness.url, input), /^HTTP\/1.1 4\d\d /, input.slice(0, 40));
  }
  t.is(harness.counters.get(C.ENDPOINT_CLIENTS), 0);
  const client = new TestClient(harness.url, "live");
  await client.client.connect();
  await harness.stop();
});

test("a plain request is told what it lacks", async (t) => {
  const harness = await started();
  t.regex(await talk(harness.url, "GET /ws HTTP/1.1\r\nHost: x\r\n\r\n"), /^HTTP\/1.1 426 /);
  t.regex(await talk(harness.url, "GET /ws?a=1 HTTP/1.1\r\nHost: x\r\n\r\n"), /^HTTP\/1.1 400 /);
  t.regex(await talk(harness.url, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), /^HTTP\/1.1 404 /);
  await harness.stop();
});

test("who does not finish the handshake in time is cut off", async (t) => {
  // Long enough for an honest client on a loaded machine.
  const harness = await started({}, 1000);
  t.is(await talk(harness.url, ""), "");
  t.is(await talk(harness.url, "GET /ws HTTP/1.1\r\nHost: x\r\n"), "");
  t.is(harness.counters.get(C.ENDPOINT_HANDSHAKE_TIMEOUTS), 2);
  const client = new TestClient(harness.url, "live");
  await client.client.connect();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  t.is(client.closes.length, 0, "a client stays");
  await harness.stop();
});

test("the token comes as header or as subprotocol", async (t) => {
  const harness = await started({ token: "secret-token" });
  const client = new TestClient(harness.url, "live", { token: "secret-token" });
  await client.client.connect();
  const open = async (protocols: string[]): Promise<string> => {
    const ws = new WebSocket(`${harness.url}/ws`, protocols);
    await new Promise((resolve, reject) => ws.once("open", resolve).once("error", reject));
    return ws.protocol;
  };
  t.is(await open(["obo.raw.v1", "bearer.secret-token"]), "obo.raw.v1");
  t.is(await open(["bearer.secret-token"]), "bearer.secret-token");
  await t.throwsAsync(open(["obo.raw.v1", "bearer.secret-tokem"]), { message: /401/ });
  await harness.stop();
});

test("pages of a listed origin and of the admin page may connect", async (t) => {
  const harness = await started({ origins: ["https://desk.example"] });
  harness.endpoint.allowOrigins(["http://127.0.0.1:9100"]);
  const open = async (origin: string): Promise<void> => {
    const ws = new WebSocket(`${harness.url}/ws`, { origin });
    await new Promise((resolve, reject) => ws.once("open", resolve).once("error", reject));
  };
  await t.notThrowsAsync(open("https://desk.example"));
  await t.notThrowsAsync(open("http://127.0.0.1:9100"));
  await t.throwsAsync(open("http://127.0.0.1:9101"), { message: /403/ });
  await harness.stop();
});

test("compression is not agreed on", async (t) => {
  const harness = await started();
  const ws = new WebSocket(`${harness.url}/ws`, { perMessageDeflate: true });
  await new Promise((resolve) => ws.once("open", resolve));
  t.is(ws.extensions, "");
  await harness.stop();
});

test("an address in use is FEED_LISTEN with its name", async (t) => {
  const harness = await started();
  const port = Number(new URL(harness.url).port);
  const second = new Harness({ listen: { host: "127.0.0.1", port } });
  await t.throwsAsync(second.start(), {
    code: "FEED_LISTEN",
    message: new RegExp(`publish.listen=127.0.0.1:${port} cannot be bound`),
  });
  await harness.stop();
});

const HANDLERS = {
  check: () => ({ accept: false, status: 400, reason: "never asked" }) as const,
  open: () => undefined,
  message: () => undefined,
  drain: () => undefined,
  closed: () => undefined,
  handshakeTimeout: () => undefined,
};
const LIMITS = { handshakeTimeoutMs: 5000, maxPayloadBytes: 1024, maxConnections: 10 };

test("uws without its library is FEED_ENVIRONMENT naming it", async (t) => {
  const missing = () => loadUws("uWebSockets.js-that-is-not-installed");
  await t.throwsAsync(makeUwsServer(LIMITS, HANDLERS, missing), {
    code: "FEED_ENVIRONMENT",
    message: /publish.server=uws needs uWebSockets.js/,
  });
  try {
    const server = await makeFrameServer("uws", LIMITS, HANDLERS);
    server.destroy();
    t.log("uWebSockets.js is installed here");
  } catch (error) {
    t.is((error as { code?: string }).code, "FEED_ENVIRONMENT");
  }
});

test("a client that vanishes is forgotten", async (t) => {
  const harness = await started();
  const client = new TestClient(harness.url, "live");
  await client.client.connect();
  t.is(harness.counters.get(C.ENDPOINT_CLIENTS), 1);
  client.client.drop();
  await until(() => harness.counters.get(C.ENDPOINT_CLIENTS) === 0);
  await harness.stop();
});
