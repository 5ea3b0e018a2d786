import { createHmac } from "node:crypto";
import type { AccessKey } from "./sign.ts";

/** The signed parts of a request to Object Storage Service. */
export interface SignableObsRequest {
  readonly method: string;
  /** `/bucket/key`, escaped as on the wire, also when the bucket is in the host name. */
  readonly resource: string;
  /** Sub-resources such as `append`, sorted; a listing's filters are not signed. */
  readonly subresources: readonly (readonly [name: string, value: string])[];
  /** Headers with lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Signs a request by OBS's header method, HMAC-SHA1: https://support.huaweicloud.com/intl/en-us/api-obs/obs_04_0010.html
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
