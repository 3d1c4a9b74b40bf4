/** What `nyq book` and `nyq tail` share: how a client's flags are read. */
import { FeedError } from "../core/errors.ts";

/** A whole number of the command line. @throws FeedError FEED_USAGE with name, value and bounds */
export function wholeFlag(name: string, text: string, min: number, max: number): number {
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new FeedError("FEED_USAGE", `${name} was ${JSON.stringify(text)}, not ${min} to ${max}`);
}

/** A WebSocket address: scheme, host and port only. @throws FeedError FEED_USAGE */
export function clientUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const good =
    url !== null &&
    (url.protocol === "ws:" || url.protocol === "wss:") &&
    url.pathname === "/" &&
    url.search === "";
  if (good) return text;
  throw new FeedError("FEED_USAGE", `--url was ${JSON.stringify(text)}, not ws://HOST:PORT`);
}

/** The bearer token: from the environment only, so that it stands in no process list. */
export function tokenFromEnvironment(): string | undefined {
  const token = process.env["NYQ_PUBLISH__TOKEN"];
  return token === undefined || token === "" ? undefined : token;
}
