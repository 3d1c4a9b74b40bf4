/** The bearer token's check. */
import { createHash, timingSafeEqual } from "node:crypto";

/**
 * Compares an Authorization header with the token, in a time that tells nothing of the token.
 *
 * @param token null: none is asked for
 */
export function isTokenRight(token: string | null, header: string | undefined): boolean {
  if (token === null) return true;
  const shown = /^Bearer ([\x21-\x7e]{1,256})$/i.exec(header ?? "")?.[1];
  if (shown === undefined) return false;
  return timingSafeEqual(digest(shown), digest(token));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
