import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** Whether a request's bearer token is this one; the time that the answer takes tells nothing of it. */
export function hasBearer({ authorization = "" }: IncomingHttpHeaders, token: string): boolean {
  const [, given = ""] = /^Bearer (\S+)$/.exec(authorization) ?? [];
  return timingSafeEqual(digest(given), digest(token));
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
