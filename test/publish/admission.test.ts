import test from "ava";
import { type AdmissionState, admit, parseQuery } from "../../src/publish/admission.ts";
import type { UpgradeRequest } from "../../src/publish/server.ts";

const STATE: AdmissionState = {
  token: null,
  origins: new Set(["http://127.0.0.1:9100"]),
  tail: 10,
  full: false,
  stopping: false,
  noSnapshot: null,
};

function ask(request: Partial<UpgradeRequest>, state: Partial<AdmissionState> = {}) {
  return admit(
    { target: "/ws", origin: undefined, authorization: undefined, protocols: [], ...request },
    { ...STATE, ...state },
  );
}

function status(request: Partial<UpgradeRequest>, state: Partial<AdmissionState> = {}): number {
  const answer = ask(request, state);
  return answer.accept ? 101 : answer.status;
}

test("good queries say how the client joins", (t) => {
  t.deepEqual(parseQuery("", 10), { kind: "live" });
  t.deepEqual(parseQuery("channel=obo&codec=raw-v1", 10), { kind: "live" });
  for (const yes of ["1", "true"]) {
    t.deepEqual(parseQuery(`snapshot=${yes}`, 10), { kind: "snapshot" });
  }
  for (const no of ["0", "false"]) {
    t.deepEqual(parseQuery(`snapshot=${no}&from_seq=4`, 10), { kind: "resume", from: 4 });
  }
  t.deepEqual(parseQuery("from_seq=1", 10), { kind: "resume", from: 1 });
  t.deepEqual(parseQuery("from_seq=11", 10), { kind: "resume", from: 11 });
  t.deepEqual(parseQuery("from_seq=1", 0), { kind: "resume", from: 1 });
});

const BAD_QUERIES = [
  "channel=l2",
  "channel=",
  "channel=OBO",
  "channel=obo&channel=obo",
  "codec=raw-v2",
  "codec=json",
  "codec",
  "snapshot=2",
  "snapshot=yes",
  "snapshot=TRUE",
  "snapshot=",
  "snapshot=1&snapshot=1",
  "snapshot=1&from_seq=1",
  "snapshot=true&from_seq=4",
  "from_seq=0",
  "from_seq=12",
  "from_seq=-1",
  "from_seq=+1",
  "from_seq=1.5",
  "from_seq=1e1",
  "from_seq=0x1",
  "from_seq=",
  "from_seq= 1",
  "from_seq=1&from_seq=1",
  "from_seq=18446744073709551615",
  "from_seq=18446744073709551616",
  "from_seq=999999999999999999999999",
  "token=secret",
  "depth=5",
  "chann%65l=l2",
  "%zz=1",
  "=",
];

for (const query of BAD_QUERIES) {
  test(`the query ${query} is refused with 400`, (t) => {
    t.is(status({ target: `/ws?${query}` }), 400);
  });
}

test("another path is not found", (t) => {
  for (const target of ["/", "/ws/", "/WS", "//ws", "/ws2", "", "*"]) {
    t.is(status({ target }), 404, target);
  }
});

test("an Origin must be a listed one, none at all is fine", (t) => {
  t.is(status({ origin: undefined }), 101);
  t.is(status({ origin: "http://127.0.0.1:9100" }), 101);
  const foreign = [
    "http://evil.example",
    "null",
    "",
    "http://127.0.0.1:91000",
    "https://127.0.0.1:9100",
  ];
  for (const origin of foreign) t.is(status({ origin }), 403, origin);
});

test("a token comes as header or subprotocol and must fit", (t) => {
  const state = { token: "secret-token" };
  t.is(status({}, state), 401);
  t.is(status({ authorization: "Bearer secret-token" }, state), 101);
  t.is(status({ authorization: "bearer secret-token" }, state), 101);
  t.is(status({ authorization: "Bearer secret-toke" }, state), 401);
  t.is(status({ authorization: "Bearer secret-token2" }, state), 401);
  t.is(status({ authorization: "Basic secret-token" }, state), 401);
  t.is(status({ authorization: "secret-token" }, state), 401);
  t.is(status({ protocols: ["obo.raw.v1", "bearer.secret-token"] }, state), 101);
  t.is(status({ protocols: ["bearer.wrong"] }, state), 401);
  t.is(status({ protocols: ["bearer."] }, state), 401);
  t.is(status({ target: "/ws?nonsense=1" }, state), 401);
});

test("the subprotocol answered is obo.raw.v1 when it was offered", (t) => {
  const chosen = (protocols: string[]): string | null => {
    const answer = ask({ protocols });
    return answer.accept ? answer.protocol : "refused";
  };
  t.is(chosen([]), null);
  t.is(chosen(["obo.raw.v1"]), "obo.raw.v1");
  t.is(chosen(["bearer.x", "obo.raw.v1"]), "obo.raw.v1");
  t.is(chosen(["bearer.x"]), "bearer.x");
  t.is(chosen(["chat"]), null);
});

test("no room, no snapshot and stopping are 503", (t) => {
  t.is(status({}, { full: true }), 503);
  t.is(status({}, { stopping: true }), 503);
  t.is(status({ target: "/ws?snapshot=1" }, { noSnapshot: "too many" }), 503);
  t.is(status({ target: "/ws?snapshot=0" }, { noSnapshot: "too many" }), 101);
});
