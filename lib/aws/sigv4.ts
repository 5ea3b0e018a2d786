import { createHmac, hash } from "node:crypto";
import { basicTime } from "../text/basic-time.ts";

export interface AwsKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string | undefined;
}

/** A POST without a query, which is all that AWS's JSON protocols need. */
export interface SignablePost {
  /** As on the wire; what is escaped there is signed escaped twice. */
  readonly path: string;
  /** With lower-case names; `host` included. All of them are signed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SigningScope {
  readonly region: string;
  readonly service: string;
}

const algorithm = "AWS4-HMAC-SHA256";

/** Signs by Signature Version 4. Returns the headers to add: `x-amz-date`, `authorization`, `x-amz-security-token`. */
export function signV4(
  post: SignablePost,
  key: AwsKey,
  { region, service }: SigningScope,
  nowMs: number,
): Record<string, string> {
  const date = basicTime(nowMs);
  const day = date.slice(0, 8);
  const added: Record<string, string> = { "x-amz-date": date };
  if (key.sessionToken !== undefined) added["x-amz-security-token"] = key.sessionToken;

  const headers = { ...post.headers, ...added };
  const names = Object.keys(headers).toSorted();
  const canonical = canonicalPost({ ...post, headers }, names);
  const scope = [day, region, service, "aws4_request"];
  const text = [algorithm, date, scope.join("/"), hash("sha256", canonical)].join("\n");
  const signature = hmac(scope.reduce<string | Buffer>(hmac, `AWS4${key.secretAccessKey}`), text).toString(
    "hex",
  );

  const credential = [key.accessKeyId, ...scope].join("/");
  added["authorization"] =
    `${algorithm} Credential=${credential}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return added;
}

function canonicalPost({ path, headers, body }: SignablePost, names: readonly string[]): string {
  const lines = names.map((name) => `${name}:${headers[name]?.trim().replace(/ +/g, " ")}`);
  return [
    "POST",
    path.split("/").map(percentEncode).join("/"),
    "",
    ...lines,
    "",
    names.join(";"),
    hash("sha256", body),
  ].join("\n");
}

/** Escapes all but RFC 3986's unreserved characters. */
const percentEncode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
