import { createHmac } from "node:crypto";
import type { AccessKey } from "./sign.ts";

/** What a signature of Object Storage Service covers. */
export interface SignableObsRequest {
  readonly method: string;
  /** `/bucket/key`, escaped as on the wire, wherever the bucket stands there. */
  readonly resource: string;
  /** Those that name a part of the resource, such as `append`, sorted; a filter of a listing is not signed. */
  readonly subresources: readonly (readonly [name: string, value: string])[];
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Signs a request in OBS's own way, HMAC-SHA1 in a header: https://support.huaweicloud.com/intl/en-us/api-obs/obs_04_0010.html
 * Returns the headers to add: `date`, `authorization` and, for temporary credentials, `x-obs-security-token`.
 */
export function signObs(request: SignableObsRequest, key: AccessKey, nowMs: number): Record<string, string> {
  const added: Record<string, string> = { date: new Date(nowMs).toUTCString() };
  if (key.securityToken !== undefined) added["x-obs-security-token"] = key.securityToken;
  const headers: Readonly<Record<string, string>> = { ...request.headers, ...added };
  const own = Object.keys(headers)
    .filter((name) => name.startsWith("x-obs-"))
    .sort()
    .map((name) => `${name}:${headers[name]?.trim()}`);
  const subresources = request.subresources.map(([name, value]) => (value ? `${name}=${value}` : name));
  const text = [
    request.method,
    headers["content-md5"] ?? "",
    headers["content-type"] ?? "",
    headers["date"],
    ...own,
    request.resource + (subresources.length > 0 ? `?${subresources.join("&")}` : ""),
  ].join("\n");
  added["authorization"] = `OBS ${key.ak}:${createHmac("sha1", key.sk).update(text).digest("base64")}`;
  return added;
}
