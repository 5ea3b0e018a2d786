import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/**
 * Whether a request's bearer token is this one; the time that the answer takes tells nothing of it. The scheme's name
 * is in any case: https://www.rfc-editor.org/rfc/rfc7235#section-2.1
 */
export function hasBearer({ authorization = "" }: IncomingHttpHeaders, token: string): boolean {
  const [, given = ""] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
  return timingSafeEqual(digest(given), digest(token));
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
