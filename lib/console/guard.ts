import type { IncomingHttpHeaders } from "node:http";
import { hasBearer } from "../net/bearer.ts";

/** Why a request is refused. */
export interface RefusedRequest {
  readonly status: number;
  readonly text: string;
}

/** The part of a request that decides whether it is served. */
export interface Asked {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

const loopback = /^(127\.0\.0\.1|\[::1\]|localhost)(:\d{1,5})?$/i;

/**
 * Refuses requests that no page of this console sends: a host name that is not loopback (DNS rebinding), or the origin
 * of another page. The port is not compared, since a tunnel may use another one.
 */
export function refusedHost({ headers }: Asked): RefusedRequest | null {
  const host = headers.host ?? "";
  if (!loopback.test(host)) {
    return { status: 421, text: "the console answers to 127.0.0.1, [::1] and localhost only" };
  }
  if (headers.origin !== undefined && headers.origin !== `http://${host}`) {
    return { status: 403, text: "the console answers to its own page only" };
  }
  return null;
}

/** Refuses a call of the API from another site's page, or without the token. */
export function refusedCaller({ headers }: Asked, token: string): RefusedRequest | null {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") {
    return { status: 403, text: "the console answers to its own page only" };
  }
  if (!hasBearer(headers, token)) {
    return { status: 401, text: "the token of the printed address is missing or wrong" };
  }
  return null;
}

/** Headers of every response: no other origin, no inline script or style, no frame around it. */
export const safeHeaders = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "frame-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
} as const;
