/** The admin server by real HTTP: what it answers, and what it refuses. */
import { request } from "node:http";
import { connect } from "node:net";
import test, { type ExecutionContext } from "ava";
import { FeedError } from "../../src/core/errors.ts";
import { AdminServer } from "../../src/metrics/admin-server.ts";
import { FakeProviders } from "./fake-providers.ts";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

interface Setup {
  readonly port: number;
  readonly providers: FakeProviders;
  readonly server: AdminServer;
}

async function start(t: ExecutionContext, host = "127.0.0.1", token?: string): Promise<Setup> {
  const providers = new FakeProviders();
  const server = new AdminServer({ listen: { host, port: 0 }, token: token ?? null, providers });
  const { port } = await server.listen();
  t.teardown(() => server.close());
  return { port, providers, server };
}

function ask(
  port: number,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const { method = "GET", headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port, path, method, headers, agent: false },
      (got) => {
        let text = "";
        got.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        got.on("end", () => {
          resolve({ status: got.statusCode ?? 0, headers: got.headers, body: text });
        });
      },
    );
    sent.on("error", reject).end(body);
  });
}

test("each route answers with its type, fresh and unsniffed", async (t) => {
  const { port } = await start(t);
  const routes: [string, RegExp][] = [
    ["/", /^text\/html/],
    ["/app.js", /^text\/javascript/],
    ["/draw.js", /^text\/javascript/],
    ["/picker.js", /^text\/javascript/],
    ["/style.css", /^text\/css/],
    ["/favicon.svg", /^image\/svg/],
    ["/live", /^application\/json/],
    ["/ready", /^application\/json/],
    ["/status", /^application\/json/],
    ["/metrics", /^text\/plain; version=0\.0\.4/],
    ["/api/ladder?instrument=0", /^application\/json/],
    ["/api/trades", /^application\/json/],
    ["/api/instruments", /^application\/json/],
    ["/api/active?limit=3", /^application\/json/],
  ];
  for (const [path, type] of routes) {
    const { status, headers } = await ask(port, path);
    t.is(status, 200, path);
    t.regex(String(headers["content-type"]), type, path);
    t.is(headers["x-content-type-options"], "nosniff");
    t.regex(String(headers["content-security-policy"]), /^default-src 'none'; script-src 'self';/);
    const isFile = /^\/($|.*\.(js|css|svg)$)/.test(path);
    t.is(headers["cache-control"], isFile ? "no-cache" : "no-store", path);
  }
});

test("/ready says 503 with a list of reasons, and 200 with none", async (t) => {
  const { port, providers } = await start(t);
  t.deepEqual(JSON.parse((await ask(port, "/ready")).body), []);
  providers.reasons = [{ channel: "itch", reason: "gap" }];
  const answer = await ask(port, "/ready");
  t.is(answer.status, 503);
  t.deepEqual(JSON.parse(answer.body), [{ channel: "itch", reason: "gap" }]);
});

test("the ladder has the depth that was asked for, and an unknown instrument is 404", async (t) => {
  const { port } = await start(t);
  const { body } = await ask(port, "/api/ladder?instrument=3&depth=4");
  const ladder = JSON.parse(body) as { symbol: string; bids: unknown[]; asks: unknown[] };
  t.deepEqual([ladder.symbol, ladder.bids.length, ladder.asks.length], ["GOOG", 4, 4]);
  t.is((await ask(port, "/api/ladder?instrument=999")).status, 404);
});

test("/status?gaps=N leaves out all but the newest gaps", async (t) => {
  const { port } = await start(t);
  type Status = { channels: { gaps: { from: number }[]; gaps_total: number }[] };
  const [all, few] = await Promise.all(
    ["/status", "/status?gaps=2"].map(async (path) => {
      return (JSON.parse((await ask(port, path)).body) as Status).channels[0];
    }),
  );
  t.is(all?.gaps.length, 14);
  t.deepEqual(few?.gaps, all?.gaps.slice(-2));
  t.is(few?.gaps_total, 14);
});

test("a bad query is 400 with the name, the value's bound and nothing else", async (t) => {
  const { port } = await start(t);
  for (const query of [
    "",
    "?instrument=",
    "?instrument=-1",
    "?instrument=65536",
    "?instrument=1e3",
  ]) {
    const answer = await ask(port, `/api/ladder${query}`);
    t.is(answer.status, 400, query);
    t.regex(answer.body, /instrument is (missing|no whole number from 0 to 65535)/);
  }
  t.is((await ask(port, "/api/ladder?instrument=0&depth=201")).status, 400);
  t.is((await ask(port, "/api/trades?limit=0")).status, 400);
  t.is((await ask(port, "/api/trades?limit=1001")).status, 400);
});

test("only GET and HEAD, only known paths, no bodies, no long headers", async (t) => {
  const { port } = await start(t);
  const post = await ask(port, "/status", { method: "POST" });
  t.deepEqual([post.status, post.headers["allow"]], [405, "GET, HEAD"]);
  const head = await ask(port, "/status", { method: "HEAD" });
  t.deepEqual([head.status, head.body], [200, ""]);
  for (const path of ["/nope", "/../package.json", "/%2e%2e/package.json", "/index.html", "//"]) {
    t.is((await ask(port, path)).status, 404, path);
  }
  t.is(
    (await ask(port, "/status", { headers: { "content-length": "3" }, body: "abc" })).status,
    400,
  );
  t.is((await ask(port, "/live", { headers: { x: "y".repeat(9000) } })).status, 431);
});

test("a file that the browser has is not sent again", async (t) => {
  const { port } = await start(t);
  const first = await ask(port, "/app.js");
  const again = await ask(port, "/app.js", {
    headers: { "if-none-match": String(first.headers["etag"]) },
  });
  t.deepEqual([again.status, again.body], [304, ""]);
});

test("a page of another name cannot read what loopback serves", async (t) => {
  const { port } = await start(t);
  t.is((await ask(port, "/status", { headers: { host: "evil.example" } })).status, 403);
  t.is((await ask(port, "/status", { headers: { host: `localhost:${port}` } })).status, 200);
});

test("beyond loopback the token is asked for, but for /live and the page's files", async (t) => {
  const { port } = await start(t, "0.0.0.0", "right-token");
  for (const path of ["/status", "/metrics", "/ready", "/api/trades"]) {
    t.is((await ask(port, path)).status, 401, path);
    for (const value of ["Bearer wrong-token", "Bearer", "right-token", "Bearer right-token2"]) {
      t.is((await ask(port, path, { headers: { authorization: value } })).status, 401, value);
    }
    const headers = { authorization: "Bearer right-token" };
    t.is((await ask(port, path, { headers })).status, 200, path);
  }
  t.is((await ask(port, "/live")).status, 200);
  t.is((await ask(port, "/")).status, 200);
});

test("on loopback no token is asked for", async (t) => {
  const { port } = await start(t, "127.0.0.1", "right-token");
  t.is((await ask(port, "/status")).status, 200);
});

test("a provider that fails is 500 with the reason, and the server goes on", async (t) => {
  const { port, providers } = await start(t);
  providers.fails = true;
  const answer = await ask(port, "/status");
  t.deepEqual(
    [answer.status, JSON.parse(answer.body)],
    [500, { error: "the endpoint does not answer" }],
  );
  providers.fails = false;
  t.is((await ask(port, "/status")).status, 200);
});

test("bytes that are no HTTP end their connection only", async (t) => {
  const { port } = await start(t);
  await new Promise<void>((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("\u0000\u0001garbage\r\n\r\n"));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve());
    socket.resume();
  });
  t.is((await ask(port, "/live")).status, 200);
});

test("an address that is taken is told with its name", async (t) => {
  const { port, providers } = await start(t);
  const listen = { host: "127.0.0.1", port };
  const second = new AdminServer({ listen, token: null, providers });
  const error = await t.throwsAsync(second.listen(), { instanceOf: FeedError });
  t.is(error.code, "FEED_LISTEN");
  t.regex(error.message, new RegExp(`admin\\.listen=127\\.0\\.0\\.1:${port}`));
});
