import { createHmac, hash } from "node:crypto";
import { basicTime } from "../text/basic-time.ts";

/** The signed parts of a request. */
export interface SdkHmacRequest {
  readonly method: string;
  /** Decoded, never a URL's escaped form. A list holds segments with ids from outside, whose slashes are escaped. */
  readonly path: string | readonly string[];
  /** Decoded; a repeated name is a repeated pair. The order does not matter. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** Headers with names in any case; `host` included. */
  readonly headers: Readonly<Record<string, string>>;
  /** The exact body as text; empty for none. */
  readonly body: string;
}

/** A Huawei Cloud access key. */
export interface AccessKey {
  readonly ak: string;
  readonly sk: string;
  /** Only for temporary credentials. */
  readonly securityToken?: string | undefined;
}

const algorithm = "SDK-HMAC-SHA256";

/**
 * Signs a request with every header it has (SDK-HMAC-SHA256).
 * Returns the headers to add: `x-sdk-date`, `authorization` and, for temporary credentials, `x-security-token`.
 */
export function sign(request: SdkHmacRequest, key: AccessKey, nowMs: number): Record<string, string> {
  const date = basicTime(nowMs);
  const added: Record<string, string> = { "x-sdk-date": date };
  if (key.securityToken !== undefined) added["x-security-token"] = key.securityToken;
  const headers = { ...request.headers, ...added };
  const names = Object.keys(headers)
    .map((name) => name.toLowerCase())
    .sort();
  const signature = signatureOf({ ...request, headers }, key.sk, date, names);
  added["authorization"] =
    `${algorithm} Access=${key.ak}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return added;
}

/**
 * Computes a request's signature in hex, for `sign` and for a server that verifies it.
 * `date` is the X-Sdk-Date as sent; `signedNames` are lower-case and sorted.
 */
export function signatureOf(
  request: SdkHmacRequest,
  sk: string,
  date: string,
  signedNames: readonly string[],
): string {
  const canonical = canonicalRequest(request, signedNames);
  return createHmac("sha256", sk)
    .update(`${algorithm}\n${date}\n${sha256(canonical)}`)
    .digest("hex");
}

/** The string to sign. A signed header that the request lacks counts as empty. */
export function canonicalRequest(request: SdkHmacRequest, signedNames: readonly string[]): string {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(request.headers)) headers.set(name.toLowerCase(), value.trim());
  return [
    request.method,
    canonicalPath(request.path),
    canonicalQuery(request.query),
    ...signedNames.map((name) => `${name}:${headers.get(name) ?? ""}`),
    "",
    signedNames.join(";"),
    headers.get("x-sdk-content-sha256") ?? sha256(request.body),
  ].join("\n");
}

/** Parses an Authorization header; null for another algorithm. */
export function parseAuthorization(
  header: string,
): { readonly ak: string; readonly signedNames: readonly string[]; readonly signature: string } | null {
  const match = /^SDK-HMAC-SHA256 Access=([^,\s]+), SignedHeaders=([^,\s]+), Signature=([0-9a-f]{64})$/.exec(
    header,
  );
  const [, ak, names, signature] = match ?? [];
  return ak && names && signature ? { ak, signedNames: names.split(";"), signature } : null;
}

const hashOfNothing = hash("sha256", "");

const unreserved = /^[\w.~-]*$/;

/** Escapes all but RFC 3986's unreserved characters, as the signature requires; also valid in a URL. */
export function percentEncode(text: string): string {
  // Fast path: ids and numbers, which are nearly all signed text.
  if (unreserved.test(text)) return text;
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

const unreservedPath = /^[\w.~/-]*$/;

/** A decoded path with its segments escaped. In a list, `..` is an id like any other. */
export const encodePath = (path: SdkHmacRequest["path"]): string => {
  if (typeof path !== "string") return path.map(encodeSegment).join("/");
  return unreservedPath.test(path) ? path : path.split("/").map(percentEncode).join("/");
};

const encodeSegment = (segment: string): string =>
  segment === "." || segment === ".." ? segment.replaceAll(".", "%2E") : percentEncode(segment);

// The trailing slash is signed but not sent.
function canonicalPath(path: SdkHmacRequest["path"]): string {
  const encoded = encodePath(path);
  return encoded.endsWith("/") ? encoded : `${encoded}/`;
}

/** Sorted by raw name, then raw value: escaping first would order some characters differently. */
const canonicalQuery = (query: SdkHmacRequest["query"]): string =>
  query
    .toSorted(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join("&");

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const sha256 = (text: string): string => (text === "" ? hashOfNothing : hash("sha256", text));
