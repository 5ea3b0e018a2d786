import { createHmac, hash } from "node:crypto";
import { basicTime } from "../text/basic-time.ts";

/** An AWS access key. */
export interface AwsKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Only for temporary credentials. */
  readonly sessionToken?: string | undefined;
}

/** The signed parts of a request. */
export interface SigV4Request {
  /** @default POST */
  readonly method?: string;
  /** Path as on the wire; its escapes are escaped again for the signature, except for S3. */
  readonly path: string;
  /** Query as on the wire, each name with its `=`, sorted by name. @default none */
  readonly query?: string;
  /** Headers with lower-case names, `host` included. All are signed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Region and service of a signature. */
export interface SigningScope {
  readonly region: string;
  readonly service: string;
}

const algorithm = "AWS4-HMAC-SHA256";

/**
 * Signs by Signature Version 4. Returns the headers to add: `x-amz-date`, `authorization`, `x-amz-security-token` for
 * temporary credentials, and `x-amz-content-sha256`, which only S3 requires.
 */
export function signV4(
  request: SigV4Request,
  key: AwsKey,
  { region, service }: SigningScope,
  nowMs: number,
): Record<string, string> {
  const date = basicTime(nowMs);
  const day = date.slice(0, 8);
  const added: Record<string, string> = { "x-amz-date": date };
  if (key.sessionToken !== undefined) added["x-amz-security-token"] = key.sessionToken;
  const bodyHash = hash("sha256", request.body);
  const isS3 = service === "s3";
  if (isS3) added["x-amz-content-sha256"] = bodyHash;

  const headers: Readonly<Record<string, string>> = { ...request.headers, ...added };
  const names = Object.keys(headers).toSorted();
  const canonical = [
    request.method ?? "POST",
    isS3 ? request.path : request.path.split("/").map(percentEncode).join("/"),
    request.query ?? "",
    ...names.map((name) => `${name}:${headers[name]?.trim().replace(/ +/g, " ")}`),
    "",
    names.join(";"),
    bodyHash,
  ].join("\n");
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

/** Escapes all but RFC 3986's unreserved characters. */
const percentEncode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
