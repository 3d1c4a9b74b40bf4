/** Fuzzes the client's side of a SoupBinTCP session: whatever a server says, in any pieces. */
import { assert } from "../../src/core/assert.ts";
import { sessionBytes } from "../../src/decode/moldudp64/encoder.ts";
import { SoupClientSession, SoupState } from "../../src/decode/soupbintcp/client-session.ts";
import type { Random } from "./random.ts";
import type { Target } from "./targets.ts";

const OPTIONS = { username: "me", password: "", session: "", sequence: 1 };
const TIMES = { heartbeatMs: 1000, silenceMs: 15_000 };

/**
 * The promises: messages have consecutive sequences below 2^53, nothing is handed out but in an
 * open session, a session's name fits MoldUDP64's header, and a dropped connection stays so.
 */
export function soupSessionTarget(random: Random): Target {
  return (bytes) => {
    let expected = -1;
    let isUp = false;
    const session: SoupClientSession = new SoupClientSession(
      { ...OPTIONS, ...TIMES },
      {
        send: (sent) => assert(sent.length >= 3, "FUZZ_SOUP_SENT"),
        onSession: (name, next) => {
          assert(isUp, "FUZZ_SOUP_UP");
          assert(sessionBytes(name).length === 10, "FUZZ_SOUP_NAME");
          assert(next >= 1 && next <= Number.MAX_SAFE_INTEGER, "FUZZ_SOUP_NEXT");
          expected = next;
        },
        onMessage: (data, from, to) => {
          assert(session.state === SoupState.OPEN, "FUZZ_SOUP_STATE");
          assert(session.next === expected && expected < Number.MAX_SAFE_INTEGER, "FUZZ_SOUP_SEQ");
          assert(from <= to && to <= data.length, "FUZZ_SOUP_BOUNDS");
          expected++;
        },
        onHeartbeat: () => assert(session.state === SoupState.OPEN, "FUZZ_SOUP_STATE"),
        onDrop: (reason) => {
          assert(reason !== "" && isUp, "FUZZ_SOUP_DROP");
          isUp = false;
        },
        onEnd: () => assert(session.state === SoupState.ENDED, "FUZZ_SOUP_STATE"),
      },
    );
    let nowMs = 0;
    for (let at = 0; at < bytes.length; ) {
      if (!isUp && session.mayReconnect) {
        session.disconnected();
        isUp = true;
        session.connected(nowMs);
      }
      const end = Math.min(bytes.length, at + 1 + random.below(random.oneIn(4) ? 2_000 : 40));
      session.received(bytes.subarray(at, end), nowMs);
      at = end;
      nowMs += random.below(random.oneIn(50) ? 20_000 : 200);
      session.tick(nowMs);
    }
    session.logout(nowMs);
  };
}
