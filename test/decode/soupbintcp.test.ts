/** SoupBinTCP sessions: what is sent and told, step by step; real packets of a venue. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import { PACKAGE_ROOT } from "../../src/core/root.ts";
import {
  SoupClientSession,
  type SoupClientSink,
  SoupState,
} from "../../src/decode/soupbintcp/client-session.ts";
import {
  emptyPacket,
  loginAccepted,
  loginRejected,
  loginRequest,
  putHeader,
} from "../../src/decode/soupbintcp/encoder.ts";
import * as L from "../../src/decode/soupbintcp/layout.ts";
import { parseNumber } from "../../src/decode/soupbintcp/number.ts";
import { SoupReader } from "../../src/decode/soupbintcp/reader.ts";
import { SoupServerSession } from "../../src/decode/soupbintcp/server-session.ts";

const SHARED = process.env["NYQ_SHARED"] ?? join(PACKAGE_ROOT, "..", "shared");
const SEED = Number(process.env["NYQ_SEED"] ?? 31);

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

function data(body: string): Uint8Array {
  const out = new Uint8Array(L.HEADER_BYTES + body.length);
  const at = putHeader(out, 0, L.TYPE_SEQUENCED_DATA, body.length);
  out.set(Buffer.from(body, "latin1"), at);
  return out;
}

/** A client session that writes down what it does. */
function client(sequence = 1, session = "") {
  const events: string[] = [];
  const sink: SoupClientSink = {
    send: (bytes) => events.push(`send ${text(bytes).slice(2)}`),
    onSession: (name, next, isNew) => events.push(`session ${name} ${next} ${isNew}`),
    onMessage: (bytes, from, to) => {
      events.push(`${subject.next}:${text(bytes.subarray(from, to))}`);
    },
    onHeartbeat: () => events.push("heartbeat"),
    onDrop: (reason) => events.push(`drop: ${reason}`),
    onEnd: () => events.push("end"),
  };
  const options = { username: "me", password: "pw", heartbeatMs: 1000, silenceMs: 15_000 };
  const subject: SoupClientSession = new SoupClientSession({ ...options, session, sequence }, sink);
  const take = (): string[] => events.splice(0);
  return { subject, take };
}

test("golden bytes: a login request and its answers", (t) => {
  const request = { username: "me", password: "pw", session: "S1", sequence: 42n };
  const number = (n: number): string => `${n}`.padStart(20);
  t.is(text(loginRequest(request)), `\x00\x2fLme    pw                ${"S1"}${number(42)}`);
  t.is(text(loginAccepted("S1", 7n)), `\x00\x1fA        S1${number(7)}`);
  t.is(text(loginRejected("S")), "\x00\x02JS");
  t.is(text(emptyPacket(L.TYPE_CLIENT_HEARTBEAT)), "\x00\x01R");
  for (const bad of [{ username: "toolong" }, { session: "a b" }, { password: "12345678901" }]) {
    const error = t.throws(() => loginRequest({ ...request, ...bad }), { code: "FEED_USAGE" });
    t.false(error?.message.includes("12345678901"), "a password is not told");
  }
});

test("real packets of a venue are what the table says", (t) => {
  const folder = join(SHARED, "data", "soupbintcp", "JnxEquities.Pts.Ouch.v1.11");
  if (!existsSync(folder)) {
    t.log("skipped: no shared data");
    t.pass();
    return;
  }
  const packet = (name: string): Uint8Array => readFileSync(join(folder, name)).subarray(40 + 54);
  const accepted = packet("LoginAcceptedPacket.pcap");
  t.deepEqual(Buffer.from(loginAccepted("1689192121", 135n)), Buffer.from(accepted));
  const kinds: string[] = [];
  const reader = new SoupReader({
    onSoupPacket: (type, _bytes, from, to) => {
      kinds.push(`${String.fromCharCode(type)} ${to - from}`);
    },
  });
  for (const name of ["LoginRequestPacket", "OrderAcceptedMessage", "EnterOrderMessage"]) {
    reader.push(packet(`${name}.pcap`));
  }
  t.deepEqual(kinds, ["L 46", "S 65", "U 48"]);
});

test("a client logs in, takes messages, sends heartbeats, and logs in again where it was", (t) => {
  const { subject, take } = client();
  subject.connected(0);
  t.is(take()[0], `send Lme    ${"pw".padEnd(10)}${"1".padStart(30)}`);
  subject.received(loginAccepted("DAY", 1n), 10);
  subject.received(data("one"), 20);
  subject.received(emptyPacket(L.TYPE_SERVER_HEARTBEAT), 30);
  subject.received(data(""), 40);
  t.deepEqual(take(), ["session DAY 1 true", "1:one", "heartbeat", "2:"]);
  subject.tick(999);
  t.deepEqual(take(), []);
  subject.tick(1000);
  t.deepEqual(take(), ["send R"]);
  subject.disconnected();
  subject.tick(5000);
  subject.connected(6000);
  const [login = ""] = take();
  t.is(login.slice(22), `${"DAY".padStart(10)}${"3".padStart(20)}`);
  subject.received(loginAccepted("DAY", 3n), 6010);
  subject.received(data("three"), 6020);
  subject.received(emptyPacket(L.TYPE_END_OF_SESSION), 6030);
  t.deepEqual(take(), ["session DAY 3 false", "3:three", "end"]);
  t.is(subject.state, SoupState.ENDED);
  t.false(subject.mayReconnect);
  subject.received(data("late"), 6040);
  t.deepEqual(take(), []);
});

test("a silent server is dropped, at login too", (t) => {
  const { subject, take } = client();
  subject.connected(0);
  take();
  subject.tick(14_999);
  t.deepEqual(take(), []);
  subject.tick(15_000);
  t.deepEqual(take(), ["drop: the server was silent for 15000 ms"]);
  t.true(subject.mayReconnect);
});

test("a refused login ends it; a session that is gone makes room for the current one", (t) => {
  const refused = client();
  refused.subject.connected(0);
  refused.subject.received(loginRejected("A"), 1);
  t.false(refused.subject.mayReconnect);
  const gone = client(500, "OLD");
  gone.subject.connected(0);
  gone.take();
  gone.subject.received(loginRejected("S"), 1);
  t.deepEqual(gone.take(), ["drop: session OLD is not available any more"]);
  gone.subject.connected(2);
  t.is(gone.take()[0]?.slice(22), `${"".padStart(10)}${"1".padStart(20)}`);
});

test("what does not belong to the state, or is no packet, drops the connection", (t) => {
  const wrong: [Uint8Array, RegExp][] = [
    [data("early"), /type 0x53 in answer to the login/],
    [loginAccepted("DAY", 0n), /sequence 0/],
    [loginAccepted("DAY", 2n ** 53n), /sequence 9007199254740992/],
    [loginAccepted("DAY", 1n).fill(0x41, 13), /sequence null/],
    [loginAccepted("DAY", 1n).fill(0x07, 4, 5), /session " \\u0007 /],
    // A name with a blank inside could not be asked for again: the next login threw.
    [loginAccepted("DAY", 1n).fill(0x20, 11, 12), /session " {7}D Y/],
    [Uint8Array.of(0, 2, 0x41, 0x20), /login accepted packet of 4 bytes/],
    [Uint8Array.of(0, 0), /without a type/],
  ];
  for (const [bytes, reason] of wrong) {
    const { subject, take } = client();
    subject.connected(0);
    take();
    subject.received(bytes, 1);
    t.regex(take().join(), reason);
    t.is(subject.state, SoupState.IDLE);
  }
  const { subject, take } = client();
  subject.connected(0);
  subject.received(loginAccepted("DAY", 1n), 1);
  take();
  subject.received(loginAccepted("DAY", 1n), 2);
  subject.received(data("after"), 3);
  t.deepEqual(take(), ["drop: a packet of type 0x41 inside the session"]);
});

test("a number is digits behind spaces, below 2^64", (t) => {
  const parse = (number: string): bigint | null =>
    parseNumber(Buffer.from(number), 0, number.length);
  t.is(parse("   1"), 1n);
  t.is(parse("1   "), 1n);
  t.is(parse("18446744073709551615"), 2n ** 64n - 1n);
  for (const bad of ["", "    ", "18446744073709551616", "1 2", "-1", "0x1", "1\0"])
    t.is(parse(bad), null);
});

test("property: packets come out whole, whatever pieces the stream comes in", (t) => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 30 });
  const cuts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(bodies, cuts, (some, sizes) => {
      const stream = Buffer.concat(some.map((body) => Buffer.from(data(text(body)))));
      const out: string[] = [];
      const reader = new SoupReader({
        onSoupPacket: (type, bytes, from, to) => {
          t.is(type, L.TYPE_SEQUENCED_DATA);
          out.push(text(bytes.subarray(from, to)));
        },
      });
      for (let at = 0, i = 0; at < stream.length; i++) {
        const size = sizes[i % sizes.length] ?? 1;
        reader.push(stream.subarray(at, at + size));
        at += size;
      }
      t.deepEqual(out, some.map(text));
      t.is(reader.keptBytes, 0);
    }),
    { seed: SEED, numRuns: 300 },
  );
  t.log(`seed ${SEED}`);
});

test("a server lets in whom it knows, from where they ask, and says why it does not", (t) => {
  const events: string[] = [];
  const begin = (): SoupServerSession =>
    new SoupServerSession(
      {
        session: "DAY",
        user: { name: "Me", password: "PW" },
        heartbeatMs: 1000,
        silenceMs: 15_000,
      },
      {
        send: (bytes) => events.push(`send ${text(bytes).slice(2)}`),
        onLogin: (wanted) => {
          events.push(`login ${wanted}`);
          return wanted === 0n ? 9n : wanted;
        },
        onClose: (reason) => events.push(`close ${reason}`),
      },
      0,
    );
  const ask = { username: "ME", password: "pw", session: "", sequence: 0n };
  const number = (n: number): string => `${n}`.padStart(20);
  const good = begin();
  good.received(loginRequest(ask), 1);
  good.tick(1000);
  good.tick(1001);
  good.end();
  good.end();
  const accepted = ["login 0", `send A       DAY${number(9)}`];
  t.deepEqual(events.splice(0), [...accepted, "send H", "send Z", "close end of session"]);
  begin().received(loginRequest({ ...ask, password: "no" }), 1);
  t.deepEqual(events.splice(0), ["send JA", "close login refused: not authorized"]);
  begin().received(loginRequest({ ...ask, session: "OLD" }), 1);
  t.deepEqual(events.splice(0), ["send JS", "close login refused: no such session"]);
  begin().received(Buffer.from("GET / HTTP/1.1\r\n"), 1);
  begin().received(data("x"), 1);
  t.deepEqual(events.splice(0), ["close a packet of type 0x53"]);
  const silent = begin();
  silent.received(loginRequest({ ...ask, sequence: 4n }), 1);
  silent.received(emptyPacket(L.TYPE_CLIENT_HEARTBEAT), 10_000);
  silent.tick(24_999);
  events.splice(0);
  silent.tick(25_000);
  silent.received(emptyPacket(L.TYPE_LOGOUT_REQUEST), 25_001);
  t.deepEqual(events.splice(0), ["close the client was silent for 15000 ms"]);
});
