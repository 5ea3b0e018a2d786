import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import type { Clock } from "../../../lib/core/clock.ts";
import { listen } from "../../harness/servers.ts";

interface StoredObject {
  readonly text: string;
  /** How often it was appended to; null for an object that was put. */
  readonly appends: number | null;
  readonly modifiedMs: number;
}

/** A bucket's settings that forbid appends. */
export type Setting = "replication" | "worm" | "parallel file system";

/** Object Storage Service as its pages describe it, as far as objects, appends and listings go. */
export interface ObsFake {
  readonly origin: string;
  readonly bucket: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly settings: Set<Setting>;
  /** As many appends as an object has had. */
  setAppends(key: string, count: number): void;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly headers?: Record<string, string>;
  readonly text?: string;
}

const maxAppends = 10_000;
const accessKey = { ak: "AK", sk: "SK", token: "a+token/of=the agency" };
const maxSkewMs = 15 * 60_000;

/** The rules of AppendObject: https://support.huaweicloud.com/intl/en-us/api-obs/obs_04_0088.html */
function append(
  objects: Map<string, StoredObject>,
  settings: ReadonlySet<Setting>,
  call: { readonly key: string; readonly position: number; readonly text: string; readonly nowMs: number },
): Answer {
  const { key, position, text, nowMs } = call;
  if (settings.has("replication")) return { status: 400, code: "OperationNotSupported" };
  if (settings.has("worm")) return { status: 403, code: "AccessDenied" };
  if (settings.has("parallel file system")) return { status: 409, code: "ObjectNotAppendable" };
  const { text: present = "", appends = 0 } = objects.get(key) ?? {};
  if (appends === null || appends >= maxAppends) return { status: 409, code: "ObjectNotAppendable" };
  if (position !== Buffer.byteLength(present)) return { status: 409, code: "PositionNotEqualToLength" };
  const whole = present + text;
  objects.set(key, { text: whole, appends: appends + 1, modifiedMs: nowMs });
  return { status: 200, headers: { "x-obs-next-append-position": String(Buffer.byteLength(whole)) } };
}

function list(objects: ReadonlyMap<string, StoredObject>, query: URLSearchParams): Answer {
  const prefix = query.get("prefix") ?? "";
  const marker = query.get("marker") ?? "";
  const max = Number(query.get("max-keys") ?? 1_000);
  const found = [...objects].filter(([key]) => key.startsWith(prefix) && key > marker).sort(byKey);
  const entries = found
    .slice(0, max)
    .map(
      ([key, { text, modifiedMs }]) =>
        `<Contents><Key>${key}</Key><LastModified>${new Date(modifiedMs).toISOString()}</LastModified><Size>${Buffer.byteLength(text)}</Size></Contents>`,
    );
  const head = `<Prefix>${prefix}</Prefix><IsTruncated>${found.length > max}</IsTruncated>`;
  return { status: 200, text: `<ListBucketResult>${head}${entries.join("")}</ListBucketResult>` };
}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

/** https://support.huaweicloud.com/intl/en-us/api-obs/obs_04_0010.html */
function authenticates(request: IncomingMessage, url: URL, nowMs: number): boolean {
  const { date = "", authorization, "content-type": type = "" } = request.headers;
  const token = String(request.headers["x-obs-security-token"]);
  if (Math.abs(Date.parse(date) - nowMs) > maxSkewMs || token !== accessKey.token) return false;
  const subresource = url.searchParams.has("append")
    ? `?append&position=${url.searchParams.get("position")}`
    : "";
  const text = `${request.method}\n\n${type}\n${date}\nx-obs-security-token:${token}\n${url.pathname}${subresource}`;
  return (
    authorization === `OBS ${accessKey.ak}:${createHmac("sha1", accessKey.sk).update(text).digest("base64")}`
  );
}

export async function startObsFake(clock: Clock): Promise<ObsFake> {
  const bucket = "records";
  const objects = new Map<string, StoredObject>();
  const settings = new Set<Setting>();

  function answer(request: IncomingMessage, url: URL, text: string): Answer {
    const nowMs = clock.now();
    if (!authenticates(request, url, nowMs)) return { status: 403, code: "SignatureDoesNotMatch" };
    const key = decodeURIComponent(url.pathname.slice(`/${bucket}/`.length));
    const { method } = request;
    if (!url.pathname.startsWith(`/${bucket}/`)) return { status: 404, code: "NoSuchBucket" };
    if (key === "") return list(objects, url.searchParams);
    if (method === "POST" && url.searchParams.has("append"))
      return append(objects, settings, {
        key,
        position: Number(url.searchParams.get("position")),
        text,
        nowMs,
      });
    if (method === "PUT") {
      // It replaces an object that can be appended to, and pays no heed to conditions.
      objects.set(key, { text, appends: null, modifiedMs: nowMs });
      return { status: 200 };
    }
    if (method === "DELETE") {
      objects.delete(key);
      return { status: 204 };
    }
    const found = objects.get(key);
    return method === "GET" && found ? { status: 200, text: found.text } : { status: 404, code: "NoSuchKey" };
  }

  const server = createServer(async (request, response) => {
    const text = (await buffer(request)).toString();
    const given = answer(request, new URL(request.url ?? "/", "http://obs"), text);
    const { status, code, headers = {} } = given;
    response.writeHead(status, { ...headers, ...(code && { "x-obs-error-code": code }) });
    response.end(code ? `<Error><Code>${code}</Code></Error>` : given.text);
  });
  const { origin, close } = await listen(server);
  return {
    origin,
    close,
    bucket,
    environment: {
      HUAWEICLOUD_SDK_AK: accessKey.ak,
      HUAWEICLOUD_SDK_SK: accessKey.sk,
      HUAWEICLOUD_SDK_SECURITY_TOKEN: accessKey.token,
    },
    settings,
    setAppends: (key, count) => {
      const found = objects.get(key);
      if (found) objects.set(key, { ...found, appends: count });
    },
  };
}
