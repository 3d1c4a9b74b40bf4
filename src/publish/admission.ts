/**
 * Decides on a handshake before the upgrade: path, origin, token, query, room, in this order.
 * Pure: text in, answer out. Everything here came from a stranger.
 *
 * Source: docs/protocols/raw-v1.md, "Handshake" and "Closing".
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { UpgradeAnswer, UpgradeRequest } from "./server.ts";

/** How a client joins. */
export type Join =
  | { readonly kind: "live" }
  | { readonly kind: "resume"; readonly from: number }
  | { readonly kind: "snapshot" };

/** Why a handshake was refused, for the counters. */
export type Refusal = "query" | "token" | "origin" | "full" | "snapshot" | "stopping";

/** What the decision depends on. */
export interface AdmissionState {
  readonly token: string | null;
  readonly origins: ReadonlySet<string>;
  /** Cursor of the newest frame that the endpoint has sent. */
  readonly tail: number;
  readonly full: boolean;
  readonly stopping: boolean;
  /** Why no snapshot is to be had now, or null. */
  readonly noSnapshot: string | null;
}

/** A decision, with the refusal's kind for the counters. */
export type Admission = UpgradeAnswer<Join> & { readonly refusal?: Refusal };

const SUBPROTOCOL = "obo.raw.v1";
const BEARER_PREFIX = "bearer.";
const PATH = "/ws";

/** Decides on one handshake. */
export function admit(request: UpgradeRequest, state: AdmissionState): Admission {
  const mark = request.target.indexOf("?");
  const path = mark < 0 ? request.target : request.target.slice(0, mark);
  if (path !== PATH) return refused("query", 404, "the path is not /ws");
  if (request.origin !== undefined && !state.origins.has(request.origin)) {
    return refused("origin", 403, "foreign origin");
  }
  if (!tokenFits(request, state.token)) return refused("token", 401, "bad or missing token");
  const parsed = parseQuery(mark < 0 ? "" : request.target.slice(mark + 1), state.tail);
  if (typeof parsed === "string") return refused("query", 400, parsed);
  if (state.stopping) return refused("stopping", 503, "stopping");
  if (state.full) return refused("full", 503, "full");
  if (parsed.kind === "snapshot" && state.noSnapshot !== null) {
    return refused("snapshot", 503, state.noSnapshot);
  }
  return { accept: true, protocol: chooseProtocol(request.protocols), context: parsed };
}

function refused(refusal: Refusal, status: number, reason: string): Admission {
  return { accept: false, status, reason, refusal };
}

/** `obo.raw.v1` when offered; else the token's own, because browsers want one of theirs back. */
function chooseProtocol(offered: readonly string[]): string | null {
  if (offered.includes(SUBPROTOCOL)) return SUBPROTOCOL;
  return offered.find((name) => name.startsWith(BEARER_PREFIX)) ?? null;
}

function tokenFits(request: UpgradeRequest, token: string | null): boolean {
  if (token === null) return true;
  const shown: string[] = [];
  const header = /^bearer +(\S+) *$/i.exec(request.authorization ?? "");
  if (header?.[1] !== undefined) shown.push(header[1]);
  for (const name of request.protocols) {
    if (name.startsWith(BEARER_PREFIX)) shown.push(name.slice(BEARER_PREFIX.length));
  }
  const want = digest(token);
  let fits = false;
  // No early end: how long this takes tells nothing about which one fitted.
  for (const text of shown) fits = timingSafeEqual(digest(text), want) || fits;
  return fits;
}

/** Equal lengths for the constant-time comparison, whatever was shown. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Reads the query. @returns how the client joins, or what is wrong with the query */
export function parseQuery(query: string, tail: number): Join | string {
  const seen = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (!["channel", "codec", "snapshot", "from_seq"].includes(name)) return "unknown parameter";
    if (seen.has(name)) return `${name} is repeated`;
    seen.set(name, value);
  }
  if ((seen.get("channel") ?? "obo") !== "obo") return "channel is not obo";
  if ((seen.get("codec") ?? "raw-v1") !== "raw-v1") return "codec is not raw-v1";
  const snapshot = seen.get("snapshot") ?? "0";
  if (!["1", "true", "0", "false"].includes(snapshot)) return "snapshot is not 1, true, 0 or false";
  const wantsSnapshot = snapshot === "1" || snapshot === "true";
  const from = seen.get("from_seq");
  if (from === undefined) return { kind: wantsSnapshot ? "snapshot" : "live" };
  if (wantsSnapshot) return "from_seq and snapshot=1 do not go together";
  if (!/^[0-9]{1,20}$/.test(from)) return "from_seq is not an unsigned number";
  const cursor = BigInt(from);
  if (cursor < 1n || cursor > BigInt(tail) + 1n) return `from_seq is not 1 to ${tail + 1}`;
  return { kind: "resume", from: Number(cursor) };
}
