/** Addresses of the configuration: "GROUP:PORT" and "HOST:PORT" strings to checked parts. */
import { isIP, isIPv4 } from "node:net";
import type { FeedAddress, GroupAddress, ListenAddress } from "./config.ts";

const PORT_MAX = 65_535;

/** What parsing an address gives: the address, or why the text is none. */
export type Parsed<T> = { readonly value: T } | { readonly reason: string };

/**
 * Parses a multicast group and port, e.g. `239.192.7.1:26400`.
 *
 * Source: RFC 5771 (224.0.0.0 to 239.255.255.255; 224.0.0.x never leaves the link and is refused,
 * because routing protocols and hosts talk there).
 */
export function parseGroup(text: string): Parsed<GroupAddress> {
  const parts = splitPort(text);
  if (parts === null) return { reason: "is not GROUP:PORT" };
  const [group, port] = parts;
  if (!isIPv4(group)) return { reason: `names group ${group}, which is not an IPv4 address` };
  const first = Number(group.slice(0, group.indexOf(".")));
  if (first < 224 || first > 239 || group.startsWith("224.0.0.")) {
    return { reason: `names group ${group}, which is not in 224.0.1.0 to 239.255.255.255` };
  }
  if (!(port >= 1 && port <= PORT_MAX)) return { reason: "has a port outside 1 to 65535" };
  return { value: { group, port } };
}

const SOUP = "soup://";

/** Parses where a feed comes from: a group and port, or `soup://HOST:PORT` of a server. */
export function parseFeed(text: string): Parsed<FeedAddress> {
  if (!text.startsWith(SOUP)) return parseGroup(text);
  const parsed = parseListen(text.slice(SOUP.length));
  if ("reason" in parsed) return parsed;
  const { host, port } = parsed.value;
  if (port === 0) return { reason: "has a port outside 1 to 65535" };
  return { value: { group: host, port, transport: "soupbintcp" } };
}

/** Parses a listening address, e.g. `127.0.0.1:9001`, `[::1]:9001`, `localhost:0`. */
export function parseListen(text: string): Parsed<ListenAddress> {
  const parts = splitPort(text);
  if (parts === null) return { reason: "is not HOST:PORT" };
  const [host, port] = parts;
  if (isIP(host) === 0 && !/^[A-Za-z]([A-Za-z0-9.-]{0,252})$/.test(host)) {
    return { reason: `names host ${host}, which is neither an IP address nor a name` };
  }
  if (!(port >= 0 && port <= PORT_MAX)) return { reason: "has a port outside 0 to 65535" };
  return { value: { host, port } };
}

/** Writes a listening address as it is read; IPv6 in brackets. */
export function listenText(address: ListenAddress): string {
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** Writes a feed's address as it is read. */
export function feedText(address: FeedAddress): string {
  const { group, port } = address;
  if (address.transport === "soupbintcp") return `${SOUP}${listenText({ host: group, port })}`;
  return `${address.group}:${address.port}`;
}

/** True when nobody outside this machine reaches the address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/** Splits at the last colon; IPv6 needs its brackets. The port is NaN when it is no number. */
function splitPort(text: string): [string, number] | null {
  const bracketed = /^\[([^\]]+)\]:([^:]*)$/.exec(text);
  const plain = /^([^:]+):([^:]*)$/.exec(text);
  const match = bracketed ?? plain;
  if (match === null) return null;
  const [, host = "", port = ""] = match;
  return [host, /^[0-9]{1,5}$/.test(port) ? Number(port) : Number.NaN];
}
