/** Symbols of a running feed, asked of its admin address. */
import { errorText, FeedError } from "../core/errors.ts";

/** One instrument of the directory. */
export interface DirectoryEntry {
  /** The feed's own number of it. */
  readonly index: number;
  /** instrument_id on the wire, decimal; where it is missing it is the index. */
  readonly id?: string;
  readonly symbol: string;
}

const TIMEOUT_MS = 5000;
const ENTRIES_MAX = 1_048_576;

/**
 * Asks `GET /api/instruments`.
 *
 * @param admin ADDR:PORT
 * @param token shown as bearer token where the admin address asks for one
 * @throws FeedError FEED_CLIENT when it is not to be reached or answers something else
 */
export async function fetchDirectory(admin: string, token?: string): Promise<DirectoryEntry[]> {
  const url = `http://${admin}/api/instruments`;
  let body: unknown;
  try {
    const headers: Record<string, string> = {};
    if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    body = await response.json();
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new FeedError("FEED_CLIENT", `${url}: ${errorText(cause)}`, { cause: error });
  }
  if (!Array.isArray(body) || body.length > ENTRIES_MAX || !body.every(isEntry)) {
    throw new FeedError("FEED_CLIENT", `${url}: the answer is no list of instruments`);
  }
  return body;
}

function isEntry(value: unknown): value is DirectoryEntry {
  if (typeof value !== "object" || value === null) return false;
  const entry = value as Partial<DirectoryEntry>;
  const hasId = entry.id === undefined || /^[0-9]{1,20}$/.test(entry.id);
  return hasId && Number.isSafeInteger(entry.index) && typeof entry.symbol === "string";
}

/** The id under which an instrument's frames come. */
export function idOf({ id, index }: DirectoryEntry): bigint {
  return BigInt(id ?? index);
}

/**
 * Finds an instrument by what a person typed: a symbol of the directory, else a number that is an
 * instrument id.
 *
 * @returns the id, or null
 */
export function findInstrument(directory: readonly DirectoryEntry[], text: string): bigint | null {
  const entry = directory.find((row) => row.symbol === text);
  if (entry !== undefined) return idOf(entry);
  if (!/^[0-9]{1,20}$/.test(text)) return null;
  const id = BigInt(text);
  return id < 2n ** 64n ? id : null;
}
